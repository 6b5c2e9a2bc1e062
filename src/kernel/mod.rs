//! The computations that everything waits for, on the CPU: the 3×3 convolution, and the fused MLP or the sums of waves.
//!
//! Functions are safe from outside; `unsafe` stays in here, each block with its reason. What goes in
//! and out is row-major `f32`.
#![allow(clippy::inline_always, reason = "only what is inlined is compiled for the instructions of its caller")]
#![allow(clippy::needless_range_loop, reason = "iterators over vectors may stay functions that are compiled for none")]

mod activation;
mod block;
mod conv3x3;
#[cfg(all(feature = "cuda", target_os = "linux"))]
pub mod cuda;
mod field_gradient;
mod field_rows;
mod field_shape;
mod instructions;
mod layers;
mod lines;
mod matrix;
mod mlp;
mod mlp_gradient;
mod mlp_rows;
mod mlp_shape;
mod outer;
mod panels;
mod precision;
mod processor;
mod rows;
mod simd;
mod spare;
mod target;
mod waves;

pub use activation::Activation;
pub use conv3x3::{
    After, Conv1x1, Conv3x3, Image, ImageBatch, ImageGradient, Joined, Order, ResultGradient, Through, WeightGradient,
    convolve_batch, convolve_batch_backward, convolve_batch_into, convolve_batch_silu_into, weight_gradient,
};
pub use field_gradient::{FieldGradient, TrainedField};
pub use field_shape::{FieldQuery, FieldShape};
pub use instructions::Instructions;
pub use layers::Layer;
pub use matrix::{Lhs, Matrix};
pub use mlp::{Mlp, MlpScratch};
pub use mlp_gradient::{L1Gradient, TrainedMlp};
pub use mlp_shape::{MlpShape, QueryTerm, QueryTerms};
pub use precision::{Precision, PrecisionChoice};
pub use processor::processor_name;
pub use rows::first_layer;
pub use spare::Spare;
pub use target::Targets;
pub use waves::{Places, RowsOfWaves, TOGETHER, WaveScratch, WaveTable, Waves};

#[cfg(test)]
mod tests {
    /// The largest absolute difference; one that is no number is the worst of all.
    pub(super) fn worst(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len(), "different sizes");
        let wider = |most: f32, off: f32| if off > most || off.is_nan() { off } else { most };
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, wider)
    }

    /// Numbers between -1 and 1, the same everywhere.
    pub(super) fn noise(n: usize, seed: u32) -> Vec<f32> {
        (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    }

    #[test]
    fn a_result_that_is_no_number_fails_every_comparison() {
        assert!(worst(&[1.0, f32::NAN, 2.0], &[1.0, 1.0, 2.0]).is_nan());
        assert_eq!(worst(&[1.0, 3.0, 2.0], &[1.0, 1.0, 2.5]), 2.0);
    }
}
