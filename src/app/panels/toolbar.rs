//! The bar above the canvas: what people look for before they know the keys. One row at every width: with less room,
//! labels are shorter, and what is used least moves into a menu.

use crate::app::command::{Command, KEY_FACTOR, ViewCommand};
use crate::app::library::ModelCommand;
use crate::app::state::State;
use crate::app::training::TrainCommand;
use crate::recipe::{Source, Strength};
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Frame, Margin, Panel, PopupCloseBehavior, Role, Slider, Ui, WidgetInfo};

/// Height of everything in the bar, in points.
const HEIGHT: f32 = 26.0;

/// Below this width, in points, labels are shorter, and a menu holds what concerns the window.
const ROOM_FOR_WORDS: f32 = 1240.0;

/// Below this one it holds comparisons and training too.
const ROOM_FOR_TOOLS: f32 = 945.0;

/// What there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Little,
    Some,
    Much,
}

impl Room {
    fn of(width: f32) -> Self {
        match width {
            _ if width < ROOM_FOR_TOOLS => Self::Little,
            _ if width < ROOM_FOR_WORDS => Self::Some,
            _ => Self::Much,
        }
    }
}

/// Draws the bar.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(10, 7));
    Panel::top("toolbar").frame(frame).show(ui, |ui| {
        let room = Room::of(ui.available_width());
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
            mode(ui, state, room, commands);
            if room > Room::Little {
                strength(ui, state, room, commands);
                compare(ui, has_picture, commands);
                ui.separator();
            }
            let export = if room == Room::Much { "Export this view…" } else { "Export…" };
            button(ui, export, "Export this view…", "Ctrl+E", has_picture, Command::ShowExport, commands);
            ui.separator();
            if room > Room::Little {
                train(ui, state, commands);
            }
            if room == Room::Much { window(ui, commands) } else { menu(ui, state, room, commands) }
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
fn mode(ui: &mut Ui, state: &State, room: Room, commands: &mut Vec<Command>) {
    let name = state.settings.mode.name();
    let text = if room == Room::Much { format!("View: {name}") } else { name.to_owned() };
    let (is_on, command) = (state.shown.is_some(), Command::View(ViewCommand::CycleMode));
    button(ui, &text, "Change how pixels are made", "V", is_on, command, commands);
}

fn compare(ui: &mut Ui, has_picture: bool, commands: &mut Vec<Command>) {
    button(ui, "Compare", "Compare", "C", has_picture, Command::View(ViewCommand::ToggleSplit), commands);
}

fn train(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let text = training_text(state);
    button(ui, &text, "Train", "T", true, Command::Train(TrainCommand::Toggle), commands);
}

/// What concerns the window rather than the picture.
fn window(ui: &mut Ui, commands: &mut Vec<Command>) {
    button(ui, "Models", "Models", "L", true, Command::Models(ModelCommand::Toggle), commands);
    button(ui, "Settings", "Settings", "Ctrl+,", true, Command::ToggleSettings, commands);
    button(ui, "Help", "Help", "?", true, Command::ToggleHelp, commands);
}

/// What there is no room for.
fn menu(ui: &mut Ui, state: &State, room: Room, commands: &mut Vec<Command>) {
    // The slider in it must not close it.
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (_, inner) = MenuButton::new("More").config(config).ui(ui, |ui| {
        let before = commands.len();
        if room == Room::Little {
            compare(ui, state.shown.is_some(), commands);
            train(ui, state, commands);
        }
        window(ui, commands);
        if commands.len() > before {
            ui.close();
        }
        if room == Room::Little {
            strength(ui, state, Room::Much, commands);
        }
    });
    drop(inner);
}

/// How much of the network is shown, where it is.
fn strength(ui: &mut Ui, state: &State, room: Room, commands: &mut Vec<Command>) {
    let is_neural = state.source().is_some_and(Source::is_neural);
    if !is_neural && state.split.is_none() {
        return;
    }
    let mut percent = state.strength.as_percent();
    ui.spacing_mut().slider_width = 80.0;
    let slider = Slider::new(&mut percent, 0..=100).suffix(" %");
    let response = if room == Room::Much {
        ui.add(slider.text("Strength"))
    } else {
        let response = ui.add(slider);
        response.widget_info(|| WidgetInfo::slider(true, f64::from(percent), "Strength"));
        response
    };
    let response = response.on_hover_text("How much of the network's detail is shown: 0 % is bicubic  ([ and ])");
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
