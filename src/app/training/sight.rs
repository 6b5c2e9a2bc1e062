//! A place of the picture as the models before and after see it.

use crate::error::Result;
use crate::geometry::{Region, SampleGrid, Size};
use crate::kernel::Precision;
use crate::key::Quality;
use crate::picture::{Picture, Raster};
use crate::render::{LoadedModel, RenderOptions, Renderer};
use crate::task::Interrupt;
use crate::train::Preview;
use crate::weights::Weights;
use egui::ColorImage;
use std::sync::Arc;

/// Rows and columns of a place, in source pixels.
const SIDE: usize = 40;

/// How much larger it is shown: the largest factor that models are trained for.
const SCALE: usize = 4;

/// A place that somebody wants to watch.
#[derive(Clone)]
pub struct Place {
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// Around which source position, (x, y).
    pub center: [f64; 2],
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.picture.id == other.picture.id && self.center == other.center
    }
}

impl Place {
    /// The square around the centre that lies inside the picture.
    pub fn region(&self) -> Region {
        let sides = [self.picture.size.width, self.picture.size.height];
        let lengths = sides.map(|side| SIDE.min(side) as f64);
        let corner = |i: usize| (self.center[i] - lengths[i] / 2.0).round().clamp(0.0, sides[i] as f64 - lengths[i]);
        Region { x: corner(0), y: corner(1), width: lengths[0], height: lengths[1] }
    }

    fn grid(&self) -> SampleGrid {
        let region = self.region();
        let side = |length: f64| length as usize * SCALE;
        SampleGrid::spanning(region, Size::new(side(region.width), side(region.height)))
    }
}

/// Two pictures of one place.
#[derive(Clone)]
pub struct Sight {
    /// By the weights at the start.
    pub before: ColorImage,
    /// By the weights of a step.
    pub after: ColorImage,
    /// Which step.
    pub step: u64,
}

/// Looks at places with changing weights, on the training's thread.
pub(super) struct Watcher {
    start: LoadedModel,
    renderer: Renderer,
    /// What was rendered last by the weights at the start.
    before: Option<(Place, ColorImage)>,
}

impl Watcher {
    /// A watcher whose "before" is by the weights at the start.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if memory runs out.
    pub(super) fn new(start: &Weights) -> Result<Self> {
        // Weights that change with every look leave features that nobody needs again.
        let options = RenderOptions { feature_budget_bytes: 16 << 20, decoded_budget_bytes: 0, ..RenderOptions::VIEW };
        let start = LoadedModel::on_cpu(start, Precision::best())?;
        Ok(Self { start, renderer: Renderer::new(options), before: None })
    }

    /// How `weights` see a place, beside how it was before.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, [`crate::error::Error::Device`] if the encoder fails.
    pub(super) fn look(&mut self, place: &Place, weights: &Weights, step: u64, stop: Interrupt<'_>) -> Result<Sight> {
        let before = match &self.before {
            Some((known, image)) if known == place => image.clone(),
            _ => {
                let raster = self.renderer.render(&place.picture, &self.start, &place.grid(), Quality::Neural, stop)?;
                let image = color_image(shown(raster, place));
                self.before = Some((place.clone(), image.clone()));
                image
            }
        };
        let model = LoadedModel::on_cpu(weights, Precision::best())?;
        let raster = self.renderer.render(&place.picture, &model, &place.grid(), Quality::Neural, stop)?;
        Ok(Sight { before, after: color_image(shown(raster, place)), step })
    }
}

/// In the colours of the screen.
fn shown(mut raster: Raster, place: &Place) -> Raster {
    place.picture.color.show(&mut raster);
    raster
}

/// The held-out patch: what is watched as long as nobody has picked a place.
pub(super) fn sight_of(first: &Preview, now: &Preview, step: u64) -> Sight {
    let image = |preview: &Preview| color_image(preview.prediction.clone());
    Sight { before: image(first), after: image(now), step }
}

fn color_image(raster: Raster) -> ColorImage {
    ColorImage::from_rgba_unmultiplied([raster.size.width, raster.size.height], &raster.to_rgba8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::NEVER;

    fn place(size: Size, center: [f64; 2]) -> Place {
        let rgb = (0..size.area() * 3).map(|i| (i * 7 % 251) as u8).collect();
        Place { picture: Arc::new(Picture::from_rgb8(size, rgb)), center }
    }

    #[test]
    fn a_place_lies_inside_the_picture() {
        let size = Size::new(100, 60);
        for (center, corner) in [([50.0, 30.0], (30.0, 10.0)), ([-9.0, 59.0], (0.0, 20.0)), ([1e9, 0.0], (60.0, 0.0))] {
            let Region { x, y, width, height } = place(size, center).region();
            assert_eq!(((x, y), (width, height)), (corner, (40.0, 40.0)));
        }
        let small = place(Size::new(10, 100), [5.0, 50.0]).region();
        assert_eq!((small.x, small.width, small.height), (0.0, 10.0, 40.0));
    }

    #[test]
    fn the_same_weights_see_the_same_and_others_do_not() {
        let weights = Weights::builtin().unwrap();
        let other = crate::train::untrained(weights.config(), 3).unwrap();
        let mut watcher = Watcher::new(&weights).unwrap();
        let place = place(Size::new(48, 48), [24.0, 24.0]);
        let same = watcher.look(&place, &weights, 0, NEVER).unwrap();
        assert_eq!(same.before.size, [160, 160]);
        assert!(same.before == same.after);
        let changed = watcher.look(&place, &other, 5, NEVER).unwrap();
        assert!(changed.before == same.before && changed.after != same.after && changed.step == 5);
    }
}
