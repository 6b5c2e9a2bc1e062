//! The list of models, each with its card.

use crate::app::kit::text::{preset, size_text};
use crate::app::kit::theme;
use crate::app::kit::widgets::modal;
use crate::app::models::follow::AUTO;
use crate::app::models::{Command, NO_FOLDER, Renaming, State, is_default};
use crate::app::settings::Settings;
use crate::library::{Entry, Facts, Origin, TrainingSummary};
use crate::weights::Builtin;
use egui::{Align, Button, Context, Frame, Key, Layout, RichText, Role, ScrollArea, TextEdit, Ui, WidgetInfo};
use std::path::PathBuf;

/// What of other slices the list shows.
#[derive(Clone, Copy)]
pub(in crate::app) struct Around<'a> {
    /// The model to start with.
    pub(in crate::app) settings: &'a Settings,
    /// Whether there is a picture to compare models on.
    pub(in crate::app) has_picture: bool,
}

/// Draws the list.
pub(in crate::app) fn show(ctx: &Context, state: &State, around: Around<'_>, commands: &mut Vec<Command>) {
    modal(ctx, "Models", 620.0, (commands, Command::Close), |ui, commands| {
        ui.weak("What you train or import is kept here. To import a .safetensors or .pth file, drop it on the window.");
        let height = (ctx.content_rect().height() - 220.0).max(120.0);
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| match &state.entries {
            Some(entries) => {
                suited(ui, state, around, commands);
                for entry in entries {
                    card(ui, state, around, entry, commands);
                }
            }
            None if state.is_busy() => drop(ui.spinner()),
            None => drop(ui.label(NO_FOLDER)),
        });
        ui.horizontal(|ui| {
            if ui.button("Import a file…").clicked() {
                commands.push(Command::BrowseImport);
            }
            if state.is_busy() {
                ui.spinner();
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    commands.push(Command::Close);
                }
            });
        });
    });
}

fn card(ui: &mut Ui, state: &State, around: Around<'_>, entry: &Entry, commands: &mut Vec<Command>) {
    Frame::group(ui.style()).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let renaming = state.renaming.as_ref().filter(|renaming| Some(&renaming.path) == entry.path.as_ref());
        match renaming {
            Some(renaming) => name_field(ui, renaming, commands),
            None => title(ui, &entry.name, is_used(state, entry), is_default(entry.path.as_deref(), around.settings)),
        }
        match &entry.facts {
            Ok(facts) => known(ui, facts, entry.bytes),
            Err(reason) => {
                let color = theme::legible(theme::FAILED, ui.visuals());
                ui.label(RichText::new(format!("Damaged: {reason}")).color(color));
            }
        }
        ui.horizontal_wrapped(|ui| buttons(ui, state, around, entry, commands));
    });
}

/// The live network that suits the picture, which is no model of its own.
fn suited(ui: &mut Ui, state: &State, around: Around<'_>, commands: &mut Vec<Command>) {
    let auto = PathBuf::from(AUTO);
    let is_default = is_default(Some(&auto), around.settings);
    Frame::group(ui.style()).show(ui, |ui| {
        ui.set_width(ui.available_width());
        title(ui, "Auto", state.follows(), is_default);
        ui.label(state.suited_words());
        ui.horizontal_wrapped(|ui| {
            button(ui, "Use", "Auto", !state.follows(), Command::UseSuited, commands);
            button(ui, "Use at the start", "Auto", !is_default, Command::SetDefault(Some(auto)), commands);
        });
    });
}

fn title(ui: &mut Ui, name: &str, is_used: bool, is_default: bool) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(name).strong());
        if is_used {
            ui.label(RichText::new("in use").color(theme::legible(theme::DONE, ui.visuals())));
        }
        if is_default {
            ui.label(RichText::new("used at the start").color(theme::legible(theme::BUSY, ui.visuals())));
        }
    });
}

fn is_used(state: &State, entry: &Entry) -> bool {
    state.own.model().is_some() && state.own.path() == entry.path.as_deref()
}

