//! LIIF's decoder on a graphics device: the codes are projected once, then each workgroup takes some samples through all
//! layers. Same inputs and same lattice as on the processor; only the evaluation of points differs.

mod kinds;
mod shape;
mod tables;
mod trial;

use super::{WindowQuery, check_element, in_quads};
use crate::decode::{DecodeParams, Sampling, query};
use crate::feature::FeatureWindow;
use crate::geometry::PixelRect;
use crate::gpu::{
    ComputePipeline, ConvParams, ConvShape, Convolution, ConvolutionPass, Dispatch, ElementType, Gpu, GpuError,
    GpuResult, Pace, Span, Variant, to_bytes,
};
use crate::task::Interrupt;
use bytemuck::{Pod, Zeroable};
use shape::DecodeShape;
use std::sync::Arc;
use tables::{Class, Tables};

/// The parameters of `shaders/decode.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
struct DecodeUniform {
    start: u32,
    end: u32,
    corners: u32,
    corners_x: u32,
    samples: u32,
    columns: u32,
    codes: u32,
    left: u32,
    top: u32,
    width: u32,
    least_share: f32,
}

/// LIIF's decoder on a graphics device.
pub struct GpuImnet {
    gpu: Arc<Gpu>,
    params: DecodeParams,
    kernel: Kernel,
    weights: wgpu::Buffer,
    project: Convolution,
    project_weights: wgpu::Buffer,
    pace: Pace,
    project_pace: Pace,
}

/// The shader in one variant. What it reads and writes lies the same for all.
struct Kernel {
    shape: DecodeShape,
    pipeline: ComputePipeline,
}

/// How a shader is compiled: with the driver's checks or without.
type Compile = fn(&Gpu, &str, &str, usize, &[bool]) -> GpuResult<ComputePipeline>;

impl Kernel {
    fn new(
        gpu: &Gpu,
        params: &DecodeParams,
        element: ElementType,
        variant: Variant,
        compile: Compile,
    ) -> GpuResult<Self> {
        let shape = DecodeShape::new(params, element, variant, &gpu.capacity())?;
        let writes = [false, false, false, true];
        let pipeline = compile(gpu, "decode", &shape.text(), size_of::<DecodeUniform>(), &writes)?;
        Ok(Self { shape, pipeline })
    }

    /// The classes as work, the first at the end.
    fn spans(&self, tables: &Tables) -> Vec<Span> {
        let span = |(job, class): (usize, &Class)| {
            let corners = class.corners[0] * class.corners[1];
            Span {
                job,
                start: class.start as u32,
                end: class.end as u32,
                grain: (self.shape.rows / corners) as u32,
                cost: corners as f64 * self.shape.macs(),
            }
        };
        tables.classes.iter().enumerate().map(span).rev().collect()
    }
}

/// A window's codes on the device, projected.
struct Projected {
    data: wgpu::Buffer,
    /// Where they begin, in quads.
    start: usize,
}

/// Samples that are evaluated, on the device.
struct Evaluation<'a> {
    tables: &'a Tables,
    projected: &'a Projected,
    /// `tables`, and the colours.
    table: wgpu::Buffer,
    out: wgpu::Buffer,
    window: PixelRect,
    least_share: f32,
}

impl Evaluation<'_> {
    fn uniform(&self, span: &Span) -> DecodeUniform {
        let Class { corners, .. } = self.tables.classes[span.job];
        DecodeUniform {
            start: span.start,
            end: span.end,
            corners: (corners[0] * corners[1]) as u32,
            corners_x: corners[0] as u32,
            samples: self.tables.samples as u32,
            columns: self.tables.columns as u32,
            codes: self.projected.start as u32,
            left: self.window.x as u32,
            top: self.window.y as u32,
            width: self.window.width as u32,
            least_share: self.least_share,
        }
    }
}

impl GpuImnet {
    /// Puts a model on the device. It multiplies values of type `element`.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device is too small for the model or refuses a shader, [`GpuError::OutOfMemory`],
    /// [`GpuError::Lost`].
    pub fn new(gpu: Arc<Gpu>, params: &DecodeParams, element: ElementType) -> GpuResult<Self> {
        let variant = Self::variant_on(&gpu, params, element);
        Self::compile(gpu, params, element, variant, ComputePipeline::new, Convolution::new)
    }

