//! What lies over the picture: the grid and the values of source pixels, the line of a comparison, a mark of progress.

use crate::app::command::{Command, ViewCommand};
use crate::app::look::{Side, Split};
use crate::app::looking::SPLIT_STEP;
use crate::app::state::{Sharpness, Shown, State, source_values};
use crate::app::theme;
use crate::geometry::View;
use egui::{
    Align2, CursorIcon, EventFilter, FontId, Key, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};
use std::ops::Range;

/// From this zoom on source pixels are outlined.
pub const GRID_ZOOM: f64 = 8.0;

/// From this many points per source pixel on their values are written in them.
pub const VALUES_POINTS: f64 = 48.0;

/// How far from the line of a comparison it can be grabbed, in points.
const GRAB_POINTS: f32 = 9.0;

/// The grid of source pixels and their values, if they are wanted and there is room.
pub fn pixels(painter: &Painter, state: &State, shown: &Shown) {
    let Some(view) = state.view().filter(|view| state.settings.pixel_grid && view.zoom >= GRID_ZOOM) else { return };
    let far = [state.canvas.size.width as f64, state.canvas.size.height as f64];
    let sides = [shown.picture.size.width, shown.picture.size.height];
    let [columns, rows] = [0, 1].map(|i| seen(&view, i, far[i], sides[i]));
    let at = |x: usize, y: usize| state.canvas.points_from_screen(view.screen_from_image([x as f64, y as f64]));
    let stroke = Stroke::new(1.0 / state.canvas.pixels_per_point, theme::GRID);
    for x in columns.start..=columns.end {
        painter.line_segment([at(x, rows.start), at(x, rows.end)], stroke);
    }
    for y in rows.clone().chain([rows.end]) {
        painter.line_segment([at(columns.start, y), at(columns.end, y)], stroke);
    }
    if view.zoom / f64::from(state.canvas.pixels_per_point) < VALUES_POINTS {
        return;
    }
    for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))) {
        values(painter, Rect::from_min_max(at(x, y), at(x + 1, y + 1)), source_values(&shown.picture, (x, y)));
    }
}

/// The source pixels of one axis that are on the canvas.
fn seen(view: &View, axis: usize, far: f64, side: usize) -> Range<usize> {
    let (first, last) = (view.image_from_screen([0.0; 2])[axis], view.image_from_screen([far; 2])[axis]);
    let start = (first.max(0.0) as usize).min(side);
    start..(last.max(0.0).ceil() as usize).clamp(start, side)
}

/// Three values in a pixel, dark on light and light on dark.
fn values(painter: &Painter, rect: Rect, [r, g, b]: [u16; 3]) {
    let font = FontId::monospace((rect.height() / 4.4).min(13.0));
    let galley = painter.layout_no_wrap(format!("{r}\n{g}\n{b}"), font, theme::ON_CANVAS);
    let plate = Rect::from_center_size(rect.center(), galley.size()).expand(2.0);
    painter.rect_filled(plate, 3.0, theme::PLATE);
    painter.galley(plate.min + vec2(2.0, 2.0), galley, theme::ON_CANVAS);
}

/// The line of a comparison, which can be dragged, focused and moved by keys.
pub fn split(ui: &Ui, painter: &Painter, state: &State, commands: &mut Vec<Command>) {
    let Some(split) = state.split else { return };
    let canvas = state.canvas.rect_in_points();
    let columns = split.left_columns(state.canvas.size.width) as f64;
    let x = state.canvas.points_from_screen([columns, 0.0]).x;
    let line = Rect::from_x_y_ranges(x..=x, canvas.y_range());
    let id = ui.scope_id().with("split");
    let response = ui
        .interact(line.expand2(vec2(GRAB_POINTS, 0.0)), id, Sense::drag())
        .on_hover_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| WidgetInfo::slider(true, split.at * 100.0, "Comparison line"));
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.drag_delta() != Vec2::ZERO) {
        let part = f64::from((at.x - canvas.min.x) / canvas.width());
        commands.push(Command::View(ViewCommand::SetSplitAt(part)));
    }
    if response.has_focus() {
        move_by_arrows(ui, id, commands);
    }
    let is_marked = response.has_focus() || response.hovered() || response.dragged();
    let width = if is_marked { 3.0 } else { 2.0 };
    painter.line_segment([line.center_top(), line.center_bottom()], Stroke::new(width + 2.0, theme::OUTLINE));
    painter.line_segment([line.center_top(), line.center_bottom()], Stroke::new(width, theme::SPLIT));
    grip(painter, line.center(), is_marked);
    names(painter, split, state, pos2(x, canvas.min.y + 22.0));
}

