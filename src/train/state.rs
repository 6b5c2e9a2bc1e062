//! What a training knows besides weights, and how it goes to the disk and back.

use super::config::{Hyperparameters, Start, TrainConfig};
use super::event::{Confirmation, Gain, LEAST_GAIN_DB, Preview, TrainEvent};
use super::frozen::batches_within;
use super::heldout::{HeldOut, JudgedBy};
use super::random::untrained;
use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::task::Interrupt;
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
    #[serde(rename = "recipe")]
    pub(super) hyperparameters: Hyperparameters,
    /// Of the weights that the best ones are compared with, on the patches that choose.
    pub(super) start_psnr: Option<f64>,
    /// Of the best weights.
    pub(super) best_psnr: Option<f64>,
    /// After which step those were.
    #[serde(default)]
    pub(super) best_step: u64,
    /// Of the first and of the best weights, on the patches that choose nothing.
    #[serde(default)]
    pub(super) confirmed: Option<[f64; 2]>,
    /// The step that the comparison began after: 0, unless it could not be kept.
    #[serde(default)]
    pub(super) compared_since: u64,
    /// After which step the weights were that are carried over.
    #[serde(default)]
    carried_step: u64,
    /// What is judged by; checkpoints of older versions do not say it.
    #[serde(default)]
    pub(super) judged_by: Option<JudgedBy>,
}

/// Everything that changes from step to step.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The result: what is judged, shown and saved.
    pub(super) weights: Weights,
    /// The weights that steps move, if the result is their average.
    pub(super) moving: Option<Weights>,
    pub(super) adam: AdamState,
    pub(super) best: Option<Weights>,
    /// The best of a comparison that could not be kept, if they were better: nothing that comes after takes that from them.
    carried: Option<Weights>,
    pub(super) notes: Notes,
}

impl Notes {
    fn new(hyperparameters: Hyperparameters) -> Self {
        Self {
            step: 0,
            adam_step: 0,
            elapsed_secs: 0.0,
            hyperparameters,
            start_psnr: None,
            best_psnr: None,
            best_step: 0,
            confirmed: None,
            compared_since: 0,
            carried_step: 0,
            judged_by: None,
        }
    }

    /// The digests of the pictures that were held out before.
    pub(super) fn held_out(&self) -> &[u64] {
        self.judged_by.as_ref().map_or(&[], |judged_by| &judged_by.pictures)
    }

    /// What the best weights gained on the patches that chose them, if that is more than nothing.
    fn gain(&self) -> Option<f64> {
        Some(self.best_psnr? - self.start_psnr?).filter(|gain| *gain >= LEAST_GAIN_DB)
    }
}

/// A judgement, and whether its weights are better than all before.
pub(super) struct Evaluation {
    pub(super) psnr: f64,
    pub(super) preview: Preview,
    pub(super) is_best: bool,
}

