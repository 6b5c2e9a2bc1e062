//! An export while it runs.

use crate::app::kit::one_shot::Waker;
use crate::app::ports::ExportFn;
use crate::error::Result;
use crate::export::{ExportJob, ExportReport, Progress};
use crate::task::{Gate, Worker};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

enum ExportEvent {
    Progress(Progress),
    Ended(Result<ExportReport>),
}

/// An export on its thread. Dropping it stops the export, waits for it, and leaves no half file behind.
pub struct RunningExport {
    /// The file being written.
    pub output: PathBuf,
    /// How far it is.
    pub progress: Progress,
    /// Whether the network makes its pixels.
    pub is_neural: bool,
    /// Whether an invention map is written beside it.
    pub has_map: bool,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    started_secs: f64,
    gate: Gate,
    // Before the worker: once nobody listens, the thread cannot wait for its message to be taken.
    events: Receiver<ExportEvent>,
    _worker: Worker,
}

impl RunningExport {
    /// Starts it.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(ctx: &egui::Context, run: Arc<ExportFn>, job: ExportJob, now_secs: f64) -> std::io::Result<Self> {
        let (send, events) = sync_channel(8);
        let gate = Gate::default();
        let (output, total) = (job.output.clone(), job.pixels());
        let (is_neural, has_map) = (job.is_neural(), job.map.is_some());
        let (worker_gate, waker) = (gate.clone(), ctx.clone());
        let worker = Worker::spawn("export", move || {
            // Dropped in reverse: the window wakes after the channel has closed, also if the export panics.
            let waker = Waker(waker);
            let send = send;
            let ended = run(&job, &worker_gate, &mut |progress| report(&send, &waker.0, progress));
            // Nobody listening any more means that the window is closing.
            let _ = send.send(ExportEvent::Ended(ended));
        })?;
        let progress = Progress { done: 0, total };
        Ok(Self {
            output,
            progress,
            is_neural,
            has_map,
            is_stopping: false,
            started_secs: now_secs,
            gate,
            events,
            _worker: worker,
        })
    }

    /// Takes in what has happened; the result once it has ended, or `None` inside if it broke down.
    pub fn poll(&mut self) -> Option<Option<Result<ExportReport>>> {
        loop {
            match self.events.try_recv() {
                Ok(ExportEvent::Progress(progress)) => self.progress = progress,
                Ok(ExportEvent::Ended(result)) => return Some(Some(result)),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(None),
            }
        }
    }

    /// Holds the work at its next unit while the view waits for tiles: the view always wins.
    pub fn give_way(&self, is_view_waiting: bool) {
        self.gate.hold(is_view_waiting);
    }

    /// Tells it to stop; it then ends by itself.
    pub fn stop(&mut self) {
        self.is_stopping = true;
        self.gate.stop();
    }

    /// The part that is done, in [0, 1].
    pub fn fraction(&self) -> f32 {
        self.progress.done as f32 / self.progress.total.max(1) as f32
    }

    /// How long it will still take if it goes on as so far, in seconds; nothing while that is a guess.
    pub fn seconds_left(&self, now_secs: f64) -> Option<f64> {
        let (done, elapsed) = (f64::from(self.fraction()), now_secs - self.started_secs);
        (elapsed > 1.0 && done > 0.01).then(|| elapsed * (1.0 - done) / done)
    }
}

impl Drop for RunningExport {
    fn drop(&mut self) {
        self.gate.stop();
    }
}

/// Progress that nobody has looked at yet is worth less than going on: a full queue drops it.
fn report(send: &SyncSender<ExportEvent>, waker: &egui::Context, progress: Progress) {
    if send.try_send(ExportEvent::Progress(progress)).is_ok() {
        waker.request_repaint();
    }
}
