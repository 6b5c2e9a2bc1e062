//! A window without the rest of the program: tiles come at once, dialogs and files are played.

use crate::training_run::train;
use eframe::egui;
use egui_kittest::Harness;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use zoomfield::app::files::FileServices;
use zoomfield::app::files::recent::beside;
use zoomfield::app::ports::{DialogPurpose, MapSource, OpenFn, Opened, Outside, PagesFn, Stamp, TileSource};
use zoomfield::app::settings::SettingsWriter;
use zoomfield::app::window::services::DataFolders;
use zoomfield::app::{App, AppOptions, LoadFn, ModelSource, Ports, Services};
use zoomfield::bench::{CPU, Device, Speed};
use zoomfield::error::{Error, Result};
use zoomfield::export::batch::{Counts, FolderJob, FolderProgress, FolderReport};
use zoomfield::export::{ExportJob, ExportReport, Progress};
use zoomfield::geometry::{Size, View};
use zoomfield::picture::{Picture, Raster, Screen};
use zoomfield::recipe::Source;
use zoomfield::render::{
    Backend, Compute, FeatureStore, LoadedModel, MapEvent, MapRequest, RenderEvent, RenderedTile, TilePart, ViewRequest,
};
use zoomfield::task::{Gate, Interrupt};

/// Everything that was asked, and what is still to be answered.
#[derive(Default)]
pub(crate) struct Log {
    /// The requests, oldest first.
    pub(crate) requests: Vec<ViewRequest>,
    /// Events not yet taken.
    pub(crate) events: VecDeque<RenderEvent>,
    /// Whether requests are only written down.
    pub(crate) is_silent: bool,
    /// What was asked about the network's share, oldest first.
    pub(crate) maps: Vec<Option<MapRequest>>,
}

/// Answers every request at once with tiles that are easy to tell apart.
#[derive(Clone, Default)]
pub(crate) struct StubTiles(pub(crate) Rc<RefCell<Log>>);

impl StubTiles {
    /// Answers the last request, which was only written down, and from now on all at once.
    pub(crate) fn answer(&self) {
        let request = self.0.borrow().requests.last().cloned().expect("a request");
        self.0.borrow_mut().is_silent = false;
        self.request(request);
    }
}

impl TileSource for StubTiles {
    fn request(&self, request: ViewRequest) {
        let mut log = self.0.borrow_mut();
        if !log.is_silent {
            let tiles: Vec<RenderEvent> =
                request.wanted.iter().map(|part| RenderEvent::Tile(tile(&request, *part))).collect();
            log.events.extend(tiles);
            log.events.push_back(RenderEvent::Finished(request.number));
        }
        log.requests.push(request);
    }

    fn poll(&self) -> Option<RenderEvent> {
        self.0.borrow_mut().events.pop_front()
    }
}

/// Writes down what is asked about the network's share, and knows nothing of it.
struct NoMaps(Rc<RefCell<Log>>);

impl MapSource for NoMaps {
    fn request(&self, request: Option<MapRequest>) {
        self.0.borrow_mut().maps.push(request);
    }

    fn poll(&self) -> Option<MapEvent> {
        None
    }
}

/// Neural tiles are interpolated smoothly, resampled ones are blocks.
fn tile(request: &ViewRequest, TilePart { key, rect }: TilePart) -> RenderedTile {
    let picture = &request.picture;
    let view = View { zoom: key.zoom().0, corner_on_screen: [0.0, 0.0] };
    let mut rgba = Vec::with_capacity(rect.area() * 4);
    for y in rect.y..rect.bottom() {
        for x in rect.x..rect.right() {
            let at = [(x as f64 + 0.5) / view.zoom, (y as f64 + 0.5) / view.zoom];
            rgba.extend(color_at(picture, at, key.recipe.source()));
        }
    }
    RenderedTile { key, rect, rgba, is_opaque: picture.alpha.is_none(), render_secs: 0.01 }
}

