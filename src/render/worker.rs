//! The threads behind the view: each takes the newest request, does one unit of work, looks again.

use super::model::LoadedModel;
use super::renderer::{RenderOptions, Renderer, features_for};
use super::schedule::{self, TilePart};
use super::source::render_source;
use super::store::FeatureStore;
use crate::error::{Error, Result};
use crate::feature::FeaturePrecision;
use crate::geometry::{PixelRect, View};
use crate::key::{EncodedBy, PictureId, TileKey};
use crate::picture::{Picture, Raster};
use crate::task::{Mailbox, Post, Worker, mailbox};
use rayon::prelude::*;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Finished tiles that may wait for the window before the worker waits too: 8 MiB, more than a view's bicubic tiles,
/// which are made faster than windows draw. With 16 of them the network began five frames late.
const QUEUE: usize = 128;

/// Tiles of a field for each thread before the worker looks up: about two milliseconds of work.
const TILES_PER_THREAD: usize = 2;

/// What the window wants to see.
#[derive(Clone)]
pub struct ViewRequest {
    /// Its name, larger than those before, which comes back with [`RenderEvent::Finished`].
    pub number: u64,
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// The models that the wanted tiles name; the first is the view's own. None while it is being loaded.
    pub models: Vec<Arc<LoadedModel>>,
    /// The snapped view; the tiles' grid follows from its zoom.
    pub view: View,
    /// The tiles, or parts of them, that are missing on the screen, in any order.
    pub wanted: Vec<TilePart>,
    /// Parts of tiles that will be wanted soon: while a view is still changing its features are encoded.
    pub likely: Vec<TilePart>,
    /// The output pixel that matters most, (x, y): what is nearest to it comes first.
    pub focus_in_output: [f64; 2],
    /// Memory for features.
    pub feature_budget_bytes: usize,
}

impl ViewRequest {
    fn model_of(&self, key: &TileKey) -> Option<&LoadedModel> {
        self.models.iter().find(|model| Some(model.key()) == key.model).map(Arc::as_ref)
    }

    /// The feature tiles, counted in tiles, that a part of a tile needs.
    fn features_for(&self, part: &TilePart) -> Option<PixelRect> {
        features_for(self.model_of(&part.key)?, self.picture.size, &self.view.grid_of(part.rect), part.key.recipe)
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
    /// By what.
    pub by: EncodedBy,
    /// Their columns and rows, in ascending order.
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
    /// All tiles of the request of this number were sent.
    Finished(u64),
    /// A request cannot be rendered.
    Failed {
        /// Its number.
        number: u64,
        /// Why, in a sentence.
        reason: String,
    },
}

/// The two threads behind the view: one for the network, one for what is made of source pixels alone, which never waits
/// for the other. Dropping it ends and joins them.
pub struct RenderWorker {
    // Order matters: the mailboxes and the queue close before the threads are joined.
    requests: [Post<ViewRequest>; 2],
    events: Receiver<RenderEvent>,
    /// The request that one of the threads has finished.
    half_done: Cell<Option<u64>>,
    threads: Vec<Worker>,
}

impl RenderWorker {
    /// Starts the threads, with features of their own; `notify` is called after each event is queued (to wake the window).
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(notify: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::sharing(FeatureStore::default(), notify)
    }

    /// The same with a store that others use as well.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn sharing(store: FeatureStore, notify: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (sender, events) = sync_channel(QUEUE);
        let outbox = Outbox { sender, notify: Arc::new(notify) };
        let ((to_source, source), (to_network, network)) = (mailbox(), mailbox());
        let for_source = outbox.clone();
        let requests = [to_source, to_network];
        // Were the second thread refused, dropping this would end and join the first.
        let mut this = Self { requests, events, half_done: Cell::new(None), threads: Vec::new() };
        this.threads.push(Worker::spawn("source", move || serve_source(&source, &for_source))?);
        this.threads.push(Worker::spawn("render", move || serve_network(&network, &outbox, &store))?);
        Ok(this)
    }

