//! How long a person waits: from opening a photograph to its first and to all of its final pixels, by the window's own
//! render thread, whatever computes; and what a view costs at each zoom.

#[cfg(feature = "gpu")]
use super::rows::ViewWait;
use super::sample;
use super::{BenchStage, Measurement};
use crate::error::{Error, Result};
use crate::geometry::{Size, View};
use crate::kernel::Precision;
use crate::key::TileKey;
use crate::picture::Picture;
use crate::recipe::Source;
use crate::render::{FieldRequest, LoadedModel, RenderEvent, RenderOptions, RenderWorker, TilePart, ViewRequest};
use crate::weights::Weights;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The canvas that is filled.
const CANVAS: Size = Size::new(1280, 800);

/// When the first pixels of the network and all final ones were there, in seconds, as far as that was waited for.
#[derive(Default)]
struct Waited {
    first: Option<f64>,
    all: Option<f64>,
}

/// A photograph that was opened and shown.
pub(super) struct Opened {
    photo: Size,
    zoom: f64,
    /// Until it was decoded, in seconds.
    open: f64,
    /// From then on.
    shown: Waited,
}

impl Opened {
    /// As a measurement of a graphics device that had `limit` for it.
    #[cfg(feature = "gpu")]
    pub(super) fn by(&self, device: &str, precision: &'static str, limit: Duration) -> ViewWait {
        ViewWait {
            device: device.to_owned(),
            precision,
            photo: format!("{} JPEG", self.photo),
            canvas: CANVAS.to_string(),
            zoom: self.zoom,
            open_secs: self.open,
            first_secs: self.shown.first.map(|secs| self.open + secs),
            all_secs: self.shown.all.map(|secs| self.open + secs),
            limit_secs: limit.as_secs_f64(),
        }
    }
}

/// The window's render threads, and the sound of their bell.
struct Screen {
    worker: RenderWorker,
    /// How many requests there were.
    requests: Cell<u64>,
    bell: Receiver<()>,
}

impl Screen {
    fn new() -> Result<Self> {
        let (ring, bell) = sync_channel(1);
        let worker = RenderWorker::start(move || {
            // A ring that was not heard yet stands for this one too.
            let _ = ring.try_send(());
        })
        .map_err(Error::device)?;
        Ok(Self { worker, requests: Cell::new(0), bell })
    }

    /// Shows the middle of a picture at `zoom` and waits for all of it, no longer than `limit`.
    fn show(&self, picture: &Arc<Picture>, model: &Arc<LoadedModel>, zoom: f64, limit: Duration) -> Result<Waited> {
        let start = Instant::now();
        let number = self.requests.get() + 1;
        self.requests.set(number);
        // Where features are there already, the window asks for no bicubic tiles of what a live network makes.
        let is_at_hand = number > 1 && model.is_live();
        let asked = request(picture, model, zoom, if is_at_hand { &[] } else { &[Source::Bicubic] });
        self.worker.request(ViewRequest { number, ..asked });
        let mut waited = Waited::default();
        loop {
            let rung = self.bell.recv_timeout(limit.saturating_sub(start.elapsed()));
            while let Some(event) = self.worker.poll() {
                match event {
                    RenderEvent::Tile(tile) if tile.key.recipe.is_neural() => {
                        waited.first.get_or_insert_with(|| start.elapsed().as_secs_f64());
                    }
                    RenderEvent::Finished(_) => {
                        let all = start.elapsed().as_secs_f64();
                        return Ok(Waited { first: waited.first.or(Some(all)), all: Some(all) });
                    }
                    RenderEvent::Failed { reason, .. } => return Err(Error::device(reason)),
                    _ => {}
                }
            }
            match rung {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(waited),
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }
}

/// All tiles of the view, as the window asks for them: first impressions, then the final ones.
fn request(picture: &Arc<Picture>, model: &Arc<LoadedModel>, zoom: f64, first: &[Source]) -> ViewRequest {
    let middle = [picture.size.width as f64 / 2.0, picture.size.height as f64 / 2.0];
    let view = View::centered(middle, zoom, CANVAS).snapped();
    let visible = view.visible_output(picture.size, CANVAS).unwrap_or(picture.size.rect());
    let mut passes = [first, &[Source::NEURAL]].concat();
    if model.coarse_saves(zoom) {
        passes.push(Source::COARSE);
    }
    let scale = (zoom.to_bits(), zoom.to_bits());
    let key = |source: Source, (column, row)| TileKey {
        picture: picture.id,
        model: source.is_neural().then(|| model.key()),
        scale,
        column,
        row,
        recipe: source.into(),
    };
    let tiles: Vec<_> = View::tiles_over(visible).collect();
    let part = |source, tile: (usize, usize)| {
        let rect = view.tile_rect(tile.0, tile.1, picture.size)?.intersection(visible)?;
        Some(TilePart { key: key(source, tile), rect })
    };
    let wanted = passes.iter().flat_map(|source| tiles.iter().filter_map(|tile| part(*source, *tile))).collect();
    let focus_in_output = [0, 1].map(|i| middle[i] * zoom);
    ViewRequest {
        number: 0,
        likely: Vec::new(),
        fields: FieldRequest::default(),
        picture: picture.clone(),
        models: vec![model.clone()],
        view,
        wanted,
        focus_in_output,
        feature_budget_bytes: RenderOptions::VIEW.feature_budget_bytes,
    }
}

/// Opens a photograph and shows it on a screen of its own, no longer than `limit`.
pub(super) fn open(path: &Path, model: &Arc<LoadedModel>, zoom: f64, limit: Duration) -> Result<Opened> {
    let start = Instant::now();
    let photo = Arc::new(Picture::open(path)?);
    let open = start.elapsed().as_secs_f64();
    let shown = Screen::new()?.show(&photo, model, zoom, limit)?;
    Ok(Opened { photo: photo.size, zoom, open, shown })
}

fn ended() -> Error {
    Error::device("the render thread ended; please report this")
}

pub(super) fn run(
    weights: &Weights,
    picture: &Picture,
    precision: Precision,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    let model = Arc::new(LoadedModel::on_cpu(weights, precision)?);
    let folder = sample::folder()?;
    let path = folder.path().join("photo.jpg");
    sample::write_photo(picture, &path)?;
    let pixels = CANVAS.area();
    let stage = |name: String, pixels: usize| BenchStage { name, precision, pixels, flop: 0.0 };
    for zoom in [2.0, 4.0, 8.0, 30.0] {
        let Opened { photo, zoom, open, shown } = open(&path, &model, zoom, Duration::MAX)?;
        let (first, all) = shown.first.zip(shown.all).ok_or_else(ended)?;
        report(&stage(format!("open {photo} JPEG to first neural pixels, ×{zoom}"), 0).took(open + first));
        report(&stage(format!("open {photo} JPEG to the final view, ×{zoom}"), 0).took(open + all));
        report(&stage(format!("... of which after the file is decoded, ×{zoom}"), 0).took(all));
    }
    let photo = Arc::new(Picture::open(&path)?);
    for zoom in [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0] {
        // Another zoom shares no tiles with this one, but its features: the second time is decoding alone.
        let screen = Screen::new()?;
        screen.show(&photo, &model, zoom, Duration::MAX)?;
        let again = screen.show(&photo, &model, zoom * (1.0 + 1e-9), Duration::MAX)?.all.ok_or_else(ended)?;
        report(&stage(format!("decode a {CANVAS} view at ×{zoom}"), pixels).took(again));
    }
    Ok(())
}
