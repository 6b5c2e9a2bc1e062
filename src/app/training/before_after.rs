//! A place of the picture as the weights before and after see it.

use crate::error::Result;
use crate::geometry::{Region, Size};
use crate::picture::{Picture, Raster};
use crate::train::{Place, Preview};
use egui::{ColorImage, TextureHandle};
use std::sync::Arc;

/// Rows and columns of a place, in source pixels.
const SIDE: usize = 40;

/// How much larger it is shown: the largest factor that models are trained for.
const SCALE: usize = 4;

/// The place around a source position (x, y).
///
/// # Errors
/// As [`Place::new`].
pub fn place_at(picture: Arc<Picture>, center: [f64; 2]) -> Result<Place> {
    let region = region_at(picture.size, center);
    let side = |length: f64| length as usize * SCALE;
    Place::new(picture, region, Size::new(side(region.width), side(region.height)))
}

/// The square around a position that lies inside a picture.
fn region_at(size: Size, center: [f64; 2]) -> Region {
    let sides = [size.width, size.height];
    let lengths = sides.map(|side| SIDE.min(side) as f64);
    let corner = |i: usize| (center[i] - lengths[i] / 2.0).round().clamp(0.0, sides[i] as f64 - lengths[i]);
    Region { x: corner(0), y: corner(1), width: lengths[0], height: lengths[1] }
}

/// Two pictures of one place.
#[derive(Clone)]
pub struct BeforeAfter {
    /// By the weights that training, or its resumption, began with.
    pub before: ColorImage,
    /// By the weights of a step.
    pub after: ColorImage,
    /// Which step.
    pub step: u64,
}

impl BeforeAfter {
    /// Of a watched place.
    pub(super) fn of_place(before: &Raster, after: &Raster, step: u64) -> Self {
        Self { before: color_image(before), after: color_image(after), step }
    }

    /// Of a held-out patch: what is watched as long as nobody has picked a place.
    pub(super) fn of_previews(first: &Preview, now: &Preview, step: u64) -> Self {
        Self::of_place(&first.prediction, &now.prediction, step)
    }
}

/// The two pictures of a place, on the graphics device.
pub struct BeforeAfterTextures {
    /// By the weights that training, or its resumption, began with.
    pub before: TextureHandle,
    /// By the weights of the step.
    pub after: TextureHandle,
    /// Which step.
    pub step: u64,
    pub(super) source: Arc<BeforeAfter>,
}

fn color_image(raster: &Raster) -> ColorImage {
    ColorImage::from_rgba_unmultiplied([raster.size.width, raster.size.height], &raster.to_rgba8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_lies_inside_the_picture() {
        let size = Size::new(100, 60);
        for (center, corner) in [([50.0, 30.0], (30.0, 10.0)), ([-9.0, 59.0], (0.0, 20.0)), ([1e9, 0.0], (60.0, 0.0))] {
            let Region { x, y, width, height } = region_at(size, center);
            assert_eq!(((x, y), (width, height)), (corner, (40.0, 40.0)));
        }
        let small = region_at(Size::new(10, 100), [5.0, 50.0]);
        assert_eq!((small.x, small.width, small.height), (0.0, 10.0, 40.0));
        let picture = Picture::from_rgb8(size, vec![0; size.area() * 3]);
        assert_eq!(format!("{:?}", place_at(Arc::new(picture), [50.0, 30.0]).unwrap()), "160×160 of untitled");
    }
}
