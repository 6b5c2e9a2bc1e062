//! The thread behind a training: takes one event after the other, and serves requests in between.

use super::before_after::BeforeAfter;
use super::choice::TrainingChoice;
use super::report::{Judgement, Report};
use super::workplace::{Claim, Job, Workplace};
use crate::app::ports::{TrainFn, TrainingRun};
use crate::error::{Error, Result};
use crate::library::{self, Card, Library, TrainingSummary};
use crate::task::{Gate, Mailbox};
use crate::train::{Ending, Gain, PlaceChoice, Preview, Start, TrainConfig, TrainEvent, Training};
use crate::weights::Weights;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl TrainingRun for Training {
    fn next(&mut self) -> Option<Result<TrainEvent>> {
        Iterator::next(self)
    }

    fn weights(&self) -> Result<Weights> {
        Training::weights(self)
    }
}

/// Begins a training; not on the window's thread.
///
/// # Errors
/// As [`Training::new`].
pub fn train(config: TrainConfig, gate: &Gate) -> Result<Box<dyn TrainingRun>> {
    Ok(Box::new(Training::new(config, gate)?))
}

/// What the thread is to do.
pub(super) struct Assignment {
    pub(super) choice: TrainingChoice,
    /// The interrupted training to go on with.
    pub(super) resumed: Option<Job>,
    pub(super) library: Library,
    pub(super) workplace: Workplace,
    /// Files that the viewer still shows.
    pub(super) in_use: Vec<PathBuf>,
    /// The place that is watched.
    pub(super) places: PlaceChoice,
}

/// What the window wants, besides that training goes on. The newest counts.
#[derive(Clone, Default, PartialEq)]
pub(super) struct TrainingRequest {
    pub(super) is_paused: bool,
    /// Whether the window is closing: then the training goes on at the next start.
    pub(super) is_closing: bool,
    /// How many times weights were asked for, to try them in the viewer.
    pub(super) trials: u64,
    /// The last file that they were to be written to.
    pub(super) save: Option<Save>,
}

/// A file that weights are to be written to.
#[derive(Clone, PartialEq)]
pub(super) struct Save {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) overwrite: bool,
}

/// Weights to be tried in the viewer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which request this answers.
    pub number: u64,
    /// Their file.
    pub path: PathBuf,
    /// After which step.
    pub step: u64,
    /// Whether they are the best so far, and better than those at the start.
    pub is_best: bool,
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainingOutcome {
    /// Better than the weights at the start, on held-out pictures.
    Better(Judgement),
    /// Not better; the weights at the start are kept.
    NotBetter(Judgement),
    /// Not better by the comparison that it ended with; kept because it was better by an earlier one, which could not be kept.
    Carried(Judgement),
    /// Nobody knows: no picture was held out.
    NotJudged,
    /// Stopped before the pictures that are held out were looked at; it can go on.
    NotJudgedYet,
    /// Stopped before there was anything.
    Nothing,
    /// It could not go on, for this reason.
    Failed(String),
}

/// The end of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// What came of it.
    pub outcome: TrainingOutcome,
    /// The new model in the list, if there is one.
    pub kept: Option<PathBuf>,
    /// The training to go on with, if it was stopped.
    pub rest: Option<Job>,
}

/// Everything there is to know; a newer status replaces an older one.
#[derive(Clone, Default)]
pub struct TrainingStatus {
    /// The training so far.
    pub report: Report,
    /// The watched place, or a held-out patch.
    pub before_after: Option<Arc<BeforeAfter>>,
    /// The last weights that were asked for.
    pub trial: Option<Trial>,
    /// What became of the last saving: the number of the request, and a sentence where it failed.
    pub saved: Option<(u64, Result<PathBuf, String>)>,
    /// Only once it is over.
    pub end: Option<End>,
}

/// The thread's own view of things.
pub(super) struct TrainingWorker<'a> {
    gate: &'a Gate,
    inbox: &'a Mailbox<TrainingRequest>,
    tell: &'a dyn Fn(&TrainingStatus),
    status: TrainingStatus,
    request: TrainingRequest,
    /// The best weights so far, if they are better than those at the start: their step and PSNR.
    best: Option<(Arc<Weights>, u64, f64)>,
    /// Whether a place is watched: then held-out patches are not shown any more.
    has_place: bool,
    /// The held-out patch by the weights at the start.
    first_preview: Option<Box<Preview>>,
    job: Option<Job>,
}

impl<'a> TrainingWorker<'a> {
    pub(super) fn new(gate: &'a Gate, inbox: &'a Mailbox<TrainingRequest>, tell: &'a dyn Fn(&TrainingStatus)) -> Self {
        let (status, request) = (TrainingStatus::default(), TrainingRequest::default());
        Self { gate, inbox, tell, status, request, best: None, has_place: false, first_preview: None, job: None }
    }

