//! The panel that exports the view: where to, how large, and whether a file may be replaced.

use super::{main_button, modal, path_field};
use crate::app::command::Command;
use crate::app::exporting::ExportPlan;
use crate::app::state::ExportForm;
use crate::app::zoom::zoom_text;
use egui::{Align, Context, Layout, Ui};

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, form: &ExportForm, plan: Option<ExportPlan>, commands: &mut Vec<Command>) {
    modal(ctx, "Export this view", 520.0, commands, |ui, commands| {
        match plan {
            Some(plan) => ui.label(format!("{} pixels at {}", plan.size(), zoom_text(plan.scale))),
            None => ui.label("There is nothing of the picture in the window to export."),
        };
        ui.weak("Exactly what you see: the same region, the same pixels.");
        ui.add_space(4.0);
        if let Some(note) = form.path.note {
            ui.label(note);
        }
        let is_entered = path_field(ui, &form.path, "File", commands);
        if form.exists {
            let mut overwrite = form.overwrite;
            if ui.checkbox(&mut overwrite, "Replace the existing file").changed() {
                commands.push(Command::SetOverwrite(overwrite));
            }
        }
        ui.add_space(4.0);
        let is_ready = plan.is_some() && !form.path.path.trim().is_empty() && (!form.exists || form.overwrite);
        buttons(ui, is_ready, is_entered, commands);
    });
}

fn buttons(ui: &mut Ui, is_ready: bool, is_entered: bool, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        if ui.button("Browse…").clicked() {
            commands.push(Command::BrowseExport);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_clicked = ui.add_enabled(is_ready, main_button("Export")).clicked();
            if is_clicked || (is_entered && is_ready) {
                commands.push(Command::StartExport);
            }
            if ui.button("Cancel").clicked() {
                commands.push(Command::Back);
            }
        });
    });
}
