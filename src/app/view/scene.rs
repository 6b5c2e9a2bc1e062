//! What is looked at, together with what it is made with.

use super::State;
use super::look::Subject;
use crate::app::models;
use crate::app::models::slot::ModelSlot;
use crate::app::settings::Settings;
use crate::geometry::View;
use crate::key::DecodedBy;
use crate::recipe::{Recipe, Source, Stage, Strength};
use crate::render::LoadedModel;
use std::sync::Arc;

/// The view with the choices and models that its pixels depend on.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The choices.
    pub settings: &'a Settings,
    /// The models.
    pub models: &'a models::State,
    /// The view.
    pub view: &'a State,
    /// The time, in seconds.
    pub now_secs: f64,
}

impl<'a> Scene<'a> {
    /// The scene at a moment.
    pub fn new(settings: &'a Settings, models: &'a models::State, view: &'a State, now_secs: f64) -> Self {
        Self { settings, models, view, now_secs }
    }

    /// The view at this moment.
    pub fn view_now(&self) -> Option<View> {
        self.view.view(self.now_secs)
    }

    /// What the view shows apart from comparisons, and an export writes.
    pub fn subject(&self) -> Option<Subject> {
        let shown = self.view.shown.as_ref()?;
        Some(Subject {
            picture: shown.picture.id,
            size: shown.picture.size,
            model: self.model().map(|model| model.key()),
            quick: self.quick().map(|model| model.key()),
            recipe: self.made_of(self.source()?, self.model()),
        })
    }

    /// The place of the model that has the last word: the one in use, or the live network where nothing is to be refined.
    pub fn last_word(&self) -> &'a ModelSlot {
        self.models.last_word(self.settings.refine)
    }

    /// The model that has the last word, once there is one.
    pub fn model(&self) -> Option<&'a Arc<LoadedModel>> {
        self.last_word().model()
    }

    /// The live network that stands in for a larger one, if there is one and it is needed.
    pub fn quick(&self) -> Option<&'a Arc<LoadedModel>> {
        let is_needed = !self.model().is_some_and(|model| model.is_live());
        self.models.quick.model().filter(|model| is_needed && model.is_live())
    }

    /// The live network of the view, be it for now or for good.
    pub fn live(&self) -> Option<&'a Arc<LoadedModel>> {
        self.quick().or_else(|| self.model().filter(|model| model.is_live()))
    }

    /// Whether pixels that this makes are a live network's: one of those that are looked at.
    pub fn is_live(&self, by: DecodedBy) -> bool {
        let models = [self.model(), self.quick(), self.models.other.model()];
        models.into_iter().flatten().any(|model| model.key() == by && model.is_live())
    }

    /// What enlarged pixels of the view come from.
    pub fn source(&self) -> Option<Source> {
        let shown = self.view.shown.as_ref()?;
        Some(self.settings.mode.source(shown.suits_nearest, self.settings.detail))
    }

    /// Pixels of a source with all that is chosen to be done to them, where a model makes them.
    pub fn made_of(&self, source: Source, model: Option<&Arc<LoadedModel>>) -> Recipe {
        let usual = model.map_or(Strength::FULL, |model| model.usual_lock());
        let lock = if self.settings.lock { usual } else { Strength::NONE };
        [Stage::Ensemble(self.settings.ensemble), Stage::Lock(lock), Stage::Strength(self.view.strength)]
            .into_iter()
            .fold(source.into(), Recipe::with)
    }

    /// How an export of the view makes its pixels.
    pub fn recipe(&self) -> Option<Recipe> {
        Some(self.subject()?.recipe_at(self.view.shown.as_ref()?.motion.goal().zoom))
    }
}
