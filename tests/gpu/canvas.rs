//! The canvas's shader against the processor's own pixels.

use crate::common::textured;
use crate::icc::ADOBE_RGB;
use crate::profile::{Curve, DISPLAY_P3, Profile};
use crate::table::{self, Kind};
use crate::tagged::tagged;
use crate::target::{MARGIN, Window};
use std::sync::Arc;
use wgpu::TextureFormat;
use zoomfield::decode::{Atlas, CanvasFrame, CanvasPainter, CanvasView, FieldPacker, FieldParams, Stretch};
use zoomfield::feature::FeaturePrecision;
use zoomfield::geometry::{
    AxisGrid, MipTile, PixelRect, Region, SampleGrid, Size, feature_tiles_over, mip_level, mip_rect,
};
use zoomfield::gpu::GpuError;
use zoomfield::kernel::Precision;
use zoomfield::picture::{MipPixels, Picture, Samples, Screen};
use zoomfield::recipe::{Recipe, Source, Stage, Strength};
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::Builtin;

/// A picture whose tiles are on the device.
pub(crate) struct Case {
    window: Window,
    picture: Picture,
    model: LoadedModel,
    painter: CanvasPainter,
    tiles: PixelRect,
    source: Vec<MipTile>,
}

/// Mip levels that a case has on the device.
const LEVELS: u32 = 4;

impl Case {
    pub(crate) fn new(picture: Picture) -> Option<Self> {
        let window = Window::open()?;
        let model = LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap();
        let painter = painter(&window, Some(params(&model)));
        let tiles = feature_tiles_over(picture.size.rect());
        let (encoded, _) = model.encode_tiles(&picture, tiles, FeaturePrecision::Half, NEVER).unwrap();
        let packer = FieldPacker::new(params(&model));
        for (place, features) in &encoded {
            let cells = packer.pack(features);
            assert_eq!(cells.place(), *place);
            painter.cells().write(&window.queue, slot(tiles, *place), cells.as_bytes());
        }
        let of_level = |level| MipTile::over(level, mip_rect(picture.size.rect(), level));
        let source: Vec<MipTile> = (0..LEVELS).flat_map(of_level).collect();
        for (slot, tile) in (0..).zip(&source) {
            write(painter.source(), &window, slot, &picture.mip_tile(*tile));
        }
        Some(Self { window, picture, model, painter, tiles, source })
    }

    pub(crate) fn view(&self, grid: SampleGrid, strength: f32) -> CanvasView {
        let (picture, deviation) = (self.picture.size, self.model.config.normalization.std);
        let level = mip_level(grid.x.pitch);
        let is_grey = self.picture.is_grey;
        CanvasView {
            grid,
            picture,
            level,
            has_squares: false,
            strength,
            lock: 0.0,
            deviation,
            is_grey,
            at: [MARGIN; 2],
        }
    }

    fn source_slot(&self, tile: MipTile) -> Option<u32> {
        self.source.iter().position(|known| *known == tile).map(|at| at as u32)
    }

    /// What the shader draws of a view, RGBA, times opacity; without the feature tile `missing`.
    pub(crate) fn drawn_view(&self, view: &CanvasView, missing: Option<(usize, usize)>) -> Vec<u8> {
        let slot = |place| (Some(place) != missing).then(|| slot(self.tiles, place));
        let frame = CanvasFrame::new(view, |tile| self.source_slot(tile));
        let mut frame = frame.with_field(params(&self.model), view, slot);
        if let Some(table) = self.picture.color.table() {
            frame = frame.with_colors(table.clone());
        }
        self.window.draw(&self.painter, &frame, view.grid.size())
    }

    pub(crate) fn drawn(&self, grid: SampleGrid, strength: f32) -> Vec<u8> {
        self.drawn_view(&self.view(grid, strength), None)
    }

    /// What the processor makes of it, in the same form, not rounded.
    pub(crate) fn made(&self, grid: &SampleGrid, recipe: impl Into<Recipe>) -> Vec<f32> {
        let mut renderer = Renderer::new(RenderOptions::VIEW);
        let mut raster = renderer.render(&self.picture, &self.model, grid, recipe.into(), NEVER).unwrap();
        self.picture.color.show(&mut raster);
        let rgba = |pixel: &[f32]| {
            let opacity = pixel.get(3).copied().unwrap_or(1.0);
            [pixel[0] * opacity, pixel[1] * opacity, pixel[2] * opacity, opacity]
        };
        raster.data.chunks_exact(raster.channels).flat_map(rgba).collect()
    }
}

