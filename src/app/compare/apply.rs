//! Carrying out what the person asks of a comparison.

use super::split::{Side, Split};
use super::{Command, State};
use crate::app::env::{Env, Event};
use crate::app::models;
use crate::app::ports::DialogPurpose;
use crate::recipe::Source;

impl State {
    /// Does one thing.
    pub fn apply(&mut self, command: Command, models: &models::State, env: &mut Env<'_>) {
        match command {
            Command::Hold(held) => self.held = held,
            Command::ToggleSplit => self.toggle_split(),
            Command::SetSplitAt(at) => self.set_split_at(at),
            Command::SplitBy(by) => self.split_by(by),
            Command::SetSide { is_left, side } => self.set_side(is_left, side, models, env),
            Command::BrowseModel => env.announce(Event::DialogWanted(DialogPurpose::Model)),
        }
    }

    fn toggle_split(&mut self) {
        self.split = if self.split.is_some() { None } else { Some(Split::default()) };
    }

    fn set_split_at(&mut self, at: f64) {
        if let Some(split) = &mut self.split {
            split.at = at.clamp(0.0, 1.0);
        }
    }

    fn split_by(&mut self, by: f64) {
        if let Some(split) = self.split {
            self.set_split_at(split.at + by);
        }
    }

    /// Chooses a side of the comparison. The other model must be chosen first.
    fn set_side(&mut self, is_left: bool, side: Side, models: &models::State, env: &mut Env<'_>) {
        if side == Side::OtherModel && models.other.model().is_none() {
            env.announce(Event::DialogWanted(DialogPurpose::Model));
            return;
        }
        if let Some(split) = &mut self.split {
            *(if is_left { &mut split.left } else { &mut split.right }) = side;
        }
    }

    /// Shows the other model, which is there now, on the right.
    pub fn show_other(&mut self) {
        self.split.get_or_insert_default().right = Side::OtherModel;
    }

    /// Compares the other model, on the left, with the one in use; the line stays where it is.
    pub fn compare_with_other(&mut self) {
        let at = self.split.map_or_else(|| Split::default().at, |split| split.at);
        self.split = Some(Split { left: Side::OtherModel, right: Side::Own(Source::NEURAL), at });
    }
}