/// What a tile shows at an image position.
pub(crate) fn color_at(picture: &Picture, at: [f64; 2], from: Source) -> [u8; 4] {
    let sides = [picture.size.width, picture.size.height];
    let pixel = |x: usize, y: usize, c: usize| f64::from(picture.rgb.unit((y * sides[0] + x) * 3 + c)) * 255.0;
    let opacity = |x: usize, y: usize| picture.alpha.as_ref().map_or(1.0, |alpha| alpha.unit(y * sides[0] + x));
    let nearest = [0, 1].map(|i| (at[i] as usize).min(sides[i] - 1));
    let low = [0, 1].map(|i| ((at[i] - 0.5).max(0.0) as usize).min(sides[i] - 1));
    let high = [0, 1].map(|i| (low[i] + 1).min(sides[i] - 1));
    let part = [0, 1].map(|i| (at[i] - 0.5 - low[i] as f64).clamp(0.0, 1.0));
    let value = |c: usize| match from {
        Source::Nearest | Source::Bicubic => pixel(nearest[0], nearest[1], c),
        Source::Liif(_) => {
            let row = |y| pixel(low[0], y, c) * (1.0 - part[0]) + pixel(high[0], y, c) * part[0];
            row(low[1]) * (1.0 - part[1]) + row(high[1]) * part[1]
        }
    };
    let alpha = (opacity(nearest[0], nearest[1]) * 255.0) as u8;
    [value(0).round() as u8, value(1).round() as u8, value(2).round() as u8, alpha]
}

/// A picture with round shapes and fine detail.
pub(crate) fn picture(size: Size) -> Picture {
    let mut rgb = Vec::with_capacity(size.area() * 3);
    for y in 0..size.height {
        for x in 0..size.width {
            let (u, v) = (x as f64 / size.width as f64, y as f64 / size.height as f64);
            let rings = (((u - 0.62).hypot(v - 0.42) * 42.0).sin() * 0.5 + 0.5) * (1.0 - v);
            let leaf = if (u - 0.3).hypot((v - 0.6) * 1.4) < 0.2 { 0.75 } else { 0.15 };
            let channel = |base: f64| ((base * 0.6 + rings * 0.35).clamp(0.0, 1.0) * 255.0) as u8;
            rgb.extend([channel(u), channel(leaf), channel(1.0 - v)]);
        }
    }
    Picture::from_rgb8(size, rgb)
}

/// The same, transparent outside an ellipse.
pub(crate) fn cut_out(size: Size) -> Picture {
    let opaque = picture(size);
    let alpha = (0..size.area())
        .map(|i| {
            let (u, v) = ((i % size.width) as f64 / size.width as f64, (i / size.width) as f64 / size.height as f64);
            ((1.3 - (u - 0.5).hypot(v - 0.5) * 2.4).clamp(0.0, 1.0) * 255.0) as u8
        })
        .collect();
    Picture::from_samples(size, opaque.rgb, Some(zoomfield::picture::Samples::U8(alpha)))
}

/// Files that were given up while they were read.
pub(crate) static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

/// A `.png` is a picture of the size that its content says, 120x80 if there is none. One called `slow…` takes until
/// nobody wants it. A `.gif`, a `.tif` and an `.exr` are read as they are.
fn open(path: &std::path::Path, stop: Interrupt<'_>) -> Result<Opened> {
    if path.extension().is_some_and(|ending| ["gif", "tif", "exr"].iter().any(|own| ending == *own)) {
        return zoomfield::app::files::open::read(path, &Screen::default(), stop);
    }
    if path.extension().is_none_or(|ending| ending != "png") {
        return Err(Error::picture(path, "this is not a picture"));
    }
    if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("slow")) {
        while !stop() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        GIVEN_UP.fetch_add(1, Ordering::SeqCst);
        return Err(Error::Cancelled);
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let sides: Vec<usize> = text.split('x').filter_map(|side| side.parse().ok()).collect();
    let size = if let [width, height] = sides[..] { Size::new(width, height) } else { Size::new(120, 80) };
    let mut opened = picture(size);
    path.clone_into(&mut opened.path);
    Ok(Opened { stamp: Stamp::of(path), ..Opened::new(opened) })
}

fn export(job: &ExportJob, gate: &Gate, progress: &mut dyn FnMut(Progress)) -> Result<ExportReport> {
    let total = job.grid.size().area();
    if job.output.ends_with("slow.png") {
        progress(Progress { done: total / 2, total });
        while !gate.is_stopped() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        return Err(Error::Cancelled);
    }
    if job.output.ends_with("full.png") {
        return Err(Error::export(&job.output, "the disk is full; free some space or choose another"));
    }
    assert!(!job.output.ends_with("broken.png"), "this export breaks down");
    // A first unit of work, long enough for the window to hold the next.
    std::thread::sleep(std::time::Duration::from_millis(150));
    gate.pass()?;
    Ok(ExportReport { bytes: 2_500_000, elapsed_secs: 0.1 })
}

