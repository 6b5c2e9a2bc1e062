//! The canvas's share of the window's render pass.

use crate::decode::{CanvasFrame, CanvasPainter, FieldCells, FrameBuffers, ReducedFrame, Stretch};
use crate::picture::MipPixels;
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};
use egui::PaintCallbackInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a pane of this frame draws.
pub(super) struct CanvasPaint {
    pub(super) painter: Arc<CanvasPainter>,
    /// Whether it is the right one of a comparison.
    pub(super) is_right: bool,
    pub(super) frame: Arc<CanvasFrame>,
    /// How the frame is stretched, if it has fewer samples than the pane has pixels.
    pub(super) stretch: Option<Stretch>,
}

/// What is written into the atlases before.
pub(super) struct CanvasUpload {
    painter: Arc<CanvasPainter>,
    /// Slots of the source, and what belongs there.
    source: Vec<(u32, MipPixels)>,
    /// The same of cells.
    cells: Vec<(u32, FieldCells)>,
    is_written: AtomicBool,
}

impl CanvasUpload {
    pub(super) fn new(
        painter: Arc<CanvasPainter>,
        source: Vec<(u32, MipPixels)>,
        cells: Vec<(u32, FieldCells)>,
    ) -> Arc<Self> {
        Arc::new(Self { painter, source, cells, is_written: AtomicBool::new(false) })
    }

    /// Whether a frame was painted that brought it to the device.
    pub(super) fn is_written(&self) -> bool {
        self.is_written.load(Ordering::Relaxed)
    }

    fn write(&self, queue: &wgpu::Queue) {
        if self.is_written.swap(true, Ordering::Relaxed) {
            return;
        }
        let (source, cells) = (self.painter.source(), self.painter.cells());
        self.source.iter().for_each(|(slot, tile)| source.write(queue, *slot, bytemuck::cast_slice(&tile.rgba)));
        self.cells.iter().for_each(|(slot, tile)| cells.write(queue, *slot, tile.as_bytes()));
    }
}

/// Uploads in the order in which they were made: what comes later may take a slot over.
pub(super) struct CanvasUploads(pub(super) Vec<Arc<CanvasUpload>>);

impl CallbackTrait for CanvasUploads {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        self.0.iter().for_each(|upload| upload.write(queue));
        Vec::new()
    }

    fn paint(&self, _: PaintCallbackInfo, _: &mut wgpu::RenderPass<'static>, _: &CallbackResources) {}
}

/// What lies on the device from frame to frame: of the left pane, or the only one, and of the right one.
#[derive(Default)]
struct Panes([Loaded; 2]);

#[derive(Default)]
struct Loaded {
    buffers: FrameBuffers,
    reduced: ReducedFrame,
    of: Option<(Arc<CanvasPainter>, Arc<CanvasFrame>)>,
}

impl CallbackTrait for CanvasPaint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Panes(panes) = resources.entry::<Panes>().or_insert_with(Panes::default);
        let loaded = &mut panes[usize::from(self.is_right)];
        let is_same = loaded.of.as_ref().is_some_and(|(painter, _)| Arc::ptr_eq(painter, &self.painter));
        if !is_same {
            *loaded = Loaded::default();
        }
        if !loaded.of.as_ref().is_some_and(|(_, frame)| Arc::ptr_eq(frame, &self.frame)) {
            loaded.buffers.load(device, queue, &self.painter, &self.frame);
            self.painter.lock(&loaded.buffers, encoder);
            loaded.of = Some((self.painter.clone(), self.frame.clone()));
        }
        if let Some(stretch) = &self.stretch {
            loaded.reduced.draw((device, queue), encoder, (&self.painter, &loaded.buffers), stretch);
        }
        Vec::new()
    }

    fn paint(&self, _info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        if let Some(loaded) = resources.get::<Panes>().map(|Panes(panes)| &panes[usize::from(self.is_right)]) {
            match self.stretch {
                Some(_) => loaded.reduced.stretch(&self.painter, pass),
                None => self.painter.draw(&loaded.buffers, pass),
            }
        }
    }
}
