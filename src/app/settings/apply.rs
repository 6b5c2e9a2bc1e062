//! Carrying out what the person asks of the settings, and keeping them.

use super::choices::{Settings, ThemeChoice};
use super::{Command, State};
use crate::app::env::{Env, Event, Panel};
use crate::kernel::PrecisionChoice;
use crate::render::{Backend, Compute};

impl State {
    /// Does one thing.
    pub fn apply(&mut self, command: Command, env: &mut Env<'_>) {
        match command {
            Command::Toggle => self.toggle_settings(env),
            Command::Close => env.close(Panel::Settings),
            Command::Change(settings) => self.change_settings(settings, env),
            Command::MeasureDevices => self.devices.measure_all(env),
        }
    }

    /// Takes in what was found out about devices.
    pub fn drain(&mut self, env: &mut Env<'_>) {
        let has_measured = self.devices.drain(&mut self.choices, env);
        self.has_unkept |= has_measured;
    }

    fn toggle_settings(&mut self, env: &mut Env<'_>) {
        if env.toggle(Panel::Settings) {
            self.devices.look_for(env);
        }
    }

    /// Takes over other choices, and remembers them.
    fn change_settings(&mut self, settings: Settings, env: &mut Env<'_>) {
        let before = std::mem::replace(&mut self.choices, settings);
        self.follow(env.ctx);
        let has_other_precision = before.precision != self.choices.precision;
        let has_other_device = before.device != self.choices.device;
        let compute = &mut self.compute;
        if has_other_precision {
            compute.precision = PrecisionChoice::Auto;
        }
        if has_other_device {
            (compute.backend, compute.device) = (Backend::Auto, None);
        }
        if has_other_precision || has_other_device {
            env.announce(Event::ComputeChanged);
        }
        self.has_unkept = true;
    }

    /// Makes the window as the settings say.
    pub fn follow(&self, ctx: &egui::Context) {
        ctx.set_theme(match self.choices.theme {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
        });
        ctx.set_zoom_factor(self.choices.text_scale);
    }

    /// Makes a choice, which is written at the end of the frame.
    pub fn choose(&mut self, choose: impl FnOnce(&mut Settings)) {
        choose(&mut self.choices);
        self.has_unkept = true;
    }

    /// Hands changed settings to the thread that writes them, and tells of its failures.
    pub fn write(&mut self, env: &mut Env<'_>) {
        let Some(writer) = &self.writer else { return };
        if self.has_unkept {
            self.has_unkept = !writer.keep(&self.choices);
        }
        if let Some(reason) = writer.failure() {
            env.fail(reason);
        }
    }

    /// What computes: as was asked for this time, else as the settings say.
    pub fn compute(&self) -> Compute {
        let (requested, settings) = (self.compute.clone(), &self.choices);
        let is_open = requested.backend == Backend::Auto && requested.device.is_none();
        let (backend, device) = if is_open { settings.backend() } else { (requested.backend, requested.device) };
        let precision = match requested.precision {
            PrecisionChoice::Auto => settings.precision.choice(),
            chosen => chosen,
        };
        Compute { backend, device, precision, ..requested }
    }
}
