//! The invention map over a view at rest, and the values under the cursor: asked for while the view wants nothing, taken back
//! as soon as it does.

use super::State;
use super::frame::Frame;
use super::inquiry::{Inquiry, MapProgress};
use super::scene::Scene;
use super::textures::TileTextures;
use crate::app::env::Env;
use crate::geometry::PixelRect;
use crate::render::{InventionLayer, LoadedModel, MapEvent, MapRequest, Probe, TilePart};
use std::sync::Arc;
use std::time::Duration;

/// The longest side of a part of the map that is computed at once: eight networks have to answer for each of its pixels.
const PART: usize = 128;

/// How long the cursor must rest before the pixel under it is asked for, in seconds.
const REST_SECS: f32 = 0.15;

/// Memory for the map, in bytes, unless a canvas needs more.
const BUDGET_BYTES: usize = 32 << 20;

/// Parts of it that are taken in per frame at most.
const EVENTS_PER_FRAME: usize = 32;

/// Everything that a request follows from but the parts that are there.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    layer: InventionLayer,
    /// The final tiles of the view, where a map of them is wanted.
    tiles: Vec<TilePart>,
    probe: Option<Probe>,
}

/// What was asked last.
#[derive(Debug, Default, PartialEq)]
enum Last {
    /// Nothing: nobody wants a map.
    #[default]
    Nothing,
    /// To wait.
    Pause,
    /// This.
    Something(Asked),
}

/// The map as far as it is there, in one of its layers, and what was asked.
#[derive(Default)]
pub struct Maps {
    /// Its parts, named as the tiles that they are of.
    pub textures: TileTextures,
    layer: InventionLayer,
    last: Last,
    /// What has become of that, if it failed: why, in a sentence.
    failure: Option<String>,
}

impl Maps {
    /// Takes in what was computed. Never waits.
    pub(super) fn drain(&mut self, inquiry: &mut Inquiry, env: &mut Env<'_>) {
        for _ in 0..EVENTS_PER_FRAME {
            match env.ports.maps.poll() {
                Some(MapEvent::Tile(layer, tile)) if layer == self.layer => {
                    self.textures.insert(env.ctx, tile, false, env.now_secs);
                }
                Some(MapEvent::Tile(..)) => {}
                Some(MapEvent::Probed(probe, measured)) => inquiry.measured = Some((probe, measured)),
                Some(MapEvent::Failed(reason)) => self.failure = Some(reason),
                None => return,
            }
        }
        env.ctx.request_repaint();
    }

    /// Asks for what is wanted and not there; nothing of it unless the view leaves the time, `is_free`.
    pub(super) fn request(&mut self, scene: Scene<'_>, frame: &Frame, is_free: bool, env: &Env<'_>) {
        let inquiry = &scene.view.inquiry;
        if self.layer != inquiry.layer {
            (self.layer, self.textures) = (inquiry.layer, TileTextures::default());
        }
        self.textures.set_budget(BUDGET_BYTES, scene.view.canvas.size);
        let is_wanted = (inquiry.shows_map || inquiry.inspects) && scene.view.shown.is_some();
        let now = match is_wanted {
            false => Last::Nothing,
            true if !is_free => Last::Pause,
            true => Last::Something(Asked {
                layer: inquiry.layer,
                tiles: if inquiry.shows_map { made_by_networks(frame) } else { Vec::new() },
                probe: probe(scene.view, env),
            }),
        };
        if now != self.last {
            if now != Last::Nothing || self.last != Last::Nothing {
                env.ports.maps.request(self.request_of(&now, scene, frame, env));
            }
            (self.last, self.failure) = (now, None);
        }
    }

    fn request_of(&self, now: &Last, scene: Scene<'_>, frame: &Frame, env: &Env<'_>) -> Option<MapRequest> {
        let (shown, view) = (scene.view.shown.as_ref()?, frame.view()?);
        let (parts, probe) = match now {
            Last::Nothing => return None,
            Last::Pause => (Vec::new(), None),
            Last::Something(asked) => {
                let missing = asked.tiles.iter().filter_map(|part| self.textures.left_of(part));
                (missing.flat_map(cut).collect(), asked.probe)
            }
        };
        let canvas = scene.view.canvas;
        let cursor = env.ctx.pointer_hover_pos().map_or_else(|| canvas.center(), |at| canvas.screen_from_points(at));
        Some(MapRequest {
            picture: shown.picture.clone(),
            models: models(scene),
            view,
            layer: self.layer,
            parts,
            probe,
            focus_in_output: [0, 1].map(|i| cursor[i] - view.corner_on_screen[i]),
            feature_budget_bytes: scene.settings.feature_budget_mib << 20,
        })
    }

