//! The thread behind the view: takes the newest request, does one unit of work, looks again.

use super::model::LoadedModel;
use super::renderer::{RenderOptions, Renderer};
use super::schedule;
use crate::error::Error;
use crate::geometry::{PixelRect, View};
use crate::key::TileKey;
use crate::picture::Picture;
use crate::task::{Mailbox, Post, Worker, mailbox};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Finished tiles that may wait for the window before the worker waits too.
const QUEUE: usize = 16;

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
pub struct RenderWorker {
    // Order matters: the mailbox and the queue close before the thread is joined.
    requests: Post<ViewRequest>,
    events: Receiver<RenderEvent>,
    _thread: Worker,
}

impl RenderWorker {
    /// Starts the thread; `notify` is called after each event is queued (to wake the window).
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (requests, inbox) = mailbox();
        let (sender, events) = sync_channel(QUEUE);
        let send = Outbox { sender, notify: Box::new(notify) };
        let thread = Worker::spawn("render", move || serve(&inbox, &send))?;
        Ok(Self { requests, events, _thread: thread })
    }

    /// Replaces whatever was asked before.
    pub fn request(&self, request: ViewRequest) {
        self.requests.send(request);
    }

    /// The next event, if one is ready. Never waits.
    pub fn poll(&self) -> Option<RenderEvent> {
        self.events.try_recv().ok()
    }
}

struct Outbox {
    sender: SyncSender<RenderEvent>,
    notify: Box<dyn Fn() + Send>,
}

impl Outbox {
    /// `false` once the window is gone.
    fn send(&self, event: RenderEvent) -> bool {
        let is_open = self.sender.send(event).is_ok();
        (self.notify)();
        is_open
    }
}

fn serve(inbox: &Mailbox<ViewRequest>, outbox: &Outbox) {
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    while let Some(mut request) = inbox.wait() {
        let is_done = loop {
            if inbox.peek(|_| true) {
                break false;
            }
            let Some(unit) = next_unit(&renderer, &request) else { break true };
            let key = request.wanted.swap_remove(unit);
            // A panic must not take the window's hope for tiles with it; the renderer may be half-changed then.
            let unit = AssertUnwindSafe(|| render_tile(&mut renderer, &request, key, inbox));
            let outcome = catch_unwind(unit).unwrap_or_else(|_| {
                renderer = Renderer::new(RenderOptions::VIEW);
                Err(Error::device("rendering this view failed unexpectedly; move the view to try again"))
            });
            match outcome {
                Ok(Some(tile)) => {
                    if !outbox.send(RenderEvent::Tile(tile)) {
                        return;
                    }
                }
                Ok(None) => {}
                Err(Error::Cancelled) => break false,
                Err(error) => {
                    outbox.send(RenderEvent::Failed(error.to_string()));
                    break false;
                }
            }
        };
        if is_done && !outbox.send(RenderEvent::Finished) {
            return;
        }
    }
}

fn next_unit(renderer: &Renderer, request: &ViewRequest) -> Option<usize> {
    let is_ready = |key: &TileKey| {
        let rect = request.view.tile_rect(key.column, key.row, request.picture.size);
        rect.is_none_or(|rect| renderer.is_ready(&request.picture, &request.model, &request.view.grid_of(rect)))
    };
    schedule::next(&request.wanted, request.focus_in_output, is_ready)
}

/// Renders one tile, unless a newer request does not want it any more.
fn render_tile(
    renderer: &mut Renderer,
    request: &ViewRequest,
    key: TileKey,
    inbox: &Mailbox<ViewRequest>,
) -> crate::error::Result<Option<RenderedTile>> {
    let Some(rect) = request.view.tile_rect(key.column, key.row, request.picture.size) else { return Ok(None) };
    let is_stale = || inbox.peek(|newer| !newer.wanted.contains(&key));
    let grid = request.view.grid_of(rect);
    let mut raster = renderer.render(&request.picture, &request.model, &grid, key.quality, &is_stale)?;
    request.picture.color.show(&mut raster);
    Ok(Some(RenderedTile { key, rect, rgba: raster.to_rgba8() }))
}