/// What is known about a model, in a few lines.
fn known(ui: &mut Ui, facts: &Facts, bytes: u64) {
    for line in lines(facts) {
        ui.label(line);
    }
    let numbers = facts.parameters as f64 / 1e6;
    ui.weak(format!("{}; {numbers:.2} million values, {}", facts.config.summary(), size_text(bytes)));
    ui.weak(format!("Licence: {}", facts.card.licence));
}

fn lines(facts: &Facts) -> Vec<String> {
    match &facts.card.origin {
        Origin::BuiltIn { about } => vec![format!("Part of the program. {about}")],
        Origin::Imported { from } => vec![format!("Imported from {from}.")],
        Origin::Trained(summary) => {
            let TrainingSummary { folder, pictures, steps, date, degradation, seed, started_from, .. } = summary;
            let kind = preset(*degradation).0;
            let learnt = format!(
                "Trained on {folder}: {pictures} pictures ({kind}), {steps} steps, {date}, seed {seed}, from \
                 {started_from}."
            );
            vec![learnt, gain(summary)]
        }
    }
}

fn gain(summary: &TrainingSummary) -> String {
    match (summary.gain_db(), summary.psnr, summary.bicubic_psnr) {
        (Some(gain), Some(psnr), Some(bicubic)) => {
            let held_out = summary.held_out;
            format!("{gain:+.2} dB on {held_out} held-out pictures: {psnr:.2} dB, bicubic {bicubic:.2} dB.")
        }
        // Compared with weights in the middle of its training alone.
        (None, Some(psnr), Some(bicubic)) => {
            let held_out = summary.held_out;
            format!("{psnr:.2} dB on {held_out} held-out pictures, bicubic {bicubic:.2} dB; the start is not known.")
        }
        _ => "Not judged on held-out pictures.".into(),
    }
}

fn buttons(ui: &mut Ui, state: &State, around: Around<'_>, entry: &Entry, commands: &mut Vec<Command>) {
    let (is_sound, is_used) = (entry.facts.is_ok(), is_used(state, entry));
    let mut button = |ui: &mut Ui, text, is_on, command| button(ui, text, &entry.name, is_on, command, commands);
    let is_chosen = is_used && !state.follows();
    button(ui, "Use", is_sound && !is_chosen, Command::Use(entry.path.clone()));
    button(ui, "Compare", is_sound && !is_used && around.has_picture, Command::Compare(entry.path.clone()));
    let can_be_default = is_sound && !is_default(entry.path.as_deref(), around.settings);
    button(ui, "Use at the start", can_be_default, Command::SetDefault(entry.path.clone()));
    if let Some(path) = entry.path.as_ref().filter(|path| Builtin::at(path).is_none()) {
        button(ui, "Rename", true, Command::StartRename(path.clone()));
        button(ui, "Save a copy…", is_sound, Command::SaveCopy(entry.path.clone()));
        button(ui, "Delete", !is_used, Command::Delete(path.clone()));
    }
}

/// A button called `text` of the model `name`.
fn button(ui: &mut Ui, text: &str, name: &str, is_on: bool, command: Command, commands: &mut Vec<Command>) {
    let response = ui.add_enabled(is_on, Button::new(text).small());
    let label = format!("{text}: {name}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_on, &label));
    if response.clicked() {
        commands.push(command);
    }
}

fn name_field(ui: &mut Ui, renaming: &Renaming, commands: &mut Vec<Command>) {
    let mut ask = |command| commands.push(command);
    ui.horizontal(|ui| {
        let label = ui.label("Name");
        let mut text = renaming.text.clone();
        let field = ui.add(TextEdit::singleline(&mut text).desired_width(300.0)).labelled_by(label.id);
        if renaming.wants_focus {
            field.request_focus();
            ask(Command::NameFocused);
        }
        if field.changed() {
            ask(Command::EditName(text));
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if ui.button("Keep this name").clicked() || is_entered {
            ask(Command::Rename);
        }
        if ui.button("Cancel").clicked() {
            ask(Command::CancelRename);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::card_tests::summary;

    #[test]
    fn a_card_says_what_was_learnt() {
        let mut summary = summary();
        assert_eq!(gain(&summary), "+0.75 dB on 2 held-out pictures: 28.75 dB, bicubic 27.00 dB.");
        summary.psnr = None;
        assert!(gain(&summary).starts_with("Not judged"));
    }
}
