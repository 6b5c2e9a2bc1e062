//! Where the canvas draws: on which device, and which samples of a view.

use super::Drawn;
use crate::app::view::Shown;
use crate::decode::{Atlas, CanvasPainter, CanvasSpeed};
use crate::geometry::{AxisGrid, PixelRect, SampleGrid, Size, View};
use crate::gpu::is_alive;
use crate::render::LoadedModel;
use std::sync::Arc;

/// Memory for tiles that a canvas draws itself, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// For the source: a third. Of 512 MiB that is twenty-two million pixels.
    pub(super) source: u64,
    /// For cells: of 512 MiB 2.7 million source pixels with their tiles' rims, a view of 1920×1080 at ×1 and around it.
    pub(super) cells: u64,
}

impl Room {
    /// All of a budget.
    pub(super) fn of(budget: u64) -> Self {
        Self { source: budget / 3, cells: budget - budget / 3 }
    }
}

/// A frame with fields takes at most this long, in seconds: 20 in a second.
const FIELD_SECS: f64 = 0.05;

/// What a frame of a moving view takes at most, in seconds, before it is reduced: three quarters of one of 60 in a second.
const MOVING_SECS: f64 = 0.012;

/// Pixels of the screen along either axis to a sample of a moving view, at most.
const MOST_REDUCTION: usize = 3;

/// A canvas of a small window.
const SMALLEST_CANVAS: Size = Size::new(640, 480);

/// A frame of the source alone: half of one of 60 in a second. Tiles show the same, only not at every zoom.
const SOURCE_SECS: f64 = 0.008;

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
    /// What it was opened on, to be measured on another device.
    pub adapter: wgpu::Adapter,
    /// The device.
    pub device: wgpu::Device,
    /// What the window is made of.
    pub format: wgpu::TextureFormat,
    /// How the canvas is drawn.
    pub choice: CanvasChoice,
}

/// What draws, and how fast.
pub(super) struct Opened {
    pub(super) painter: Arc<CanvasPainter>,
    pub(super) speed: Speed,
}

/// How fast it draws.
pub(super) struct Speed(CanvasSpeed);

impl Speed {
    /// What it draws fast enough on a canvas of so many pixels.
    pub(super) fn drawn_on(&self, canvas: Size) -> Drawn {
        let is_fast = |secs: f64, most: f64| secs * canvas.area() as f64 <= most;
        let field = self.0.field.is_some_and(|secs| is_fast(secs, FIELD_SECS));
        Drawn { source: field || is_fast(self.0.source, SOURCE_SECS), field }
    }

    /// How many pixels along either axis share a sample of fields while a view of this zoom moves: a sample is at most half a
    /// source pixel wide, so that nothing of the field is lost to it.
    pub(super) fn reduction(&self, canvas: Size, zoom: f64) -> usize {
        let secs = self.0.field.unwrap_or(0.0) * canvas.area() as f64;
        let is_fast = |by: &usize| secs / (by * by) as f64 <= MOVING_SECS;
        let by = (1..MOST_REDUCTION).find(is_fast).unwrap_or(MOST_REDUCTION);
        by.min((zoom / 2.0) as usize).max(1)
    }
}

impl CanvasDevice {
    /// What draws the source, and the fields of a live network, measured; none if the device is not fit. `source` is where
    /// the source's tiles are, if some were there before. Waits for the device.
    pub(super) fn open(&self, room: Room, source: Option<Arc<Atlas>>, model: Option<&LoadedModel>) -> Option<Opened> {
        if self.choice == CanvasChoice::Tiles || !is_alive(&self.device) {
            return None;
        }
        let params = model.and_then(LoadedModel::field_params);
        let measured = CanvasPainter::speed_on(&self.adapter, self.format, params).ok()?;
        let speed = Speed(match self.choice {
            CanvasChoice::Shader => CanvasSpeed { source: 0.0, field: measured.field.map(|_| 0.0) },
            _ => measured,
        });
        // What is too slow for that is too slow for all, and takes no memory.
        if !speed.drawn_on(SMALLEST_CANVAS).source {
            return None;
        }
        let source = source.map_or_else(|| CanvasPainter::source_atlas(&self.device, room.source), Ok).ok()?;
        let painter = CanvasPainter::new(&self.device, self.format, params).ok()?;
        let painter = painter.with_room(&self.device, source, room.cells).ok()?;
        Some(Opened { painter: Arc::new(painter), speed })
    }
}

/// A grid of samples that are this many times as wide and high, in the same place.
pub(super) fn reduced(grid: SampleGrid, by: usize) -> SampleGrid {
    let axis = |axis: AxisGrid| AxisGrid { pitch: axis.pitch * by as f64, len: axis.len.div_ceil(by), ..axis };
    SampleGrid { y: axis(grid.y), x: axis(grid.x) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moving_view_has_as_many_samples_as_the_device_draws_in_time() {
        let canvas = Size::new(1000, 1000);
        let by =
            |secs: f64, zoom: f64| Speed(CanvasSpeed { source: 0.0, field: Some(secs * 1e-6) }).reduction(canvas, zoom);
        assert_eq!([0.011, 0.013, 0.047, 0.049, 1.0].map(|secs| by(secs, 30.0)), [1, 2, 2, 3, 3]);
        assert_eq!([1.5, 3.9, 4.0, 5.9, 6.0].map(|zoom| by(1.0, zoom)), [1, 1, 2, 2, 3]);
        let grid = AxisGrid { origin: 0.5, pitch: 0.1, len: 10 };
        let SampleGrid { x, .. } = reduced(SampleGrid { y: grid, x: grid }, 3);
        assert_eq!((x.origin, x.len), (0.5, 4));
        assert!((x.pitch - 0.3).abs() < 1e-12);
    }
}
