//! What surrounds the picture, and which panel lies over it.

mod closing;
mod help;
pub(super) mod status;
pub(super) mod toasts;
pub(super) mod toolbar;

use super::command::Command;
use super::state::{Slices, State};
use crate::app::env::Panel;
use crate::app::models::panels::list;
use crate::app::settings::panel::Usage;
use crate::app::{export, files, models, settings, training, view};
use crate::picture::Screen;
use egui::Context;

/// The panel over the canvas, if one is open.
pub(super) fn show(ctx: &Context, window: &State, slices: &Slices, commands: &mut Vec<Command>) {
    let has_picture = slices.view.shown.is_some();
    match window.panel {
        Panel::Closed => {}
        Panel::Open => within(commands, |out| files::panels::open::show(ctx, &slices.files, out)),
        Panel::Export => within(commands, |out| {
            export::panels::form::show(ctx, &slices.export, slices.scene(window.now_secs), out);
        }),
        Panel::Zoom => within(commands, |out| view::panels::zoom::show(ctx, &slices.view.form, out)),
        Panel::Settings => within(commands, |out| {
            settings::panel::show(ctx, &slices.settings, &usage(slices, &window.screen), out);
        }),
        Panel::Models => within(commands, |out| {
            let around = list::Around { settings: &slices.settings.choices, has_picture };
            list::show(ctx, &slices.models, around, out);
        }),
        Panel::SaveModel => {
            if let Some(form) = &slices.models.form {
                within(commands, |out| models::panels::save::show(ctx, form, out));
            }
        }
        Panel::Resuming => within(commands, |out| training::panels::offer::show(ctx, &slices.training, out)),
        Panel::Closing => closing::show(ctx, slices, commands),
        Panel::Help => help::show(ctx, commands),
    }
}

fn usage(slices: &Slices, screen: &Screen) -> Usage {
    Usage {
        is_loading: slices.models.own.is_loading(),
        feature_bytes: slices.view.features.last().map_or(0, |report| report.used_bytes),
        tile_bytes: slices.view.tile_bytes,
        screen: screen.clone(),
    }
}

/// Has a slice's commands among the window's.
pub(super) fn within<C: Into<Command>>(commands: &mut Vec<Command>, show: impl FnOnce(&mut Vec<C>)) {
    let mut own = Vec::new();
    show(&mut own);
    commands.extend(own.into_iter().map(Into::into));
}
