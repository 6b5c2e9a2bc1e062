//! A device as a window has one, and what the canvas leaves on a target there.

use wgpu::{TextureFormat, TextureUsages};
use zoomfield::decode::{CanvasFrame, CanvasPainter, FrameBuffers, ReducedFrame, Stretch};
use zoomfield::geometry::Size;

/// Pixels around the samples on the target.
pub(crate) const MARGIN: u32 = 3;

/// A device as a window has one.
pub(crate) struct Window {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
}

impl Window {
    pub(crate) fn open() -> Option<Self> {
        Self::within(|limits| limits)
    }

    /// The same with other limits.
    pub(crate) fn within(limits: impl FnOnce(wgpu::Limits) -> wgpu::Limits) -> Option<Self> {
        crate::devices::choice()?;
        let instance = wgpu::Instance::default();
        let wanted = std::env::var("ZOOMFIELD_TEST_DEVICE").unwrap_or_default();
        let adapters = wait(instance.enumerate_adapters(wgpu::Backends::all()));
        let adapter = adapters.into_iter().find(|adapter| adapter.get_info().name.contains(&wanted)).unwrap();
        let required_limits = limits(adapter.limits());
        let descriptor = wgpu::DeviceDescriptor { required_limits, ..wgpu::DeviceDescriptor::default() };
        let (device, queue) = wait(adapter.request_device(&descriptor)).unwrap();
        Some(Self { device, queue })
    }

    /// What a frame leaves on a transparent target, RGBA.
    pub(crate) fn draw(&self, painter: &CanvasPainter, frame: &CanvasFrame, size: Size) -> Vec<u8> {
        self.draw_stretched(painter, frame, size, None)
    }

    /// The same, its samples stretched over the target.
    pub(crate) fn draw_stretched(
        &self,
        painter: &CanvasPainter,
        frame: &CanvasFrame,
        size: Size,
        stretch: Option<Stretch>,
    ) -> Vec<u8> {
        let mut buffers = FrameBuffers::default();
        buffers.load(&self.device, &self.queue, painter, frame);
        let (width, height) = (size.width as u32 + 2 * MARGIN, size.height as u32 + 2 * MARGIN);
        let extent = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: extent,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: TextureFormat::Rgba8Unorm,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let stride = (4 * width).next_multiple_of(256);
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(stride * height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        painter.lock(&buffers, &mut encoder);
        let mut reduced = ReducedFrame::default();
        if let Some(stretch) = &stretch {
            reduced.draw((&self.device, &self.queue), &mut encoder, (painter, &buffers), stretch);
        }
        {
            let attachment = wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT),
                    store: wgpu::StoreOp::Store,
                },
            };
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                color_attachments: &[Some(attachment)],
                ..wgpu::RenderPassDescriptor::default()
            });
            match stretch {
                Some(_) => reduced.stretch(painter, &mut pass),
                None => painter.draw(&buffers, &mut pass),
            }
        }
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(stride), rows_per_image: None };
        let target = wgpu::TexelCopyBufferInfo { buffer: &staging, layout };
        encoder.copy_texture_to_buffer(texture.as_image_copy(), target, extent);
        self.queue.submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, |result| result.unwrap());
        self.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let bytes = staging.slice(..).get_mapped_range().unwrap();
        let rows = bytes.chunks_exact(stride as usize).skip(MARGIN as usize).take(size.height);
        let inside = 4 * MARGIN as usize..4 * (MARGIN as usize + size.width);
        rows.flat_map(|row| row[inside.clone()].to_vec()).collect()
    }
}

fn wait<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
