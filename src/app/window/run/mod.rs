//! Opening the window on the system, and opening it again where its graphics device was lost.
//!
//! The toolkit panics when it draws with a lost device and cannot be given another one (egui's issue 8450, which its pull
//! request 8452 would close). So the device is asked before every frame; once it is lost nothing is drawn any more, the
//! window closes, and a new one opens with the same [`App`]: the picture, the view, exports under way and what waits in them
//! go on. Only textures are made anew. A loss between that question and the frame's end makes the toolkit panic while it
//! paints, when the application's part of the frame is over: such a panic, and no other, ends in a new window too.

mod device;
mod milestones;

use super::app::App;
use super::app::AppOptions;
use super::{desktop, gpu_setup};
use crate::error::{Error, Result};
use device::DeviceWatch;
use eframe::egui::{self, IconData, ViewportBuilder, ViewportCommand};
use milestones::Milestones;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The name under which desktops know the program.
const APP_ID: &str = "io.github.zoomfield.Zoomfield";

/// What to do instead.
const WITHOUT_WINDOW: &str = "use `zoomfield export` to write a picture without one";

/// Two losses within this time are not the last.
const LASTS: Duration = Duration::from_secs(10);

/// Looks at the window after every frame.
pub type Watcher<'a> = dyn FnMut(&App, &eframe::Frame) + 'a;

/// Opens the window and stays until it is closed. With `milestones`, a file, when things were first
/// seen is written there as JSON.
///
/// # Errors
/// [`Error::Device`] if there is no display or no graphics device to open it on, or it is lost again and again;
/// [`Error::Export`] if the milestones cannot be written.
pub fn run(options: AppOptions, milestones: Option<&Path>) -> Result<()> {
    if !desktop::is_there() {
        return Err(Error::device(format!("there is no display to open a window on; {WITHOUT_WINDOW}")));
    }
    let Some(file) = milestones else { return run_watched(options, native_options(), &mut |_, _| {}) };
    let mut seen = Milestones::default();
    run_watched(options, native_options(), &mut |app, _| seen.look_at(app))?;
    seen.write(file)
}

/// As [`run`], with a window that is made as `native` says, and somebody who looks on.
///
/// # Errors
/// As [`run`].
pub fn run_watched(options: AppOptions, native: eframe::NativeOptions, watcher: &mut Watcher<'_>) -> Result<()> {
    let fail = |reason: String| Error::device(format!("cannot open a window ({reason}); {WITHOUT_WINDOW}"));
    let (ctx, left) = (egui::Context::default(), Rc::new(Cell::new(None)));
    let (mut start, mut last_loss, mut panicked) = (Some(options), None::<Instant>, false);
    loop {
        let (lost, remains) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(None)));
        let (left_there, lost_there, remains_there) = (left.clone(), lost.clone(), remains.clone());
        let (start, watcher, is_open) = (&mut start, &mut *watcher, Rc::new(Cell::new(false)));
        let opens = is_open.clone();
        let make = move |cc: &eframe::CreationContext<'_>| {
            opens.set(true);
            let app = match (left_there.take(), start.take()) {
                (Some(app), _) => App::on_another_device(app, cc),
                (None, Some(options)) => App::new(cc, options)?,
                (None, None) => return Err("the window is gone".into()),
            };
            let device = cc.wgpu_render_state.as_ref().map(|state| DeviceWatch::of(&state.device, &state.queue));
            let (lost, left, remains) = (lost_there, left_there, remains_there);
            let window = WindowLoop { app: Some(app), device, lost, left, remains, watcher };
            Ok(Box::new(window) as Box<dyn eframe::App + '_>)
        };
        let open = || eframe::run_native_ext(APP_ID, native.clone(), Some(ctx.clone()), Box::new(make));
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(closed) => closed.map_err(|error| fail(error.to_string()))?,
            Err(panic) => {
                let (app, reason) = lost_in_mid_frame(remains.take()).unwrap_or_else(|| resume_unwind(panic));
                left.set(Some(app));
                lost.set(Some(reason));
                panicked = true;
            }
        }
        match lost.take() {
            // An event loop that a panic has left takes one more run to find its end.
            None if panicked && !is_open.get() => panicked = false,
            None => return Ok(()),
            Some(reason) if last_loss.is_some_and(|before| before.elapsed() < LASTS) => {
                return Err(fail(format!("its graphics device was lost again and again: {reason}")));
            }
            Some(_) => last_loss = Some(Instant::now()),
        }
    }
}

/// What a panic leaves of a window.
type Remains = (App, DeviceWatch);

/// The application of a window whose device was lost while a frame was painted, and why; none if that was not the reason
/// why the window is gone.
fn lost_in_mid_frame(remains: Option<Remains>) -> Option<(App, String)> {
    let (app, device) = remains?;
    device.loss_once_idle().map(|reason| (app, reason))
}

/// The application in a window of the system.
struct WindowLoop<'a> {
    /// There until the window closes.
    app: Option<App>,
    device: Option<DeviceWatch>,
    /// Why the window closed, if its device was lost.
    lost: Rc<Cell<Option<String>>>,
    /// Where the application is left for the next window.
    left: Rc<Cell<Option<App>>>,
    /// Where it is left if the window ends in a panic.
    remains: Rc<Cell<Option<Remains>>>,
    watcher: &'a mut Watcher<'a>,
}

impl Drop for WindowLoop<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.remains.set(self.app.take().zip(self.device.take()));
        }
    }
}

impl eframe::App for WindowLoop<'_> {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        if let Some(reason) = self.device.as_ref().and_then(DeviceWatch::loss) {
            self.lost.set(Some(reason));
            self.device = None;
            self.left.set(self.app.take());
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        if let Some(app) = &mut self.app {
            app.logic(ctx, frame);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        // Without a device nothing may be drawn.
        if let Some(app) = &mut self.app {
            app.ui(ui, frame);
            (self.watcher)(app, frame);
        }
    }
}

/// How the window is made.
pub fn native_options() -> eframe::NativeOptions {
    eframe::NativeOptions {
        viewport: viewport(),
        wgpu_options: gpu_setup::configuration(),
        // Dithering would change the picture's pixels.
        dithering: false,
        // Fonts of the system are looked for by `fonts`, without making a frame wait.
        system_font_fallback: false,
        ..eframe::NativeOptions::default()
    }
}

fn viewport() -> ViewportBuilder {
    ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Zoomfield")
        .with_icon(icon())
        .with_drag_and_drop(true)
        .with_inner_size([1280.0, 860.0])
        .with_min_inner_size([640.0, 420.0])
}

/// The window's icon, drawn by `assets/icon/make.py`.
fn icon() -> IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../../../assets/icon/zoomfield-128.png")).unwrap_or_default()
}
