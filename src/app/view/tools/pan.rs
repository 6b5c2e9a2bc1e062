//! Moving the view.

use crate::app::view::canvas::Canvas;
use crate::app::view::command::Command;
use egui::{PointerButton, Response, Ui, Vec2};

/// What a drag does to the view, and a double click.
pub(super) fn commands(ui: &Ui, response: &Response, canvas: Canvas, commands: &mut Vec<Command>) {
    let buttons = [PointerButton::Primary, PointerButton::Middle];
    let is_pan = buttons.iter().any(|button| response.dragged_by(*button) || response.drag_stopped_by(*button));
    // A drag begins once it cannot be a click any more: then the way so far counts too.
    let so_far = response.total_drag_delta().filter(|_| response.drag_started());
    // In the frame in which the button comes up the last part of the way counts too.
    let by = so_far.unwrap_or_else(|| ui.input(|input| input.pointer.delta()));
    if is_pan && by != Vec2::ZERO {
        commands.push(Command::Pan(canvas.pixels_from_points(by)));
    }
    if response.double_clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        commands.push(Command::DoubleClick(canvas.screen_from_points(at)));
    }
}
