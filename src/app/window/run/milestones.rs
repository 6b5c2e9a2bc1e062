//! When things were first seen, for those who measure the window: `--milestones FILE`.

use crate::app::view::Sharpness;
use crate::app::window::app::App;
use crate::error::{Error, Result};
use serde::Serialize;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// The window.
    Window,
    /// A picture on the canvas, however rough.
    Picture,
    /// The view's goal became another one: somebody zoomed or moved. Of several in a row the last counts.
    Moved,
    /// Pixels of the network, at the goal.
    Neural,
    /// The final pixels, all of them.
    Settled,
}

/// One sight.
#[derive(Clone, Copy, Debug, Serialize)]
struct Milestone {
    what: Kind,
    /// When the frame was handed over, in seconds since 1970, by the clock that all processes share.
    unix_secs: f64,
    /// Physical pixels per source pixel at that time; 0 without a picture.
    zoom: f64,
}

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Milestones {
    seen: Vec<Milestone>,
    goal: Option<crate::geometry::View>,
}

impl Milestones {
    /// Looks at a frame that has just been laid out.
    pub(super) fn look_at(&mut self, app: &App) {
        let state = &app.slices().view;
        let goal = state.shown.as_ref().map(|shown| shown.motion.goal());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let seen = |what| Milestone { what, unix_secs: now, zoom: goal.map_or(0.0, |goal| goal.zoom) };
        if self.seen.is_empty() {
            self.seen.push(seen(Kind::Window));
        }
        let Some(view) = goal else { return };
        if self.goal.is_none() {
            self.seen.push(seen(Kind::Picture));
        } else if self.goal != Some(view) {
            self.seen.pop_if(|last| last.what == Kind::Moved);
            self.seen.push(seen(Kind::Moved));
        }
        self.goal = Some(view);
        let is_settled = matches!(state.sharpness, Sharpness::Exact | Sharpness::Resampled);
        for (what, is_there) in [(Kind::Neural, state.has_neural), (Kind::Settled, is_settled)] {
            if is_there && !self.since_moved(what) {
                self.seen.push(seen(what));
            }
        }
    }

    /// Whether this has been seen since the view became another one.
    fn since_moved(&self, what: Kind) -> bool {
        let moved = self.seen.iter().rposition(|seen| matches!(seen.what, Kind::Moved | Kind::Picture));
        self.seen[moved.unwrap_or(0)..].iter().any(|seen| seen.what == what)
    }

    /// Writes them as a JSON array.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.seen).map_err(|error| Error::export(file, error))?;
        std::fs::write(file, text).map_err(|error| Error::export(file, error))
    }
}
