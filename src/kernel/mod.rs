//! The two computations that everything waits for, on the CPU: the 3×3 convolution and the fused MLP.
//!
//! Functions are safe from outside; `unsafe` stays in here, each block with its reason. All matrices are row-major
//! `f32`.

mod block;
mod conv3x3;
mod gemm;
mod layers;
mod lines;
mod mlp;
mod mlp_gradient;
mod mlp_rows;
mod panels;
mod precision;
mod rows;

pub use conv3x3::{
    After, BatchGradient, Conv3x3, Image, ImageBatch, Order, WeightGradient, convolve_batch, convolve_batch_backward,
    weight_gradient,
};
pub use gemm::{Lhs, gemm};
pub use mlp::{Layer, Mlp, Scratch};
pub use mlp_gradient::{Ask, Asks, L1Gradient, MlpShape, TrainedMlp};
pub use precision::{Precision, PrecisionChoice};
pub use rows::first_layer;
