//! Training on one's own pictures, beside the canvas: the view stays usable meanwhile.

pub(in crate::app) mod around;
mod form;
pub(in crate::app) mod offer;
mod plots;
mod progress;

use super::{Command, State};
use around::Around;
use egui::{Align, Frame, Layout, Margin, Panel, ScrollArea, Ui};

const WIDTH: f32 = 356.0;

/// Draws the panel, if it is wanted.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, around: Around<'_>, commands: &mut Vec<Command>) {
    if !state.is_shown {
        return;
    }
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(14, 10));
    Panel::right("training").frame(frame).resizable(false).exact_size(WIDTH).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.heading("Train on your pictures");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    commands.push(Command::Toggle);
                }
            });
        });
        ui.add_space(4.0);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| contents(ui, state, around, commands));
    });
}

fn contents(ui: &mut Ui, state: &State, around: Around<'_>, commands: &mut Vec<Command>) {
    if let Some(running) = &state.running {
        progress::show_running(ui, state, running, around, commands);
    } else if let Some(end) = state.end() {
        progress::show_end(ui, state, end, around, commands);
    } else {
        form::show(ui, state, around.models, commands);
    }
}
