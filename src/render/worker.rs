//! The threads behind the view: each takes the newest request, does one unit of work, looks again.

#[cfg(feature = "gpu")]
use super::mip::{mip_tiles, take_mip_tiles};
use super::renderer::{RenderOptions, Renderer};
use super::request::{FeatureReport, FieldRequest, RenderEvent, RenderedTile, ViewRequest};
use super::schedule::{self, TilePart};
use super::source::render_view_source;
use super::store::FeatureStore;
use super::units::{Unit, UnitResult, do_unit, finished_tile, side_by_side, take_units};
use crate::error::{Error, Result};
use crate::feature::FeaturePrecision;
use crate::task::{Mailbox, Post, Worker, mailbox};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Finished tiles that may wait for the window before the worker waits too: 8 MiB, more than a view's bicubic tiles,
/// which are made faster than windows draw. With 16 of them the network began five frames late.
const QUEUE: usize = 128;

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
        let FieldRequest { by, view, ahead, source } = request.fields.clone();
        to_source.send(ViewRequest {
            wanted: plain,
            likely: Vec::new(),
            fields: FieldRequest { source, ..FieldRequest::default() },
            ..request.clone()
        });
        let fields = FieldRequest { by, view, ahead, source: Vec::new() };
        to_network.send(ViewRequest { wanted: neural, fields, ..request });
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
            Ok(Some(event)) => event,
            Err(Error::Cancelled) => return Some(false),
            Err(error) => RenderEvent::Failed { number, reason: error.to_string() },
        };
        let goes_on = !matches!(event, RenderEvent::Failed { .. });
        self.send(event).then_some(goes_on)
    }
}

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
        let work = source_unit(request)?;
        let on_pool = || match &pool {
            Some(pool) => pool.install(|| work(request)),
            None => work(request),
        };
        let is_read = |event| request.picture.check_read().map(|()| Some(event));
        Some(vec![catch_unwind(AssertUnwindSafe(on_pool)).map(is_read)])
    });
}

/// A piece of work for a request.
type SourceUnit = Box<dyn Fn(&ViewRequest) -> RenderEvent + Send + Sync>;

/// The next one, which is taken off the request's lists.
fn source_unit(request: &mut ViewRequest) -> Option<SourceUnit> {
    #[cfg(feature = "gpu")]
    if let Some(tiles) = take_mip_tiles(&mut request.fields.source) {
        return Some(Box::new(move |request| RenderEvent::Source(mip_tiles(&request.picture, &tiles))));
    }
    let at = schedule::next(&request.wanted, request.focus_in_output, |_| 0, |_| true)?;
    let part = request.wanted.swap_remove(at);
    Some(Box::new(move |request| RenderEvent::Tile(source_tile(request, part))))
}

fn source_tile(request: &ViewRequest, part: TilePart) -> RenderedTile {
    let started = Instant::now();
    let raster = render_view_source(&request.picture, &request.view.grid_of(part.rect), part.key.recipe.source());
    finished_tile(request, part, raster, started)
}

/// Serves the network's tiles.
fn serve_network(inbox: &Mailbox<ViewRequest>, outbox: &Outbox, store: &FeatureStore) {
    let mut renderer = Renderer::sharing(store.clone(), RenderOptions::VIEW);
    let (mut reported, mut focus) = (Vec::new(), None);
    serve(inbox, outbox, |request| {
        renderer.set_feature_budget(request.feature_budget_bytes);
        report_features(&renderer, request, &mut reported, outbox);
        let units = take_units(&renderer, request)?;
        let first = || {
            let Unit::Render(part) = units[0] else { return None };
            request.features_for(&part).map(|tiles| (request.number, tiles))
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

/// Tells which features of each model are ready, where that has changed.
fn report_features(renderer: &Renderer, request: &ViewRequest, reported: &mut Vec<FeatureReport>, outbox: &Outbox) {
    for model in &request.models {
        let (tiles, used_bytes) = renderer.ready_features(request.picture.id, model);
        let by = model.encoded_by(FeaturePrecision::Half);
        let report = FeatureReport { picture: request.picture.id, by, tiles, used_bytes };
        if !reported.contains(&report) {
            reported.retain(|known| known.by != by);
            reported.push(report.clone());
            // Whether the window is gone the next tile finds out: its mailbox is closed by then, which interrupts the work.
            outbox.send(RenderEvent::Features(report));
        }
    }
}
