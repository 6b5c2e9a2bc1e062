//! Having commands carried out, and what happened delivered.

use super::app::App;
use super::command::Command;
use crate::app::env::{Event, Panel};
use crate::app::export;
use egui::ViewportCommand;

const DEVICE_LOST: &str = "The graphics device was lost, so the window was opened again; nothing else was lost.";

impl App {
    /// Does one thing.
    pub fn apply(&mut self, command: impl Into<Command>) {
        let (mut env, slices, _) = self.parts();
        match command.into() {
            Command::Settings(command) => slices.settings.apply(command, &mut env),
            Command::Files(command) => slices.files.apply(command, &mut env),
            Command::Models(command) => slices.models.apply(command, &mut slices.settings, &mut env),
            Command::View(command) => {
                slices.view.apply(command, &mut slices.settings, &mut slices.files, &mut env);
            }
            Command::Compare(command) => slices.compare.apply(command, &slices.models, &mut env),
            Command::Export(command) => {
                let (settings, models, view) = (&slices.settings, &slices.models, &mut slices.view);
                slices.export.apply(command, export::Below { settings, models, view }, &mut env);
            }
            Command::Train(command) => {
                let (training, below) = slices.training_and_below();
                training.apply(command, below, &mut env);
            }
            Command::UseTool(tool) => slices.view.tool = tool,
            Command::TogglePanel(panel) => drop(env.toggle(panel)),
            Command::Back => self.back(),
            Command::ToggleFullscreen => self.toggle_fullscreen(),
            Command::DismissToast(id) => env.toasts.dismiss(id),
            Command::FinishThenClose => self.finish_then_close(),
            Command::CancelAndClose => self.cancel_and_close(),
            Command::SaveAndClose => self.save_and_close(),
            Command::Quit => env.ctx.send_viewport_cmd(ViewportCommand::Close),
        }
        self.deliver();
    }

    /// Tells those concerned what has happened, until nothing more follows from it.
    pub(super) fn deliver(&mut self) {
        while !self.events.is_empty() {
            for event in std::mem::take(&mut self.events) {
                self.deliver_one(event);
            }
        }
    }

    fn deliver_one(&mut self, event: Event) {
        let (mut env, slices, _) = self.parts();
        match event {
            Event::DialogWanted(purpose) => self.browse(purpose),
            Event::PictureOpened { opened, keeps_view } => {
                slices.models.meet(opened.suited, &slices.settings, &mut env);
                slices.view.show(opened, keeps_view, env.ctx);
            }
            Event::ComputeChanged => slices.models.reload(&slices.settings, &mut env),
            Event::OtherModelLoaded => slices.compare.show_other(),
            Event::ModelRenamed { old, new } => slices.training.follow_rename(&old, &new),
            Event::TrainedWeightsWanted { path, overwrite } => {
                slices.training.save_running(path, overwrite, &mut env);
            }
            Event::SelectionBegun => slices.export.begin_selection(&slices.view, &mut env),
            Event::Selected(region) => slices.export.select(region, &env),
            Event::FullscreenToggled => self.toggle_fullscreen(),
            Event::ClosingCalledOff => slices.training.closes_when_saved = false,
        }
    }

    fn back(&mut self) {
        if self.state.panel != Panel::Closed {
            self.state.panel = Panel::Closed;
        } else if self.state.is_fullscreen {
            self.toggle_fullscreen();
        }
    }

    fn toggle_fullscreen(&self) {
        self.ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!self.state.is_fullscreen));
    }

    /// Goes on in another window, on another graphics device: all textures are made anew.
    pub(super) fn on_another_device(mut self, cc: &eframe::CreationContext<'_>) -> Self {
        let (mut env, slices, tiles) = self.parts();
        tiles.forget();
        slices.settings.follow(env.ctx);
        slices.view.upload_anew(slices.files.current.as_ref(), env.ctx);
        env.fail(DEVICE_LOST);
        self.fonts.upload_anew(&self.ctx);
        self.title.clear();
        self.draw_on(cc);
        self
    }
}
