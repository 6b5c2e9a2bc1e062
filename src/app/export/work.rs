//! Work on a thread of its own that tells how far it is, gives way to the view, and can be stopped.

use crate::app::kit::one_shot::Waker;
use crate::error::Result;
use crate::task::{Gate, Worker};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

enum WorkEvent<P, T> {
    Progress(P),
    Ended(Result<T>),
}

/// The work. Dropping it stops the work, waits for it, and leaves no half file behind.
pub struct Work<P, T> {
    /// How far it is.
    pub progress: P,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    gate: Gate,
    // Before the worker: once nobody listens, the thread cannot wait for its message to be taken.
    events: Receiver<WorkEvent<P, T>>,
    _worker: Worker,
}

impl<P: Send + 'static, T: Send + 'static> Work<P, T> {
    /// Starts it on a thread of that name; it is given what holds or stops it, and what to tell its progress to.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(
        ctx: &egui::Context,
        name: &str,
        progress: P,
        run: impl FnOnce(&Gate, &(dyn Fn(P) + Sync)) -> Result<T> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (send, events) = sync_channel(8);
        let gate = Gate::default();
        let (worker_gate, waker) = (gate.clone(), ctx.clone());
        let worker = Worker::spawn(name, move || {
            // Dropped in reverse: the window wakes after the channel has closed, also if the work panics.
            let waker = Waker(waker);
            let send = send;
            let ended = run(&worker_gate, &|progress| {
                // What nobody has looked at yet is worth less than going on: a full queue drops it.
                if send.try_send(WorkEvent::Progress(progress)).is_ok() {
                    waker.0.request_repaint();
                }
            });
            // Nobody listening any more means that the window is closing.
            let _ = send.send(WorkEvent::Ended(ended));
        })?;
        Ok(Self { progress, is_stopping: false, gate, events, _worker: worker })
    }

    /// Takes in what has happened; the result once it has ended, or `None` inside if it broke down.
    pub fn poll(&mut self) -> Option<Option<Result<T>>> {
        loop {
            match self.events.try_recv() {
                Ok(WorkEvent::Progress(progress)) => self.progress = progress,
                Ok(WorkEvent::Ended(result)) => return Some(Some(result)),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(None),
            }
        }
    }
}

impl<P, T> Work<P, T> {
    /// Holds the work at its next unit while the view waits for tiles: the view always wins.
    pub fn give_way(&self, is_view_waiting: bool) {
        self.gate.hold(is_view_waiting);
    }

    /// Tells it to stop; it then ends by itself.
    pub fn stop(&mut self) {
        self.is_stopping = true;
        self.gate.stop();
    }
}

impl<P, T> Drop for Work<P, T> {
    fn drop(&mut self) {
        self.gate.stop();
    }
}