fn painter(window: &Window, params: Option<&FieldParams>) -> CanvasPainter {
    let source = CanvasPainter::source_atlas(&window.device, 1 << 22).unwrap();
    let painter = CanvasPainter::new(&window.device, TextureFormat::Rgba8Unorm, params).unwrap();
    painter.with_room(&window.device, source, 1 << 24).unwrap()
}

fn write(atlas: &Atlas, window: &Window, slot: u32, pixels: &MipPixels) {
    atlas.write(&window.queue, slot, bytemuck::cast_slice(&pixels.rgba));
}

fn neural(strength: u8) -> Recipe {
    Recipe::from(Source::NEURAL).with(Stage::Strength(Strength::percent(strength)))
}

fn params(model: &LoadedModel) -> &FieldParams {
    model.field_params().expect("a live network")
}

fn slot(tiles: PixelRect, (column, row): (usize, usize)) -> u32 {
    (row * tiles.width + column) as u32
}

/// The largest difference in steps of 8 bits.
pub(crate) fn worst(drawn: &[u8], made: &[f32]) -> f32 {
    assert_eq!(drawn.len(), made.len(), "different sizes");
    drawn.iter().zip(made).map(|(a, b)| (f32::from(*a) - b * 255.0).abs()).fold(0.0, f32::max)
}

pub(crate) fn grid(x: f64, y: f64, width: f64, zoom: f64) -> SampleGrid {
    let size = Size::new((width * zoom).round() as usize, (0.7 * width * zoom).round() as usize);
    SampleGrid::spanning(Region { x, y, width: size.width as f64 / zoom, height: size.height as f64 / zoom }, size)
}

/// Rounding to 8 bits is half a step; half precision and the order of sums are the rest.
pub(crate) const STEPS: f32 = 0.75;

pub(crate) fn pictures() -> [Picture; 3] {
    let opaque = textured(150, 110);
    let Samples::U8(rgb) = &opaque.rgb else { panic!("8 bits") };
    let opacity: Vec<u8> = (0..150 * 110).map(|i: usize| (i * 7 % 256) as u8).collect();
    let with_alpha = Picture::from_samples(opaque.size, opaque.rgb.clone(), Some(Samples::U8(opacity)));
    let deep = rgb.iter().enumerate().map(|(i, v)| u16::from(*v) * 256 + (i % 256) as u16).collect();
    let deep = Picture::from_samples(opaque.size, Samples::U16(deep), None);
    [opaque, with_alpha, deep]
}

/// Samples stretched over `size` pixels, `by` of them to each along either axis: bilinearly, as textures are.
fn stretched(samples: &[f32], of: Size, by: usize, size: Size) -> Vec<f32> {
    let place = |at: usize, n: usize| ((at as f32 + 0.5) / by as f32 - 0.5).clamp(0.0, (n - 1) as f32);
    let value = |x: usize, y: usize, c: usize| samples[4 * (y.min(of.height - 1) * of.width + x.min(of.width - 1)) + c];
    let pixel = |i: usize| {
        let (x, y) = (place(i % size.width, of.width), place(i / size.width, of.height));
        let (left, top) = (x as usize, y as usize);
        [0, 1, 2, 3].map(|c| {
            let row = |y| value(left, y, c) * (1.0 - x.fract()) + value(left + 1, y, c) * x.fract();
            row(top) * (1.0 - y.fract()) + row(top + 1) * y.fract()
        })
    };
    (0..size.area()).flat_map(pixel).collect()
}

