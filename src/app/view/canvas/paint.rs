//! Painting: the best picture there is right now, from rough to exact, each layer over the one before.
//!
//! 1. the whole picture, small;
//! 2. tiles of other zooms and looks, scaled;
//! 3. resampled tiles of this zoom;
//! 4. neural tiles of neighbouring zooms, scaled, which are still sharper than those;
//! 5. coarse tiles of this zoom, fading in;
//! 6. the final tiles of this zoom, fading in.
//!
//! What is below a layer that is opaque everywhere is not painted: at rest and done that leaves the last one, one texel
//! on one pixel.

use super::Canvas;
use crate::app::kit::theme;
use crate::app::view::Shown;
use crate::app::view::fields::{Cover, Fields};
use crate::app::view::frame::PaneTiles;
use crate::app::view::look::{Pane, Pass};
use crate::app::view::textures::{Tile, TileTextures, opacity_of_departed};
use crate::geometry::{PixelRect, VIEW_TILE, View};
use crate::key::{DecodedBy, TileKey};
use crate::recipe::{Recipe, Source};
use crate::render::TilePart;
use egui::{Color32, Mesh, Painter, Rect, Shape, TextureId, pos2};

/// Tiles of a zoom this many times larger are too small on the screen to be worth painting.
const LARGEST_STAND_IN: f64 = 3.0;

/// Neural tiles of a zoom down to this part of the present one look better than resampling the source.
const SHARPER_STAND_IN: f64 = 0.25;

/// Batches of tiles of other zooms or looks that are painted at most.
const MOST_BATCHES: usize = 4;

/// A rectangle on the canvas, in physical pixels; fractions are meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ScreenRect {
    pub(super) min: [f64; 2],
    pub(super) max: [f64; 2],
}

/// Paints the panes of a picture as they are at `now_secs`.
pub struct Paint<'a> {
    /// Where to.
    pub painter: &'a Painter,
    /// On which pixels.
    pub canvas: Canvas,
    /// On which part of them: pixels of the canvas.
    pub area: PixelRect,
    /// The tiles there are.
    pub textures: &'a mut TileTextures,
    /// What is drawn without tiles.
    pub fields: &'a mut Fields,
    /// The time.
    pub now_secs: f64,
}

