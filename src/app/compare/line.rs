//! What a comparison draws on the canvas: its line, and that the source is shown.

use super::command::SPLIT_STEP;
use super::split::{Side, Split};
use super::{Command, State};
use crate::app::kit::theme;
use crate::app::models;
use crate::app::view::canvas::Canvas;
use egui::{
    Align2, CursorIcon, EventFilter, FontId, Key, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

/// How far from the line of a comparison it can be grabbed, in points.
const GRAB_POINTS: f32 = 9.0;

/// The line of a comparison, which can be dragged, focused and moved by keys.
pub(in crate::app) fn show(
    ui: &Ui,
    painter: &Painter,
    (state, canvas): (&State, Canvas),
    models: &models::State,
    commands: &mut Vec<Command>,
) {
    let Some(split) = state.split else { return };
    let area = canvas.rect_in_points();
    let columns = split.left_columns(canvas.size.width) as f64;
    let x = canvas.points_from_screen([columns, 0.0]).x;
    let line = Rect::from_x_y_ranges(x..=x, area.y_range());
    let id = ui.scope_id().with("split");
    let response = ui
        .interact(line.expand2(vec2(GRAB_POINTS, 0.0)), id, Sense::drag())
        .on_hover_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| WidgetInfo::slider(true, split.at * 100.0, "Comparison line"));
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.drag_delta() != Vec2::ZERO) {
        let part = f64::from((at.x - area.min.x) / area.width());
        commands.push(Command::SetSplitAt(part));
    }
    if response.has_focus() {
        move_by_arrows(ui, id, commands);
    }
    let is_marked = response.has_focus() || response.hovered() || response.dragged();
    let width = if is_marked { 3.0 } else { 2.0 };
    painter.line_segment([line.center_top(), line.center_bottom()], Stroke::new(width + 2.0, theme::OUTLINE));
    painter.line_segment([line.center_top(), line.center_bottom()], Stroke::new(width, theme::SPLIT));
    grip(painter, line.center(), is_marked);
    names(painter, split, models, pos2(x, area.min.y + 22.0));
}

/// Says what is shown as long as a key is held.
pub(in crate::app) fn held(painter: &Painter, state: &State, canvas: Canvas) {
    if let Some(name) = state.held.name() {
        let top = canvas.rect_in_points().center_top();
        plate_with(painter, name.into(), top + vec2(0.0, 22.0), Align2::CENTER_CENTER);
    }
}

/// The arrow keys move a line that has the focus.
fn move_by_arrows(ui: &Ui, id: egui::Id, commands: &mut Vec<Command>) {
    ui.memory_mut(|memory| {
        memory.set_focus_lock_filter(id, EventFilter { horizontal_arrows: true, ..EventFilter::default() });
    });
    for (key, by) in [(Key::ArrowLeft, -SPLIT_STEP), (Key::ArrowRight, SPLIT_STEP)] {
        let presses = ui.input(|input| input.num_presses(key));
        commands.extend(std::iter::repeat_n(Command::SplitBy(by), presses));
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
fn names(painter: &Painter, split: Split, models: &models::State, at: Pos2) {
    let sides = [(split.left, -12.0, Align2::RIGHT_CENTER), (split.right, 12.0, Align2::LEFT_CENTER)];
    for (side, offset, align) in sides {
        let text = match side {
            Side::OtherModel => models.other.name(),
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
