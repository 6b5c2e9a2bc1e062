//! A training while it runs.

use super::choice::TrainingChoice;
use super::worker::{Assignment, End, TrainingOutcome, TrainingRequest, TrainingStatus, TrainingWorker};
use crate::app::kit::one_shot::Waker;
use crate::app::ports::TrainFn;
use crate::task::{Gate, Mailbox, Post, Worker, mailbox};
use crate::train::PlaceChoice;
use egui::Context;
use std::sync::Arc;

/// A training on its thread. Dropping it stops the training, which writes its checkpoint, and waits for that.
pub struct RunningTraining {
    /// What it was started with.
    pub choice: TrainingChoice,
    /// Whether the person has paused it.
    pub is_paused: bool,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    is_held: bool,
    pub(super) places: PlaceChoice,
    request: TrainingRequest,
    gate: Gate,
    // Before the worker: once requests have ended, the thread cannot wait for them.
    requests: Post<TrainingRequest>,
    status: Mailbox<TrainingStatus>,
    worker: Worker,
}

impl RunningTraining {
    pub(super) fn start(ctx: &Context, train: Arc<TrainFn>, assignment: Assignment) -> std::io::Result<Self> {
        let ((requests, inbox), (outbox, status)) = (mailbox(), mailbox());
        let gate = Gate::default();
        let (inner, waker) = (gate.clone(), ctx.clone());
        let (choice, places) = (assignment.choice.clone(), assignment.places.clone());
        let worker = Worker::spawn("training", move || {
            // Wakes the window also if the training panics.
            let waker = Waker(waker);
            let tell = |status: &TrainingStatus| {
                outbox.send(status.clone());
                waker.0.request_repaint();
            };
            TrainingWorker::new(&inner, &inbox, &tell).run(&assignment, &*train);
        })?;
        let request = TrainingRequest::default();
        let is_held = false;
        Ok(Self {
            choice,
            is_paused: false,
            is_stopping: false,
            is_held,
            places,
            request,
            gate,
            requests,
            status,
            worker,
        })
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut TrainingRequest)) {
        change(&mut self.request);
        self.requests.send(self.request.clone());
    }

    /// A newer status, if there is one; the last one says so, also if the training broke down.
    pub(super) fn poll(&self, last: &TrainingStatus) -> Option<TrainingStatus> {
        let is_finished = self.worker.is_finished();
        let status = self.status.take();
        if status.is_some() || !is_finished {
            return status;
        }
        let words = "training ended unexpectedly; resume it from its last checkpoint at the next start";
        let end = End { outcome: TrainingOutcome::Failed(words.into()), kept: None, rest: None };
        Some(TrainingStatus { end: Some(end), ..last.clone() })
    }

    pub(super) fn set_paused(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        self.change(|request| request.is_paused = is_paused);
    }

    /// Tells it to stop: it writes its checkpoint and ends.
    pub(super) fn stop(&mut self, is_closing: bool) {
        self.is_stopping = true;
        self.is_paused = false;
        self.change(|request| (request.is_paused, request.is_closing) = (false, is_closing));
        self.gate.stop();
    }

    /// Whether it stops because the window closes.
    pub fn is_closing(&self) -> bool {
        self.request.is_closing
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
