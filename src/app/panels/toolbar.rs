//! The bar above the canvas: what people look for before they know the keys.

use crate::app::command::{Command, KEY_FACTOR, ViewCommand};
use crate::app::library::ModelCommand;
use crate::app::look::Look;
use crate::app::state::State;
use crate::app::training::TrainCommand;
use crate::key::Strength;
use egui::{Button, Frame, Margin, Panel, Role, Slider, Ui, WidgetInfo};

/// Height of everything in the bar, in points.
const HEIGHT: f32 = 26.0;

/// Draws the bar.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(10, 7));
    Panel::top("toolbar").frame(frame).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().interact_size.y = HEIGHT;
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
            view(ui, state, has_picture, commands);
            ui.separator();
            let can_export = has_picture && state.export.is_none() && state.model.model().is_some();
            button(ui, "Export this view…", "Export this view…", "Ctrl+E", can_export, Command::ShowExport, commands);
            ui.separator();
            let train = training_text(state);
            button(ui, &train, "Train", "T", true, Command::Train(TrainCommand::Toggle), commands);
            button(ui, "Models", "Models", "L", true, Command::Models(ModelCommand::Toggle), commands);
            button(ui, "Settings", "Settings", "Ctrl+,", true, Command::ToggleSettings, commands);
            button(ui, "Help", "Help", "?", true, Command::ToggleHelp, commands);
        });
    });
}

/// How far a training is, also while its panel is closed.
fn training_text(state: &State) -> String {
    match &state.training.running {
        Some(running) if running.is_paused => "Train: paused".into(),
        Some(_) => format!("Train: {:.0} %", state.training.report().done * 100.0),
        None => "Train".into(),
    }
}

/// What enlarged pixels are made of.
fn view(ui: &mut Ui, state: &State, has_picture: bool, commands: &mut Vec<Command>) {
    let text = format!("View: {}", state.settings.mode.name());
    button(ui, &text, "Change how pixels are made", "V", has_picture, Command::View(ViewCommand::CycleMode), commands);
    let is_neural = state.subject().is_some_and(|subject| matches!(subject.look, Look::Neural(_)));
    if is_neural || state.split.is_some() {
        strength(ui, state, commands);
    }
    let compare = Command::View(ViewCommand::ToggleSplit);
    button(ui, "Compare", "Compare", "C", has_picture, compare, commands);
}

fn strength(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut percent = state.strength.as_percent();
    ui.spacing_mut().slider_width = 80.0;
    let slider = Slider::new(&mut percent, 0..=100).suffix(" %").text("Strength");
    let response = ui.add(slider).on_hover_text("How much of the network's detail is shown: 0 % is bicubic  ([ and ])");
    if response.changed() {
        commands.push(Command::View(ViewCommand::SetStrength(Strength::percent(percent))));
    }
}

fn button(ui: &mut Ui, text: &str, label: &str, key: &str, is_on: bool, command: Command, commands: &mut Vec<Command>) {
    let response = ui.add_enabled(is_on, Button::new(text).min_size(egui::vec2(30.0, HEIGHT)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_on, label));
    if response.on_hover_text(format!("{label}  ({key})")).clicked() {
        commands.push(command);
    }
}
