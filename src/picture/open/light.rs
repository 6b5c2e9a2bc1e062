//! Light of floating-point and HDR files, which goes on beyond white: what is said of it, and how it is exposed.

use crate::geometry::Size;
use crate::picture::{Exposure, Picture, Which};
use image::{ColorType, DynamicImage};

/// How far below black and above white light of HDR may be without a word: rounding, which nobody sees.
const UNSEEN: f64 = 3e-4;

/// What a file's numbers are to its light.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Numbers {
    /// They are the light.
    Light,
    /// They are what it lacks to 1.
    FromWhite,
    /// They became light by a curve.
    Coded,
}

/// Whether samples are light: floating-point numbers.
pub(super) fn is_light(color: ColorType) -> bool {
    matches!(color, ColorType::Rgb32F | ColorType::Rgba32F)
}

/// What light takes while it is decoded: floating-point numbers.
pub(super) fn needed_bytes(size: Size, channels: usize) -> u64 {
    (size.area() as u64).saturating_mul((channels * size_of::<f32>()) as u64)
}

/// The colours of floating-point pixels, and how many numbers a pixel has; nothing of other pixels.
fn colors(image: &DynamicImage) -> Option<(&[f32], usize)> {
    match image {
        DynamicImage::ImageRgb32F(image) => Some((image.as_raw(), 3)),
        DynamicImage::ImageRgba32F(image) => Some((image.as_raw(), 4)),
        _ => None,
    }
}

/// What the person should know of a picture: which values there are, where not all are shown. `is_multiplied` says that its colours
/// are multiplied by their opacity.
pub(super) fn note(image: &DynamicImage, numbers: Numbers, is_multiplied: bool, exposure: Exposure) -> Option<String> {
    let (values, stride) = colors(image)?;
    let pixel = |pixel: &[f32]| {
        let opacity = pixel.get(3).copied().filter(|opacity| is_multiplied && *opacity > 0.0).unwrap_or(1.0);
        [0, 1, 2].map(|c| f64::from(pixel[c] / opacity))
    };
    let known = values.chunks_exact(stride).flat_map(pixel).filter(|value| !value.is_nan());
    let wider = |[low, high]: [f64; 2], value: f64| [low.min(value), high.max(value)];
    let [low, high] = known.fold([f64::INFINITY, f64::NEG_INFINITY], wider);
    told((low <= high).then_some([low + 0.0, high + 0.0]), numbers, exposure)
}

/// What is said of a file's lowest and highest value, where they are known: half a sentence; nothing where all are shown as they are
/// stored.
pub(super) fn told(seen: Option<[f64; 2]>, numbers: Numbers, exposure: Exposure) -> Option<String> {
    let is_inverted = numbers == Numbers::FromWhite;
    let light = seen.map(|[low, high]| if is_inverted { [1.0 - high, 1.0 - low] } else { [low, high] });
    let white = 1.0 / exposure.factor();
    let unseen = if numbers == Numbers::Coded { UNSEEN * white } else { 0.0 };
    let is_shown = light.is_some_and(|[low, high]| low >= -unseen && high <= white + unseen);
    if is_shown && exposure == Exposure::NONE {
        return None;
    }
    let (what, told, ends) = match numbers {
        Numbers::Light => ("its values go", seen, ["black", "white"]),
        Numbers::FromWhite if exposure == Exposure::NONE => ("its values go", seen, ["white", "black"]),
        Numbers::FromWhite => ("its values, taken from 1, go", light, ["black", "white"]),
        Numbers::Coded => ("its light goes", seen, ["black", "white"]),
    };
    let verb = if numbers == Numbers::Coded { "is" } else { "are" };
    let range = told.map(|[low, high]| format!("{what} from {} to {}, and {verb}", short(low), short(high)));
    let range = range.unwrap_or_else(|| "its values are".into());
    let rule =
        format!("shown as linear light from 0, {}, to {}, {}, and cut off beyond", ends[0], short(white), ends[1]);
    let darker = light.and_then(|[_, high]| Exposure::for_white(high)).filter(|all| all.stops() < exposure.stops());
    let hint = darker.filter(|_| !is_shown).map(|all| format!("; an exposure of {all} stops shows the brightest"));
    Some(format!("{range} {rule}{}", hint.unwrap_or_default()))
}

/// Six digits are enough to know them by.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let is_usual = rounded == 0.0 || (1e-4..1e7).contains(&rounded.abs()) || rounded.is_infinite();
    if is_usual { rounded.to_string() } else { format!("{rounded:e}") }
}

