//! The graphics device's results against the original's numbers and the processor's, and its failures.
//!
//! Without a graphics device the tests say so and pass, unless `ZOOMFIELD_REQUIRE_GPU=1` forbids that. Software adapters
//! (lavapipe, WARP) serve here: `ZOOMFIELD_TEST_DEVICE` names another one.

#![cfg(feature = "gpu")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod bench;
mod canvas;
mod canvas_lock;
mod choice;
mod command_line;
#[path = "../common/mod.rs"]
mod common;
mod convolution;
mod decode;
#[path = "../common/devices.rs"]
mod devices;
mod encode;
mod faults;
#[path = "../common/icc.rs"]
mod icc;
mod live;
mod names;
mod product;
#[path = "../color/profile.rs"]
#[expect(dead_code, reason = "other tests need its mathematics")]
mod profile;
#[path = "../color/table.rs"]
mod table;
#[path = "../common/tagged.rs"]
mod tagged;
mod target;
mod view;

/// In single precision, as far as the processor's own kernels are.
pub(crate) const TOLERANCE: f32 = 1e-4;
/// In half precision, in dB of a span of 2.
pub(crate) const HALF_PSNR: f64 = 70.0;
