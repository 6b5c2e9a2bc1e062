//! What the renderer is asked for: once per goal of the view, never once per tile.

use super::fields::Drawn;
use super::frame::{Frame, PaneTiles};
use super::look::{Pane, missing};
use super::scene::Scene;
use super::textures::TileTextures;
use crate::app::ports::TileSource;
use crate::geometry::{PixelRect, View};
use crate::render::{FieldRequest, LoadedModel, TilePart, ViewRequest, coarse_saves, features_for};
use std::sync::Arc;

/// Everything that a request follows from but the tiles that are there.
#[derive(Clone, Debug, PartialEq)]
struct RequestKey {
    view: View,
    panes: Vec<Pane>,
    feature_budget_bytes: usize,
    /// What the canvas draws itself.
    drawn: Drawn,
    /// Whether the view is believed to come to rest there.
    is_settled: bool,
}

/// Remembers the last request, and what has come of it.
#[derive(Default)]
pub(super) struct Requests {
    last: Option<RequestKey>,
    number: u64,
    status: RequestStatus,
}

#[derive(Default, PartialEq, Eq)]
enum RequestStatus {
    #[default]
    Complete,
    Pending,
    Failed,
}

/// When and where something is asked for.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// The position on the canvas that matters most, (x, y) in its pixels.
    pub(super) cursor: [f64; 2],
    /// When there will be another chance to ask: the next frame's time.
    pub(super) next_secs: f64,
}

impl Requests {
    /// Requests the tiles that the view is missing where it comes to rest, if that is not the last request.
    ///
    /// While a zoom goes on being given other goals no pixels are requested: what is on the graphics device stands in, and
    /// tiles of the zooms in between would never be looked at again. What the network has to encode for the place under
    /// the cursor is the same for all of them, so that is done meanwhile.
    pub(super) fn update(
        &mut self,
        scene: Scene<'_>,
        (frame, textures): (&Frame, &TileTextures),
        (drawn, missing): (Drawn, &dyn Fn() -> FieldRequest),
        moment: Moment,
        source: &dyn TileSource,
    ) {
        let (Some(shown), Some(view)) = (&scene.view.shown, frame.view()) else { return };
        let mut key = RequestKey {
            view,
            panes: frame.panes().iter().map(|known| known.pane).collect(),
            feature_budget_bytes: scene.settings.feature_budget_mib << 20,
            drawn,
            is_settled: true,
        };
        // What was believed to be the last goal stays so until there is another.
        key.is_settled = self.last.as_ref() == Some(&key) || shown.motion.is_settling(moment.next_secs);
        if self.last.as_ref() == Some(&key) {
            return;
        }
        let RequestKey { view, feature_budget_bytes, is_settled, .. } = &key;
        let focus_in_output = [0, 1].map(|i| moment.cursor[i] - view.corner_on_screen[i]);
        let models = [scene.model(), scene.quick(), scene.models.other.model()].into_iter().flatten().cloned();
        let models: Vec<Arc<LoadedModel>> = models.collect();
        let (wanted, likely) = if *is_settled {
            let is_at_hand = |part: &TilePart| is_at_hand(scene, view, part);
            let mut wanted = wanted(view.zoom, frame, &models, textures, is_at_hand);
            wanted.retain(|part| !is_drawn(frame, drawn, part));
            (wanted, Vec::new())
        } else {
            (Vec::new(), likely(frame, focus_in_output))
        };
        let fields = missing();
        let has_fields = !fields.is_empty();
        let is_pending = !wanted.is_empty() || !likely.is_empty() || has_fields;
        self.number += 1;
        source.request(ViewRequest {
            number: self.number,
            picture: shown.picture.clone(),
            models,
            view: *view,
            wanted,
            likely,
            fields,
            focus_in_output,
            feature_budget_bytes: *feature_budget_bytes,
        });
        self.status = if is_pending { RequestStatus::Pending } else { RequestStatus::Complete };
        self.last = Some(key);
    }

    /// Takes note that everything was sent that a request asked for.
    pub(super) fn finish(&mut self, number: u64) {
        if number == self.number && self.status == RequestStatus::Pending {
            self.status = RequestStatus::Complete;
        }
    }

    /// Takes note that the renderer has given a request up.
    pub(super) fn fail(&mut self, number: u64) {
        if number == self.number {
            self.status = RequestStatus::Failed;
        }
    }

    /// Forgets the last request, so that it is made again: what came of it is gone.
    pub(super) fn forget(&mut self) {
        (self.last, self.status) = (None, RequestStatus::Complete);
    }

    /// Whether the renderer has given up the last request.
    pub(super) fn have_failed(&self) -> bool {
        self.status == RequestStatus::Failed
    }

    /// Whether something that was requested is still on its way.
    pub(super) fn are_pending(&self) -> bool {
        self.status == RequestStatus::Pending
    }
}

/// Whether a part of a tile takes no longer than a bicubic one: a live model makes it, whose features are there.
fn is_at_hand(scene: Scene<'_>, view: &View, part: &TilePart) -> bool {
    let live = scene.live().filter(|model| part.key.model == Some(model.key()) && model.is_instant());
    let (Some(shown), Some(model)) = (&scene.view.shown, live) else { return false };
    let Some(report) = scene.view.features_of(model) else { return false };
    let needed = || features_for(model, shown.picture.size, &view.grid_of(part.rect), part.key.recipe);
    let has = |tiles: PixelRect| tiles.places().all(|place| report.tiles.binary_search(&place).is_ok());
    report.picture == part.key.picture && needed().is_some_and(has)
}

fn wanted(
    zoom: f64,
    frame: &Frame,
    models: &[Arc<LoadedModel>],
    textures: &TileTextures,
    is_at_hand: impl Fn(&TilePart) -> bool,
) -> Vec<TilePart> {
    let saves = |pane: &PaneTiles| {
        let model = models.iter().find(|model| pane.pane.subject.model == Some(model.key()));
        let saves = model.map_or_else(|| coarse_saves(zoom), |model| model.coarse_saves(zoom));
        saves && pane.pane.subject.quick.is_none()
    };
    let left = |part: &TilePart| textures.left_of(part);
    let mut wanted: Vec<TilePart> =
        frame.panes().iter().flat_map(|pane| missing(&pane.passes, saves(pane), left, &is_at_hand)).collect();
    // Two panes with the same look share the tiles under the line between them.
    let mut seen = std::collections::HashSet::new();
    wanted.retain(|part| seen.insert(*part));
    wanted
}

/// Whether the canvas draws itself what a part of a tile would only stand in for.
fn is_drawn(frame: &Frame, drawn: Drawn, part: &TilePart) -> bool {
    if part.key.recipe.is_neural() {
        drawn.field && frame.quick().contains(part)
    } else {
        drawn.source && !frame.finals().contains(part)
    }
}

/// The tiles of the network that a view will show first: those under the cursor.
fn likely(frame: &Frame, focus_in_output: [f64; 2]) -> Vec<TilePart> {
    if focus_in_output.iter().any(|at| *at < 0.0) {
        return Vec::new();
    }
    let [x, y] = focus_in_output.map(|at| at as usize);
    let focus = PixelRect::at((x, y));
    let is_it = |part: &&TilePart| part.key.recipe.is_neural() && part.rect.contains(focus);
    let tiles = if frame.quick().is_empty() { frame.finals() } else { frame.quick() };
    tiles.iter().filter(is_it).copied().collect()
}
