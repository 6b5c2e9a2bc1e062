//! The two computations that everything waits for, on the CPU: the 3×3 convolution and the fused MLP.
//!
//! Functions are safe from outside; `unsafe` stays in here, each block with its reason. All matrices are row-major
//! `f32`.

mod amx;
mod conv3x3;
mod gemm;
mod mlp;
mod precision;
mod rows;

pub use conv3x3::{Conv3x3, conv3x3};
pub use gemm::{Lhs, gemm};
pub use mlp::{Layer, Mlp, Scratch};
pub use precision::Precision;
pub use rows::first_layer;
