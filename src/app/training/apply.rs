//! Carrying out what the person asks of training.

use super::before_after::{BeforeAfterTextures, place_at};
use super::running::RunningTraining;
use super::worker::{Assignment, End, Save, TrainingOutcome, TrainingStatus, Trial};
use super::workplace::Job;
use super::{Below, Command, State};
use crate::app::env::{Env, Event, Panel};
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::models::SaveFrom;
use crate::app::ports::DialogPurpose;
use crate::app::{models, settings, view};
use crate::train::PlaceChoice;
use crate::weights::Builtin;
use egui::{TextureOptions, ViewportCommand};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl State {
    /// Does one thing.
    pub fn apply(&mut self, command: Command, below: Below<'_>, env: &mut Env<'_>) {
        match command {
            Command::Toggle => self.toggle_training(below.models, env),
            Command::Change(choice) => self.choice = choice,
            Command::BrowseFolder => env.announce(Event::DialogWanted(DialogPurpose::Folder)),
            Command::FolderFocused => self.wants_focus = false,
            Command::Start => self.start_training(None, &below, env),
            Command::Pause => self.pause_training(true),
            Command::GoOn => self.pause_training(false),
            Command::Stop => self.stop_training(),
            Command::Watch => self.watch_place(below.view, env),
            Command::Use => self.use_trained(below, env),
            Command::Compare => {
                if below.models.lay_before_aside() {
                    below.compare.compare_with_other();
                }
            }
            Command::Revert => below.models.revert(below.settings, env),
            Command::SaveAs => self.save_trained(below.models, env),
            Command::Again => self.forget_training(),
            Command::Resume => self.resume_training(&below, env),
            Command::Later => env.close(Panel::Resuming),
            Command::Discard => self.discard_training(env),
        }
    }

    fn toggle_training(&mut self, models: &mut models::State, env: &mut Env<'_>) {
        self.is_shown = !self.is_shown;
        if self.is_shown {
            models.list_models_once(env);
            self.propose_start(models);
        }
    }

    /// Whoever looks through a model of the list most likely wants to train that one. Instead of the reference the live network is
    /// proposed, which learns several times faster.
    fn propose_start(&mut self, models: &models::State) {
        self.wants_focus = self.running.is_none() && self.choice.folder.is_empty();
        let path = models.own.path().map(Path::to_owned);
        let is_listed = |path: &PathBuf| {
            Builtin::title_at(path).is_some() || models.library().is_some_and(|library| library.holds(path))
        };
        if self.choice.folder.is_empty() {
            self.choice.start = Some(path.filter(is_listed).unwrap_or_else(|| Builtin::Live.address()));
        }
    }

    /// Looks, on a thread, for a training that was interrupted.
    pub fn look_for_interrupted(&mut self, env: &Env<'_>) {
        let Some(workplace) = self.workplace.clone() else { return };
        self.lookup = OneShot::start("look for a training", env.ctx, move || workplace.interrupted()).ok();
    }

    /// The folder that the system's dialog has answered with.
    pub fn take_folder(&mut self, path: &Path) {
        self.choice.folder = path.to_string_lossy().into_owned();
        self.note = None;
    }

    fn start_training(&mut self, resumed: Option<Job>, below: &Below<'_>, env: &mut Env<'_>) {
        let models = &*below.models;
        self.closes_when_saved = false;
        if self.running.is_some() {
            return;
        }
        let (Some(library), Some(workplace)) = (models.library().cloned(), self.workplace.clone()) else {
            return env.fail(models::NO_FOLDER);
        };
        let choice = resumed.as_ref().map_or_else(|| self.choice.clone(), |job| job.choice.clone());
        let in_use = models.paths_in_use();
        let places = PlaceChoice::sharing(below.view.store.clone());
        places.choose(self.place.clone());
        let assignment = Assignment { choice, resumed, library, workplace, in_use, places };
        match RunningTraining::start(env.ctx, env.ports.train.clone(), assignment) {
            Ok(running) => {
                (self.status, self.before_after, self.answered) = (TrainingStatus::default(), None, (0, 0));
                (self.offer, self.is_shown) = (None, true);
                self.running = Some(running);
            }
            Err(error) => env.fail(format!("cannot start training: {error}")),
        }
    }

    fn pause_training(&mut self, is_paused: bool) {
        if let Some(running) = &mut self.running {
            running.set_paused(is_paused);
        }
    }

    fn stop_training(&mut self) {
        if let Some(running) = &mut self.running {
            running.stop(false);
        }
    }

    fn watch_place(&mut self, view: &view::State, env: &mut Env<'_>) {
        let Some(shown) = &view.shown else { return };
        let center = shown.motion.goal().image_from_screen(view.canvas.center());
        match place_at(shown.picture.clone(), center) {
            Ok(place) => self.place = Some(place),
            Err(error) => return env.fail(error),
        }
        if let Some(running) = &self.running {
            running.places.choose(self.place.clone());
        }
    }

    fn use_trained(&mut self, below: Below<'_>, env: &mut Env<'_>) {
        if let Some(running) = &mut self.running {
            running.change(|request| request.trials += 1);
        } else if let Some(path) = self.end().and_then(|end| end.kept.clone()) {
            below.models.try_out(path, below.settings, env);
        }
    }

    fn save_trained(&self, models: &mut models::State, env: &mut Env<'_>) {
        let from = match self.end().and_then(|end| end.kept.clone()) {
            _ if self.running.is_some() => SaveFrom::Training,
            Some(path) => SaveFrom::Entry(Some(path)),
            None => return,
        };
        let name = self.running.as_ref().map(|running| running.choice.folder_name());
        models.ask_where_to_save(from, name, env);
    }

    /// Has the weights of this moment written; called once the person has said where to.
    pub fn save_running(&mut self, path: PathBuf, overwrite: bool, env: &mut Env<'_>) {
        match &mut self.running {
            Some(running) => running.change(|request| {
                let number = request.save.as_ref().map_or(1, |save| save.number + 1);
                request.save = Some(Save { number, path, overwrite });
            }),
            None => env.fail("Training has ended in the meantime; save the model from the list of models."),
        }
    }

    fn forget_training(&mut self) {
        if self.running.is_none() {
            (self.status, self.before_after) = (TrainingStatus::default(), None);
        }
    }

    fn resume_training(&mut self, below: &Below<'_>, env: &mut Env<'_>) {
        let rest = self.end().and_then(|end| end.rest.clone());
        let Some(job) = rest.or_else(|| self.offer.take()) else { return };
        self.choice = job.choice.clone();
        env.close(Panel::Resuming);
        self.start_training(Some(job), below, env);
    }

    fn discard_training(&mut self, env: &mut Env<'_>) {
        self.offer = None;
        env.close(Panel::Resuming);
        if let Some(workplace) = self.workplace.clone() {
            let discard = move || {
                workplace.discard();
                None
            };
            self.lookup = OneShot::start("forget a training", env.ctx, discard).ok();
        }
    }

    /// Lets the training write its checkpoint; the window closes after that.
    pub fn save_before_closing(&mut self) {
        if let Some(running) = &mut self.running {
            running.stop(true);
            self.closes_when_saved = true;
        }
    }

    /// A model's file has another name: whatever names it goes on doing so.
    pub fn follow_rename(&mut self, old: &Path, new: &Path) {
        let kept = self.status.end.as_mut().and_then(|end| end.kept.as_mut());
        for path in [kept, self.choice.start.as_mut()].into_iter().flatten() {
            if path == old {
                new.clone_into(path);
            }
        }
    }

    /// Takes in what the thread behind training has sent.
    pub fn drain(&mut self, below: Below<'_>, env: &mut Env<'_>) {
        if let Some(OneShotStatus::Done(job)) = self.lookup.as_ref().map(OneShot::poll) {
            self.lookup = None;
            if job.is_some() && *env.panel == Panel::Closed {
                *env.panel = Panel::Resuming;
            }
            self.offer = job;
        }
        if let Some(status) = self.running.as_ref().and_then(|running| running.poll(&self.status)) {
            self.take_status(status, below, env);
        }
    }

    fn take_status(&mut self, status: TrainingStatus, below: Below<'_>, env: &mut Env<'_>) {
        self.take_before_after(&status, env.ctx);
        self.status = status.clone();
        let answered = self.answered.0;
        if let Some(Trial { number, path, step, is_best }) = status.trial.filter(|trial| trial.number > answered) {
            self.answered.0 = number;
            below.models.try_out(path, below.settings, env);
            let which = if is_best { "the best weights so far, those" } else { "the weights" };
            env.tell(format!("The viewer now uses {which} of step {step}. Revert goes back."));
        }
        if let Some((number, saved)) = status.saved.filter(|saved| saved.0 > self.answered.1) {
            self.answered.1 = number;
            match saved {
                Ok(path) => env.tell(format!("Written: {}", path.display())),
                Err(reason) => env.fail(reason),
            }
        }
        if let Some(end) = status.end {
            self.end_training(&end, below, env);
        }
    }

    fn take_before_after(&mut self, status: &TrainingStatus, ctx: &egui::Context) {
        let Some(before_after) = &status.before_after else { return };
        if self.before_after.as_ref().is_some_and(|known| Arc::ptr_eq(&known.source, before_after)) {
            return;
        }
        let load = |name, image: &egui::ColorImage| ctx.load_texture(name, image.clone(), TextureOptions::LINEAR);
        let (before, after) =
            (load("before training", &before_after.before), load("after training", &before_after.after));
        self.before_after =
            Some(BeforeAfterTextures { before, after, step: before_after.step, source: before_after.clone() });
    }

    fn end_training(&mut self, end: &End, below: Below<'_>, env: &mut Env<'_>) {
        self.running = None;
        if end.kept.is_some() {
            below.models.list_models(env);
        }
        match &end.outcome {
            TrainingOutcome::Failed(reason) => env.fail(reason),
            TrainingOutcome::NotBetter(_) | TrainingOutcome::Nothing => {
                self.leave_trial(below.models, below.settings, env);
            }
            TrainingOutcome::Better(_)
            | TrainingOutcome::Carried(_)
            | TrainingOutcome::NotJudged
            | TrainingOutcome::NotJudgedYet => {}
        }
        if self.closes_when_saved && !below.export.holds_window() {
            env.ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// Weights that came to nothing are not left in the viewer.
    fn leave_trial(&self, models: &mut models::State, settings: &settings::State, env: &mut Env<'_>) {
        let trial = self.status.trial.as_ref().map(|trial| trial.path.clone());
        if trial.is_some() && models.own.path() == trial.as_deref() {
            models.revert(settings, env);
            env.tell("Training made nothing better, so the viewer uses the previous model again.");
        }
    }
}
