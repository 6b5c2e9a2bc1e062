//! The one kernel that encoder and decoder share: a convolution with bias, activation, scale and residual.

use super::conv_shape::ConvShape;
use super::device::Gpu;
use super::error::{GpuError, GpuResult};
use super::pace::{Pace, Span};
use super::pipeline::{ComputePipeline, Dispatch};
use crate::task::Interrupt;
use bytemuck::{Pod, Zeroable};

/// What the sums of a convolution go through, as the shader numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    None = 0,
    /// `max(x, 0)`.
    Relu = 1,
    /// `x / (1 + e^-x)`, in single precision whatever the element type is.
    Silu = 2,
}

/// The parameters of `shaders/convolution.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[allow(missing_docs, reason = "the shader explains them")]
pub struct ConvParams {
    pub input: u32,
    pub output: u32,
    pub residual: u32,
    pub weight: u32,
    pub bias: u32,
    pub input_stride: u32,
    pub output_stride: u32,
    pub residual_stride: u32,
    pub weight_stride: u32,
    pub input_width: u32,
    pub input_height: u32,
    pub output_width: u32,
    pub start: u32,
    pub end: u32,
    pub depth: u32,
    pub columns: u32,
    pub side: u32,
    pub shift: i32,
    pub activation: u32,
    pub has_residual: u32,
    pub scale: f32,
}

impl ConvParams {
    /// Multiply-adds of one output pixel.
    fn macs(&self) -> f64 {
        16.0 * f64::from(self.side * self.side) * f64::from(self.depth) * f64::from(self.weight_stride)
    }

    /// Whether every index that the shader forms lies in `data` and `weights`, given in quads.
    fn check(&self, shape: ConvShape, data: u64, weights: u64) -> GpuResult<()> {
        let last = |start: u32, pixels: u64, stride: u32, quads: u32| {
            u64::from(start) + (pixels.max(1) - 1) * u64::from(stride) + u64::from(quads)
        };
        let taps = u64::from(self.side * self.side) * u64::from(self.depth) * 4;
        let blocks = u64::from(self.columns).div_ceil(shape.columns as u64) * shape.columns as u64;
        let input_pixels = u64::from(self.input_width) * u64::from(self.input_height);
        let is_inside = last(self.input, input_pixels, self.input_stride, self.depth) <= data
            && last(self.output, u64::from(self.end), self.output_stride, self.columns) <= data
            && (self.has_residual == 0
                || last(self.residual, u64::from(self.end), self.residual_stride, self.columns) <= data)
            && last(self.weight, taps, self.weight_stride, self.weight_stride) <= weights
            && u64::from(self.bias) + u64::from(self.columns) <= weights
            && blocks <= u64::from(self.weight_stride)
            && (self.depth as usize).is_multiple_of(shape.depth)
            && self.output_width > 0
            && input_pixels * u64::from(self.input_stride.max(1)) < 1 << 31
            && matches!(self.side, 1 | 3);
        if is_inside { Ok(()) } else { Err(GpuError::Unfit("a convolution would leave its buffers".into())) }
    }
}

/// A compiled convolution.
pub struct Convolution {
    shape: ConvShape,
    pipeline: ComputePipeline,
}

/// A convolution that is to be carried out.
#[derive(Clone, Copy)]
pub struct ConvolutionPass<'a> {
    /// By which shader.
    pub convolution: &'a Convolution,
    /// On what.
    pub params: ConvParams,
}

impl Convolution {
    /// Compiles it.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device refuses the shader.
    pub fn new(gpu: &Gpu, shape: ConvShape) -> GpuResult<Self> {
        let pipeline =
            ComputePipeline::new(gpu, "convolution", &shape.text(), size_of::<ConvParams>(), &[false, true])?;
        Ok(Self { shape, pipeline })
    }

    /// As [`Self::new`], with every access checked by the driver.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(gpu: &Gpu, shape: ConvShape) -> GpuResult<Self> {
        let pipeline =
            ComputePipeline::checked(gpu, "convolution", &shape.text(), size_of::<ConvParams>(), &[false, true])?;
        Ok(Self { shape, pipeline })
    }

    /// What it was compiled for.
    pub fn shape(&self) -> ConvShape {
        self.shape
    }

    /// Carries out `pieces` in order, in bands by `pace`.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] between two bands, [`GpuError::Lost`], [`GpuError::Unfit`] if a piece would leave its
    /// buffers.
    pub fn run(
        gpu: &Gpu,
        pieces: &[ConvolutionPass<'_>],
        weights: &wgpu::Buffer,
        data: &wgpu::Buffer,
        pace: &Pace,
        interrupt: Interrupt<'_>,
    ) -> GpuResult<()> {
        check(pieces, weights, data)?;
        let work = pieces.iter().enumerate().map(span_of).rev().collect();
        gpu.carry_out(work, pace, interrupt, |band| dispatches(gpu, pieces, band, weights, data))
    }

    /// `pieces`, each as one dispatch however long it takes: to be measured.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn in_whole<'a>(
        gpu: &Gpu,
        pieces: &[ConvolutionPass<'a>],
        weights: &wgpu::Buffer,
        data: &wgpu::Buffer,
    ) -> GpuResult<Vec<Dispatch<'a>>> {
        check(pieces, weights, data)?;
        let spans: Vec<Span> = pieces.iter().enumerate().map(span_of).collect();
        dispatches(gpu, pieces, &spans, weights, data)
    }
}

