//! What to train, on what, for how long.

use super::degrade::Degradation;
use super::place::PlaceChoice;
use crate::error::{Error, Result};
use crate::weights::{AdamState, ModelConfig, Weights};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How small pictures and their originals are made (`datasets/wrappers.py` of the original).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PatchSampling {
    /// A patch is reduced by a factor that is drawn anew for every sample (`sr-implicit-downsampled`); with `min` equal
    /// to `max`, always by the same.
    RandomScale {
        /// The smallest factor, 1 or more.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// Small pictures come from a folder of their own; the factor is that between the two files
    /// (`sr-implicit-paired`).
    Pairs,
    /// Whole pictures, cut square, whose originals have another size each: from `min` to `max` pixels a side, in the
    /// order of the pictures (`sr-implicit-uniform-varied`).
    SizeVaried {
        /// Side of the first picture's original.
        min: usize,
        /// Side of the last one's.
        max: usize,
        /// Bring all originals to this side once more: the baseline that needs one size.
        gt_resize: Option<usize>,
    },
}

/// How the learning rate falls from its beginning to the end of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Halved after each fifth of the work, as the original does.
    #[default]
    Halved,
    /// Half a cosine down to 0.5 %, after 200 steps in which it grows evenly.
    Cosine,
}

/// Learning from another model beside the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distillation {
    /// `builtin`, `builtin:live` and its like, or the teacher's weights file.
    pub teacher: String,
    /// What names the teacher, wherever it is.
    pub id: String,
    /// The teacher's share of the loss, more than 0, up to 1; the rest is the truth's.
    pub share: f64,
}

/// How steps are made. Two trainings with the same hyperparameters, pictures and weights take the same steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hyperparameters {
    /// Small pictures in a step.
    pub batch: usize,
    /// Rows and columns of a small picture (`inp_size`).
    pub patch: usize,
    /// Queries per small picture (`sample_q`): pixels of its original, drawn without repetition.
    pub samples: usize,
    /// How small pictures are made.
    pub sampling: PatchSampling,
    /// What is done to them.
    pub degradation: Degradation,
    /// Adam's step size at the beginning.
    pub learning_rate: f64,
    /// How it falls.
    #[serde(default)]
    pub schedule: Schedule,
    /// How much Adam keeps of the squares of gradients from step to step.
    #[serde(default = "usual_beta2")]
    pub beta2: f64,
    /// The learning rate of a live network's waves and κ, as a share of that of the others.
    #[serde(default = "usual_wave_rate")]
    pub wave_rate: f64,
    /// How much the averaged weights, which are the result then, keep of themselves from step to step; less in the first
    /// steps.
    #[serde(default)]
    pub ema: Option<f64>,
    /// The share of patches that are reduced by more than the largest factor, up to twice of it.
    #[serde(default)]
    pub deep: f64,
    /// What is learnt from beside the truth.
    #[serde(default)]
    pub distillation: Option<Distillation>,
    /// The share of patches that are as large as their original, so that the teacher alone knows what they look like
    /// enlarged.
    #[serde(default)]
    pub unreduced: f64,
    /// The longest that all gradients together may be.
    pub clip_norm: Option<f64>,
    /// Train imnet alone.
    pub freeze_encoder: bool,
    /// After so many batches the small pictures of the first come again, with other queries: a frozen encoder's
    /// feature maps of them are kept. Follows from [`TrainConfig::feature_cache_bytes`] when a training begins.
    #[serde(default)]
    pub repeat_batches: Option<u64>,
    /// The share of pictures that is kept for judging.
    pub hold_out: f64,
    /// Chooses pictures, places, factors and degradations.
    pub seed: u64,
}

impl Default for Hyperparameters {
    /// The original's (`configs/train-div2k/train_edsr-baseline-liif.yaml`).
    fn default() -> Self {
        Self {
            batch: 16,
            patch: 48,
            samples: 2304,
            sampling: PatchSampling::RandomScale { min: 1.0, max: 4.0 },
            degradation: Degradation::Clean,
            learning_rate: 1e-4,
            schedule: Schedule::Halved,
            beta2: usual_beta2(),
            wave_rate: usual_wave_rate(),
            ema: None,
            deep: 0.0,
            distillation: None,
            unreduced: 0.0,
            clip_norm: None,
            freeze_encoder: false,
            repeat_batches: None,
            hold_out: 0.1,
            seed: 0,
        }
    }
}

/// Adam's, as its authors chose it.
fn usual_beta2() -> f64 {
    0.999
}

/// Waves move everything that is made of them.
fn usual_wave_rate() -> f64 {
    0.3
}

impl Hyperparameters {
    /// What suits a live network: averaged weights, and a rate that ends near zero.
    pub fn live() -> Self {
        Self {
            learning_rate: 5e-4,
            schedule: Schedule::Cosine,
            beta2: 0.99,
            ema: Some(0.999),
            clip_norm: Some(1.0),
            deep: 0.15,
            ..Self::default()
        }
    }

