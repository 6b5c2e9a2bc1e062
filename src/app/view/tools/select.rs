//! Drawing a selection: a part of the picture.

use crate::app::kit::theme;
use crate::app::view::canvas::Canvas;
use crate::app::view::command::Command;
use crate::geometry::{Region, View};
use egui::{Painter, PointerButton, Rect, Response, Stroke, StrokeKind, Ui};

/// What a drag does to the selection.
pub(super) fn commands(ui: &Ui, response: &Response, canvas: Canvas, commands: &mut Vec<Command>) {
    let at = response.interact_pointer_pos().map(|at| canvas.screen_from_points(at));
    if response.drag_started_by(PointerButton::Primary)
        // Where the button went down, not where the drag was noticed.
        && let Some(origin) = ui.input(|input| input.pointer.press_origin())
    {
        commands.push(Command::SelectFrom(canvas.screen_from_points(origin)));
    }
    if let Some(at) = at {
        commands.push(Command::SelectTo(at));
    }
    if response.drag_stopped_by(PointerButton::Primary) {
        commands.push(Command::EndSelecting);
    }
}

/// Outlines a selection; what is left out is darker.
pub fn paint(painter: &Painter, canvas: Canvas, view: &View, region: Region) {
    let (canvas, inner) = (canvas.rect_in_points(), on_canvas(canvas, view, region));
    let kept = inner.intersect(canvas);
    for dark in [
        Rect::from_min_max(canvas.min, egui::pos2(canvas.max.x, kept.min.y)),
        Rect::from_min_max(egui::pos2(canvas.min.x, kept.max.y), canvas.max),
        Rect::from_min_max(egui::pos2(canvas.min.x, kept.min.y), egui::pos2(kept.min.x, kept.max.y)),
        Rect::from_min_max(egui::pos2(kept.max.x, kept.min.y), egui::pos2(canvas.max.x, kept.max.y)),
    ] {
        if dark.is_positive() {
            painter.rect_filled(dark, 0.0, theme::BACKDROP);
        }
    }
    painter.rect_stroke(inner, 0.0, Stroke::new(1.5, theme::DROP_OUTLINE), StrokeKind::Outside);
}

fn on_canvas(canvas: Canvas, view: &View, region: Region) -> Rect {
    let far = [region.x + region.width, region.y + region.height];
    let corner = |at| canvas.points_from_screen(view.screen_from_image(at));
    Rect::from_min_max(corner([region.x, region.y]), corner(far))
}