/// A frame of a moving view on a slow device: fewer samples, each of them the network's, stretched over the same place.
#[test]
fn a_reduced_frame_is_its_samples_stretched() {
    for picture in pictures() {
        let Some(case) = Case::new(picture) else { return };
        let whole = grid(40.0, 30.0, 21.3, 9.0);
        for by in [2, 3] {
            let axis = |axis: AxisGrid| AxisGrid { pitch: axis.pitch * by as f64, len: axis.len.div_ceil(by), ..axis };
            let grid = SampleGrid { y: axis(whole.y), x: axis(whole.x) };
            let view = CanvasView { at: [0; 2], ..case.view(grid, 1.0) };
            let frame = CanvasFrame::new(&view, |tile| case.source_slot(tile));
            let frame = frame.with_field(params(&case.model), &view, |place| Some(slot(case.tiles, place)));
            let stretch = Stretch { samples: grid.size(), by, at: [MARGIN; 2], size: whole.size() };
            let drawn = case.window.draw_stretched(&case.painter, &frame, whole.size(), Some(stretch));
            let made = stretched(&case.made(&grid, Source::NEURAL), grid.size(), by, whole.size());
            // Samples are rounded to 8 bits, and again when they are stretched.
            let off = worst(&drawn, &made);
            assert!(off < 2.0 * STEPS, "a frame reduced by {by} is off by {off} steps");
            let other = case
                .made(&SampleGrid { x: AxisGrid { origin: grid.x.origin + 0.1, ..grid.x }, ..grid }, Source::NEURAL);
            let off = worst(&drawn, &stretched(&other, grid.size(), by, whole.size()));
            assert!(off > 2.0 * STEPS, "a shift by a tenth of a source pixel is not noticed");
        }
    }
}

/// With profiles of curves and a matrix, and of tables, the screen's colours are those of finished tiles.
#[test]
fn colours_of_other_profiles_are_shown_as_those_of_tiles() {
    let p3 = Profile::rgb("P3", DISPLAY_P3, Curve::Srgb);
    let adobe = Profile::rgb("A", ADOBE_RGB, Curve::Gamma(563));
    let kinds = [p3.bytes(), adobe.bytes(), table::bytes(&p3, Kind::Mft2), table::bytes(&adobe, Kind::MAb)];
    let plain = textured(150, 110);
    let mut pictures = kinds.map(|profile| tagged(&plain, profile)).to_vec();
    // On a screen with curves of its own: sRGB, curves and a matrix, a table.
    let screen = Screen::from_profile(&adobe.bytes()).unwrap();
    pictures.extend([plain, pictures[0].clone(), pictures[2].clone()].map(|picture| picture.seen_on(&screen)));
    for picture in pictures {
        let Some(case) = Case::new(picture) else { return };
        assert!(!case.picture.color.is_screens());
        for (x, y, width, zoom) in VIEWS {
            let grid = grid(x, y, width, zoom);
            let made = case.made(&grid, Source::NEURAL);
            let off = worst(&case.drawn(grid, 1.0), &made);
            assert!(off < 1.0, "{} at ×{zoom} is off by {off} steps", case.picture.color.name());
        }
        // Without the table, or with another one, it is another picture.
        let grid = grid(20.0, 30.0, 60.0, 4.0);
        let made = case.made(&grid, Source::Bicubic);
        let view = case.view(grid, 0.0);
        let frame = || CanvasFrame::new(&view, |tile| case.source_slot(tile));
        let mut other = case.picture.color.table().unwrap().as_ref().clone();
        other.entries.iter_mut().for_each(|entry| entry[2] *= 0.9);
        for frame in [frame(), frame().with_colors(Arc::new(other))] {
            let off = worst(&case.window.draw(&case.painter, &frame, grid.size()), &made);
            assert!(off > 3.0, "wrong colours are off by {off} steps only");
        }
    }
}

/// Region and zoom: a corner and a width in source pixels.
const VIEWS: [(f64, f64, f64, f64); 7] = [
    (0.0, 0.0, 150.0, 0.7),
    (7.7, 9.1, 120.0, 0.55),
    (0.0, 0.0, 150.0, 1.0),
    (3.3, 1.7, 120.0, 1.37),
    (20.0, 30.0, 60.0, 4.0),
    (0.0, 0.0, 9.0, 30.0),
    (149.0, 109.0, 1.0, 300.0),
];

