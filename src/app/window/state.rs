//! The slices, and what the window knows beside them.

use super::dialogs::PendingDialog;
use crate::app::env::Panel;
use crate::app::kit::toasts::Toasts;
use crate::app::view::scene::Scene;
use crate::app::view::zoom::zoom_text;
use crate::app::{compare, export, files, models, settings, training, view};
use crate::picture::Screen;

/// Everything that is known of the window itself.
#[derive(Default)]
pub struct State {
    /// The time of this frame, in seconds.
    pub now_secs: f64,
    /// The panel over the canvas.
    pub panel: Panel,
    /// Messages.
    pub toasts: Toasts,
    /// A file dialog that has not answered yet.
    pub dialog: Option<PendingDialog>,
    /// What pictures are shown on.
    pub screen: Screen,
    /// Whether the window fills the screen: then only the picture is shown.
    pub is_fullscreen: bool,
}

/// The slices, from low to high: each knows only those before it.
pub struct Slices {
    /// Choices that last, and devices.
    pub settings: settings::State,
    /// Which picture, and its neighbours.
    pub files: files::State,
    /// The model in use, the one to compare with, and the list.
    pub models: models::State,
    /// Where one looks.
    pub view: view::State,
    /// Two ways of making pixels side by side.
    pub compare: compare::State,
    /// Exports and copies.
    pub export: export::State,
    /// Training.
    pub training: training::State,
}

impl Slices {
    /// What is looked at, with what it is made with.
    pub fn scene(&self, now_secs: f64) -> Scene<'_> {
        Scene::new(&self.settings.choices, &self.models, &self.view, now_secs)
    }

    /// Training, with what it needs of the slices below it.
    pub(super) fn training_and_below(&mut self) -> (&mut training::State, training::Below<'_>) {
        let Self { settings, models, view, compare, export, training, .. } = self;
        (training, training::Below { settings, models, view, compare, export })
    }

    /// The window's title.
    pub fn title(&self, now_secs: f64) -> String {
        match (&self.view.shown, self.view.view(now_secs)) {
            (Some(shown), Some(view)) => {
                format!("{} — {} — Zoomfield", shown.picture.name(), zoom_text(view.zoom))
            }
            _ => "Zoomfield".into(),
        }
    }
}
