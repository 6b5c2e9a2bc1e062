//! The question before the window closes while an export or a training runs.

use crate::app::kit::widgets::{main_button, modal};
use crate::app::window::command::Command;
use crate::app::window::state::Slices;
use egui::Context;

/// Draws the question.
pub(in crate::app) fn show(ctx: &Context, slices: &Slices, commands: &mut Vec<Command>) {
    let is_training = slices.training.running.is_some();
    // Training that ends while the question is open leaves the export's, or none.
    let is_exporting = slices.export.running.is_some() || slices.export.folder.is_some();
    let heading = match (is_exporting, is_training) {
        (true, true) => "An export and a training are running",
        (false, true) => "A training is running",
        _ => "An export is running",
    };
    modal(ctx, heading, 460.0, (commands, Command::Back), |ui, commands| {
        if is_exporting {
            ui.label("Closing the window now would stop the export and leave no file.");
        }
        if is_training {
            ui.label("The training is saved first, and can go on when you start the program again.");
        }
        ui.horizontal_wrapped(|ui| {
            if is_exporting {
                if ui.add(main_button("Finish, then close")).clicked() {
                    commands.push(Command::FinishThenClose);
                }
                if ui.button("Stop it and close").clicked() {
                    commands.push(Command::CancelAndClose);
                }
            } else if ui.add(main_button("Save and close")).clicked() {
                commands.push(Command::SaveAndClose);
            }
            if ui.button("Keep the window open").clicked() {
                commands.push(Command::Back);
            }
        });
    });
}
