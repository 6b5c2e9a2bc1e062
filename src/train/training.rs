//! The whole training as an iterator of events. The window, the command line and the tests drive the same object.
//!
//! A gate holds it: paused, it stops within milliseconds wherever it is, in the middle of a step too; stopped, it gives
//! the step up, writes a checkpoint and ends. Time at a paused gate is not time that training took.

use super::config::{Hyperparameters, Length, Start, TrainConfig};
use super::dataset::Dataset;
use super::device;
use super::event::{Ending, TrainEvent, blind_verdict, verdict};
use super::heldout::HeldOut;
use super::loader::Loader;
use super::place::PlaceWatcher;
use super::state::{Evaluation, State, check_output};
use super::stopwatch::Stopwatch;
use super::teacher::Teacher;
use super::trainer::{Trainer, TrainerOptions};
use crate::error::{Error, Result};
use crate::task::Gate;
use crate::weights::Weights;
use std::collections::VecDeque;
use std::sync::Arc;

/// Said of a training that cannot be judged.
const BLIND: &str = "no picture is held out, so nothing will tell whether training helps";

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Judge,
    Step,
    Over,
}

/// A training under way.
pub struct Training {
    config: TrainConfig,
    trainer: Trainer,
    loader: Loader,
    teacher: Option<Teacher>,
    held_out: Option<HeldOut>,
    /// Where the held-out pictures are, until they are read.
    unread: Option<Arc<Dataset>>,
    gate: Gate,
    watch: PlaceWatcher,
    events: VecDeque<TrainEvent>,
    phase: Phase,
    /// The last state that is known to be good; its notes are kept up to date.
    good: State,
    /// Steps taken.
    step: u64,
    /// Time spent in `next`, earlier trainings included; pauses do not count.
    elapsed_secs: f64,
    /// Steps and time when this object began.
    begun: (u64, f64),
    /// Time at the last checkpoint.
    checkpoint_secs: f64,
    /// The last step that was judged.
    judged: Option<u64>,
    /// The step that the checkpoint on the disk is of, once there is one.
    written_step: Option<u64>,
}

impl Training {
    /// Looks at the pictures and prepares everything; the first step is taken when an event is asked for. `gate` pauses and
    /// stops it: after a stop the last checkpoint's event is next. Dropping the training stops the gate.
    ///
    /// # Errors
    /// [`Error::Request`], [`Error::Dataset`], [`Error::Weights`], [`Error::Export`] or [`Error::Device`] for what
    /// cannot work, each before any work is lost; [`Error::Cancelled`] if stopped while pictures are read.
    pub fn new(config: TrainConfig, gate: &Gate) -> Result<Self> {
        config.hyperparameters.check()?;
        check_output(&config)?;
        let mut state = State::begin(&config)?;
        let hyperparameters = &state.notes.hyperparameters;
        let teacher = hyperparameters.distillation.as_ref().map(|known| Teacher::open(known, gate)).transpose()?;
        let (engine, device, remark) = device::engine(config.device)?;
        let &Hyperparameters { freeze_encoder, clip_norm, beta2, wave_rate, ema, .. } = hyperparameters;
        let threads = config.threads.unwrap_or(TrainerOptions::default().threads).max(1);
        let options = TrainerOptions { engine, freeze_encoder, clip_norm, beta2, wave_rate, ema, threads };
        let mut trainer = Trainer::new(&state.weights, state.adam.clone(), options)?.behind(gate);
        trainer.restore(&state.weights, state.moving.as_ref(), &state.adam);
        let small = config.small_folder.as_deref();
        let interrupt = || gate.pass().is_err();
        let known = state.notes.held_out();
        let open = || Dataset::open(&config.folder, small, hyperparameters, config.cache_bytes, known, &interrupt);
        let dataset = Arc::new(trainer.install(open)?);
        let step = state.notes.step;
        let mut events = VecDeque::from([TrainEvent::Started {
            pictures: dataset.trained_on.len(),
            held_out: dataset.held_out.len(),
            model: state.weights.config().summary(),
            parameters: trainer.parameter_count(),
            device: if threads == 1 { format!("{device}, 1 thread") } else { format!("{device}, {threads} threads") },
            step,
            optimizer_step: state.adam.step,
        }]);
        let unread = (!dataset.held_out.is_empty()).then(|| dataset.clone());
        let warnings = dataset.warnings.iter().cloned().chain(remark);
        let lost = if unread.is_none() { state.judge_by(None) } else { None };
        let warnings = warnings.chain(lost.map(str::to_owned)).chain(unread.is_none().then(|| BLIND.to_owned()));
        events.extend(warnings.map(|message| TrainEvent::Warning { message }));
        let hyperparameters = &state.notes.hyperparameters;
        let loader = Loader::start(dataset, hyperparameters, state.weights.config().normalization, step, gate)?;
        let (elapsed_secs, gate) = (state.notes.elapsed_secs, gate.clone());
        let own = config.checkpoint_path();
        let written_step = matches!(&config.start, Start::Resume(path) if *path == own).then_some(step);
        let watch = PlaceWatcher::new(config.place.clone(), state.weights.clone());
        Ok(Self {
            trainer,
            loader,
            teacher,
            held_out: None,
            unread,
            gate,
            watch,
            events,
            phase: Phase::Judge,
            step,
            elapsed_secs,
            begun: (step, elapsed_secs),
            checkpoint_secs: elapsed_secs,
            judged: None,
            written_step,
            good: state,
            config,
        })
    }

