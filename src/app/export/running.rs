//! An export while it runs.

use super::work::Work;
use crate::app::ports::ExportFn;
use crate::export::{ExportJob, ExportReport, Progress};
use std::path::PathBuf;
use std::sync::Arc;

/// An export on its thread.
pub struct RunningExport {
    /// The file being written.
    pub output: PathBuf,
    /// Whether the network makes its pixels.
    pub is_neural: bool,
    /// Whether an invention map is written beside it.
    pub has_map: bool,
    /// What writes it.
    pub work: Work<Progress, ExportReport>,
    started_secs: f64,
}

impl RunningExport {
    /// Starts it.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(ctx: &egui::Context, run: Arc<ExportFn>, job: ExportJob, now_secs: f64) -> std::io::Result<Self> {
        let (output, total) = (job.output.clone(), job.pixels());
        let (is_neural, has_map) = (job.is_neural(), job.map.is_some());
        let work = Work::start(ctx, "export", Progress { done: 0, total }, move |gate, report| {
            run(&job, gate, &mut |progress| report(progress))
        })?;
        Ok(Self { output, is_neural, has_map, work, started_secs: now_secs })
    }

    /// The part that is done, in [0, 1].
    pub fn fraction(&self) -> f32 {
        self.work.progress.done as f32 / self.work.progress.total.max(1) as f32
    }

    /// How long it will still take if it goes on as so far, in seconds; nothing while that is a guess.
    pub fn seconds_left(&self, now_secs: f64) -> Option<f64> {
        let (done, elapsed) = (f64::from(self.fraction()), now_secs - self.started_secs);
        (elapsed > 1.0 && done > 0.01).then(|| elapsed * (1.0 - done) / done)
    }
}
