//! Graphics devices: a headless device of its own, apart from the window's, shared by window and command line.
//!
//! This module knows adapters, limits, memory, loss and one kernel, the [convolution](Convolution), which the encoder
//! is made of and with which the decoder projects. [`Product`] and [`Gpu::time`] serve measurements alone. What runs on top is in `encode` and `decode`. Whatever fails here
//! is a [`GpuError`], and whoever asked goes on with the processor.

mod adapter;
mod band;
mod choice;
mod clock;
mod conv_shape;
mod conv_trial;
mod convolution;
mod device;
mod element_type;
mod error;
mod faults;
mod guard;
mod known_variants;
mod memory;
mod pace;
mod pipeline;
mod product;
#[cfg(test)]
pub(crate) mod reflect;
mod stopwatch;
mod template;
mod trial;
mod variant;

pub(crate) use adapter::ready;
pub use adapter::{AdapterChoice, AdapterDescription, adapters, has_real_adapter};
pub use conv_shape::ConvShape;
pub use convolution::{Activation, ConvParams, Convolution, ConvolutionPass};
pub use device::Gpu;
pub use element_type::{ElementType, from_bytes, to_bytes};
pub use error::{GpuError, GpuResult};
pub use faults::Faults;
pub use guard::{guarded, is_alive};
pub use known_variants::{KnownVariants, know_variants};
pub use pace::{Pace, Span};
pub use pipeline::{ComputePipeline, Dispatch};
pub use product::{Operands, Product};
pub use stopwatch::{DispatchKind, Timing};
pub use template::{THREAD_ROWS, expand, expand_marks};
pub use trial::{Trial, VariantTiming};
pub use variant::{Capacity, Shader, Subgroups, Variant};