    /// A copy of the result as it is now: the weights, or their average.
    ///
    /// # Errors
    /// [`Error::Weights`] if they are not finite any more.
    pub fn weights(&self) -> Result<Weights> {
        self.trainer.weights()
    }

    /// Does the next thing; what happened is in `events`.
    fn advance(&mut self) -> Result<()> {
        match self.phase {
            Phase::Over => Ok(()),
            _ if self.gate.is_stopped() => self.finish(Ending::Stopped),
            Phase::Judge => {
                self.phase = Phase::Step;
                self.read_held_out()?;
                self.judge()
            }
            Phase::Step if self.done() >= 1.0 => self.finish(Ending::Done),
            Phase::Step => match self.take_step() {
                // Given up in the middle: nothing was moved.
                Err(Error::Cancelled) => Ok(()),
                taken => taken,
            },
        }
    }

    /// Cuts the patches that will be judged, and tells of what is known by them.
    fn read_held_out(&mut self) -> Result<()> {
        let Some(dataset) = &self.unread else { return Ok(()) };
        let (gate, hyperparameters) = (&self.gate, &self.good.notes.hyperparameters);
        let read = self.trainer.install(|| HeldOut::new(dataset, hyperparameters, &|| gate.pass().is_err()));
        let (held_out, mut warnings) = match read {
            Err(Error::Cancelled) => return Ok(()),
            read => read?,
        };
        let lost = self.good.judge_by(held_out.as_ref().map(HeldOut::judged_by));
        warnings.extend(lost.map(str::to_owned));
        warnings.extend(held_out.is_none().then(|| BLIND.to_owned()));
        self.events.extend(self.good.improvement());
        self.events.extend(warnings.into_iter().map(|message| TrainEvent::Warning { message }));
        (self.held_out, self.unread) = (held_out, None);
        Ok(())
    }

    /// Whether there is nothing to judge by.
    fn is_blind(&self) -> bool {
        self.held_out.is_none() && self.unread.is_none()
    }

    fn stopwatch(&self) -> Stopwatch {
        Stopwatch::start(&self.gate)
    }

    /// The share of the work that is done.
    fn done(&self) -> f64 {
        match self.config.length {
            Length::Steps(0) => 1.0,
            Length::Steps(steps) => self.step as f64 / steps as f64,
            Length::Time(time) => self.elapsed_secs / time.as_secs_f64().max(1e-9),
        }
    }

    /// How long the rest will take, as fast as it has been going.
    fn remaining_secs(&self) -> f64 {
        match self.config.length {
            Length::Time(time) => (time.as_secs_f64() - self.elapsed_secs).max(0.0),
            Length::Steps(steps) => {
                let pace = (self.elapsed_secs - self.begun.1) / (self.step - self.begun.0).max(1) as f64;
                steps.saturating_sub(self.step) as f64 * pace
            }
        }
    }