/// Refuses a picture that cannot be exposed as it is asked.
pub(super) fn as_asked(picture: Picture, which: Which) -> Result<Picture, String> {
    if which.exposure == Exposure::NONE || picture.exposure.is_some() {
        return Ok(picture);
    }
    let kinds = "OpenEXR, Radiance HDR, floating-point TIFF, PNG, AVIF and JPEG XL on the curves PQ and HLG, floating-point JPEG \
                 XL that is linear, and page 2 of a JPEG with a gain map can be exposed";
    Err(format!("it is not read as light, so it has no exposure to change: leave --exposure out; {kinds}"))
}

/// Exposes it, if it holds light; how it is exposed then.
pub(super) fn expose(image: &mut DynamicImage, exposure: Exposure) -> Option<Exposure> {
    let (values, stride): (&mut [f32], _) = match image {
        DynamicImage::ImageRgb32F(image) => (image, 3),
        DynamicImage::ImageRgba32F(image) => (image, 4),
        _ => return None,
    };
    if exposure != Exposure::NONE {
        let factor = exposure.factor() as f32;
        let colors = values.chunks_exact_mut(stride).flat_map(|pixel| &mut pixel[..3]);
        colors.for_each(|value| *value *= factor);
    }
    Some(exposure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, Rgba32FImage};

    fn pixels(pixels: [[f32; 4]; 2]) -> DynamicImage {
        Rgba32FImage::from_fn(2, 1, |x, _| Rgba(pixels[x as usize])).into()
    }

    #[test]
    fn light_is_exposed_and_opacity_is_not() {
        let pixel = |exposure: &str| {
            let mut image = pixels([[0.25, 6.0, -1.0, 0.5]; 2]);
            assert!(expose(&mut image, exposure.parse().unwrap()).is_some());
            image.into_rgba32f().into_raw()[..4].to_vec()
        };
        assert_eq!(pixel("-2"), [0.0625, 1.5, -0.25, 0.5]);
        assert_eq!(pixel("0"), [0.25, 6.0, -1.0, 0.5]);
        assert_eq!(expose(&mut DynamicImage::new_rgb16(1, 1), Exposure::NONE), None);
    }

    const RULE: &str = "shown as linear light from 0, black, to 1, white, and cut off beyond";

    #[test]
    fn values_are_told_where_they_are_cut_off() {
        let told = |low, high| told(Some([low, high]), Numbers::Light, Exposure::NONE);
        let said = told(-3.25, 812.5).unwrap();
        let expected =
            format!("its values go from -3.25 to 812.5, and are {RULE}; an exposure of -9.7 stops shows the brightest");
        assert_eq!(said, expected);
        assert!(told(-3.402_823_5e38, -9999.0).unwrap().contains("from -3.40282e38 to -9999,"));
        assert!(told(1.0, f64::INFINITY).unwrap().ends_with(&format!("from 1 to inf, and are {RULE}")));
        assert_eq!(told(0.0, 1.0), None);
        assert!(super::told(None, Numbers::Light, Exposure::NONE).unwrap().starts_with("its values are shown"));
    }

    #[test]
    fn an_exposure_says_which_value_is_white() {
        let said = |numbers, exposure: &str| told(Some([0.0, 6.5]), numbers, exposure.parse().unwrap()).unwrap();
        let rule = |white| format!("shown as linear light from 0, black, to {white}, white, and cut off beyond");
        assert_eq!(said(Numbers::Light, "-3"), format!("its values go from 0 to 6.5, and are {}", rule(8)));
        let hint = "; an exposure of -2.8 stops shows the brightest";
        assert_eq!(said(Numbers::Coded, "-1"), format!("its light goes from 0 to 6.5, and is {}{hint}", rule(2)));
        // Where 0 is white, the light of 6.5 is below black.
        let inverted = format!("its values, taken from 1, go from -5.5 to 1, and are {}", rule(2));
        assert_eq!(said(Numbers::FromWhite, "-1"), inverted);
        assert!(said(Numbers::FromWhite, "0").ends_with("from 0, white, to 1, black, and cut off beyond"));
    }

    #[test]
    fn rounding_of_hdr_is_not_told_and_opacity_is_taken_out_first() {
        let shown = |low, high| told(Some([low, high]), Numbers::Coded, Exposure::NONE).is_none();
        assert!(shown(-2e-4, 1.0002) && !shown(-0.001, 1.0) && !shown(0.0, 1.001));
        let image = pixels([[0.5, 0.0, 0.0, 0.25], [0.5, 0.0, 0.0, 0.0]]);
        assert_eq!(note(&image, Numbers::Light, false, Exposure::NONE), None);
        let said = note(&image, Numbers::Light, true, Exposure::NONE).unwrap();
        assert!(said.starts_with("its values go from 0 to 2,"), "{said}");
    }
}
