//! Loading models.

use super::State;
use super::follow::AUTO;
use super::slot::{LoadFailure, ModelSlot, ModelSource};
use crate::app::env::{Env, Event};
use crate::app::settings;
use crate::render::Compute;
use crate::weights::Builtin;
use std::path::PathBuf;

impl State {
    /// Begins with a model; the settings name one where `source` does not.
    pub fn start(&mut self, source: ModelSource, settings: &settings::State, env: &mut Env<'_>) {
        if matches!(source, ModelSource::File(_)) {
            self.load_quick(settings.compute(), env);
        }
        if matches!(source, ModelSource::File(None)) && settings.choices.model.as_deref() == Some(AUTO) {
            return self.follow(settings, env);
        }
        match self.or_default(source, settings) {
            ModelSource::Loaded(model) => self.own = ModelSlot::holding(model),
            ModelSource::File(path) => self.load_own(path, settings, env),
        }
    }

    /// The model that the settings name, where the command line names none.
    fn or_default(&self, requested: ModelSource, settings: &settings::State) -> ModelSource {
        match (requested, &settings.choices.model, &self.library) {
            (ModelSource::File(None), Some(name), Some(library)) => ModelSource::File(library.file(name)),
            (requested, ..) => requested,
        }
    }

    /// Loads the model that enlarges the picture.
    pub fn load_own(&mut self, path: Option<PathBuf>, settings: &settings::State, env: &mut Env<'_>) {
        self.load_own_by(path, settings.compute(), env);
    }

    /// Loads the live network, which stands in for others.
    fn load_quick(&mut self, compute: Compute, env: &mut Env<'_>) {
        load(&mut self.quick, Some(Builtin::Live.address()), compute, env);
    }

    fn load_own_by(&mut self, path: Option<PathBuf>, compute: Compute, env: &mut Env<'_>) {
        load(&mut self.own, path, compute, env);
    }

    /// Loads the other side of a comparison.
    pub fn load_other(&mut self, path: Option<PathBuf>, settings: &settings::State, env: &mut Env<'_>) {
        load(&mut self.other, path, settings.compute(), env);
    }

    /// Loads all again: something else is to compute.
    pub fn reload(&mut self, settings: &settings::State, env: &mut Env<'_>) {
        self.load_own(self.own.wanted().map(Into::into), settings, env);
        if self.quick.model().is_some() || self.quick.is_loading() {
            self.load_quick(settings.compute(), env);
        }
        if self.other.model().is_some() || self.other.is_loading() {
            self.load_other(self.other.wanted().map(PathBuf::from), settings, env);
        }
    }

    /// Takes in models that have been loaded.
    pub(super) fn drain_models(&mut self, settings: &mut settings::State, env: &mut Env<'_>) {
        let had_none = self.own.model().is_none();
        match self.own.poll() {
            Ok(false) => {}
            Ok(true) => self.tell_refusal(env),
            Err(LoadFailure { error, instead }) => {
                env.fail(error);
                // Without a model nothing is enlarged.
                if let Some((path, compute)) = instead.filter(|_| had_none) {
                    // The models to come had better not ask for a device that is not there, either.
                    (settings.compute.backend, settings.compute.device) = (compute.backend, compute.device.clone());
                    self.load_own_by(path, compute, env);
                }
            }
        }
        // What is wrong with a device the model in use tells; without this one there is less to see in the meantime.
        if let Err(LoadFailure { instead: Some((Some(_), compute)), .. }) = self.quick.poll() {
            self.load_quick(compute, env);
        }
        match self.other.poll() {
            Ok(false) => {}
            Ok(true) => env.announce(Event::OtherModelLoaded),
            Err(failure) => env.fail(failure.error),
        }
    }

    /// Says why no graphics device computes, where one might have.
    fn tell_refusal(&self, env: &mut Env<'_>) {
        let refusal = self.own.model().and_then(|model| model.refusal().map(str::to_owned));
        if let Some(reason) = refusal {
            env.fail(reason);
        }
    }

    /// What has gone wrong with a graphics device while the processor went on.
    pub(super) fn drain_warnings(&self, env: &mut Env<'_>) {
        let models = [self.own.model(), self.quick.model(), self.other.model()];
        for warning in models.into_iter().flatten().filter_map(|model| model.take_warning()) {
            env.fail(warning);
        }
    }

    /// Shows the picture with another model; the one of before stays at hand.
    pub fn try_out(&mut self, path: PathBuf, settings: &settings::State, env: &mut Env<'_>) {
        let present = self.own.held();
        if self.before.is_none() && present.path() != Some(&path) {
            self.other = present.held();
            self.before = Some(present);
        }
        self.load_own(Some(path), settings, env);
    }

    /// Has the previous model at hand for a comparison. False if there is none.
    pub fn lay_before_aside(&mut self) -> bool {
        let Some(before) = &self.before else { return false };
        self.other = before.held();
        true
    }

    /// Goes back to the model that was in use before weights were tried.
    pub fn revert(&mut self, settings: &settings::State, env: &mut Env<'_>) {
        let Some(before) = self.before.take() else { return };
        let path = before.path().map(std::path::Path::to_owned);
        self.other = std::mem::replace(&mut self.own, before).held();
        // The settings may have changed meanwhile; what is the same is not computed again.
        self.load_own(path, settings, env);
    }
}

/// Starts to load a model into its place.
fn load(slot: &mut ModelSlot, path: Option<PathBuf>, compute: Compute, env: &mut Env<'_>) {
    if let Err(error) = slot.start(env.ctx, env.ports.load_model.clone(), path, compute) {
        env.fail(format!("cannot start loading the model: {error}"));
    }
}
