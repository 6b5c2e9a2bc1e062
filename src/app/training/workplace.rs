//! The folder in which a training works, and what is found there after a crash.
//!
//! A training is noted before it begins and the note goes when it has ended, so a note with a checkpoint beside it is
//! a training that was interrupted. The lock says whether its window is still open.

use super::choice::TrainingChoice;
use crate::atomic;
use crate::train::checkpoint_of;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The beginning of the names of weights that are tried in the viewer.
const TRIAL: &str = "after step ";

/// A training, as noted on the disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What the panel was set to.
    pub choice: TrainingChoice,
    /// Name of the model that it started from.
    pub started_from: String,
    /// That model's licence.
    pub licence: String,
}

/// Where one training works at a time.
#[derive(Clone, Debug)]
pub struct Workplace {
    folder: PathBuf,
}

/// As long as this is there, no other window trains.
pub struct Claim {
    _lock: File,
}

impl Workplace {
    /// A workplace in `folder`, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the best weights go.
    pub fn output(&self) -> PathBuf {
        self.folder.join("best.safetensors")
    }

    /// Where the checkpoint lies.
    pub fn checkpoint(&self) -> PathBuf {
        checkpoint_of(&self.output())
    }

    /// Where weights of a step are put that are tried in the viewer.
    pub fn trial(&self, step: u64) -> PathBuf {
        self.folder.join(format!("{TRIAL}{step}.safetensors"))
    }

    fn note(&self) -> PathBuf {
        self.folder.join("training.json")
    }

    /// Takes the workplace.
    ///
    /// # Errors
    /// A sentence about what is wrong: another window trains, or the folder cannot be written.
    pub fn claim(&self) -> Result<Claim, String> {
        let fail = |error: std::io::Error| format!("cannot train in {}: {error}", self.folder.display());
        std::fs::create_dir_all(&self.folder).map_err(fail)?;
        let lock = File::create(self.folder.join("lock")).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => Ok(Claim { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err("another window is training; wait for it or stop it there".into()),
            Err(TryLockError::Error(error)) => Err(fail(error)),
        }
    }

    /// Notes a training before it begins.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn begin(&self, job: &Job, _claim: &Claim) -> Result<(), String> {
        let text = serde_json::to_string_pretty(job).map_err(|error| error.to_string())?;
        atomic::write(&self.note(), true, text.as_bytes())
            .map_err(|reason| format!("cannot record the training in {}: {reason}", self.folder.display()))
    }

    /// Forgets the training: it has ended. What cannot be removed is replaced by the next one.
    pub fn end(&self) {
        let _ = std::fs::remove_file(self.note());
    }

    /// The training that was interrupted, if there is one that can go on and no other window is at it.
    pub fn interrupted(&self) -> Option<Job> {
        let text = std::fs::read_to_string(self.note()).ok()?;
        let job = serde_json::from_str(&text).ok()?;
        (self.checkpoint().is_file() && self.claim().is_ok()).then_some(job)
    }

    /// Removes what the training before left, apart from `kept`: what the viewer still shows.
    pub fn clean(&self, _claim: &Claim, kept: &[PathBuf]) {
        let is_trial = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TRIAL));
        let trials = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let old = trials.filter(|path| is_trial(path) && !kept.contains(path));
        for path in old.chain([self.checkpoint(), self.output()]) {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Forgets an interrupted training for good.
    pub fn discard(&self) {
        if let Ok(claim) = self.claim() {
            self.end();
            self.clean(&claim, &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job { choice: TrainingChoice::default(), started_from: "built-in".into(), licence: "BSD".into() }
    }

    #[test]
    fn only_an_interrupted_training_with_a_checkpoint_can_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let place = Workplace::new(folder.path().join("deep/training"));
        assert_eq!(place.interrupted(), None);
        let claim = place.claim().unwrap();
        place.begin(&job(), &claim).unwrap();
        std::fs::write(place.checkpoint(), "x").unwrap();
        assert_eq!(place.interrupted(), None, "somebody is at it");
        assert!(place.claim().is_err_and(|reason| reason.contains("another window")));
        drop(claim);
        assert_eq!(place.interrupted(), Some(job()));
        std::fs::write(place.note(), "{").unwrap();
        assert_eq!(place.interrupted(), None, "a damaged note is no training");
        place.begin(&job(), &place.claim().unwrap()).unwrap();
        place.end();
        assert_eq!(place.interrupted(), None, "it has ended");
    }

    #[test]
    fn cleaning_leaves_what_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let place = Workplace::new(folder.path().into());
        let claim = place.claim().unwrap();
        for path in [place.trial(1), place.trial(2), place.checkpoint(), folder.path().join("other.safetensors")] {
            std::fs::write(path, "x").unwrap();
        }
        place.clean(&claim, &[place.trial(2)]);
        assert!(!place.trial(1).exists() && place.trial(2).exists() && !place.checkpoint().exists());
        assert!(folder.path().join("other.safetensors").exists());
        drop(claim);
        place.discard();
        assert!(!place.trial(2).exists());
    }
}