#[test]
fn the_canvas_shows_what_an_export_writes() {
    for picture in pictures() {
        let Some(case) = Case::new(picture) else { return };
        for (x, y, width, zoom) in VIEWS {
            let grid = grid(x, y, width, zoom);
            for strength in [100, 40, 0] {
                let off = worst(&case.drawn(grid, f32::from(strength) / 100.0), &case.made(&grid, neural(strength)));
                assert!(off < STEPS, "×{zoom} at strength {strength} is off by {off} steps");
            }
            let squares = CanvasView { has_squares: true, ..case.view(grid, 0.0) };
            let off = worst(&case.drawn_view(&squares, None), &case.made(&grid, Source::Nearest));
            assert!(off < STEPS, "squares at ×{zoom} are off by {off} steps");
        }
    }
}

/// Without a live network the source is drawn all the same.
#[test]
fn the_source_is_drawn_without_a_model() {
    let Some(case) = Case::new(textured(150, 110)) else { return };
    let painter = painter(&case.window, None);
    for (slot, tile) in (0..).zip(&case.source) {
        write(painter.source(), &case.window, slot, &case.picture.mip_tile(*tile));
    }
    assert!(painter.suits(None) && !painter.suits(Some(params(&case.model))));
    for (x, y, width, zoom) in VIEWS {
        let grid = grid(x, y, width, zoom);
        let frame = CanvasFrame::new(&case.view(grid, 0.0), |tile| case.source_slot(tile));
        let off = worst(&case.window.draw(&painter, &frame, grid.size()), &case.made(&grid, Source::Bicubic));
        assert!(off < STEPS, "×{zoom} is off by {off} steps");
    }
}

/// The mean difference in steps of 8 bits.
fn mean(drawn: &[u8], made: &[f32]) -> f32 {
    let off = drawn.iter().zip(made).map(|(a, b)| (f32::from(*a) - b * 255.0).abs());
    off.sum::<f32>() / made.len() as f32
}

/// Below ×0.5 areas are those of mip levels: at whole levels the same, between them nearly.
#[test]
fn mip_levels_show_the_areas_of_the_source() {
    for picture in pictures() {
        let Some(case) = Case::new(picture) else { return };
        for (zoom, is_whole) in [(0.5, true), (0.25, true), (0.125, true), (0.3, false), (0.19, false)] {
            let grid = grid(0.0, 0.0, 144.0, zoom);
            let made = case.made(&grid, Source::Bicubic);
            let view = case.view(grid, 0.0);
            assert!(view.level > 0);
            let drawn = case.drawn_view(&view, None);
            let (off, most) = if is_whole { (worst(&drawn, &made), STEPS) } else { (mean(&drawn, &made), 10.0) };
            assert!(off < most, "×{zoom} at level {} is off by {off} steps", view.level);
            // A finer level is nearer to the source, which itself is what the processor reads.
            let finer = CanvasView { level: view.level.saturating_sub(2), ..view };
            let drawn = case.drawn_view(&finer, None);
            assert!(mean(&drawn, &made) <= off.max(STEPS));
            assert!(finer.level > 0 || worst(&drawn, &made) < STEPS, "×{zoom} at level 0");
        }
    }
}

#[test]
fn what_is_changed_or_missing_is_noticed() {
    let Some(case) = Case::new(textured(150, 110)) else { return };
    let grid = grid(40.0, 40.0, 60.0, 4.0);
    let made = case.made(&grid, Source::NEURAL);
    assert!(worst(&case.drawn(grid, 1.0), &made) < STEPS);
    assert!(worst(&case.drawn(grid, 0.9), &made) > STEPS, "another strength is not noticed");
    let shifted = SampleGrid { x: grid.x.slice(1, grid.x.len), ..grid };
    assert!(worst(&case.drawn(shifted, 1.0), &made) > STEPS, "a shifted grid is not noticed");
    let squares = CanvasView { has_squares: true, ..case.view(grid, 0.0) };
    assert!(worst(&case.drawn_view(&squares, None), &made) > STEPS, "squares are not noticed");
    let coarse = CanvasView { level: 1, ..case.view(grid, 0.0) };
    let bicubic = case.made(&grid, Source::Bicubic);
    assert!(worst(&case.drawn_view(&coarse, None), &bicubic) > STEPS, "a coarser level is not noticed");
    // One amplitude of one source pixel.
    let first = PixelRect { x: 0, y: 0, width: 1, height: 1 };
    let (mut encoded, _) = case.model.encode_tiles(&case.picture, first, FeaturePrecision::Half, NEVER).unwrap();
    let (place, features) = encoded.remove(0);
    let mut other = params(&case.model).clone();
    other.weight[5] += 0.2;
    let cells = FieldPacker::new(&other).pack(&features);
    case.painter.cells().write(&case.window.queue, slot(case.tiles, place), cells.as_bytes());
    assert!(worst(&case.drawn(grid, 1.0), &made) > STEPS, "a changed weight is not noticed");
    // One pixel of the source.
    let tile = case.source[0];
    let mut pixels = case.picture.mip_tile(tile);
    pixels.rgba[50 * 64 + 50][1] ^= 0x4000;
    write(case.painter.source(), &case.window, case.source_slot(tile).unwrap(), &pixels);
    assert!(worst(&case.drawn(grid, 0.0), &bicubic) > STEPS, "a changed pixel is not noticed");
}

