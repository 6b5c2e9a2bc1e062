//! A training while it runs.

use super::choice::Choice;
use super::teach::{Assignment, End, News, Outcome, Teacher, Wish};
use crate::app::kit::one_shot::Waker;
use crate::app::ports::TrainFn;
use crate::task::{Gate, Mailbox, Post, Worker, mailbox};
use crate::train::PlaceChoice;
use egui::Context;
use std::sync::Arc;

/// A training on its thread. Dropping it stops the training, which writes its checkpoint, and waits for that.
pub struct RunningTraining {
    /// What it was started with.
    pub choice: Choice,
    /// Whether the person has paused it.
    pub is_paused: bool,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    is_held: bool,
    pub(super) places: PlaceChoice,
    wish: Wish,
    gate: Gate,
    // Before the worker: once nobody wishes, the thread cannot wait for wishes.
    wishes: Post<Wish>,
    news: Mailbox<News>,
    worker: Worker,
}

impl RunningTraining {
    pub(super) fn start(ctx: &Context, train: Arc<TrainFn>, assignment: Assignment) -> std::io::Result<Self> {
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

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Wish)) {
        change(&mut self.wish);
        self.wishes.send(self.wish.clone());
    }

    /// News, if there are any; the last ones say so, also if the training broke down.
    pub(super) fn poll(&self, last: &News) -> Option<News> {
        let is_finished = self.worker.is_finished();
        let news = self.news.take();
        if news.is_some() || !is_finished {
            return news;
        }
        let words = "training ended unexpectedly; resume it from its last checkpoint at the next start";
        let end = End { outcome: Outcome::Failed(words.into()), kept: None, rest: None };
        Some(News { end: Some(end), ..last.clone() })
    }

    pub(super) fn set_paused(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        self.change(|wish| wish.is_paused = is_paused);
    }

    /// Tells it to stop: it writes its checkpoint and ends.
    pub(super) fn stop(&mut self, is_closing: bool) {
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
    pub(super) fn give_way(&mut self, is_view_waiting: bool) {
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
