//! `query_rgb` on the CPU: project, gather, fused hidden layers, ensemble.

use super::axis::{Neighbour, Neighbours, neighbours};
use super::params::DecodeParams;
use crate::error::Result;
use crate::feature::FeatureWindow;
use crate::geometry::{PixelRect, SampleGrid, Size};
use crate::kernel::{Lhs, Scratch, gemm};
use crate::task::{Interrupt, check};
use rayon::prelude::*;

/// Pixels that go through imnet together: four corners each make blocks of 256 rows, which stay in the L2 cache.
const BLOCK_PIXELS: usize = 64;

/// The first layer's share of the latent codes, `[height, width, layer width]` over `rect`.
struct Projected {
    rect: PixelRect,
    width: usize,
    values: Vec<f32>,
}

/// Asks the function at every sample of `grid`: normalised RGB, `[grid.y.len, grid.x.len, 3]`, not clamped.
///
/// `window` holds the codes that [`AxisGrid::code_range`](crate::geometry::AxisGrid::code_range) names, with
/// [`DecodeParams::margin`] around them; `picture` is the size of the whole feature map.
///
/// # Errors
/// [`crate::error::Error::Cancelled`] between two blocks.
///
/// # Panics
/// If the window does not hold the codes that the grid needs.
pub fn query_rgb(
    params: &DecodeParams,
    window: &FeatureWindow,
    picture: Size,
    grid: &SampleGrid,
    interrupt: Interrupt<'_>,
) -> Result<Vec<f32>> {
    let projected = project(params, window);
    check(interrupt)?;
    let decoder = Decoder {
        params,
        projected,
        rows: neighbours(&grid.y, picture.height, params.local_ensemble),
        columns: neighbours(&grid.x, picture.width, params.local_ensemble),
        bias: params.bias_for([grid.y.pitch, grid.x.pitch]),
    };
    let mut rgb = vec![0.0; grid.size().area() * 3];
    let blocks = rgb.par_chunks_mut(BLOCK_PIXELS * 3).enumerate();
    blocks.try_for_each_init(Block::default, |block, (i, out)| {
        check(interrupt)?;
        decoder.decode_block(i * BLOCK_PIXELS, block, out.as_chunks_mut().0);
        Ok(())
    })?;
    Ok(rgb)
}

/// Multiplies every code of the window (with its neighbours, if unfolded) by the first layer's code columns.
fn project(params: &DecodeParams, window: &FeatureWindow) -> Projected {
    let (rect, channels, width) = (window.rect, params.channels, params.width());
    assert!(window.margin >= params.margin() && window.channels == channels, "window does not fit the model");
    let stride = (rect.width + 2 * window.margin) * channels;
    let side = if params.taps == 9 { 3 } else { 1 };
    let skip = window.margin - params.margin();
    let mut values = vec![0.0; rect.area() * width];
    values.par_chunks_mut(rect.width * width).enumerate().for_each(|(y, out)| {
        for tap_row in 0..side {
            // In a row of codes the neighbourhood of one code and that of the next overlap: the row itself is the
            // left matrix, with a stride of one code.
            let start = (y + skip + tap_row) * stride + skip * channels;
            let lhs = Lhs { data: &window.codes[start..], stride: channels };
            let depth = side * channels;
            let rhs = &params.project[tap_row * depth * width..][..depth * width];
            gemm(rect.width, width, depth, lhs, rhs, out, tap_row > 0);
        }
    });
    Projected { rect, width, values }
}

impl Projected {
    fn code(&self, y: usize, x: usize) -> &[f32] {
        let at = (y - self.rect.y) * self.rect.width + x - self.rect.x;
        &self.values[at * self.width..(at + 1) * self.width]
    }
}

struct Decoder<'a> {
    params: &'a DecodeParams,
    projected: Projected,
    rows: Vec<Neighbours>,
    columns: Vec<Neighbours>,
    bias: Vec<f32>,
}

/// Buffers of one thread.
#[derive(Default)]
struct Block {
    scratch: Scratch,
    /// Bias and `rel_coord` in y, of one row and neighbour.
    row_bias: Vec<f32>,
    /// Which pixel each row of the block belongs to, and its weight.
    shares: Vec<(usize, f32)>,
    rgb: Vec<[f32; 3]>,
}

impl Decoder<'_> {
    /// Pixels `first .. first + out.len()`, counted row by row over the grid.
    fn decode_block(&self, first: usize, block: &mut Block, out: &mut [[f32; 3]]) {
        let width = self.params.width();
        block.shares.clear();
        block.row_bias.resize(width, 0.0);
        let input = block.scratch.input(4 * out.len() * width);
        let mut inputs = input.chunks_exact_mut(width);
        let mut pixel = 0;
        while pixel < out.len() {
            let (row, column) = ((first + pixel) / self.columns.len(), (first + pixel) % self.columns.len());
            let run = (out.len() - pixel).min(self.columns.len() - column);
            for y in self.rows[row].as_slice() {
                self.set_row_bias(y.rel_coord, &mut block.row_bias);
                for (offset, x) in self.columns[column..column + run].iter().enumerate() {
                    for x in x.as_slice() {
                        let Some(input) = inputs.next() else { return };
                        self.first_layer(y, x, &block.row_bias, input);
                        block.shares.push((pixel + offset, y.weight * x.weight));
                    }
                }
            }
            pixel += run;
        }
        let rows = block.shares.len();
        block.rgb.resize(rows, [0.0; 3]);
        self.params.mlp.forward(rows, &mut block.scratch, &mut block.rgb);
        out.fill([0.0; 3]);
        for ((pixel, weight), rgb) in block.shares.iter().zip(&block.rgb) {
            (0..3).for_each(|c| out[*pixel][c] += weight * rgb[c]);
        }
    }

    fn set_row_bias(&self, rel_y: f32, row_bias: &mut [f32]) {
        for ((to, bias), weight) in row_bias.iter_mut().zip(&self.bias).zip(&self.params.rel_coord[0]) {
            *to = bias + rel_y * weight;
        }
    }

    /// The first layer of one query, clamped at zero.
    fn first_layer(&self, y: &Neighbour, x: &Neighbour, row_bias: &[f32], out: &mut [f32]) {
        let code = self.projected.code(y.index, x.index);
        let columns = &self.params.rel_coord[1];
        for (((to, code), bias), weight) in out.iter_mut().zip(code).zip(row_bias).zip(columns) {
            *to = (code + bias + x.rel_coord * weight).max(0.0);
        }
    }
}
