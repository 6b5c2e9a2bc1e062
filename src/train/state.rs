//! What a training knows besides weights, and how it goes to the disk and back.

use super::config::{Recipe, Start, TrainConfig};
use super::event::TrainEvent;
use super::frozen::batches_within;
use super::random::untrained;
use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::weights::{AdamState, Checkpoint, Weights};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// What a checkpoint notes beside its arrays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Steps taken.
    pub(super) step: u64,
    /// Steps that the optimizer has taken, those of the original trainer included.
    pub(super) adam_step: u64,
    /// Time that training took.
    pub(super) elapsed_secs: f64,
    /// How steps are made.
    pub(super) recipe: Recipe,
    /// Of the weights that training started from, on held-out pictures.
    pub(super) start_psnr: Option<f64>,
    /// Of the best weights.
    pub(super) best_psnr: Option<f64>,
    /// After which step those were.
    #[serde(default)]
    pub(super) best_step: u64,
}

/// Everything that changes from step to step.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) weights: Weights,
    pub(super) adam: AdamState,
    pub(super) best: Option<Weights>,
    pub(super) notes: Notes,
}

impl State {
    /// The state that a training begins with.
    ///
    /// # Errors
    /// [`Error::Weights`] for a checkpoint that cannot be used, [`Error::Request`] for a network that cannot be.
    pub(super) fn begin(config: &TrainConfig) -> Result<Self> {
        let fresh = |weights: Weights, adam| {
            let mut recipe = config.recipe.clone();
            if recipe.freeze_encoder && config.feature_cache_bytes > 0 {
                let batches = batches_within(config.feature_cache_bytes, weights.config(), recipe.batch, recipe.patch);
                recipe.repeat_batches = Some(batches);
            }
            let (step, adam_step, elapsed_secs, best_step) = (0, 0, 0.0, 0);
            let notes = Notes { step, adam_step, elapsed_secs, recipe, start_psnr: None, best_psnr: None, best_step };
            Self { weights, adam, best: None, notes }
        };
        match &config.start {
            Start::Weights(weights, adam) => Ok(fresh((**weights).clone(), adam.clone())),
            Start::Untrained(model) => {
                let weights = untrained(model, config.recipe.seed);
                let weights =
                    weights.map_err(|reason| Error::Request(format!("there is no such network: {reason}")))?;
                Ok(fresh(weights, AdamState::default()))
            }
            Start::Resume(path) => Self::read(path),
        }
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`Error::Weights`].
    pub(super) fn read(path: &Path) -> Result<Self> {
        let Checkpoint { weights, best, moments, notes } = Checkpoint::open(path)?;
        let notes: Notes = serde_json::from_str(&notes)
            .map_err(|error| Error::weights(path, format!("its notes cannot be read ({error})")))?;
        Ok(Self { weights, adam: AdamState { step: notes.adam_step, moments }, best, notes })
    }

    /// The best weights, if they are better than those at the start.
    pub(super) fn improvement(&self) -> Option<TrainEvent> {
        let (start, psnr) = (self.notes.start_psnr?, self.notes.best_psnr?);
        let weights = Arc::new(self.best.clone()?);
        (psnr > start).then_some(TrainEvent::Improved { step: self.notes.best_step, psnr, weights })
    }

    /// Writes a checkpoint; an older one is replaced once the new one is whole. Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::Export`].
    pub(super) fn write(&self, path: &Path) -> Result<u64> {
        let notes = Notes { adam_step: self.adam.step, ..self.notes.clone() };
        let checkpoint = Checkpoint {
            weights: self.weights.clone(),
            best: self.best.clone(),
            moments: self.adam.moments.clone(),
            notes: serde_json::to_string(&notes).map_err(|error| Error::export(path, error))?,
        };
        checkpoint.save(path)
    }
}

/// Refuses, before any work is done, what could not be written after it.
///
/// # Errors
/// [`Error::Export`].
pub(super) fn check_output(config: &TrainConfig) -> Result<()> {
    let may_replace = config.overwrite || matches!(config.start, Start::Resume(_));
    let probe = |path: &Path| AtomicFile::create(path, may_replace).map(drop);
    probe(&config.output).map_err(|reason| Error::export(&config.output, reason))?;
    let path = config.checkpoint_path();
    let earlier = "a checkpoint of an earlier training is there; go on with it (--resume) or allow it to be replaced \
                   (--overwrite)";
    let is_there = !may_replace && path.symlink_metadata().is_ok();
    let probed = if is_there { Err(earlier.to_owned()) } else { probe(&path) };
    probed.map_err(|reason| Error::export(&path, reason))
}
