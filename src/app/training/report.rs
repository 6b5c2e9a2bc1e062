//! What is known of a training: its events, taken in one after the other, as plain data to draw.

use crate::train::{Confirmation, LEAST_GAIN_DB, TrainEvent};

/// More points than this are not seen in a plot of the panel's width.
const MOST_POINTS: usize = 400;

/// Values over steps, of which only so many are kept: neighbours are averaged when there are too many.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    points: Vec<[f64; 2]>,
    /// Values that make one point.
    per_point: usize,
    /// The sum of those that do not make a whole point yet, and their number.
    open: ([f64; 2], usize),
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), per_point: 1, open: ([0.0; 2], 0) }
    }
}

impl Curve {
    /// The points, (step, value).
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    fn push(&mut self, step: u64, value: f64) {
        let (sum, count) = &mut self.open;
        sum[0] += step as f64;
        sum[1] += value;
        *count += 1;
        if *count == self.per_point {
            self.points.push(sum.map(|v| v / *count as f64));
            self.open = ([0.0; 2], 0);
        }
        if self.points.len() == MOST_POINTS {
            let mean = |pair: &[[f64; 2]; 2]| [0, 1].map(|i| f64::midpoint(pair[0][i], pair[1][i]));
            self.points = self.points.as_chunks::<2>().0.iter().map(mean).collect();
            self.per_point *= 2;
        }
    }
}

/// What was said when everything was ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    /// Pictures that are trained on.
    pub pictures: usize,
    /// Pictures that are kept for judging.
    pub held_out: usize,
    /// What computes.
    pub device: String,
    /// Steps taken before; 0 unless resumed.
    pub step: u64,
}

/// How good weights are on held-out pictures: PSNR in decibels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// As they are now.
    pub now: f64,
    /// Of bicubic enlargement.
    pub bicubic: f64,
    /// Of the weights that they are compared with.
    pub start: f64,
    /// The step that those are of; 0 for the weights that training started from.
    pub since: u64,
    /// The best so far.
    pub best: f64,
}

impl Judgement {
    /// What the best weights gained, in decibels.
    pub fn gain(&self) -> f64 {
        self.best - self.start
    }

    /// Whether that is more than nothing.
    pub fn is_better(&self) -> bool {
        self.gain() >= LEAST_GAIN_DB
    }
}

/// A training so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Nothing before everything is ready.
    pub beginning: Option<Beginning>,
    /// Steps taken, those before a resumption included.
    pub step: u64,
    /// The loss of the last step.
    pub loss: Option<f64>,
    /// The share of the work that is done, in [0, 1].
    pub done: f64,
    /// How much training is still to come, once that is known. Time in which it waits does not count.
    pub remaining_secs: Option<f64>,
    /// All losses.
    pub losses: Curve,
    /// PSNR on held-out pictures, (step, decibels).
    pub psnrs: Curve,
    /// The last judgement, by the patches that choose the best weights.
    pub judgement: Option<Judgement>,
    /// At the end: the best weights, by patches that chose nothing.
    pub confirmed: Option<Confirmation>,
    /// The step of the best weights so far, once some are better than those at the start.
    pub best_step: Option<u64>,
    /// The step of the last checkpoint.
    pub checkpoint: Option<u64>,
    /// What is not as it should be, the newest last.
    pub warnings: Vec<String>,
}

impl Report {
    /// What to believe: at the end, the judgement by patches that chose nothing.
    pub fn believed(&self) -> Option<Judgement> {
        let confirmed = self.confirmed.map(|Confirmation { psnr, start_psnr, bicubic_psnr, since, .. }| Judgement {
            now: psnr,
            bicubic: bicubic_psnr,
            start: start_psnr,
            since,
            best: psnr,
        });
        confirmed.or(self.judgement)
    }

    /// What shows that nothing is better: the last weights where the patches that choose saw no gain, else the best ones,
    /// whose gain the other patches did not see. Both figures are of the same patches. None before anything was judged.
    pub fn not_better(&self) -> Option<Judgement> {
        let last = self.judgement?;
        if last.is_better() { self.believed() } else { Some(last) }
    }

