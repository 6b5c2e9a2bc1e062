//! How fast a device draws fields.

use super::{CanvasFrame, CanvasPainter, CanvasView, FrameBuffers};
use crate::decode::FieldParams;
use crate::geometry::{Region, SampleGrid, Size};
use crate::gpu::{GpuError, GpuResult, guarded, ready};
use std::time::{Duration, Instant};

/// Samples along a side, source pixels along it, and frames of which the fastest counts; the first one is not timed.
const SIDE: u32 = 384;
const SOURCE: usize = 96;
const FRAMES: usize = 3;

/// What takes longer is too slow whatever it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Seconds that a sample takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanvasSpeed {
    /// Of the source alone.
    pub source: f64,
    /// With a field, if fields are drawn.
    pub field: Option<f64>,
}

impl CanvasPainter {
    /// How fast an adapter draws for targets of `format`, on a device of its own: while the window's own is given work by
    /// another thread, its surface cannot be configured anew, and a window that is made larger would break down (wgpu's
    /// `ConfigureSurfaceError::GpuWaitTimeout`). Waits for the device.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if it has no other device or does not answer, or as [`CanvasPainter::new`].
    pub fn speed_on(
        adapter: &wgpu::Adapter,
        format: wgpu::TextureFormat,
        params: Option<&FieldParams>,
    ) -> GpuResult<CanvasSpeed> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("zoomfield canvas, measured"),
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = ready(adapter.request_device(&descriptor));
        let (device, queue) = opened.map_err(|error| GpuError::Unfit(format!("it cannot be opened twice: {error}")))?;
        let painter = Self::new(&device, format, params)?;
        let source = painter.measure(&device, &queue, None)?;
        let field = params.map(|params| painter.measure(&device, &queue, Some(params))).transpose()?;
        Ok(CanvasSpeed { source, field })
    }

    /// Seconds that a sample takes, of a picture at ×4 with a model's field or without one. What the slots hold does not
    /// matter. Waits for the device: not for a window's thread.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device does not answer, or as [`CanvasPainter::new`].
    pub fn measure(&self, device: &wgpu::Device, queue: &wgpu::Queue, params: Option<&FieldParams>) -> GpuResult<f64> {
        let picture = Size::new(SOURCE, SOURCE);
        let region = Region { x: 0.0, y: 0.0, width: SOURCE as f64, height: SOURCE as f64 };
        let grid = SampleGrid::spanning(region, Size::new(SIDE as usize, SIDE as usize));
        let view = CanvasView::new(grid, picture, 0);
        let mut frame = CanvasFrame::new(&view, |_| Some(0));
        if let Some(params) = params {
            frame = frame.with_field(params, &view, |_| Some(0));
        }
        let (mut buffers, target) = (FrameBuffers::default(), guarded(device, || self.target(device))?);
        guarded(device, || buffers.load(device, queue, self, &frame))?;
        let mut fastest = f64::INFINITY;
        for i in 0..=FRAMES {
            let started = Instant::now();
            let submission = guarded(device, || self.draw_once(device, queue, &buffers, &target))?;
            let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
            device.poll(wait).map_err(|error| GpuError::Unfit(format!("it does not answer: {error}")))?;
            if i > 0 {
                fastest = fastest.min(started.elapsed().as_secs_f64());
            }
        }
        Ok(fastest / f64::from(SIDE * SIDE))
    }

    fn target(&self, device: &wgpu::Device) -> wgpu::TextureView {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas, measured"),
            size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    }

    fn draw_once(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        buffers: &FrameBuffers,
        target: &wgpu::TextureView,
    ) -> wgpu::SubmissionIndex {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.lock(buffers, &mut encoder);
        {
            let ops = wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store };
            let attachment =
                wgpu::RenderPassColorAttachment { view: target, depth_slice: None, resolve_target: None, ops };
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                color_attachments: &[Some(attachment)],
                ..wgpu::RenderPassDescriptor::default()
            });
            self.draw(buffers, &mut pass);
        }
        queue.submit([encoder.finish()])
    }
}
