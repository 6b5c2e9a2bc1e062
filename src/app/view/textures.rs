//! Tiles as textures: which are there, and how visible each is.

use crate::app::kit::theme;
use crate::geometry::{PixelRect, Size};
use crate::key::TileKey;
use crate::recipe::Source;
use crate::render::{ByteLru, RenderedTile, TilePart};
use egui::{ColorImage, TextureFilter, TextureHandle, TextureId, TextureOptions};

/// Memory that tiles may take unless the settings say otherwise: half of it on the graphics device, half for the values
/// under the cursor.
const BUDGET_BYTES: usize = 256 << 20;

/// Bytes that a pixel of a tile takes.
const PIXEL_BYTES: usize = 8;

/// Pixels of tiles that a view needs, per pixel of its canvas: three passes of at worst 1.41 with what hangs over the edges.
const PIXELS_PER_CANVAS_PIXEL: usize = 5;

/// How long a neural tile takes to appear over what stood in for it.
const FADE_SECS: f64 = 0.12;

/// How far on its way a neural tile is in its first frame: as after a frame of most screens, so that it can be seen at
/// once.
const FIRST_SECS: f64 = 1.0 / 60.0;

/// Textures are interpolated when scaled and never wrap around.
pub const FILTER: TextureOptions = TextureOptions::LINEAR;

/// The same with hard edges where source pixels become squares.
pub const SQUARES: TextureOptions = TextureOptions { magnification: TextureFilter::Nearest, ..FILTER };

fn filter(source: Source) -> TextureOptions {
    if source == Source::Nearest { SQUARES } else { FILTER }
}

/// A tile on the graphics device, as far as it was ever on the canvas.
pub struct Tile {
    pieces: Vec<TexturePiece>,
    bytes: usize,
}

/// A rectangle of a tile. Pieces may lie over each other: the same name is the same pixels.
pub struct TexturePiece {
    /// The output pixels that it covers, at the tile's zoom.
    pub rect: PixelRect,
    texture: TextureHandle,
    rgba: Vec<u8>,
    born_secs: f64,
}

impl Tile {
    /// What it is made of.
    pub fn pieces(&self) -> &[TexturePiece] {
        &self.pieces
    }

    /// What is missing of a rectangle in it.
    fn left_of(&self, rect: PixelRect) -> Option<PixelRect> {
        rect.uncovered_by(self.pieces.iter().map(|piece| piece.rect))
    }
}

impl TexturePiece {
    /// How visible it is, in a tile of this source.
    pub fn opacity(&self, source: Source, now_secs: f64) -> f32 {
        opacity(source, self.born_secs, now_secs)
    }

    /// Its texture.
    pub fn texture(&self) -> TextureId {
        self.texture.id()
    }

    /// The colour that it shows at an output pixel, which must be its own.
    fn color_at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = ((y - self.rect.y) * self.rect.width + x - self.rect.x) * 4;
        [self.rgba[at], self.rgba[at + 1], self.rgba[at + 2]]
    }
}

/// How visible a tile is: those of source pixels at once, neural ones fade in.
fn opacity(source: Source, born_secs: f64, now_secs: f64) -> f32 {
    let age_secs = now_secs - born_secs + FIRST_SECS;
    if source.is_neural() { (age_secs / FADE_SECS).clamp(0.0, 1.0) as f32 } else { 1.0 }
}

/// How visible what was shown at rest still is, so long after the view has left it.
pub fn opacity_of_departed(age_secs: f64) -> f32 {
    (1.0 - age_secs / FADE_SECS).clamp(0.0, 1.0) as f32
}

/// The tiles on the graphics device, least recently used first out.
pub struct TileTextures {
    tiles: ByteLru<TileKey, Tile>,
}

impl Default for TileTextures {
    fn default() -> Self {
        Self { tiles: ByteLru::new(BUDGET_BYTES) }
    }
}