impl Paint<'_> {
    /// Paints a pane; what lies around it and around the picture is left as it is. Of what is hidden nothing is painted:
    /// weak graphics devices spend their time on filling.
    pub fn pane(&mut self, shown: &Shown, tiles: &PaneTiles) {
        let pane = &tiles.pane;
        self.area = pane.area;
        let view = shown.motion.view(self.now_secs);
        let layers = self.layers(shown, tiles, &view);
        let highest_full = layers.iter().rposition(|layer| self.hides(shown, &view, layer));
        // The final tiles of this zoom lie over what is drawn without: at rest they are what an export writes.
        let finals = tiles.passes.len().saturating_sub(1).max(1).min(tiles.passes.len());
        let finals = if shown.motion.is_at_rest() { finals.min(layers.len()) } else { 0 };
        let is_done = finals > 0 && highest_full.is_some_and(|at| at + 1 == layers.len());
        let drawing = (!is_done).then(|| self.fields.drawing(&self.canvas, shown, pane, &view)).flatten();
        let cover = drawing.as_ref().map(|drawing| drawing.cover);
        // Rough tiles of the network are no better than what is drawn of it.
        let finals = if cover == Some(Cover::Whole) { finals.min(1) } else { finals };
        let (below, above) = layers.split_at(layers.len() - finals);
        let first = highest_full.unwrap_or(0).min(below.len());
        if cover.is_some_and(|cover| cover != Cover::Part) {
            self.checkered(shown, &view);
        } else if highest_full.is_none() {
            self.base(shown, pane.subject.recipe.source(), &view);
        }
        let is_kept = |layer: &&Vec<TileKey>| match cover {
            None | Some(Cover::Part | Cover::Rough) => true,
            Some(Cover::Source) => {
                layer.first().is_some_and(|key| is_sharper(pane.subject.recipe.source(), key, &view))
            }
            Some(Cover::Whole) => false,
        };
        let callback = drawing.map(|drawing| Shape::from(drawing.callback));
        let (under, over) = if cover == Some(Cover::Part) { (None, callback) } else { (callback, None) };
        self.painter.extend(under);
        below[first..].iter().filter(is_kept).flatten().for_each(|key| self.tile(key, &view));
        self.painter.extend(over);
        let first = highest_full.map_or(0, |at| at.saturating_sub(below.len()));
        above[first.min(above.len())..].iter().flatten().for_each(|key| self.tile(key, &view));
        if cover == Some(Cover::Whole) {
            self.departed(shown, pane, &view);
        }
    }

    /// What a larger network had made where the view rested, while it fades: the live network has drawn what lies below.
    fn departed(&mut self, shown: &Shown, pane: &Pane, view: &View) {
        let subject = pane.subject;
        let departed = shown.motion.departed(self.now_secs).filter(|_| subject.quick.is_some());
        let Some((zoom, opacity)) = departed.map(|(zoom, age_secs)| (zoom, opacity_of_departed(age_secs))) else {
            return;
        };
        let is_own = |key: &TileKey| {
            let by = (key.picture, key.model, key.recipe);
            by == (subject.picture, subject.model, subject.recipe) && key.zoom().0 == zoom
        };
        let keys: Vec<TileKey> =
            self.textures.iter().map(|(key, _)| *key).filter(|key| opacity > 0.0 && is_own(key)).collect();
        for key in &keys {
            self.tile_as(key, view, opacity);
        }
    }

    /// Paints what there is of a pane's final tiles: at rest, one texel on one pixel.
    pub fn finals(&mut self, shown: &Shown, tiles: &PaneTiles) {
        self.area = tiles.pane.area;
        let view = shown.motion.view(self.now_secs);
        tiles.finals().iter().for_each(|part| self.tile(&part.key, &view));
    }

    /// Everything above the small picture, from below: the tiles of a layer are of one zoom and look.
    fn layers(&self, shown: &Shown, tiles: &PaneTiles, view: &View) -> Vec<Vec<TileKey>> {
        // In flight the view is between pixels: the tiles of its goal stand in like those of any other zoom.
        let is_at_rest = shown.motion.is_at_rest();
        let passes = if is_at_rest { &tiles.passes[..] } else { &[] };
        let mut own: Vec<Vec<TileKey>> =
            passes.iter().map(|pass| pass.tiles.iter().map(|part| part.key).collect()).collect();
        // Done: of what else there is nothing would be seen.
        if let Some(last) = own.pop_if(|last| self.hides(shown, view, last)) {
            return vec![last];
        }
        let (below, above) = self.stand_ins(shown, &tiles.pane, view, passes);
        let batches = |keys: Vec<TileKey>| -> Vec<Vec<TileKey>> {
            keys.chunk_by(|a, b| batch(a) == batch(b)).map(<[TileKey]>::to_vec).collect()
        };
        // The resampled pass, where it is not the last one itself, lies below the network's tiles of other zooms.
        let above_rough = usize::from(own.len() > 1);
        let neural = own.split_off(above_rough);
        [batches(below), own, batches(above), neural].concat()
    }

    /// Whether a layer is there and opaque wherever the pane shows the picture.
    fn hides(&self, shown: &Shown, view: &View, layer: &[TileKey]) -> bool {
        let Some(any) = layer.first() else { return false };
        let Some(seen) = self.visible(whole_on_screen(shown, view)) else { return true };
        let scale = any.zoom().0 / view.zoom;
        let output = |at: [f64; 2], round: fn(f64) -> f64| {
            [0, 1].map(|i| round((at[i] - view.corner_on_screen[i]) * scale).max(0.0) as usize)
        };
        // A thousandth of a pixel is a rounding error.
        let [x, y] = output(seen.min, |v| (v + 1e-3).floor());
        let [right, bottom] = output(seen.max, |v| (v - 1e-3).ceil());
        let all = PixelRect { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) };
        let is_full = |(column, row): (usize, usize)| {
            let tile = PixelRect { x: column * VIEW_TILE, y: row * VIEW_TILE, width: VIEW_TILE, height: VIEW_TILE };
            let part = tile.intersection(all).map(|rect| TilePart { key: TileKey { column, row, ..*any }, rect });
            part.is_none_or(|part| self.textures.is_settled(&part, self.now_secs))
        };
        View::tiles_over(all).all(is_full)
    }

    /// Tiles that are none of this view's own `passes`: those to paint below its resampled tiles, and those above. What
    /// is nearer in look and zoom comes later.
    fn stand_ins(&self, shown: &Shown, pane: &Pane, view: &View, passes: &[Pass]) -> (Vec<TileKey>, Vec<TileKey>) {
        let (subject, own) = (pane.subject, pane.subject.recipe.source());
        let is_of_model = |key: &TileKey| key.model == subject.model || key.model.is_none();
        let is_pass = |key: &TileKey| passes.iter().any(|pass| pass.recipe == key.recipe);
        let is_own = |key: &TileKey| key.zoom().0 == view.zoom && is_of_model(key) && is_pass(key);
        let ratio = |key: &TileKey| key.zoom().0 / view.zoom;
        // The whole picture as squares is below; what is smooth would only blur it.
        let may_be_smooth = own != Source::Nearest || shown.squares.is_none() || view.zoom <= 1.0;
        let is_useful = |key: &TileKey| {
            let is_fit = may_be_smooth || key.recipe.source() == Source::Nearest;
            is_fit && key.picture == subject.picture && !is_own(key) && ratio(key) <= LARGEST_STAND_IN
        };
        let is_seen = |key: &TileKey, tile: &Tile| {
            let scale = view.zoom / key.zoom().0;
            let mut pieces = tile.pieces().iter();
            pieces.any(|piece| self.visible(output_on_screen(view, piece.rect, scale)).is_some())
        };
        let tiles = self.textures.iter().filter(|(key, tile)| is_useful(key) && is_seen(key, tile));
        let mut keys: Vec<TileKey> = tiles.map(|(key, _)| *key).collect();
        let alike = |key: &TileKey| (is_alike(own, key.recipe.source()), is_of_model(key));
        let distance = |key: &TileKey| ratio(key).ln().abs();
        let rank = |key: &TileKey| key.recipe.source().rank();
        keys.sort_by(|a, b| {
            let nearer = || distance(b).total_cmp(&distance(a));
            alike(a)
                .cmp(&alike(b))
                .then_with(nearer)
                .then(rank(a).cmp(&rank(b)))
                .then_with(|| place_of_batch(a).cmp(&place_of_batch(b)))
        });
        let keys = nearest_batches(keys);
        let (above, below) = keys.into_iter().partition(|key| is_sharper(own, key, view));
        (below, above)
    }

    fn base(&mut self, shown: &Shown, source: Source, view: &View) {
        let rect = whole_on_screen(shown, view);
        self.checkered(shown, view);
        let squares = shown.squares.as_ref().filter(|_| source == Source::Nearest && view.zoom > 1.0);
        self.quad(squares.unwrap_or(&shown.preview).id(), rect, theme::UNTINTED);
    }

    /// What transparent parts are shown over.
    fn checkered(&self, shown: &Shown, view: &View) {
        if shown.picture.alpha.is_some() {
            self.checkerboard(shown.checker.id(), whole_on_screen(shown, view));
        }
    }

    /// Squares from the picture's corner, as large on the screen as those in the tiles.
    fn checkerboard(&self, texture: TextureId, rect: ScreenRect) {
        let Some(seen) = self.visible(rect) else { return };
        let period = 2.0 * theme::CHECKER_SIDE as f64;
        let phase = [0, 1].map(|i| ((seen.min[i] - rect.min[i]) / period).rem_euclid(1.0));
        let span = [0, 1].map(|i| (seen.max[i] - seen.min[i]) / period);
        let uv = ScreenRect { min: phase, max: [phase[0] + span[0], phase[1] + span[1]] };
        self.mesh(texture, seen, uv, theme::UNTINTED);
    }

    /// All there is of a tile of this or another zoom.
    fn tile(&mut self, key: &TileKey, view: &View) {
        self.tile_as(key, view, 1.0);
    }

    /// The same, of which only so much is seen.
    fn tile_as(&mut self, key: &TileKey, view: &View, opacity: f32) {
        let scale = view.zoom / key.zoom().0;
        let Some(tile) = self.textures.get(key) else { return };
        let quads = tile.pieces().iter().map(|piece| {
            let tint = theme::fading(opacity * piece.opacity(key.recipe.source(), self.now_secs));
            (piece.texture(), output_on_screen(view, piece.rect, scale), tint)
        });
        for (texture, rect, tint) in quads.collect::<Vec<_>>() {
            self.quad(texture, rect, tint);
        }
    }

    /// A texture on a rectangle, trimmed to the canvas before anything becomes `f32`.
    fn quad(&self, texture: TextureId, rect: ScreenRect, tint: Color32) {
        let Some(seen) = self.visible(rect) else { return };
        let part = |at: f64, i: usize| (at - rect.min[i]) / (rect.max[i] - rect.min[i]);
        let uv = ScreenRect {
            min: [part(seen.min[0], 0), part(seen.min[1], 1)],
            max: [part(seen.max[0], 0), part(seen.max[1], 1)],
        };
        self.mesh(texture, seen, uv, tint);
    }

    fn visible(&self, rect: ScreenRect) -> Option<ScreenRect> {
        let near = [self.area.x as f64, self.area.y as f64];
        let far = [self.area.right() as f64, self.area.bottom() as f64];
        let seen =
            ScreenRect { min: [0, 1].map(|i| rect.min[i].max(near[i])), max: [0, 1].map(|i| rect.max[i].min(far[i])) };
        (seen.max[0] > seen.min[0] && seen.max[1] > seen.min[1]).then_some(seen)
    }

    fn mesh(&self, texture: TextureId, on_screen: ScreenRect, uv: ScreenRect, tint: Color32) {
        let rect = Rect::from_min_max(
            self.canvas.points_from_screen(on_screen.min),
            self.canvas.points_from_screen(on_screen.max),
        );
        let uv = Rect::from_min_max(pos2(uv.min[0] as f32, uv.min[1] as f32), pos2(uv.max[0] as f32, uv.max[1] as f32));
        let mut mesh = Mesh::with_texture(texture);
        mesh.add_rect_with_uv(rect, uv, tint);
        self.painter.add(Shape::mesh(mesh));
    }
}

