//! One step: gradients, then the optimizer. Everything that a step changes is plain arrays in here.

use super::batch::Batch;
use super::frozen::FrozenFeatures;
use super::gradient::{Engine, Gradients, MOST_BYTES, Problem, Timings, is_of_encoder};
use super::optimizer::{Pace, average, clip, update};
use crate::error::{Error, Result};
use crate::model::TrainingContext;
use crate::task::Gate;
use crate::weights::{AdamState, Array, ModelConfig, Weights};
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// How steps are taken.
#[derive(Clone, Debug)]
pub struct TrainerOptions {
    /// Who computes.
    pub engine: Engine,
    /// Leave the encoder as it is.
    pub freeze_encoder: bool,
    /// The longest that all gradients together may be; longer ones are scaled down.
    pub clip_norm: Option<f64>,
    /// How much Adam keeps of the squares of gradients.
    pub beta2: f64,
    /// The learning rate of a live network's waves and κ, as a share of that of the others.
    pub wave_rate: f64,
    /// How much averaged weights keep of themselves from step to step; none: the weights are not averaged.
    pub ema: Option<f64>,
    /// Threads; with one, results are the same to the bit whenever the inputs are.
    pub threads: usize,
}

impl Default for TrainerOptions {
    /// Our own kernels on every processor.
    fn default() -> Self {
        Self { threads: std::thread::available_parallelism().map_or(1, usize::from), ..Self::ONE_THREAD }
    }
}

impl TrainerOptions {
    /// Our own kernels on one thread.
    pub const ONE_THREAD: Self = Self {
        engine: Engine::Kernels,
        freeze_encoder: false,
        clip_norm: None,
        beta2: 0.999,
        wave_rate: 0.3,
        ema: None,
        threads: 1,
    };
}

/// Weights on their way.
pub struct Trainer {
    config: ModelConfig,
    arrays: BTreeMap<String, Array>,
    /// Their running average, if there is one: that is the result then.
    averages: Option<BTreeMap<String, Array>>,
    adam: AdamState,
    options: TrainerOptions,
    pool: ThreadPool,
    context: TrainingContext,
    features: FrozenFeatures,
}

/// What a step came to.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The loss before the step: the mean absolute difference in normalised colours.
    pub loss: f64,
    /// The length of all gradients together, before clipping.
    pub gradient_norm: f64,
    /// Where the time went.
    pub timings: Timings,
    /// Whether weights were moved: they stay if loss or gradients are not finite.
    pub is_finite: bool,
}

