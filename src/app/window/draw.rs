//! Draws the slices and collects what the person asks for.

use super::command::Command;
use super::panels::{self, within};
use super::state::{Slices, State};
use crate::app::env::Panel;
use crate::app::kit::theme;
use crate::app::training::panels::around::Around;
use crate::app::view::canvas::lens::Lens;
use crate::app::view::canvas::paint::Paint;
use crate::app::view::canvas::{Canvas, input, overlay};
use crate::app::view::tiles::Tiles;
use crate::app::view::tools::select;
use crate::app::{compare, export, files, training, view};
use egui::{CentralPanel, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

/// One frame.
pub(super) fn frame(ui: &mut Ui, window: &State, slices: &Slices, tiles: &mut Tiles) -> Vec<Command> {
    let mut commands = Vec::new();
    let around = Around { models: &slices.models, has_picture: slices.view.shown.is_some() };
    if !window.is_fullscreen {
        panels::toolbar::show(ui, window, slices, &mut commands);
        panels::status::show(ui, window, slices, &mut commands);
    }
    within(&mut commands, |out| compare::panel::show(ui, &slices.compare, &slices.models, out));
    within(&mut commands, |out| files::panels::info::show(ui, &slices.files, out));
    if !window.is_fullscreen {
        within(&mut commands, |out| training::panels::show(ui, &slices.training, around, out));
    }
    CentralPanel::no_frame().show(ui, |ui| canvas(ui, window, slices, tiles, &mut commands));
    let (ctx, scene, at) = (ui.ctx(), slices.scene(window.now_secs), slices.view.canvas);
    let up = export::panels::progress::height(ctx, &slices.export);
    within(&mut commands, |out| view::panels::minimap::show(ctx, scene, &tiles.frame, up, out));
    within(&mut commands, |out| view::panels::inquiry::show(ctx, &slices.view, out));
    within(&mut commands, |out| export::panels::progress::show(ctx, &slices.export, at, window.now_secs, out));
    panels::toasts::show(ctx, window, slices, &mut commands);
    panels::show(ctx, window, slices, &mut commands);
    commands
}

fn canvas(ui: &mut Ui, window: &State, slices: &Slices, tiles: &mut Tiles, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let canvas = Canvas::new(rect, ui.pixels_per_point());
    if canvas != slices.view.canvas {
        commands.push(view::Command::SetCanvas(canvas).into());
        // What this pass draws is for the canvas of before: nobody sees it.
        ui.request_discard("another canvas");
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, theme::CANVAS);
    if slices.view.shown.is_some() {
        picture(ui, &painter, window, slices, tiles, commands);
    } else {
        within(commands, |out| files::panels::open::show_empty(ui, &slices.files, out));
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        painter.rect_stroke(rect.shrink(4.0), 6.0, Stroke::new(3.0, theme::DROP_OUTLINE), StrokeKind::Inside);
    }
}

/// The picture, and what lies over it.
fn picture(
    ui: &Ui,
    painter: &egui::Painter,
    window: &State,
    slices: &Slices,
    tiles: &mut Tiles,
    commands: &mut Vec<Command>,
) {
    let Some(shown) = &slices.view.shown else { return };
    let (canvas, now_secs, scene) = (slices.view.canvas, window.now_secs, slices.scene(window.now_secs));
    // Not a stop of the Tab key: everything the pointer does here has a key of its own.
    let response = ui.interact(ui.max_rect(), ui.scope_id().with("picture"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Picture"));
    let Tiles { textures, frame, fields, loupe, maps, .. } = tiles;
    painter.extend(fields.uploads(&canvas).map(egui::Shape::from));
    let mut paint = Paint { painter, canvas, area: canvas.size.rect(), textures, fields, now_secs };
    frame.panes().iter().for_each(|pane| paint.pane(shown, pane));
    if slices.view.inquiry.shows_map && shown.motion.is_at_rest() {
        let mut paint = Paint { textures: &mut maps.textures, ..paint };
        frame.panes().iter().for_each(|pane| paint.finals(shown, pane));
    }
    if let Some((loupe, near)) = loupe {
        Lens { painter, canvas, textures, now_secs, loupe }.paint(shown, [&*frame, near]);
    }
    let settings = &slices.settings.choices;
    commands.extend(input::commands(ui, &response, &slices.view, settings).into_iter().map(Into::into));
    let marked = slices.export.form.choice.marked().filter(|_| window.panel == Panel::Export);
    if let (Some(region), Some(view)) = (marked, scene.view_now()) {
        select::paint(painter, canvas, &view, region);
    }
    overlay::pixels(painter, scene, shown);
    within(commands, |out| compare::line::show(ui, painter, (&slices.compare, canvas), &slices.models, out));
    if window.is_fullscreen {
        overlay::progress(painter, &slices.view);
    }
    compare::line::held(painter, &slices.compare, canvas);
}
