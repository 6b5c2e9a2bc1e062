//! Which pictures are better off as squares: pixel art and screenshots.

use crate::picture::Picture;
use std::collections::HashSet;

/// Pairs of neighbours that are looked at, spread over the picture: enough to judge by, and done in a moment.
const MOST_PAIRS: usize = 32_768;

/// With no more colours than this a picture is drawn, not photographed.
const FEW_COLORS: usize = 64;

/// The least part of neighbours that are exactly equal in what was drawn: photographs have noise.
const EQUAL_PART: f64 = 0.4;

/// The largest step between unequal neighbours, of 255, that counts as gentle.
const GENTLE_STEP: f32 = 6.0 / 255.0;

/// The most gentle steps that what was drawn has, as a part of all: its edges are hard, those of photographs are not,
/// not even in front of a black sky.
const GENTLE_PART: f64 = 0.4;

/// Whether a picture should be enlarged as squares: it has at most 64 colours, or at least 40 % of its neighbouring
/// pixels are exactly equal and at most 40 % of the others differ by 6 of 255 or less.
///
/// Looks at every pixel of a small picture, and at evenly spread rows and stretches of a large one.
pub fn suits_nearest(picture: &Picture) -> bool {
    // Of a picture that is not in memory its small version is looked at.
    let picture = picture.smallest();
    let width = picture.size.width;
    if width < 2 || picture.regions.is_some() {
        return false;
    }
    let pairs = picture.size.height * (width - 1);
    let stride = pairs.div_ceil(MOST_PAIRS).max(1);
    let (mut colors, mut count, mut equal, mut gentle) = (HashSet::new(), 0.0, 0.0, 0.0);
    for pair in (0..pairs).step_by(stride) {
        let at = 3 * (pair / (width - 1) * width + pair % (width - 1));
        let pixel = [0, 1, 2].map(|c| picture.rgb.unit(at + c));
        let step = (0..3).map(|c| (picture.rgb.unit(at + 3 + c) - pixel[c]).abs()).fold(0.0, f32::max);
        if colors.len() <= FEW_COLORS {
            colors.insert(pixel.map(f32::to_bits));
        }
        count += 1.0;
        equal += f64::from(u8::from(step == 0.0));
        gentle += f64::from(u8::from(step > 0.0 && step <= GENTLE_STEP));
    }
    colors.len() <= FEW_COLORS || (equal >= EQUAL_PART * count && gentle <= GENTLE_PART * (count - equal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn picture(size: Size, color: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        let rgb = (0..size.area()).flat_map(|i| color(i % size.width, i / size.width)).collect();
        Picture::from_rgb8(size, rgb)
    }

    /// The same noise everywhere and always.
    fn noise(x: usize, y: usize) -> u8 {
        ((x * 7919 + y * 104_729) ^ (x * y + 31 * x)) as u8 % 5
    }

    #[test]
    fn the_cat_is_a_photograph() {
        let cat = Picture::open("assets/chelsea.png".as_ref()).unwrap();
        assert!(!suits_nearest(&cat));
    }

    #[test]
    fn pixel_art_is_not() {
        let size = Size::new(48, 32);
        assert!(suits_nearest(&picture(size, |x, y| [[0, 0, 0], [255, 80, 0], [40, 40, 200]][(x / 3 + y / 2) % 3])));
    }

    #[test]
    fn a_screenshot_is_not_although_it_has_many_colours() {
        // A flat page with lines of hard, coloured strokes, as anti-aliased letters are.
        let page = picture(Size::new(800, 600), |x, y| {
            let is_stroke = y % 18 < 11 && (x * 13 + y / 18 * 7) % 11 < 3;
            let ink = ((x * 37 + y * 11) % 180) as u8;
            if is_stroke { [ink, ink / 2, 90] } else { [250, 250, 250] }
        });
        assert!(suits_nearest(&page));
    }

    #[test]
    fn a_moon_before_a_black_sky_is_a_photograph_even_in_grey() {
        let moon = picture(Size::new(600, 600), |x, y| {
            let far = (x as f64 - 300.0).hypot(y as f64 - 300.0);
            let grey = if far < 150.0 { (200.0 - far) as u8 + noise(x, y) } else { 0 };
            [grey, grey, grey]
        });
        assert!(!suits_nearest(&moon));
    }

    #[test]
    fn soft_gradients_are_photographs() {
        let sky = picture(Size::new(500, 400), |x, y| [90 + (y / 4) as u8, 120 + (x / 8) as u8, 190 + noise(x, y)]);
        assert!(!suits_nearest(&sky));
    }
}