/// Of a folder called `slow` the first picture is half done until it is stopped; of others one of three fails.
fn export_folder(job: &FolderJob, gate: &Gate, progress: &(dyn Fn(FolderProgress) + Sync)) -> Result<FolderReport> {
    if job.folder.ends_with("empty") {
        return Err(Error::dataset(&job.folder, "it holds no pictures"));
    }
    if job.folder.ends_with("slow") {
        progress(FolderProgress { done: 1.5, total: 3 });
        while !gate.is_stopped() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        return Ok(FolderReport { counts: Counts { written: 1, left: 2, ..Counts::default() }, failure: None });
    }
    let counts = Counts { written: 1, done: 1, failed: 1, left: 0 };
    Ok(FolderReport { counts, failure: Some("cannot open the picture b.png: it is damaged".into()) })
}

fn render(job: &ExportJob, gate: &Gate) -> Result<Raster> {
    assert!(!job.picture.path.ends_with("broken.png"), "this copy breaks down");
    // As an export: long enough for the window to hold it.
    std::thread::sleep(std::time::Duration::from_millis(150));
    gate.pass()?;
    Ok(Raster::new(job.grid.size(), 3))
}

/// What was shown outside of the window.
pub(crate) static OUTSIDE: Mutex<Vec<Outside>> = Mutex::new(Vec::new());

fn show_outside(what: &Outside) -> Result<(), String> {
    OUTSIDE.lock().expect("no test panicked here").push(what.clone());
    let Outside::File(path) = what else { return Ok(()) };
    Err(format!("cannot show {} (no program)", path.display()))
}

/// What a played file dialog answers.
pub(crate) type Pick = fn(&DialogPurpose) -> Option<Vec<PathBuf>>;

/// A model that nothing is computed with.
pub(crate) fn model() -> Arc<LoadedModel> {
    static MODEL: OnceLock<Arc<LoadedModel>> = OnceLock::new();
    MODEL.get_or_init(|| Arc::new(LoadedModel::builtin().expect("the built-in model loads"))).clone()
}

/// What models were loaded to compute with.
pub(crate) static ASKED: Mutex<Vec<Compute>> = Mutex::new(Vec::new());

/// The built-in model on the processor, whatever is asked for: no window of a test depends on the machine's graphics.
fn load_model(path: Option<&std::path::Path>, compute: &Compute) -> Result<LoadedModel> {
    ASKED.lock().expect("no test panicked here").push(compute.clone());
    zoomfield::app::models::slot::load(path, &Compute { backend: Backend::Cpu, ..compute.clone() })
}

/// A machine with a processor, a graphics device, one that is not fit, and software.
fn list_devices() -> Vec<Device> {
    let device =
        |name: &str, detail: &str, is_software| Device { name: name.into(), detail: detail.into(), is_software };
    vec![
        device(CPU, "Processor 9000", false),
        device("Card 5 (discrete, vulkan)", "driver 1.2", false),
        device("Old Card (integrated, vulkan)", "driver 0.1", false),
        device("llvmpipe (software, vulkan)", "Mesa", true),
    ]
}

/// Measures a device; `done` measurements were made before in this window. The device is faster the second time.
fn measure_device(device: &Device, done: usize) -> Result<Speed> {
    let speed = |megapixels_per_sec, arithmetic: &str| {
        Ok(Speed { megapixels_per_sec, arithmetic: arithmetic.into(), ..Speed::default() })
    };
    match device.name.split(' ').next() {
        Some(CPU) => speed(0.61, "bf16-amx"),
        Some("Card") if done < 4 => speed(12.3, "f16"),
        Some("Card") => speed(45.6, "f16"),
        Some("Old") => Err(Error::device("its self-test failed: decoding is off by 50.00 %")),
        _ => speed(0.0041, "f32"),
    }
}

/// A window of 1280×860 points on the stub, without a picture.
pub(crate) fn window(pixels_per_point: f32, pick: Pick) -> (Harness<'static, App>, StubTiles) {
    window_of(pixels_per_point, pick, Vec::new(), None)
}

/// A window that shows a picture and remembers settings in a file.
pub(crate) fn window_remembering(file: &std::path::Path) -> Harness<'static, App> {
    let (mut harness, _) = window_of(1.0, |_| None, Vec::new(), Some(file.to_owned()));
    harness.state_mut().show(picture(Size::new(120, 80)));
    harness
}