    /// As [`Self::new`], with every access checked by the driver: for the proof that none needs it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(gpu: Arc<Gpu>, params: &DecodeParams, element: ElementType) -> GpuResult<Self> {
        let variant = Self::variant_on(&gpu, params, element);
        Self::compile(gpu, params, element, variant, ComputePipeline::checked, Convolution::checked)
    }

    fn compile(
        gpu: Arc<Gpu>,
        params: &DecodeParams,
        element: ElementType,
        variant: Variant,
        pipeline: Compile,
        convolution: fn(&Gpu, ConvShape) -> GpuResult<Convolution>,
    ) -> GpuResult<Self> {
        check_element(&gpu, element)?;
        let kernel = Kernel::new(&gpu, params, element, variant, pipeline)?;
        let width = 4 * kernel.shape.columns;
        let project = ConvShape::new(params.channels, width, element, gpu.conv_variant(element), &gpu.capacity());
        let rows = params.project.chunks_exact(params.width());
        let filled: Vec<f32> =
            rows.flat_map(|row| row.iter().copied().chain(std::iter::repeat(0.0)).take(width)).collect();
        let project_weights = gpu.upload(&project.pack(&filled, &vec![0.0; width], params.channels))?;
        Ok(Self {
            weights: gpu.upload(&kernel.shape.pack_weights(params))?,
            project: convolution(&gpu, project)?,
            project_weights,
            params: params.clone(),
            kernel,
            gpu,
            pace: Pace::default(),
            project_pace: Pace::default(),
        })
    }

    /// In which variant its shader computes.
    pub(super) fn variant(&self) -> Variant {
        self.kernel.shape.variant
    }

    /// What it multiplies.
    pub fn element_type(&self) -> ElementType {
        self.kernel.shape.element
    }

    /// Queries the function at every sample: normalised RGB, `[grid.y.len, grid.x.len, 3]`, not clamped.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] between two bands, [`GpuError::OutOfMemory`], [`GpuError::Lost`].
    pub(super) fn query(&self, query: WindowQuery<'_>, interrupt: Interrupt<'_>) -> GpuResult<Vec<f32>> {
        let projected = self.project(query.window, query.cell, interrupt)?;
        query::query(query, self.params.local_ensemble, &|points, some| {
            let tables = Tables::new(points, some, query.picture, self.params.local_ensemble);
            self.evaluate(&self.kernel, &tables, &projected, query, interrupt)
        })
    }

    /// Multiplies every code of the window (with its neighbours, if unfolded) by the first layer's code columns.
    fn project(&self, window: &FeatureWindow, cell: [f64; 2], interrupt: Interrupt<'_>) -> GpuResult<Projected> {
        let (projected, params) = self.load(window, cell)?;
        let piece = ConvolutionPass { convolution: &self.project, params };
        let (weights, pace) = (&self.project_weights, &self.project_pace);
        Convolution::run(&self.gpu, &[piece], weights, &projected.data, pace, interrupt)?;
        Ok(projected)
    }

    /// Puts the codes of a window on the device; the convolution of these parameters projects them.
    fn load(&self, window: &FeatureWindow, cell: [f64; 2]) -> GpuResult<(Projected, ConvParams)> {
        let (params, columns) = (&self.params, self.kernel.shape.columns);
        if window.margin < params.margin() || window.channels != params.channels {
            return Err(GpuError::Unfit("the window does not fit the model".into()));
        }
        let (width, height) = (window.rect.width + 2 * window.margin, window.rect.height + 2 * window.margin);
        let start = self.kernel.shape.vector_quads();
        let input = start + window.rect.area() * columns;
        let depth = params.channels.div_ceil(4);
        let weight_stride = self.project.shape().weight_stride(4 * columns);
        let (element, quad) = (self.kernel.shape.element, self.kernel.shape.element.quad_bytes());
        let data = self.gpu.storage((input + width * height * depth) * quad)?;
        self.gpu.write(&data, 0, &to_bytes(&self.kernel.shape.pack_vectors(params, cell), element))?;
        self.gpu.write(&data, input * quad, &to_bytes(&in_quads(&window.codes, params.channels), element))?;
        let conv = ConvParams {
            input: input as u32,
            output: start as u32,
            bias: (params.taps * depth * 4 * weight_stride) as u32,
            input_stride: depth as u32,
            output_stride: columns as u32,
            weight_stride: weight_stride as u32,
            input_width: width as u32,
            input_height: height as u32,
            output_width: window.rect.width as u32,
            end: window.rect.area() as u32,
            depth: depth as u32,
            columns: columns as u32,
            side: if params.taps == 9 { 3 } else { 1 },
            shift: (window.margin - params.margin()) as i32,
            scale: 1.0,
            ..ConvParams::default()
        };
        Ok((Projected { data, start }, conv))
    }

    /// The samples of the tables, in the caller's order, `[samples, 3]`.
    fn evaluate(
        &self,
        kernel: &Kernel,
        tables: &Tables,
        projected: &Projected,
        query: WindowQuery<'_>,
        interrupt: Interrupt<'_>,
    ) -> GpuResult<Vec<f32>> {
        let evaluation = self.evaluation(tables, projected, query.window.rect, query.sampling)?;
        let work = kernel.spans(tables);
        self.gpu.carry_out(work, &self.pace, interrupt, |band| self.dispatches(kernel, &evaluation, band))?;
        let samples = tables.order.len();
        let decoded = self.gpu.read(&evaluation.out, 0, samples * 3, ElementType::F32)?;
        let mut rgb = vec![0.0; samples * 3];
        let pixels = rgb.as_chunks_mut::<3>().0;
        tables.order.iter().zip(decoded.as_chunks().0).for_each(|(to, value)| pixels[*to as usize] = *value);
        Ok(rgb)
    }

    /// Puts tables on the device, and makes room for the colours of their samples.
    fn evaluation<'a>(
        &self,
        tables: &'a Tables,
        projected: &'a Projected,
        window: PixelRect,
        sampling: Sampling,
    ) -> GpuResult<Evaluation<'a>> {
        if !tables.stay_in(window) {
            return Err(GpuError::Unfit("the window does not hold the codes that are needed".into()));
        }
        let (table, out) = (self.gpu.upload(&tables.words)?, self.gpu.storage(tables.order.len() * 12)?);
        Ok(Evaluation { tables, projected, table, out, window, least_share: sampling.least_share() })
    }

    fn dispatches<'a>(
        &self,
        kernel: &'a Kernel,
        evaluation: &Evaluation<'_>,
        band: &[Span],
    ) -> GpuResult<Vec<Dispatch<'a>>> {
        let storage = [&self.weights, &evaluation.projected.data, &evaluation.table, &evaluation.out];
        kernel.pipeline.dispatches(&self.gpu, band, |span| evaluation.uniform(span), &storage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::reflect::{assert_shader, offsets, workgroup_bytes};
    use crate::gpu::{Capacity, Subgroups};
    use crate::kernel::Precision;
    use crate::weights::Weights;

    #[test]
    fn the_shader_is_valid_and_keeps_to_its_memory() {
        let params = DecodeParams::new(&Weights::builtin().unwrap(), Precision::F32);
        let fields =
            offsets!(DecodeUniform: start end corners corners_x samples columns codes left top width least_share);
        let least = wgpu::Limits::downlevel_defaults();
        let usual = wgpu::Limits { max_compute_workgroup_storage_size: 32 << 10, ..least.clone() };
        let shapes = [
            (ElementType::F32, &least, 8),
            (ElementType::F16, &least, 24),
            (ElementType::F32, &usual, 32),
            (ElementType::F16, &usual, 32),
        ];
        for (element, limits, rows) in shapes {
            let capacity = Capacity { limits: limits.clone(), subgroups: Some(Subgroups { least: 8, most: 32 }) };
            for variant in Variant::ALL {
                let shape = DecodeShape::new(&params, element, variant, &capacity).unwrap();
                assert!(shape.rows == rows || variant != Variant::Narrow, "{}", shape.rows);
                assert_shader(&shape.text(), &fields, size_of::<DecodeUniform>());
                let bytes = workgroup_bytes(&shape.text());
                assert!(bytes <= limits.max_compute_workgroup_storage_size as usize, "{bytes}");
                assert!(shape.threads() <= limits.max_compute_invocations_per_workgroup as usize);
            }
        }
    }

    #[test]
    fn a_model_that_is_too_wide_is_refused() {
        let params = DecodeParams::new(&Weights::builtin().unwrap(), Precision::F32);
        let limits = wgpu::Limits { max_compute_invocations_per_workgroup: 31, ..wgpu::Limits::downlevel_defaults() };
        let capacity = Capacity::without_subgroups(limits);
        for variant in Variant::ALL {
            assert!(matches!(DecodeShape::new(&params, ElementType::F32, variant, &capacity), Err(GpuError::Unfit(_))));
        }
    }
}