    /// The whole training; tells its end.
    pub(super) fn run(mut self, assignment: &Assignment, train: &TrainFn) {
        let end = self.work(assignment, train).unwrap_or_else(|error| {
            let place = &assignment.workplace;
            let outcome = match error {
                Error::Cancelled => TrainingOutcome::Nothing,
                error => TrainingOutcome::Failed(error.to_string()),
            };
            // Without a checkpoint there is nothing that could go on.
            if !place.checkpoint().is_file() {
                place.end();
            }
            End { outcome, kept: None, rest: None }
        });
        self.status.end = Some(end);
        (self.tell)(&self.status);
    }

    fn work(&mut self, assignment: &Assignment, train: &TrainFn) -> Result<End> {
        let Assignment { library, workplace, .. } = assignment;
        let claim = workplace.claim().map_err(Error::Request)?;
        let (job, start) = self.prepare(assignment, &claim)?;
        let config = TrainConfig { place: assignment.places.clone(), ..job.choice.config(start, workplace.output()) };
        let mut run = train(config, self.gate)?;
        let (output, ending) = self.drive(run.as_mut(), workplace)?;
        self.hear();
        let outcome = outcome_of(&self.status.report, output.is_some());
        // Its checkpoint is all there is of what was found before.
        let can_tell_more = outcome == TrainingOutcome::NotJudgedYet;
        let is_over = !can_tell_more && (ending == Ending::Done || !self.request.is_closing);
        let kept = match output.filter(|_| is_over) {
            Some(path) => Some(keep(library, &path, &job, &self.status.report)?),
            None => None,
        };
        if is_over {
            workplace.end();
        }
        let rest = (ending == Ending::Stopped || can_tell_more).then_some(job);
        Ok(End { outcome, kept, rest })
    }

    /// Notes the training on the disk; what it is, and what it begins with.
    fn prepare(&mut self, assignment: &Assignment, claim: &Claim) -> Result<(Job, Start)> {
        let Assignment { choice, resumed, workplace, in_use, .. } = assignment;
        let (job, start) = if let Some(job) = resumed {
            (job.clone(), Start::Resume(workplace.checkpoint()))
        } else {
            let (weights, started_from, card) = library::open(choice.start.as_deref())?;
            workplace.clean(claim, in_use);
            (Job { choice: choice.clone(), started_from, licence: card.licence }, weights.into())
        };
        workplace.begin(&job, claim).map_err(Error::Request)?;
        self.job = Some(job.clone());
        Ok((job, start))
    }

    /// Asks for events until the last one; the best weights, if they were worth writing, and why it ended.
    fn drive(&mut self, run: &mut dyn TrainingRun, workplace: &Workplace) -> Result<(Option<PathBuf>, Ending)> {
        loop {
            self.wait_and_serve(run, workplace);
            let Some(event) = run.next() else {
                return Err(Error::device("the training ended without a result; start it again"));
            };
            let event = event?;
            self.status.report.take(&event);
            match event {
                TrainEvent::Finished { output, ending, .. } => return Ok((output, ending)),
                TrainEvent::Improved { step, psnr, weights } => self.best = Some((weights, step, psnr)),
                TrainEvent::Preview { step, preview } => self.see_preview(step, preview),
                TrainEvent::Place { step, before, after } => {
                    self.has_place = true;
                    self.status.before_after = Some(Arc::new(BeforeAfter::of_place(&before, &after, step)));
                }
                _ => {}
            }
            (self.tell)(&self.status);
        }
    }

    /// Answers what the window wants, for as long as training is to pause, and lets the view go first.
    fn wait_and_serve(&mut self, run: &mut dyn TrainingRun, workplace: &Workplace) {
        let mut request = self.inbox.take();
        loop {
            if let Some(request) = request {
                self.serve(request, run, workplace);
            }
            if !self.request.is_paused || self.gate.is_stopped() {
                break;
            }
            request = self.inbox.wait();
            if request.is_none() {
                break; // the window is gone
            }
        }
        // Being stopped is the next event's business.
        let _ = self.gate.pass();
    }

    /// Takes over the newest request without acting on it.
    fn hear(&mut self) {
        if let Some(request) = self.inbox.take() {
            self.request = request;
        }
    }

    fn serve(&mut self, request: TrainingRequest, run: &mut dyn TrainingRun, workplace: &Workplace) {
        let before = std::mem::replace(&mut self.request, request);
        if self.request.trials != before.trials {
            let number = self.request.trials;
            let saved = self.present(run).and_then(|(weights, step, psnr)| {
                let path = workplace.trial(step);
                weights.save(&path, true).map(|()| Trial { number, path, step, is_best: psnr.is_some() })
            });
            match saved {
                Ok(trial) => self.status.trial = Some(trial),
                Err(error) => self.warn(&error),
            }
        }
        if let Some(Save { number, path, overwrite }) =
            self.request.save.clone().filter(|_| self.request.save != before.save)
        {
            let saved = self.present(run).and_then(|(weights, step, psnr)| {
                let card = self.job.as_ref().map(|job| card_of(job, &self.status.report, step, psnr).to_json());
                weights.save_with_card(&path, overwrite, &card.unwrap_or_default())
            });
            self.status.saved = Some((number, saved.map(|()| path).map_err(|error| error.to_string())));
        }
        (self.tell)(&self.status);
    }

