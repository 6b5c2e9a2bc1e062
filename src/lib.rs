//! Zoomfield: photographs without pixels.
pub mod error;
pub mod export;
pub mod geometry;
pub mod key;
pub mod picture;
pub mod render;
pub mod task;