    /// What suits a network of this shape.
    pub fn of(config: &ModelConfig) -> Self {
        if config.decoder.field().is_some() { Self::live() } else { Self::default() }
    }

    /// Refuses what cannot be trained.
    ///
    /// # Errors
    /// [`Error::Request`] with what to change.
    pub fn check(&self) -> Result<()> {
        let refuse = |words: &str| Err(Error::Request(words.to_owned()));
        let Self { batch, patch, samples, learning_rate, hold_out, .. } = *self;
        if !(1..=1024).contains(&batch) || !(8..=512).contains(&patch) || samples == 0 {
            return refuse("a batch has 1 to 1024 patches of 8 to 512 pixels, each with at least one sample");
        }
        if !(learning_rate.is_finite() && learning_rate > 0.0) {
            return refuse("the learning rate must be a number above 0, like 1e-4");
        }
        if !(0.0..=0.9).contains(&hold_out) {
            return refuse("from 0 % to 90 % of the pictures can be held out");
        }
        if self.clip_norm.is_some_and(|clip| !(clip.is_finite() && clip > 0.0)) {
            return refuse("gradients can be clipped to a length above 0 only");
        }
        if !(0.0..1.0).contains(&self.beta2) || self.ema.is_some_and(|ema| !(0.0..1.0).contains(&ema)) {
            return refuse("averages keep a share from 0 up to less than 1 of themselves, like 0.999");
        }
        if !(0.0..=1.0).contains(&self.wave_rate) || !(0.0..=1.0).contains(&self.deep) {
            return refuse("shares of the learning rate and of the patches are from 0 to 1");
        }
        if self.distillation.as_ref().is_some_and(|d| !(d.share > 0.0 && d.share <= 1.0)) {
            return refuse("a teacher's share of the loss is more than 0, up to 1");
        }
        let is_by_scale = matches!(self.sampling, PatchSampling::RandomScale { .. });
        if self.unreduced > 0.0 && !is_by_scale {
            return refuse("pairs and originals of varied size have no patches that could be left unreduced");
        }
        let needs_teacher = self.unreduced > 0.0 && self.distillation.is_none();
        if !(0.0..=1.0).contains(&self.unreduced) || needs_teacher {
            return refuse(
                "the share of patches that are not reduced is from 0 to 1, and nobody but a teacher knows the rest",
            );
        }
        match self.sampling {
            PatchSampling::RandomScale { min, max } if !(min >= 1.0 && max >= min && max <= 32.0) => {
                refuse("scales are a range from 1 up to 32, like 1..4")
            }
            PatchSampling::SizeVaried { min, max, gt_resize }
                if min < patch || max < min || max > 4096 || gt_resize.is_some_and(|n| n < patch || n > 4096) =>
            {
                refuse("sizes of originals are a range from the patch's size up to 4096, like 64..128")
            }
            _ => Ok(()),
        }
    }

    /// Samples of one small picture: never more than the smallest original has pixels.
    pub(super) fn samples_of(&self) -> usize {
        let smallest = match self.sampling {
            PatchSampling::RandomScale { min, .. } => (self.patch as f64 * min).round_ties_even() as usize,
            PatchSampling::Pairs => self.patch,
            PatchSampling::SizeVaried { min, gt_resize, .. } => gt_resize.unwrap_or(min),
        };
        self.samples.min(smallest * smallest)
    }
}

/// When training ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// After so many steps in all, those before a resumption included.
    Steps(u64),
    /// After so much time in all, likewise.
    Time(Duration),
}

/// What training begins with.
#[derive(Clone, Debug)]
pub enum Start {
    /// These weights, with the state of the optimizer that made them; an empty one starts afresh.
    Weights(Box<Weights>, AdamState),
    /// A network of this shape that has learnt nothing.
    Untrained(ModelConfig),
    /// The checkpoint of an earlier training, whose hyperparameters is kept.
    Resume(PathBuf),
}

impl From<Weights> for Start {
    fn from(weights: Weights) -> Self {
        Self::Weights(Box::new(weights), AdamState::default())
    }
}

/// Which device computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrainDevice {
    /// The processor, by our own kernels.
    #[default]
    Cpu,
    /// NVIDIA, through candle.
    Cuda,
    /// Apple, through candle, if its gradients are right.
    Metal,
}

