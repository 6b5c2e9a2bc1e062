//! Closing the window while an export or a training runs.

use super::app::App;
use crate::app::env::Panel;
use egui::ViewportCommand;

impl App {
    /// Closing the window while an export or a training runs is worth a question, once.
    pub(super) fn ask_before_closing(&mut self) {
        let is_closing = self.ctx.input(|input| input.viewport().close_requested());
        let waits_for_export = self.slices.export.holds_window();
        let waits_for_training = self.slices.training.running.is_some();
        if is_closing && (waits_for_export || waits_for_training) {
            self.ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            if waits_for_export || !self.slices.training.closes_when_saved {
                self.state.panel = Panel::Closing;
            }
        }
    }

    pub(super) fn finish_then_close(&mut self) {
        self.slices.export.closes_when_done = true;
        self.slices.training.save_before_closing();
        self.state.panel = Panel::Closed;
        if self.slices.export.running.is_none() && self.slices.export.folder.is_none() {
            self.close();
        }
    }

    pub(super) fn cancel_and_close(&mut self) {
        self.slices.export.cancel_all();
        self.slices.training.save_before_closing();
        self.close();
    }

    pub(super) fn save_and_close(&mut self) {
        self.slices.training.save_before_closing();
        self.state.panel = Panel::Closed;
        if self.slices.training.running.is_none() {
            self.close();
        }
    }

    fn close(&self) {
        self.ctx.send_viewport_cmd(ViewportCommand::Close);
    }
}