/// Whether all pieces stay inside their buffers.
fn check(pieces: &[ConvolutionPass<'_>], weights: &wgpu::Buffer, data: &wgpu::Buffer) -> GpuResult<()> {
    pieces.iter().try_for_each(|ConvolutionPass { convolution, params }| {
        let quad = convolution.shape.element.quad_bytes() as u64;
        params.check(convolution.shape, data.size() / quad, weights.size() / quad)
    })
}

/// All pixels of a piece, the `job`-th.
fn span_of((job, piece): (usize, &ConvolutionPass<'_>)) -> Span {
    let ConvParams { start, end, .. } = piece.params;
    Span { job, start, end, grain: piece.convolution.shape.rows as u32, cost: piece.params.macs() }
}

/// A band of pieces, each its span alone.
fn dispatches<'a>(
    gpu: &Gpu,
    pieces: &[ConvolutionPass<'a>],
    band: &[Span],
    weights: &wgpu::Buffer,
    data: &wgpu::Buffer,
) -> GpuResult<Vec<Dispatch<'a>>> {
    let part = |span: &Span| ConvParams { start: span.start, end: span.end, ..pieces[span.job].params };
    let params: Vec<ConvParams> = band.iter().map(part).collect();
    let (uniforms, stride) = (gpu.uniforms(&params)?, gpu.uniform_stride::<ConvParams>());
    let dispatch = |(i, span): (usize, &Span)| {
        let ConvolutionPass { convolution: Convolution { shape, pipeline }, params } = pieces[span.job];
        let columns = params.columns.div_ceil(shape.columns as u32);
        let group = pipeline.bind(gpu, &uniforms, &[weights, data])?;
        Ok(Dispatch { pipeline, group, offset: i * stride, groups: [span.groups(), columns] })
    };
    band.iter().enumerate().map(dispatch).collect()
}

#[cfg(test)]
mod tests {
    use super::super::element_type::ElementType;
    use super::super::reflect::{assert_shader, offsets, workgroup_bytes};
    use super::super::variant::{Capacity, Subgroups, Variant};
    use super::*;

    #[test]
    fn the_shader_is_valid_for_every_model_and_keeps_to_its_memory() {
        let fields = offsets!(ConvParams: input output residual weight bias input_stride output_stride residual_stride
            weight_stride input_width input_height output_width start end depth columns side shift activation has_residual scale);
        let limits = wgpu::Limits::downlevel_defaults();
        let capacity = Capacity { limits: limits.clone(), subgroups: Some(Subgroups { least: 8, most: 32 }) };
        let shapes = [(3, 64), (64, 64), (576, 64), (64, 256), (5, 7), (256, 256), (8, 600)];
        for (element, variant) in
            [ElementType::F32, ElementType::F16].into_iter().flat_map(|e| Variant::ALL.map(|v| (e, v)))
        {
            for (inputs, outputs) in shapes {
                let shape = ConvShape::new(inputs, outputs, element, variant, &capacity);
                assert_shader(&shape.text(), &fields, size_of::<ConvParams>());
                assert!(workgroup_bytes(&shape.text()) <= limits.max_compute_workgroup_storage_size as usize / 2);
                assert!(shape.threads() <= 256 && shape.weight_stride(outputs) >= outputs.div_ceil(4));
            }
        }
    }

    #[test]
    fn what_would_leave_its_buffers_is_refused() {
        let capacity = Capacity::without_subgroups(wgpu::Limits::downlevel_defaults());
        let shape = ConvShape::new(4, 8, ElementType::F32, Variant::Narrow, &capacity);
        let stride = shape.weight_stride(8) as u32;
        let fits = ConvParams {
            output: 12,
            bias: 36 * stride,
            input_stride: 1,
            output_stride: 2,
            weight_stride: stride,
            input_width: 4,
            input_height: 3,
            output_width: 4,
            end: 12,
            depth: 1,
            columns: 2,
            side: 3,
            shift: -1,
            ..ConvParams::default()
        };
        let weights = u64::from(37 * stride);
        assert_eq!(fits.check(shape, 36, weights), Ok(()));
        assert!(fits.check(shape, 35, weights).is_err() && fits.check(shape, 36, weights - 1).is_err());
        assert!(ConvParams { end: 13, ..fits }.check(shape, 36, weights).is_err());
        assert!(ConvParams { input_height: 37, ..fits }.check(shape, 36, weights).is_err());
        assert!(
            ConvParams { has_residual: 1, residual: 13, residual_stride: 2, ..fits }.check(shape, 36, weights).is_err()
        );
    }
}
