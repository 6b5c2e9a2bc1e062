//! What panels are made of.

use super::theme;
use egui::text::{CCursor, CCursorRange};
use egui::widgets::text_edit::TextEditState;
use egui::{Button, Context, Frame, Id, Key, Modal, RichText, TextEdit, Ui};
use std::ops::Range;

/// A path being typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathForm {
    /// The text so far.
    pub path: String,
    /// Why the form is there, if it was not asked for.
    pub note: Option<&'static str>,
    /// Whether the text field should take the focus.
    pub wants_focus: bool,
}

/// A panel over everything else; Esc or a click beside it closes it, which is the command `close`.
pub(in crate::app) fn modal<C>(
    ctx: &Context,
    name: &str,
    width: f32,
    (commands, close): (&mut Vec<C>, C),
    contents: impl FnOnce(&mut Ui, &mut Vec<C>),
) {
    let frame = Frame::window(&ctx.global_style());
    let shown = Modal::new(Id::unique(name)).frame(frame).backdrop_color(theme::BACKDROP).show(ctx, |ui| {
        ui.set_width(width.min(ctx.content_rect().width() - 64.0));
        ui.heading(name);
        ui.add_space(4.0);
        contents(ui, commands);
    });
    if shown.should_close() {
        commands.push(close);
    }
}

/// The button that does what a panel or the empty canvas is for.
pub(in crate::app) fn main_button(text: &str) -> Button<'_> {
    Button::new(RichText::new(text).color(theme::ON_ACCENT)).fill(theme::ACCENT).min_size(egui::vec2(84.0, 0.0))
}

/// What was done to a text field for a path.
pub(in crate::app) struct PathEdit {
    /// Whether it has received the focus that the form wants for it.
    pub(in crate::app) is_focused: bool,
    /// The text, if it was edited.
    pub(in crate::app) text: Option<String>,
    /// Whether Enter was pressed in it.
    pub(in crate::app) is_entered: bool,
}

impl PathEdit {
    /// The commands that it comes to.
    pub(in crate::app) fn commands<C>(self, focused: C, edit: impl FnOnce(String) -> C) -> impl Iterator<Item = C> {
        self.is_focused.then_some(focused).into_iter().chain(self.text.map(edit))
    }
}

/// A text field for a path.
pub(in crate::app) fn path_field(ui: &mut Ui, form: &PathForm, label: &str) -> PathEdit {
    let label = ui.label(label);
    let mut text = form.path.clone();
    // A name of its own: a note that comes or goes above it must not take its focus.
    let field = TextEdit::singleline(&mut text).id_salt("path").desired_width(f32::INFINITY);
    let field = ui.add(field).labelled_by(label.id);
    if form.wants_focus {
        field.request_focus();
        select(ui, field.id, name_part(&form.path));
    }
    PathEdit {
        is_focused: form.wants_focus,
        text: field.changed().then_some(text),
        is_entered: field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)),
    }
}

/// Selects a part of a text field, in letters, so that typing replaces it.
pub(in crate::app) fn select(ui: &Ui, field: Id, letters: Range<usize>) {
    let mut state = TextEditState::load(ui.ctx(), field).unwrap_or_default();
    let range = CCursorRange::two(CCursor::new(letters.start), CCursor::new(letters.end));
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), field);
}

/// The letters of a path that name the file: neither its folder nor its ending.
fn name_part(path: &str) -> Range<usize> {
    let letters: Vec<char> = path.chars().collect();
    let start = letters.iter().rposition(|c| std::path::is_separator(*c)).map_or(0, |at| at + 1);
    let end = letters[start..].iter().rposition(|c| *c == '.').filter(|at| *at > 0);
    start..end.map_or(letters.len(), |at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_replaces_the_name_alone() {
        let named =
            |path: &str| path.chars().skip(name_part(path).start).take(name_part(path).len()).collect::<String>();
        for (path, name) in [("/fotos/ö.v2/bird-x3.5.png", "bird-x3.5"), ("a.png", "a"), ("", ""), (".png", ".png")] {
            assert_eq!(named(path), name, "{path}");
        }
    }
}
