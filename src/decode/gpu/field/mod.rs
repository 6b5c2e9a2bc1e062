//! The field of waves on a graphics device: the codes are multiplied to amplitudes once, then a thread sums the waves of
//! the four nearest source pixels for each sample.

mod kinds;
mod shape;
mod tables;

pub(super) use shape::FieldShape;
pub(super) use tables::turns;

use super::{WindowQuery, check_element, in_quads};
use crate::decode::FieldParams;
use crate::feature::FeatureWindow;
use crate::geometry::Size;
use crate::gpu::{
    ComputePipeline, ConvParams, ConvShape, Convolution, ConvolutionPass, Dispatch, ElementType, Gpu, GpuError,
    GpuResult, Pace, Span, to_bytes,
};
use crate::task::Interrupt;
use bytemuck::{Pod, Zeroable};
use shape::SIDE;
use std::sync::Arc;
use tables::FieldTables;

/// The parameters of `shaders/field.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
struct FieldUniform {
    start: u32,
    across: u32,
    width: u32,
    height: u32,
    columns: u32,
}

/// A field of waves on a graphics device.
pub struct GpuField {
    gpu: Arc<Gpu>,
    params: FieldParams,
    shape: FieldShape,
    pipeline: ComputePipeline,
    project: Convolution,
    project_weights: wgpu::Buffer,
    pace: Pace,
    project_pace: Pace,
}

/// Samples that are evaluated, on the device.
struct Evaluation<'a> {
    /// Amplitudes of the window's codes.
    data: &'a wgpu::Buffer,
    places: wgpu::Buffer,
    turns: wgpu::Buffer,
    out: wgpu::Buffer,
    size: Size,
    /// Where the turns of columns begin.
    columns: usize,
}

impl Evaluation<'_> {
    /// Workgroups from left to right.
    fn across(&self) -> usize {
        self.size.width.div_ceil(SIDE)
    }

    fn uniform(&self, span: &Span) -> FieldUniform {
        FieldUniform {
            start: span.start,
            across: self.across() as u32,
            width: self.size.width as u32,
            height: self.size.height as u32,
            columns: self.columns as u32,
        }
    }
}

impl GpuField {
    /// Puts a model on the device. It keeps values of type `element` in memory and multiplies them in single precision.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device refuses a shader, [`GpuError::OutOfMemory`], [`GpuError::Lost`].
    pub fn new(gpu: Arc<Gpu>, params: &FieldParams, element: ElementType) -> GpuResult<Self> {
        Self::compile(gpu, params, element, ComputePipeline::new, Convolution::new)
    }

