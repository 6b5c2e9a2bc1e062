//! Zoomfield: photographs without pixels.
#[cfg(feature = "app")]
pub mod app;
pub mod error;
pub mod export;
pub mod geometry;
pub mod key;
pub mod picture;
pub mod render;
pub mod task;
