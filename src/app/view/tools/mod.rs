//! What a drag on the canvas does.

mod pan;
pub mod select;

use super::canvas::Canvas;
use super::command::Command;
use egui::{Response, Ui};

/// A tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Moves the view.
    #[default]
    Move,
    /// Draws a selection; then it is moving again. With Shift held it is in hand for one drag.
    Select,
}

impl Tool {
    /// The tool that is in hand where this one is chosen; `is_selecting` says that a selection is being drawn.
    pub(super) fn in_hand(self, ui: &Ui, is_selecting: bool) -> Self {
        if is_selecting || ui.input(|input| input.modifiers.shift) { Self::Select } else { self }
    }

    /// What the person does with it.
    pub(super) fn commands(self, ui: &Ui, response: &Response, canvas: Canvas, commands: &mut Vec<Command>) {
        match self {
            Self::Move => pan::commands(ui, response, canvas, commands),
            Self::Select => select::commands(ui, response, canvas, commands),
        }
    }
}
