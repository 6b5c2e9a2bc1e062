//! What to learn from, and for how long.

use super::around::ask;
use crate::app::kit::text::preset;
use crate::app::kit::widgets::main_button;
use crate::app::models;
use crate::app::training::choice::TrainingChoice;
use crate::app::training::{Command, State};
use crate::library::{BUILTIN, Entry};
use crate::train::{Degradation, Hyperparameters};
use crate::weights::Builtin;
use egui::{ComboBox, DragValue, Key, RichText, TextEdit, Ui};
use std::path::Path;

/// Times that are offered, in minutes.
const TIMES: [(f64, &str); 4] = [(5.0, "5 min"), (15.0, "15 min"), (60.0, "1 h"), (240.0, "4 h")];

/// Draws the form.
pub(super) fn show(ui: &mut Ui, state: &State, models: &models::State, commands: &mut Vec<Command>) {
    if state.offer.is_some() {
        super::offer::question(ui, state, commands);
        ui.separator();
    }
    let mut choice = state.choice.clone();
    ui.weak("The model learns from pictures like those you look at. Nothing leaves this computer.");
    let is_entered = folder(ui, state, &mut choice, commands);
    kind(ui, &mut choice);
    time(ui, &mut choice);
    start(ui, models, &mut choice);
    let usual = usual_rate(models, choice.start.as_deref());
    ui.collapsing("More", |ui| advanced(ui, &mut choice, usual));
    ui.add_space(4.0);
    let is_ready = choice.folder().is_some();
    let is_clicked = ui.add_enabled(is_ready, main_button("Start training")).clicked();
    ui.weak("Your present model stays as it is. You decide what happens to the new one.");
    if choice != state.choice {
        commands.push(Command::Change(choice));
    }
    if is_clicked || (is_entered && is_ready) {
        commands.push(Command::Start);
    }
}

/// True if Enter was pressed in the field.
fn folder(ui: &mut Ui, state: &State, choice: &mut TrainingChoice, commands: &mut Vec<Command>) -> bool {
    let label = ui.strong("Folder of pictures");
    let mut is_entered = false;
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut choice.folder).desired_width(ui.available_width() - 112.0);
        let field = ui.add(field).labelled_by(label.id);
        if state.wants_focus {
            field.request_focus();
            commands.push(Command::FolderFocused);
        }
        is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ask(ui, "Browse…", true, Command::BrowseFolder, commands);
    });
    if let Some(note) = state.note {
        ui.label(note);
    }
    is_entered
}

fn kind(ui: &mut Ui, choice: &mut TrainingChoice) {
    ui.strong("Degradation to undo");
    ui.horizontal_wrapped(|ui| {
        for kind in Degradation::ALL {
            let (name, words) = preset(kind);
            ui.radio_value(&mut choice.degradation, kind, name).on_hover_text(words);
        }
    });
    ui.weak(preset(choice.degradation).1);
}

fn time(ui: &mut Ui, choice: &mut TrainingChoice) {
    let label = ui.strong("Time");
    ui.horizontal_wrapped(|ui| {
        for (minutes, text) in TIMES {
            ui.radio_value(&mut choice.minutes, minutes, text);
        }
        let field = DragValue::new(&mut choice.minutes).range(0.1..=10_000.0).max_decimals(1).suffix(" min");
        ui.add(field).labelled_by(label.id);
    });
}

fn start(ui: &mut Ui, models: &models::State, choice: &mut TrainingChoice) {
    let label = ui.strong("Start from");
    let chosen = name_of(choice.start.as_deref());
    let mut usable: Vec<&Entry> = models.entries.iter().flatten().filter(|entry| entry.facts.is_ok()).collect();
    // The reference learns slowest by far.
    usable.sort_by_key(|entry| entry.path.is_none());
    let combo = ComboBox::from_id_salt("start from").selected_text(chosen).width(200.0).show_ui(ui, |ui| {
        for entry in usable {
            ui.selectable_value(&mut choice.start, entry.path.clone(), &entry.name);
        }
    });
    combo.response.labelled_by(label.id);
}

fn name_of(path: Option<&Path>) -> String {
    if let Some(title) = path.and_then(Builtin::title_at) {
        return title.into();
    }
    let stem = path.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| BUILTIN.into())
}

/// The learning rate that is usual for the model to start from.
fn usual_rate(models: &models::State, start: Option<&Path>) -> f64 {
    let entry = models.entries.iter().flatten().find(|entry| entry.path.as_deref() == start);
    let facts = entry.and_then(|entry| entry.facts.as_ref().ok());
    facts.map_or_else(Hyperparameters::live, |facts| Hyperparameters::of(&facts.config)).learning_rate
}

fn advanced(ui: &mut Ui, choice: &mut TrainingChoice, usual_rate: f64) {
    ui.checkbox(&mut choice.freeze_encoder, "Leave the encoder as it is")
        .on_hover_text("Steps are faster but gain less");
    number(ui, "Learning rate", |ui| {
        let mut rate = choice.learning_rate.unwrap_or(usual_rate);
        let field = DragValue::new(&mut rate).range(1e-7..=1e-1).speed(1e-6);
        let field = field.custom_formatter(|v, _| format!("{v:.0e}")).custom_parser(|text| text.trim().parse().ok());
        let response = ui.add(field);
        if response.changed() {
            choice.learning_rate = Some(rate);
        }
        response
    });
    number(ui, "Seed", |ui| ui.add(DragValue::new(&mut choice.seed)));
    number(ui, "Held out for judging", |ui| {
        ui.add(DragValue::new(&mut choice.hold_out_percent).range(0.0..=90.0).max_decimals(0).suffix(" %"))
    });
    if choice.hold_out_percent == 0.0 {
        ui.label(RichText::new("Without held-out pictures nobody can tell whether training helps.").italics());
    }
}

fn number(ui: &mut Ui, name: &str, field: impl FnOnce(&mut Ui) -> egui::Response) {
    ui.horizontal(|ui| {
        let label = ui.label(name);
        field(ui).labelled_by(label.id);
    });
}
