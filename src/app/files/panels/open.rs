//! Getting a picture in: the empty canvas, and the panel for a typed path.

use super::recent;
use crate::app::files::samples::SAMPLES;
use crate::app::files::uri::path_from_text;
use crate::app::files::{Command, State};
use crate::app::kit::theme;
use crate::app::kit::widgets::{main_button, modal, path_field};
use egui::{Align, Button, Context, Layout, RichText, Ui};

/// The canvas before there is a picture.
pub(in crate::app) fn show_empty(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.32).max(20.0));
        if state.opening.is_some() {
            ui.spinner();
            return;
        }
        ui.label(RichText::new("Drop a picture here, or press Ctrl+O").size(18.0).color(theme::ON_CANVAS));
        ui.add_space(8.0);
        if ui.add(main_button("Open a picture…").min_size(egui::vec2(150.0, 32.0))).clicked() {
            commands.push(Command::Browse);
        }
        ui.add_space(4.0);
        let promise = "Zoom in as far as you like: detail is computed for every pixel of the screen.";
        ui.label(RichText::new(promise).color(theme::ON_CANVAS_WEAK));
        ui.add_space(16.0);
        ui.label(RichText::new("Or try it on a sample").color(theme::ON_CANVAS_WEAK));
        for (index, sample) in SAMPLES.iter().enumerate() {
            if ui.add(Button::new(sample.label).min_size(egui::vec2(150.0, 26.0))).clicked() {
                commands.push(Command::OpenSample(index));
            }
        }
        ui.add_space(12.0);
        recent::show(ui, &state.recent, commands);
    });
}

/// The panel for a typed path.
pub(in crate::app) fn show(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    let form = &state.form;
    modal(ctx, "Open a picture", 520.0, (commands, Command::ClosePanel), |ui, commands| {
        if let Some(note) = form.note {
            ui.label(note);
        }
        let edit = path_field(ui, form, "Path of a picture or a folder");
        let is_entered = edit.is_entered;
        commands.extend(edit.commands(Command::PathFocused, Command::EditPath));
        let path = path_from_text(&form.path);
        ui.add_space(4.0);
        recent::show(ui, &state.recent, commands);
        ui.horizontal(|ui| {
            if ui.button("Browse…").clicked() {
                commands.push(Command::Browse);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_clicked = ui.add_enabled(path.is_some(), main_button("Open")).clicked();
                if let Some(path) = path.filter(|_| is_clicked || is_entered) {
                    commands.push(Command::Open(path));
                }
                if ui.button("Cancel").clicked() {
                    commands.push(Command::ClosePanel);
                }
            });
        });
    });
}
