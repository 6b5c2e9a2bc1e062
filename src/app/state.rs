//! What the window shows: plain data, changed only by [`super::App::apply`] and by what the channels bring.

use super::canvas::Canvas;
use super::copying::Copying;
use super::devices::Devices;
use super::dialogs::PendingDialog;
use super::exporting::choice::Choice;
use super::exporting::queue::Exports;
use super::exporting::{ExportPlan, RunningExport};
use super::files::Files;
use super::library::{Models, SaveForm};
use super::look::{Pane, Side, Split, Subject};
use super::models::Slot;
use super::motion::Motion;
use super::one_shot::OneShot;
use super::open::Opened;
use super::rate::Rate;
use super::settings::Settings;
use super::toasts::Toasts;
use super::training::Trainings;
use super::zoom::zoom_text;
use crate::error::Result;
use crate::geometry::{PixelRect, Size, View};
use crate::picture::{Picture, Samples, Shot};
use crate::recipe::{Recipe, Source, Stage, Strength};
use crate::render::{Compute, FeatureReport, FeatureStore};
use crate::task::Gate;
use egui::{Pos2, TextureHandle};
use std::path::PathBuf;
use std::sync::Arc;

/// The picture on the canvas.
pub struct Shown {
    /// The picture.
    pub picture: Arc<Picture>,
    /// What the camera wrote about it.
    pub shot: Shot,
    /// The view of it.
    pub motion: Motion,
    /// The whole of it, small.
    pub preview: TextureHandle,
    /// The same with hard edges, once squares are wanted and only if it is not reduced.
    pub squares: Option<TextureHandle>,
    /// What transparent parts are shown over.
    pub checker: TextureHandle,
    /// Whether it looks like pixel art or a screenshot rather than a photograph.
    pub suits_nearest: bool,
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
    /// Whether that file exists, once that is known.
    pub exists: Option<bool>,
    /// Whether it may be replaced.
    pub overwrite: bool,
    /// What the panel is set to.
    pub choice: Choice,
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
    /// Type a zoom.
    Zoom(ZoomForm),
    /// Choices that last.
    Settings,
    /// The list of models.
    Models,
    /// Type where to write a model.
    SaveModel(SaveForm),
    /// Whether to go on with a training that was interrupted.
    Resuming,
    /// Whether to close the window while an export or a training runs.
    Closing,
    /// Keys and gestures.
    Help,
}

/// A zoom being typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoomForm {
    /// The text so far.
    pub text: String,
    /// Whether it was entered but means nothing.
    pub is_wrong: bool,
    /// Whether the text field should take the focus.
    pub wants_focus: bool,
}

/// What is under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The source pixel (x, y).
    pub pixel: (usize, usize),
    /// The colour that the screen shows there, once it is the final one.
    pub shown: Option<[u8; 3]>,
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
#[expect(clippy::struct_excessive_bools, reason = "facts about the window that have nothing to do with each other")]
pub struct State {
    /// The time of this frame, in seconds.
    pub now_secs: f64,
    /// Where the picture is shown.
    pub canvas: Canvas,
    /// The picture, if there is one.
    pub shown: Option<Shown>,
    /// The model that enlarges it.
    pub model: Slot,
    /// The model to compare it with.
    pub other_model: Slot,
    /// Choices that last.
    pub settings: Settings,
    /// What computes this time; the settings say what this leaves open.
    pub compute: Compute,
    /// The devices that can compute.
    pub devices: Devices,
    /// How much of the network's detail is shown.
    pub strength: Strength,
    /// The comparison, if one is shown.
    pub split: Option<Split>,
    /// Whether the key that shows the source pixels is held.
    pub is_original_held: bool,
    /// Where the view's features are, which exports and copies use too.
    pub store: FeatureStore,
    /// Which features are ready.
    pub features: Option<FeatureReport>,
    /// How fast the view is computed.
    pub rate: Rate,
    /// The part of the view's final tiles that is there, in [0, 1].
    pub part_there: f32,
    /// Whether pixels of the network are on the canvas, at the view's goal.
    pub has_neural: bool,
    /// What is under the cursor.
    pub reading: Option<Reading>,
    /// Memory that tiles take, in bytes.
    pub tile_bytes: usize,
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
    /// Those that wait, and what surrounds them.
    pub exports: Exports,
    /// Training.
    pub training: Trainings,
    /// The list of models.
    pub models: Models,
    /// Messages.
    pub toasts: Toasts,
    /// How near the canvas is to the final picture.
    pub sharpness: Sharpness,
    /// Whether what is known of the picture is shown beside it.
    pub shows_info: bool,
    /// Whether the window fills the screen: then only the picture is shown.
    pub is_fullscreen: bool,
}

