//! The bar above the canvas: what people look for before they know the keys.

use crate::app::command::{Command, KEY_FACTOR};
use crate::app::state::State;
use egui::{Button, Frame, Margin, Panel, Role, Ui, WidgetInfo};

/// Draws the bar.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(10, 7));
    Panel::top("toolbar").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            let has_picture = state.shown.is_some();
            button(ui, "Open…", "Open…", "Ctrl+O", true, Command::BrowseOpen, commands);
            let has_album = state.files.album.place().is_some();
            button(ui, "‹", "Previous picture", "Left", has_album, Command::PreviousPicture, commands);
            button(ui, "›", "Next picture", "Right", has_album, Command::NextPicture, commands);
            ui.separator();
            button(ui, "Fit", "Fit", "0", has_picture, Command::Fit, commands);
            button(ui, "100 %", "100 %", "1", has_picture, Command::ZoomTo(1.0), commands);
            button(ui, "−", "Zoom out", "-", has_picture, Command::ZoomBy(1.0 / KEY_FACTOR), commands);
            button(ui, "+", "Zoom in", "+", has_picture, Command::ZoomBy(KEY_FACTOR), commands);
            ui.separator();
            let can_export = has_picture && state.export.is_none();
            button(ui, "Export this view…", "Export this view…", "Ctrl+E", can_export, Command::ShowExport, commands);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                button(ui, "Help", "Help", "?", true, Command::ToggleHelp, commands);
            });
        });
    });
}

fn button(ui: &mut Ui, text: &str, label: &str, key: &str, is_on: bool, command: Command, commands: &mut Vec<Command>) {
    let response = ui.add_enabled(is_on, Button::new(text).min_size(egui::vec2(30.0, 0.0)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_on, label));
    if response.on_hover_text(format!("{label}  ({key})")).clicked() {
        commands.push(command);
    }
}
