//! Commands about what the window computes with: settings and models.

use super::App;
use super::look::Side;
use super::models::{Failure, ModelSource};
use super::settings::{Settings, ThemeChoice};
use super::state::Panel;
use crate::kernel::PrecisionChoice;
use crate::render::{Backend, Compute};
use std::path::PathBuf;

impl App {
    pub(super) fn toggle_settings(&mut self) {
        self.state.panel = if self.state.panel == Panel::Settings { Panel::Closed } else { Panel::Settings };
        if self.state.panel == Panel::Settings {
            self.look_for_devices();
        }
    }

    /// Takes over other choices, and remembers them.
    pub(super) fn change_settings(&mut self, settings: Settings) {
        let before = std::mem::replace(&mut self.state.settings, settings);
        self.follow_settings();
        let has_other_precision = before.precision != self.state.settings.precision;
        let has_other_device = before.device != self.state.settings.device;
        let compute = &mut self.state.compute;
        if has_other_precision {
            compute.precision = PrecisionChoice::Auto;
        }
        if has_other_device {
            (compute.backend, compute.device) = (Backend::Auto, None);
        }
        if has_other_precision || has_other_device {
            self.reload_models();
        }
        self.keep_settings();
    }

    /// Makes the window as the settings say.
    pub(super) fn follow_settings(&mut self) {
        let settings = &self.state.settings;
        self.ctx.set_theme(match settings.theme {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
        });
        self.ctx.set_zoom_factor(settings.text_scale);
    }

    /// Has the settings written at the end of the frame.
    pub(super) fn keep_settings(&mut self) {
        self.has_unkept_settings = true;
    }

    /// Hands changed settings to the thread that writes them, and tells of its failures.
    pub(super) fn write_settings(&mut self) {
        let Some(keeper) = &self.services.keeper else { return };
        if self.has_unkept_settings {
            self.has_unkept_settings = !keeper.keep(&self.state.settings);
        }
        if let Some(reason) = keeper.failure() {
            self.state.toasts.fail(reason, self.state.now_secs);
        }
    }

    pub(super) fn start_model(&mut self, source: ModelSource) {
        match source {
            ModelSource::Loaded(model) => self.state.model = super::models::Slot::holding(model),
            ModelSource::File(path) => self.load_own(path),
        }
    }

    /// The model that the settings name, where the command line names none.
    pub(super) fn or_default(&self, asked: ModelSource) -> ModelSource {
        match (asked, &self.state.settings.model, &self.services.home) {
            (ModelSource::File(None), Some(name), Some(home)) => ModelSource::File(home.library.file(name)),
            (asked, ..) => asked,
        }
    }

    pub(super) fn load_own(&mut self, path: Option<PathBuf>) {
        self.load_own_by(path, self.compute());
    }

    fn load_own_by(&mut self, path: Option<PathBuf>, compute: Compute) {
        let load = self.services.load_model.clone();
        if let Err(error) = self.state.model.start(&self.ctx, load, path, compute) {
            self.fail(format!("cannot start loading the model: {error}"));
        }
    }

    /// Loads the other side of a comparison.
    pub(super) fn load_other(&mut self, path: Option<PathBuf>) {
        let (load, compute) = (self.services.load_model.clone(), self.compute());
        if let Err(error) = self.state.other_model.start(&self.ctx, load, path, compute) {
            self.fail(format!("cannot start loading the model: {error}"));
        }
    }

    fn reload_models(&mut self) {
        self.load_own(self.state.model.wanted().map(Into::into));
        let other = &self.state.other_model;
        if other.model().is_some() || other.is_loading() {
            self.load_other(other.wanted().map(PathBuf::from));
        }
    }

    /// Takes in models that have been loaded.
    pub(super) fn drain_models(&mut self) {
        let had_none = self.state.model.model().is_none();
        match self.state.model.poll() {
            Ok(false) => {}
            Ok(true) => self.tell_refusal(),
            Err(Failure { error, instead }) => {
                self.state.toasts.fail(error, self.state.now_secs);
                // Without a model nothing is enlarged.
                if let Some((path, compute)) = instead.filter(|_| had_none) {
                    // The models to come had better not ask for a card that is not there, either.
                    (self.state.compute.backend, self.state.compute.device) = (compute.backend, compute.device.clone());
                    self.load_own_by(path, compute);
                }
            }
        }
        match self.state.other_model.poll() {
            Ok(false) => {}
            Ok(true) => {
                self.state.split.get_or_insert_default();
                self.set_side(false, Side::OtherModel);
            }
            Err(failure) => self.state.toasts.fail(failure.error, self.state.now_secs),
        }
    }

    /// Says why no graphics card computes, where one might have.
    fn tell_refusal(&mut self) {
        let refusal = self.state.model.model().and_then(|model| model.refusal().map(str::to_owned));
        if let Some(reason) = refusal {
            self.fail(reason);
        }
    }

    /// What computes: as was asked for this time, else as the settings say.
    fn compute(&self) -> Compute {
        let (asked, settings) = (self.state.compute.clone(), &self.state.settings);
        let is_open = asked.backend == Backend::Auto && asked.device.is_none();
        let (backend, device) = if is_open { settings.backend() } else { (asked.backend, asked.device) };
        let precision = match asked.precision {
            PrecisionChoice::Auto => settings.precision.choice(),
            chosen => chosen,
        };
        Compute { backend, device, precision, ..asked }
    }
}
