//! The field on the CPU: tiles of rows and columns, each by one thread.

use super::FieldParams;
use super::tables::Axis;
use crate::decode::query::WindowQuery;
use crate::error::Result;
use crate::feature::FeatureWindow;
use crate::geometry::{SampleGrid, Size};
use crate::kernel::{Lhs, RowsOfWaves, TOGETHER, WaveScratch};
use crate::model::RGB_OF_YCBCR;
use crate::recipe::Sampling;
use crate::task::{Interrupt, check};
use rayon::prelude::*;
use std::cell::RefCell;

/// Columns of a tile: what it reads of the table, and the rows that it combines, stay in the L2 cache.
const TILE_COLUMNS: usize = 64;

/// Rows of a tile, however many threads there are: a source row between two tiles is projected for both, and a view has
/// tiles enough for all threads.
const TILE_ROWS: usize = 64;

thread_local! {
    /// A thread's, kept from tile to tile.
    static SCRATCH: RefCell<WaveScratch> = RefCell::default();
}

/// What the field adds to the bicubic picture at every sample of `grid`, in normalised RGB: `[grid.y.len, grid.x.len, 3]`.
///
/// `window` holds the codes that [`codes_for`](crate::geometry::codes_for) names for `grid`; `picture` is the size of the
/// whole feature map.
///
/// # Errors
/// [`crate::error::Error::Cancelled`] between two tiles.
///
/// # Panics
/// If the window does not hold the codes that the grid needs.
pub fn query_field(
    params: &FieldParams,
    window: &FeatureWindow,
    picture: Size,
    grid: &SampleGrid,
    interrupt: Interrupt<'_>,
) -> Result<Vec<f32>> {
    answer(params, WindowQuery::new(window, picture, grid, Sampling::Exact), interrupt)
}

/// As [`query_field`], with samples that stand for pixels of any size.
pub(in crate::decode) fn answer(
    params: &FieldParams,
    query: WindowQuery<'_>,
    interrupt: Interrupt<'_>,
) -> Result<Vec<f32>> {
    let WindowQuery { window, picture, grid, cell, .. } = query;
    let mut rgb = vec![0.0; grid.size().area() * 3];
    if rgb.is_empty() {
        return Ok(rgb);
    }
    assert!(window.channels == params.channels(), "window does not fit the model");
    let fade = params.fade(cell);
    let [along_y, along_x] = [0, 1].map(|axis| params.waves.iter().map(|wave| wave[axis]).collect::<Vec<_>>());
    let rows = || Axis::new(&params.kernel, &grid.y, picture.height, &along_y, &vec![1.0; fade.len()]);
    let columns = || Axis::new(&params.kernel, &grid.x, picture.width, &along_x, &fade);
    let (rows, columns) = rayon::join(rows, columns);
    let field = Field { params, window, rows, columns };
    let tiles = tiles(grid, &mut rgb);
    tiles.into_par_iter().try_for_each(|mut tile| {
        check(interrupt)?;
        SCRATCH.with_borrow_mut(|scratch| field.decode(&mut tile, scratch));
        Ok(())
    })?;
    Ok(rgb)
}

/// What all tiles share.
struct Field<'a> {
    params: &'a FieldParams,
    window: &'a FeatureWindow,
    rows: Axis,
    columns: Axis,
}

/// Rows from `row` and columns from `column` on.
struct Tile<'a> {
    row: usize,
    column: usize,
    /// Colours, row by row.
    out: Vec<&'a mut [[f32; 3]]>,
}

/// Cuts the result into tiles.
fn tiles<'a>(grid: &SampleGrid, rgb: &'a mut [f32]) -> Vec<Tile<'a>> {
    // A picture that is reduced has more source pixels than samples: a tile of it is narrower.
    let width = ((TILE_COLUMNS as f64 / grid.x.pitch.max(1.0)) as usize).max(1);
    let across = grid.x.len.div_ceil(width);
    let mut tiles = Vec::new();
    for (band, rows) in rgb.as_chunks_mut().0.chunks_mut(TILE_ROWS * grid.x.len).enumerate() {
        let first = tiles.len();
        tiles.extend((0..across).map(|i| Tile { row: band * TILE_ROWS, column: i * width, out: Vec::new() }));
        for row in rows.chunks_exact_mut(grid.x.len) {
            tiles[first..].iter_mut().zip(row.chunks_mut(width)).for_each(|(tile, part)| tile.out.push(part));
        }
    }
    tiles
}

impl Field<'_> {
    /// Computes a tile.
    fn decode(&self, tile: &mut Tile<'_>, scratch: &mut WaveScratch) {
        let kernel = &self.params.kernel;
        let width = tile.out[0].len();
        let between = &self.columns.between[tile.column..tile.column + width];
        let (first, end) = (between[0][0], between[width - 1][1] + 1);
        let between: Vec<[usize; 2]> = between.iter().map(|pair| pair.map(|column| column - first)).collect();
        let row = (end - first) * kernel.amplitudes();
        let lengths = [row, row, TOGETHER * row, TOGETHER * width * 3];
        let [even, odd, combined, colors] = scratch.split(lengths.map(|length| length.next_multiple_of(16)));
        let mut source = SourceRows { field: self, columns: [first, end], present: [None; 2], rows: [even, odd] };
        for (group, out) in tile.out.chunks_mut(TOGETHER).enumerate() {
            let top = tile.row + group * TOGETHER;
            for (row, combined) in (top..top + out.len()).zip(combined.chunks_exact_mut(row)) {
                let rows = source.both(self.rows.between[row]);
                kernel.combine(&self.rows.table, row, rows, end - first, combined);
            }
            let colors = &mut colors.as_chunks_mut().0[..TOGETHER * width];
            kernel.sum(RowsOfWaves {
                combined,
                columns: end - first,
                between: &between,
                table: &self.columns.table,
                first: tile.column,
                rgb: RGB_OF_YCBCR,
                out: colors,
            });
            out.iter_mut().zip(colors.chunks_exact(width)).for_each(|(to, from)| to.copy_from_slice(from));
        }
    }
}

/// Amplitudes of the two rows of source pixels that a row of the result lies between.
struct SourceRows<'a> {
    field: &'a Field<'a>,
    /// First source column, and the one behind the last.
    columns: [usize; 2],
    /// Which rows there are, of even and of odd number.
    present: [Option<usize>; 2],
    rows: [&'a mut [f32]; 2],
}

impl SourceRows<'_> {
    /// The amplitudes of two neighbouring rows, or of one twice: those that are not there are projected.
    fn both(&mut self, rows: [usize; 2]) -> [&[f32]; 2] {
        for row in rows {
            if self.present[row % 2] != Some(row) {
                self.project(row);
                self.present[row % 2] = Some(row);
            }
        }
        rows.map(|row| &*self.rows[row % 2])
    }

    fn project(&mut self, row: usize) {
        let FeatureWindow { rect, margin, channels, codes } = self.field.window;
        let [first, end] = self.columns;
        assert!(first >= rect.x && end <= rect.right() && row >= rect.y && row < rect.bottom(), "codes are missing");
        let at = (row - rect.y + margin) * (rect.width + 2 * margin) + first - rect.x + margin;
        let codes = Lhs::rows(&codes[at * channels..], *channels);
        self.field.params.amplitudes.multiply(codes, end - first, false, self.rows[row % 2]);
    }
}
