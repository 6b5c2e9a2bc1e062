//! The convolution as it is tried in every variant.

use super::conv_shape::ConvShape;
use super::convolution::{ConvParams, Convolution, ConvolutionPass};
use super::device::Gpu;
use super::element_type::{ElementType, to_bytes};
use super::error::GpuResult;
use super::pipeline::Dispatch;
use super::trial::Trial;
use super::variant::Variant;

/// Channels in and out of what is measured: those of a layer of EDSR's body, 3×3, of which all but two of its layers are.
const CHANNELS: usize = 64;

/// A convolution of the main shape, and the buffers that it runs on.
pub(super) struct ConvTrial<'a> {
    gpu: &'a Gpu,
    convolution: Convolution,
    params: ConvParams,
    weights: wgpu::Buffer,
    data: wgpu::Buffer,
}

impl<'a> ConvTrial<'a> {
    pub(super) fn new(gpu: &'a Gpu, element: ElementType, variant: Variant, side: usize) -> GpuResult<Self> {
        let shape = ConvShape::new(CHANNELS, CHANNELS, element, variant, &gpu.capacity());
        let (quads, pixels) = (CHANNELS / 4, side * side);
        let weights = shape.pack(&pattern(9 * CHANNELS * CHANNELS), &[0.0; CHANNELS], CHANNELS);
        let params = ConvParams {
            output: (pixels * quads) as u32,
            bias: (9 * CHANNELS * shape.weight_stride(CHANNELS)) as u32,
            input_stride: quads as u32,
            output_stride: quads as u32,
            weight_stride: shape.weight_stride(CHANNELS) as u32,
            input_width: side as u32,
            input_height: side as u32,
            output_width: side as u32,
            end: pixels as u32,
            depth: quads as u32,
            columns: quads as u32,
            side: 3,
            shift: -1,
            scale: 1.0,
            ..ConvParams::default()
        };
        let trial = Self {
            gpu,
            convolution: Convolution::new(gpu, shape)?,
            params,
            weights: gpu.upload(&weights)?,
            data: gpu.storage(2 * pixels * quads * element.quad_bytes())?,
        };
        gpu.write(&trial.data, 0, &to_bytes(&pattern(pixels * CHANNELS), element))?;
        Ok(trial)
    }
}

impl Trial for ConvTrial<'_> {
    const SIDES: [usize; 3] = [64, 128, 256];

    fn variant(&self) -> Variant {
        self.convolution.shape().variant()
    }

    fn dispatches(&self) -> GpuResult<Vec<Dispatch<'_>>> {
        let pass = ConvolutionPass { convolution: &self.convolution, params: self.params };
        Convolution::in_whole(self.gpu, &[pass], &self.weights, &self.data)
    }

    fn macs(&self) -> f64 {
        f64::from(self.params.end) * (9 * CHANNELS * CHANNELS) as f64
    }

    fn answer(&self) -> GpuResult<Vec<f32>> {
        let element = self.convolution.shape().element;
        self.gpu.pass(&self.dispatches()?, 1)?;
        self.gpu.read(&self.data, self.params.end as usize * CHANNELS, CHANNELS * CHANNELS, element)
    }
}

/// Numbers from -1/8 to 1/8, no two neighbours alike.
fn pattern(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 37 + i / 64 * 11) % 257) as f32 / 1028.0 - 0.125).collect()
}
