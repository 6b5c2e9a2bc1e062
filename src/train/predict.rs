//! Weights at work: pictures enlarged by the code that everything else is shown with.

use crate::decode::{DecodeParams, Sampling, query_rgb, sample_points};
use crate::encode::PictureEncoder;
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{SampleGrid, codes_for};
use crate::kernel::Precision;
use crate::picture::Picture;
use crate::raster::Raster;
use crate::task::Interrupt;
use crate::weights::Weights;
use candle_core::Device;
use std::sync::Arc;

/// A model on the processor, in single precision.
pub(super) struct Predictor {
    encoder: PictureEncoder,
    params: DecodeParams,
}

impl Predictor {
    /// # Errors
    /// [`crate::error::Error::Device`] if there is no room for the weights.
    pub(super) fn new(weights: &Weights) -> Result<Self> {
        let encoder = PictureEncoder::new(weights, Device::Cpu, Precision::F32)?;
        Ok(Self { encoder, params: DecodeParams::new(weights, Precision::F32) })
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
        let codes = codes_for(&sample_points(grid, sampling), picture.size);
        let needed = codes.grown_within(self.params.margin(), picture.size);
        let (values, grown) = self.encoder.encode(picture, needed, interrupt)?;
        let tile = Arc::new(FeatureTile::cut(&values, grown, needed, FeaturePrecision::Single));
        let window = FeatureWindow::assemble(&[tile], codes, self.params.margin());
        let mut rgb = query_rgb(&self.params, &window, picture.size, grid, sampling, interrupt)?;
        self.params.denormalize(&mut rgb);
        Ok(Raster { size: grid.size(), channels: 3, data: rgb })
    }
}
