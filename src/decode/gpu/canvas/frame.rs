//! What a frame of the canvas is made of beside the tiles: tables of its rows and columns, and where tiles are.

use super::lock::LockFrame;
use super::view::CanvasView;
use crate::decode::FieldParams;
use crate::decode::axis::{Neighbours, neighbours};
use crate::decode::gpu::field::turns;
use crate::geometry::{AxisGrid, FEATURE_TILE, MIP_TILE, MipTile, PixelRect, mip_rect, mip_size};
use crate::picture::ColorTable;
use crate::picture::resample::mip_taps;
use bytemuck::{Pod, Zeroable};
use std::sync::Arc;

/// The slot of a tile that is not there.
const MISSING: u32 = u32::MAX;

/// Pixels of a mip level along an axis that count in a sample, at most: those of samples of ten pixels.
pub(super) const MOST_TAPS: usize = 12;

/// The parameters of `shaders/canvas.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct CanvasUniform {
    pub(super) area: [f32; 2],
    pub(super) size: [u32; 2],
    pub(super) tiles: [u32; 4],
    pub(super) field_tiles: [u32; 4],
    pub(super) last: [u32; 2],
    pub(super) field_slots: u32,
    pub(super) columns: u32,
    pub(super) deviation: [f32; 3],
    pub(super) strength: f32,
    /// Columns, each filled up.
    pub(super) color_matrix: [[f32; 4]; 3],
    pub(super) locked: [u32; 4],
    pub(super) lock: f32,
    pub(super) is_grey: u32,
    pub(super) color_side: u32,
    pub(super) curves: u32,
}

/// A row or column of samples, as the shader reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Line {
    between: [u32; 2],
    first: u32,
    taps: u32,
    weights: [f32; MOST_TAPS],
}

/// A frame, ready for the device.
pub struct CanvasFrame {
    pub(super) uniform: CanvasUniform,
    pub(super) slots: Vec<u32>,
    pub(super) lines: Vec<Line>,
    pub(super) turns: Vec<f32>,
    pub(super) lock: Option<LockFrame>,
    pub(super) colors: Option<Arc<ColorTable>>,
}

impl CanvasFrame {
    /// Of a view: where the tiles of the source are, if they are there.
    ///
    /// # Panics
    /// If a sample is larger than [`CanvasView::level`] allows.
    pub fn new(view: &CanvasView, slot: impl Fn(MipTile) -> Option<u32>) -> Self {
        let CanvasView { grid, picture, .. } = view;
        let mut lines = lines(view, &grid.y, picture.height);
        lines.extend(self::lines(view, &grid.x, picture.width));
        let level = mip_size(*picture, view.level);
        let uniform = CanvasUniform {
            area: view.at.map(|v| v as f32),
            size: [grid.x.len as u32, grid.y.len as u32],
            tiles: tiles(mip_rect(view.pixels(), view.level), MIP_TILE),
            last: [level.width as u32 - 1, level.height as u32 - 1],
            ..CanvasUniform::default()
        };
        let slots = view.source_tiles().map(|tile| slot(tile).unwrap_or(MISSING)).collect();
        Self { uniform, slots, lines, turns: Vec::new(), lock: None, colors: None }
    }

    /// The same with a model's field, where the view has some; `slot` says where the cells of a feature tile (column, row)
    /// are, if they are there.
    #[must_use]
    pub fn with_field(
        mut self,
        params: &FieldParams,
        view: &CanvasView,
        slot: impl Fn((usize, usize)) -> Option<u32>,
    ) -> Self {
        if !view.has_field() {
            return self;
        }
        let CanvasView { grid, picture, .. } = view;
        let (rows, columns) = (neighbours(&grid.y, picture.height, true), neighbours(&grid.x, picture.width, true));
        let between = rows.iter().chain(&columns).map(Neighbours::between);
        for (line, between) in self.lines.iter_mut().zip(between) {
            line.between = between.map(|index| index as u32);
        }
        let (turns, start) = turns(params, (grid, [grid.y.pitch, grid.x.pitch]), [&rows, &columns], false);
        self.turns = turns;
        self.uniform.columns = start as u32;
        self.uniform.field_slots = self.slots.len() as u32;
        self.uniform.field_tiles = tiles(view.pixels(), FEATURE_TILE);
        self.uniform.strength = view.strength;
        self.uniform.deviation = view.deviation;
        self.uniform.is_grey = u32::from(view.is_grey);
        self.slots.extend(view.field_tiles().places().map(|place| slot(place).unwrap_or(MISSING)));
        let CanvasUniform { tiles, field_tiles, field_slots, .. } = self.uniform;
        self.lock = LockFrame::new(params, view, ([tiles, field_tiles], field_slots));
        if let Some(lock) = &self.lock {
            self.uniform.locked = lock.uniform.rect;
            self.uniform.lock = view.lock;
        }
        self
    }

