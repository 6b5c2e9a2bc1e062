//! What the renderer is asked for: once per view at rest, never once per tile.

use super::look::Pane;
use super::services::TileSource;
use super::state::State;
use super::textures::TileTextures;
use crate::geometry::View;
use crate::render::{TilePart, ViewRequest, coarse_saves};

/// Remembers what was asked last.
#[derive(Default)]
pub(super) struct Requests {
    last: Option<(View, Vec<Pane>)>,
    /// Whether the renderer has given up on it.
    pub(super) has_failed: bool,
}

impl Requests {
    /// Asks for the tiles that the view is missing where it comes to rest, if it is not what was asked for last.
    ///
    /// While a zoom goes on being given other goals nothing is asked for: what is on the graphics card stands in, and
    /// tiles of the zooms in between would never be looked at again.
    pub(super) fn update(&mut self, state: &State, textures: &TileTextures, cursor: [f64; 2], source: &dyn TileSource) {
        let Some(shown) = state.shown.as_ref().filter(|shown| shown.motion.is_settling(state.now_secs)) else { return };
        let (view, panes) = (shown.motion.goal(), state.panes());
        if self.last.as_ref().is_some_and(|last| last.0 == view && last.1 == panes) {
            return;
        }
        source.request(ViewRequest {
            picture: shown.picture.clone(),
            models: [&state.model, &state.other_model].into_iter().filter_map(|slot| slot.model().cloned()).collect(),
            view,
            wanted: missing(&view, &panes, textures),
            focus_in_output: [0, 1].map(|i| cursor[i] - view.corner_on_screen[i]),
            feature_budget_bytes: state.settings.feature_budget_mib << 20,
        });
        self.last = Some((view, panes));
        self.has_failed = false;
    }

    /// Whether tiles that were asked for are still on their way.
    pub(super) fn are_pending(&self, textures: &TileTextures) -> bool {
        let Some((view, panes)) = &self.last else { return false };
        !self.has_failed && !missing(view, panes, textures).is_empty()
    }
}

fn missing(view: &View, panes: &[Pane], textures: &TileTextures) -> Vec<TilePart> {
    let saves = coarse_saves(view.zoom);
    let mut wanted: Vec<TilePart> =
        panes.iter().flat_map(|pane| pane.missing(view, saves, |part| textures.left_of(part))).collect();
    // Two panes with the same look share the tiles under the line between them.
    let mut seen = std::collections::HashSet::new();
    wanted.retain(|part| seen.insert(*part));
    wanted
}
