//! imnet's weights, folded for decoding.
//!
//! The first layer is linear in its input `[code | rel_coord | rel_cell]`. Its code columns, applied to the unfolded
//! map, are a zero-padded 3×3 convolution (`project`), computed once per latent code instead of once per query; its
//! `rel_cell` columns are constant over a picture and join the bias; two columns for `rel_coord` remain per query.

use crate::kernel::{Layer, Matrix, Mlp, Precision};
use crate::weights::{Normalization, Weights};

/// What decoding needs of the weights.
#[derive(Clone, Debug)]
pub struct DecodeParams {
    /// Values in a latent code.
    pub channels: usize,
    /// Taps of `project`: 9 with feature unfolding, else 1.
    pub taps: usize,
    /// `[taps * channels, width]`, tap-major.
    pub project: Vec<f32>,
    /// The same, packed for the processor.
    pub projection: Matrix,
    /// Columns of `rel_coord`, y and x, `[width]` each.
    pub rel_coord: [Vec<f32>; 2],
    /// Columns of `rel_cell`, y and x, `[width]` each; empty without cell decoding.
    pub rel_cell: [Vec<f32>; 2],
    /// Bias of the first layer, `[width]`.
    pub bias: Vec<f32>,
    /// The layers after the first.
    pub mlp: Mlp,
    /// Blend four latent codes, or read the nearest alone.
    pub local_ensemble: bool,
    /// From imnet's output to RGB.
    pub normalization: Normalization,
}

impl DecodeParams {
    /// Folds the weights, for hidden layers in `precision`.
    ///
    /// # Panics
    /// If they are of another family.
    pub fn new(weights: &Weights, precision: Precision) -> Self {
        let config = weights.config();
        let imnet = config.decoder.imnet().expect("LIIF's decoder");
        let first = weights.array("imnet.layers.0.weight");
        let (width, input) = (first.shape[0], first.shape[1]);
        let (channels, taps) = (config.encoder.features(), if imnet.feat_unfold { 9 } else { 1 });
        let column = |i: usize| (0..width).map(|o| first.data[o * input + i]).collect::<Vec<_>>();
        // The original's unfolding is channel-major (channel * 9 + tap); rows of pixels here are tap-major.
        let order = (0..taps).flat_map(|tap| (0..channels).map(move |channel| channel * taps + tap));
        let codes = imnet.code_width(channels);
        let project: Vec<f32> = order.flat_map(column).collect();
        Self {
            channels,
            taps,
            projection: Matrix::new(taps * channels, &vec![0.0; width], |k, o| project[k * width + o]),
            project,
            rel_coord: [codes, codes + 1].map(column),
            rel_cell: if imnet.cell_decode { [codes + 2, codes + 3].map(column) } else { Default::default() },
            bias: weights.array("imnet.layers.0.bias").data.clone(),
            mlp: remaining_layers(weights, &imnet.hidden, precision),
            local_ensemble: imnet.local_ensemble,
            normalization: config.normalization,
        }
    }

    /// Width of the first hidden layer.
    pub fn width(&self) -> usize {
        self.bias.len()
    }

    /// Codes around a queried one that decoding reads.
    pub fn margin(&self) -> usize {
        usize::from(self.taps == 9)
    }

    /// The first layer's bias for pixels of `pitch` (y, x) source pixels: `rel_cell` is twice the pitch.
    pub fn bias_for(&self, pitch: [f64; 2]) -> Vec<f32> {
        let mut bias = self.bias.clone();
        for (columns, pitch) in self.rel_cell.iter().zip(pitch) {
            let rel_cell = (2.0 * pitch) as f32;
            bias.iter_mut().zip(columns).for_each(|(b, w)| *b += rel_cell * w);
        }
        bias
    }
}

fn remaining_layers(weights: &Weights, widths: &[usize], precision: Precision) -> Mlp {
    let arrays = |i: usize| {
        let name = |kind| format!("imnet.layers.{}.{kind}", 2 * i);
        (&weights.array(&name("weight")).data, &weights.array(&name("bias")).data)
    };
    let hidden = (1..widths.len()).map(arrays).map(|(weight, bias)| Layer::from_torch(weight, bias)).collect();
    let (last, last_bias) = arrays(widths.len());
    Mlp::new(hidden, last, last_bias, precision)
}