impl Trainer {
    /// Begins with `weights` and the optimizer's state `adam` (empty for a fresh start), in a thread pool of its own.
    ///
    /// # Errors
    /// [`Error::Device`] if the threads cannot be started.
    pub fn new(weights: &Weights, adam: AdamState, options: TrainerOptions) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .thread_name(|i| format!("zoomfield train {i}"))
            // candle walks the graph recursively.
            .stack_size(16 << 20)
            .build()
            .map_err(|error| Error::device(format!("threads for training cannot be started: {error}")))?;
        let (config, arrays) = (weights.config().clone(), weights.arrays().clone());
        let (context, features) = (TrainingContext::default(), FrozenFeatures::default());
        let averages = options.ema.is_some().then(|| arrays.clone());
        Ok(Self { config, arrays, averages, adam, options, pool, context, features })
    }

    /// Passes `gate` every few milliseconds from now on: pausing it holds a step where it is, stopping it gives the
    /// step up.
    #[must_use]
    pub fn behind(self, gate: &Gate) -> Self {
        let context = TrainingContext { gate: gate.clone(), ..self.context };
        Self { context, ..self }
    }

    /// The loss of a batch and its gradients, nothing moved.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails, [`Error::Cancelled`] if its gate was stopped.
    pub fn gradients(&self, batch: &Batch) -> Result<Gradients> {
        let problem = self.problem(batch);
        self.pool.install(|| problem.gradients())
    }

    fn problem<'a>(&'a self, batch: &'a Batch) -> Problem<'a> {
        let Self { config, arrays, options, context, .. } = self;
        let (freeze_encoder, engine) = (options.freeze_encoder, &options.engine);
        Problem { config, arrays, freeze_encoder, batch, features: None, engine, context, most_bytes: MOST_BYTES }
    }

    /// The gradients, by the feature maps of before if the encoder is frozen and the small pictures come again.
    fn gradients_again(&mut self, batch: &Batch) -> Result<Gradients> {
        if !(self.options.freeze_encoder && matches!(self.options.engine, Engine::Kernels)) {
            return self.gradients(batch);
        }
        let start = Instant::now();
        let mut kept = std::mem::take(&mut self.features);
        let features = kept.of(batch, || self.pool.install(|| self.problem(batch).features()));
        self.features = kept;
        let features = features?;
        let secs = start.elapsed().as_secs_f64();
        let problem = Problem { features: features.as_deref(), ..self.problem(batch) };
        let mut found = self.pool.install(|| problem.gradients())?;
        found.timings.encoder_forward += secs;
        Ok(found)
    }

    /// One step of Adam.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails, [`Error::Cancelled`] if its gate was stopped; nothing is moved then. A loss
    /// that is not a number is no error here: see
    /// [`StepReport::is_finite`].
    pub fn step(&mut self, batch: &Batch, learning_rate: f64) -> Result<StepReport> {
        let Gradients { loss, mut arrays, mut timings, .. } = self.gradients_again(batch)?;
        let start = Instant::now();
        let gradient_norm = clip(&mut arrays, self.options.clip_norm);
        let is_finite = loss.is_finite() && gradient_norm.is_finite();
        if is_finite {
            let TrainerOptions { beta2, wave_rate, .. } = self.options;
            update(&mut self.adam, &mut self.arrays, &arrays, Pace { learning_rate, beta2, wave_rate });
            if let (Some(averages), Some(keep)) = (&mut self.averages, self.options.ema) {
                average(averages, &self.arrays, keep, self.adam.step);
            }
        }
        timings.optimizer = start.elapsed().as_secs_f64();
        Ok(StepReport { loss, gradient_norm, timings, is_finite })
    }

    /// A copy of the result as it is now: the weights, or their average.
    ///
    /// # Errors
    /// [`Error::Weights`] if they are not finite any more.
    pub fn weights(&self) -> Result<Weights> {
        self.copy(self.averages.as_ref().unwrap_or(&self.arrays))
    }

    /// A copy of the weights that steps move, if the result is another.
    ///
    /// # Errors
    /// As [`Self::weights`].
    pub fn moving(&self) -> Result<Option<Weights>> {
        self.averages.is_some().then(|| self.copy(&self.arrays)).transpose()
    }

    fn copy(&self, arrays: &BTreeMap<String, Array>) -> Result<Weights> {
        let refuse = |reason| Error::weights(Path::new("in training"), reason);
        Weights::new(self.config.clone(), arrays.clone()).map_err(refuse)
    }

    /// The optimizer's state.
    pub fn adam(&self) -> &AdamState {
        &self.adam
    }

    /// How many numbers are trained.
    pub(super) fn parameter_count(&self) -> usize {
        let is_trained = |name: &str| !(self.options.freeze_encoder && is_of_encoder(name));
        self.arrays.iter().filter(|(name, _)| is_trained(name)).map(|(_, array)| array.data.len()).sum()
    }

    /// Goes back to a result, the weights that move if those are others, and an optimizer state of before.
    pub(super) fn restore(&mut self, weights: &Weights, moving: Option<&Weights>, adam: &AdamState) {
        self.arrays.clone_from(moving.unwrap_or(weights).arrays());
        self.averages = self.options.ema.map(|_| weights.arrays().clone());
        self.adam.clone_from(adam);
    }

    /// Runs work on the trainer's threads.
    pub(super) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}
