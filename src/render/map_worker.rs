//! The thread that computes the invention map of a view at rest, and its values under the cursor.
//!
//! It is apart from those behind the view: whoever asks lets it work while the view wants nothing, and takes that back
//! ([`MapRequest::parts`] without any) once it does; work that a newer request does not want stops between two blocks. What it
//! encodes of the eight members is kept beside the view's features, as long as somebody wants a map.

use super::invention::{Invention, InventionLayer};
use super::model::LoadedModel;
use super::renderer::{RenderOptions, Renderer};
use super::request::RenderedTile;
use super::schedule::{self, TilePart};
use super::store::{FeatureStore, Keeping};
use crate::error::{Error, Result};
use crate::geometry::{PixelRect, View};
use crate::key::TileKey;
use crate::lru::ByteLru;
use crate::picture::Picture;
use crate::task::{Mailbox, Post, Worker, mailbox};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Parts of a map that may wait for the window before the thread waits too.
const QUEUE: usize = 32;

/// Memory for values, so that another layer of the same map is a matter of colours.
const VALUES_BYTES: usize = 64 << 20;

/// How its renderer works, but for the budget of features, which comes with a request.
const OPTIONS: RenderOptions =
    RenderOptions { keeping: Keeping::Beside, decoded_budget_bytes: 0, ..RenderOptions::VIEW };

/// An output pixel of which somebody wants to know the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The tile that shows it.
    pub key: TileKey,
    /// The pixel (x, y), at the tile's zoom.
    pub pixel: (usize, usize),
}

/// What was found there, in ΔE*ab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// How far the shown colour is from the bicubic one.
    pub departure: f32,
    /// How far the eight answers are from their mean.
    pub disagreement: f32,
}

/// What the window wants to know of a view at rest.
#[derive(Clone)]
pub struct MapRequest {
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// The models that the parts name.
    pub models: Vec<Arc<LoadedModel>>,
    /// The snapped view; the tiles' grid follows from its zoom.
    pub view: View,
    /// What the map shows.
    pub layer: InventionLayer,
    /// The parts of its tiles that are missing on the screen, in any order.
    pub parts: Vec<TilePart>,
    /// The pixel under the cursor: it comes first.
    pub probe: Option<Probe>,
    /// The output pixel that matters most, (x, y): what is nearest to it comes next.
    pub focus_in_output: [f64; 2],
    /// Memory for features of the eight members, beside the view's.
    pub feature_budget_bytes: usize,
}

impl MapRequest {
    fn model_of(&self, key: &TileKey) -> Option<&Arc<LoadedModel>> {
        self.models.iter().find(|model| Some(model.key()) == key.model)
    }
}

/// What the thread has to say.
pub enum MapEvent {
    /// A part of the map is ready, in its colours.
    Tile(InventionLayer, RenderedTile),
    /// What was found at a pixel.
    Probed(Probe, Measured),
    /// A request cannot be carried out: why, in a sentence.
    Failed(String),
}

/// The thread. Dropping it ends and joins it.
pub struct MapWorker {
    // Order matters: the mailbox and the queue close before the thread is joined.
    requests: Post<Option<MapRequest>>,
    events: Receiver<MapEvent>,
    _thread: Worker,
}

impl MapWorker {
    /// Starts it, with a store that others use as well; `notify` is called after each event is queued (to wake the window).
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn sharing(store: FeatureStore, notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let ((requests, inbox), (events, received)) = (mailbox(), sync_channel(QUEUE));
        let thread = Worker::spawn("map", move || serve(&inbox, &events, &notify, &store))?;
        Ok(Self { requests, events: received, _thread: thread })
    }

    /// Replaces whatever was asked before. Nothing at all gives back the memory that maps take.
    pub fn request(&self, request: Option<MapRequest>) {
        self.requests.send(request);
    }

    /// The next event, if one is ready. Never waits.
    pub fn poll(&self) -> Option<MapEvent> {
        self.events.try_recv().ok()
    }
}

fn serve(inbox: &Mailbox<Option<MapRequest>>, outbox: &SyncSender<MapEvent>, notify: &dyn Fn(), store: &FeatureStore) {
    let mut desk: Option<Desk> = None;
    while let Some(request) = inbox.wait() {
        let Some(mut request) = request else {
            desk = None;
            continue;
        };
        if let Some(desk) = &mut desk {
            desk.renderer.set_feature_budget(request.feature_budget_bytes);
        }
        let budget = request.feature_budget_bytes;
        while !inbox.peek(|_| true) {
            let work = || desk.get_or_insert_with(|| Desk::new(store, budget)).next(&mut request, inbox);
            // A panic must not take the hope for maps with it; the renderer may be half-changed then.
            let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                desk = None;
                Err(Error::device("the invention map failed unexpectedly; move the view to try again"))
            });
            let event = match result {
                Ok(Some(event)) => event,
                Ok(None) | Err(Error::Cancelled) => break,
                Err(error) => MapEvent::Failed(error.to_string()),
            };
            let goes_on = !matches!(event, MapEvent::Failed(_));
            if outbox.send(event).is_err() {
                return;
            }
            notify();
            if !goes_on {
                break;
            }
        }
    }
}