/// Where the whole picture lies; at rest without what is left of its last pixels.
pub(super) fn whole_on_screen(shown: &Shown, view: &View) -> ScreenRect {
    if shown.motion.is_at_rest() {
        return output_on_screen(view, view.output_size(shown.picture.size).rect(), 1.0);
    }
    let far = [shown.picture.size.width as f64, shown.picture.size.height as f64];
    ScreenRect { min: view.screen_from_image([0.0, 0.0]), max: view.screen_from_image(far) }
}

/// Whether a tile of this source looks as the pane should.
fn is_alike(own: Source, source: Source) -> bool {
    match own {
        Source::Nearest | Source::Bicubic => source == own,
        Source::Liif(_) => source != Source::Nearest,
    }
}

/// Whether a tile of the network looks better than resampling the source, where its pixels are wanted.
fn is_sharper(own: Source, key: &TileKey, view: &View) -> bool {
    own.is_neural() && key.recipe.is_neural() && key.zoom().0 / view.zoom >= SHARPER_STAND_IN
}

/// What tiles that were made together have in common.
fn batch(key: &TileKey) -> (u64, Recipe, Option<DecodedBy>) {
    (key.scale.0, key.recipe, key.model)
}

/// The same, to lay them next to each other.
fn place_of_batch(key: &TileKey) -> (u64, u8, u8, Option<DecodedBy>) {
    (key.scale.0, key.recipe.source().rank(), key.recipe.strength().as_percent(), key.model)
}

