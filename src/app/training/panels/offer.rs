//! Whether to go on with a training that was interrupted.

use super::around::ask;
use crate::app::kit::text::preset;
use crate::app::kit::widgets::{main_button, modal};
use crate::app::training::{Command, State};
use egui::{Context, Ui};

/// Draws the question over everything else: at the start of the program.
pub(in crate::app) fn show(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    modal(ctx, "A training was interrupted", 460.0, (commands, Command::Later), |ui, commands| {
        question(ui, state, commands);
        ask(ui, "Not now", true, Command::Later, commands);
    });
}

/// The question alone.
pub(super) fn question(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(job) = &state.offer else { return };
    let (name, kind) = (job.choice.folder_name(), preset(job.choice.degradation).0);
    ui.label(format!("Resume the training of {name} ({kind}, {:.0} min)?", job.choice.minutes));
    ui.horizontal_wrapped(|ui| {
        if ui.add(main_button("Resume")).clicked() {
            commands.push(Command::Resume);
        }
        ask(ui, "Discard it", true, Command::Discard, commands);
    });
}
