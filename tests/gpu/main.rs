//! The graphics card's results against the original's numbers and the processor's, and its failures.
//!
//! Without a graphics card the tests say so and pass, unless `ZOOMFIELD_REQUIRE_GPU=1` forbids that. Software adapters
//! (lavapipe, WARP) serve here: `ZOOMFIELD_TEST_DEVICE` names another one.

#![cfg(feature = "gpu")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

#[path = "../common/mod.rs"]
mod common;
mod decode;
mod encode;
mod faults;

use common::{psnr, worst};
use std::sync::Arc;
use zoomfield::gpu::{AdapterChoice, Gpu, Number, adapters};

/// In single precision, as far as the processor's own kernels are.
pub(crate) const TOLERANCE: f32 = 1e-4;
/// In half precision, in dB of a span of 2.
pub(crate) const HALF_PSNR: f64 = 70.0;

pub(crate) const TINY: [&str; 7] = [
    "liif_edsr_tiny",
    "liif_edsr_tiny_no_cell_decode",
    "liif_edsr_tiny_no_feat_unfold",
    "liif_edsr_tiny_no_local_ensemble",
    "liif_edsr_tiny_shallow",
    "liif_edsr_tiny_none",
    "liif_rdn_tiny",
];

/// The adapter to test with: any, software too.
pub(crate) fn choice() -> Option<AdapterChoice> {
    if let Ok(name) = std::env::var("ZOOMFIELD_TEST_DEVICE") {
        return Some(AdapterChoice::Named(name));
    }
    let found = adapters().into_iter().next().map(|adapter| AdapterChoice::Named(adapter.name));
    let is_required = std::env::var_os("ZOOMFIELD_REQUIRE_GPU").is_some_and(|value| value == "1");
    assert!(found.is_some() || !is_required, "ZOOMFIELD_REQUIRE_GPU=1, but no adapter can compute");
    if found.is_none() {
        println!("skipped: no graphics card, and no software one either");
    }
    found
}

pub(crate) fn open() -> Option<Arc<Gpu>> {
    choice().map(|choice| Arc::new(Gpu::open(&choice).unwrap()))
}

pub(crate) fn numbers(gpu: &Gpu) -> Vec<Number> {
    if gpu.has_f16() { vec![Number::F32, Number::F16] } else { vec![Number::F32] }
}

pub(crate) fn assert_close(what: &str, number: Number, ours: &[f32], reference: &[f32]) {
    let (difference, quality) = (worst(ours, reference), psnr(ours, reference, 2.0));
    println!("{what} {number:?}: off by at most {difference}, {quality:.1} dB");
    let is_close = if number == Number::F32 { difference < TOLERANCE } else { quality >= HALF_PSNR };
    assert!(is_close, "{what} {number:?}: off by {difference}, {quality:.1} dB");
}
