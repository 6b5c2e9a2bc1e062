//! The canvas's shader against the processor's own pixels.

use crate::common::textured;
use wgpu::{TextureFormat, TextureUsages};
use zoomfield::decode::{CanvasView, FieldAtlas, FieldFrame, FieldPacker, FieldParams, FrameBuffers};
use zoomfield::feature::FeaturePrecision;
use zoomfield::geometry::{PixelRect, Region, SampleGrid, Size, feature_tiles_over};
use zoomfield::kernel::Precision;
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::{Recipe, Source, Stage, Strength};
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::Builtin;

/// Pixels around the samples on the target.
const MARGIN: u32 = 3;

/// A device as a window has one.
struct Window {
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Window {
    fn open() -> Option<Self> {
        crate::devices::choice()?;
        let instance = wgpu::Instance::default();
        let wanted = std::env::var("ZOOMFIELD_TEST_DEVICE").unwrap_or_default();
        let adapters = wait(instance.enumerate_adapters(wgpu::Backends::all()));
        let adapter = adapters.into_iter().find(|adapter| adapter.get_info().name.contains(&wanted)).unwrap();
        let required_limits = adapter.limits();
        let descriptor = wgpu::DeviceDescriptor { required_limits, ..wgpu::DeviceDescriptor::default() };
        let (device, queue) = wait(adapter.request_device(&descriptor)).unwrap();
        Some(Self { device, queue })
    }

    /// What a frame leaves on a transparent target, RGBA.
    fn draw(&self, atlas: &FieldAtlas, frame: &FieldFrame, size: Size) -> Vec<u8> {
        let mut buffers = FrameBuffers::default();
        buffers.load(&self.device, &self.queue, atlas, frame);
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
            atlas.draw(&buffers, &mut pass);
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

/// A picture whose cells are on the device.
struct Case {
    window: Window,
    picture: Picture,
    model: LoadedModel,
    atlas: FieldAtlas,
    tiles: PixelRect,
}

impl Case {
    fn new(picture: Picture) -> Option<Self> {
        let window = Window::open()?;
        let model = LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap();
        let atlas = FieldAtlas::new(&window.device, TextureFormat::Rgba8Unorm, params(&model), 1 << 24).unwrap();
        let tiles = feature_tiles_over(picture.size.rect());
        let (encoded, _) = model.encode_tiles(&picture, tiles, FeaturePrecision::Half, NEVER).unwrap();
        let packer = FieldPacker::new(params(&model));
        for (place, features) in &encoded {
            let cells = packer.pack(features, &picture);
            assert_eq!(cells.place(), *place);
            atlas.write(&window.queue, slot(tiles, *place), &cells);
        }
        Some(Self { window, picture, model, atlas, tiles })
    }

    /// What the shader draws of a grid, RGBA, times opacity.
    fn drawn(&self, grid: SampleGrid, strength: f32, missing: Option<(usize, usize)>) -> Vec<u8> {
        let deviation = self.model.config.normalization.std;
        let view = CanvasView { grid, picture: self.picture.size, strength, deviation, at: [MARGIN; 2] };
        let slot = |place| (Some(place) != missing).then(|| slot(self.tiles, place));
        let frame = FieldFrame::new(params(&self.model), &view, slot);
        self.window.draw(&self.atlas, &frame, grid.size())
    }

    /// What the processor makes of it, in the same form, not rounded.
    fn made(&self, grid: &SampleGrid, strength: u8) -> Vec<f32> {
        let recipe = Recipe::from(Source::NEURAL).with(Stage::Strength(Strength::percent(strength)));
        let mut renderer = Renderer::new(RenderOptions::VIEW);
        let raster = renderer.render(&self.picture, &self.model, grid, recipe, NEVER).unwrap();
        let rgba = |pixel: &[f32]| {
            let opacity = pixel.get(3).copied().unwrap_or(1.0);
            [pixel[0] * opacity, pixel[1] * opacity, pixel[2] * opacity, opacity]
        };
        raster.data.chunks_exact(raster.channels).flat_map(rgba).collect()
    }
}

fn params(model: &LoadedModel) -> &FieldParams {
    model.field_params().expect("a live network")
}

fn slot(tiles: PixelRect, (column, row): (usize, usize)) -> u32 {
    (row * tiles.width + column) as u32
}

/// The largest difference in steps of 8 bits.
fn worst(drawn: &[u8], made: &[f32]) -> f32 {
    assert_eq!(drawn.len(), made.len(), "different sizes");
    drawn.iter().zip(made).map(|(a, b)| (f32::from(*a) - b * 255.0).abs()).fold(0.0, f32::max)
}

fn grid(x: f64, y: f64, width: f64, zoom: f64) -> SampleGrid {
    let size = Size::new((width * zoom).round() as usize, (0.7 * width * zoom).round() as usize);
    SampleGrid::spanning(Region { x, y, width: size.width as f64 / zoom, height: size.height as f64 / zoom }, size)
}

/// Rounding to 8 bits is half a step; half precision and the order of sums are the rest.
const STEPS: f32 = 0.75;

fn pictures() -> [Picture; 3] {
    let opaque = textured(150, 110);
    let Samples::U8(rgb) = &opaque.rgb else { panic!("8 bits") };
    let opacity: Vec<u8> = (0..150 * 110).map(|i: usize| (i * 7 % 256) as u8).collect();
    let with_alpha = Picture::from_samples(opaque.size, opaque.rgb.clone(), Some(Samples::U8(opacity)));
    let deep = rgb.iter().enumerate().map(|(i, v)| u16::from(*v) * 256 + (i % 256) as u16).collect();
    let deep = Picture::from_samples(opaque.size, Samples::U16(deep), None);
    [opaque, with_alpha, deep]
}

#[test]
fn the_canvas_shows_what_an_export_writes() {
    for picture in pictures() {
        let Some(case) = Case::new(picture) else { return };
        for (x, y, width, zoom) in [
            (0.0, 0.0, 150.0, 1.0),
            (3.3, 1.7, 120.0, 1.37),
            (20.0, 30.0, 60.0, 4.0),
            (0.0, 0.0, 9.0, 30.0),
            (149.0, 109.0, 1.0, 300.0),
        ] {
            let grid = grid(x, y, width, zoom);
            for strength in [100, 40] {
                let drawn = case.drawn(grid, f32::from(strength) / 100.0, None);
                let off = worst(&drawn, &case.made(&grid, strength));
                assert!(off < STEPS, "×{zoom} at strength {strength} is off by {off} steps");
            }
        }
    }
}

#[test]
fn what_is_changed_or_missing_is_noticed() {
    let Some(case) = Case::new(textured(150, 110)) else { return };
    let grid = grid(40.0, 40.0, 60.0, 4.0);
    let made = case.made(&grid, 100);
    assert!(worst(&case.drawn(grid, 1.0, None), &made) < STEPS);
    assert!(worst(&case.drawn(grid, 0.9, None), &made) > STEPS, "another strength is not noticed");
    let shifted = SampleGrid { x: grid.x.slice(1, grid.x.len), ..grid };
    assert!(worst(&case.drawn(shifted, 1.0, None), &made) > STEPS, "a shifted grid is not noticed");
    // Without its second tile nothing is drawn from where that is read, and everything else is as before.
    let whole = case.drawn(grid, 1.0, None);
    let part = case.drawn(grid, 1.0, Some((1, 0)));
    let is_missing = |x: usize, y: usize| part[4 * (y * grid.x.len + x) + 3] == 0;
    assert!(is_missing(grid.x.len - 1, 0) && !is_missing(0, 0));
    let pixels = whole.as_chunks::<4>().0.iter().zip(part.as_chunks::<4>().0);
    assert!(pixels.into_iter().all(|(whole, part)| whole == part || *part == [0; 4]), "half a pixel is drawn");
    // One amplitude of one source pixel.
    let (mut encoded, _) = case
        .model
        .encode_tiles(&case.picture, PixelRect { x: 0, y: 0, width: 1, height: 1 }, FeaturePrecision::Half, NEVER)
        .unwrap();
    let (place, features) = encoded.remove(0);
    let mut other = params(&case.model).clone();
    other.weight[5] += 0.2;
    case.atlas.write(
        &case.window.queue,
        slot(case.tiles, place),
        &FieldPacker::new(&other).pack(&features, &case.picture),
    );
    assert!(worst(&case.drawn(grid, 1.0, None), &made) > STEPS, "a changed weight is not noticed");
}
