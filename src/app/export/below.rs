//! The slices below exports.

use crate::app::env::Env;
use crate::app::view::scene::Scene;
use crate::app::{models, settings, view};

/// What exports need of other slices.
pub struct Below<'a> {
    /// The choices.
    pub settings: &'a settings::State,
    /// The models.
    pub models: &'a models::State,
    /// The view.
    pub view: &'a mut view::State,
}

impl Below<'_> {
    /// What is looked at, with what it is made with.
    pub(super) fn scene(&self, env: &Env<'_>) -> Scene<'_> {
        Scene::new(&self.settings.choices, self.models, self.view, env.now_secs)
    }
}
