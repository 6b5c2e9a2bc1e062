//! Picture and model to pixels: the store of features, the order of work, the renderer and its threads.

#[cfg(feature = "gpu")]
mod accelerator;
mod color;
mod compute;
mod computed;
mod ensemble;
mod invention;
mod kind;
mod lock;
mod lock_samples;
mod map_scale;
mod map_worker;
#[cfg(feature = "gpu")]
mod mip;
mod model;
mod names;
#[cfg(feature = "gpu")]
mod reconnect;
mod renderer;
mod request;
pub mod sample;
pub mod schedule;
mod source;
mod store;
mod units;
mod wear;
mod worker;

pub use crate::lru::ByteLru;
pub use compute::{Backend, Compute};
pub use invention::{Invention, InventionLayer};
pub use kind::suits_nearest;
pub use map_scale::{MOST_INVENTED, invention_color};
pub use map_worker::{MapEvent, MapRequest, MapWorker, Measured, Probe};
pub use model::LoadedModel;
pub use renderer::{RenderOptions, Renderer, features_for};
pub use request::{FeatureReport, FieldRequest, RenderEvent, RenderedTile, ViewRequest};
#[cfg(feature = "gpu")]
pub use request::{RenderedField, RenderedSource};
pub use schedule::{TilePart, coarse_saves};
pub use source::render_source;
pub use store::{FeatureStore, Keeping};
pub use units::TILES_PER_THREAD;
pub use wear::{Suited, Wear};
pub use worker::RenderWorker;
