//! A screen of our own, and the program on it.

use crate::director;
use eframe::egui;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use zoomfield::app::{App, AppOptions, ModelSource, native_options};
use zoomfield::geometry::{PixelRect, Size, View};
use zoomfield::kernel::PrecisionChoice;
use zoomfield::render::LoadedModel;

/// Set for the copy of this program that runs on the virtual screen.
const ON_STAGE: &str = "ZOOMFIELD_SCREEN_TEST_ON_STAGE";

/// How the copy says that no window can be opened there.
const NO_WINDOW: i32 = 77;

/// What the window shows at the moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) view: Option<View>,
    pub(crate) picture: Option<Size>,
    pub(crate) canvas: Option<PixelRect>,
    pub(crate) is_exact: bool,
}

pub(crate) fn main() {
    if std::env::var_os(ON_STAGE).is_some() {
        return play();
    }
    let Some((mut server, display)) = start_server() else {
        assert!(std::env::var_os("ZOOMFIELD_REQUIRE_SCREEN").is_none(), "Xvfb is required but cannot be started");
        println!("skipped: the screen test needs Xvfb (Debian: apt-get install xvfb mesa-vulkan-drivers)");
        return;
    };
    let this = std::env::current_exe().expect("this program has a path");
    let status = Command::new(this)
        .env("DISPLAY", &display)
        .env_remove("WAYLAND_DISPLAY")
        .env(ON_STAGE, "1")
        .status()
        .expect("this program starts again");
    let _ = server.kill();
    let _ = server.wait();
    if status.code() == Some(NO_WINDOW) {
        assert!(
            std::env::var_os("ZOOMFIELD_REQUIRE_SCREEN").is_none(),
            "a Vulkan driver is required but there is none"
        );
        println!("skipped: the screen test needs a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers)");
        return;
    }
    assert!(status.success(), "the window on the virtual screen failed");
    println!("test what_you_see_is_what_you_export ... ok");
    println!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
}

fn start_server() -> Option<(Child, String)> {
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "800x640x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut number = String::new();
    BufReader::new(server.stdout.take()?).read_line(&mut number).ok()?;
    let number = number.trim();
    (!number.is_empty()).then(|| (server, format!(":{number}")))
}

/// The program's window, which also tells the director what it shows.
struct Observed {
    app: App,
    snapshot: Arc<Mutex<Snapshot>>,
}

impl eframe::App for Observed {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        let canvas = self.app.canvas_rect_in_pixels();
        *self.snapshot.lock().unwrap() = Snapshot {
            view: self.app.view(),
            picture: self.app.picture().map(|picture| picture.size),
            canvas: (canvas.area() > 0).then_some(canvas),
            is_exact: self.app.is_exact(),
        };
    }
}

fn play() {
    let snapshot = Arc::new(Mutex::new(Snapshot::default()));
    let watched = snapshot.clone();
    let (send_ctx, ctx) = std::sync::mpsc::sync_channel::<egui::Context>(1);
    let builder = std::thread::Builder::new().name("director".into());
    let director = builder.spawn(move || {
        let ctx = ctx.recv().expect("the window opens");
        let result = std::panic::catch_unwind(|| director::direct(&watched));
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        ctx.request_repaint();
        result.is_ok()
    });
    let director = director.expect("a thread for the director");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png").into();
    let model = Arc::new(LoadedModel::builtin().expect("the built-in model loads"));
    let make = move |cc: &eframe::CreationContext<'_>| {
        let app = App::new(
            cc,
            AppOptions {
                files: vec![file],
                model: ModelSource::Loaded(model),
                precision: PrecisionChoice::Auto,
                settings: None,
            },
        )?;
        send_ctx.send(cc.egui_ctx.clone())?;
        Ok(Box::new(Observed { app, snapshot }) as Box<dyn eframe::App>)
    };
    if let Err(error) = eframe::run_native("zoomfield-screen-test", native_options(), Box::new(make)) {
        eprintln!("no window: {error}");
        std::process::exit(NO_WINDOW);
    }
    let is_ok = director.join().unwrap_or(false);
    assert!(ExitCode::from(u8::from(!is_ok)) == ExitCode::SUCCESS, "the director found a difference");
}
