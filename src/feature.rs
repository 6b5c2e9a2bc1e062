//! Feature tiles: what the encoder makes of a picture, and the decoder reads.

use crate::geometry::{PixelRect, Size};
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::sync::Arc;

/// How precisely features are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeaturePrecision {
    /// Half: changes the picture by 103 dB PSNR and halves the memory.
    #[default]
    Half,
    /// Single: for comparisons.
    Single,
}

/// Latent codes, `[height, width, channels]`.
#[derive(Clone, Debug)]
enum Codes {
    Half(Vec<f16>),
    Single(Vec<f32>),
}

/// The latent codes of a rectangle of a picture, exact up to its edges: the halo that made them so was cut off.
#[derive(Clone, Debug)]
pub struct FeatureTile {
    rect: PixelRect,
    channels: usize,
    codes: Codes,
}

impl FeatureTile {
    /// Cuts `rect` out of codes `[from.height, from.width, channels]` that cover `from`.
    ///
    /// # Panics
    /// If `rect` does not lie in `from`.
    pub fn cut(codes: &[f32], from: PixelRect, rect: PixelRect, precision: FeaturePrecision) -> Self {
        let channels = codes.len() / from.area();
        let (left, top) = (rect.x - from.x, rect.y - from.y);
        let row = |y: usize| &codes[((top + y) * from.width + left) * channels..][..rect.width * channels];
        let codes = match precision {
            FeaturePrecision::Half => {
                let mut halves = vec![f16::ZERO; rect.area() * channels];
                for (y, to) in halves.chunks_exact_mut(rect.width * channels).enumerate() {
                    to.convert_from_f32_slice(row(y));
                }
                Codes::Half(halves)
            }
            FeaturePrecision::Single => Codes::Single((0..rect.height).flat_map(row).copied().collect()),
        };
        Self { rect, channels, codes }
    }

    /// The source pixels whose codes it holds.
    pub fn rect(&self) -> PixelRect {
        self.rect
    }

    /// Values in a code.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Bytes of memory.
    pub fn byte_len(&self) -> usize {
        self.rect.area() * self.channels * if matches!(self.codes, Codes::Half(_)) { 2 } else { 4 }
    }

    /// Widens codes `start .. start + out.len()` (counted in values) into `out`.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn read(&self, start: usize, out: &mut [f32]) {
        match &self.codes {
            Codes::Half(values) => values[start..start + out.len()].convert_to_f32_slice(out),
            Codes::Single(values) => out.copy_from_slice(&values[start..start + out.len()]),
        }
    }
}

/// Latent codes of a rectangle with a margin, `[height + 2m, width + 2m, channels]` in single precision; codes
/// outside the picture are zero, which is the zero padding of the original's feature unfolding.
#[derive(Clone, Debug)]
pub struct FeatureWindow {
    /// The codes inside, without the margin.
    pub rect: PixelRect,
    /// Codes around `rect` on each side.
    pub margin: usize,
    /// Values in a code.
    pub channels: usize,
    /// The values.
    pub codes: Vec<f32>,
}

impl FeatureWindow {
    /// All codes of a picture, of a pattern that is the same everywhere: to measure what decodes them.
    pub fn pattern(picture: Size, margin: usize, channels: usize) -> Self {
        let len = (picture.width + 2 * margin) * (picture.height + 2 * margin) * channels;
        let codes = (0..len).map(|i| (i as f32 * 0.37).sin() * 0.2).collect();
        Self { rect: picture.rect(), margin, channels, codes }
    }

    /// Assembles the window out of tiles; what no tile covers is outside the picture.
    pub fn assemble(tiles: &[Arc<FeatureTile>], rect: PixelRect, margin: usize) -> Self {
        let channels = tiles.first().map_or(0, |tile| tile.channels);
        let (width, height) = (rect.width + 2 * margin, rect.height + 2 * margin);
        let mut codes = vec![0.0; width * height * channels];
        for tile in tiles {
            // In coordinates shifted by the margin, so that the window's corner is not negative.
            let shifted = PixelRect { x: tile.rect.x + margin, y: tile.rect.y + margin, ..tile.rect };
            let Some(common) = shifted.intersection(PixelRect { x: rect.x, y: rect.y, width, height }) else {
                continue;
            };
            for y in common.y..common.bottom() {
                let from = ((y - shifted.y) * tile.rect.width + common.x - shifted.x) * channels;
                let to = ((y - rect.y) * width + common.x - rect.x) * channels;
                tile.read(from, &mut codes[to..to + common.width * channels]);
            }
        }
        Self { rect, margin, channels, codes }
    }

    /// The window over a part of its codes, with the same margin.
    ///
    /// # Panics
    /// If `rect` does not lie in this window's.
    #[must_use]
    pub fn part(&self, rect: PixelRect) -> Self {
        let stride = self.rect.width + 2 * self.margin;
        let (left, top) = (rect.x - self.rect.x, rect.y - self.rect.y);
        let len = (rect.width + 2 * self.margin) * self.channels;
        let row = |y: usize| &self.codes[((top + y) * stride + left) * self.channels..][..len];
        let codes = (0..rect.height + 2 * self.margin).flat_map(row).copied().collect();
        Self { rect, codes, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_over_two_tiles_holds_every_code_and_zeros_outside() {
        let whole = PixelRect { x: 0, y: 0, width: 5, height: 3 };
        let codes: Vec<f32> = (0..15).flat_map(|v| [v as f32, (v + 15) as f32]).collect();
        let cut = |x, width| PixelRect { x, y: 0, width, height: 3 };
        for precision in [FeaturePrecision::Half, FeaturePrecision::Single] {
            let tile = |x, width| Arc::new(FeatureTile::cut(&codes, whole, cut(x, width), precision));
            let window =
                FeatureWindow::assemble(&[tile(0, 3), tile(3, 2)], PixelRect { x: 2, y: 0, width: 3, height: 2 }, 1);
            let code = |y: usize, x: usize| &window.codes[(y * 5 + x) * 2..][..2];
            assert_eq!(code(0, 2), [0.0, 0.0]);
            assert_eq!(code(1, 0), [1.0, 16.0]);
            assert_eq!(code(3, 3), [14.0, 29.0]);
            assert_eq!(code(3, 4), [0.0, 0.0]);
        }
    }
}
