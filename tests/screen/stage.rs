//! A screen of our own, and the program on it.

use crate::server::start_server;
use crate::{director, measure};
use eframe::egui;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use zoomfield::app::look::Mode;
use zoomfield::app::{App, AppOptions, ModelSource, native_options, run_watched};
use zoomfield::geometry::{PixelRect, Size, View};
use zoomfield::render::{Compute, LoadedModel};

/// Set to the number of the act for the copy of this program that runs on the virtual screen.
const ON_STAGE: &str = "ZOOMFIELD_SCREEN_TEST_ON_STAGE";

/// Where the pictures and the settings of the play are.
const FOLDER: &str = "ZOOMFIELD_SCREEN_TEST_FOLDER";

/// How the copy says that no window can be opened there.
const NO_WINDOW: i32 = 77;

/// What the window shows at the moment.
#[derive(Clone, Default)]
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
}

pub(crate) fn main() {
    if let Some(act) = std::env::var_os(ON_STAGE) {
        return play(act == "2");
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
    let acts: Vec<ExitStatus> = ["1", "2"].map(|act| start_act(act, &display, folder.path())).into();
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
    println!("test what_you_see_is_what_you_export ... ok");
    println!("without a graphics adapter: {without_adapter}");
    println!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
}

fn start_act(act: &str, display: &str, folder: &Path) -> ExitStatus {
    let this = std::env::current_exe().expect("this program has a path");
    Command::new(this)
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env(ON_STAGE, act)
        .env(FOLDER, folder)
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
    /// Has the window's graphics device taken away.
    pub(crate) wants_loss: AtomicBool,
}

impl Observed {
    fn look_at(&self, app: &App, frame: &eframe::Frame) {
        let losses = self.snapshot.lock().unwrap().losses;
        if self.wants_loss.swap(false, Ordering::SeqCst) {
            frame.wgpu_render_state().expect("a device").device.destroy();
            *self.snapshot.lock().unwrap() = Snapshot { losses: losses + 1, ..Snapshot::default() };
            return;
        }
        let canvas = app.canvas_rect_in_pixels();
        *self.snapshot.lock().unwrap() = Snapshot {
            view: app.view(),
            picture: app.picture().map(|picture| picture.size),
            canvas: (canvas.area() > 0).then_some(canvas),
            is_exact: app.is_exact(),
            name: app.picture().map_or_else(String::new, |picture| picture.name()),
            mode: Some(app.state().settings.mode),
            has_split: app.state().split.is_some(),
            is_original_held: app.state().is_original_held,
            losses,
        };
    }
}

fn play(is_second: bool) {
    let observed = Arc::new(Observed::default());
    let watched = observed.clone();
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder to play in"));
    let (file, settings) = (folder.join("chelsea.png"), folder.join("config/settings.json"));
    let (send_ctx, ctx) = std::sync::mpsc::sync_channel::<egui::Context>(1);
    let builder = std::thread::Builder::new().name("director".into());
    let director = builder.spawn(move || {
        let ctx = ctx.recv().expect("the window opens");
        let result = std::panic::catch_unwind(|| {
            if is_second { director::second_act(&watched) } else { director::first_act(&watched, &folder) }
        });
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        ctx.request_repaint();
        result.is_ok()
    });
    let director = director.expect("a thread for the director");
    let mut native = native_options();
    native.persist_window = false;
    native.viewport = native.viewport.with_inner_size([1000.0, 720.0]);
    let model = ModelSource::Loaded(Arc::new(LoadedModel::builtin().expect("the built-in model loads")));
    let options = AppOptions { files: vec![file], model, compute: Compute::default(), settings: Some(settings) };
    let mut send_ctx = Some(send_ctx);
    let mut watcher = |app: &App, frame: &eframe::Frame| {
        if let Some(send) = send_ctx.take() {
            send.send(app.context().clone()).expect("the director listens");
        }
        observed.look_at(app, frame);
    };
    if let Err(error) = run_watched(options, native, &mut watcher) {
        eprintln!("no window: {error}");
        std::process::exit(NO_WINDOW);
    }
    let is_ok = director.join().unwrap_or(false);
    assert!(ExitCode::from(u8::from(!is_ok)) == ExitCode::SUCCESS, "the director found a difference");
}
