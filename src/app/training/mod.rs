//! A training while it runs, and what the window remembers about it.

mod apply;
pub mod choice;
pub mod panels;
pub mod report;
pub mod sight;
pub mod teach;
pub mod workplace;

use crate::app::kit::one_shot::{OneShot, Waker};
use crate::app::models::slot::Slot;
use crate::library::Library;
use crate::task::{Gate, Mailbox, Post, Worker, mailbox};
use crate::train::{Place, PlaceChoice};
use choice::Choice;
use egui::{Context, TextureHandle};
use report::Report;
use sight::Sight;
use std::sync::Arc;
use teach::{Assignment, End, News, Outcome, Teacher, TrainFn, Wish};
use workplace::{Job, Workplace};

/// Where models are kept and trainings work.
#[derive(Clone, Debug)]
pub struct Home {
    /// The models.
    pub library: Library,
    /// The training.
    pub workplace: Workplace,
}

/// What the person asks of training. Carried out by `App::apply_training`.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainCommand {
    /// Show or hide the panel.
    Toggle,
    /// Set the panel to something else.
    Change(Choice),
    /// Ask for the folder with the system's file dialog.
    BrowseFolder,
    /// The folder's text field has received the focus.
    FolderFocused,
    /// Begin.
    Start,
    /// Pause.
    Pause,
    /// Go on after a pause.
    GoOn,
    /// End, and see what came of it.
    Stop,
    /// Watch the place in the middle of the view.
    Watch,
    /// Show the picture with the weights as they are now, or with the new model.
    Use,
    /// Compare the model of before with the one in use.
    Compare,
    /// Back to the model of before.
    Revert,
    /// Ask where to write the weights as they are now, or the new model.
    SaveAs,
    /// Show the form again.
    Again,
    /// Go on with a training that was interrupted or stopped.
    Resume,
    /// Decide about an interrupted training another time.
    Later,
    /// Forget an interrupted training.
    Discard,
    /// Save the checkpoint, then close the window.
    SaveAndClose,
}

/// A training on its thread. Dropping it stops the training, which writes its checkpoint, and waits for that.
pub struct RunningTraining {
    /// What it was started with.
    pub choice: Choice,
    /// Whether the person has paused it.
    pub is_paused: bool,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    is_held: bool,
    places: PlaceChoice,
    wish: Wish,
    gate: Gate,
    // Before the worker: once nobody wishes, the thread cannot wait for wishes.
    wishes: Post<Wish>,
    news: Mailbox<News>,
    worker: Worker,
}

impl RunningTraining {
    fn start(ctx: &Context, train: Arc<TrainFn>, assignment: Assignment) -> std::io::Result<Self> {
        let ((wishes, inbox), (outbox, news)) = (mailbox(), mailbox());
        let gate = Gate::default();
        let (inner, waker) = (gate.clone(), ctx.clone());
        let (choice, places) = (assignment.choice.clone(), assignment.places.clone());
        let worker = Worker::spawn("training", move || {
            // Wakes the window also if the training panics.
            let waker = Waker(waker);
            let tell = |news: &News| {
                outbox.send(news.clone());
                waker.0.request_repaint();
            };
            Teacher::new(&inner, &inbox, &tell).run(&assignment, &*train);
        })?;
        let wish = Wish::default();
        let is_held = false;
        Ok(Self { choice, is_paused: false, is_stopping: false, is_held, places, wish, gate, wishes, news, worker })
    }

    fn change(&mut self, change: impl FnOnce(&mut Wish)) {
        change(&mut self.wish);
        self.wishes.send(self.wish.clone());
    }

    /// News, if there are any; the last ones say so, also if the training broke down.
    fn poll(&self, last: &News) -> Option<News> {
        let is_finished = self.worker.is_finished();
        let news = self.news.take();
        if news.is_some() || !is_finished {
            return news;
        }
        let words = "training ended unexpectedly; resume it from its last checkpoint at the next start";
        let end = End { outcome: Outcome::Failed(words.into()), kept: None, rest: None };
        Some(News { end: Some(end), ..last.clone() })
    }

    fn set_paused(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        self.change(|wish| wish.is_paused = is_paused);
    }

    /// Tells it to stop: it writes its checkpoint and ends.
    fn stop(&mut self, is_closing: bool) {
        self.is_stopping = true;
        self.is_paused = false;
        self.change(|wish| (wish.is_paused, wish.is_closing) = (false, is_closing));
        self.gate.stop();
    }

    /// Whether it stops because the window closes.
    pub fn is_closing(&self) -> bool {
        self.wish.is_closing
    }

    /// Holds the work while the view waits for tiles: the view always wins.
    pub(in crate::app) fn give_way(&mut self, is_view_waiting: bool) {
        if is_view_waiting != self.is_held {
            self.is_held = is_view_waiting;
            if is_view_waiting { self.gate.pause() } else { self.gate.run() }
        }
    }
}

impl Drop for RunningTraining {
    fn drop(&mut self) {
        if !self.is_stopping {
            // The window is gone without a word: the training goes on at the next start.
            self.stop(true);
        }
    }
}

/// The two pictures of a place, on the graphics card.
pub struct SightTextures {
    /// By the weights that training, or its resumption, began with.
    pub before: TextureHandle,
    /// By the weights of the step.
    pub after: TextureHandle,
    /// Which step.
    pub step: u64,
    source: Arc<Sight>,
}

/// Everything about training.
#[derive(Default)]
pub struct Trainings {
    /// Whether the panel is shown.
    pub is_shown: bool,
    /// What the form is set to.
    pub choice: Choice,
    /// Why the folder must be typed, if it must.
    pub note: Option<&'static str>,
    /// Whether the folder's text field should take the focus.
    pub wants_focus: bool,
    /// The training that runs.
    pub running: Option<RunningTraining>,
    /// What is known about the training that runs, or ran last.
    pub news: News,
    /// The place that is watched.
    pub place: Option<Place>,
    /// How it looks.
    pub sight: Option<SightTextures>,
    /// The model that was in use before weights were tried.
    pub before: Option<Slot>,
    /// An interrupted training that can go on.
    pub offer: Option<Job>,
    /// Whether the window closes once the checkpoint is written.
    pub closes_when_saved: bool,
    /// The last trial that was shown, and the last saving that was told.
    answered: (u64, u64),
    /// Looking for an interrupted training.
    lookup: Option<OneShot<Option<Job>>>,
}

impl Trainings {
    /// How the last training ended; none while one runs or before the first.
    pub fn end(&self) -> Option<&End> {
        self.news.end.as_ref().filter(|_| self.running.is_none())
    }

    /// What is known about the training that runs, or ran last.
    pub fn report(&self) -> &Report {
        &self.news.report
    }
}
