//! Walking through the pictures of a folder or of a list.

use super::App;
use std::path::PathBuf;

/// Where to go in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Next,
    Previous,
    First,
    Last,
}

impl App {
    pub(super) fn open_all(&mut self, paths: Vec<PathBuf>) {
        if let Some(path) = paths.into_iter().next() {
            self.apply(super::Command::Open(path));
        }
    }

    pub(super) fn step_picture(&mut self, _step: Step) {
        self.ctx.request_repaint();
    }

    pub(super) fn reload(&mut self) {
        self.ctx.request_repaint();
    }

    pub(super) fn copy_view(&mut self) {
        self.ctx.request_repaint();
    }

    pub(super) fn copy_as_command(&mut self) {
        self.ctx.request_repaint();
    }

    pub(super) fn toggle_info(&mut self) {
        self.ctx.request_repaint();
    }
}
