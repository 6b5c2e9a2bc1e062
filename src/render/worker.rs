//! The thread behind the view: takes the newest request, does one unit of work, looks again.

use super::model::LoadedModel;
use crate::geometry::{PixelRect, View};
use crate::key::TileKey;
use crate::picture::Picture;
use std::sync::Arc;

/// What the window wants to see.
#[derive(Clone)]
pub struct ViewRequest {
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// By which model.
    pub model: Arc<LoadedModel>,
    /// The snapped view; the tiles' grid follows from its zoom.
    pub view: View,
    /// The tiles that are missing on the screen, in any order.
    pub wanted: Vec<TileKey>,
    /// The output pixel that matters most, (x, y): what is nearest to it comes first.
    pub focus_in_output: [f64; 2],
}

/// A finished tile.
pub struct RenderedTile {
    /// Its name.
    pub key: TileKey,
    /// The output pixels that it covers, at its zoom.
    pub rect: PixelRect,
    /// Straight (not premultiplied) RGBA, 8 bits each.
    pub rgba: Vec<u8>,
}

/// What the worker has to say.
pub enum RenderEvent {
    /// A tile is ready.
    Tile(RenderedTile),
    /// All tiles of the newest request were sent.
    Finished,
    /// The request cannot be rendered; the sentence says why.
    Failed(String),
}

/// The render thread. Dropping it ends and joins the thread.
pub struct RenderWorker;

impl RenderWorker {
    /// Starts the thread; `notify` is called after each event is queued (to wake the window).
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(_notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        unimplemented!()
    }

    /// Replaces whatever was asked before.
    pub fn request(&self, _request: ViewRequest) {
        unimplemented!()
    }

    /// The next event, if one is ready. Never waits.
    pub fn poll(&self) -> Option<RenderEvent> {
        unimplemented!()
    }
}
