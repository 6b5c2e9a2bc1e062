//! Which file an export writes, and how.

use crate::app::export::choice::ExportChoice;
use crate::app::export::{Command, ExportForm};
use crate::app::kit::text::{layer_name, layer_text};
use crate::app::kit::widgets::path_field;
use crate::render::InventionLayer;
use egui::{Slider, Ui};
use std::path::{Path, PathBuf};

/// Formats to choose from, by their endings.
const FORMATS: [(&str, &str); 7] = [
    ("png", "PNG"),
    ("tif", "TIFF"),
    ("jpg", "JPEG"),
    ("webp", "WebP"),
    ("avif", "AVIF"),
    ("jxl", "JPEG XL"),
    ("bmp", "BMP"),
];

/// Draws the choice.
pub(super) fn show(ui: &mut Ui, form: &ExportForm, commands: &mut Vec<Command>) {
    if let Some(note) = form.path.note {
        ui.label(note);
    }
    let is_folder = form.is_folder();
    if is_folder {
        ui.weak("{dir}, {subdir}, {name}, {ext} and {scale} stand for what each picture has.");
    }
    let edit = path_field(ui, &form.path, if is_folder { "Names" } else { "File" });
    let is_entered = edit.is_entered;
    commands.extend(edit.commands(Command::PathFocused, Command::EditPath));
    if is_entered {
        commands.push(Command::Start);
    }
    ui.horizontal_wrapped(|ui| {
        if !is_folder && ui.button("Browse…").clicked() {
            commands.push(Command::Browse);
        }
        let ending = ending(&form.path.path);
        for (own, name) in FORMATS {
            if ui.selectable_label(ending == own, name).clicked() {
                commands.push(Command::EditPath(with_ending(&form.path.path, own)));
            }
        }
    });
    if form.exists == Some(true) {
        let mut overwrite = form.overwrite;
        if ui.checkbox(&mut overwrite, "Replace the existing file").changed() {
            commands.push(Command::SetOverwrite(overwrite));
        }
    }
    options(ui, form, commands);
}

fn options(ui: &mut Ui, form: &ExportForm, commands: &mut Vec<Command>) {
    let mut choice = form.choice.clone();
    match ending(&form.path.path).as_str() {
        "png" | "tif" | "jxl" => drop(ui.horizontal(|ui| {
            ui.label("Depth");
            for (bits, name) in [(None, "As the picture"), (Some(8), "8 bits"), (Some(16), "16 bits")] {
                ui.radio_value(&mut choice.file.bits, bits, name);
            }
        })),
        "jpg" | "avif" => drop(ui.horizontal(|ui| {
            let label = ui.label("Quality");
            ui.add(Slider::new(&mut choice.file.quality, 1..=100)).labelled_by(label.id);
        })),
        _ => {}
    }
    ui.checkbox(&mut choice.file.strip_metadata, "Leave out what the camera wrote (EXIF, XMP)");
    if ending(&form.path.path) != "bmp" {
        ui.checkbox(&mut choice.file.provenance, "Say in the file how it was made (XMP)");
    }
    if !form.is_folder() {
        map(ui, &mut choice);
    }
    if choice != form.choice {
        commands.push(Command::Change(choice));
    }
}

/// The invention map beside the file.
fn map(ui: &mut Ui, choice: &mut ExportChoice) {
    let mut is_wanted = choice.map.is_some();
    ui.checkbox(&mut is_wanted, "Invention map in a file beside it")
        .on_hover_text("Where and how much of the picture is the network's own, in colours: NAME-invention.png");
    if is_wanted != choice.map.is_some() {
        choice.map = is_wanted.then(InventionLayer::default);
    }
    if let Some(chosen) = &mut choice.map {
        ui.horizontal_wrapped(|ui| {
            ui.label("It shows");
            for layer in InventionLayer::ALL {
                ui.radio_value(chosen, layer, layer_name(layer)).on_hover_text(layer_text(layer));
            }
        });
    }
}

/// The format's ending: the shorter of two that mean the same.
fn ending(path: &str) -> String {
    let ending = Path::new(path).extension().map_or_else(|| "png".into(), |ending| ending.to_string_lossy());
    match ending.to_lowercase().as_str() {
        "tiff" => "tif".into(),
        "jpeg" => "jpg".into(),
        other => other.into(),
    }
}

fn with_ending(path: &str, ending: &str) -> String {
    PathBuf::from(path).with_extension(ending).to_string_lossy().into_owned()
}
