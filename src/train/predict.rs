//! Weights at work: pictures enlarged by the code that everything else is shown with.

use crate::error::Result;
use crate::feature::FeaturePrecision;
use crate::geometry::SampleGrid;
use crate::kernel::Precision;
use crate::key::EncoderId;
use crate::picture::Picture;
use crate::raster::Raster;
use crate::recipe::Sampling;
use crate::render::{LoadedModel, Renderer, sample};
use crate::task::Interrupt;
use crate::weights::Weights;

/// A model on the processor, in single precision.
pub(super) struct Predictor(LoadedModel);

impl Predictor {
    /// # Errors
    /// [`crate::error::Error::Device`] if there is no room for the weights.
    pub(super) fn new(weights: &Weights) -> Result<Self> {
        LoadedModel::on_cpu(weights, Precision::F32).map(Self)
    }

    /// Its encoder: with the same one features come again.
    pub(super) fn encoder(&self) -> EncoderId {
        self.0.key().features.encoder
    }

    /// The RGB of the continuous function on `grid`, in the picture's own colours.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, or the device's own.
    pub(super) fn predict(
        &self,
        picture: &Picture,
        grid: &SampleGrid,
        sampling: Sampling,
        interrupt: Interrupt<'_>,
    ) -> Result<Raster> {
        let Self(model) = self;
        let pixels = sample::pixels_for(model, picture.size, grid, sampling);
        let features = model.encode_exactly(picture, pixels, FeaturePrecision::Single, interrupt)?;
        let rgb = sample::query_rgb(model, picture.size, grid, sampling, &[features.into()], interrupt)?;
        Ok(self.0.colors(rgb, picture, grid))
    }

    /// The same out of the features that a renderer keeps, or finds with others.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub(super) fn predict_by(
        &self,
        renderer: &mut Renderer,
        picture: &Picture,
        grid: &SampleGrid,
        sampling: Sampling,
        interrupt: Interrupt<'_>,
    ) -> Result<Raster> {
        let rgb = renderer.query_rgb(picture, &self.0, grid, sampling, interrupt)?;
        Ok(self.0.colors(rgb, picture, grid))
    }
}
