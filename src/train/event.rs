//! What training tells whoever drives it.

use crate::raster::Raster;
use crate::weights::Weights;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing that happened. As JSON: `{"event": "step", …}`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum TrainEvent {
    /// Everything is ready; the first event.
    Started {
        /// Pictures that are trained on, as far as their headers tell.
        pictures: usize,
        /// Pictures that are kept for judging.
        held_out: usize,
        /// The network, in words.
        model: String,
        /// Its numbers that are trained.
        parameters: usize,
        /// What computes, in words.
        device: String,
        /// Steps taken before; 0 unless resumed.
        step: u64,
        /// Steps that the optimizer remembers: those before, and those of the original's trainer if it left its state.
        optimizer_step: u64,
    },
    /// A step was taken.
    Step {
        /// Its number, from 1.
        step: u64,
        /// The loss before it: the mean absolute difference in normalised colours.
        loss: f64,
        /// Adam's step size.
        learning_rate: f64,
        /// How long it took, waiting for pictures included, pauses not.
        secs: f64,
        /// How long of that was waiting for pictures.
        waited_secs: f64,
        /// The share of the whole training that is done, 0 to 1.
        done: f64,
        /// How long the rest will take at this pace, in seconds.
        remaining_secs: f64,
    },
    /// The held-out pictures were enlarged. PSNR in decibels, RGB, means over patches.
    Evaluated {
        /// After this step.
        step: u64,
        /// By the weights as they are.
        psnr: f64,
        /// Of bicubic enlargement.
        bicubic_psnr: f64,
        /// By the weights that training started from.
        start_psnr: f64,
        /// By the best weights so far.
        best_psnr: f64,
    },
    /// The held-out pictures came out better than by any weights before, those at the start included. Comes after
    /// [`TrainEvent::Evaluated`], and first thing when a training that got better is resumed.
    Improved {
        /// After this step.
        step: u64,
        /// The mean PSNR, in decibels.
        psnr: f64,
        /// The weights that did it, to be used while training goes on.
        #[serde(skip)]
        weights: Arc<Weights>,
    },
    /// One held-out patch, to look at; comes with [`TrainEvent::Evaluated`].
    Preview {
        /// After this step.
        step: u64,
        /// The patch.
        #[serde(skip)]
        preview: Box<Preview>,
    },
    /// The place that [`super::PlaceChoice`] names, in RGB: soon after it was chosen, and then every few seconds.
    Place {
        /// After this step.
        step: u64,
        /// By the weights that training, or its resumption, began with.
        #[serde(skip)]
        before: Arc<Raster>,
        /// By the weights of now.
        #[serde(skip)]
        after: Arc<Raster>,
    },
    /// The state is on the disk.
    Checkpoint {
        /// After this step.
        step: u64,
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// Something is not as it should be, and training goes on.
    Warning {
        /// What, in a sentence.
        message: String,
    },
    /// The last event.
    Finished {
        /// Steps taken in all.
        step: u64,
        /// Time that training took in all, in seconds.
        secs: f64,
        /// Why it ended.
        ending: Ending,
        /// The trained weights, if they were worth writing.
        output: Option<PathBuf>,
        /// The checkpoint to go on from.
        checkpoint: PathBuf,
        /// What came of it, in plain words.
        verdict: String,
    },
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// It is done.
    Done,
    /// Somebody stopped it.
    Stopped,
}

/// A held-out patch three times, in RGB.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What the network sees.
    pub input: Raster,
    /// What it makes of it.
    pub prediction: Raster,
    /// What it was.
    pub truth: Raster,
}

/// What came of a training, in plain words: PSNR on held-out pictures of the weights at the start and of the best ones,
/// if it was not blind for want of such pictures.
pub(super) fn verdict(
    start: Option<f64>,
    best: Option<f64>,
    bicubic: Option<f64>,
    is_blind: bool,
    output: &str,
) -> String {
    match (start, best, bicubic) {
        (Some(start), Some(best), Some(bicubic)) if best > start => format!(
            "better by {:.2} dB than the weights you started from, on pictures it has not seen: {best:.2} dB, \
             before {start:.2} dB, bicubic {bicubic:.2} dB; written to {output}",
            best - start
        ),
        (Some(start), Some(best), _) => format!(
            "not better than the weights you started from ({best:.2} dB against {start:.2} dB on pictures it has not \
             seen); those are kept, and {output} was not written"
        ),
        _ if !is_blind => format!("it ended before anything was judged, and {output} was not written"),
        _ => format!(
            "no picture was held out, so it is not known whether the weights in {output} are better than those you \
             started from"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_plain() {
        let said = |best| verdict(Some(30.0), Some(best), Some(28.5), false, "out.safetensors");
        assert!(said(30.5).starts_with("better by 0.50 dB"));
        assert!(said(30.0).starts_with("not better than the weights you started from (30.00 dB"));
        assert!(said(29.0).contains("was not written"));
        assert!(verdict(None, None, None, true, "out.safetensors").contains("not known"));
        assert!(verdict(None, None, None, false, "out.safetensors").contains("before anything was judged"));
    }

    #[test]
    fn events_are_tagged_objects() {
        let event = TrainEvent::Warning { message: "careful".into() };
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"event":"warning","message":"careful"}"#);
    }
}
