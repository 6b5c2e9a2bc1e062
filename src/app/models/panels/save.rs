//! The panel for a typed path where there is no file dialog to ask for one.

use crate::app::files::uri::path_from_text;
use crate::app::kit::widgets::{main_button, modal, path_field};
use crate::app::models::{Command, SaveForm};
use egui::{Align, Context, Layout};

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, form: &SaveForm, commands: &mut Vec<Command>) {
    modal(ctx, "Save this model", 520.0, (commands, Command::CloseSave), |ui, commands| {
        if let Some(note) = form.path.note {
            ui.label(note);
        }
        let edit = path_field(ui, &form.path, "File for the model");
        let is_entered = edit.is_entered;
        commands.extend(edit.commands(Command::PathFocused, Command::EditPath));
        ui.horizontal(|ui| {
            if ui.button("Browse…").clicked() {
                commands.push(Command::BrowseSave);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let can_save = path_from_text(&form.path.path).is_some();
                if ui.add_enabled(can_save, main_button("Save")).clicked() || (is_entered && can_save) {
                    commands.push(Command::Save);
                }
                if ui.button("Cancel").clicked() {
                    commands.push(Command::CloseSave);
                }
            });
        });
    });
}