/// A window with files as arguments, and a file that remembers settings.
pub(crate) fn window_of(
    pixels_per_point: f32,
    pick: Pick,
    files: Vec<PathBuf>,
    settings: Option<PathBuf>,
) -> (Harness<'static, App>, StubTiles) {
    window_at(pixels_per_point, pick, files, settings, None)
}

/// The same, with a folder that keeps models and trainings.
pub(crate) fn window_at(
    pixels_per_point: f32,
    pick: Pick,
    files: Vec<PathBuf>,
    settings: Option<PathBuf>,
    folders: Option<DataFolders>,
) -> (Harness<'static, App>, StubTiles) {
    // Where there are models, the settings say which one.
    let model = if folders.is_some() { ModelSource::File(None) } else { ModelSource::Loaded(model()) };
    let options = AppOptions { files, model, compute: Compute::default(), settings, data: None, screen: None };
    window_with_options(pixels_per_point, pick, options, Arc::new(load_model), folders)
}

/// A window whose model is loaded once the test lets it be.
pub(crate) fn window_before_its_model(is_let: Arc<AtomicBool>) -> Harness<'static, App> {
    let (files, compute) = (Vec::new(), Compute::default());
    let options =
        AppOptions { files, model: ModelSource::File(None), compute, settings: None, data: None, screen: None };
    let load = move |path: Option<&std::path::Path>, compute: &Compute| {
        while !is_let.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        zoomfield::app::models::slot::load(path, compute)
    };
    window_with_options(1.0, |_| None, options, Arc::new(load), None).0
}

fn window_with_options(
    pixels_per_point: f32,
    pick: Pick,
    options: AppOptions,
    load_model: Arc<LoadFn>,
    folders: Option<DataFolders>,
) -> (Harness<'static, App>, StubTiles) {
    let tiles = StubTiles::default();
    let source = tiles.clone();
    let harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 860.0))
        .with_pixels_per_point(pixels_per_point)
        .with_step_dt(1.0 / 30.0)
        .with_max_steps(60)
        .build_eframe(move |cc| {
            let log = source.0.clone();
            let open: Arc<OpenFn> = Arc::new(open);
            let pages: Arc<PagesFn> = Arc::new(|path| zoomfield::app::files::open::pages(path, Screen::default()));
            let recent = options.settings.as_deref().map(beside);
            let interval = std::time::Duration::from_millis(20);
            let file_services =
                FileServices::start(&cc.egui_ctx, open.clone(), pages.clone(), recent, interval).expect("threads");
            let done = AtomicUsize::new(0);
            let ports = Ports {
                tiles: Box::new(source),
                maps: Box::new(NoMaps(log)),
                screen: Screen::default(),
                open,
                pages,
                pick: Arc::new(pick),
                export: Arc::new(export),
                export_folder: Arc::new(export_folder),
                render: Arc::new(render),
                show_outside: Arc::new(show_outside),
                load_model,
                list_devices: Arc::new(list_devices),
                measure_device: Arc::new(move |device, _| measure_device(device, done.fetch_add(1, Ordering::SeqCst))),
                train: Arc::new(train),
            };
            let services = Services {
                ports,
                features: FeatureStore::default(),
                folders,
                settings_writer: options.settings.clone().map(|file| SettingsWriter::start(file).expect("a thread")),
                files: file_services,
            };
            App::with_services(&cc.egui_ctx, options, services)
        });
    (harness, tiles)
}

/// A window that shows a picture at ×1, at rest and settled.
pub(crate) fn window_with(picture: Picture) -> (Harness<'static, App>, StubTiles) {
    let (mut harness, tiles) = window(1.0, |_| None);
    harness.state_mut().show(picture);
    harness.run();
    harness.state_mut().apply(zoomfield::app::view::Command::ZoomTo(1.0));
    harness.run();
    (harness, tiles)
}

/// Steps until `is_done`, in real time: for what threads do.
#[track_caller]
pub(crate) fn wait_for(harness: &mut Harness<'_, App>, is_done: impl Fn(&Harness<'_, App>) -> bool) {
    for _ in 0..500 {
        harness.step();
        if is_done(harness) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(4));
    }
    let window = harness.state().window();
    let said: Vec<&str> = window.toasts.iter().map(|toast| toast.text.as_str()).collect();
    let is_opening = harness.state().slices().files.opening.is_some();
    panic!("waited in vain; panel {:?}, opening {is_opening}, messages {said:?}", window.panel);
}

/// The view of a window with a picture.
pub(crate) fn view(harness: &Harness<'_, App>) -> View {
    harness.state().view().expect("there is a picture")
}
