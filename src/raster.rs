//! Pixels on their way out: floating point, before anyone rounds them.

use crate::geometry::Size;
use std::ops::Range;

/// A rectangle of rendered pixels in [0, 1], interleaved, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Its size.
    pub size: Size,
    /// 3 (RGB) or 4 (RGB and opacity).
    pub channels: usize,
    /// `height * width * channels` values.
    pub data: Vec<f32>,
}

impl Raster {
    /// A raster of zeros.
    pub fn new(size: Size, channels: usize) -> Self {
        Self { size, channels, data: vec![0.0; size.area() * channels] }
    }

    /// Some of its rows.
    ///
    /// # Panics
    /// If it has not so many.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let row = self.size.width * self.channels;
        let size = Size { height: rows.len(), ..self.size };
        Self { size, channels: self.channels, data: self.data[rows.start * row..rows.end * row].to_vec() }
    }

    /// The same colours with an opacity, `height * width`, as the fourth channel.
    ///
    /// # Panics
    /// If this is not an RGB raster or the opacity is of another size.
    #[must_use]
    pub fn with_alpha(&self, alpha: &[f32]) -> Self {
        assert!(self.channels == 3 && alpha.len() == self.size.area(), "opacity does not fit");
        let pixels = self.data.as_chunks::<3>().0.iter().zip(alpha);
        Self { channels: 4, data: pixels.flat_map(|([r, g, b], a)| [*r, *g, *b, *a]).collect(), size: self.size }
    }

    /// Rounded to 8 bits, half up, like every 8-bit output of this crate.
    pub fn to_u8(&self) -> Vec<u8> {
        self.data.iter().map(|v| quantize_u8(*v)).collect()
    }

    /// Rounded to 16 bits, half up.
    pub fn to_u16(&self) -> Vec<u16> {
        self.data.iter().map(|v| (v.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16).collect()
    }

    /// Rounded to 8-bit RGBA, for a texture; opaque if there is no opacity.
    pub fn to_rgba8(&self) -> Vec<u8> {
        let mut rgba = vec![255; self.size.area() * 4];
        let pixels = rgba.as_chunks_mut::<4>().0.iter_mut();
        // Pixels of a known length: the compiler does several at a time.
        if self.channels == 3 {
            pixels.zip(self.data.as_chunks::<3>().0).for_each(|(to, from)| {
                (0..3).for_each(|c| to[c] = quantize_u8(from[c]));
            });
        } else {
            pixels.zip(self.data.as_chunks::<4>().0).for_each(|(to, from)| *to = from.map(quantize_u8));
        }
        rgba
    }
}

fn quantize_u8(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_values_survive_the_round_trip() {
        let size = Size::new(256, 1);
        let data = (0..256).flat_map(|v| [v as f32 / 255.0; 3]).collect();
        let raster = Raster { size, channels: 3, data };
        let back: Vec<u8> = raster.to_u8().into_iter().step_by(3).collect();
        assert_eq!(back, (0..=255).collect::<Vec<u8>>());
        assert_eq!(raster.to_rgba8()[..8], [0, 0, 0, 255, 1, 1, 1, 255]);
    }
}
