//! The panel for a typed zoom.

use crate::app::kit::widgets::{main_button, modal, select};
use crate::app::view::command::Command;
use egui::{Align, Context, Key, Layout, TextEdit};

/// A zoom being typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoomForm {
    /// The text so far.
    pub text: String,
    /// Whether it was entered but means nothing.
    pub is_wrong: bool,
    /// Whether the text field should take the focus.
    pub wants_focus: bool,
}

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, form: &ZoomForm, commands: &mut Vec<Command>) {
    modal(ctx, "Go to a zoom", 340.0, (commands, Command::CloseZoom), |ui, commands| {
        let label = ui.label("Zoom, like x30 or 250%");
        let mut text = form.text.clone();
        let field = ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY)).labelled_by(label.id);
        if form.wants_focus {
            field.request_focus();
            select(ui, field.id, 0..form.text.chars().count());
            commands.push(Command::ZoomFocused);
        }
        if field.changed() {
            commands.push(Command::EditZoom(text));
        }
        if form.is_wrong {
            ui.label("This is not a zoom. Write x30 or 30x for thirty times, 250% for two and a half.");
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(main_button("Go")).clicked() || is_entered {
                commands.push(Command::SubmitZoom);
            }
            if ui.button("Cancel").clicked() {
                commands.push(Command::CloseZoom);
            }
        });
    });
}