    fn take_step(&mut self) -> Result<()> {
        let watch = self.stopwatch();
        let mut delivery = self.loader.next()?;
        let waited_secs = watch.secs();
        if let Some(teacher) = &self.teacher {
            let normalization = &self.good.weights.config().normalization;
            self.trainer.install(|| teacher.teach(&mut delivery.batch, normalization))?;
        }
        self.events.extend(delivery.warnings.into_iter().map(|message| TrainEvent::Warning { message }));
        let Hyperparameters { learning_rate, schedule, .. } = self.good.notes.hyperparameters;
        let learning_rate = schedule.rate(learning_rate, self.step, self.done());
        let report = self.trainer.step(&delivery.batch, learning_rate)?;
        if !report.is_finite {
            return Err(self.give_up(self.step + 1));
        }
        self.step += 1;
        let secs = watch.secs();
        self.elapsed_secs += secs;
        let (step, loss, done, remaining_secs) = (self.step, report.loss, self.done().min(1.0), self.remaining_secs());
        self.events.push_back(TrainEvent::Step { step, loss, learning_rate, secs, waited_secs, done, remaining_secs });
        if self.step.is_multiple_of(self.config.evaluate_every.max(1)) {
            self.judge()?;
        }
        self.look()?;
        if self.elapsed_secs - self.checkpoint_secs >= self.config.checkpoint_every.as_secs_f64() {
            let sound = self.sound_weights()?;
            self.checkpoint(sound);
        }
        Ok(())
    }

    /// The result as it is and the weights that move, or back to the last good ones if a step has made them infinite.
    fn sound_weights(&mut self) -> Result<(Weights, Option<Weights>)> {
        let sound = self.trainer.weights().and_then(|weights| Ok((weights, self.trainer.moving()?)));
        sound.map_err(|_| self.give_up(self.step))
    }

    /// Shows the place that somebody watches, if it is time.
    fn look(&mut self) -> Result<()> {
        let watch = self.stopwatch();
        let (trainer, gate, step) = (&self.trainer, &self.gate, self.step);
        let place = &mut self.watch;
        let looked = trainer.install(|| place.look(step, &|| trainer.weights(), &|| gate.pass().is_err()));
        match looked {
            Err(Error::Cancelled) => return Ok(()),
            looked => self.events.extend(looked?),
        }
        self.elapsed_secs += watch.secs();
        Ok(())
    }

    /// Enlarges the held-out patches, and keeps the weights if they are the best so far.
    fn judge(&mut self) -> Result<()> {
        let watch = self.stopwatch();
        let (weights, moving) = self.sound_weights()?;
        if let Some(held_out) = &self.held_out {
            let (gate, good, step) = (&self.gate, &mut self.good, self.step);
            let judge = || good.judge(&weights, step, held_out, &|| gate.pass().is_err());
            // Somebody who stops the training does not want to wait for this.
            let Evaluation { psnr, preview, is_best } = match self.trainer.install(judge) {
                Err(Error::Cancelled) => return Ok(()),
                judged => judged?,
            };
            let notes = &self.good.notes;
            let (start_psnr, best_psnr) = (notes.start_psnr.unwrap_or(psnr), notes.best_psnr.unwrap_or(psnr));
            let (bicubic_psnr, since) = (held_out.bicubic_psnrs()[0], notes.compared_since);
            self.events.push_back(TrainEvent::Evaluated { step, psnr, bicubic_psnr, start_psnr, best_psnr, since });
            self.events.extend(self.good.improvement().filter(|_| is_best));
            self.events.push_back(TrainEvent::Preview { step, preview: Box::new(preview) });
        }
        self.judged = Some(self.step);
        self.keep((weights, moving));
        self.elapsed_secs += watch.secs();
        Ok(())
    }

    /// Notes the present state as good.
    fn keep(&mut self, (weights, moving): (Weights, Option<Weights>)) {
        (self.good.weights, self.good.moving) = (weights, moving);
        self.good.adam.clone_from(self.trainer.adam());
        self.good.notes.step = self.step;
        self.good.notes.elapsed_secs = self.elapsed_secs;
    }