/// What it works with.
struct Desk {
    renderer: Renderer,
    /// Parts of maps, whatever layer of them was asked for.
    values: ByteLru<TilePart, Arc<Invention>>,
}

impl Desk {
    fn new(store: &FeatureStore, feature_budget_bytes: usize) -> Self {
        let options = RenderOptions { feature_budget_bytes, ..OPTIONS };
        Self { renderer: Renderer::sharing(store.clone(), options), values: ByteLru::new(VALUES_BYTES) }
    }

    /// Does the next piece of work of a request; none if nothing is left of it.
    fn next(&mut self, request: &mut MapRequest, inbox: &Mailbox<Option<MapRequest>>) -> Result<Option<MapEvent>> {
        if let Some(probe) = request.probe.take()
            && let Some(measured) = self.probe(request, probe, inbox)?
        {
            return Ok(Some(MapEvent::Probed(probe, measured)));
        }
        while let Some(at) = schedule::next(&request.parts, request.focus_in_output, |_| 0, |_| true) {
            let (started, part) = (Instant::now(), request.parts[at]);
            let map = self.map(request, part, inbox)?;
            request.parts.swap_remove(at);
            if let Some(map) = map {
                let (TilePart { key, rect }, rgba) = (part, map.colors(request.layer).to_rgba8());
                let render_secs = started.elapsed().as_secs_f64();
                let tile = RenderedTile { key, rect, rgba, is_opaque: true, render_secs };
                return Ok(Some(MapEvent::Tile(request.layer, tile)));
            }
        }
        Ok(None)
    }

    fn probe(
        &mut self,
        request: &MapRequest,
        probe: Probe,
        inbox: &Mailbox<Option<MapRequest>>,
    ) -> Result<Option<Measured>> {
        let pixel = PixelRect::at(probe.pixel);
        let is_known = |part: &TilePart| part.key == probe.key && part.rect.contains(pixel);
        let known = self.values.iter().find(|(part, _)| is_known(part)).map(|(part, map)| (part.rect, map.clone()));
        let (rect, map) = match known {
            Some(known) => known,
            None => match self.map(request, TilePart { key: probe.key, rect: pixel }, inbox)? {
                Some(map) => (pixel, map),
                None => return Ok(None),
            },
        };
        let at = (probe.pixel.1 - rect.y) * rect.width + probe.pixel.0 - rect.x;
        Ok(Some(Measured { departure: map.departure[at], disagreement: map.disagreement[at] }))
    }

    /// A part of the map, computed unless it is known; nothing if its model is gone, or if what computes is not what its name
    /// says any more.
    fn map(
        &mut self,
        request: &MapRequest,
        part: TilePart,
        inbox: &Mailbox<Option<MapRequest>>,
    ) -> Result<Option<Arc<Invention>>> {
        if let Some(map) = self.values.get(&part) {
            return Ok(Some(map.clone()));
        }
        let Some(model) = request.model_of(&part.key) else { return Ok(None) };
        let (picture, grid, recipe) = (&request.picture, request.view.grid_of(part.rect), part.key.recipe);
        let is_wanted = |newer: &MapRequest| {
            let is_it = |other: &TilePart| other.key == part.key && other.rect.contains(part.rect);
            let is_probed = |probe: Probe| probe.key == part.key && PixelRect::at(probe.pixel) == part.rect;
            newer.parts.iter().any(is_it) || newer.probe.is_some_and(is_probed)
        };
        let is_stale = || inbox.peek(|newer| !newer.as_ref().is_some_and(is_wanted));
        let view: Vec<_> = request.parts.iter().map(|part| request.view.grid_of(part.rect)).collect();
        self.renderer.encode_map_around(picture, model, (&grid, &view), recipe, &is_stale)?;
        let map = Arc::new(self.renderer.invention(picture, model, &grid, recipe, &is_stale)?);
        if Some(model.key()) != part.key.model {
            return Ok(None);
        }
        let bytes = 2 * size_of::<f32>() * map.departure.len();
        drop(self.values.insert(part, map.clone(), bytes));
        Ok(Some(map))
    }
}
