//! What a frame of the canvas is made of beside the cells: tables of its rows and columns, and where cells are.

use crate::decode::FieldParams;
use crate::decode::axis::{Neighbours, neighbours};
use crate::decode::gpu::field::turns;
use crate::geometry::{AxisGrid, PixelRect, SampleGrid, Size, feature_tiles_over};
use crate::picture::resample::bicubic_taps;
use bytemuck::{Pod, Zeroable};

/// The slot of a tile that is not there.
const MISSING: u32 = u32::MAX;

/// What is drawn, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanvasView {
    /// The samples, inside the picture, none reduced.
    pub grid: SampleGrid,
    /// The picture's size.
    pub picture: Size,
    /// How much of the field is shown, in [0, 1].
    pub strength: f32,
    /// From normalised RGB to RGB.
    pub deviation: [f32; 3],
    /// The first sample's pixel on the target, (x, y).
    pub at: [u32; 2],
}

impl CanvasView {
    /// The source pixels that it reads.
    pub fn pixels(&self) -> PixelRect {
        let span = |axis: &AxisGrid, n: usize| {
            let at = |i: usize| axis.latent_position(i).floor();
            let (first, last) = (at(0) - 1.0, at(axis.len.saturating_sub(1)) + 3.0);
            (first.max(0.0) as usize).min(n - 1)..(last.max(1.0) as usize).min(n)
        };
        let (rows, columns) = (span(&self.grid.y, self.picture.height), span(&self.grid.x, self.picture.width));
        PixelRect { x: columns.start, y: rows.start, width: columns.len(), height: rows.len() }
    }
}

/// The parameters of `shaders/canvas.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct CanvasUniform {
    pub(super) area: [f32; 2],
    pub(super) size: [u32; 2],
    pub(super) tiles: [u32; 4],
    pub(super) last: [u32; 2],
    pub(super) columns: u32,
    pub(super) strength: f32,
    pub(super) deviation: [f32; 4],
}

/// A row or column of samples, as the shader reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Line {
    between: [u32; 2],
    first: u32,
    padding: u32,
    weights: [f32; 4],
}

/// A frame, ready for the device.
pub struct FieldFrame {
    pub(super) uniform: CanvasUniform,
    pub(super) slots: Vec<u32>,
    pub(super) lines: Vec<Line>,
    pub(super) turns: Vec<f32>,
}

impl FieldFrame {
    /// Of a view; `slot` says where the cells of a feature tile (column, row) are, if they are there.
    pub fn new(params: &FieldParams, view: &CanvasView, slot: impl Fn((usize, usize)) -> Option<u32>) -> Self {
        let CanvasView { grid, picture, .. } = view;
        let (rows, columns) = (neighbours(&grid.y, picture.height, true), neighbours(&grid.x, picture.width, true));
        let (turns, start) = turns(params, grid, [&rows, &columns], false);
        let tiles = feature_tiles_over(view.pixels());
        let mut lines = lines(&grid.y, picture.height, &rows);
        lines.extend(self::lines(&grid.x, picture.width, &columns));
        let [red, green, blue] = view.deviation;
        let uniform = CanvasUniform {
            area: view.at.map(|v| v as f32),
            size: [grid.x.len as u32, grid.y.len as u32],
            tiles: [tiles.x, tiles.y, tiles.width, tiles.height].map(|v| v as u32),
            last: [picture.width as u32 - 1, picture.height as u32 - 1],
            columns: start as u32,
            strength: view.strength,
            deviation: [red, green, blue, 0.0],
        };
        let slots = tiles.places().map(|place| slot(place).unwrap_or(MISSING)).collect();
        Self { uniform, slots, lines, turns }
    }
}

fn lines(axis: &AxisGrid, n: usize, samples: &[Neighbours]) -> Vec<Line> {
    let line = |(sample, (first, weights)): (&Neighbours, (usize, [f32; 4]))| {
        let between = sample.between().map(|index| index as u32);
        Line { between, first: first as u32, padding: 0, weights }
    };
    samples.iter().zip(bicubic_taps(axis, n)).map(line).collect()
}
