//! EDSR for training on the CPU: the same function as [`Edsr`](super::Edsr) with a residual scale of 1. Its convolutions
//! are head, two of every block, last.

use super::trained_encoder::{Backward, Forward, TrainedNetwork, add};
use crate::kernel::{Activation, After, ResultGradient, Through};

/// EDSR of so many blocks.
pub(super) struct TrainedEdsr {
    pub(super) blocks: usize,
}

impl TrainedNetwork for TrainedEdsr {
    const NAME: &'static str = "trained-edsr";

    /// Keeps what the head and every convolution of the blocks yielded.
    fn forward(&self, pass: &Forward<'_>) -> (Vec<f32>, Vec<Vec<f32>>) {
        let mut kept = vec![pass.head()];
        for block in 0..self.blocks {
            let before = &kept[2 * block];
            let relu = After { activation: Activation::Relu, residual: None };
            let inner = pass.convolve(1 + 2 * block, before, relu);
            let after = pass.convolve(2 + 2 * block, &inner, plus(before));
            kept.extend([inner, after]);
        }
        let result = pass.last(1 + 2 * self.blocks, &kept[2 * self.blocks], plus(&kept[0]));
        (result, kept)
    }

    fn backward(&self, back: &mut Backward<'_>, kept: &[Vec<f32>], gradient: &[f32]) -> Vec<f32> {
        let last = ResultGradient::of_sums(gradient);
        let mut now = back.convolve(1 + 2 * self.blocks, &kept[2 * self.blocks], last, None);
        for block in (0..self.blocks).rev() {
            let (before, inner) = (&kept[2 * block], &kept[2 * block + 1]);
            let of_inner = back.convolve(2 + 2 * block, inner, ResultGradient::of_sums(&now), None);
            let clamped = ResultGradient { values: &of_inner, through: Through::Relu(inner) };
            // What goes around the block is added.
            let next = back.convolve(1 + 2 * block, before, clamped, Some(&now));
            back.put(of_inner);
            back.put(std::mem::replace(&mut now, next));
        }
        // What goes around all blocks.
        add(&mut now, gradient);
        now
    }
}

fn plus(residual: &[f32]) -> After<'_> {
    After { residual: Some(residual), ..After::default() }
}
