//! The thread behind the view: takes the newest request, does one unit of work, looks again.

use super::model::LoadedModel;
use super::renderer::{RenderOptions, Renderer};
use super::schedule::{self, TilePart};
use super::source::render_source;
use crate::error::Error;
use crate::geometry::{PixelRect, View};
use crate::key::{ModelId, PictureId, TileKey};
use crate::picture::Picture;
use crate::task::{Mailbox, Post, Worker, mailbox};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Finished tiles that may wait for the window before the worker waits too.
const QUEUE: usize = 16;

/// What the window wants to see.
#[derive(Clone)]
pub struct ViewRequest {
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// The models that the wanted tiles name; the first is the view's own. None while it is being loaded.
    pub models: Vec<Arc<LoadedModel>>,
    /// The snapped view; the tiles' grid follows from its zoom.
    pub view: View,
    /// The tiles, or parts of them, that are missing on the screen, in any order.
    pub wanted: Vec<TilePart>,
    /// The output pixel that matters most, (x, y): what is nearest to it comes first.
    pub focus_in_output: [f64; 2],
    /// Memory for features.
    pub feature_budget_bytes: usize,
}

impl ViewRequest {
    fn model_of(&self, key: &TileKey) -> Option<&LoadedModel> {
        self.models.iter().find(|model| model.key == key.model).map(Arc::as_ref)
    }
}

/// A finished tile.
pub struct RenderedTile {
    /// Its name.
    pub key: TileKey,
    /// The output pixels that are there, at its zoom: all of it or a part.
    pub rect: PixelRect,
    /// Straight (not premultiplied) RGBA, 8 bits each.
    pub rgba: Vec<u8>,
    /// Whether it is known to have no transparency.
    pub is_opaque: bool,
    /// How long it took to make, encoding included, in seconds.
    pub render_secs: f64,
}

/// Which features of the picture in view are ready.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureReport {
    /// Of which picture.
    pub picture: PictureId,
    /// Under which model.
    pub model: ModelId,
    /// Their columns and rows, in no particular order.
    pub tiles: Vec<(usize, usize)>,
    /// Memory that all features take, those of other pictures and models included.
    pub used_bytes: usize,
}

/// What the worker has to say.
pub enum RenderEvent {
    /// A tile is ready.
    Tile(RenderedTile),
    /// Features were encoded or let go.
    Features(FeatureReport),
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
    let mut reported = None;
    while let Some(mut request) = inbox.wait() {
        renderer.set_feature_budget(request.feature_budget_bytes);
        let is_done = loop {
            if inbox.peek(|_| true) {
                break false;
            }
            if !report_features(&renderer, &request, &mut reported, outbox) {
                return;
            }
            let Some(unit) = next_unit(&renderer, &request) else { break true };
            let part = request.wanted.swap_remove(unit);
            // A panic must not take the window's hope for tiles with it; the renderer may be half-changed then.
            let unit = AssertUnwindSafe(|| render_tile(&mut renderer, &request, part, inbox));
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
    let is_ready = |TilePart { key, rect }: &TilePart| {
        let Some(model) = request.model_of(key) else { return true };
        renderer.is_ready(&request.picture, model, &request.view.grid_of(*rect), key.quality)
    };
    schedule::next(&request.wanted, request.focus_in_output, is_ready)
}

/// Renders a part of a tile, unless a newer request does not want it any more.
fn render_tile(
    renderer: &mut Renderer,
    request: &ViewRequest,
    TilePart { key, rect }: TilePart,
    inbox: &Mailbox<ViewRequest>,
) -> crate::error::Result<Option<RenderedTile>> {
    let is_wanted = |part: &TilePart| part.key == key && part.rect.intersection(rect).is_some();
    let is_stale = || inbox.peek(|newer| !newer.wanted.iter().any(is_wanted));
    let (grid, started) = (request.view.grid_of(rect), Instant::now());
    let mut raster = match request.model_of(&key) {
        Some(model) => renderer.render(&request.picture, model, &grid, key.recipe(), &is_stale)?,
        None if key.quality.is_neural() => return Ok(None),
        None => render_source(&request.picture, &grid, key.quality),
    };
    request.picture.color.show(&mut raster);
    let (rgba, render_secs) = (raster.to_rgba8(), started.elapsed().as_secs_f64());
    Ok(Some(RenderedTile { key, rect, rgba, is_opaque: raster.channels == 3, render_secs }))
}

/// Tells which features are ready, if that has changed. `false` once the window is gone.
fn report_features(
    renderer: &Renderer,
    request: &ViewRequest,
    reported: &mut Option<FeatureReport>,
    outbox: &Outbox,
) -> bool {
    let Some(model) = request.models.first() else { return true };
    let (mut tiles, used_bytes) = renderer.ready_features(request.picture.id, model.key);
    tiles.sort_unstable();
    let report = FeatureReport { picture: request.picture.id, model: model.key, tiles, used_bytes };
    if reported.as_ref() == Some(&report) {
        return true;
    }
    *reported = Some(report.clone());
    outbox.send(RenderEvent::Features(report))
}
