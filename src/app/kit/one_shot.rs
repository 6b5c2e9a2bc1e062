//! A piece of work on a thread of its own that ends with one result.

use crate::task::Worker;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// Work whose single result is asked for once a frame. Dropping it forgets the work: nobody waits for it, because it
/// may sit in a call into the system that never returns.
pub struct OneShot<T> {
    result: Receiver<T>,
    worker: Option<Worker>,
}

/// What has become of a [`OneShot`].
pub enum OneShotStatus<T> {
    /// Not done yet.
    Pending,
    /// The result.
    Done(T),
    /// The thread ended without a result: it panicked.
    Lost,
}

impl<T: Send + 'static> OneShot<T> {
    /// Starts `work` on a thread called `name` and wakes the window when it is done.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(name: &str, ctx: &egui::Context, work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<Self> {
        let (send, result) = sync_channel(1);
        let waker = Waker(ctx.clone());
        let worker = Worker::spawn(name, move || {
            // Dropped in reverse: the window wakes after the channel has closed, also if the work panics.
            let _waker = waker;
            let send = send;
            // Nobody listening any more is what being forgotten means.
            let _ = send.send(work());
        })?;
        Ok(Self { result, worker: Some(worker) })
    }

    /// The result, if it is there. Never waits.
    pub fn poll(&self) -> OneShotStatus<T> {
        match self.result.try_recv() {
            Ok(result) => OneShotStatus::Done(result),
            Err(TryRecvError::Empty) => OneShotStatus::Pending,
            Err(TryRecvError::Disconnected) => OneShotStatus::Lost,
        }
    }
}

impl<T> Drop for OneShot<T> {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.detach();
        }
    }
}

/// Draws the window once more when dropped.
pub(in crate::app) struct Waker(pub(in crate::app) egui::Context);

impl Drop for Waker {
    fn drop(&mut self) {
        self.0.request_repaint();
    }
}