impl TileTextures {
    /// Uploads a tile; `has_live` says that a live network's pixels lie below it, if it is a larger one's.
    pub fn insert(&mut self, ctx: &egui::Context, tile: RenderedTile, has_live: bool, now_secs: f64) {
        let RenderedTile { key, rect, mut rgba, is_opaque, .. } = tile;
        // While panning a tile may be asked for twice; the same name is the same pixels, which need not fade in again.
        if self.left_of(&TilePart { key, rect }).is_none() {
            return;
        }
        if !is_opaque {
            lay_over_checkerboard(&mut rgba, rect);
        }
        let own_bytes = PIXEL_BYTES * rect.area();
        // Opaque now: nothing is left to multiply.
        let image = ColorImage::from_rgba_premultiplied([rect.width, rect.height], &rgba);
        let texture = ctx.load_texture("tile", image, filter(key.recipe.source()));
        // A tile fades in over its bicubic one or a live network's; over what only stands in for it, it does not.
        let bicubic = TileKey { model: None, recipe: Source::Bicubic.into(), ..key };
        let fades = has_live || self.tiles.contains(&bicubic);
        let born_secs = if fades { now_secs } else { now_secs - FADE_SECS };
        // What falls out of the cache frees its texture by being dropped.
        let mut tile = self.tiles.remove(&key).unwrap_or(Tile { pieces: Vec::new(), bytes: 0 });
        tile.pieces.push(TexturePiece { rect, texture, rgba, born_secs });
        tile.bytes += own_bytes;
        let bytes = tile.bytes;
        drop(self.tiles.insert(key, tile, bytes));
    }

    /// A tile, which counts as a use.
    pub fn get(&mut self, key: &TileKey) -> Option<&Tile> {
        self.tiles.get(key)
    }

    /// Whether anything is there of a tile.
    pub fn contains(&self, key: &TileKey) -> bool {
        self.tiles.contains(key)
    }

    /// What is not there of a part of a tile, visible or not yet.
    pub fn left_of(&self, part: &TilePart) -> Option<TilePart> {
        let Some(tile) = self.tiles.peek(&part.key) else { return Some(*part) };
        tile.left_of(part.rect).map(|rect| TilePart { rect, ..*part })
    }

    /// Whether all of these parts are there and fully visible.
    pub fn are_settled(&self, parts: &[TilePart], now_secs: f64) -> bool {
        parts.iter().all(|part| self.is_settled(part, now_secs))
    }

    /// Whether this part is there and fully visible.
    pub fn is_settled(&self, TilePart { key, rect }: &TilePart, now_secs: f64) -> bool {
        let Some(tile) = self.tiles.peek(key) else { return false };
        let settled = tile.pieces.iter().filter(|piece| piece.opacity(key.recipe.source(), now_secs) >= 1.0);
        rect.uncovered_by(settled.map(|piece| piece.rect)).is_none()
    }

    /// Whether something of these tiles is on its way in.
    pub fn is_fading(&self, parts: &[TilePart], now_secs: f64) -> bool {
        self.any_opacity(parts, now_secs, |opacity| opacity < 1.0)
    }

    /// Whether one of these tiles can be seen already.
    pub fn is_any_seen(&self, parts: &[TilePart], now_secs: f64) -> bool {
        self.any_opacity(parts, now_secs, |opacity| opacity > 0.0)
    }

    fn any_opacity(&self, parts: &[TilePart], now_secs: f64, is_it: impl Fn(f32) -> bool) -> bool {
        let tiles = parts.iter().filter_map(|part| Some((part.key.recipe.source(), self.tiles.peek(&part.key)?)));
        let mut pieces = tiles.flat_map(|(source, tile)| tile.pieces.iter().map(move |piece| (source, piece)));
        pieces.any(|(source, piece)| is_it(piece.opacity(source, now_secs)))
    }

