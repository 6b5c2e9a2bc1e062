//! Messages, in a corner above the status bar.

use crate::app::export::panels::progress;
use crate::app::kit::theme;
use crate::app::kit::toasts::Toast;
use crate::app::window::command::Command;
use crate::app::window::state::{Slices, State};
use egui::{Align2, Area, Context, Frame, Id, Label, Margin, Order, Stroke, Ui};

/// The most that one takes across, in points.
const MOST_WIDTH: f32 = 560.0;

/// Draws those there are.
pub(in crate::app) fn show(ctx: &Context, window: &State, slices: &Slices, commands: &mut Vec<Command>) {
    if window.toasts.iter().next().is_none() {
        return;
    }
    let canvas = slices.view.canvas;
    Area::new(Id::unique("messages"))
        .order(Order::Foreground)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(canvas.rect_in_points().left_bottom() + egui::vec2(theme::CORNER_MARGIN, -theme::CORNER_MARGIN))
        .show(ctx, |ui| {
            let width = progress::left_of(ctx, &slices.export, canvas).min(MOST_WIDTH);
            for toast in window.toasts.iter() {
                message(ui, toast, width, commands);
            }
        });
}

fn message(ui: &mut Ui, toast: &Toast, width: f32, commands: &mut Vec<Command>) {
    let mut frame = Frame::window(ui.style()).inner_margin(Margin::symmetric(12, 8));
    if toast.is_failure {
        frame = frame.stroke(Stroke::new(1.5, theme::FAILED));
    }
    frame.show(ui, |ui| {
        ui.set_max_width(width);
        ui.horizontal(|ui| {
            if ui.small_button("Dismiss").clicked() {
                commands.push(Command::DismissToast(toast.id));
            }
            if toast.is_failure {
                // Not by colour alone.
                ui.label("!");
            }
            ui.add(Label::new(&toast.text).wrap().selectable(true));
        });
    });
}
