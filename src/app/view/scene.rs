//! What is looked at, together with what it is made with.

use super::State;
use super::look::Subject;
use crate::app::models;
use crate::app::settings::Settings;
use crate::geometry::View;
use crate::recipe::{Recipe, Source, Stage};

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
            model: self.models.own.model().map(|model| model.key()),
            recipe: self.at_strength(self.source()?),
        })
    }

    /// What enlarged pixels of the view come from.
    pub fn source(&self) -> Option<Source> {
        let shown = self.view.shown.as_ref()?;
        Some(self.settings.mode.source(shown.suits_nearest, self.settings.detail))
    }

    /// Pixels of a source at the strength that is chosen.
    pub fn at_strength(&self, source: Source) -> Recipe {
        Recipe::from(source).with(Stage::Strength(self.view.strength))
    }

    /// How an export of the view makes its pixels.
    pub fn recipe(&self) -> Option<Recipe> {
        Some(self.subject()?.recipe_at(self.view.shown.as_ref()?.motion.goal().zoom))
    }
}
