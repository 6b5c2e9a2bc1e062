//! Picture and model to pixels: the feature cache, the order of work, the renderer and its thread.

mod cache;
mod model;
mod renderer;
pub mod schedule;
mod worker;

pub use cache::ByteLru;
pub use model::LoadedModel;
pub use renderer::{RenderOptions, Renderer};
pub use worker::{RenderEvent, RenderWorker, RenderedTile, ViewRequest};
