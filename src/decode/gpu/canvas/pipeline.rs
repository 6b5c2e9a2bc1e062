//! The canvas's render pipelines.

use super::cells::stride;
use super::frame::MOST_TAPS;
use crate::decode::gpu::field::FieldShape;
use crate::geometry::FEATURE_TILE;

/// Buffers that its shader reads.
pub(super) const STORAGE_BUFFERS: u32 = 7;

/// Those of the lock's shader that it writes, counted from the first one on; they are the last.
const LOCK_WRITES: std::ops::Range<u32> = 4..6;

/// The text of a shader with the vertex shader that all have in common.
pub(super) fn with_corner(text: &str) -> String {
    format!("{text}\n{}", include_str!("../../../../shaders/corner.wgsl"))
}

fn text(shape: FieldShape, is_linear: bool) -> String {
    let parts =
        [include_str!("../../../../shaders/waves.wgsl"), TILES, include_str!("../../../../shaders/canvas.wgsl")];
    let own = [("MOST_TAPS", MOST_TAPS), ("IS_LINEAR", usize::from(is_linear))];
    shape.text_of(&parts, &[&of_tiles(shape)[..], &own].concat())
}

const TILES: &str = include_str!("../../../../shaders/tiles.wgsl");

fn of_tiles(shape: FieldShape) -> [(&'static str, usize); 2] {
    [("SIDE", FEATURE_TILE), ("STRIDE", stride(shape))]
}

pub(super) fn lock_text(shape: FieldShape) -> String {
    shape.text_of(&[TILES, include_str!("../../../../shaders/lock.wgsl")], &of_tiles(shape))
}

/// What computes a frame's lock.
pub(super) struct LockPipelines {
    pub(super) layout: wgpu::BindGroupLayout,
    /// One after the other.
    pub(super) steps: [wgpu::ComputePipeline; 2],
}

/// As [`compile`].
pub(super) fn compile_lock(device: &wgpu::Device, shape: FieldShape) -> LockPipelines {
    let label = Some("lock");
    let source = wgpu::ShaderSource::Wgsl(lock_text(shape).into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label, source });
    let entry = |binding: u32| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: buffer(match binding {
            0 => wgpu::BufferBindingType::Uniform,
            storage => wgpu::BufferBindingType::Storage { read_only: !LOCK_WRITES.contains(&(storage - 1)) },
        }),
        count: None,
    };
    let entries: Vec<_> = (0..=LOCK_WRITES.end).map(entry).collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let steps = ["compare", "invert"].map(|entry_point| {
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(entry_point),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    });
    LockPipelines { layout, steps }
}

fn buffer(ty: wgpu::BufferBindingType) -> wgpu::BindingType {
    wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
}

/// With the driver's own checks of every access: what a frame shows of a picture is not proved before it is drawn.
pub(super) fn compile(
    device: &wgpu::Device,
    format: wgpu::TextureFormat,
    shape: FieldShape,
) -> (wgpu::BindGroupLayout, wgpu::RenderPipeline) {
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
        let fields = offsets!(CanvasUniform: area size tiles field_tiles last field_slots columns deviation strength color_matrix locked lock is_grey color_side curves);
        for (luma_waves, chroma_waves) in [(32, 8), (1, 1), (5, 3), (64, 16), (0, 0)] {
            let shape = FieldShape::new(&FieldConfig { luma_waves, chroma_waves }, ElementType::F32);
            for is_linear in [false, true] {
                assert_shader(&with_corner(&text(shape, is_linear)), &fields, size_of::<CanvasUniform>());
            }
        }
    }
}
