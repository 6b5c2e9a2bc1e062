//! The canvas's share of the window's render pass.

use crate::decode::{FieldAtlas, FieldCells, FieldFrame, FrameBuffers};
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};
use egui::PaintCallbackInfo;
use std::collections::HashMap;
use std::sync::Arc;

/// What a pane of this frame draws.
pub(super) struct FieldPaint {
    pub(super) atlas: Arc<FieldAtlas>,
    /// Which pane: the first pixel of it.
    pub(super) pane: usize,
    pub(super) frame: Arc<FieldFrame>,
}

/// What is written into the atlas before.
pub(super) struct FieldUpload {
    pub(super) atlas: Arc<FieldAtlas>,
    /// Slots, and what belongs there.
    pub(super) cells: Vec<(u32, FieldCells)>,
}

impl CallbackTrait for FieldUpload {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        self.cells.iter().for_each(|(slot, cells)| self.atlas.write(queue, *slot, cells));
        Vec::new()
    }

    fn paint(&self, _: PaintCallbackInfo, _: &mut wgpu::RenderPass<'static>, _: &CallbackResources) {}
}

/// What lies on the device from frame to frame, by pane.
#[derive(Default)]
struct Panes(HashMap<usize, Loaded>);

#[derive(Default)]
struct Loaded {
    buffers: FrameBuffers,
    of: Option<(Arc<FieldAtlas>, Arc<FieldFrame>)>,
}

/// Panes come and go as the line of a comparison is moved.
const MOST_PANES: usize = 4;

impl CallbackTrait for FieldPaint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Panes(panes) = resources.entry::<Panes>().or_insert_with(Panes::default);
        if panes.len() > MOST_PANES {
            panes.clear();
        }
        let loaded = panes.entry(self.pane).or_default();
        let is_same_atlas = loaded.of.as_ref().is_some_and(|(atlas, _)| Arc::ptr_eq(atlas, &self.atlas));
        if !is_same_atlas {
            *loaded = Loaded::default();
        }
        if !loaded.of.as_ref().is_some_and(|(_, frame)| Arc::ptr_eq(frame, &self.frame)) {
            loaded.buffers.load(device, queue, &self.atlas, &self.frame);
            loaded.of = Some((self.atlas.clone(), self.frame.clone()));
        }
        Vec::new()
    }

    fn paint(&self, _info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        if let Some(loaded) = resources.get::<Panes>().and_then(|Panes(panes)| panes.get(&self.pane)) {
            self.atlas.draw(&loaded.buffers, pass);
        }
    }
}