    /// Replaces whatever was asked before.
    pub fn request(&self, request: ViewRequest) {
        let [to_source, to_network] = &self.requests;
        let is_neural = |part: &TilePart| part.key.recipe.is_neural();
        let (neural, plain) = request.wanted.iter().copied().partition(is_neural);
        to_source.send(ViewRequest { wanted: plain, likely: Vec::new(), ..request.clone() });
        to_network.send(ViewRequest { wanted: neural, ..request });
    }

    /// The next event, if one is ready. Never waits.
    pub fn poll(&self) -> Option<RenderEvent> {
        loop {
            match self.events.try_recv().ok()? {
                RenderEvent::Finished(number) if !self.is_second_half(number) => {}
                event => return Some(event),
            }
        }
    }

    /// Whether the other thread had finished this request already. What is said of an older one comes too late.
    fn is_second_half(&self, number: u64) -> bool {
        let newest = self.half_done.get().filter(|half| *half >= number);
        self.half_done.set(Some(newest.unwrap_or(number)));
        newest == Some(number)
    }
}

#[derive(Clone)]
struct Outbox {
    sender: SyncSender<RenderEvent>,
    notify: Arc<dyn Fn() + Send + Sync>,
}

impl Outbox {
    /// `false` once the window is gone.
    fn send(&self, event: RenderEvent) -> bool {
        let is_open = self.sender.send(event).is_ok();
        (self.notify)();
        is_open
    }

    /// Sends what a unit of work has come to. `None` once the window is gone, else whether to go on with the request.
    fn send_result(&self, number: u64, result: UnitResult) -> Option<bool> {
        let unexpected = || Error::device("rendering this view failed unexpectedly; move the view to try again");
        let event = match result.unwrap_or_else(|_| Err(unexpected())) {
            Ok(None) => return Some(true),
            Ok(Some(tile)) => RenderEvent::Tile(tile),
            Err(Error::Cancelled) => return Some(false),
            Err(error) => RenderEvent::Failed { number, reason: error.to_string() },
        };
        let goes_on = matches!(event, RenderEvent::Tile(_));
        self.send(event).then_some(goes_on)
    }
}

/// What has become of a unit of work: a tile, nothing to show, an error, or a panic.
type UnitResult = std::thread::Result<Result<Option<RenderedTile>>>;

/// Serves the newest request; `work` does the next units, if there are some left.
fn serve(
    inbox: &Mailbox<ViewRequest>,
    outbox: &Outbox,
    mut work: impl FnMut(&mut ViewRequest) -> Option<Vec<UnitResult>>,
) {
    while let Some(mut request) = inbox.wait() {
        let is_done = loop {
            if inbox.peek(|_| true) {
                break false;
            }
            let Some(results) = work(&mut request) else { break true };
            // What is finished is sent although something beside it failed.
            let sent: Vec<_> = results.into_iter().map(|result| outbox.send_result(request.number, result)).collect();
            if sent.contains(&None) {
                return;
            }
            if sent.contains(&Some(false)) {
                break false;
            }
        };
        if is_done && !outbox.send(RenderEvent::Finished(request.number)) {
            return;
        }
    }
}

/// Serves the tiles that are made of source pixels alone, on threads of their own: in the common pool they would stand
/// behind the network's convolutions.
fn serve_source(inbox: &Mailbox<ViewRequest>, outbox: &Outbox) {
    let pool = rayon::ThreadPoolBuilder::new().thread_name(|_| "source".into()).build().ok();
    serve(inbox, outbox, |request| {
        let at = schedule::next(&request.wanted, request.focus_in_output, |_| true)?;
        let part = request.wanted.swap_remove(at);
        let work = || Ok(Some(source_tile(request, part)));
        let on_pool = || pool.as_ref().map_or_else(work, |pool| pool.install(work));
        Some(vec![catch_unwind(AssertUnwindSafe(on_pool))])
    });
}