    /// As [`Self::new`], with every access checked by the driver: for the proof that none needs it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(gpu: Arc<Gpu>, params: &FieldParams, element: ElementType) -> GpuResult<Self> {
        Self::compile(gpu, params, element, ComputePipeline::checked, Convolution::checked)
    }

    fn compile(
        gpu: Arc<Gpu>,
        params: &FieldParams,
        element: ElementType,
        pipeline: fn(&Gpu, &str, &str, usize, &[bool]) -> GpuResult<ComputePipeline>,
        convolution: fn(&Gpu, ConvShape) -> GpuResult<Convolution>,
    ) -> GpuResult<Self> {
        check_element(&gpu, element)?;
        let shape = FieldShape::new(&params.config, element);
        let (channels, order) = (params.channels(), shape.order(&params.config));
        let project = ConvShape::new(channels, order.len(), element, gpu.conv_variant(element), &gpu.capacity());
        let column = |k: usize| order.iter().map(move |row| row.map_or(0.0, |row| params.weight[row * channels + k]));
        let weight: Vec<f32> = (0..channels).flat_map(column).collect();
        let bias: Vec<f32> = order.iter().map(|row| row.map_or(0.0, |row| params.bias[row])).collect();
        let writes = [false, false, false, true];
        Ok(Self {
            pipeline: pipeline(&gpu, "field", &shape.text(), size_of::<FieldUniform>(), &writes)?,
            project: convolution(&gpu, project)?,
            project_weights: gpu.upload(&project.pack(&weight, &bias, channels))?,
            params: params.clone(),
            shape,
            gpu,
            pace: Pace::default(),
            project_pace: Pace::default(),
        })
    }

    /// What it keeps in memory.
    pub fn element_type(&self) -> ElementType {
        self.shape.element
    }

    /// What the field adds to the bicubic picture at every sample, in normalised RGB: `[grid.y.len, grid.x.len, 3]`.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] between two bands, [`GpuError::OutOfMemory`], [`GpuError::Lost`].
    pub(super) fn query(&self, query: WindowQuery<'_>, interrupt: Interrupt<'_>) -> GpuResult<Vec<f32>> {
        let (data, params) = self.load(query.window)?;
        let evaluation = self.evaluation(query, &data)?;
        let piece = ConvolutionPass { convolution: &self.project, params };
        Convolution::run(&self.gpu, &[piece], &self.project_weights, &data, &self.project_pace, interrupt)?;
        let work = vec![self.span(&evaluation)];
        self.gpu.carry_out(work, &self.pace, interrupt, |band| self.dispatches(&evaluation, band))?;
        self.gpu.read(&evaluation.out, 0, query.grid.size().area() * 3, ElementType::F32)
    }

    /// Puts the codes of a window on the device; the convolution of these parameters makes amplitudes of them, at the
    /// beginning of the buffer.
    fn load(&self, window: &FeatureWindow) -> GpuResult<(wgpu::Buffer, ConvParams)> {
        if window.channels != self.params.channels() {
            return Err(GpuError::Unfit("the window does not fit the model".into()));
        }
        let (width, height) = (window.rect.width + 2 * window.margin, window.rect.height + 2 * window.margin);
        let (columns, depth) = (self.shape.amplitudes(), window.channels.div_ceil(4));
        let (input, weight_stride) = (window.rect.area() * columns, self.project.shape().weight_stride(4 * columns));
        let (element, quad) = (self.shape.element, self.shape.element.quad_bytes());
        let data = self.gpu.storage((input + width * height * depth) * quad)?;
        self.gpu.write(&data, input * quad, &to_bytes(&in_quads(&window.codes, window.channels), element))?;
        let params = ConvParams {
            input: input as u32,
            bias: (depth * 4 * weight_stride) as u32,
            input_stride: depth as u32,
            output_stride: columns as u32,
            weight_stride: weight_stride as u32,
            input_width: width as u32,
            input_height: height as u32,
            output_width: window.rect.width as u32,
            end: window.rect.area() as u32,
            depth: depth as u32,
            columns: columns as u32,
            side: 1,
            shift: window.margin as i32,
            scale: 1.0,
            ..ConvParams::default()
        };
        Ok((data, params))
    }

    /// Puts tables on the device, and makes room for the colours of their samples.
    fn evaluation<'a>(&self, query: WindowQuery<'_>, data: &'a wgpu::Buffer) -> GpuResult<Evaluation<'a>> {
        let tables = FieldTables::new(&self.params, self.shape, query)
            .ok_or_else(|| GpuError::Unfit("the window does not hold the codes that are needed".into()))?;
        let size = query.grid.size();
        let (places, turns) = (self.gpu.upload(&tables.places)?, self.gpu.upload(&tables.turns)?);
        let out = self.gpu.storage(size.area() * 12)?;
        Ok(Evaluation { data, places, turns, out, size, columns: tables.columns })
    }

    fn dispatches(&self, evaluation: &Evaluation<'_>, band: &[Span]) -> GpuResult<Vec<Dispatch<'_>>> {
        let storage = [evaluation.data, &evaluation.places, &evaluation.turns, &evaluation.out];
        self.pipeline.dispatches(&self.gpu, band, |span| evaluation.uniform(span), &storage)
    }

    /// All samples as work: a unit is a workgroup.
    fn span(&self, evaluation: &Evaluation<'_>) -> Span {
        let groups = evaluation.across() * evaluation.size.height.div_ceil(SIDE);
        let cost = self.shape.macs() * (SIDE * SIDE) as f64;
        Span { job: 0, start: 0, end: groups as u32, grain: 1, cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::reflect::{assert_shader, offsets};
    use crate::weights::FieldConfig;

    #[test]
    fn the_shader_is_valid_for_every_number_of_waves() {
        let fields = offsets!(FieldUniform: start across width height columns);
        for (luma_waves, chroma_waves) in [(32, 8), (1, 1), (5, 3), (64, 16)] {
            for element in [ElementType::F32, ElementType::F16] {
                let shape = FieldShape::new(&FieldConfig { luma_waves, chroma_waves }, element);
                assert_shader(&shape.text(), &fields, size_of::<FieldUniform>());
            }
        }
    }
}