    /// How much of these parts is there, in [0, 1].
    pub fn part_there(&self, parts: &[TilePart]) -> f32 {
        parts.iter().filter(|part| self.left_of(part).is_none()).count() as f32 / parts.len().max(1) as f32
    }

    /// How much of the area of these parts is there, in [0, 1].
    pub fn area_there(&self, parts: &[TilePart]) -> f32 {
        let there = |part: &TilePart| {
            let pieces = self.tiles.peek(&part.key).map_or(&[][..], Tile::pieces);
            let area = pieces.iter().filter_map(|piece| piece.rect.intersection(part.rect)).map(PixelRect::area);
            // Pieces may lie over each other.
            area.sum::<usize>().min(part.rect.area())
        };
        let all: usize = parts.iter().map(|part| part.rect.area()).sum();
        parts.iter().map(there).sum::<usize>() as f32 / all.max(1) as f32
    }

    /// The 8-bit colour that one of these tiles shows at an output pixel.
    pub fn color_at(&self, parts: &[TilePart], x: usize, y: usize) -> Option<[u8; 3]> {
        let at = PixelRect::at((x, y));
        let tiles = parts.iter().filter_map(|part| self.tiles.peek(&part.key));
        let piece = tiles.flat_map(Tile::pieces).find(|piece| piece.rect.contains(at))?;
        Some(piece.color_at(x, y))
    }

    /// Everything that is there, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&TileKey, &Tile)> {
        self.tiles.iter()
    }

    /// Takes over another budget, or what the view on a canvas needs if that is more: a view whose own tiles push each
    /// other out would never be exact.
    pub fn set_budget(&mut self, budget_bytes: usize, canvas: Size) {
        let budget_bytes = budget_bytes.max(PIXEL_BYTES * PIXELS_PER_CANVAS_PIXEL * canvas.area());
        if budget_bytes != self.tiles.budget_bytes() {
            drop(self.tiles.set_budget(budget_bytes));
        }
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> usize {
        self.tiles.used_bytes()
    }

    /// The most bytes that may be in use.
    pub fn budget_bytes(&self) -> usize {
        self.tiles.budget_bytes()
    }
}

/// Replaces transparency by the checkerboard, so that tiles can lie over each other without adding up.
fn lay_over_checkerboard(rgba: &mut [u8], rect: PixelRect) {
    for (i, pixel) in rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let opacity = u32::from(pixel[3]);
        if opacity < 255 {
            let (x, y) = (rect.x + i % rect.width, rect.y + i / rect.width);
            let square = theme::CHECKER[(x / theme::CHECKER_SIDE + y / theme::CHECKER_SIDE) % 2];
            for value in &mut pixel[..3] {
                *value = ((u32::from(*value) * opacity + u32::from(square) * (255 - opacity) + 127) / 255) as u8;
            }
            pixel[3] = 255;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neural_tiles_fade_in_and_others_do_not() {
        assert_eq!(opacity(Source::Bicubic, 5.0, 5.0), 1.0);
        assert_eq!(opacity(Source::Nearest, 5.0, 5.0), 1.0);
        let first = opacity(Source::COARSE, 5.0, 5.0);
        assert!((0.05..0.2).contains(&first), "{first}");
        assert!((opacity(Source::NEURAL, 5.0, 5.06) - 0.5 - first).abs() < 1e-6);
        assert_eq!(opacity(Source::NEURAL, 5.0, 5.13), 1.0);
    }

    #[test]
    fn transparency_shows_the_checkerboard_and_opaque_pixels_are_left_alone() {
        let rect = PixelRect { x: 6, y: 0, width: 3, height: 1 };
        let mut rgba = vec![9, 8, 7, 255, 9, 8, 7, 0, 9, 8, 7, 0];
        lay_over_checkerboard(&mut rgba, rect);
        let [dark, light] = theme::CHECKER;
        assert_eq!(rgba, [9, 8, 7, 255, dark, dark, dark, 255, light, light, light, 255]);
    }
}