    /// The same of a picture whose colours are not the screen's.
    #[must_use]
    pub fn with_colors(mut self, table: Arc<ColorTable>) -> Self {
        if let Some(rows) = &table.matrix {
            self.uniform.color_matrix =
                [0, 1, 2].map(|column| [rows[0][column], rows[1][column], rows[2][column], 0.0]);
        }
        self.uniform.curves = u32::from(table.matrix.is_some()) + u32::from(table.has_end_curves());
        self.uniform.color_side = table.side as u32;
        self.colors = Some(table);
        self
    }
}

/// The tiles of a side over pixels: the first column and row, columns, rows.
fn tiles(pixels: PixelRect, side: usize) -> [u32; 4] {
    let (x, y) = (pixels.x / side, pixels.y / side);
    [x, y, pixels.right().div_ceil(side) - x, pixels.bottom().div_ceil(side) - y].map(|v| v as u32)
}

fn lines(view: &CanvasView, axis: &AxisGrid, n: usize) -> Vec<Line> {
    let has_squares = view.has_squares && !view.grid.is_reduction();
    let taps = if has_squares { squares(axis, n, view.level) } else { mip_taps(axis, n, view.level) };
    let line = |(first, of_taps): (usize, Vec<f32>)| {
        let mut weights = [0.0; MOST_TAPS];
        weights[..of_taps.len()].copy_from_slice(&of_taps);
        Line { first: first as u32, taps: of_taps.len() as u32, weights, ..Line::default() }
    };
    taps.into_iter().map(line).collect()
}

/// The one pixel of a level under the centre of each sample.
fn squares(axis: &AxisGrid, n: usize, level: u32) -> Vec<(usize, Vec<f32>)> {
    let under = |i: usize| (axis.origin + (i as f64 + 0.5) * axis.pitch).max(0.0) as usize;
    (0..axis.len).map(|i| (under(i).min(n - 1) >> level, vec![1.0])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Region, SampleGrid, Size, mip_level};

    fn view(region: Region, samples: Size, picture: Size) -> CanvasView {
        let grid = SampleGrid::spanning(region, samples);
        let level = mip_level(grid.x.pitch);
        CanvasView::new(grid, picture, level)
    }

    #[test]
    fn every_tap_lies_in_a_tile_that_is_asked_for() {
        let picture = Size::new(1531, 977);
        for (x, y, width, samples) in [(0.0, 0.0, 1531.0, 400), (63.4, 127.6, 500.0, 431), (700.3, 500.1, 2.0, 600)] {
            let region = Region { x, y, width, height: width * 0.6 };
            let mut view = view(region, Size::new(samples, samples * 6 / 10), picture);
            for finer in 0..3 {
                view.level = view.level.saturating_sub(finer);
                let frame = CanvasFrame::new(&view, |_| Some(0));
                let [column, row, columns, rows] = frame.uniform.tiles.map(|v| v as usize);
                assert_eq!(frame.slots.len(), columns * rows);
                let (down, across) = frame.lines.split_at(view.grid.y.len);
                let last = |line: &Line| (line.first + line.taps.max(1) - 1) as usize / MIP_TILE;
                assert!(down.iter().all(|line| (row..row + rows).contains(&last(line))));
                assert!(across.iter().all(|line| (column..column + columns).contains(&last(line))));
                assert!(across.iter().all(|line| line.first as usize / MIP_TILE >= column));
            }
        }
    }

    #[test]
    fn at_one_and_below_there_is_no_field() {
        let picture = Size::new(100, 100);
        let of = |samples| view(Region::whole(picture), Size::new(samples, samples), picture);
        assert!(!of(50).has_field() && !of(100).has_field() && of(101).has_field());
        assert!(!CanvasView { has_squares: true, ..of(200) }.has_field());
        assert_eq!((of(50).level, of(100).level, of(25).level), (1, 0, 2));
    }
}
