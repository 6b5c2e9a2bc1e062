//! The decoder as it is tried in every variant of its shader.

use super::tables::Tables;
use super::{Evaluation, GpuImnet, Projected};
use crate::decode::{DecodeParams, Sampling, WindowQuery};
use crate::feature::FeatureWindow;
use crate::geometry::{Region, SampleGrid, Size};
use crate::gpu::{ComputePipeline, Convolution, Dispatch, ElementType, Gpu, GpuResult, Trial, Variant, VariantTiming};
use crate::task::NEVER;
use std::sync::Arc;
use std::time::Duration;

/// The zoom at which it is tried: most samples read four codes.
const ZOOM: usize = 4;

/// A model's decoder, and samples to be decoded.
struct DecodeTrial {
    imnet: GpuImnet,
    window: FeatureWindow,
    picture: Size,
    grid: SampleGrid,
    tables: Tables,
    projected: Projected,
}

impl DecodeTrial {
    fn new(
        gpu: &Arc<Gpu>,
        params: &DecodeParams,
        element: ElementType,
        variant: Variant,
        side: usize,
    ) -> GpuResult<Self> {
        let (pipeline, convolution) = (ComputePipeline::new, Convolution::new);
        let imnet = GpuImnet::compile(gpu.clone(), params, element, variant, pipeline, convolution)?;
        let picture = Size::new(side, side);
        let grid = SampleGrid::spanning(Region::whole(picture), Size::new(side * ZOOM, side * ZOOM));
        let window = FeatureWindow::pattern(picture, params.margin(), params.channels);
        let tables = Tables::new(&grid, None, picture, params.local_ensemble);
        let projected = imnet.project(&window, [grid.y.pitch, grid.x.pitch], NEVER)?;
        Ok(Self { imnet, window, picture, grid, tables, projected })
    }

    fn evaluation(&self) -> GpuResult<Evaluation<'_>> {
        self.imnet.evaluation(&self.tables, &self.projected, self.picture.rect(), Sampling::Exact)
    }
}

impl Trial for DecodeTrial {
    const SIDES: [usize; 3] = [4, 8, 16];

    fn variant(&self) -> Variant {
        self.imnet.shape.variant
    }

    fn dispatches(&self) -> GpuResult<Vec<Dispatch<'_>>> {
        self.imnet.dispatches(&self.evaluation()?, &self.imnet.spans(&self.tables))
    }

    fn macs(&self) -> f64 {
        let spans = self.imnet.spans(&self.tables);
        spans.iter().map(|span| f64::from(span.end - span.start) * span.cost).sum()
    }

    fn answer(&self) -> GpuResult<Vec<f32>> {
        self.imnet.query(WindowQuery::new(&self.window, self.picture, &self.grid, Sampling::Exact), NEVER)
    }
}

impl GpuImnet {
    /// The variant of `shaders/decode.wgsl` in which the device decodes this model the fastest.
    pub(in crate::decode::gpu) fn fastest(gpu: &Arc<Gpu>, params: &DecodeParams, element: ElementType) -> Variant {
        gpu.fastest(element, &|variant, side| DecodeTrial::new(gpu, params, element, variant, side))
    }

    /// How long decoding takes in each variant that the device has; each for at most `limit`.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::Unfit`] if the device refuses one, [`crate::gpu::GpuError::OutOfMemory`],
    /// [`crate::gpu::GpuError::Lost`].
    pub(in crate::decode::gpu) fn time_variants(&self, limit: Duration) -> GpuResult<Vec<VariantTiming>> {
        let (params, element) = (&self.params, self.shape.element);
        let trial = |variant, side| DecodeTrial::new(&self.gpu, params, element, variant, side);
        self.gpu.time_variants(&trial, limit)
    }
}
