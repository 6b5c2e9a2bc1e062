//! The panel that exports: which part, how large, into what file, and what that will take. It lies beside the middle
//! of the canvas and leaves the picture to the person: the canvas is the preview.

mod file;
mod size;

use crate::app::export::choice::{ExportChoice, ExportPart};
use crate::app::export::draft::draft;
use crate::app::export::folder::folder_draft;
use crate::app::export::{Command, ExportForm, State};
use crate::app::kit::text::{duration_text, pixels_text, size_text};
use crate::app::kit::widgets::main_button;
use crate::app::view::Tool;
use crate::app::view::scene::Scene;
use crate::app::view::zoom::zoom_text;
use crate::export::ExportJob;
use egui::{Align, Align2, Area, Context, Frame, Id, Key, Layout, Order, ScrollArea, Ui};

const WIDTH: f32 = 380.0;

/// Height of what does not scroll, in points: the bars above and below, the heading, and the foot with its buttons.
const AROUND: f32 = 290.0;

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, state: &State, scene: Scene<'_>, commands: &mut Vec<Command>) {
    Area::new(Id::unique("export panel"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_TOP, egui::vec2(-12.0, 56.0))
        .show(ctx, |ui| {
            Frame::window(ui.style()).show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.heading("Export a picture");
                let height = (ctx.content_rect().height() - AROUND).max(80.0);
                ScrollArea::vertical().max_height(height).show(ui, |ui| contents(ui, &state.form, scene, commands));
                foot(ui, state, scene, commands);
            });
        });
}

fn contents(ui: &mut Ui, form: &ExportForm, scene: Scene<'_>, commands: &mut Vec<Command>) {
    let mut choice = form.choice.clone();
    part(ui, &mut choice, scene.view.tool, commands);
    size::show(ui, &mut choice);
    if choice != form.choice {
        commands.push(Command::Change(choice));
    }
    ui.separator();
    file::show(ui, form, commands);
}

/// What never scrolls away: what the export will take, and the buttons.
fn foot(ui: &mut Ui, state: &State, scene: Scene<'_>, commands: &mut Vec<Command>) {
    ui.separator();
    let form = &state.form;
    if form.is_folder() {
        return folder_foot(ui, form, scene, commands);
    }
    let draft = draft(form, scene);
    match &draft {
        Ok((job, _)) => outlook(ui, job, state, scene),
        Err(reason) => drop(ui.label(reason)),
    }
    let is_ready = draft.is_ok() && (form.exists != Some(true) || form.overwrite);
    buttons(ui, is_ready, draft.is_ok(), commands);
    // Where no control has the focus, Enter is the button that matters.
    let is_free = ui.memory(|memory| memory.focused().is_none());
    if is_free && ui.input(|input| input.key_pressed(Key::Enter)) {
        commands.push(Command::Start);
    }
}

/// The same for all pictures of a folder.
fn folder_foot(ui: &mut Ui, form: &ExportForm, scene: Scene<'_>, commands: &mut Vec<Command>) {
    let draft = folder_draft(form, scene);
    match &draft {
        Ok(job) => {
            ui.label(format!("All pictures in {} and the folders inside it.", job.folder.display()));
            ui.weak("Those that are there already are left alone; one that fails stops nothing.");
        }
        Err(reason) => drop(ui.label(reason)),
    }
    buttons(ui, draft.is_ok(), false, commands);
}

fn part(ui: &mut Ui, choice: &mut ExportChoice, tool: Tool, commands: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        ui.radio_value(&mut choice.part, ExportPart::View, "This view");
        ui.radio_value(&mut choice.part, ExportPart::Selection, "Selection");
        ui.radio_value(&mut choice.part, ExportPart::Whole, "Whole picture");
        ui.radio_value(&mut choice.part, ExportPart::Folder, "All of its folder");
    });
    if choice.part != ExportPart::Selection {
        return;
    }
    if tool == Tool::Select {
        ui.label("Drag over the picture.");
    } else if ui.button("Draw the selection").clicked() {
        commands.push(Command::StartSelecting);
    }
    if let Some(region) = &mut choice.selection {
        ui.horizontal_wrapped(|ui| {
            size::number(ui, "Left", &mut region.x, 0.0..=1e6, "");
            size::number(ui, "Top", &mut region.y, 0.0..=1e6, "");
            size::number(ui, "Columns", &mut region.width, 0.01..=1e6, "");
            size::number(ui, "Rows", &mut region.height, 0.01..=1e6, "");
        });
    }
}

/// What it will take.
fn outlook(ui: &mut Ui, job: &ExportJob, state: &State, scene: Scene<'_>) {
    let scale = 1.0 / job.grid.x.pitch;
    ui.label(format!("{} pixels at {}", job.grid.size(), zoom_text(scale)));
    let estimate = state.estimate(job, &scene.view.rate);
    let time = estimate.secs.map_or_else(|| "unknown yet".into(), |secs| format!("about {}", duration_text(secs)));
    ui.weak(format!(
        "{}. File: about {}. Memory: about {}. Time: {time}.",
        pixels_text(estimate.size),
        size_text(estimate.file_bytes),
        size_text(estimate.memory_bytes)
    ));
}

fn buttons(ui: &mut Ui, is_ready: bool, is_sound: bool, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        if ui.add_enabled(is_sound, egui::Button::new("Copy as command")).clicked() {
            commands.push(Command::CopyAsCommand);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add_enabled(is_ready, main_button("Export")).clicked() {
                commands.push(Command::Start);
            }
            if ui.button("Cancel").clicked() {
                commands.push(Command::Close);
            }
        });
    });
}
