//! The field's kinds of dispatches, to be measured one by one.

use super::GpuField;
use crate::decode::Sampling;
use crate::decode::gpu::WindowQuery;
use crate::feature::FeatureWindow;
use crate::geometry::{Region, SampleGrid, Size};
use crate::gpu::{Convolution, ConvolutionPass, DispatchKind, GpuResult};

/// At each zoom, on which part of the codes' side: about as many samples.
const ZOOMS: [(usize, usize); 2] = [(4, 1), (30, 8)];

impl GpuField {
    /// Each kind of dispatch: the amplitudes of `side` × `side` latent codes, every sample of them at ×4, every sample of
    /// some of them at ×30.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::OutOfMemory`] or [`crate::gpu::GpuError::Lost`].
    pub(in crate::decode::gpu) fn kinds(&self, side: usize) -> GpuResult<Vec<DispatchKind<'_>>> {
        let (picture, channels) = (Size::new(side, side), self.params.channels());
        let window = FeatureWindow::pattern(picture, 0, channels);
        let (data, params) = self.load(&window)?;
        let piece = ConvolutionPass { convolution: &self.project, params };
        let macs = (self.params.config.amplitudes() * channels * picture.area()) as f64;
        let dispatches = Convolution::in_whole(&self.gpu, &[piece], &self.project_weights, &data)?;
        let name = format!("amplitudes {channels}→{}", self.params.config.amplitudes());
        let mut kinds = vec![DispatchKind { name, count: 1, macs, dispatches }];
        for (zoom, part) in ZOOMS {
            let side = side.div_ceil(part);
            let region = Region { x: 0.0, y: 0.0, width: side as f64, height: side as f64 };
            let grid = SampleGrid::spanning(region, Size::new(side * zoom, side * zoom));
            let query = WindowQuery::new(&window, picture, &grid, Sampling::Exact);
            let evaluation = self.evaluation(query, &data)?;
            let span = self.span(&evaluation);
            let macs = self.shape.macs() * grid.size().area() as f64;
            let (name, dispatches) = (format!("every sample, ×{zoom}"), self.dispatches(&evaluation, &[span])?);
            kinds.push(DispatchKind { name, count: 1, macs, dispatches });
        }
        Ok(kinds)
    }
}
