//! Where fields are drawn: on which device, and which samples of a view.

use crate::app::view::Shown;
use crate::app::view::canvas::Canvas;
use crate::decode::FieldAtlas;
use crate::geometry::{AxisGrid, PixelRect, SampleGrid, Size, View, feature_tiles_over};
use crate::render::LoadedModel;
use std::sync::Arc;

/// Memory for cells, in bytes: two million source pixels with their tiles' rims, a view of 1920×1080 at ×1.
const ATLAS_BYTES: u64 = 256 << 20;

/// How the canvas is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CanvasChoice {
    /// By a shader where the device is fast enough.
    #[default]
    Measured,
    /// By a shader, however slow.
    Shader,
    /// Of tiles alone.
    Tiles,
}

impl CanvasChoice {
    /// What forces it.
    pub const VARIABLE: &str = "ZOOMFIELD_CANVAS";

    /// What the environment says: `shader` or `tiles`; nothing else counts.
    pub fn of_environment() -> Self {
        match std::env::var(Self::VARIABLE).as_deref() {
            Ok("shader") => Self::Shader,
            Ok("tiles") => Self::Tiles,
            _ => Self::Measured,
        }
    }
}

/// The window's device.
#[derive(Clone)]
pub struct CanvasDevice {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// What the window is made of.
    pub format: wgpu::TextureFormat,
    /// How the canvas is drawn.
    pub choice: CanvasChoice,
}

/// An atlas, and how fast it is drawn.
pub(super) struct Opened {
    pub(super) atlas: Arc<FieldAtlas>,
    pub(super) secs_per_sample: f64,
}

impl CanvasDevice {
    /// An atlas for a live network, measured; none if the device is not fit. Waits for the device.
    pub(super) fn open(&self, model: &LoadedModel) -> Option<Opened> {
        let params = model.field_params().filter(|_| self.choice != CanvasChoice::Tiles)?;
        let atlas = FieldAtlas::new(&self.device, self.format, params, ATLAS_BYTES).ok()?;
        let secs = atlas.measure(&self.device, &self.queue, params).ok()?;
        let secs_per_sample = if self.choice == CanvasChoice::Shader { 0.0 } else { secs };
        Some(Opened { atlas: Arc::new(atlas), secs_per_sample })
    }
}

/// The pixels of a part of the canvas whose centres are inside the picture, and their samples.
pub(super) fn samples_of(area: PixelRect, view: &View, shown: &Shown) -> Option<(PixelRect, SampleGrid)> {
    let size = shown.picture.size;
    let output = view.output_size(size);
    let is_at_rest = shown.motion.is_at_rest();
    let span = |i: usize, start: usize, len: usize, n: usize, whole: usize| {
        let corner = view.corner_on_screen[i];
        let end = if is_at_rest { corner + whole as f64 } else { corner + n as f64 * view.zoom - 0.5 };
        let first = ((corner - 0.5).ceil().max(0.0) as usize).max(start);
        let end = (end.ceil().max(0.0) as usize).min(start + len);
        (first < end).then(|| {
            let origin = (first as f64 - corner) / view.zoom;
            (first, AxisGrid { origin, pitch: 1.0 / view.zoom, len: end - first })
        })
    };
    let (x, columns) = span(0, area.x, area.width, size.width, output.width)?;
    let (y, rows) = span(1, area.y, area.height, size.height, output.height)?;
    Some((PixelRect { x, y, width: columns.len, height: rows.len }, SampleGrid { y: rows, x: columns }))
}

/// The feature tiles that a view reads, and those that it may read next: all around it, half of it in each direction, and
/// at ×1 and below what a view of ×2 shows around `focus`.
pub(super) fn wanted(
    view: &View,
    canvas: &Canvas,
    size: Size,
    focus: [f64; 2],
) -> (Option<PixelRect>, Option<PixelRect>) {
    let part = |near: [f64; 2], far: [f64; 2]| {
        let (near, far) = (view.image_from_screen(near), view.image_from_screen(far));
        let sides = [size.width, size.height];
        // Two pixels more on either side: bicubic interpolation reads four.
        let start = |i: usize| ((near[i] - 3.0).max(0.0) as usize).min(sides[i]);
        let end = |i: usize| ((far[i] + 3.0).max(0.0).ceil() as usize).min(sides[i]);
        let ((x, y), (right, bottom)) = ((start(0), start(1)), (end(0), end(1)));
        (x < right && y < bottom).then(|| PixelRect { x, y, width: right - x, height: bottom - y })
    };
    let sides = [canvas.size.width as f64, canvas.size.height as f64];
    if view.zoom > 1.0 {
        let seen = part([0.0; 2], sides);
        let around = part(sides.map(|side| -side / 2.0), sides.map(|side| 1.5 * side));
        return (seen.map(feature_tiles_over), around.map(feature_tiles_over));
    }
    let half = sides.map(|side| side / 4.0 * view.zoom);
    let around = part([focus[0] - half[0], focus[1] - half[1]], [focus[0] + half[0], focus[1] + half[1]]);
    (None, around.map(feature_tiles_over))
}
