//! The canvas's render pipelines.

use super::cells::stride;
use super::frame::MOST_TAPS;
use crate::decode::gpu::field::FieldShape;
use crate::geometry::FEATURE_TILE;

/// Buffers that its shader reads.
pub(super) const STORAGE_BUFFERS: u32 = 6;

/// The text of a shader with the vertex shader that all have in common.
pub(super) fn with_corner(text: &str) -> String {
    format!("{text}\n{}", include_str!("../../../../shaders/corner.wgsl"))
}

fn text(shape: FieldShape, is_linear: bool) -> String {
    let constants = [
        ("SIDE", FEATURE_TILE),
        ("STRIDE", stride(shape)),
        ("MOST_TAPS", MOST_TAPS),
        ("IS_LINEAR", usize::from(is_linear)),
    ];
    shape.text_with(include_str!("../../../../shaders/canvas.wgsl"), &constants)
}

/// With the driver's own checks of every access: what a frame shows of a picture is not proved before it is drawn.
pub(super) fn compile(
    device: &wgpu::Device,
    format: wgpu::TextureFormat,
    shape: FieldShape,
) -> (wgpu::BindGroupLayout, wgpu::RenderPipeline) {
    let buffer = |ty| wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None };
    let storage = buffer(wgpu::BufferBindingType::Storage { read_only: true });
    let mut types = vec![buffer(wgpu::BufferBindingType::Uniform)];
    types.resize(1 + STORAGE_BUFFERS as usize, storage);
    render_pipeline(device, "canvas", &text(shape, format.is_srgb()), &types, premultiplied(format))
}

/// Colours times opacity, laid over what is there.
pub(super) fn premultiplied(format: wgpu::TextureFormat) -> wgpu::ColorTargetState {
    let blend = Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
    wgpu::ColorTargetState { format, blend, write_mask: wgpu::ColorWrites::ALL }
}

/// A pipeline of the entry point `paint`, whose fragments read what is bound as `types`.
pub(super) fn render_pipeline(
    device: &wgpu::Device,
    label: &str,
    text: &str,
    types: &[wgpu::BindingType],
    target: wgpu::ColorTargetState,
) -> (wgpu::BindGroupLayout, wgpu::RenderPipeline) {
    let label = Some(label);
    let source = wgpu::ShaderSource::Wgsl(with_corner(text).into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label, source });
    let visibility = wgpu::ShaderStages::FRAGMENT;
    let entry = |(binding, ty): (u32, &wgpu::BindingType)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility,
        ty: *ty,
        count: None,
    };
    let entries: Vec<_> = (0..).zip(types).map(entry).collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label,
        layout: Some(&pipeline_layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("corner"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("paint"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(target)],
        }),
        multiview_mask: None,
        cache: None,
    });
    (layout, pipeline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::gpu::canvas::frame::CanvasUniform;
    use crate::gpu::ElementType;
    use crate::gpu::reflect::{assert_shader, offsets};
    use crate::weights::FieldConfig;

    #[test]
    fn the_shader_is_valid_for_every_number_of_waves() {
        let fields = offsets!(CanvasUniform: area size tiles field_tiles last field_slots columns deviation strength to_srgb color_side has_curves);
        for (luma_waves, chroma_waves) in [(32, 8), (1, 1), (5, 3), (64, 16), (0, 0)] {
            let shape = FieldShape::new(&FieldConfig { luma_waves, chroma_waves }, ElementType::F32);
            for is_linear in [false, true] {
                assert_shader(&with_corner(&text(shape, is_linear)), &fields, size_of::<CanvasUniform>());
            }
        }
    }
}
