//! The hidden layers of imnet on a block of rows, all of them while the block is in the L2 cache.

use super::block::SparseScratch;
use super::layers::{BlockLayers, BlockScratch, Layer};
use super::matrix::Matrix;
use super::precision::Precision;
use super::rows::three_dots;

/// Rows that go through all layers together in single precision: whole strips of every kind of vectors, of which two
/// layers' values and a panel of weights stay in a small L2 cache.
const ROWS_TOGETHER: usize = 84;

/// Linear layers with a ReLU before each: `x → layer(relu(x)) → …`, none after the last.
#[derive(Clone, Debug)]
pub struct Mlp {
    hidden: Vec<Layer>,
    /// The hidden layers, packed for single precision.
    matrices: Vec<Matrix>,
    /// The hidden layers once more, packed for bfloat16, if that is to be used.
    blocks: Option<BlockLayers>,
    /// PyTorch's layout `[3, input]`: three dot products beat a product that is three columns wide.
    last: [Vec<f32>; 3],
    last_bias: [f32; 3],
}

/// Buffers of one thread, reused from block to block.
#[derive(Default)]
pub struct MlpScratch {
    now: Vec<f32>,
    next: Vec<f32>,
    /// Between two layers.
    between: [Vec<f32>; 2],
    sparse: SparseScratch,
    blocks: BlockScratch,
}

impl MlpScratch {
    /// The input block, `[rows, width]`, to be filled before [`Mlp::forward`]; what it held is undefined.
    pub fn input(&mut self, len: usize) -> &mut [f32] {
        if self.now.len() < len {
            self.now.resize(len, 0.0);
        }
        &mut self.now[..len]
    }
}

impl Mlp {
    /// Hidden layers and the last layer, which yields R, G, B: `last_weight [3, input]`. Hidden layers run in
    /// `precision` where the processor and their widths allow it, else in single precision.
    ///
    /// # Panics
    /// If the last layer does not have three outputs.
    pub fn new(hidden: Vec<Layer>, last_weight: &[f32], last_bias: &[f32], precision: Precision) -> Self {
        let row = |i: usize| last_weight[i * last_weight.len() / 3..(i + 1) * last_weight.len() / 3].to_vec();
        assert_eq!(last_bias.len(), 3, "the last layer yields three colours");
        let blocks = if precision.is_bf16() { BlockLayers::new(&hidden, precision) } else { None };
        let matrix =
            |layer: &Layer| Matrix::new(layer.inputs(), &layer.bias, |i, o| layer.weight[i * layer.outputs() + o]);
        let matrices = if blocks.is_none() { hidden.iter().map(matrix).collect() } else { Vec::new() };
        Self {
            hidden,
            matrices,
            blocks,
            last: [row(0), row(1), row(2)],
            last_bias: [last_bias[0], last_bias[1], last_bias[2]],
        }
    }

    /// Runs `rows` rows that lie in `scratch.input(rows * width)`, already clamped at zero, and writes R, G, B of
    /// each into `out [rows]`.
    pub fn forward(&self, rows: usize, scratch: &mut MlpScratch, out: &mut [[f32; 3]]) {
        match &self.blocks {
            Some(blocks) => {
                scratch.input(rows * self.widest());
                blocks.forward(rows, &mut scratch.now, &mut scratch.blocks);
            }
            None => self.forward_hidden(rows, scratch),
        }
        let inputs = self.last[0].len();
        for (row, rgb) in scratch.now.chunks_exact(inputs).zip(&mut out[..rows]) {
            let sums = three_dots(row, &self.last);
            *rgb = [0, 1, 2].map(|c| sums[c] + self.last_bias[c]);
        }
    }

    /// In which arithmetic the hidden layers run.
    pub fn precision(&self) -> Precision {
        self.blocks.as_ref().map_or(Precision::F32, BlockLayers::precision)
    }

    /// The hidden layers after the first.
    pub fn hidden(&self) -> &[Layer] {
        &self.hidden
    }

    /// The last layer: weights `[3, input]` and bias.
    pub fn last(&self) -> (&[Vec<f32>; 3], [f32; 3]) {
        (&self.last, self.last_bias)
    }

    fn widest(&self) -> usize {
        self.hidden.iter().map(|layer| layer.inputs().max(layer.outputs())).max().unwrap_or(0)
    }

    /// Some rows at a time through all layers.
    fn forward_hidden(&self, rows: usize, scratch: &mut MlpScratch) {
        let Some((last, inner)) = self.matrices.split_last() else { return };
        let MlpScratch { now, next, between: [from, to], sparse, .. } = scratch;
        let inputs = self.matrices[0].depth();
        next.resize(next.len().max(rows * last.outputs()), 0.0);
        for first in (0..rows).step_by(ROWS_TOGETHER) {
            let count = (rows - first).min(ROWS_TOGETHER);
            let mut values = &now[first * inputs..];
            for matrix in inner {
                to.resize(to.len().max(count * matrix.outputs()), 0.0);
                matrix.multiply_rectified(values, count, to, sparse);
                std::mem::swap(from, to);
                values = from;
            }
            last.multiply_rectified(values, count, &mut next[first * last.outputs()..], sparse);
        }
        std::mem::swap(now, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_layers_by_hand() {
        let hidden = Layer::from_torch(&[1.0, -1.0, 0.5, 2.0], &[0.0, -1.0]);
        let mlp = Mlp::new(vec![hidden], &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], &[0.25, 0.0, -1.0], Precision::F32);
        let mut scratch = MlpScratch::default();
        scratch.input(4).copy_from_slice(&[1.0, 2.0, 3.0, 0.5]);
        let mut out = [[0.0; 3]; 2];
        mlp.forward(2, &mut scratch, &mut out);
        // Row 1: relu([1 - 2, 0.5 + 4 - 1]) = [0, 3.5]; row 2: relu([2.5, 1.5 + 1 - 1]) = [2.5, 1.5].
        assert_eq!(out, [[0.25, 3.5, 2.5], [2.75, 1.5, 3.0]]);
    }
}
