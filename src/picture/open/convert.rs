//! From the decoder's pixel modes to the two depths that a [`Picture`] has. Buffers are moved wherever they fit.

use super::hidden;
use crate::geometry::Size;
use crate::picture::{Picture, Samples};
use image::{ColorType, DynamicImage};

/// `premultiplied` says that floating-point colours are already multiplied by their opacity.
pub(super) fn into_picture(image: DynamicImage, premultiplied: bool) -> Picture {
    let size = Size::new(image.width() as usize, image.height() as usize);
    let (rgb, alpha) = into_samples(image, premultiplied);
    Picture::from_samples(size, rgb, alpha)
}

/// The same as RGB, and opacity if there is any pixel that is not opaque.
pub(super) fn into_samples(image: DynamicImage, premultiplied: bool) -> (Samples, Option<Samples>) {
    let size = Size::new(image.width() as usize, image.height() as usize);
    let (rgb, alpha) = match image {
        DynamicImage::ImageRgb8(image) => (Samples::U8(image.into_raw()), None),
        DynamicImage::ImageRgb16(image) => (Samples::U16(image.into_raw()), None),
        DynamicImage::ImageLuma8(image) => (Samples::U8(grey_to_rgb(&image.into_raw())), None),
        DynamicImage::ImageLuma16(image) => (Samples::U16(grey_to_rgb(&image.into_raw())), None),
        DynamicImage::ImageLumaA8(image) => wrap(split_grey(&image.into_raw(), u8::MAX), Samples::U8),
        DynamicImage::ImageLumaA16(image) => wrap(split_grey(&image.into_raw(), u16::MAX), Samples::U16),
        DynamicImage::ImageRgba8(image) => wrap(split_rgba(image.into_raw(), u8::MAX), Samples::U8),
        DynamicImage::ImageRgba16(image) => wrap(split_rgba(image.into_raw(), u16::MAX), Samples::U16),
        DynamicImage::ImageRgb32F(image) => {
            (Samples::U16(image.into_raw().into_iter().map(encode_srgb).collect()), None)
        }
        DynamicImage::ImageRgba32F(image) => {
            wrap(split_rgba(encode_rgba(&image.into_raw(), premultiplied), u16::MAX), Samples::U16)
        }
        other => wrap(split_rgba(other.into_rgba16().into_raw(), u16::MAX), Samples::U16),
    };
    match alpha {
        Some(alpha) => (hidden::covered(size, rgb, &alpha), Some(alpha)),
        None => (rgb, None),
    }
}

type ColorAndAlpha<T> = (Vec<T>, Option<Vec<T>>);

fn wrap<T>((rgb, alpha): ColorAndAlpha<T>, depth: fn(Vec<T>) -> Samples) -> (Samples, Option<Samples>) {
    (depth(rgb), alpha.map(depth))
}

fn grey_to_rgb<T: Copy>(grey: &[T]) -> Vec<T> {
    grey.iter().flat_map(|v| [*v; 3]).collect()
}

fn split_grey<T: Copy + PartialEq>(values: &[T], opaque: T) -> ColorAndAlpha<T> {
    let pixels = values.as_chunks::<2>().0;
    let rgb = pixels.iter().flat_map(|[grey, _]| [*grey; 3]).collect();
    let alpha = pixels.iter().any(|[_, a]| *a != opaque).then(|| pixels.iter().map(|[_, a]| *a).collect());
    (rgb, alpha)
}

/// Takes the opacity out and closes the gaps in place: a second whole picture in memory would be one too many.
fn split_rgba<T: Copy + PartialEq>(mut values: Vec<T>, opaque: T) -> ColorAndAlpha<T> {
    let pixels = values.as_chunks::<4>().0;
    let count = pixels.len();
    let alpha = pixels.iter().any(|p| p[3] != opaque).then(|| pixels.iter().map(|p| p[3]).collect());
    for i in 1..count {
        values.copy_within(i * 4..i * 4 + 3, i * 3);
    }
    values.truncate(count * 3);
    values.shrink_to_fit();
    (values, alpha)
}

fn encode_rgba(values: &[f32], premultiplied: bool) -> Vec<u16> {
    let pixels = values.as_chunks::<4>().0;
    pixels
        .iter()
        .flat_map(|[r, g, b, a]| {
            let scale = if premultiplied && *a > 0.0 { 1.0 / a } else { 1.0 };
            [encode_srgb(r * scale), encode_srgb(g * scale), encode_srgb(b * scale), quantize(*a)]
        })
        .collect()
}

/// Linear light on the sRGB curve, in 16 bits. What is not a number becomes black.
fn encode_srgb(linear: f32) -> u16 {
    quantize(srgb_curve(linear))
}

/// Linear light to the sRGB curve of IEC 61966-2-1, cut off at 0 and 1.
pub(super) fn srgb_curve(linear: f32) -> f32 {
    let v = linear.clamp(0.0, 1.0);
    if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// How samples of 8 bits, or of 16 if they are deep, lie in memory.
pub(super) fn color_type(is_grey: bool, has_alpha: bool, is_deep: bool) -> ColorType {
    match (is_grey, has_alpha, is_deep) {
        (true, false, false) => ColorType::L8,
        (true, true, false) => ColorType::La8,
        (false, false, false) => ColorType::Rgb8,
        (false, true, false) => ColorType::Rgba8,
        (true, false, true) => ColorType::L16,
        (true, true, true) => ColorType::La16,
        (false, false, true) => ColorType::Rgb16,
        (false, true, true) => ColorType::Rgba16,
    }
}

fn quantize(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opacity_is_taken_out_and_dropped_if_it_says_nothing() {
        let mixed = vec![1u8, 2, 3, 255, 4, 5, 6, 7];
        assert_eq!(split_rgba(mixed, 255), (vec![1, 2, 3, 4, 5, 6], Some(vec![255, 7])));
        assert_eq!(split_rgba(vec![1u8, 2, 3, 255], 255), (vec![1, 2, 3], None));
        assert_eq!(split_grey(&[9u16, 65535], 65535), (vec![9, 9, 9], None));
    }

    #[test]
    fn linear_light_is_encoded() {
        assert_eq!(encode_srgb(f32::NAN), 0);
        assert_eq!((encode_srgb(-1.0), encode_srgb(7.0)), (0, 65535));
        assert_eq!(encode_srgb(0.214_041_14), 32768); // half of the curve
        assert_eq!(encode_rgba(&[0.25, 0.0, 0.0, 0.25], true), [65535, 0, 0, 16384]);
    }
}