fn source_tile(request: &ViewRequest, part: TilePart) -> RenderedTile {
    let started = Instant::now();
    let raster = render_source(&request.picture, &request.view.grid_of(part.rect), part.key.recipe.source());
    finished_tile(request, part, raster, started)
}

/// Serves the network's tiles.
fn serve_network(inbox: &Mailbox<ViewRequest>, outbox: &Outbox, store: &FeatureStore) {
    let mut renderer = Renderer::sharing(store.clone(), RenderOptions::VIEW);
    let (mut reported, mut focus) = (None, None);
    serve(inbox, outbox, |request| {
        renderer.set_feature_budget(request.feature_budget_bytes);
        report_features(&renderer, request, &mut reported, outbox);
        let units = take_units(&renderer, request)?;
        let first = || match units[0] {
            Unit::Render(part) => request.features_for(&part).map(|tiles| (request.number, tiles)),
            Unit::Encode(_) => None,
        };
        focus = focus.filter(|(number, _)| *number == request.number).or_else(first);
        // A panic must not take the window's hope for tiles with it; the renderer may be half-changed then.
        let work = |unit, focus| catch_unwind(AssertUnwindSafe(|| do_unit(&renderer, request, unit, focus, inbox)));
        let results = match units[..] {
            [unit] => vec![work(unit, focus.map(|(_, tiles)| tiles))],
            _ => side_by_side(units, |unit| work(unit, None)),
        };
        if results.iter().any(Result::is_err) {
            renderer = Renderer::sharing(store.clone(), RenderOptions::VIEW);
        }
        Some(results)
    });
}

/// Does units at the same time. Of the time that all took, each tile has taken its share by area.
fn side_by_side(units: Vec<Unit>, work: impl Fn(Unit) -> UnitResult + Sync + Send) -> Vec<UnitResult> {
    let started = Instant::now();
    let mut results: Vec<_> = units.into_par_iter().map(work).collect();
    let secs = started.elapsed().as_secs_f64();
    let tiles = || results.iter().filter_map(|result| result.as_ref().ok()?.as_ref().ok()?.as_ref());
    let all: usize = tiles().map(|tile| tile.rect.area()).sum();
    for tile in results.iter_mut().filter_map(|result| result.as_mut().ok()?.as_mut().ok()?.as_mut()) {
        tile.render_secs = secs * tile.rect.area() as f64 / all as f64;
    }
    results
}

/// A piece of work after which the thread looks up.
#[derive(Clone, Copy)]
enum Unit {
    /// Pixels that are missing on the screen.
    Render(TilePart),
    /// Features alone.
    Encode(TilePart),
}

/// The next units of a request, which are taken off its lists: one, or as many tiles as the threads make of a field in a
/// few milliseconds, each on one of them.
fn take_units(renderer: &Renderer, request: &mut ViewRequest) -> Option<Vec<Unit>> {
    let is_ready = |part: &TilePart| {
        let Some(model) = request.model_of(&part.key) else { return true };
        renderer.is_ready(&request.picture, model, &request.view.grid_of(part.rect), part.key.recipe)
    };
    let is_quick = |part: &TilePart| request.model_of(&part.key).is_some_and(LoadedModel::is_instant) && is_ready(part);
    let most = TILES_PER_THREAD * rayon::current_num_threads();
    let order = schedule::first(&request.wanted, request.focus_in_output, is_ready, most);
    let mut parts: Vec<TilePart> = order.into_iter().map(|at| request.wanted[at]).collect();
    let quick = parts.iter().take_while(|part| is_quick(part)).count();
    parts.truncate(quick.max(1));
    request.wanted.retain(|part| !parts.contains(part));
    let mut units: Vec<Unit> = parts.into_iter().map(Unit::Render).collect();
    if units.is_empty() {
        units.extend(request.likely.pop().map(Unit::Encode));
    }
    (!units.is_empty()).then_some(units)
}

