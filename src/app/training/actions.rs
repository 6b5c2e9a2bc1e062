//! Carrying out what the person asks of training.

use super::sight::place_at;
use super::teach::{Assignment, End, News, Outcome, Save, Trial};
use super::workplace::Job;
use super::{Home, RunningTraining, SightTextures, TrainCommand};
use crate::app::App;
use crate::app::library::SaveFrom;
use crate::app::look::{Side, Split};
use crate::app::one_shot::{OneShot, Outcome as OneShotOutcome};
use crate::app::services::Ask;
use crate::app::state::Panel;
use crate::recipe::Source;
use crate::train::PlaceChoice;
use egui::{TextureOptions, ViewportCommand};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl App {
    /// Does what concerns training.
    pub fn apply_training(&mut self, command: TrainCommand) {
        match command {
            TrainCommand::Toggle => self.toggle_training(),
            TrainCommand::Change(choice) => self.state.training.choice = choice,
            TrainCommand::BrowseFolder => self.browse(Ask::Folder),
            TrainCommand::FolderFocused => self.state.training.wants_focus = false,
            TrainCommand::Start => self.start_training(None),
            TrainCommand::Pause => self.pause_training(true),
            TrainCommand::GoOn => self.pause_training(false),
            TrainCommand::Stop => self.stop_training(),
            TrainCommand::Watch => self.watch_place(),
            TrainCommand::Use => self.use_trained(),
            TrainCommand::Compare => self.compare_with_before(),
            TrainCommand::Revert => self.revert_model(),
            TrainCommand::SaveAs => self.save_trained(),
            TrainCommand::Again => self.forget_training(),
            TrainCommand::Resume => self.resume_training(),
            TrainCommand::Later => self.state.panel = Panel::Closed,
            TrainCommand::Discard => self.discard_training(),
            TrainCommand::SaveAndClose => self.save_and_close(),
        }
    }

    fn toggle_training(&mut self) {
        self.state.training.is_shown = !self.state.training.is_shown;
        if self.state.training.is_shown {
            self.list_models_once();
            self.propose_start();
        }
    }

    /// Whoever looks through a model of the list most likely wants to train that one.
    fn propose_start(&mut self) {
        let training = &mut self.state.training;
        training.wants_focus = training.running.is_none() && training.choice.folder.is_empty();
        let path = self.state.model.path().map(Path::to_owned);
        let is_listed = |path: &PathBuf| self.services.home.as_ref().is_some_and(|home| home.library.holds(path));
        if training.choice.folder.is_empty() {
            training.choice.start = path.filter(is_listed);
        }
    }

    /// Looks, on a thread, for a training that was interrupted.
    pub(in crate::app) fn look_for_interrupted(&mut self) {
        let Some(Home { workplace, .. }) = self.services.home.clone() else { return };
        self.state.training.lookup =
            OneShot::start("look for a training", &self.ctx, move || workplace.interrupted()).ok();
    }

    /// The folder that the system's dialog has answered with.
    pub(in crate::app) fn folder_chosen(&mut self, path: &Path) {
        self.state.training.choice.folder = path.to_string_lossy().into_owned();
        self.state.training.note = None;
    }

    fn start_training(&mut self, resumed: Option<Job>) {
        self.state.training.closes_when_saved = false;
        if self.state.training.running.is_some() {
            return;
        }
        let Some(Home { library, workplace }) = self.services.home.clone() else {
            return self.fail("There is no folder to keep models in: the system names none for your data.".into());
        };
        let choice = resumed.as_ref().map_or_else(|| self.state.training.choice.clone(), |job| job.choice.clone());
        let before = self.state.training.before.as_ref();
        let slots = [Some(&self.state.model), Some(&self.state.other_model), before];
        let in_use = slots.into_iter().flatten().filter_map(|slot| slot.path().map(Path::to_owned)).collect();
        let places = PlaceChoice::sharing(self.state.store.clone());
        places.choose(self.state.training.place.clone());
        let assignment = Assignment { choice, resumed, library, workplace, in_use, places };
        match RunningTraining::start(&self.ctx, self.services.train.clone(), assignment) {
            Ok(running) => {
                let training = &mut self.state.training;
                (training.news, training.sight, training.answered) = (News::default(), None, (0, 0));
                (training.offer, training.is_shown) = (None, true);
                training.running = Some(running);
            }
            Err(error) => self.fail(format!("cannot start training: {error}")),
        }
    }

    fn pause_training(&mut self, is_paused: bool) {
        if let Some(running) = &mut self.state.training.running {
            running.set_paused(is_paused);
        }
    }

    fn stop_training(&mut self) {
        if let Some(running) = &mut self.state.training.running {
            running.stop(false);
        }
    }

    fn watch_place(&mut self) {
        let Some(shown) = &self.state.shown else { return };
        let center = shown.motion.goal().image_from_screen(self.state.canvas.center());
        match place_at(shown.picture.clone(), center) {
            Ok(place) => self.state.training.place = Some(place),
            Err(error) => return self.fail(error.to_string()),
        }
        if let Some(running) = &self.state.training.running {
            running.places.choose(self.state.training.place.clone());
        }
    }

    fn use_trained(&mut self) {
        if let Some(running) = &mut self.state.training.running {
            running.change(|wish| wish.trials += 1);
        } else if let Some(path) = self.state.training.end().and_then(|end| end.kept.clone()) {
            self.try_model(path);
        }
    }

    /// Shows the picture with another model; the one of before stays at hand.
    fn try_model(&mut self, path: PathBuf) {
        let present = self.state.model.held();
        if self.state.training.before.is_none() && present.path() != Some(&path) {
            self.state.other_model = present.held();
            self.state.training.before = Some(present);
        }
        self.load_own(Some(path));
    }

    fn compare_with_before(&mut self) {
        let Some(before) = &self.state.training.before else { return };
        self.state.other_model = before.held();
        let at = self.state.split.map_or_else(|| Split::default().at, |split| split.at);
        self.state.split = Some(Split { left: Side::OtherModel, right: Side::Own(Source::NEURAL), at });
    }

    fn revert_model(&mut self) {
        let Some(before) = self.state.training.before.take() else { return };
        let path = before.path().map(Path::to_owned);
        self.state.other_model = std::mem::replace(&mut self.state.model, before).held();
        // The settings may have changed meanwhile; what is the same is not computed again.
        self.load_own(path);
    }

    fn save_trained(&mut self) {
        let training = &self.state.training;
        let from = match training.end().and_then(|end| end.kept.clone()) {
            _ if training.running.is_some() => SaveFrom::Training,
            Some(path) => SaveFrom::Entry(Some(path)),
            None => return,
        };
        let name = training.running.as_ref().map(|running| running.choice.folder_name());
        self.ask_where_to_save(from, name);
    }

    /// Has the weights of this moment written; called once the person has said where to.
    pub(in crate::app) fn save_running(&mut self, path: PathBuf, overwrite: bool) {
        match &mut self.state.training.running {
            Some(running) => running.change(|wish| {
                let number = wish.save.as_ref().map_or(1, |save| save.number + 1);
                wish.save = Some(Save { number, path, overwrite });
            }),
            None => self.fail("Training has ended meanwhile; save the model from the list of models.".into()),
        }
    }

    fn forget_training(&mut self) {
        let training = &mut self.state.training;
        if training.running.is_none() {
            (training.news, training.sight) = (News::default(), None);
        }
    }

    fn resume_training(&mut self) {
        let training = &mut self.state.training;
        let rest = training.end().and_then(|end| end.rest.clone());
        let Some(job) = rest.or_else(|| training.offer.take()) else { return };
        training.choice = job.choice.clone();
        self.close_offer();
        self.start_training(Some(job));
    }

    fn discard_training(&mut self) {
        self.state.training.offer = None;
        self.close_offer();
        if let Some(Home { workplace, .. }) = self.services.home.clone() {
            let discard = move || {
                workplace.discard();
                None
            };
            self.state.training.lookup = OneShot::start("forget a training", &self.ctx, discard).ok();
        }
    }

    fn close_offer(&mut self) {
        if self.state.panel == Panel::Resuming {
            self.state.panel = Panel::Closed;
        }
    }

    /// Lets the training write its checkpoint; the window closes after that.
    pub(in crate::app) fn save_before_closing(&mut self) {
        if let Some(running) = &mut self.state.training.running {
            running.stop(true);
            self.state.training.closes_when_saved = true;
        }
    }

    fn save_and_close(&mut self) {
        self.save_before_closing();
        self.state.panel = Panel::Closed;
        if self.state.training.running.is_none() {
            self.ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// Takes in what the thread behind training has sent.
    pub(in crate::app) fn drain_training(&mut self) {
        if let Some(OneShotOutcome::Done(job)) = self.state.training.lookup.as_ref().map(OneShot::poll) {
            self.state.training.lookup = None;
            if job.is_some() && self.state.panel == Panel::Closed {
                self.state.panel = Panel::Resuming;
            }
            self.state.training.offer = job;
        }
        let training = &self.state.training;
        if let Some(news) = training.running.as_ref().and_then(|running| running.poll(&training.news)) {
            self.take_news(news);
        }
    }

    fn take_news(&mut self, news: News) {
        self.take_sight(&news);
        self.state.training.news = news.clone();
        let answered = self.state.training.answered.0;
        if let Some(Trial { number, path, step, is_best }) = news.trial.filter(|trial| trial.number > answered) {
            self.state.training.answered.0 = number;
            self.try_model(path);
            let which = if is_best { "the best weights so far, those" } else { "the weights" };
            let text = format!("The viewer now uses {which} of step {step}. Revert goes back.");
            self.state.toasts.tell(text, self.state.now_secs);
        }
        if let Some((number, saved)) = news.saved.filter(|saved| saved.0 > self.state.training.answered.1) {
            self.state.training.answered.1 = number;
            match saved {
                Ok(path) => self.state.toasts.tell(format!("Written: {}", path.display()), self.state.now_secs),
                Err(reason) => self.fail(reason),
            }
        }
        if let Some(end) = news.end {
            self.end_training(&end);
        }
    }

    fn take_sight(&mut self, news: &News) {
        let Some(sight) = &news.sight else { return };
        if self.state.training.sight.as_ref().is_some_and(|known| Arc::ptr_eq(&known.source, sight)) {
            return;
        }
        let load = |name, image: &egui::ColorImage| self.ctx.load_texture(name, image.clone(), TextureOptions::LINEAR);
        let (before, after) = (load("before training", &sight.before), load("after training", &sight.after));
        self.state.training.sight = Some(SightTextures { before, after, step: sight.step, source: sight.clone() });
    }

    fn end_training(&mut self, end: &End) {
        self.state.training.running = None;
        if end.kept.is_some() {
            self.list_models();
        }
        match &end.outcome {
            Outcome::Failed(reason) => self.fail(reason.clone()),
            Outcome::NotBetter(_) | Outcome::Nothing => self.leave_trial(),
            Outcome::Better(_) | Outcome::NotJudged => {}
        }
        let training = &self.state.training;
        let waits_for_export = self.state.export.is_some() && !self.state.exports.may_close;
        if training.closes_when_saved && !waits_for_export {
            self.ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// Weights that came to nothing are not left in the viewer.
    fn leave_trial(&mut self) {
        let trial = self.state.training.news.trial.as_ref().map(|trial| trial.path.clone());
        if trial.is_some() && self.state.model.path() == trial.as_deref() {
            self.revert_model();
            let text = "Training made nothing better, so the viewer is back to the model of before.";
            self.state.toasts.tell(text, self.state.now_secs);
        }
    }
}
