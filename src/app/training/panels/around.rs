//! What the parts of the panel have in common.

use crate::app::models;
use crate::app::training::Command;
use egui::{Button, Ui};

/// What of other slices the panel shows.
#[derive(Clone, Copy)]
pub(in crate::app) struct Around<'a> {
    /// The models.
    pub(in crate::app) models: &'a models::State,
    /// Whether there is a picture.
    pub(in crate::app) has_picture: bool,
}

/// A button that asks something of training.
pub(super) fn ask(ui: &mut Ui, text: &str, is_on: bool, command: Command, commands: &mut Vec<Command>) {
    if ui.add_enabled(is_on, Button::new(text)).clicked() {
        commands.push(command);
    }
}