/// The arrow keys move a line that has the focus.
fn move_by_arrows(ui: &Ui, id: egui::Id, commands: &mut Vec<Command>) {
    ui.memory_mut(|memory| {
        memory.set_focus_lock_filter(id, EventFilter { horizontal_arrows: true, ..EventFilter::default() });
    });
    for (key, by) in [(Key::ArrowLeft, -SPLIT_STEP), (Key::ArrowRight, SPLIT_STEP)] {
        let presses = ui.input(|input| input.num_presses(key));
        commands.extend(std::iter::repeat_n(Command::View(ViewCommand::SplitBy(by)), presses));
    }
}

/// The round grip with its two arrows.
fn grip(painter: &Painter, center: Pos2, is_marked: bool) {
    painter.circle(center, if is_marked { 15.0 } else { 13.0 }, theme::SPLIT, Stroke::new(1.5, theme::OUTLINE));
    for side in [-1.0, 1.0] {
        let tip = center + vec2(side * 9.0, 0.0);
        let wing = |up: f32| center + vec2(side * 4.0, up * 5.0);
        painter.add(Shape::convex_polygon(vec![tip, wing(-1.0), wing(1.0)], theme::ON_SPLIT, Stroke::NONE));
    }
}

/// What is on which side, beside the line.
fn names(painter: &Painter, split: Split, state: &State, at: Pos2) {
    let sides = [(split.left, -12.0, Align2::RIGHT_CENTER), (split.right, 12.0, Align2::LEFT_CENTER)];
    for (side, offset, align) in sides {
        let text = match side {
            Side::OtherModel => state.other_model.name(),
            side @ Side::Own(_) => side.name().to_owned(),
        };
        plate_with(painter, text, at + vec2(offset, 0.0), align);
    }
}

/// A text on a dark plate.
fn plate_with(painter: &Painter, text: String, at: Pos2, align: Align2) {
    let galley = painter.layout_no_wrap(text, FontId::proportional(13.0), theme::ON_CANVAS);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(8.0, 4.0)), 5.0, theme::PLATE);
    painter.galley(rect.min, galley, theme::ON_CANVAS);
}

/// In full screen, where there is no bar to say it: how far the view is.
pub fn progress(painter: &Painter, state: &State) {
    if state.is_fullscreen && state.sharpness == Sharpness::Sharpening {
        let corner = state.canvas.rect_in_points().right_bottom();
        ring(painter, corner - vec2(22.0, 22.0), 8.0, state.part_there);
    }
    if state.is_original_held {
        let top = state.canvas.rect_in_points().center_top();
        plate_with(painter, "Source pixels".into(), top + vec2(0.0, 22.0), Align2::CENTER_CENTER);
    }
}

/// A ring of which `part` is filled, clockwise from the top.
pub fn ring(painter: &Painter, center: Pos2, radius: f32, part: f32) {
    painter.circle_stroke(center, radius, Stroke::new(2.5, theme::RING));
    let steps = (part.clamp(0.0, 1.0) * 32.0).round() as usize;
    let at = |i: usize| {
        let angle = i as f32 / 32.0 * std::f32::consts::TAU;
        center + radius * vec2(angle.sin(), -angle.cos())
    };
    if steps > 0 {
        painter.add(Shape::line((0..=steps).map(at).collect(), Stroke::new(2.5, theme::BUSY)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_on_the_canvas_are_found() {
        let view = View { zoom: 10.0, corner_on_screen: [-25.0, 40.0] };
        assert_eq!(seen(&view, 0, 100.0, 300), 2..13);
        assert_eq!(seen(&view, 1, 100.0, 300), 0..6);
        assert_eq!(seen(&view, 0, 100.0, 5), 2..5);
        let away = View { zoom: 10.0, corner_on_screen: [-900.0, 400.0] };
        assert!(seen(&away, 0, 100.0, 5).is_empty() && seen(&away, 1, 100.0, 5).is_empty());
    }
}
