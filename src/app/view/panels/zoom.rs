//! The panel for a typed zoom.

use crate::app::kit::widgets::main_button;
use crate::app::kit::widgets::modal;
use crate::app::kit::widgets::select;
use crate::app::window::command::{Command, ViewCommand};
use crate::app::window::state::ZoomForm;
use egui::{Align, Context, Key, Layout, TextEdit};

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, form: &ZoomForm, commands: &mut Vec<Command>) {
    modal(ctx, "Go to a zoom", 340.0, commands, |ui, commands| {
        let label = ui.label("Zoom, like x30 or 250%");
        let mut text = form.text.clone();
        let field = ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY)).labelled_by(label.id);
        if form.wants_focus {
            field.request_focus();
            select(ui, field.id, 0..form.text.chars().count());
            commands.push(Command::View(ViewCommand::ZoomFocused));
        }
        if field.changed() {
            commands.push(Command::View(ViewCommand::EditZoom(text)));
        }
        if form.is_wrong {
            ui.label("This is no zoom. Write x30 or 30x for thirty times, 250% for two and a half.");
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(main_button("Go")).clicked() || is_entered {
                commands.push(Command::View(ViewCommand::SubmitZoom));
            }
            if ui.button("Cancel").clicked() {
                commands.push(Command::Back);
            }
        });
    });
}
