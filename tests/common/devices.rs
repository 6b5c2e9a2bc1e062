//! The graphics device to test with.

use std::sync::Arc;
use zoomfield::gpu::{AdapterChoice, ElementType, Gpu, adapters};

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

/// What it can multiply.
pub(crate) fn element_types(gpu: &Gpu) -> Vec<ElementType> {
    if gpu.has_f16() { vec![ElementType::F32, ElementType::F16] } else { vec![ElementType::F32] }
}
