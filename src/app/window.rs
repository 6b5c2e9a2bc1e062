//! Opening the window on the system.

use super::{App, AppOptions, gpu_setup};
use crate::error::{Error, Result};
use eframe::egui::{IconData, ViewportBuilder};

/// The name under which desktops know the program.
const APP_ID: &str = "io.github.zoomfield.Zoomfield";

/// What to do instead.
const WITHOUT_WINDOW: &str = "use `zoomfield export` to write a picture without one";

/// Opens the window and stays until it is closed.
///
/// # Errors
/// [`Error::Device`] if there is no display or no graphics device to open it on.
pub fn run(options: AppOptions) -> Result<()> {
    if !has_display() {
        return Err(Error::device(format!("there is no display to open a window on; {WITHOUT_WINDOW}")));
    }
    eframe::run_native(APP_ID, native_options(), Box::new(|cc| Ok(Box::new(App::new(cc, options)?))))
        .map_err(|error| Error::device(format!("cannot open a window ({error}); {WITHOUT_WINDOW}")))
}

/// How the window is made.
pub fn native_options() -> eframe::NativeOptions {
    eframe::NativeOptions {
        viewport: viewport(),
        wgpu_options: gpu_setup::configuration(),
        // Dithering would change the picture's pixels.
        dithering: false,
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
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon/zoomfield-128.png")).unwrap_or_default()
}

/// Whether there is anything to open a window on; elsewhere than on X11 and Wayland there always is.
fn has_display() -> bool {
    let is_unix_desktop = cfg!(all(unix, not(target_os = "macos")));
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_unix_desktop || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET")
}
