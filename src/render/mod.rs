//! Picture and model to pixels: the feature cache, the order of work, the renderer and its thread.

#[cfg(feature = "gpu")]
mod accelerator;
mod cache;
mod kind;
mod model;
mod renderer;
#[cfg(feature = "gpu")]
mod revival;
pub mod schedule;
mod source;
mod worker;

pub use cache::ByteLru;
pub use kind::suits_nearest;
pub use model::{Backend, Compute, LoadedModel};
pub use renderer::{RenderOptions, Renderer, coarse_saves};
pub use schedule::TilePart;
pub use source::render_source;
pub use worker::{FeatureReport, RenderEvent, RenderWorker, RenderedTile, ViewRequest};
