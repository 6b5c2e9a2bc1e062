//! Zoomfield: photographs without pixels.
mod atomic;
pub mod bench;
pub mod cli;
pub mod decode;
pub mod encode;
pub mod error;
pub mod evaluate;
pub mod export;
pub mod feature;
pub mod geometry;
pub mod kernel;
pub mod key;
pub mod metrics;
pub mod model;
pub mod picture;
pub mod render;
pub mod task;
pub mod weights;
