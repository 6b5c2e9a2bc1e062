//! The bar above the canvas: what people look for before they know the keys. One row at every width: with less room,
//! labels are shorter, and what is used least moves into a menu.

use crate::app::files::album::Step;
use crate::app::view::command::KEY_FACTOR;
use crate::app::window::command::Command;
use crate::app::window::state::{Slices, State};
use crate::app::{compare, env, export, files, models, settings, training, view};
use crate::recipe::{Source, Strength};
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Frame, Margin, Panel, PopupCloseBehavior, Role, Slider, Ui, WidgetInfo};

/// Height of everything in the bar, in points.
const HEIGHT: f32 = 26.0;

/// Below this width, in points, labels are shorter, and a menu holds what concerns the window.
const ROOM_FOR_WORDS: f32 = 1255.0;

/// Below this one it holds comparisons, the map and training too.
const ROOM_FOR_TOOLS: f32 = 999.0;

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
pub(in crate::app) fn show(ui: &mut Ui, window: &State, slices: &Slices, commands: &mut Vec<Command>) {
    let is_neural = slices.scene(window.now_secs).source().is_some_and(Source::is_neural);
    let strength_shown = (is_neural || slices.compare.split.is_some()).then_some(slices.view.strength);
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(10, 7));
    Panel::top("toolbar").frame(frame).show(ui, |ui| {
        let room = Room::of(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().interact_size.y = HEIGHT;
            let has_picture = slices.view.shown.is_some();
            button(ui, "Open…", "Open…", "Ctrl+O", true, files::Command::Browse, commands);
            let has_album = slices.files.album.place().is_some();
            button(ui, "‹", "Previous picture", "Left", has_album, files::Command::Show(Step::Previous), commands);
            button(ui, "›", "Next picture", "Right", has_album, files::Command::Show(Step::Next), commands);
            ui.separator();
            button(ui, "Fit", "Fit", "0", has_picture, view::Command::Fit, commands);
            button(ui, "100 %", "100 %", "1", has_picture, view::Command::ZoomTo(1.0), commands);
            button(ui, "−", "Zoom out", "-", has_picture, view::Command::ZoomBy(1.0 / KEY_FACTOR), commands);
            button(ui, "+", "Zoom in", "+", has_picture, view::Command::ZoomBy(KEY_FACTOR), commands);
            ui.separator();
            mode(ui, slices, room, commands);
            if room > Room::Little {
                strength(ui, strength_shown, room, commands);
                compare(ui, has_picture, commands);
                map(ui, has_picture, commands);
                ui.separator();
            }
            let export = if room == Room::Much { "Export this view…" } else { "Export…" };
            button(ui, export, "Export this view…", "Ctrl+E", has_picture, export::Command::Show, commands);
            ui.separator();
            if room > Room::Little {
                train(ui, slices, commands);
            }
            if room == Room::Much { own(ui, commands) } else { menu(ui, slices, strength_shown, room, commands) }
        });
    });
}

/// How far a training is, also while its panel is closed.
fn training_text(slices: &Slices) -> String {
    match &slices.training.running {
        Some(running) if running.is_paused => "Train: paused".into(),
        Some(_) => format!("Train: {:.0} %", slices.training.report().done * 100.0),
        None => "Train".into(),
    }
}

/// What enlarged pixels are made of.
fn mode(ui: &mut Ui, slices: &Slices, room: Room, commands: &mut Vec<Command>) {
    let name = slices.settings.choices.mode.name();
    let text = if room == Room::Much { format!("View: {name}") } else { name.to_owned() };
    let (is_on, command) = (slices.view.shown.is_some(), view::Command::CycleMode);
    button(ui, &text, "Change how pixels are made", "V", is_on, command, commands);
}

fn compare(ui: &mut Ui, has_picture: bool, commands: &mut Vec<Command>) {
    button(ui, "Compare", "Compare", "C", has_picture, compare::Command::ToggleSplit, commands);
}

fn map(ui: &mut Ui, has_picture: bool, commands: &mut Vec<Command>) {
    button(ui, "Map", "Invention map", "N", has_picture, view::Command::ToggleMap, commands);
}

fn train(ui: &mut Ui, slices: &Slices, commands: &mut Vec<Command>) {
    let text = training_text(slices);
    button(ui, &text, "Train", "T", true, training::Command::Toggle, commands);
}

/// What concerns the window rather than the picture.
fn own(ui: &mut Ui, commands: &mut Vec<Command>) {
    button(ui, "Models", "Models", "L", true, models::Command::Toggle, commands);
    button(ui, "Settings", "Settings", "Ctrl+,", true, settings::Command::Toggle, commands);
    button(ui, "Help", "Help", "?", true, Command::TogglePanel(env::Panel::Help), commands);
}

/// What there is no room for.
fn menu(ui: &mut Ui, slices: &Slices, strength_shown: Option<Strength>, room: Room, commands: &mut Vec<Command>) {
    // The slider in it must not close it.
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (_, inner) = MenuButton::new("More").config(config).ui(ui, |ui| {
        let before = commands.len();
        if room == Room::Little {
            compare(ui, slices.view.shown.is_some(), commands);
            map(ui, slices.view.shown.is_some(), commands);
            train(ui, slices, commands);
        }
        own(ui, commands);
        if commands.len() > before {
            ui.close();
        }
        if room == Room::Little {
            strength(ui, strength_shown, Room::Much, commands);
        }
    });
    drop(inner);
}

/// How much of the network is shown, where it is.
fn strength(ui: &mut Ui, shown: Option<Strength>, room: Room, commands: &mut Vec<Command>) {
    let Some(shown) = shown else { return };
    let mut percent = shown.as_percent();
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
        commands.push(view::Command::SetStrength(Strength::percent(percent)).into());
    }
}

fn button(
    ui: &mut Ui,
    text: &str,
    label: &str,
    key: &str,
    is_on: bool,
    command: impl Into<Command>,
    commands: &mut Vec<Command>,
) {
    let response = ui.add_enabled(is_on, Button::new(text).min_size(egui::vec2(30.0, HEIGHT)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_on, label));
    if response.on_hover_text(format!("{label}  ({key})")).clicked() {
        commands.push(command.into());
    }
}
