//! Training on one's own pictures, beside the canvas: the view stays usable meanwhile.

mod course;
mod form;
pub(in crate::app) mod offer;
mod plots;

use super::TrainCommand;
use crate::app::window::command::Command;
use crate::app::window::state::State;
use egui::{Align, Frame, Layout, Margin, Panel, ScrollArea, Ui};

const WIDTH: f32 = 356.0;

/// Draws the panel, if it is wanted.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if !state.training.is_shown || state.is_fullscreen {
        return;
    }
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(14, 10));
    Panel::right("training").frame(frame).resizable(false).exact_size(WIDTH).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.heading("Train on your pictures");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    commands.push(Command::Train(TrainCommand::Toggle));
                }
            });
        });
        ui.add_space(4.0);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| contents(ui, state, commands));
    });
}

fn contents(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(running) = &state.training.running {
        course::show_running(ui, state, running, commands);
    } else if let Some(end) = state.training.end() {
        course::show_end(ui, state, end, commands);
    } else {
        form::show(ui, state, commands);
    }
}

/// A button that asks something of training.
fn ask(ui: &mut Ui, text: &str, is_on: bool, command: TrainCommand, commands: &mut Vec<Command>) {
    if ui.add_enabled(is_on, egui::Button::new(text)).clicked() {
        commands.push(Command::Train(command));
    }
}
