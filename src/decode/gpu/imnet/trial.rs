//! The decoder as it is tried in every variant of its shader.

use super::tables::Tables;
use super::{Evaluation, GpuImnet, Kernel, Projected};
use crate::decode::{DecodeParams, Sampling, WindowQuery};
use crate::feature::FeatureWindow;
use crate::geometry::{Region, SampleGrid, Size};
use crate::gpu::{
    ComputePipeline, Convolution, Dispatch, ElementType, Gpu, GpuResult, Shader, Span, Trial, Variant, VariantTiming,
};
use crate::task::NEVER;
use std::sync::Arc;
use std::time::Duration;

/// The zoom at which it is tried: most samples read four codes.
const ZOOM: usize = 4;

/// A model's decoder, its shader in one variant, and samples to be decoded.
struct DecodeTrial<'a> {
    imnet: &'a GpuImnet,
    /// None where it is the decoder's own.
    kernel: Option<Kernel>,
    window: FeatureWindow,
    picture: Size,
    grid: SampleGrid,
    tables: Tables,
    projected: Projected,
}

impl<'a> DecodeTrial<'a> {
    fn new(imnet: &'a GpuImnet, variant: Variant, side: usize) -> GpuResult<Self> {
        let (gpu, params, element) = (&imnet.gpu, &imnet.params, imnet.element_type());
        let is_other = variant != imnet.variant();
        let compile = || Kernel::new(gpu, params, element, variant, ComputePipeline::new);
        let kernel = is_other.then(compile).transpose()?;
        let picture = Size::new(side, side);
        let grid = SampleGrid::spanning(Region::whole(picture), Size::new(side * ZOOM, side * ZOOM));
        let window = FeatureWindow::pattern(picture, params.margin(), params.channels);
        let tables = Tables::new(&grid, None, picture, params.local_ensemble);
        let projected = imnet.project(&window, [grid.y.pitch, grid.x.pitch], NEVER)?;
        Ok(Self { imnet, kernel, window, picture, grid, tables, projected })
    }

    fn kernel(&self) -> &Kernel {
        self.kernel.as_ref().unwrap_or(&self.imnet.kernel)
    }

    fn evaluation(&self) -> GpuResult<Evaluation<'_>> {
        self.imnet.evaluation(&self.tables, &self.projected, self.picture.rect(), Sampling::Exact)
    }
}

impl Trial for DecodeTrial<'_> {
    const SIDES: [usize; 3] = [4, 8, 16];

    fn variant(&self) -> Variant {
        self.kernel().shape.variant
    }

    fn dispatches(&self) -> GpuResult<Vec<Dispatch<'_>>> {
        let kernel = self.kernel();
        self.imnet.dispatches(kernel, &self.evaluation()?, &kernel.spans(&self.tables))
    }

    fn macs(&self) -> f64 {
        self.kernel().spans(&self.tables).iter().map(Span::macs).sum()
    }

    fn answer(&self) -> GpuResult<Vec<f32>> {
        let query = WindowQuery::new(&self.window, self.picture, &self.grid, Sampling::Exact);
        self.imnet.evaluate(self.kernel(), &self.tables, &self.projected, query, NEVER)
    }
}

impl GpuImnet {
    /// The variant of `shaders/decode.wgsl` that is in use on the device, or the fastest with this model.
    pub(super) fn variant_on(gpu: &Arc<Gpu>, params: &DecodeParams, element: ElementType) -> Variant {
        gpu.variant(Shader::Decode, element, || Self::fastest(gpu, params, element))
    }

    /// The variant of `shaders/decode.wgsl` in which the device decodes this model the fastest.
    pub(in crate::decode::gpu) fn fastest(gpu: &Arc<Gpu>, params: &DecodeParams, element: ElementType) -> Variant {
        let (variant, pipeline) = (Variant::default(), ComputePipeline::new);
        match Self::compile(gpu.clone(), params, element, variant, pipeline, Convolution::new) {
            Ok(imnet) => gpu.fastest(element, &|variant, side| DecodeTrial::new(&imnet, variant, side)),
            Err(_) => variant,
        }
    }

    /// How long decoding takes in each variant that the device has; each for at most `limit`.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::Unfit`] if the device refuses one, [`crate::gpu::GpuError::OutOfMemory`],
    /// [`crate::gpu::GpuError::Lost`].
    pub(in crate::decode::gpu) fn time_variants(&self, limit: Duration) -> GpuResult<Vec<VariantTiming>> {
        self.gpu.time_variants(&|variant, side| DecodeTrial::new(self, variant, side), limit)
    }
}
