//! What tests of the function ask for.

use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::picture::Picture;
use zoomfield::recipe::Recipe;

/// A recipe by its text.
pub(crate) fn recipe(text: &str) -> Recipe {
    text.parse().expect("a recipe")
}

/// All of a picture, enlarged.
pub(crate) fn whole(picture: &Picture, scale: f64) -> SampleGrid {
    let side = |n: usize| (n as f64 * scale).round() as usize;
    SampleGrid::spanning(Region::whole(picture.size), Size::new(side(picture.size.width), side(picture.size.height)))
}