    /// Writes the state, the best weights included. A disk that is full is no reason to stop: what was written before is
    /// still whole.
    fn checkpoint(&mut self, sound: (Weights, Option<Weights>)) {
        self.checkpoint_secs = self.elapsed_secs;
        self.keep(sound);
        let path = self.config.checkpoint_path();
        let written = self.write_state();
        self.events.push_back(match written {
            Ok(bytes) => TrainEvent::Checkpoint { step: self.step, path, bytes },
            Err(error) => TrainEvent::Warning {
                message: format!("{error}; training goes on, and what was written before is still there"),
            },
        });
    }

    /// Writes the checkpoint. Returns its size in bytes.
    fn write_state(&mut self) -> Result<u64> {
        let bytes = self.good.write(&self.config.checkpoint_path())?;
        self.written_step = Some(self.good.notes.step);
        Ok(bytes)
    }

    /// Writes the output, which claims to be better: at the end, so that nothing is taken back that was claimed before.
    /// Whether there was a reason to.
    fn write_output(&self) -> Result<bool> {
        let weights = match (&self.held_out, &self.unread) {
            (None, None) => Some(&self.good.weights),
            (Some(_), _) => self.good.worth_writing(),
            // It is not known whether what was judged before is to be judged by now.
            (None, Some(_)) => None,
        };
        weights.map(|weights| weights.save(&self.config.output, true)).transpose().map(|saved| saved.is_some())
    }

    fn finish(&mut self, ending: Ending) -> Result<()> {
        self.phase = Phase::Over;
        if ending == Ending::Done && self.judged != Some(self.step) {
            self.judge()?;
        }
        let sound = self.sound_weights()?;
        self.checkpoint(sound);
        let output = self.config.output.clone();
        let is_written = self.write_output().map_err(|error| self.with_way_out(error))?;
        if self.written_step != Some(self.step) {
            self.write_state().map_err(|error| self.with_way_out(error))?;
        }
        let confirmed = self.good.comparison(self.held_out.as_ref());
        let name = output.display().to_string();
        let verdict = if self.is_blind() { blind_verdict(&name) } else { verdict(confirmed.as_ref(), &name) };
        self.events.push_back(TrainEvent::Finished {
            step: self.step,
            secs: self.elapsed_secs,
            ending,
            output: is_written.then_some(output),
            checkpoint: self.config.checkpoint_path(),
            confirmed,
            verdict,
        });
        Ok(())
    }

    /// Says what is left of a training whose end could not be written.
    fn with_way_out(&self, error: Error) -> Error {
        let Error::Export { path, reason } = error else { return error };
        let checkpoint = self.config.checkpoint_path();
        let rest = match self.written_step {
            Some(step) => {
                format!("the checkpoint of step {step} is whole: make room, then --resume {}", checkpoint.display())
            }
            None => "nothing of this training could be written".to_owned(),
        };
        Error::Export { path, reason: format!("{reason}; {rest}") }
    }

    /// After a loss or weights that are no numbers in step `bad`: back to the last good state, which is written.
    fn give_up(&mut self, bad: u64) -> Error {
        self.trainer.restore(&self.good.weights, self.good.moving.as_ref(), &self.good.adam);
        let path = self.config.checkpoint_path();
        let good = self.good.notes.step;
        self.step = good;
        let kept = match self.write_state().and_then(|_| self.write_output()) {
            Ok(_) => format!("the weights of step {good} are in {}", path.display()),
            Err(error) => error.to_string(),
        };
        Error::Request(format!(
            "step {bad} did not come to a finite number any more, so training stopped; {kept}; start from there with \
             a smaller --lr, or with --clip 1"
        ))
    }
}

impl Iterator for Training {
    type Item = Result<TrainEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.events.is_empty() && self.phase != Phase::Over {
            if let Err(error) = self.advance() {
                self.phase = Phase::Over;
                return Some(Err(error));
            }
        }
        self.events.pop_front().map(Ok)
    }
}