/// Where a field is missing there is the source, where the source is missing nothing; no pixel is half of either.
#[test]
fn what_is_missing_is_left_out_by_whole_pixels() {
    let Some(case) = Case::new(textured(150, 110)) else { return };
    let grid = grid(40.0, 40.0, 60.0, 4.0);
    let pixel = |image: &[u8], i: usize| image.as_chunks::<4>().0[i];
    let (whole, plain) = (case.drawn(grid, 1.0), case.drawn(grid, 0.0));
    let part = case.drawn_view(&case.view(grid, 1.0), Some((1, 0)));
    let is_plain = |i: &usize| pixel(&part, *i) == pixel(&plain, *i);
    let is_either = |i: usize| pixel(&part, i) == pixel(&whole, i) || is_plain(&i);
    assert!((0..grid.size().area()).all(is_either), "half a field is drawn");
    assert!(is_plain(&(grid.x.len - 1)) && part != whole && part != plain);
    let view = case.view(grid, 0.0);
    let without = MipTile { level: 0, column: 1, row: 0 };
    let frame = CanvasFrame::new(&view, |tile| case.source_slot(tile).filter(|_| tile != without));
    let part = case.window.draw(&case.painter, &frame, grid.size());
    let is_missing = |i: usize| pixel(&part, i) == [0; 4];
    assert!(is_missing(grid.x.len - 1) && !is_missing(0));
    assert!((0..grid.size().area()).all(|i| is_missing(i) || pixel(&part, i) == pixel(&plain, i)), "half a pixel");
}

/// What a device has no room for is told, and a table finds no more room than it says.
#[test]
fn devices_that_are_too_small_are_told() {
    let small = |storage, bytes| {
        Window::within(|limits| wgpu::Limits {
            max_storage_buffers_per_shader_stage: storage,
            max_storage_buffer_binding_size: bytes,
            ..limits
        })
    };
    let Some(few) = small(5, 1 << 20) else { return };
    let source = CanvasPainter::source_atlas(&few.device, 1 << 30).unwrap();
    assert_eq!((source.slots(), source.slot_bytes()), (32, 1 << 15), "more than can be bound");
    let painter = |window: &Window, params| CanvasPainter::new(&window.device, TextureFormat::Rgba8Unorm, params);
    assert!(matches!(painter(&few, None), Err(GpuError::Unfit(_))), "five buffers are not enough");
    let tiny = small(8, 1 << 14).unwrap();
    assert!(matches!(CanvasPainter::source_atlas(&tiny.device, 1 << 30), Err(GpuError::Unfit(_))));
    // There is room for tiles of the source, but not for one of the field.
    let narrow = small(8, 1 << 18).unwrap();
    let model = LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap();
    assert!(matches!(painter(&narrow, Some(params(&model))), Err(GpuError::Unfit(_))));
    let source = CanvasPainter::source_atlas(&narrow.device, 1 << 30).unwrap();
    let plain = painter(&narrow, None).unwrap().with_room(&narrow.device, source, 1 << 30).unwrap();
    assert_eq!(plain.source().slots(), 8);
    // What is gone does not answer.
    narrow.device.destroy();
    assert!(plain.measure(&narrow.device, &narrow.queue, None).is_err());
}
