//! Picture → features → colours: the one place where the function is evaluated, for views, exports, measurements and the
//! weights of a training alike.

use super::model::LoadedModel;
use crate::decode;
use crate::error::Result;
use crate::feature::{FeatureTile, FeatureWindow};
use crate::geometry::{PixelRect, SampleGrid, Size, codes_for};
use crate::recipe::Sampling;
use crate::task::Interrupt;
use std::sync::Arc;

/// The latent codes around which the function is evaluated for `grid`.
fn codes(model: &LoadedModel, size: Size, grid: &SampleGrid, sampling: Sampling) -> PixelRect {
    codes_for(&decode::sample_points(grid, model.decoder.sampling(sampling)), size)
}

/// The source pixels whose features an evaluation reads.
pub fn pixels_for(model: &LoadedModel, size: Size, grid: &SampleGrid, sampling: Sampling) -> PixelRect {
    codes(model, size, grid, sampling).grown_within(model.decoder.margin(), size)
}

/// The latent codes that an evaluation reads, out of features that cover [`pixels_for`] it.
pub fn window(
    model: &LoadedModel,
    size: Size,
    grid: &SampleGrid,
    sampling: Sampling,
    features: &[Arc<FeatureTile>],
) -> FeatureWindow {
    FeatureWindow::assemble(features, codes(model, size, grid, sampling), model.decoder.margin())
}

/// What the model's decoder answers on `grid`, `[grid.y.len, grid.x.len, 3]`, not clamped, out of features that cover
/// [`pixels_for`] it: of LIIF normalised RGB, of a field what is added to the bicubic picture.
///
/// # Errors
/// [`crate::error::Error::Cancelled`] if interrupted.
pub fn query_rgb(
    model: &LoadedModel,
    size: Size,
    grid: &SampleGrid,
    sampling: Sampling,
    features: &[Arc<FeatureTile>],
    interrupt: Interrupt<'_>,
) -> Result<Vec<f32>> {
    let window = window(model, size, grid, sampling, features);
    model.query_rgb(&window, size, grid, sampling, interrupt)
}
