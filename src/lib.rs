//! Zoomfield: photographs without pixels.
//!
//! A picture is read once by a neural encoder and is from then on a continuous function (LIIF: Chen, Liu, Wang,
//! "Learning Continuous Image Representation with Local Implicit Image Function", CVPR 2021) that is evaluated where
//! and as finely as somebody looks.
//!
//! ```text
//! file ──open──▶ Picture ──encode──▶ FeatureTile ──decode──▶ Raster ──▶ screen, or file
//!                           ▲                         ▲
//!                           └──────── Weights ────────┘
//! ```
//!
//! Data flows one way; every stage is plain data. Library, command line and window share this core. A module imports
//! only from lower layers: `error` · `geometry`, `key`, `recipe`, `task`, `raster`, `atomic`, `lru` · `picture`, `feature`,
//! `weights`, `metrics`, `kernel`, `gpu` · `model` · `encode`, `decode` · `render` · `train` · `evaluate`, `export`,
//! `bench`, `library` · `cli`, `app`.
//!
//! Eight source pixels of a photograph, seen thirty times larger:
//!
//! ```
//! use zoomfield::geometry::{Region, SampleGrid, Size};
//! use zoomfield::picture::Picture;
//! use zoomfield::recipe::Source;
//! use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
//! use zoomfield::task::NEVER;
//!
//! # fn main() -> zoomfield::error::Result<()> {
//! let picture = Picture::open("assets/chelsea.png".as_ref())?;
//! let model = LoadedModel::builtin()?;
//! let region = Region { x: 150.25, y: 110.5, width: 4.0, height: 2.0 };
//! let grid = SampleGrid::spanning(region, Size::new(120, 60));
//! let mut renderer = Renderer::new(RenderOptions::VIEW);
//! let pixels = renderer.render(&picture, &model, &grid, Source::NEURAL, NEVER)?;
//! assert_eq!((pixels.size, pixels.channels), (Size::new(120, 60), 3));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "app")]
pub mod app;
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
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod kernel;
pub mod key;
pub mod library;
mod lru;
pub mod metrics;
pub mod model;
pub mod picture;
pub mod raster;
pub mod recipe;
pub mod render;
pub mod task;
pub mod train;
pub mod weights;