/// A whole training.
#[derive(Clone, Debug)]
pub struct TrainConfig {
    /// The pictures, searched with all folders inside.
    pub folder: PathBuf,
    /// Their small versions, for [`PatchSampling::Pairs`].
    pub small_folder: Option<PathBuf>,
    /// Where the trained weights go; the checkpoint lies beside it.
    pub output: PathBuf,
    /// Whether an output of before may be replaced.
    pub overwrite: bool,
    /// What to begin with.
    pub start: Start,
    /// When to end.
    pub length: Length,
    /// How steps are made; a resumed training keeps its own.
    pub hyperparameters: Hyperparameters,
    /// Time between two checkpoints.
    pub checkpoint_every: Duration,
    /// Steps between two judgements on held-out pictures.
    pub evaluate_every: u64,
    /// What computes.
    pub device: TrainDevice,
    /// Threads for it; all processors if not given.
    pub threads: Option<usize>,
    /// Memory for decoded pictures; what does not fit is read again when it is needed.
    pub cache_bytes: usize,
    /// Memory for the feature maps of a frozen encoder; with 0 every step has small pictures of its own.
    pub feature_cache_bytes: usize,
    /// A place to watch; keep a clone to choose another one while training runs.
    pub place: PlaceChoice,
}

impl TrainConfig {
    /// Trains `start` on `folder`, everything else as usual.
    pub fn new(folder: PathBuf, output: PathBuf, start: Start, length: Length) -> Self {
        Self {
            folder,
            small_folder: None,
            output,
            overwrite: false,
            start,
            length,
            hyperparameters: Hyperparameters::default(),
            checkpoint_every: Duration::from_mins(5),
            evaluate_every: 50,
            device: TrainDevice::Cpu,
            threads: None,
            cache_bytes: 1 << 30,
            feature_cache_bytes: 1 << 30,
            place: PlaceChoice::default(),
        }
    }

    /// Where the checkpoint lies.
    pub fn checkpoint_path(&self) -> PathBuf {
        checkpoint_of(&self.output)
    }
}

/// Where the checkpoint of an output lies: `x.safetensors` has `x.checkpoint.safetensors` beside it.
pub fn checkpoint_of(output: &Path) -> PathBuf {
    output.with_extension("checkpoint.safetensors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyperparameters_that_cannot_work_are_refused() {
        assert!(Hyperparameters::default().check().is_ok());
        let refused = |change: &dyn Fn(&mut Hyperparameters)| {
            let mut hyperparameters = Hyperparameters::default();
            change(&mut hyperparameters);
            assert!(hyperparameters.check().is_err(), "{hyperparameters:?}");
        };
        refused(&|r| r.batch = 0);
        refused(&|r| r.patch = 4);
        refused(&|r| r.samples = 0);
        refused(&|r| r.learning_rate = f64::NAN);
        refused(&|r| r.hold_out = 1.0);
        refused(&|r| r.clip_norm = Some(0.0));
        refused(&|r| r.ema = Some(1.0));
        refused(&|r| r.beta2 = f64::NAN);
        refused(&|r| r.wave_rate = -0.1);
        refused(&|r| r.deep = 1.5);
        refused(&|r| r.unreduced = 0.5);
        let (teacher, id) = ("builtin".to_owned(), String::new());
        let taught = |share: f64| Some(Distillation { teacher: teacher.clone(), id: id.clone(), share });
        refused(&|r| r.distillation = taught(0.0));
        refused(&|r| (r.distillation, r.unreduced, r.sampling) = (taught(0.5), 0.5, PatchSampling::Pairs));
        refused(&|r| r.sampling = PatchSampling::RandomScale { min: 0.5, max: 4.0 });
        refused(&|r| r.sampling = PatchSampling::RandomScale { min: 3.0, max: 2.0 });
        refused(&|r| r.sampling = PatchSampling::SizeVaried { min: 16, max: 128, gt_resize: None });
    }

    #[test]
    fn notes_of_before_there_were_live_networks_are_read() {
        let mut notes = serde_json::to_value(Hyperparameters::default()).unwrap();
        for name in ["schedule", "beta2", "wave_rate", "ema", "deep", "distillation"] {
            assert!(notes.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        assert_eq!(serde_json::from_value::<Hyperparameters>(notes).unwrap(), Hyperparameters::default());
        let live = serde_json::to_value(Hyperparameters::live()).unwrap();
        assert_eq!(serde_json::from_value::<Hyperparameters>(live).unwrap(), Hyperparameters::live());
        assert!(Hyperparameters::live().check().is_ok());
    }

    #[test]
    fn samples_never_outnumber_the_pixels() {
        let of = |patch, sampling| Hyperparameters { patch, sampling, ..Hyperparameters::default() }.samples_of();
        assert_eq!(of(48, PatchSampling::RandomScale { min: 1.0, max: 4.0 }), 2304);
        assert_eq!(of(16, PatchSampling::RandomScale { min: 1.5, max: 4.0 }), 576);
        assert_eq!(of(16, PatchSampling::SizeVaried { min: 20, max: 40, gt_resize: None }), 400);
    }
}
