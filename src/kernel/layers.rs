//! Linear layers, and imnet's hidden ones in blocks of bfloat16 products: between two layers activations stay bfloat16.

use super::block::{self, Multiplier, Rows, Sums};
use super::instructions::Instructions;
use super::lines::Buffer;
use super::panels::{BLOCK_COLUMNS, Panels};
use super::precision::Precision;

/// One linear layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// `[input, output]`, the transpose of PyTorch's `[output, input]`.
    pub weight: Vec<f32>,
    /// `[output]`.
    pub bias: Vec<f32>,
}

impl Layer {
    /// From PyTorch's layout, `weight [output, input]`.
    pub fn from_torch(weight: &[f32], bias: &[f32]) -> Self {
        let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
        let transposed = (0..inputs).flat_map(|i| (0..outputs).map(move |o| weight[o * inputs + i])).collect();
        Self { weight: transposed, bias: bias.to_vec() }
    }

    /// How many values go in.
    pub fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// How many values come out.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }
}

/// A layer's weights, packed.
#[derive(Clone)]
struct BlockLayer {
    panels: Panels,
    bias: Vec<f32>,
    /// Words of a row that goes in.
    words: usize,
}

/// Layers with a ReLU after each.
#[derive(Clone)]
pub(super) struct BlockLayers {
    precision: Precision,
    layers: Vec<BlockLayer>,
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct BlockScratch {
    now: Buffer,
    next: Buffer,
}

impl std::fmt::Debug for BlockLayers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} layers in {}", self.layers.len(), self.precision)
    }
}

impl BlockLayers {
    /// The layers in `precision`, if the processor has it and every width is a multiple of a block's.
    pub(super) fn new(layers: &[Layer], precision: Precision) -> Option<Self> {
        let is_whole = |n: usize| n > 0 && n.is_multiple_of(BLOCK_COLUMNS);
        let fits = |layer: &Layer| is_whole(layer.inputs()) && is_whole(layer.outputs());
        let pack = |layer: &Layer| {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            let panels = Panels::pack(inputs, outputs, precision, |i, o| layer.weight[i * outputs + o]);
            BlockLayer { words: panels.words(), panels, bias: layer.bias.clone() }
        };
        (precision.is_available() && !layers.is_empty() && layers.iter().all(fits))
            .then(|| Self { precision, layers: layers.iter().map(pack).collect() })
    }

    /// In which arithmetic they run.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// Runs `rows` rows of `values [rows, width]` through all layers, in place; `values` must have room for the widest
    /// layer. Results are clamped at zero.
    ///
    /// # Panics
    /// If `values` is too short.
    pub(super) fn forward(&self, rows: usize, values: &mut [f32], scratch: &mut BlockScratch) {
        let multiplier = Multiplier::new(self.precision, Instructions::in_use());
        let padded = block::rows_read(self.precision, rows);
        let per_word = self.precision.values_per_word();
        let first = &self.layers[0];
        let input = &values[..rows * first.words * per_word];
        block::narrow(self.precision, input, &mut scratch.now.words(padded * first.words)[..rows * first.words]);
        let mut sums = Sums::zero();
        let (last, inner) = self.layers.split_last().expect("there is a layer");
        for layer in inner {
            let stride = layer.bias.len() / per_word;
            let (now, next) = (scratch.now.words(padded * layer.words), scratch.next.words(padded * stride));
            layer.forward(&multiplier, rows, now, &mut sums, |row, column, sums, bias| {
                block::to_words(self.precision, sums, bias, &mut next[row * stride + column / per_word..], stride);
            });
            std::mem::swap(&mut scratch.now, &mut scratch.next);
        }
        let stride = last.bias.len();
        last.forward(
            &multiplier,
            rows,
            scratch.now.words(padded * last.words),
            &mut sums,
            |row, column, sums, bias| {
                block::to_values(sums, bias, &mut values[row * stride + column..], stride);
            },
        );
    }
}

impl BlockLayer {
    /// Hands `store` every block of sums: its first row and column, the sums of its rows, and their bias.
    fn forward(
        &self,
        multiplier: &Multiplier,
        rows: usize,
        input: &[u32],
        sums: &mut Sums,
        mut store: impl FnMut(usize, usize, &[[f32; BLOCK_COLUMNS]], &[f32; BLOCK_COLUMNS]),
    ) {
        let lhs = Rows { data: input, stride: self.words, runs: 1, pitch: 0, words: self.words };
        let step = multiplier.rows_of_block();
        for row in (0..rows).step_by(step) {
            let count = (rows - row).min(step);
            for (index, bias) in self.bias.as_chunks().0.iter().enumerate() {
                multiplier.multiply(lhs.from(row), count, &self.panels, index, sums);
                store(row, index * BLOCK_COLUMNS, &sums.0[..count], bias);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::bf16;

    fn scaled(n: usize, seed: u32, scale: f32) -> Vec<f32> {
        crate::kernel::tests::noise(n, seed).iter().map(|v| scale * v).collect()
    }

    /// The same arithmetic, one product at a time: bfloat16 factors, single-precision sums.
    fn scalar_twin(layers: &[Layer], rows: usize, values: &[f32]) -> Vec<f32> {
        let round = |v: f32| bf16::from_f32(v).to_f32();
        layers.iter().fold(values.to_vec(), |values, layer| {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            let sum = |r: usize, o: usize| -> f32 {
                (0..inputs).map(|i| round(values[r * inputs + i]) * round(layer.weight[i * outputs + o])).sum()
            };
            (0..rows * outputs).map(|k| (sum(k / outputs, k % outputs) + layer.bias[k % outputs]).max(0.0)).collect()
        })
    }

    fn compare(precision: Precision, rows: usize, widths: [usize; 3]) {
        let layer = |i: usize| {
            let weight = scaled(widths[i] * widths[i + 1], 7 + i as u32, 0.1);
            Layer { weight, bias: scaled(widths[i + 1], 3, 0.2) }
        };
        let layers = [layer(0), layer(1)];
        let widest = *widths.iter().max().unwrap();
        let mut values = scaled(rows * widths[0], 1, 1.0);
        let expected = scalar_twin(&layers, rows, &values);
        values.resize(rows * widest, 0.0);
        BlockLayers::new(&layers, precision).unwrap().forward(rows, &mut values, &mut BlockScratch::default());
        let worst = crate::kernel::tests::worst(&expected, &values[..expected.len()]);
        let size = expected.iter().map(|v| v.abs()).fold(0.0, f32::max);
        // Sums run in another order, and a rounding to bfloat16 between the layers may fall the other way.
        assert!(worst <= 0.01 * size, "{precision}, {rows} rows of {widths:?}: {worst} of {size}");
        let slipped = expected.iter().zip(&values[1..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(rows * widths[2] < 64 || slipped > 0.01 * size, "the comparison cannot fail");
    }

    #[test]
    fn blocks_do_what_their_scalar_twin_does() {
        for precision in [Precision::Bf16Vectors, Precision::Bf16Tiles] {
            if !precision.is_available() {
                eprintln!("skipped: this processor has no {precision}");
                continue;
            }
            for (rows, widths) in [(1, [32, 64, 32]), (33, [96, 32, 64]), (256, [256, 256, 256])] {
                compare(precision, rows, widths);
            }
        }
    }
}
