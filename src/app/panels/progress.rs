//! The export that is running, in a corner: the view stays usable meanwhile.

use crate::app::command::Command;
use crate::app::exporting::RunningExport;
use crate::app::state::State;
use egui::{Align2, Area, Context, Frame, Id, Order, ProgressBar, Ui};

/// Draws it, if there is one.
pub(in crate::app) fn show(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    let Some(export) = &state.export else { return };
    Area::new(Id::unique("export progress"))
        .order(Order::Middle)
        .anchor(Align2::RIGHT_BOTTOM, egui::vec2(-16.0, -48.0))
        .show(ctx, |ui| {
            Frame::window(ui.style()).show(ui, |ui| {
                ui.set_width(300.0);
                contents(ui, export, state.now_secs, commands);
            });
        });
}

fn contents(ui: &mut Ui, export: &RunningExport, now_secs: f64, commands: &mut Vec<Command>) {
    let name = export.output.file_name().unwrap_or_default().to_string_lossy();
    ui.label(format!("Exporting {name}"));
    ui.add(ProgressBar::new(export.fraction()).show_percentage());
    ui.horizontal(|ui| {
        match export.seconds_left(now_secs) {
            _ if export.is_stopping => ui.weak("Stopping…"),
            Some(left) => ui.weak(time_text(left)),
            None => ui.weak("Working…"),
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add_enabled(!export.is_stopping, egui::Button::new("Cancel export")).clicked() {
                commands.push(Command::CancelExport);
            }
        });
    });
}

fn time_text(left_secs: f64) -> String {
    let left = left_secs.ceil() as u64;
    match (left / 3600, left / 60 % 60, left % 60) {
        (0, 0, seconds) => format!("{seconds} s left"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s left"),
        (hours, minutes, _) => format!("{hours} h {minutes} min left"),
    }
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