impl State {
    /// The state that a training begins with.
    ///
    /// # Errors
    /// [`Error::Weights`] for a checkpoint that cannot be used, [`Error::Request`] for a network that cannot be.
    pub(super) fn begin(config: &TrainConfig) -> Result<Self> {
        let fresh = |weights: Weights, adam| {
            let mut hyperparameters = config.hyperparameters.clone();
            if hyperparameters.freeze_encoder && config.feature_cache_bytes > 0 {
                let batches = batches_within(
                    config.feature_cache_bytes,
                    weights.config(),
                    hyperparameters.batch,
                    hyperparameters.patch,
                );
                hyperparameters.repeat_batches = Some(batches);
            }
            Self { weights, moving: None, adam, best: None, carried: None, notes: Notes::new(hyperparameters) }
        };
        match &config.start {
            Start::Weights(weights, adam) => Ok(fresh((**weights).clone(), adam.clone())),
            Start::Untrained(model) => {
                let weights = untrained(model, config.hyperparameters.seed);
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
        let Checkpoint { weights, moving, best, carried, moments, notes } = Checkpoint::open(path)?;
        let notes: Notes = serde_json::from_str(&notes)
            .map_err(|error| Error::weights(path, format!("its notes cannot be read ({error})")))?;
        Ok(Self { weights, moving, adam: AdamState { step: notes.adam_step, moments }, best, carried, notes })
    }

    /// Takes over what will be judged by. Returns a warning if figures of before were of something else: they are
    /// forgotten then, and whatever comes has to show itself against the best weights.
    pub(super) fn judge_by(&mut self, judged_by: Option<&JudgedBy>) -> Option<&'static str> {
        let notes = &self.notes;
        let is_kept = notes.judged_by.is_some() && notes.judged_by.as_ref() == judged_by;
        let is_lost = notes.start_psnr.is_some() && !is_kept;
        if is_lost {
            self.carry_over();
        }
        let notes = &mut self.notes;
        if is_lost {
            (notes.start_psnr, notes.best_psnr, notes.confirmed) = (None, None, None);
        }
        notes.judged_by = judged_by.cloned();
        is_lost.then_some(
            "the pictures that this training was judged by are not known or not the same any more, so the comparison \
             starts anew",
        )
    }

    /// Remembers the best weights if they are better than those that they were compared with. Versions that confirmed
    /// nothing called that better which was so by the patches that chose it.
    fn carry_over(&mut self) {
        let is_better = match self.notes.confirmed {
            Some(_) => self.better().is_some(),
            None => self.notes.gain().is_some(),
        };
        if is_better && self.best.is_some() {
            (self.carried, self.notes.carried_step) = (self.best.clone(), self.notes.best_step);
        }
    }

    /// Judges `weights`, and takes them over if they are the best so far. If that is interrupted, nothing has changed,
    /// except that a comparison may have begun.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or the device's own.
    pub(super) fn judge(
        &mut self,
        weights: &Weights,
        step: u64,
        held_out: &HeldOut,
        interrupt: Interrupt<'_>,
    ) -> Result<Evaluation> {
        let (psnr, preview) = held_out.judge(weights, interrupt)?;
        if self.notes.best_psnr.is_none() {
            self.begin_comparison(weights, psnr, step, held_out, interrupt)?;
        }
        let is_best = self.notes.best_psnr.is_some_and(|best_psnr| psnr > best_psnr);
        if is_best {
            // Once for each, and of no consequence: the best weights remain those that were chosen.
            let confirmed = held_out.confirm(weights, interrupt)?;
            let notes = &mut self.notes;
            notes.confirmed = notes.confirmed.map(|[start, _]| [start, confirmed]);
            (notes.best_psnr, notes.best_step) = (Some(psnr), step);
            self.best = Some(weights.clone());
        }
        Ok(Evaluation { psnr, preview, is_best })
    }

    /// Weights that all later ones are compared with: the best of a comparison that could not be kept, if they had gained
    /// something there or are better than `weights`; else `weights`.
    fn begin_comparison(
        &mut self,
        weights: &Weights,
        psnr: f64,
        step: u64,
        held_out: &HeldOut,
        interrupt: Interrupt<'_>,
    ) -> Result<()> {
        let carried = self.carried.as_ref().map(|carried| (carried, self.notes.carried_step));
        let earlier = match carried.or(self.best.as_ref().map(|best| (best, self.notes.best_step))) {
            Some((earlier, step)) => Some((earlier.clone(), held_out.judge(earlier, interrupt)?.0, step)),
            None => None,
        };
        let earlier = earlier.filter(|(_, earlier_psnr, _)| self.carried.is_some() || *earlier_psnr > psnr);
        let (start, psnr, best_step) = earlier.unwrap_or_else(|| (weights.clone(), psnr, step));
        let confirmed = held_out.confirm(&start, interrupt)?;
        let notes = &mut self.notes;
        (notes.start_psnr, notes.best_psnr) = (Some(psnr), Some(psnr));
        (notes.best_step, notes.compared_since) = (best_step, step);
        notes.confirmed = Some([confirmed; 2]);
        self.best = Some(start);
        Ok(())
    }

    /// What came of the comparison so far, if there was one.
    pub(super) fn comparison(&self, held_out: Option<&HeldOut>) -> Option<Confirmation> {
        let (notes, held_out) = (&self.notes, held_out?);
        let [start_psnr, psnr] = notes.confirmed?;
        let is_better = self.better().is_some();
        let result = match self.carried {
            _ if is_better => Gain::Better,
            Some(_) => Gain::Carried,
            None => Gain::Nothing,
        };
        // The figure of what is written.
        let (psnr, step) =
            if result == Gain::Carried { (start_psnr, notes.carried_step) } else { (psnr, notes.best_step) };
        let (bicubic_psnr, pictures) = (held_out.bicubic_psnrs()[1], held_out.confirming_pictures());
        Some(Confirmation { psnr, start_psnr, bicubic_psnr, pictures, since: notes.compared_since, step, result })
    }

    /// Weights to be written at the end: better ones, or those that were better by a comparison that could not be kept.
    /// None before anything was judged: nobody knows then what is better.
    pub(super) fn worth_writing(&self) -> Option<&Weights> {
        self.notes.confirmed?;
        self.better().or(self.carried.as_ref())
    }

    /// The best weights, if they are better by the patches that chose them and by those that did not.
    fn better(&self) -> Option<&Weights> {
        let is_confirmed = self.notes.confirmed.is_some_and(|[start, best]| best - start >= LEAST_GAIN_DB);
        self.best.as_ref().filter(|_| is_confirmed && self.notes.gain().is_some())
    }

    /// The best weights, if they are better than those at the start by the patches that chose them.
    pub(super) fn improvement(&self) -> Option<TrainEvent> {
        self.notes.gain()?;
        let (psnr, weights) = (self.notes.best_psnr?, Arc::new(self.best.clone()?));
        Some(TrainEvent::Improved { step: self.notes.best_step, psnr, weights })
    }

    /// Writes a checkpoint; an older one is replaced once the new one is whole. Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::Export`].
    pub(super) fn write(&self, path: &Path) -> Result<u64> {
        let notes = Notes { adam_step: self.adam.step, ..self.notes.clone() };
        let checkpoint = Checkpoint {
            weights: self.weights.clone(),
            moving: self.moving.clone(),
            best: self.best.clone(),
            carried: self.carried.clone(),
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
