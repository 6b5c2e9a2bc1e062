//! The bar of a comparison: what is on which side of the line.

use super::split::{Side, Split};
use super::{Command, State};
use crate::app::models;
use egui::{Button, Frame, Margin, Panel, Role, Ui, WidgetInfo};

/// Draws the bar, if there is a comparison.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, models: &models::State, commands: &mut Vec<Command>) {
    let Some(split) = state.split else { return };
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(10, 5));
    Panel::top("comparison").frame(frame).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            sides(ui, models, split, true, commands);
            ui.separator();
            sides(ui, models, split, false, commands);
            ui.separator();
            if ui.button("Load model…").clicked() {
                commands.push(Command::BrowseModel);
            }
            if models.other.is_loading() {
                ui.spinner();
                ui.weak("Loading the model…");
            }
            let close = ui.button("Close");
            close.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close comparison"));
            if close.clicked() {
                commands.push(Command::ToggleSplit);
            }
        });
    });
}

fn sides(ui: &mut Ui, models: &models::State, split: Split, is_left: bool, commands: &mut Vec<Command>) {
    let (name, chosen) = if is_left { ("Left", split.left) } else { ("Right", split.right) };
    ui.weak(name);
    for side in Side::all() {
        let text = match side {
            Side::OtherModel if models.other.model().is_some() => models.other.name(),
            Side::Own(_) | Side::OtherModel => side.name().to_owned(),
        };
        let is_chosen = side == chosen;
        let response = ui.add(Button::selectable(is_chosen, text));
        let label = format!("{name}: {}", side.name());
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &label));
        if response.clicked() {
            commands.push(Command::SetSide { is_left, side });
        }
    }
}
