//! Training on one's own pictures: shrink a patch by a random factor, learn to predict the original (paper, section 4).
//!
//! ```text
//! folder ──library──▶ pictures ──sampler──▶ Batch ──trainer──▶ weights ──heldout──▶ PSNR on pictures not trained on
//!                                 loader threads, ahead             └──state──▶ checkpoint
//! ```
//!
//! [`Training`] is all of it, an iterator of [`TrainEvent`]s; [`Trainer`] is the step alone.

mod batch;
mod config;
mod dataset;
mod degrade;
mod device;
mod event;
mod frozen;
mod gradient;
mod heldout;
mod loader;
mod network;
mod optimizer;
mod place;
mod predict;
mod random;
mod sampler;
mod state;
mod stopwatch;
mod teacher;
mod trainer;
mod training;

pub use batch::Batch;
pub use config::{
    Distillation, Hyperparameters, Length, PatchSampling, Schedule, Start, TrainConfig, TrainDevice, checkpoint_of,
};
pub use degrade::Degradation;
pub use event::{Confirmation, Ending, Gain, LEAST_GAIN_DB, Preview, TrainEvent};
pub use gradient::{Engine, Gradients, Timings};
pub use place::{Place, PlaceChoice};
pub(crate) use random::Random;
pub use random::untrained;
pub use trainer::{StepReport, Trainer, TrainerOptions};
pub use training::Training;
