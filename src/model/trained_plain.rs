//! The encoder of a live network for training on the CPU: the same function as [`Plain`](super::Plain). Its convolutions
//! are head, those of every block, tail.

use super::trained_encoder::{Backward, Forward, TrainedNetwork, add};
use crate::kernel::{After, ResultGradient, Through};

/// So many blocks of so many convolutions.
pub(super) struct TrainedPlain {
    pub(super) blocks: usize,
    pub(super) convs: usize,
}

impl TrainedNetwork for TrainedPlain {
    const NAME: &'static str = "trained-plain";

    /// Keeps what the head yielded, then for every convolution of the blocks its sums and what is behind them.
    fn forward(&self, pass: &Forward<'_>) -> (Vec<f32>, Vec<Vec<f32>>) {
        let mut kept = vec![pass.head()];
        for conv in 0..self.blocks * self.convs {
            let is_last = (conv + 1).is_multiple_of(self.convs);
            let residual = is_last.then(|| kept[2 * (conv + 1 - self.convs)].as_slice());
            let found = pass.convolve_silu(1 + conv, &kept[2 * conv], residual);
            kept.extend(found);
        }
        let all = self.blocks * self.convs;
        let after = After { residual: Some(&kept[0]), ..After::default() };
        let result = pass.last(1 + all, &kept[2 * all], after);
        (result, kept)
    }

    fn backward(&self, back: &mut Backward<'_>, kept: &[Vec<f32>], gradient: &[f32]) -> Vec<f32> {
        let all = self.blocks * self.convs;
        let mut now = back.convolve(1 + all, &kept[2 * all], ResultGradient::of_sums(gradient), None);
        for block in (0..self.blocks).rev() {
            let mut inner: Option<Vec<f32>> = None;
            for conv in (block * self.convs..(block + 1) * self.convs).rev() {
                let through = Through::Silu(&kept[1 + 2 * conv]);
                let of_result = ResultGradient { values: inner.as_ref().unwrap_or(&now), through };
                // What goes around the block is added at its start.
                let around = (conv == block * self.convs).then_some(now.as_slice());
                let next = back.convolve(1 + conv, &kept[2 * conv], of_result, around);
                inner.replace(next).into_iter().for_each(|used| back.put(used));
            }
            if let Some(inner) = inner {
                back.put(std::mem::replace(&mut now, inner));
            }
        }
        // What goes around all blocks.
        add(&mut now, gradient);
        now
    }
}
