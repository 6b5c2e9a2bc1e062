//! Draws the state and collects what the person asks for.

use super::canvas::paint::Paint;
use super::canvas::{Canvas, input};
use super::command::Command;
use super::state::{Panel, State};
use super::textures::TileTextures;
use super::{panels, theme};
use egui::{CentralPanel, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

/// One frame.
pub(super) fn frame(ui: &mut Ui, state: &State, textures: &mut TileTextures) -> Vec<Command> {
    let mut commands = Vec::new();
    if !state.is_fullscreen {
        panels::toolbar::show(ui, state, &mut commands);
        panels::status::show(ui, state);
    }
    CentralPanel::no_frame().show(ui, |ui| canvas(ui, state, textures, &mut commands));
    panels::progress::show(ui.ctx(), state, &mut commands);
    panels::toasts::show(ui.ctx(), state, &mut commands);
    match &state.panel {
        Panel::Closed => {}
        Panel::Open(form) => panels::open::show(ui.ctx(), form, &state.files, &mut commands),
        Panel::Export(form) => panels::export::show(ui.ctx(), form, state.export_plan(), &mut commands),
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
    match (&state.shown, state.subject()) {
        (Some(shown), Some(subject)) => {
            let response = ui.interact(rect, ui.scope_id().with("picture"), Sense::click_and_drag());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Picture"));
            Paint { painter: &painter, canvas: state.canvas, textures, now_secs: state.now_secs }
                .picture(shown, subject);
            commands.extend(input::commands(ui, &response, state.canvas));
        }
        _ => panels::open::show_empty(ui, state, commands),
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        painter.rect_stroke(rect.shrink(4.0), 6.0, Stroke::new(3.0, theme::DROP_OUTLINE), StrokeKind::Inside);
    }
}
