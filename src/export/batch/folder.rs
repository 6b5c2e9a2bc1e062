//! All pictures of a folder by one model, as the window asks for them.

use super::plan::{Naming, Shard, plan, sources};
use super::{Batch, BatchEvent, Counts, Models, Outcome, run, usual_jobs};
use crate::error::{Error, Result};
use crate::export::CommandLine;
use crate::picture::Picture;
use crate::render::{InventionLayer, LoadedModel};
use crate::task::Gate;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What to do.
#[derive(Clone)]
pub struct FolderJob {
    /// The folder; those inside it are searched too.
    pub folder: PathBuf,
    /// How outputs are named.
    pub naming: Naming,
    /// What is asked of every picture, the model's name with it.
    pub line: CommandLine,
    /// The model.
    pub model: Arc<LoadedModel>,
}

/// How far a folder is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FolderProgress {
    /// Pictures that are done, with the parts of those that are not.
    pub done: f64,
    /// Pictures in all.
    pub total: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FolderReport {
    /// How many pictures came to what.
    pub counts: Counts,
    /// Why the first of those failed that did.
    pub failure: Option<String>,
}

impl Models for FolderJob {
    fn choose(&self, _: &Picture) -> Result<(Option<PathBuf>, Arc<LoadedModel>)> {
        Ok((self.line.model.clone(), self.model.clone()))
    }

    fn has(&self, id: &str) -> bool {
        self.model.id.to_string() == id
    }
}

/// Exports it, unless `gate` is stopped.
///
/// # Errors
/// What is refused before anything is written, as by [`sources`] and [`plan`]; [`Error::Cancelled`].
pub fn run_folder(job: &FolderJob, gate: &Gate, on_progress: &(dyn Fn(FolderProgress) + Sync)) -> Result<FolderReport> {
    let items = plan(sources(std::slice::from_ref(&job.folder))?, &job.naming, Shard::WHOLE)?;
    let total = items.len();
    let batch = Batch { line: job.line.clone(), layer: InventionLayer::default(), items, jobs: usual_jobs() };
    let state = Mutex::new((vec![0.0; total], None));
    let counts = run(&batch, job, gate, &|event| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (parts, failure) = &mut *state;
        match event {
            BatchEvent::Progress(index, part) => parts[index] = part,
            BatchEvent::Notice(..) => {}
            BatchEvent::Ended(index, outcome) => {
                parts[index] = 1.0;
                if let Outcome::Failed(error) = outcome {
                    failure.get_or_insert_with(|| error.to_string());
                }
            }
        }
        on_progress(FolderProgress { done: parts.iter().sum(), total });
    });
    let (_, failure) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if counts.written + counts.done + counts.failed == 0 && counts.left > 0 {
        return Err(Error::Cancelled);
    }
    Ok(FolderReport { counts, failure })
}
