//! The window's canvas: the source, and the field of waves on it, drawn by a fragment shader in every frame at that frame's
//! own zoom.
//!
//! Tiles of the source's mip levels and cells ([`FieldCells`]) of feature tiles lie in atlases of slots on the window's
//! device, where they are written once; what changes from frame to frame are tables of rows and columns ([`CanvasFrame`]).

mod atlas;
mod buffers;
mod cells;
mod frame;
mod lock;
mod measure;
mod pipeline;
mod reduced;
mod view;

pub use atlas::Atlas;
pub use buffers::FrameBuffers;
pub use cells::{FieldCells, FieldPacker};
pub use frame::CanvasFrame;
pub use measure::CanvasSpeed;
pub use reduced::{ReducedFrame, Stretch};
pub use view::CanvasView;

use super::field::FieldShape;
use crate::decode::FieldParams;
use crate::geometry::MIP_TILE;
use crate::gpu::{ElementType, GpuError, GpuResult, guarded};
use crate::weights::FieldConfig;
use pipeline::{LockPipelines, STORAGE_BUFFERS, compile, compile_lock};
use reduced::StretchPipeline;
use std::sync::Arc;

/// Bytes of a mip tile: four 16-bit fractions a pixel.
const SOURCE_BYTES: usize = MIP_TILE * MIP_TILE * size_of::<[u16; 4]>();

/// What draws the canvas on a device: the source, and fields of one kind.
pub struct CanvasPainter {
    shape: FieldShape,
    format: wgpu::TextureFormat,
    source: Arc<Atlas>,
    cells: Atlas,
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
    lock: LockPipelines,
    stretch: StretchPipeline,
}

impl CanvasPainter {
    /// Slots for the source's tiles, `bytes` of them at most.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device has no room for a slot, [`GpuError::OutOfMemory`].
    pub fn source_atlas(device: &wgpu::Device, bytes: u64) -> GpuResult<Arc<Atlas>> {
        Ok(Arc::new(Atlas::new(device, SOURCE_BYTES, bytes)?))
    }

    /// On a device of the window, for targets of `format`, and models with fields of this kind; without one, for the source
    /// alone. It has room for one tile of each until there is [more](Self::with_room).
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device refuses the shader or has no room for a tile, [`GpuError::OutOfMemory`].
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat, params: Option<&FieldParams>) -> GpuResult<Self> {
        if device.limits().max_storage_buffers_per_shader_stage < STORAGE_BUFFERS {
            return Err(GpuError::Unfit("its shaders have no room for what the canvas reads".into()));
        }
        let shape = shape_of(params);
        let (layout, pipeline) = guarded(device, || compile(device, format, shape))?;
        let lock = guarded(device, || compile_lock(device, shape))?;
        let stretch = guarded(device, || StretchPipeline::new(device, format))?;
        // A buffer is bound even if nothing is read of it.
        let slot = FieldCells::bytes(shape).max(SMALLEST);
        let (source, cells) =
            (Self::source_atlas(device, SOURCE_BYTES as u64)?, Atlas::new(device, slot, slot as u64)?);
        Ok(Self { shape, format, source, cells, layout, pipeline, lock, stretch })
    }

    /// The same with these slots for the source's tiles, and `bytes` of cells at most.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn with_room(self, device: &wgpu::Device, source: Arc<Atlas>, bytes: u64) -> GpuResult<Self> {
        let slot = FieldCells::bytes(self.shape);
        let cells = if slot == 0 { self.cells } else { Atlas::new(device, slot, bytes)? };
        Ok(Self { source, cells, ..self })
    }

    /// Where the source's tiles are.
    pub fn source(&self) -> &Arc<Atlas> {
        &self.source
    }

    /// Where cells are.
    pub fn cells(&self) -> &Atlas {
        &self.cells
    }

    /// Whether it draws the fields of a model; of none, whether it draws no fields.
    pub fn suits(&self, params: Option<&FieldParams>) -> bool {
        self.shape == shape_of(params)
    }

    /// Computes the lock of what [`FrameBuffers::load`] has taken in, if it has one: once, before it is drawn.
    pub fn lock(&self, frame: &FrameBuffers, encoder: &mut wgpu::CommandEncoder) {
        let Some((group, [columns, rows])) = &frame.lock else { return };
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_bind_group(0, group, &[]);
        for step in &self.lock.steps {
            pass.set_pipeline(step);
            pass.dispatch_workgroups(*columns, *rows, 1);
        }
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

/// Bytes of a buffer that nothing is read of.
const SMALLEST: usize = 16;

fn shape_of(params: Option<&FieldParams>) -> FieldShape {
    let none = FieldConfig { luma_waves: 0, chroma_waves: 0 };
    FieldShape::new(params.map_or(&none, |params| &params.config), ElementType::F32)
}
