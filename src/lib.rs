//! Zoomfield: photographs without pixels.
pub mod error;
pub mod evaluate;
pub mod export;
pub mod geometry;
pub mod key;
pub mod metrics;
pub mod picture;
pub mod render;
pub mod task;
