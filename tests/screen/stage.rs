//! A screen of our own, and the program on it.

use crate::keyboard::Screen;
use crate::labels::{Labels, Places};
use crate::server::start_server;
use crate::{director, measure, training};
use eframe::egui;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use zoomfield::app::compare::Held;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::{App, AppOptions, ModelSource, native_options, run_watched};
use zoomfield::geometry::{PixelRect, Size, View};
use zoomfield::render::{Compute, LoadedModel};

/// Set to the number of the act for the copy of this program that runs on the virtual screen.
const ON_STAGE: &str = "ZOOMFIELD_SCREEN_TEST_ON_STAGE";

/// Where the pictures and the settings of the play are.
const FOLDER: &str = "ZOOMFIELD_SCREEN_TEST_FOLDER";

/// Set to anything for the acts about training.
const TRAINING: &str = "ZOOMFIELD_SCREEN_TRAINING";

/// The act of a device that is lost twice within ten seconds.
const LOST_AGAIN: &str = "lost again";

/// How the copy says that no window can be opened there.
const NO_WINDOW: i32 = 77;

/// How the copy says that the window has given up.
const GAVE_UP: i32 = 78;

/// What the window shows at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) view: Option<View>,
    pub(crate) picture: Option<Size>,
    pub(crate) canvas: Option<PixelRect>,
    pub(crate) is_exact: bool,
    pub(crate) name: String,
    pub(crate) mode: Option<Mode>,
    pub(crate) has_split: bool,
    pub(crate) is_original_held: bool,
    /// How often the graphics device was taken away.
    pub(crate) losses: usize,
    pub(crate) model: Option<String>,
    pub(crate) training: TrainingShot,
    /// The toolkit's and the window's own part of each frame.
    pub(crate) frame_secs: Vec<f64>,
    pub(crate) labels: Vec<(String, egui::Rect)>,
}

/// What is known of a training at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrainingShot {
    pub(crate) is_running: bool,
    pub(crate) step: u64,
    pub(crate) checkpoint: Option<u64>,
    pub(crate) losses: Vec<f64>,
}

