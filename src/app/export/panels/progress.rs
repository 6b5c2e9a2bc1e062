//! Exports that run, wait and are done, in a corner: the view stays usable meanwhile.

use crate::app::export::folder::RunningFolder;
use crate::app::export::running::RunningExport;
use crate::app::export::{Command, State};
use crate::app::kit::text::{duration_text, file_text};
use crate::app::kit::theme::CORNER_MARGIN;
use crate::app::view::canvas::Canvas;
use egui::{Align2, Area, Context, Frame, Id, Order, ProgressBar, Rect, Ui, vec2};

/// How much of the canvas's corner, upwards, they take, in points.
pub(in crate::app) fn height(ctx: &Context, state: &State) -> f32 {
    rect(ctx, state).map_or(0.0, |rect| rect.height() + CORNER_MARGIN)
}

/// How much of the canvas's width they leave to what stands beside them, in points.
pub(in crate::app) fn left_of(ctx: &Context, state: &State, canvas: Canvas) -> f32 {
    let canvas = canvas.rect_in_points().width();
    (canvas - rect(ctx, state).map_or(0.0, |rect| rect.width() + CORNER_MARGIN) - 5.0 * CORNER_MARGIN).max(LEAST_BESIDE)
}

fn rect(ctx: &Context, state: &State) -> Option<Rect> {
    ctx.memory(|memory| memory.area_rect(id())).filter(|_| has_any(state))
}

fn id() -> Id {
    Id::unique("export progress")
}

fn has_any(state: &State) -> bool {
    state.running.is_some() || state.folder.is_some() || !state.finished.is_empty() || !state.waiting.is_empty()
}

/// Enough for a few words a line.
const LEAST_BESIDE: f32 = 200.0;

/// Draws them, if there are any.
pub(in crate::app) fn show(ctx: &Context, state: &State, canvas: Canvas, now_secs: f64, commands: &mut Vec<Command>) {
    if !has_any(state) {
        return;
    }
    Area::new(id())
        .order(Order::Middle)
        .pivot(Align2::RIGHT_BOTTOM)
        .fixed_pos(canvas.rect_in_points().right_bottom() - vec2(CORNER_MARGIN, CORNER_MARGIN))
        .show(ctx, |ui| {
            Frame::window(ui.style()).show(ui, |ui| {
                ui.set_width(300.0);
                if let Some(export) = &state.running {
                    contents(ui, export, now_secs, commands);
                }
                if let Some(running) = &state.folder {
                    folder(ui, running, commands);
                }
                waiting(ui, state, commands);
                finished(ui, state, commands);
            });
        });
}

fn contents(ui: &mut Ui, export: &RunningExport, now_secs: f64, commands: &mut Vec<Command>) {
    ui.label(format!("Exporting {}", file_text(&export.output)));
    ui.add(ProgressBar::new(export.fraction()).show_percentage());
    ui.horizontal(|ui| {
        match export.seconds_left(now_secs) {
            _ if export.work.is_stopping => ui.weak("Stopping…"),
            Some(left) => ui.weak(time_text(left)),
            None => ui.weak("Working…"),
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add_enabled(!export.work.is_stopping, egui::Button::new("Cancel export")).clicked() {
                commands.push(Command::Cancel);
            }
        });
    });
}

fn folder(ui: &mut Ui, running: &RunningFolder, commands: &mut Vec<Command>) {
    let (done, total) = (running.work.progress.done as usize, running.work.progress.total);
    ui.label(format!("Exporting the folder {}: {done} of {total}", file_text(&running.folder)));
    ui.add(ProgressBar::new(running.fraction()).show_percentage());
    ui.horizontal(|ui| {
        ui.weak(if running.work.is_stopping { "Stopping…" } else { "Working…" });
        if ui.add_enabled(!running.work.is_stopping, egui::Button::new("Stop the folder")).clicked() {
            commands.push(Command::CancelFolder);
        }
    });
}

fn waiting(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    for (i, job) in state.waiting.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.weak(format!("Waiting: {}", file_text(&job.output)));
            if ui.small_button("Withdraw").clicked() {
                commands.push(Command::Withdraw(i));
            }
        });
    }
}

fn finished(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    for path in &state.finished {
        ui.label(format!("Done: {}", file_text(path)));
        ui.horizontal(|ui| {
            for (text, command) in [
                ("Open", Command::Open(path.clone())),
                ("Show folder", Command::ShowFolder(path.clone())),
                ("Forget", Command::Forget(path.clone())),
            ] {
                if ui.small_button(text).clicked() {
                    commands.push(command);
                }
            }
        });
    }
}

fn time_text(left_secs: f64) -> String {
    format!("{} left", duration_text(left_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(time_text(4.2), "5 s left");
        assert_eq!(time_text(125.0), "2 min 5 s left");
        assert_eq!(time_text(7300.0), "2 h 1 min left");
    }
}