    fn warn(&mut self, error: &Error) {
        self.status.report.take(&TrainEvent::Warning { message: error.to_string() });
    }

    /// The best weights so far, else those of now: with their step, and their PSNR as far as that is known.
    fn present(&self, run: &dyn TrainingRun) -> Result<(Arc<Weights>, u64, Option<f64>)> {
        match &self.best {
            Some((weights, step, psnr)) => Ok((weights.clone(), *step, Some(*psnr))),
            None => Ok((Arc::new(run.weights()?), self.status.report.step, None)),
        }
    }

    fn see_preview(&mut self, step: u64, preview: Box<Preview>) {
        if step == 0 {
            self.first_preview = Some(preview.clone());
        }
        if let Some(first) = self.first_preview.as_ref().filter(|_| !self.has_place) {
            self.status.before_after = Some(Arc::new(BeforeAfter::of_previews(first, &preview, step)));
        }
    }
}

/// Puts the best weights on the list.
fn keep(library: &Library, output: &Path, job: &Job, report: &Report) -> Result<PathBuf> {
    let steps = report.best_step.unwrap_or(report.step);
    let card = card_of(job, report, steps, report.believed().map(|judgement| judgement.best));
    library.add(&Weights::open(output)?, &job.choice.folder_name(), &card)
}

/// The card of weights of a step, and how good they are as far as that is known.
fn card_of(job: &Job, report: &Report, steps: u64, psnr: Option<f64>) -> Card {
    let (pictures, held_out) = report.beginning.as_ref().map_or((0, 0), |b| (b.pictures, b.held_out));
    // Those that the figures are of.
    let held_out = report.confirmed.map_or(held_out, |confirmed| confirmed.pictures);
    let summary = TrainingSummary {
        folder: job.choice.folder_name(),
        pictures,
        held_out,
        steps,
        date: chrono::Local::now().format("%Y-%m-%d").to_string(),
        degradation: job.choice.degradation,
        seed: job.choice.seed,
        started_from: job.started_from.clone(),
        bicubic_psnr: report.believed().map(|judgement| judgement.bicubic),
        // Of weights in the middle of it where the comparison began later.
        start_psnr: report.believed().filter(|judgement| judgement.since == 0).map(|judgement| judgement.start),
        psnr,
    };
    Card::trained(summary, &job.licence)
}

fn outcome_of(report: &Report, is_written: bool) -> TrainingOutcome {
    let result = report.confirmed.map(|confirmed| confirmed.result);
    match (report.believed(), report.not_better()) {
        (Some(judgement), _) if is_written && result == Some(Gain::Carried) => TrainingOutcome::Carried(judgement),
        (Some(judgement), _) if is_written && judgement.is_better() => TrainingOutcome::Better(judgement),
        (_, Some(judgement)) => TrainingOutcome::NotBetter(judgement),
        _ if is_written => TrainingOutcome::NotJudged,
        _ if report.step == 0 => TrainingOutcome::Nothing,
        _ => TrainingOutcome::NotJudgedYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::training::report::Beginning;
    use crate::train::Confirmation;

    fn job() -> Job {
        Job { choice: TrainingChoice::default(), started_from: "built-in".into(), licence: "BSD".into() }
    }

    fn report(since: u64, result: Gain) -> Report {
        let (psnr, start_psnr, bicubic_psnr) = (29.0, 28.0, 27.0);
        Report {
            beginning: Some(Beginning { pictures: 50, held_out: 9, device: String::new(), step: 0 }),
            step: 80,
            confirmed: Some(Confirmation { psnr, start_psnr, bicubic_psnr, pictures: 4, since, step: 60, result }),
            ..Report::default()
        }
    }

    fn summary(report: &Report) -> TrainingSummary {
        let card = card_of(&job(), report, 60, Some(29.0));
        let crate::library::Origin::Trained(summary) = card.origin else { panic!("{card:?}") };
        summary
    }

    #[test]
    fn a_card_says_what_was_seen_and_on_how_many_pictures() {
        let known = summary(&report(0, Gain::Better));
        assert_eq!((known.held_out, known.start_psnr, known.gain_db()), (4, Some(28.0), Some(1.0)));
        let later = summary(&report(40, Gain::Better));
        assert_eq!((later.psnr, later.start_psnr, later.gain_db()), (Some(29.0), None, None));
    }

    #[test]
    fn what_was_stopped_before_it_was_judged_is_not_over() {
        let resumed = Report { step: 12, ..Report::default() };
        assert_eq!(outcome_of(&resumed, false), TrainingOutcome::NotJudgedYet);
        assert_eq!(outcome_of(&resumed, true), TrainingOutcome::NotJudged);
        assert_eq!(outcome_of(&Report::default(), false), TrainingOutcome::Nothing);
        let carried = outcome_of(&report(40, Gain::Carried), true);
        assert!(matches!(carried, TrainingOutcome::Carried(judgement) if judgement.since == 40), "{carried:?}");
    }
}
