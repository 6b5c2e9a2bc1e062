//! What was opened last, to open it again.

use crate::app::files::Command;
use crate::app::files::recent::Recent;
use crate::app::kit::text::file_text;
use egui::{Button, Ui};

/// As many as fit beside other things.
const MOST: usize = 6;

/// Draws a button for each, if there is any.
pub(in crate::app) fn show(ui: &mut Ui, recent: &Recent, commands: &mut Vec<Command>) {
    if recent.is_empty() {
        return;
    }
    ui.weak("Opened last");
    for path in recent.iter().take(MOST) {
        let button = ui.add(Button::new(file_text(path)).truncate());
        if button.on_hover_text(path.to_string_lossy()).clicked() {
            commands.push(Command::Open(path.clone()));
        }
    }
}
