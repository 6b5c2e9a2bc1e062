//! What arrives by the system's own ways: dropped files, and copy and paste.

use super::command::Command;
use crate::app::files::uri::paths_from_text;
use crate::app::{export, files, models};
use egui::{Context, Event, InputState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The commands of dropped files, and of copy and paste while no text is being edited.
pub(in crate::app) fn commands(ctx: &Context) -> Vec<Command> {
    let is_typing = ctx.text_edit_focused();
    ctx.input(|input| {
        let mut commands: Vec<Command> = dropped(input).into_iter().collect();
        if !is_typing {
            commands.extend(input.events.iter().filter_map(clipboard));
        }
        commands
    })
}

fn dropped(input: &InputState) -> Option<Command> {
    let paths = input.raw.dropped_files.iter().map(|file| file.path().to_owned());
    open(paths.filter(|path: &PathBuf| !path.as_os_str().is_empty()).collect())
}

fn clipboard(event: &Event) -> Option<Command> {
    match event {
        Event::Paste(text) => open(paths_from_text(text)),
        Event::PasteImage(image) => Some(files::Command::PasteImage(Arc::clone(image)).into()),
        Event::Copy => Some(export::Command::CopyView.into()),
        _ => None,
    }
}

fn open(paths: Vec<PathBuf>) -> Option<Command> {
    match paths.as_slice() {
        [] => None,
        [path] if is_weights(path) => Some(models::Command::Import(path.clone()).into()),
        _ => Some(files::Command::OpenAll(paths).into()),
    }
}

fn is_weights(path: &Path) -> bool {
    let endings = ["safetensors", "pth", "pt"];
    path.extension().is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