impl State {
    /// An empty window.
    pub fn new(settings: Settings) -> Self {
        let canvas = Canvas { origin_in_window: [0.0, 0.0], size: Size::new(1280, 780), pixels_per_point: 1.0 };
        Self {
            now_secs: 0.0,
            canvas,
            shown: None,
            model: Slot::default(),
            other_model: Slot::default(),
            settings,
            compute: Compute::default(),
            devices: Devices::default(),
            strength: Strength::FULL,
            split: None,
            is_original_held: false,
            store: FeatureStore::default(),
            features: None,
            rate: Rate::default(),
            part_there: 0.0,
            has_neural: false,
            reading: None,
            tile_bytes: 0,
            panel: Panel::Closed,
            opening: None,
            files: Files::default(),
            copying: None,
            dialog: None,
            export: None,
            exports: Exports::default(),
            training: Trainings::default(),
            models: Models::default(),
            toasts: Toasts::default(),
            sharpness: Sharpness::Sharpening,
            shows_info: false,
            is_fullscreen: false,
        }
    }

    /// The view at this moment.
    pub fn view(&self) -> Option<View> {
        self.shown.as_ref().map(|shown| shown.motion.view(self.now_secs))
    }

    /// What the view shows apart from comparisons, and an export writes.
    pub fn subject(&self) -> Option<Subject> {
        let shown = self.shown.as_ref()?;
        Some(Subject {
            picture: shown.picture.id,
            size: shown.picture.size,
            model: self.model.model().map(|model| model.key()),
            recipe: self.at_strength(self.source()?),
        })
    }

    /// What enlarged pixels of the view come from.
    pub fn source(&self) -> Option<Source> {
        let shown = self.shown.as_ref()?;
        Some(self.settings.mode.source(shown.suits_nearest, self.settings.detail))
    }

    fn at_strength(&self, source: Source) -> Recipe {
        Recipe::from(source).with(Stage::Strength(self.strength))
    }

    /// How an export of the view makes its pixels.
    pub fn recipe(&self) -> Option<Recipe> {
        Some(self.subject()?.recipe_at(self.shown.as_ref()?.motion.goal().zoom))
    }

    /// What the canvas shows, and where.
    pub fn panes(&self) -> Vec<Pane> {
        let Some(subject) = self.subject() else { return Vec::new() };
        let area = self.canvas.size.rect();
        let Some(split) = self.split.filter(|_| !self.is_original_held) else {
            let recipe = if self.is_original_held { Source::Nearest.into() } else { subject.recipe };
            return vec![Pane { subject: Subject { recipe, ..subject }, area }];
        };
        let left = split.left_columns(area.width);
        let side = |side, x, width| Pane { subject: self.side(side, subject), area: PixelRect { x, width, ..area } };
        let panes = [side(split.left, 0, left), side(split.right, left, area.width - left)];
        panes.into_iter().filter(|pane| pane.area.width > 0).collect()
    }

    fn side(&self, side: Side, subject: Subject) -> Subject {
        let other = self.other_model.model().filter(|_| side == Side::OtherModel);
        let model = other.map_or(subject.model, |model| Some(model.key()));
        Subject { recipe: self.at_strength(side.source(self.settings.detail)), model, ..subject }
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
            Panel::SaveModel(form) => Some(&mut form.path),
            _ => None,
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

/// A source pixel (x, y) in the file's own values, of 8 or 16 bits.
pub fn source_values(picture: &Picture, (x, y): (usize, usize)) -> [u16; 3] {
    let start = (y * picture.size.width + x) * 3;
    [0, 1, 2].map(|c| match &picture.rgb {
        Samples::U8(values) => u16::from(values[start + c]),
        Samples::U16(values) => values[start + c],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixel_under_the_cursor_is_the_files_own() {
        let picture = Picture::from_rgb8(Size::new(2, 1), vec![1, 2, 3, 4, 5, 6]);
        assert_eq!(source_values(&picture, (1, 0)), [4, 5, 6]);
    }
}
