//! LIIF's kinds of dispatches, to be measured one by one.

use super::GpuImnet;
use super::tables::Tables;
use crate::decode::{Sampling, sample_points};
use crate::feature::FeatureWindow;
use crate::geometry::{Region, SampleGrid, Size};
use crate::gpu::{Convolution, ConvolutionPass, DispatchKind, GpuResult, Span};

/// The zoom at which every sample is evaluated.
const EXACT_ZOOM: usize = 4;

/// The zoom at which the lattice is.
const LATTICE_ZOOM: usize = 30;

impl GpuImnet {
    /// Each kind of dispatch: the projection of `side` × `side` latent codes, every sample at ×4, and the lattice
    /// of them at ×30 that is evaluated whole, which has about as many points.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::OutOfMemory`] or [`crate::gpu::GpuError::Lost`].
    pub(in crate::decode::gpu) fn kinds(&self, side: usize) -> GpuResult<Vec<DispatchKind<'_>>> {
        let picture = Size::new(side, side);
        let grid = |side: usize, zoom: usize| {
            let region = Region { x: 0.0, y: 0.0, width: side as f64, height: side as f64 };
            SampleGrid::spanning(region, Size::new(side * zoom, side * zoom))
        };
        let every = grid(side, EXACT_ZOOM);
        let lattice = sample_points(&grid(side, LATTICE_ZOOM), Sampling::Lattice);
        let codes = FeatureWindow::pattern(picture, self.params.margin(), self.params.channels);
        let (projected, params) = self.load(&codes, [every.y.pitch, every.x.pitch])?;
        let piece = ConvolutionPass { convolution: &self.project, params };
        let macs = (self.params.project.len() * picture.area()) as f64;
        let dispatches = Convolution::in_whole(&self.gpu, &[piece], &self.project_weights, &projected.data)?;
        let (inputs, width) = (self.params.channels, self.params.width());
        let name = format!("projection {inputs}→{width}, {}", if self.params.taps == 9 { "3×3" } else { "1×1" });
        let mut kinds = vec![DispatchKind { name, count: 1, macs, dispatches }];
        for (name, points, sampling) in [
            (format!("every sample, ×{EXACT_ZOOM}"), every, Sampling::Exact),
            (format!("the lattice, ×{LATTICE_ZOOM}"), lattice, Sampling::Lattice),
        ] {
            let tables = Tables::new(&points, None, picture, self.params.local_ensemble);
            let evaluation = self.evaluation(&tables, &projected, picture.rect(), sampling)?;
            let spans = self.kernel.spans(&tables);
            let macs = spans.iter().map(Span::macs).sum();
            kinds.push(DispatchKind {
                name,
                count: 1,
                macs,
                dispatches: self.dispatches(&self.kernel, &evaluation, &spans)?,
            });
        }
        Ok(kinds)
    }
}
