//! A frame of fewer samples than the screen has pixels, stretched over them: for devices that a whole one would hold up.

use super::pipeline::{premultiplied, render_pipeline};
use super::{CanvasPainter, FrameBuffers};
use crate::geometry::Size;
use bytemuck::{Pod, Zeroable};
use wgpu::{BufferUsages, TextureUsages};

/// Textures grow by this many texels.
const STEP: u32 = 64;

/// How a reduced frame lies on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its samples, the first one at the target's first pixel when it is drawn.
    pub samples: Size,
    /// Pixels of the target to a sample, along either axis.
    pub by: usize,
    /// The pixels of the target that it covers: the first one, (x, y), and how many.
    pub at: [u32; 2],
    /// How many.
    pub size: Size,
}

/// The parameters of `shaders/stretch.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Uniform {
    area: [f32; 4],
    samples: [f32; 2],
    by: f32,
    padding: f32,
}

/// What stretches frames, compiled for a device and a format.
pub(super) struct StretchPipeline {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
    sampler: wgpu::Sampler,
}

impl StretchPipeline {
    pub(super) fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let texture = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: true },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let uniform = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let types = [uniform, texture, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)];
        let text = include_str!("../../../../shaders/stretch.wgsl");
        let (layout, pipeline) = render_pipeline(device, "stretch", text, &types, premultiplied(format));
        let filter = wgpu::FilterMode::Linear;
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: filter,
            min_filter: filter,
            ..wgpu::SamplerDescriptor::default()
        });
        Self { layout, pipeline, sampler }
    }
}

/// A reduced frame on the device, whose texture is used again from frame to frame.
#[derive(Default)]
pub struct ReducedFrame {
    target: Option<Target>,
}

struct Target {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    uniform: wgpu::Buffer,
    group: wgpu::BindGroup,
}

impl ReducedFrame {
    /// Draws the samples of a frame, the first one at pixel (0, 0), into a texture; to be [stretched](Self::stretch) by a pass
    /// after it.
    pub fn draw(
        &mut self,
        (device, queue): (&wgpu::Device, &wgpu::Queue),
        encoder: &mut wgpu::CommandEncoder,
        (painter, frame): (&CanvasPainter, &FrameBuffers),
        stretch: &Stretch,
    ) {
        let Size { width, height } = stretch.samples;
        let fits = |target: &Target| target.texture.width() >= width as u32 && target.texture.height() >= height as u32;
        let target = self.target.take().filter(fits);
        let target = target.unwrap_or_else(|| Target::new(device, painter, stretch.samples));
        let area = [stretch.at[0], stretch.at[1], stretch.size.width as u32, stretch.size.height as u32];
        let uniform = Uniform {
            area: area.map(|v| v as f32),
            samples: [width as f32, height as f32],
            by: stretch.by as f32,
            padding: 0.0,
        };
        queue.write_buffer(&target.uniform, 0, bytemuck::bytes_of(&uniform));
        let load = wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT);
        let ops = wgpu::Operations { load, store: wgpu::StoreOp::Store };
        let attachment =
            wgpu::RenderPassColorAttachment { view: &target.view, depth_slice: None, resolve_target: None, ops };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(attachment)],
            ..wgpu::RenderPassDescriptor::default()
        });
        painter.draw(frame, &mut pass);
        drop(pass);
        self.target = Some(target);
    }

    /// Stretches what was drawn over its place on the target of a pass.
    pub fn stretch(&self, painter: &CanvasPainter, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(target) = &self.target {
            pass.set_pipeline(&painter.stretch.pipeline);
            pass.set_bind_group(0, &target.group, &[]);
            pass.draw(0..3, 0..1);
        }
    }
}

impl Target {
    fn new(device: &wgpu::Device, painter: &CanvasPainter, samples: Size) -> Self {
        let [width, height] = [samples.width, samples.height].map(|side| (side as u32).next_multiple_of(STEP));
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas, reduced"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: painter.format,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let uniform = super::atlas::buffer(device, size_of::<Uniform>() as u64, BufferUsages::UNIFORM);
        let resources = [
            uniform.as_entire_binding(),
            wgpu::BindingResource::TextureView(&view),
            wgpu::BindingResource::Sampler(&painter.stretch.sampler),
        ];
        let entries: Vec<_> =
            (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        let layout = &painter.stretch.layout;
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
        Self { texture, view, uniform, group }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::gpu::canvas::pipeline::with_corner;
    use crate::gpu::reflect::{assert_shader, offsets};

    #[test]
    fn the_shader_is_valid() {
        let fields = offsets!(Uniform: area samples by);
        let text = with_corner(include_str!("../../../../shaders/stretch.wgsl"));
        assert_shader(&text, &fields, size_of::<Uniform>());
    }
}
