//! Products with a matrix that stays: packed once, multiplied by many rows that are read where they lie.

use super::block::{self, Product, Rows, SparseProduct, SparseScratch};
use super::instructions::Instructions;
use super::panels::{BLOCK_COLUMNS, Panels};
use super::precision::Precision;

/// Rows that go through together where the result is narrower than a block.
const ROWS_TOGETHER: usize = 64;

/// The left matrix: row `r` is the values `r * stride + run * pitch ..` of every run, one after the other. Rows, and the
/// runs of one row, may overlap.
#[derive(Clone, Copy)]
pub struct Lhs<'a> {
    /// From the first row's first value on.
    pub data: &'a [f32],
    /// Values from one row to the next.
    pub stride: usize,
    /// Stretches of a row: one, or three for a neighbourhood of three rows.
    pub runs: usize,
    /// Values from one stretch to the next.
    pub pitch: usize,
}

impl<'a> Lhs<'a> {
    /// Rows of one stretch, `stride` values apart.
    pub fn rows(data: &'a [f32], stride: usize) -> Self {
        Self { data, stride, runs: 1, pitch: 0 }
    }
}

/// A right matrix `[depth, outputs]` in single precision, with a bias.
#[derive(Clone)]
pub struct Matrix {
    panels: Panels,
    outputs: usize,
    /// For whole blocks of outputs.
    bias: Vec<f32>,
    instructions: Instructions,
}

impl Matrix {
    /// Packs `at(depth, output)` and `bias [outputs]`.
    pub fn new(depth: usize, bias: &[f32], at: impl Fn(usize, usize) -> f32) -> Self {
        Self::on(Instructions::in_use(), depth, bias, at)
    }

    pub(super) fn on(instructions: Instructions, depth: usize, bias: &[f32], at: impl Fn(usize, usize) -> f32) -> Self {
        let outputs = bias.len();
        let panels = Panels::pack(depth, outputs, Precision::F32, at);
        let mut bias = bias.to_vec();
        bias.resize(outputs.next_multiple_of(BLOCK_COLUMNS), 0.0);
        Self { panels, outputs, bias, instructions }
    }

    /// How many values a row has.
    pub fn depth(&self) -> usize {
        self.panels.words()
    }

    /// How many values come out.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The first `count` rows times the matrix, plus the bias, clamped at zero if `relu`: `out [count, outputs]`. On this
    /// thread.
    ///
    /// # Panics
    /// If a slice is too short, or the depth no multiple of the runs.
    pub fn multiply(&self, lhs: Lhs<'_>, count: usize, relu: bool, out: &mut [f32]) {
        let data = bytemuck::cast_slice(lhs.data);
        let words = self.depth() / lhs.runs;
        let rows = Rows { data, stride: lhs.stride, runs: lhs.runs, pitch: lhs.pitch, words };
        let padded = self.bias.len();
        if padded == self.outputs {
            return block::multiply(self.instructions, self.product(rows, count, relu, out));
        }
        let mut whole = vec![0.0; count.min(ROWS_TOGETHER) * padded];
        for first in (0..count).step_by(ROWS_TOGETHER) {
            let some = (count - first).min(ROWS_TOGETHER);
            block::multiply(self.instructions, self.product(rows.from(first), some, relu, &mut whole));
            let to = out[first * self.outputs..].chunks_exact_mut(self.outputs).take(some);
            to.zip(whole.chunks_exact(padded)).for_each(|(to, from)| to.copy_from_slice(&from[..self.outputs]));
        }
    }

    /// As [`Self::multiply`] with a ReLU, for rows without gaps and without negative values, of which many are zero in the
    /// same places: where whole strips of rows are, nothing is multiplied.
    ///
    /// # Panics
    /// As [`Self::multiply`].
    pub(super) fn multiply_rectified(&self, rows: &[f32], count: usize, out: &mut [f32], scratch: &mut SparseScratch) {
        if !self.outputs.is_multiple_of(block::SPARSE_COLUMNS) {
            return self.multiply(Lhs::rows(rows, self.depth()), count, true, out);
        }
        let (panels, bias) = (&self.panels, &self.bias[..]);
        block::multiply_sparse(self.instructions, SparseProduct { rows, count, panels, bias, out, scratch });
    }

    fn product<'a>(&'a self, rows: Rows<'a>, count: usize, relu: bool, out: &'a mut [f32]) -> Product<'a> {
        let (panels, outputs, stride) = (&self.panels, self.outputs, self.bias.len());
        Product { rows, count, panels, panel: 0, outputs, bias: Some(&self.bias), relu, out, stride }
    }
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}→{} on {}", self.depth(), self.outputs, self.instructions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_overlap_and_results_be_narrow() {
        let matrix = Matrix::new(2, &[0.0, 0.5], |k, o| [[1.0, 0.5], [10.0, 5.0]][k][o]);
        let mut out = [100.0; 4];
        matrix.multiply(Lhs::rows(&[1.0, 2.0, 3.0], 1), 2, false, &mut out);
        assert_eq!(out, [21.0, 11.0, 32.0, 16.5]);
        matrix.multiply(Lhs::rows(&[1.0, -2.0, 0.0, 0.0], 2), 2, true, &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, 0.5]);
    }

    #[test]
    #[should_panic(expected = "the left matrix is too short")]
    fn a_short_matrix_is_refused() {
        Matrix::new(2, &[0.0], |_, _| 1.0).multiply(Lhs::rows(&[1.0; 3], 2), 2, false, &mut [0.0; 2]);
    }
}
