//! `query_rgb` on the CPU: project, gather, fused hidden layers, ensemble.

use super::Sampling;
use super::axis::{Neighbour, Neighbours, neighbours};
use super::params::DecodeParams;
use super::query::{WindowQuery, query};
use crate::error::Result;
use crate::feature::FeatureWindow;
use crate::geometry::{PixelRect, SampleGrid, Size};
use crate::kernel::{Lhs, MlpScratch, first_layer};
use crate::task::{Interrupt, check};
use rayon::prelude::*;
use std::ops::Range;

/// Pixels that go through imnet together: four corners each make blocks of 256 rows, which stay in the L2 cache.
const BLOCK_PIXELS: usize = 64;

/// The first layer's share of the latent codes, `[height, width, layer width]` over `rect`.
struct Projected {
    rect: PixelRect,
    width: usize,
    values: Vec<f32>,
}

/// Queries the function at every sample of `grid`: normalised RGB, `[grid.y.len, grid.x.len, 3]`, not clamped.
///
/// `window` holds the codes that [`codes_for`](crate::geometry::codes_for) names for
/// [`sample_points`](super::sample_points), with
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
    sampling: Sampling,
    interrupt: Interrupt<'_>,
) -> Result<Vec<f32>> {
    answer(params, WindowQuery::new(window, picture, grid, sampling), interrupt)
}

/// As [`query_rgb`], with samples that stand for pixels of any size.
pub(super) fn answer(params: &DecodeParams, asked: WindowQuery<'_>, interrupt: Interrupt<'_>) -> Result<Vec<f32>> {
    let WindowQuery { window, picture, cell, sampling, .. } = asked;
    let projected = project(params, window, interrupt)?;
    query(asked, params.local_ensemble, &|points, some| {
        let decoder = Decoder::new(params, &projected, picture, points, cell, sampling.least_share());
        match some {
            None => decoder.decode_all(interrupt),
            Some(samples) => decoder.decode_some(samples, interrupt),
        }
    })
}

/// Multiplies every code of the window (with its neighbours, if unfolded) by the first layer's code columns.
fn project(params: &DecodeParams, window: &FeatureWindow, interrupt: Interrupt<'_>) -> Result<Projected> {
    let (rect, channels, width) = (window.rect, params.channels, params.width());
    assert!(window.margin >= params.margin() && window.channels == channels, "window does not fit the model");
    let stride = (rect.width + 2 * window.margin) * channels;
    let side = if params.taps == 9 { 3 } else { 1 };
    let skip = window.margin - params.margin();
    let mut values = vec![0.0; rect.area() * width];
    values.par_chunks_mut(rect.width * width).enumerate().try_for_each(|(y, out)| {
        check(interrupt)?;
        // In a row of codes the neighbourhood of one code and that of the next overlap: three rows themselves are the left
        // matrix, with a stride of one code.
        let start = (y + skip) * stride + skip * channels;
        let lhs = Lhs { data: &window.codes[start..], stride: channels, runs: side, pitch: stride };
        params.projection.multiply(lhs, rect.width, false, out);
        Ok(())
    })?;
    Ok(Projected { rect, width, values })
}

impl Projected {
    fn code(&self, y: usize, x: usize) -> &[f32] {
        let at = (y - self.rect.y) * self.rect.width + x - self.rect.x;
        &self.values[at * self.width..(at + 1) * self.width]
    }
}

/// The stretches of samples on an axis that read the same codes.
fn runs(axis: &[Neighbours]) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    axis.chunk_by(|a, b| a.between() == b.between()).map(move |run| {
        let first = next;
        next += run.len();
        first..next
    })
}

struct Decoder<'a> {
    params: &'a DecodeParams,
    projected: &'a Projected,
    rows: Vec<Neighbours>,
    columns: Vec<Neighbours>,
    bias: Vec<f32>,
    /// Corners of the ensemble that count for less are left out.
    least_share: f32,
}

/// Buffers of one thread.
#[derive(Default)]
struct SampleBlock {
    scratch: MlpScratch,
    /// Bias and `rel_coord` in y, of the present row's neighbour.
    row_bias: Vec<f32>,
    /// Which pixel each row of the block belongs to, and its weight.
    shares: Vec<(usize, f32)>,
    /// What the weights of each pixel sum to, and whether a corner was left out.
    totals: Vec<(f32, bool)>,
    rgb: Vec<[f32; 3]>,
}

impl<'a> Decoder<'a> {
    /// A decoder of the samples of `grid`, each of which stands for a pixel of `cell` (y, x) source pixels.
    fn new(
        params: &'a DecodeParams,
        projected: &'a Projected,
        picture: Size,
        grid: &SampleGrid,
        cell: [f64; 2],
        least_share: f32,
    ) -> Self {
        Self {
            params,
            projected,
            rows: neighbours(&grid.y, picture.height, params.local_ensemble),
            columns: neighbours(&grid.x, picture.width, params.local_ensemble),
            bias: params.bias_for(cell),
            least_share,
        }
    }

