//! The slices below training.

use crate::app::{compare, export, models, settings, view};

/// What training needs of other slices.
pub struct Below<'a> {
    /// The choices.
    pub settings: &'a settings::State,
    /// The models.
    pub models: &'a mut models::State,
    /// The view.
    pub view: &'a view::State,
    /// The comparison.
    pub compare: &'a mut compare::State,
    /// The exports.
    pub export: &'a export::State,
}
