//! Draws the state and collects what the person asks for.

use super::command::Command;
use super::panels;
use super::state::{Panel, State};
use crate::app::kit::theme;
use crate::app::view::canvas::paint::Paint;
use crate::app::view::canvas::{Canvas, input, overlay, selection};
use crate::app::view::textures::TileTextures;
use crate::app::{compare, export, files, models, settings, training, view};
use egui::{CentralPanel, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

/// One frame.
pub(in crate::app) fn frame(ui: &mut Ui, state: &State, textures: &mut TileTextures) -> Vec<Command> {
    let mut commands = Vec::new();
    if !state.is_fullscreen {
        panels::toolbar::show(ui, state, &mut commands);
        panels::status::show(ui, state);
    }
    if state.split.is_some() {
        compare::panel::show(ui, state, &mut commands);
    }
    files::panels::info::show(ui, state, &mut commands);
    training::panels::show(ui, state, &mut commands);
    CentralPanel::no_frame().show(ui, |ui| canvas(ui, state, textures, &mut commands));
    view::panels::minimap::show(ui.ctx(), state, &mut commands);
    export::panels::progress::show(ui.ctx(), state, &mut commands);
    panels::toasts::show(ui.ctx(), state, &mut commands);
    match &state.panel {
        Panel::Closed => {}
        Panel::Open(form) => files::panels::open::show(ui.ctx(), form, &state.files, &mut commands),
        Panel::Export(form) => export::panels::form::show(ui.ctx(), form, state, &mut commands),
        Panel::Zoom(form) => view::panels::zoom::show(ui.ctx(), form, &mut commands),
        Panel::Settings => settings::panel::show(ui.ctx(), state, &mut commands),
        Panel::Models => models::panels::list::show(ui.ctx(), state, &mut commands),
        Panel::SaveModel(form) => models::panels::save::show(ui.ctx(), form, &mut commands),
        Panel::Resuming => training::panels::offer::show(ui.ctx(), state, &mut commands),
        Panel::Closing => panels::closing::show(ui.ctx(), state, &mut commands),
        Panel::Help => panels::help::show(ui.ctx(), &mut commands),
    }
    commands
}

fn canvas(ui: &mut Ui, state: &State, textures: &mut TileTextures, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let canvas = Canvas::new(rect, ui.pixels_per_point());
    if canvas != state.canvas {
        commands.push(Command::SetCanvas(canvas));
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, theme::CANVAS);
    match &state.shown {
        Some(shown) => {
            // Not a stop of the Tab key: everything the pointer does here has a key of its own.
            let response = ui.interact(rect, ui.scope_id().with("picture"), Sense::CLICK | Sense::DRAG);
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Picture"));
            let (canvas, now_secs) = (state.canvas, state.now_secs);
            let mut paint = Paint { painter: &painter, canvas, area: canvas.size.rect(), textures, now_secs };
            state.panes().iter().for_each(|pane| paint.pane(shown, pane));
            commands.extend(input::commands(ui, &response, state));
            selection::paint(&painter, state);
            overlay::pixels(&painter, state, shown);
            overlay::split(ui, &painter, state, commands);
            overlay::progress(&painter, state);
        }
        None => files::panels::open::show_empty(ui, state, commands),
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        painter.rect_stroke(rect.shrink(4.0), 6.0, Stroke::new(3.0, theme::DROP_OUTLINE), StrokeKind::Inside);
    }
}
