//! Light of floating-point files, which goes on beyond white: what is said of it, and how it is exposed.

use super::tif::Range;
use crate::picture::hdr::Hdr;
use crate::picture::metadata::Remarks;
use crate::picture::{Exposure, Picture, Which};
use image::{DynamicImage, Rgb32FImage, Rgba32FImage};

/// The colours of floating-point pixels, and how many of so many numbers of each they are; nothing of other pixels.
fn colors(image: &DynamicImage) -> Option<(&[f32], usize)> {
    match image {
        DynamicImage::ImageRgb32F(image) => Some((image.as_raw(), 3)),
        DynamicImage::ImageRgba32F(image) => Some((image.as_raw(), 4)),
        _ => None,
    }
}

/// What a PNG says of HDR (its cICP chunk); nothing of any other picture.
pub(super) fn hdr_of(remarks: &Remarks) -> Option<Hdr> {
    let [primaries, curve, matrix, full] = remarks.png_color.cicp?;
    Hdr::of(primaries.into(), curve.into()).filter(|_| (matrix, full) == (0, 1))
}

/// The light of a picture on an HDR curve.
pub(super) fn of_hdr(image: &DynamicImage, hdr: Hdr) -> DynamicImage {
    if !image.color().has_alpha() {
        let mut light: Rgb32FImage = image.to_rgb32f();
        light.pixels_mut().for_each(|pixel| pixel.0 = hdr.light(pixel.0));
        return light.into();
    }
    let mut light: Rgba32FImage = image.to_rgba32f();
    for pixel in light.pixels_mut() {
        let [r, g, b, opacity] = pixel.0;
        let [r, g, b] = hdr.light([r, g, b]);
        pixel.0 = [r, g, b, opacity];
    }
    light.into()
}

/// What the person should know: which values there are, where not all are shown.
pub(super) fn note(image: &DynamicImage, exposure: Exposure) -> Option<String> {
    let (values, stride) = colors(image)?;
    let range = Range::of_light();
    range.see(values.chunks_exact(stride).flat_map(|pixel| &pixel[..3]).map(|value| u64::from(value.to_bits())));
    range.note(exposure)
}

/// Refuses a picture that cannot be exposed as it is asked.
pub(super) fn as_asked(picture: Picture, which: Which) -> Result<Picture, String> {
    if which.exposure == Exposure::NONE || picture.exposure.is_some() {
        return Ok(picture);
    }
    let kinds = "OpenEXR, Radiance HDR and floating-point TIFF files can be exposed";
    Err(format!("it holds nothing beyond white, so it has no exposure to change: leave --exposure out; {kinds}"))
}

/// Exposes it, if it holds light; how it is exposed then.
pub(super) fn expose(image: &mut DynamicImage, exposure: Exposure) -> Option<Exposure> {
    let factor = exposure.factor() as f32;
    let pixels: Box<dyn Iterator<Item = &mut [f32]>> = match image {
        DynamicImage::ImageRgb32F(image) => Box::new(image.chunks_exact_mut(3)),
        DynamicImage::ImageRgba32F(image) => Box::new(image.chunks_exact_mut(4)),
        _ => return None,
    };
    if exposure != Exposure::NONE {
        pixels.flat_map(|pixel| &mut pixel[..3]).for_each(|value| *value *= factor);
    }
    Some(exposure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, Rgba32FImage};

    #[test]
    fn light_is_exposed_and_opacity_is_not() {
        let pixel = |exposure: &str| {
            let mut image = DynamicImage::from(Rgba32FImage::from_pixel(1, 1, Rgba([0.25, 6.0, -1.0, 0.5])));
            assert!(expose(&mut image, exposure.parse().unwrap()).is_some());
            image.into_rgba32f().into_raw()
        };
        assert_eq!(pixel("-2"), [0.0625, 1.5, -0.25, 0.5]);
        assert_eq!(pixel("0"), [0.25, 6.0, -1.0, 0.5]);
        assert_eq!(expose(&mut DynamicImage::new_rgb16(1, 1), Exposure::NONE), None);
    }
}