pub(crate) fn main() {
    if let Some(act) = std::env::var_os(ON_STAGE) {
        return play(&act.to_string_lossy());
    }
    if std::env::args().any(|argument| argument == "--measure") {
        return measure::main();
    }
    let Some((mut server, display)) = start_server("1000x720") else {
        assert!(std::env::var_os("ZOOMFIELD_REQUIRE_SCREEN").is_none(), "Xvfb is required but cannot be started");
        println!("skipped: the screen test needs Xvfb (Debian: apt-get install xvfb mesa-vulkan-drivers)");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder for the play");
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
    for name in ["chelsea.png", "pixel-art.png"] {
        std::fs::copy(Path::new(assets).join(name), folder.path().join(name)).expect("the sample pictures are there");
    }
    let first = start_act("1", &display, folder.path());
    let screen = Screen::connect_to(Some(&display));
    screen.describe(&director::screen_profile());
    let acts = [first, start_act("2", &display, folder.path())];
    screen.describe(&[]);
    if std::env::var_os(TRAINING).is_some() {
        play_training(&display, folder.path());
    } else {
        println!("skipped: training in the window takes minutes; {TRAINING}=1 plays it");
    }
    let lost_again = start_act(LOST_AGAIN, &display, folder.path());
    let without_adapter = start_without_adapter(&display);
    let _ = server.kill();
    let _ = server.wait();
    if acts[0].code() == Some(NO_WINDOW) {
        assert!(
            std::env::var_os("ZOOMFIELD_REQUIRE_SCREEN").is_none(),
            "a Vulkan driver is required but there is none"
        );
        println!("skipped: the screen test needs a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers)");
        return;
    }
    assert!(acts.iter().all(ExitStatus::success), "the window on the virtual screen failed");
    assert_eq!(lost_again.code(), Some(GAVE_UP), "a device that is lost again and again");
    println!("test what_you_see_is_what_you_export ... ok");
    println!("without a graphics adapter: {without_adapter}");
    println!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
}

/// The acts about training: through to the end, killed on the way, resumed.
fn play_training(display: &str, folder: &Path) {
    training::prepare(folder);
    assert!(start_act("3", display, folder).success(), "training in the window failed");
    let killed = start_act("4", display, folder);
    let resumed = start_act("5", display, folder);
    assert!(killed.code().is_none() && resumed.success(), "killed: {killed}, resumed: {resumed}");
    println!("trained, killed and resumed in the window");
}

fn start_act(act: &str, display: &str, folder: &Path) -> ExitStatus {
    let this = std::env::current_exe().expect("this program has a path");
    Command::new(this)
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env(ON_STAGE, act)
        .env(FOLDER, folder)
        .current_dir(folder)
        // Where the toolkit remembers the size of windows.
        .env("XDG_DATA_HOME", folder)
        .status()
        .expect("this program starts again")
}

/// Without any graphics adapter the program says so in a sentence and ends; it does not panic.
fn start_without_adapter(display: &str) -> String {
    let ended = Command::new(env!("CARGO_BIN_EXE_zoomfield"))
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env("VK_DRIVER_FILES", "/nowhere")
        .env("VK_ICD_FILENAMES", "/nowhere")
        .env("WGPU_BACKEND", "vulkan")
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot open a window") && !said.contains("panicked"), "{said}");
    said
}

/// What the director sees of the window, and asks of it.
#[derive(Default)]
pub(crate) struct Observed {
    pub(crate) snapshot: Mutex<Snapshot>,
    /// The window's graphics device.
    pub(crate) device: Mutex<Option<wgpu::Device>>,
    /// Whether the next frame is to lose it, laid out and not yet painted.
    pub(crate) is_to_be_lost: AtomicBool,
    places: Places,
}

impl Observed {
    /// The window's graphics device is gone.
    pub(crate) fn take_the_device(&self) {
        let device = self.device.lock().unwrap().take().expect("the window has a device");
        {
            let mut snapshot = self.snapshot.lock().unwrap();
            *snapshot = Snapshot { losses: snapshot.losses + 1, ..Snapshot::default() };
        }
        device.destroy();
    }

    fn look_at(&self, app: &App, frame: &eframe::Frame) {
        *self.device.lock().unwrap() = frame.wgpu_render_state().map(|state| state.device.clone());
        let mut snapshot = self.snapshot.lock().unwrap();
        let losses = snapshot.losses;
        let canvas = app.canvas_rect_in_pixels();
        let (labels, secs) = self.places.lock().unwrap().clone();
        let mut frame_secs = std::mem::take(&mut snapshot.frame_secs);
        frame_secs.extend(secs);
        let (slices, report) = (app.slices(), app.slices().training.report());
        *snapshot = Snapshot {
            view: app.view(),
            picture: app.picture().map(|picture| picture.size),
            canvas: (canvas.area() > 0).then_some(canvas),
            is_exact: app.is_exact(),
            name: app.picture().map_or_else(String::new, |picture| picture.name()),
            mode: Some(slices.settings.choices.mode),
            has_split: slices.compare.split.is_some(),
            is_original_held: slices.compare.held == Held::Original,
            losses,
            model: slices.models.own.model().map(|model| model.id.to_string()),
            training: TrainingShot {
                is_running: slices.training.running.is_some(),
                step: report.step,
                checkpoint: report.checkpoint,
                losses: report.losses.points().iter().map(|point| point[1]).collect(),
            },
            frame_secs,
            labels,
        };
        drop(snapshot);
        if self.is_to_be_lost.swap(false, Ordering::SeqCst) {
            self.take_the_device();
        }
    }
}

fn play(act: &str) {
    let observed = Arc::new(Observed::default());
    let watched = observed.clone();
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder to play in"));
    // The act that must be quick has the picture that is.
    let picture = if act == LOST_AGAIN { "pixel-art.png" } else { "chelsea.png" };
    let (file, settings) = (folder.join(picture), folder.join("config/settings.json"));
    let data = folder.join("data");
    let (send_ctx, ctx) = std::sync::mpsc::sync_channel::<egui::Context>(1);
    let builder = std::thread::Builder::new().name("director".into());
    let (act, has_novice) = (act.to_owned(), matches!(act, "3" | "4" | "5"));
    let director = builder.spawn(move || {
        let ctx = ctx.recv().expect("the window opens");
        let result = std::panic::catch_unwind(|| match act.as_str() {
            "1" => director::first_act(&watched, &folder),
            "2" => director::second_act(&watched),
            "3" => training::third_act(&watched, &folder),
            "4" => training::fourth_act(&watched, &folder),
            "5" => training::fifth_act(&watched, &folder),
            _ => director::lost_again_act(&watched),
        });
        if result.is_err() {
            // A window at work would first ask whether it may close.
            std::process::exit(1);
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        ctx.request_repaint();
    });
    let director = director.expect("a thread for the director");
    let mut native = native_options();
    native.persist_window = false;
    native.viewport = native.viewport.with_inner_size([1000.0, 720.0]);
    let model = if has_novice {
        ModelSource::File(Some(data.join("models/novice.safetensors")))
    } else {
        ModelSource::Loaded(Arc::new(LoadedModel::builtin().expect("the built-in model loads")))
    };
    let (settings, data) = (Some(settings), Some(data));
    let options = AppOptions { files: vec![file], model, compute: Compute::default(), settings, data, screen: None };
    let mut send_ctx = Some(send_ctx);
    let mut watcher = |app: &App, frame: &eframe::Frame| {
        if let Some(send) = send_ctx.take() {
            app.context().add_plugin(Labels::new(observed.places.clone()));
            send.send(app.context().clone()).expect("the director listens");
        }
        observed.look_at(app, frame);
    };
    if let Err(error) = run_watched(options, native, &mut watcher) {
        eprintln!("no window: {error}");
        // A driver's threads must not outlive the process's tables.
        drop(observed.device.lock().unwrap().take());
        let has_given_up = error.to_string().contains("lost again and again");
        std::process::exit(if has_given_up { GAVE_UP } else { NO_WINDOW });
    }
    director.join().expect("the director ends");
}