/// The last tiles of a sorted list, those of a few batches: more layers would cover each other.
fn nearest_batches(mut keys: Vec<TileKey>) -> Vec<TileKey> {
    let mut batches = Vec::new();
    let start = keys.iter().rposition(|key| {
        if batches.last() != Some(&batch(key)) {
            batches.push(batch(key));
        }
        batches.len() > MOST_BATCHES
    });
    drop(keys.drain(..start.map_or(0, |at| at + 1)));
    keys
}

/// Where output pixels lie on the canvas when each is `scale` screen pixels wide.
pub(super) fn output_on_screen(view: &View, output: PixelRect, scale: f64) -> ScreenRect {
    let [x, y] = view.corner_on_screen;
    ScreenRect {
        min: [x + output.x as f64 * scale, y + output.y as f64 * scale],
        max: [x + output.right() as f64 * scale, y + output.bottom() as f64 * scale],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_of_a_snapped_view_lie_on_whole_pixels() {
        let view = View { zoom: 30.0, corner_on_screen: [-4100.0, -37.0] };
        let rect = output_on_screen(&view, PixelRect { x: 4096, y: 256, width: 256, height: 200 }, 1.0);
        assert_eq!(rect, ScreenRect { min: [-4.0, 219.0], max: [252.0, 419.0] });
    }

    #[test]
    fn a_stand_in_covers_the_same_part_of_the_picture() {
        let (view, old_zoom) = (View { zoom: 40.0, corner_on_screen: [10.0, 20.0] }, 10.0);
        let rect = output_on_screen(&view, PixelRect { x: 256, y: 0, width: 256, height: 256 }, view.zoom / old_zoom);
        assert_eq!(rect.min, view.screen_from_image([25.6, 0.0]));
        assert_eq!(rect.max, view.screen_from_image([51.2, 25.6]));
    }
}
