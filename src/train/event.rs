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
    /// Patches of held-out pictures were enlarged, by which the best weights are chosen. PSNR in decibels, RGB, of the
    /// mean of the patches' mean squared errors.
    Evaluated {
        /// After this step.
        step: u64,
        /// By the weights as they are.
        psnr: f64,
        /// Of bicubic enlargement.
        bicubic_psnr: f64,
        /// By the weights that they are compared with.
        start_psnr: f64,
        /// By the best weights so far.
        best_psnr: f64,
        /// The step that the comparison began after; 0 for the weights that training started from.
        since: u64,
    },
    /// The held-out pictures came out better than by any weights before, those at the start included. Comes after
    /// [`TrainEvent::Evaluated`], and first thing when a training that got better is resumed.
    Improved {
        /// After this step.
        step: u64,
        /// Their PSNR, in decibels.
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
        /// How good the best weights are, if anything was judged.
        confirmed: Option<Confirmation>,
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

/// How good the best weights are on held-out patches that had no part in choosing them: PSNR in decibels, RGB, of the mean
/// of the patches' mean squared errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Confirmation {
    /// By the best weights.
    pub psnr: f64,
    /// By the weights that they are compared with.
    pub start_psnr: f64,
    /// Of bicubic enlargement.
    pub bicubic_psnr: f64,
    /// The pictures that this was seen on.
    pub pictures: usize,
    /// The step that the comparison began after; 0 for the weights that training started from.
    pub since: u64,
    /// After which step the best weights were.
    pub step: u64,
    /// What came of it.
    pub result: Gain,
}

/// What the best weights gained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gain {
    /// They are better, by the patches that chose them and by those that did not.
    Better,
    /// They are not better than those that the comparison began with. Those were better than the weights training started
    /// from, by the figures of a comparison that could not be kept.
    Carried,
    /// They are not better.
    Nothing,
}

/// The least difference that counts as one, in decibels: less is written as 0.00 dB.
pub const LEAST_GAIN_DB: f64 = 0.005;

/// What came of a training that was not blind for want of held-out pictures, in plain words.
pub(super) fn verdict(confirmed: Option<&Confirmation>, output: &str) -> String {
    let Some(Confirmation { psnr, start_psnr, bicubic_psnr, since, result, .. }) = confirmed else {
        return format!("it ended before anything was judged, and {output} was not written");
    };
    let (start, pictures) = match since {
        0 => ("the weights you started from".to_owned(), "pictures it has not seen"),
        // Nobody knows what was trained on before.
        step => (format!("the best weights of step {step}, where the comparison began"), "the held-out pictures"),
    };
    let gain = psnr - start_psnr;
    match result {
        Gain::Better => format!(
            "better by {gain:.2} dB than {start}, on {pictures}: {psnr:.2} dB, before {start_psnr:.2} dB, bicubic \
             {bicubic_psnr:.2} dB; written to {output}"
        ),
        Gain::Carried => format!(
            "nothing got better since step {since}, where the comparison began anew; the best weights of before, better \
             than those you started from by the earlier figures and not compared with them again, are written to {output}"
        ),
        Gain::Nothing if gain >= LEAST_GAIN_DB => format!(
            "not clearly better than {start}: the patches that choose the best weights show no gain ({psnr:.2} dB against \
             {start_psnr:.2} dB on the others); those are kept, and {output} was not written"
        ),
        Gain::Nothing => format!(
            "not better than {start} ({psnr:.2} dB against {start_psnr:.2} dB on {pictures}); those are kept, and \
             {output} was not written"
        ),
    }
}

/// The same of a training that nothing could be judged by.
pub(super) fn blind_verdict(output: &str) -> String {
    format!(
        "no picture was held out, so it is not known whether the weights in {output} are better than those you started \
         from"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(since: u64, psnr: f64, result: Gain) -> String {
        let (start_psnr, bicubic_psnr) = (30.0, 28.5);
        let confirmed = Confirmation { psnr, start_psnr, bicubic_psnr, pictures: 2, since, step: 60, result };
        verdict(Some(&confirmed), "out.safetensors")
    }

    #[test]
    fn the_verdict_is_plain() {
        assert!(
            said(0, 30.5, Gain::Better).starts_with("better by 0.50 dB than the weights you started from, on pictures")
        );
        assert!(said(0, 30.0, Gain::Nothing).starts_with("not better than the weights you started from (30.00 dB"));
        assert!(said(0, 29.0, Gain::Nothing).contains("was not written"));
        assert!(blind_verdict("out.safetensors").contains("not known"));
        assert!(verdict(None, "out.safetensors").contains("before anything was judged"));
    }

    #[test]
    fn a_comparison_that_began_later_does_not_speak_of_the_start() {
        let sentence = said(40, 30.5, Gain::Better);
        assert!(sentence.contains("than the best weights of step 40") && sentence.contains("the held-out pictures"));
        assert!(!sentence.contains("started from") && !sentence.contains("not seen"));
        assert!(!said(40, 30.0, Gain::Nothing).contains("started from"));
    }

    #[test]
    fn a_gain_that_chose_nothing_is_not_called_none() {
        let sentence = said(0, 30.3, Gain::Nothing);
        assert!(sentence.starts_with("not clearly better than the weights you started from: the patches that choose"));
        assert!(sentence.contains("30.30 dB against 30.00 dB on the others") && sentence.contains("was not written"));
    }

    #[test]
    fn what_was_better_before_is_written_with_its_reason() {
        let sentence = said(40, 30.0, Gain::Carried);
        assert!(sentence.contains("since step 40") && sentence.contains("by the earlier figures"), "{sentence}");
        assert!(sentence.contains("not compared with them again") && sentence.ends_with("written to out.safetensors"));
    }

    #[test]
    fn events_are_tagged_objects() {
        let event = TrainEvent::Warning { message: "careful".into() };
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"event":"warning","message":"careful"}"#);
    }
}
