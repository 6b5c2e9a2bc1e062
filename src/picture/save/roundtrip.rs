//! What a picture looks like after it was a JPEG.

use crate::geometry::Size;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ExtendedColorType, ImageDecoder, ImageEncoder};
use std::io::Cursor;

/// How large a JPEG keeps its colour differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chroma {
    /// As large as the brightness (4:4:4).
    Full,
    /// With half as many rows and columns (4:2:0).
    Halved,
}

/// Interleaved 8-bit RGB through JPEG of `quality` 1 to 100 and back; none if JPEG cannot hold it.
///
/// # Panics
/// If the number of samples does not fit `size`.
pub fn through_jpeg(rgb: &[u8], size: Size, quality: u8, chroma: Chroma) -> Option<Vec<u8>> {
    assert_eq!(rgb.len(), size.area() * 3, "samples do not fit {size}");
    let mut back = in_full(rgb, size, quality)?;
    if chroma == Chroma::Halved {
        // Our encoder knows 4:4:4 alone. The colour differences of a picture of half the size go through the same tables,
        // blocks and rounding as those of a 4:2:0 file.
        let half = Size::new(size.width.div_ceil(2), size.height.div_ceil(2));
        let small = in_full(&halved(rgb, size, half), half, quality)?;
        recolor(&mut back, size, &small, half);
    }
    Some(back)
}

fn in_full(rgb: &[u8], size: Size, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.write_image(rgb, size.width as u32, size.height as u32, ExtendedColorType::Rgb8).ok()?;
    let decoder = JpegDecoder::new(Cursor::new(file)).ok()?;
    let mut back = vec![0; rgb.len()];
    (decoder.total_bytes() == back.len() as u64).then_some(())?;
    decoder.read_image(&mut back).ok()?;
    Some(back)
}

/// Means of two by two pixels; those that are missing at the edge are like their neighbours.
fn halved(rgb: &[u8], size: Size, half: Size) -> Vec<u8> {
    let at = |y: usize, x: usize, c: usize| {
        let (y, x) = (y.min(size.height - 1), x.min(size.width - 1));
        u16::from(rgb[(y * size.width + x) * 3 + c])
    };
    let mean = |i: usize| {
        let (y, x, c) = (i / 3 / half.width * 2, i / 3 % half.width * 2, i % 3);
        ((at(y, x, c) + at(y, x + 1, c) + at(y + 1, x, c) + at(y + 1, x + 1, c) + 2) / 4) as u8
    };
    (0..half.area() * 3).map(mean).collect()
}

/// Keeps the brightness (BT.601) and takes the colour differences of the small picture, interpolated linearly.
fn recolor(rgb: &mut [u8], size: Size, small: &[u8], half: Size) {
    let brightness = |color: [f32; 3]| 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
    let axis = |i: usize, n: usize| {
        let u = (i as f32 / 2.0 - 0.25).clamp(0.0, (n - 1) as f32);
        let first = u as usize;
        (first, (first + 1).min(n - 1), u.fract())
    };
    for (i, pixel) in rgb.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (y, x) = (axis(i / size.width, half.height), axis(i % size.width, half.width));
        let color = [0, 1, 2].map(|c| {
            let at = |y: usize, x: usize| f32::from(small[(y * half.width + x) * 3 + c]);
            let row = |y: usize| at(y, x.0) * (1.0 - x.2) + at(y, x.1) * x.2;
            row(y.0) * (1.0 - y.2) + row(y.1) * y.2
        });
        let lift = brightness(pixel.map(f32::from)) - brightness(color);
        *pixel = color.map(|v| (v + lift).round().clamp(0.0, 255.0) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(rgb: &[u8], size: Size, quality: u8, chroma: Chroma) -> u64 {
        let back = through_jpeg(rgb, size, quality, chroma).unwrap();
        rgb.iter().zip(&back).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
    }

    #[test]
    fn less_quality_is_further_from_the_original() {
        let size = Size::new(48, 32);
        let rgb: Vec<u8> = (0..size.area() * 3).map(|i| (i * 37 % 251) as u8).collect();
        for chroma in [Chroma::Full, Chroma::Halved] {
            let error = |quality| error(&rgb, size, quality, chroma);
            assert!(0 < error(95) && error(95) < error(75) && error(75) < error(30));
        }
        assert!(through_jpeg(&[], Size::new(0, 0), 50, Chroma::Halved).is_none());
    }

    #[test]
    fn halved_colours_lose_fine_colour_and_nothing_else() {
        let size = Size::new(47, 31);
        let of = |color: &dyn Fn(usize, usize) -> [u8; 3]| -> Vec<u8> {
            (0..size.area()).flat_map(|i| color(i / size.width, i % size.width)).collect()
        };
        let errors = |rgb: &[u8]| [Chroma::Full, Chroma::Halved].map(|chroma| error(rgb, size, 95, chroma));
        // Columns of two colours of the same brightness.
        let [full, halved] = errors(&of(&|_, x| if x % 2 == 0 { [180, 90, 128] } else { [80, 141, 128] }));
        assert!(halved > 4 * full, "{full} {halved}");
        // Grey columns, and a colour that changes slowly.
        for rgb in [of(&|_, x| [(x % 2 * 90 + 60) as u8; 3]), of(&|y, x| [90 + y as u8, 120, 200 - 2 * x as u8])] {
            let [full, halved] = errors(&rgb);
            assert!(halved < 2 * full + size.area() as u64, "{full} {halved}");
        }
    }
}
