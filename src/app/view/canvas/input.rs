//! Mouse, touchpad and touch on the canvas, as commands.

use super::Canvas;
use crate::app::files::turning::Turn;
use crate::app::settings::{Settings, WheelAction};
use crate::app::view::{Command, State};
use egui::{CursorIcon, Event, Modifiers, MouseWheelSource, MouseWheelUnit, Response, Ui, Vec2};

/// Zoom of one notch of the wheel.
const NOTCH: f64 = 1.25;
/// Zoom of one notch with Shift held.
const FINE_NOTCH: f64 = 1.03;
/// How many points of a smooth wheel make a notch.
const POINTS_PER_NOTCH: f32 = 50.0;

/// The speed at which Ctrl and a notch of the wheel zoom as far as a notch alone.
pub fn scroll_zoom_speed(options: &egui::InputOptions) -> f32 {
    NOTCH.ln() as f32 / options.line_scroll_speed
}

/// What the person does with the pointer on the canvas.
pub fn commands(ui: &Ui, response: &Response, state: &State, settings: &Settings) -> Vec<Command> {
    let (mut commands, canvas) = (Vec::new(), state.canvas);
    state.tool.in_hand(ui, state.selecting.is_some()).commands(ui, response, canvas, &mut commands);
    if response.hovered() {
        hover(ui, response, canvas, settings.wheel, &mut commands);
    }
    set_cursor(ui, response);
    commands
}

fn hover(ui: &Ui, response: &Response, canvas: Canvas, action: WheelAction, commands: &mut Vec<Command>) {
    let Some(at) = response.hover_pos().map(|at| canvas.screen_from_points(at)) else { return };
    ui.input(|input| {
        commands.extend(input.events.iter().filter_map(|event| wheel(event, at, canvas, action)));
        let pinch = f64::from(input.zoom_delta());
        if pinch != 1.0 {
            commands.push(Command::Pinch { factor: pinch, at });
        }
    });
}

/// Fingers on a touchpad move the picture; a wheel zooms. With Ctrl held both arrive as a pinch instead.
fn wheel(event: &Event, at: [f64; 2], canvas: Canvas, action: WheelAction) -> Option<Command> {
    let Event::MouseWheel { unit, delta, source, modifiers, .. } = event else { return None };
    if modifiers.ctrl || modifiers.command || *delta == Vec2::ZERO {
        return None;
    }
    let is_touchpad = matches!(source, MouseWheelSource::Trackpad | MouseWheelSource::Momentum);
    if is_touchpad && *unit == MouseWheelUnit::Point {
        return Some(Command::Pan(canvas.pixels_from_points(*delta)));
    }
    match action {
        WheelAction::Zoom => Some(Command::Wheel { factor: wheel_factor(*unit, *delta, *modifiers), at }),
        WheelAction::Pan => Some(Command::Pan(canvas.pixels_from_points(wheel_points(*unit, *delta, *modifiers)))),
        WheelAction::Pictures => {
            let notches = wheel_notches(*unit, delta.x + delta.y);
            Some(Command::TurnPictures(Turn { notches, is_smooth: *unit == MouseWheelUnit::Point }))
        }
    }
}

/// How far a wheel moves the view; sideways with Shift, if the system has not turned it already.
fn wheel_points(unit: MouseWheelUnit, delta: Vec2, modifiers: Modifiers) -> Vec2 {
    let points = if unit == MouseWheelUnit::Point { delta } else { delta * POINTS_PER_NOTCH };
    if modifiers.shift && points.x == 0.0 { Vec2::new(points.y, 0.0) } else { points }
}

fn wheel_factor(unit: MouseWheelUnit, delta: Vec2, modifiers: Modifiers) -> f64 {
    // Some systems turn the wheel sideways while Shift is held.
    let turned = if delta.y == 0.0 { delta.x } else { delta.y };
    let notch: f64 = if modifiers.shift { FINE_NOTCH } else { NOTCH };
    notch.powf(f64::from(wheel_notches(unit, turned)).clamp(-8.0, 8.0))
}

fn wheel_notches(unit: MouseWheelUnit, turned: f32) -> f32 {
    match unit {
        MouseWheelUnit::Point => turned / POINTS_PER_NOTCH,
        MouseWheelUnit::Line | MouseWheelUnit::Page => turned,
    }
}

fn set_cursor(ui: &Ui, response: &Response) {
    if response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    } else if response.hovered() && ui.input(|input| input.key_down(egui::Key::Space)) {
        ui.ctx().set_cursor_icon(CursorIcon::Grab);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notch_is_a_quarter_and_shift_makes_it_fine() {
        let line = MouseWheelUnit::Line;
        assert_eq!(wheel_factor(line, Vec2::new(0.0, 1.0), Modifiers::NONE), 1.25);
        assert!((wheel_factor(line, Vec2::new(0.0, -1.0), Modifiers::NONE) - 0.8).abs() < 1e-12);
        assert_eq!(wheel_factor(line, Vec2::new(1.0, 0.0), Modifiers::SHIFT), 1.03);
        assert_eq!(wheel_factor(MouseWheelUnit::Point, Vec2::new(0.0, 50.0), Modifiers::NONE), 1.25);
    }
}
