//! What the window shows: plain data, changed only by [`super::App::apply`] and by what the channels bring.

use super::canvas::Canvas;
use super::copying::Copying;
use super::dialogs::PendingDialog;
use super::exporting::{ExportPlan, RunningExport};
use super::files::Files;
use super::motion::Motion;
use super::one_shot::OneShot;
use super::open::Opened;
use super::textures::Subject;
use super::toasts::Toasts;
use crate::error::Result;
use crate::geometry::{Size, View};
use crate::picture::Picture;
use crate::render::LoadedModel;
use crate::task::Gate;
use egui::{Pos2, TextureHandle};
use std::path::PathBuf;
use std::sync::Arc;

/// The picture on the canvas.
pub struct Shown {
    /// The picture.
    pub picture: Arc<Picture>,
    /// The view of it.
    pub motion: Motion,
    /// The whole of it, small.
    pub preview: TextureHandle,
    /// What transparent parts are shown over.
    pub checker: TextureHandle,
}

/// A picture that is being read.
pub struct Opening {
    /// From where.
    pub path: PathBuf,
    /// The work.
    pub job: OneShot<Result<Opened>>,
    /// Whether the view stays, because it is the same picture again.
    pub keep_view: bool,
    /// Stopped once nobody wants it any more.
    pub stop: Gate,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// A path being typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathForm {
    /// The text so far.
    pub path: String,
    /// Why the form is there, if it was not asked for.
    pub note: Option<&'static str>,
    /// Whether the text field should take the focus.
    pub wants_focus: bool,
}

/// An export about to be started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportForm {
    /// Where to.
    pub path: PathForm,
    /// Whether that file exists.
    pub exists: bool,
    /// Whether it may be replaced.
    pub overwrite: bool,
}

/// The panel over the canvas; at most one.
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    /// None.
    Closed,
    /// Type a path to open.
    Open(PathForm),
    /// Export the view.
    Export(ExportForm),
    /// Keys and gestures.
    Help,
}

/// How near the canvas is to what an export would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharpness {
    /// Moving, waiting for tiles, or fading them in.
    Sharpening,
    /// Every pixel is the continuous function, as an export would write it.
    Exact,
    /// Every pixel is resampled from the source, which is all there is at ×1 and below.
    Resampled,
    /// The renderer has given up on this view.
    Failed,
}

/// Everything the window shows.
pub struct State {
    /// The time of this frame, in seconds.
    pub now_secs: f64,
    /// Where the picture is shown.
    pub canvas: Canvas,
    /// The picture, if there is one.
    pub shown: Option<Shown>,
    /// The model that enlarges it.
    pub model: Arc<LoadedModel>,
    /// The panel over the canvas.
    pub panel: Panel,
    /// A picture on its way in.
    pub opening: Option<Opening>,
    /// The folder or list that the picture belongs to, and what was opened before.
    pub files: Files,
    /// The view on its way to the clipboard.
    pub copying: Option<Copying>,
    /// A file dialog that has not answered yet.
    pub dialog: Option<PendingDialog>,
    /// An export that is running.
    pub export: Option<RunningExport>,
    /// Messages.
    pub toasts: Toasts,
    /// How near the canvas is to the final picture.
    pub sharpness: Sharpness,
    /// Whether the window fills the screen: then only the picture is shown.
    pub is_fullscreen: bool,
}

impl State {
    /// An empty window.
    pub fn new(model: Arc<LoadedModel>) -> Self {
        let canvas = Canvas { origin_in_window: [0.0, 0.0], size: Size::new(1280, 780), pixels_per_point: 1.0 };
        Self {
            now_secs: 0.0,
            canvas,
            shown: None,
            model,
            panel: Panel::Closed,
            opening: None,
            files: Files::default(),
            copying: None,
            dialog: None,
            export: None,
            toasts: Toasts::default(),
            sharpness: Sharpness::Sharpening,
            is_fullscreen: false,
        }
    }

    /// The view at this moment.
    pub fn view(&self) -> Option<View> {
        self.shown.as_ref().map(|shown| shown.motion.view(self.now_secs))
    }

    /// What tile names depend on.
    pub fn subject(&self) -> Option<Subject> {
        let picture = &self.shown.as_ref()?.picture;
        Some(Subject { picture: picture.id, size: picture.size, model: self.model.id })
    }

    /// What an export of the view would write, if there is anything to export.
    pub fn export_plan(&self) -> Option<ExportPlan> {
        let shown = self.shown.as_ref()?;
        ExportPlan::of(&shown.motion.goal(), shown.picture.size, self.canvas.size)
    }

    /// The source pixel under a position in points, if it is on the canvas and on the picture.
    pub fn source_pixel_at(&self, at: Pos2) -> Option<(usize, usize)> {
        let shown = self.shown.as_ref().filter(|_| self.canvas.rect_in_points().contains(at))?;
        let [x, y] = self.view()?.image_from_screen(self.canvas.screen_from_points(at));
        let Size { width, height } = shown.picture.size;
        let is_inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
        is_inside.then_some((x as usize, y as usize))
    }

    /// The text of the path that is being typed.
    pub fn path_form(&mut self) -> Option<&mut PathForm> {
        match &mut self.panel {
            Panel::Open(form) => Some(form),
            Panel::Export(form) => Some(&mut form.path),
            Panel::Closed | Panel::Help => None,
        }
    }

    /// The window's title.
    pub fn title(&self) -> String {
        match (&self.shown, self.view()) {
            (Some(shown), Some(view)) => {
                format!("{} — {} — Zoomfield", shown.picture.name(), zoom_text(view.zoom))
            }
            _ => "Zoomfield".into(),
        }
    }
}

/// A zoom for people: `×30.0`, and `37 %` below ×1.
pub fn zoom_text(zoom: f64) -> String {
    if zoom > 1.0 { format!("×{zoom:.1}") } else { percent_text(zoom) }
}

/// A zoom in percent, for people: no decimals, except where they are all there is.
pub fn percent_text(zoom: f64) -> String {
    let percent = zoom * 100.0;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooms_read_well() {
        assert_eq!(zoom_text(30.0), "×30.0");
        assert_eq!(zoom_text(1.0), "100 %");
        assert_eq!(zoom_text(0.3712), "37 %");
        assert_eq!(zoom_text(0.0312), "3.1 %");
        assert_eq!(percent_text(30.0), "3000 %");
    }
}
