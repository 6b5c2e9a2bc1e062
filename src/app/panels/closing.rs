//! The question before the window closes while an export runs.

use super::{main_button, modal};
use crate::app::command::Command;
use crate::app::exporting::queue::ExportCommand;
use egui::Context;

/// Draws the question.
pub(in crate::app) fn show(ctx: &Context, commands: &mut Vec<Command>) {
    modal(ctx, "An export is running", 460.0, commands, |ui, commands| {
        ui.label("Closing the window now would stop it and leave no file.");
        ui.horizontal_wrapped(|ui| {
            if ui.add(main_button("Finish, then close")).clicked() {
                commands.push(Command::Export(ExportCommand::FinishThenClose));
            }
            if ui.button("Stop it and close").clicked() {
                commands.push(Command::Export(ExportCommand::CancelAndClose));
            }
            if ui.button("Keep the window open").clicked() {
                commands.push(Command::Back);
            }
        });
    });
}
