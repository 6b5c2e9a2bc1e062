//! What the renderer is asked for: once per view at rest, never once per tile.

use super::services::TileSource;
use super::state::State;
use super::textures::{Subject, TileTextures, missing};
use crate::geometry::{Size, View};
use crate::render::ViewRequest;

/// Remembers what was asked last.
#[derive(Default)]
pub(super) struct Requests {
    last: Option<(View, Subject, Size)>,
    /// Whether the renderer has given up on it.
    pub(super) has_failed: bool,
}

impl Requests {
    /// Asks for the tiles that the view at rest is missing, if it is not the view that was asked for last.
    ///
    /// While a zoom is under way nothing is asked for: it lasts a moment, what is on the graphics card stands in, and
    /// tiles of the zooms in between would never be looked at again.
    pub(super) fn update(&mut self, state: &State, textures: &TileTextures, cursor: [f64; 2], source: &dyn TileSource) {
        let (Some(shown), Some(subject)) = (&state.shown, state.subject()) else { return };
        let (view, canvas) = (shown.motion.goal(), state.canvas.size);
        if !shown.motion.is_at_rest() || self.last == Some((view, subject, canvas)) {
            return;
        }
        source.request(ViewRequest {
            picture: shown.picture.clone(),
            model: state.model.clone(),
            view,
            wanted: missing(&view, subject, canvas, |key| textures.contains(key)),
            focus_in_output: [0, 1].map(|i| cursor[i] - view.corner_on_screen[i]),
        });
        self.last = Some((view, subject, canvas));
        self.has_failed = false;
    }

    /// Whether tiles that were asked for are still on their way.
    pub(super) fn are_pending(&self, textures: &TileTextures) -> bool {
        let Some((view, subject, canvas)) = self.last else { return false };
        !self.has_failed && !missing(&view, subject, canvas, |key| textures.contains(key)).is_empty()
    }
}
