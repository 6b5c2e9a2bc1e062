//! What a picture looks like after it was a JPEG.

use crate::geometry::Size;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ExtendedColorType, ImageDecoder, ImageEncoder};
use std::io::Cursor;

/// Interleaved 8-bit RGB through JPEG of `quality` 1 to 100 and back; none if JPEG cannot hold it.
///
/// # Panics
/// If the number of samples does not fit `size`.
pub fn through_jpeg(rgb: &[u8], size: Size, quality: u8) -> Option<Vec<u8>> {
    assert_eq!(rgb.len(), size.area() * 3, "samples do not fit {size}");
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.write_image(rgb, size.width as u32, size.height as u32, ExtendedColorType::Rgb8).ok()?;
    let decoder = JpegDecoder::new(Cursor::new(file)).ok()?;
    let mut back = vec![0; rgb.len()];
    (decoder.total_bytes() == back.len() as u64).then_some(())?;
    decoder.read_image(&mut back).ok()?;
    Some(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_quality_is_further_from_the_original() {
        let size = Size::new(48, 32);
        let rgb: Vec<u8> = (0..size.area() * 3).map(|i| (i * 37 % 251) as u8).collect();
        let error = |quality| {
            let back = through_jpeg(&rgb, size, quality).unwrap();
            rgb.iter().zip(&back).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
        };
        assert!(0 < error(95) && error(95) < error(75) && error(75) < error(30));
        assert!(through_jpeg(&[], Size::new(0, 0), 50).is_none());
    }
}
