//! What the training panel is set to, and the training that it comes to.

use crate::app::files::uri::path_from_text;
use crate::train::{Degradation, Hyperparameters, Length, Start, TrainConfig};
use crate::weights::Builtin;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Time between two checkpoints: what a killed process loses at most.
const CHECKPOINT_EVERY: Duration = Duration::from_mins(1);

/// Steps between two judgements on held-out pictures.
const EVALUATE_EVERY: u64 = 20;

/// All choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingChoice {
    /// The folder of pictures, as typed.
    pub folder: String,
    /// What is done to small pictures.
    pub degradation: Degradation,
    /// The time that training may take, in minutes.
    pub minutes: f64,
    /// The model to start from; none is LIIF.
    pub start: Option<PathBuf>,
    /// Train imnet alone.
    pub freeze_encoder: bool,
    /// Adam's step size at the beginning; none is what is usual for the model.
    pub learning_rate: Option<f64>,
    /// Chooses pictures, places and degradations.
    pub seed: u64,
    /// The part of the pictures that is kept for judging, in percent.
    pub hold_out_percent: f64,
}

impl Default for TrainingChoice {
    fn default() -> Self {
        let hyperparameters = Hyperparameters::default();
        Self {
            folder: String::new(),
            degradation: hyperparameters.degradation,
            minutes: 15.0,
            start: Some(Builtin::Live.address()),
            freeze_encoder: hyperparameters.freeze_encoder,
            learning_rate: None,
            seed: hyperparameters.seed,
            hold_out_percent: hyperparameters.hold_out * 100.0,
        }
    }
}

impl TrainingChoice {
    /// The folder, if one is named.
    pub fn folder(&self) -> Option<PathBuf> {
        path_from_text(&self.folder)
    }

    /// The folder's own name, without those around it.
    pub fn folder_name(&self) -> String {
        let name = self.folder().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        name.unwrap_or_else(|| "pictures".into())
    }

    /// The time that training may take.
    pub fn time(&self) -> Duration {
        Duration::from_secs_f64((self.minutes * 60.0).clamp(1.0, 1e8))
    }

    /// The training, from `start`, whose best weights go to `output`.
    pub fn config(&self, start: Start, output: PathBuf) -> TrainConfig {
        let usual = match &start {
            Start::Weights(weights, _) => Hyperparameters::of(weights.config()),
            Start::Untrained(config) => Hyperparameters::of(config),
            Start::Resume(_) => Hyperparameters::default(),
        };
        let hyperparameters = Hyperparameters {
            degradation: self.degradation,
            freeze_encoder: self.freeze_encoder,
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            seed: self.seed,
            hold_out: self.hold_out_percent / 100.0,
            ..usual
        };
        TrainConfig {
            overwrite: true,
            hyperparameters,
            checkpoint_every: CHECKPOINT_EVERY,
            evaluate_every: EVALUATE_EVERY,
            ..TrainConfig::new(self.folder().unwrap_or_default(), output, start, Length::Time(self.time()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Weights;

    #[test]
    fn choices_come_to_a_training() {
        let choice = TrainingChoice {
            folder: " \"/photos/Omas Dias\" ".into(),
            degradation: Degradation::Scan,
            minutes: 0.5,
            hold_out_percent: 20.0,
            seed: 9,
            ..TrainingChoice::default()
        };
        let config = choice.config(Weights::builtin().unwrap().into(), "/x/out.safetensors".into());
        assert_eq!((config.folder, config.length), ("/photos/Omas Dias".into(), Length::Time(Duration::from_secs(30))));
        assert_eq!(
            (config.hyperparameters.degradation, config.hyperparameters.hold_out, config.hyperparameters.seed),
            (Degradation::Scan, 0.2, 9)
        );
        assert!(config.hyperparameters.check().is_ok() && config.overwrite);
        assert_eq!(choice.folder_name(), "Omas Dias");
        assert_eq!(
            (TrainingChoice::default().folder(), TrainingChoice::default().folder_name().as_str()),
            (None, "pictures")
        );
    }
}