    /// Takes in what happened.
    pub fn take(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Started { pictures, held_out, device, step, .. } => {
                let (pictures, held_out) = (*pictures, *held_out);
                self.beginning = Some(Beginning { pictures, held_out, device: device.clone(), step: *step });
                self.step = *step;
            }
            TrainEvent::Step { step, loss, done, remaining_secs, .. } => {
                (self.step, self.loss, self.done) = (*step, Some(*loss), *done);
                self.remaining_secs = Some(*remaining_secs);
                self.losses.push(*step, *loss);
            }
            TrainEvent::Evaluated { step, psnr, bicubic_psnr, start_psnr, best_psnr, since } => {
                self.psnrs.push(*step, *psnr);
                let (now, bicubic) = (*psnr, *bicubic_psnr);
                let (start, since, best) = (*start_psnr, *since, *best_psnr);
                self.judgement = Some(Judgement { now, bicubic, start, since, best });
            }
            TrainEvent::Finished { confirmed: Some(confirmed), output, .. } => {
                self.confirmed = Some(*confirmed);
                if output.is_some() {
                    self.best_step = Some(confirmed.step);
                }
            }
            TrainEvent::Improved { step, .. } => self.best_step = Some(*step),
            TrainEvent::Checkpoint { step, .. } => self.checkpoint = Some(*step),
            TrainEvent::Warning { message } => {
                self.warnings.retain(|known| known != message);
                self.warnings.push(message.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Ending, Gain};
    use std::path::PathBuf;

    #[test]
    fn a_long_training_keeps_few_points_and_its_shape() {
        let mut curve = Curve::default();
        (1..=10_000).for_each(|step| curve.push(step, 2.0 * step as f64));
        assert!(curve.points().len() < MOST_POINTS && curve.points().len() >= MOST_POINTS / 2);
        assert!(curve.points().iter().all(|[step, value]| *value == 2.0 * step));
        assert!(curve.points().is_sorted_by(|a, b| a[0] < b[0]) && curve.points()[0][0] < 50.0);
    }

    #[test]
    fn events_become_a_report() {
        let mut report = Report::default();
        report.take(&TrainEvent::Evaluated {
            step: 0,
            psnr: 28.0,
            bicubic_psnr: 27.0,
            start_psnr: 28.0,
            best_psnr: 28.0,
            since: 0,
        });
        assert!(report.believed().is_some_and(|judgement| !judgement.is_better()));
        for step in 1..=3 {
            let (loss, done) = (1.0 / step as f64, step as f64 / 4.0);
            let (learning_rate, remaining_secs) = (1e-4, 60.0 - 15.0 * step as f64);
            let (secs, waited_secs) = (1.0, 0.0);
            report.take(&TrainEvent::Step { step, loss, learning_rate, secs, waited_secs, done, remaining_secs });
        }
        let message = "careful".to_owned();
        (0..2).for_each(|_| report.take(&TrainEvent::Warning { message: message.clone() }));
        assert_eq!((report.step, report.done, report.remaining_secs), (3, 0.75, Some(15.0)));
        assert_eq!(report.losses.points(), [[1.0, 1.0], [2.0, 0.5], [3.0, 1.0 / 3.0]]);
        assert_eq!((report.warnings.len(), report.judgement.map(|j| j.gain())), (1, Some(0.0)));
    }

    fn confirmation(psnr: f64) -> Confirmation {
        let (since, step, result) = (0, 50, Gain::Nothing);
        Confirmation { psnr, start_psnr: 28.0, bicubic_psnr: 27.0, pictures: 2, since, step, result }
    }

    fn judged(now: f64, best: f64) -> Judgement {
        Judgement { now, bicubic: 27.5, start: 28.2, since: 0, best }
    }

    #[test]
    fn what_is_not_better_is_told_by_figures_of_the_same_patches() {
        let told = |judgement, psnr| {
            let report = Report { judgement, confirmed: Some(confirmation(psnr)), ..Report::default() };
            report.not_better().map(|judgement| [judgement.now, judgement.start])
        };
        // Nothing beat the start, which is therefore what was confirmed.
        assert_eq!(told(Some(judged(27.9, 28.2)), 28.0), Some([27.9, 28.2]));
        assert_eq!(told(Some(judged(28.9, 29.0)), 27.8), Some([27.8, 28.0]), "luck with the patches that choose");
        assert_eq!(told(None, 28.0), None);
    }

    #[test]
    fn the_end_is_told_by_what_chose_nothing() {
        let finished = |psnr| TrainEvent::Finished {
            step: 50,
            secs: 1.0,
            ending: Ending::Done,
            output: None,
            checkpoint: PathBuf::new(),
            confirmed: Some(confirmation(psnr)),
            verdict: String::new(),
        };
        let mut report = Report::default();
        report.take(&TrainEvent::Evaluated {
            step: 50,
            psnr: 29.0,
            bicubic_psnr: 27.5,
            start_psnr: 28.2,
            best_psnr: 29.0,
            since: 0,
        });
        assert!(report.believed().is_some_and(|judgement| judgement.is_better()));
        for (psnr, is_better) in [(28.5, true), (28.004, false), (28.006, true), (27.0, false)] {
            report.take(&finished(psnr));
            let believed = report.believed().expect("a judgement");
            assert_eq!((believed.best, believed.start, believed.is_better()), (psnr, 28.0, is_better));
        }
        // The plots go on showing what was judged on the way.
        assert_eq!(report.judgement.map(|judgement| judgement.start), Some(28.2));
    }
}