    /// Tells how far the map is.
    pub(super) fn judge(&self, inquiry: &mut Inquiry, frame: &Frame, is_at_rest: bool) {
        inquiry.progress = self.progress(inquiry, frame, is_at_rest);
        inquiry.failure.clone_from(&self.failure);
    }

    fn progress(&self, inquiry: &Inquiry, frame: &Frame, is_at_rest: bool) -> MapProgress {
        if !inquiry.shows_map || !is_at_rest || self.layer != inquiry.layer {
            return MapProgress::Waiting;
        }
        let tiles = made_by_networks(frame);
        if tiles.is_empty() {
            return MapProgress::Nothing;
        }
        if tiles.iter().all(|part| self.textures.left_of(part).is_none()) {
            return MapProgress::Whole;
        }
        match (&self.failure, &self.last) {
            (Some(_), _) => MapProgress::Failed,
            (None, Last::Something(_)) => MapProgress::Computing(self.textures.area_there(&tiles)),
            (None, _) => MapProgress::Waiting,
        }
    }

    /// Forgets what was on the graphics device.
    pub(super) fn forget(&mut self) {
        (self.textures, self.last) = (TileTextures::default(), Last::Pause);
    }
}

/// The final tiles of a view that networks make.
fn made_by_networks(frame: &Frame) -> Vec<TilePart> {
    let is_neural = |part: &&TilePart| part.key.recipe.is_neural() && part.key.model.is_some();
    frame.finals().iter().filter(is_neural).copied().collect()
}

/// The models that make pixels of the view.
fn models(scene: Scene<'_>) -> Vec<Arc<LoadedModel>> {
    [scene.model(), scene.quick(), scene.models.other.model()].into_iter().flatten().cloned().collect()
}

/// The output pixel whose values are wanted: that under a cursor that rests.
fn probe(view: &State, env: &Env<'_>) -> Option<Probe> {
    let probe = view.reading.filter(|_| view.inquiry.inspects)?.made?;
    let left_secs = REST_SECS - env.ctx.input(|input| input.pointer.time_since_last_movement());
    if left_secs > 0.0 {
        env.ctx.request_repaint_after(Duration::from_secs_f32(left_secs));
        return None;
    }
    Some(probe)
}

/// A part in pieces of at most [`PART`] a side, which begin at its multiples.
fn cut(TilePart { key, rect }: TilePart) -> impl Iterator<Item = TilePart> {
    let cells = move |start: usize, end: usize| start / PART..end.div_ceil(PART);
    let cell = |(column, row)| PixelRect { x: column * PART, y: row * PART, width: PART, height: PART };
    let places = cells(rect.y, rect.bottom()).flat_map(move |y| cells(rect.x, rect.right()).map(move |x| (x, y)));
    places.filter_map(move |place| Some(TilePart { key, rect: cell(place).intersection(rect)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{PictureId, TileKey};
    use crate::recipe::Source;

    #[test]
    fn parts_are_cut_where_every_view_cuts_them() {
        let key = TileKey {
            picture: PictureId::of([]),
            model: None,
            scale: (0, 0),
            column: 0,
            row: 0,
            recipe: Source::NEURAL.into(),
        };
        let rect = PixelRect { x: 96, y: 256, width: 160, height: 130 };
        let pieces: Vec<PixelRect> = cut(TilePart { key, rect }).map(|part| part.rect).collect();
        let piece = |x, y, width, height| PixelRect { x, y, width, height };
        assert_eq!(
            pieces,
            [piece(96, 256, 32, 128), piece(128, 256, 128, 128), piece(96, 384, 32, 2), piece(128, 384, 128, 2)]
        );
    }
}
