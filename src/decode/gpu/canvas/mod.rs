//! The field of waves on the window's canvas: drawn by a fragment shader, in every frame at that frame's own zoom.
//!
//! Cells ([`FieldCells`]) of feature tiles lie in an atlas of slots on the window's device, where they are written once;
//! what changes from frame to frame are tables of rows and columns ([`FieldFrame`]).

mod cells;
mod frame;
mod measure;

pub use cells::{FieldCells, FieldPacker};
pub use frame::{CanvasView, FieldFrame};

use super::field::FieldShape;
use crate::decode::FieldParams;
use crate::geometry::FEATURE_TILE;
use crate::gpu::{ElementType, GpuError, GpuResult, guarded};
use bytemuck::cast_slice;
use wgpu::BufferUsages;

/// Slots of cells on a device, and the pipeline that draws them.
pub struct FieldAtlas {
    shape: FieldShape,
    format: wgpu::TextureFormat,
    slots: usize,
    cells: wgpu::Buffer,
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
}

impl FieldAtlas {
    /// On a device of the window, for targets of `format` and models with fields of this kind: as many slots as fit
    /// `bytes` and the device's limits.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device refuses the shader or has no room for a slot, [`GpuError::OutOfMemory`].
    pub fn new(
        device: &wgpu::Device,
        format: wgpu::TextureFormat,
        params: &FieldParams,
        bytes: u64,
    ) -> GpuResult<Self> {
        let shape = FieldShape::new(&params.config, ElementType::F32);
        let (limits, slot) = (device.limits(), FieldCells::bytes(shape) as u64);
        // Cells are counted in pairs of words, in 32 bits.
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(bytes).min(1 << 34);
        let slots = most / slot;
        if slots == 0 || limits.max_storage_buffers_per_shader_stage < 4 {
            return Err(GpuError::Unfit("its shaders have no room for what the canvas reads".into()));
        }
        let (layout, pipeline) = guarded(device, || compile(device, format, shape))?;
        let cells = guarded(device, || buffer(device, slots * slot, BufferUsages::STORAGE))?;
        Ok(Self { shape, format, slots: slots as usize, cells, layout, pipeline })
    }

    /// How many tiles it holds.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Bytes of a slot.
    pub fn slot_bytes(&self) -> usize {
        FieldCells::bytes(self.shape)
    }

    /// Whether it draws the fields of a model.
    pub fn suits(&self, params: &FieldParams) -> bool {
        self.shape == FieldShape::new(&params.config, ElementType::F32)
    }

    /// Writes a tile's cells into a slot; what was there is gone.
    ///
    /// # Panics
    /// If there is no such slot, or the cells are of another kind of field.
    pub fn write(&self, queue: &wgpu::Queue, slot: u32, cells: &FieldCells) {
        assert!((slot as usize) < self.slots && cells.byte_len() == self.slot_bytes(), "no such slot");
        queue.write_buffer(&self.cells, u64::from(slot) * self.slot_bytes() as u64, cast_slice(&cells.words));
    }

    /// Draws what [`FrameBuffers::load`] has taken in, into the viewport of a pass.
    pub fn draw(&self, frame: &FrameBuffers, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(group) = &frame.group {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.draw(0..3, 0..1);
        }
    }
}

/// A frame's tables on the device, used again from frame to frame.
#[derive(Default)]
pub struct FrameBuffers {
    buffers: Vec<wgpu::Buffer>,
    group: Option<wgpu::BindGroup>,
}

impl FrameBuffers {
    /// Takes in a frame of an atlas.
    pub fn load(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, atlas: &FieldAtlas, frame: &FieldFrame) {
        let uniform = [frame.uniform];
        let parts: [&[u8]; 4] =
            [cast_slice(&uniform), cast_slice(&frame.slots), cast_slice(&frame.lines), cast_slice(&frame.turns)];
        let fits = self.buffers.len() == parts.len()
            && self.buffers.iter().zip(parts).all(|(buffer, part)| part.len() as u64 <= buffer.size());
        if !fits {
            let usage = |i: usize| if i == 0 { BufferUsages::UNIFORM } else { BufferUsages::STORAGE };
            let sized = |(i, part): (usize, &[u8])| buffer(device, room_for(part.len()), usage(i));
            self.buffers = parts.into_iter().enumerate().map(sized).collect();
            self.group = None;
        }
        for (buffer, part) in self.buffers.iter().zip(parts) {
            queue.write_buffer(buffer, 0, part);
        }
        if self.group.is_none() {
            let [uniform, slots, lines, turns] = [0, 1, 2, 3].map(|i| &self.buffers[i]);
            let bound = [uniform, &atlas.cells, slots, lines, turns];
            let bound = (0..).zip(bound);
            let entries: Vec<_> = bound
                .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &atlas.layout, entries: &entries };
            self.group = Some(device.create_bind_group(&descriptor));
        }
    }
}

/// Room for a table that grows now and then.
fn room_for(bytes: usize) -> u64 {
    (bytes.max(256) as u64).next_power_of_two()
}

fn buffer(device: &wgpu::Device, size: u64, usage: BufferUsages) -> wgpu::Buffer {
    let usage = usage | BufferUsages::COPY_DST;
    device.create_buffer(&wgpu::BufferDescriptor { label: Some("canvas"), size, usage, mapped_at_creation: false })
}

fn text(shape: FieldShape, is_linear: bool) -> String {
    let constants = [("SIDE", FEATURE_TILE), ("STRIDE", cells::stride(shape)), ("IS_LINEAR", usize::from(is_linear))];
    shape.text_with(include_str!("../../../../shaders/canvas.wgsl"), &constants)
}

/// With the driver's own checks of every access: what a frame shows of a picture is not proved before it is drawn.
fn compile(
    device: &wgpu::Device,
    format: wgpu::TextureFormat,
    shape: FieldShape,
) -> (wgpu::BindGroupLayout, wgpu::RenderPipeline) {
    let label = Some("canvas");
    let text = text(shape, format.is_srgb());
    let source = wgpu::ShaderSource::Wgsl(text.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label, source });
    let entry = |(binding, ty)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let storage = wgpu::BufferBindingType::Storage { read_only: true };
    let types = [wgpu::BufferBindingType::Uniform, storage, storage, storage, storage];
    let entries: Vec<_> = (0..).zip(types).map(entry).collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let blend = Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
    let target = wgpu::ColorTargetState { format, blend, write_mask: wgpu::ColorWrites::ALL };
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
    use super::frame::CanvasUniform;
    use super::*;
    use crate::gpu::reflect::{assert_shader, offsets};
    use crate::weights::FieldConfig;

    #[test]
    fn the_shader_is_valid_for_every_number_of_waves() {
        let fields = offsets!(CanvasUniform: area size tiles last columns strength deviation);
        for (luma_waves, chroma_waves) in [(32, 8), (1, 1), (5, 3), (64, 16)] {
            let shape = FieldShape::new(&FieldConfig { luma_waves, chroma_waves }, ElementType::F32);
            for is_linear in [false, true] {
                assert_shader(&text(shape, is_linear), &fields, size_of::<CanvasUniform>());
            }
        }
    }
}
