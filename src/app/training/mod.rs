//! Training on the person's own pictures.

mod apply;
pub mod before_after;
mod below;
pub mod choice;
pub mod command;
pub mod panels;
pub mod report;
pub mod running;
pub mod worker;
pub mod workplace;

pub use below::Below;
pub use command::Command;

use crate::app::kit::one_shot::OneShot;
use crate::train::Place;
use before_after::BeforeAfterTextures;
use choice::TrainingChoice;
use report::Report;
use running::RunningTraining;
use worker::{End, TrainingStatus};
use workplace::{Job, Workplace};

/// The training that runs or ran, and the form for the next one.
#[derive(Default)]
pub struct State {
    /// Whether the panel is shown.
    pub is_shown: bool,
    /// What the form is set to.
    pub choice: TrainingChoice,
    /// Why the folder must be typed, if it must.
    pub note: Option<&'static str>,
    /// Whether the folder's text field should take the focus.
    pub wants_focus: bool,
    /// The training that runs.
    pub running: Option<RunningTraining>,
    /// What is known about the training that runs, or ran last.
    pub status: TrainingStatus,
    /// The place that is watched.
    pub place: Option<Place>,
    /// How it looks.
    pub before_after: Option<BeforeAfterTextures>,
    /// An interrupted training that can go on.
    pub offer: Option<Job>,
    /// Whether the window closes once the checkpoint is written.
    pub closes_when_saved: bool,
    /// Where trainings work, if there is a place for that.
    workplace: Option<Workplace>,
    /// The last trial that was shown, and the last saving that was told.
    answered: (u64, u64),
    /// Looking for an interrupted training.
    lookup: Option<OneShot<Option<Job>>>,
}

impl State {
    /// No training has run yet.
    pub fn new(workplace: Option<Workplace>) -> Self {
        Self { workplace, ..Self::default() }
    }

    /// Training waits while the view does.
    pub fn give_way(&mut self, is_view_waiting: bool) {
        if let Some(running) = &mut self.running {
            running.give_way(is_view_waiting);
        }
    }

    /// How the last training ended; none while one runs or before the first.
    pub fn end(&self) -> Option<&End> {
        self.status.end.as_ref().filter(|_| self.running.is_none())
    }

    /// What is known about the training that runs, or ran last.
    pub fn report(&self) -> &Report {
        &self.status.report
    }
}