    /// Every sample, `[rows, columns, 3]`.
    fn decode_all(&self, interrupt: Interrupt<'_>) -> Result<Vec<f32>> {
        let samples = self.by_code();
        self.decode(&samples, &samples, interrupt)
    }

    /// The named samples alone (counted row by row), `[samples, 3]`.
    fn decode_some(&self, samples: &[usize], interrupt: Interrupt<'_>) -> Result<Vec<f32>> {
        let mut order: Vec<usize> = (0..samples.len()).collect();
        order.sort_by_cached_key(|i| {
            let (row, column) = self.place(samples[*i]);
            (self.rows[row].between(), self.columns[column].between())
        });
        let sorted: Vec<usize> = order.iter().map(|i| samples[*i]).collect();
        self.decode(&sorted, &order, interrupt)
    }

    /// All samples, those that read the same codes one behind the other.
    fn by_code(&self) -> Vec<usize> {
        let columns: Vec<_> = runs(&self.columns).collect();
        let mut samples = Vec::with_capacity(self.rows.len() * self.columns.len());
        for rows in runs(&self.rows) {
            for columns in &columns {
                let of_row = |row| columns.clone().map(move |column| row * self.columns.len() + column);
                samples.extend(rows.clone().flat_map(of_row));
            }
        }
        samples
    }

    /// The named samples, computed in their order; the colour of each goes to its own of as many `places`.
    fn decode(&self, samples: &[usize], places: &[usize], interrupt: Interrupt<'_>) -> Result<Vec<f32>> {
        let mut decoded = vec![[0.0; 3]; samples.len()];
        let blocks = decoded.par_chunks_mut(BLOCK_PIXELS).zip(samples.par_chunks(BLOCK_PIXELS));
        blocks.try_for_each_init(SampleBlock::default, |block, (out, samples)| {
            check(interrupt)?;
            self.decode_block(samples, block, out);
            Ok(())
        })?;
        let mut rgb = vec![0.0; samples.len() * 3];
        let pixels = rgb.as_chunks_mut::<3>().0;
        places.iter().zip(decoded).for_each(|(place, color)| pixels[*place] = color);
        Ok(rgb)
    }

    /// Row and column of a sample.
    fn place(&self, sample: usize) -> (usize, usize) {
        (sample / self.columns.len(), sample % self.columns.len())
    }

    fn decode_block(&self, samples: &[usize], block: &mut SampleBlock, out: &mut [[f32; 3]]) {
        self.gather(samples, block);
        let SampleBlock { scratch, shares, rgb, .. } = block;
        rgb.resize(shares.len(), [0.0; 3]);
        self.params.mlp.forward(shares.len(), scratch, rgb);
        out.fill([0.0; 3]);
        for ((pixel, weight), rgb) in shares.iter().zip(rgb) {
            (0..3).for_each(|c| out[*pixel][c] += weight * rgb[c]);
        }
    }

    /// The first layer of all corners of the samples, and what each counts. Corner by corner: rows that follow each other
    /// are samples that read the same code, or the next, and are zero in nearly the same places.
    fn gather(&self, samples: &[usize], block: &mut SampleBlock) {
        let SampleBlock { scratch, row_bias, shares, totals, .. } = block;
        let width = self.params.width();
        shares.clear();
        totals.clear();
        totals.resize(samples.len(), (0.0, false));
        let mut inputs = scratch.input(4 * samples.len() * width).chunks_exact_mut(width);
        for (down, across) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut present = None;
            for (pixel, (sample, total)) in samples.iter().zip(&mut *totals).enumerate() {
                let (row, column) = self.place(*sample);
                let y = self.rows[row].as_slice().get(down);
                let Some((y, x)) = y.zip(self.columns[column].as_slice().get(across)) else { continue };
                let share = y.weight * x.weight;
                if share < self.least_share {
                    total.1 = true;
                    continue;
                }
                if present != Some(row) {
                    self.set_row_bias(y.rel_coord, row_bias);
                    present = Some(row);
                }
                let Some(input) = inputs.next() else { return };
                self.first_layer(y, x, row_bias, input);
                shares.push((pixel, share));
                total.0 += share;
            }
        }
        // What was left out leaves the others to sum to one.
        for (pixel, share) in shares {
            if let (total, true) = totals[*pixel] {
                *share /= total;
            }
        }
    }

    fn set_row_bias(&self, rel_y: f32, row_bias: &mut Vec<f32>) {
        row_bias.resize(self.params.width(), 0.0);
        for ((to, bias), weight) in row_bias.iter_mut().zip(&self.bias).zip(&self.params.rel_coord[0]) {
            *to = bias + rel_y * weight;
        }
    }

    /// The first layer of one query, clamped at zero.
    fn first_layer(&self, y: &Neighbour, x: &Neighbour, row_bias: &[f32], out: &mut [f32]) {
        let code = self.projected.code(y.index, x.index);
        first_layer(code, row_bias, x.rel_coord, &self.params.rel_coord[1], out);
    }
}