/// Encodes what a part of a tile needs and, if its pixels are wanted, renders it; nothing while its model is missing.
/// `focus` are the feature tiles that the request needed first.
fn do_unit(
    renderer: &Renderer,
    request: &ViewRequest,
    unit: Unit,
    focus: Option<PixelRect>,
    inbox: &Mailbox<ViewRequest>,
) -> Result<Option<RenderedTile>> {
    let started = Instant::now();
    let (Unit::Render(part) | Unit::Encode(part)) = unit;
    let Some(model) = request.model_of(&part.key) else { return Ok(None) };
    let (picture, grid, recipe) = (&request.picture, request.view.grid_of(part.rect), part.key.recipe);
    let is_stale = |block| inbox.peek(|newer| !needs(newer, request, model, block));
    if let Some(focus) = focus.filter(|_| model.is_live())
        && let Some(needed) = request.features_for(&part)
    {
        let alike = request.wanted.iter().filter(|other| other.key.model == part.key.model);
        let view = alike.filter_map(|part| request.features_for(part));
        renderer.encode_around(picture, model, [needed, focus], view, &is_stale)?;
    }
    let gathered = renderer.gather(picture, model, &grid, recipe, &is_stale)?;
    if let Unit::Encode(_) = unit {
        return Ok(None);
    }
    let is_wanted = |newer: &TilePart| newer.key == part.key && newer.rect.intersection(part.rect).is_some();
    let is_stale = || inbox.peek(|newer| !newer.wanted.iter().any(is_wanted));
    let raster = renderer.render_gathered(gathered, picture, model, &grid, recipe, &is_stale)?;
    // A graphics device that was lost on the way has not made all of it, as its name says. What does now is asked for next.
    let is_by_its_name = part.key.model == Some(model.key());
    Ok(is_by_its_name.then(|| finished_tile(request, part, raster, started)))
}

/// Whether a tile of a newer request, be it of another zoom, needs a feature of a block: then encoding it is worth going on
/// with.
fn needs(newer: &ViewRequest, request: &ViewRequest, model: &LoadedModel, block: PixelRect) -> bool {
    let (picture, by) = (&request.picture, model.encoded_by(FeaturePrecision::Half));
    let needs = |TilePart { key, rect }: &TilePart| {
        let is_alike = key.picture == picture.id && key.model.is_some_and(|model| model.features == by);
        let needed = || features_for(model, picture.size, &newer.view.grid_of(*rect), key.recipe);
        is_alike && needed().is_some_and(|features| features.intersection(block).is_some())
    };
    newer.wanted.iter().chain(&newer.likely).any(needs)
}

fn finished_tile(
    request: &ViewRequest,
    TilePart { key, rect }: TilePart,
    mut raster: Raster,
    started: Instant,
) -> RenderedTile {
    request.picture.color.show(&mut raster);
    let (rgba, render_secs) = (raster.to_rgba8(), started.elapsed().as_secs_f64());
    RenderedTile { key, rect, rgba, is_opaque: raster.channels == 3, render_secs }
}

/// Tells which features are ready, if that has changed.
fn report_features(renderer: &Renderer, request: &ViewRequest, reported: &mut Option<FeatureReport>, outbox: &Outbox) {
    let Some(model) = request.models.first() else { return };
    let (tiles, used_bytes) = renderer.ready_features(request.picture.id, model);
    let by = model.encoded_by(FeaturePrecision::Half);
    let report = FeatureReport { picture: request.picture.id, by, tiles, used_bytes };
    if reported.as_ref() != Some(&report) {
        *reported = Some(report.clone());
        // Whether the window is gone the next tile finds out: its mailbox is closed by then, which interrupts the work.
        outbox.send(RenderEvent::Features(report));
    }
}
