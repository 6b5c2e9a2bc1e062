//! The view's tiles as textures: which ones a view needs, which are there, and how visible each is.

use super::theme;
use crate::geometry::{PixelRect, Size, View};
use crate::key::{ModelId, PictureId, Quality, TileKey};
use crate::render::{ByteLru, RenderedTile};
use egui::{ColorImage, TextureHandle, TextureId, TextureOptions};

/// Memory that tiles may take on the graphics card.
pub const BUDGET_BYTES: usize = 256 << 20;

/// How long a neural tile takes to appear over what stood in for it.
pub const FADE_SECS: f64 = 0.12;

/// Textures are interpolated when scaled and never wrap around.
pub const FILTER: TextureOptions = TextureOptions::LINEAR;

/// A tile on the graphics card.
pub struct Tile {
    /// The output pixels that it covers, at its zoom.
    pub rect: PixelRect,
    texture: TextureHandle,
    born_secs: f64,
}

impl Tile {
    /// Its texture.
    pub fn texture(&self) -> TextureId {
        self.texture.id()
    }
}

/// How visible a tile is: resampled ones at once, neural ones fade in.
fn opacity(quality: Quality, born_secs: f64, now_secs: f64) -> f32 {
    match quality {
        Quality::Resampled => 1.0,
        Quality::Neural => ((now_secs - born_secs) / FADE_SECS).clamp(0.0, 1.0) as f32,
    }
}

/// What a picture looks like under a model, and how large it is: all that tile names depend on beside the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// The picture.
    pub picture: PictureId,
    /// Its size.
    pub size: Size,
    /// The model.
    pub model: ModelId,
}

/// The quality that ends the work on a view: below ×1 the source itself is all there is to show.
pub fn final_quality(zoom: f64) -> Quality {
    if zoom > 1.0 { Quality::Neural } else { Quality::Resampled }
}

/// The tiles of one quality that a snapped view shows.
pub fn tiles_of(view: &View, subject: Subject, canvas: Size, quality: Quality) -> Vec<TileKey> {
    let scale = (view.zoom.to_bits(), view.zoom.to_bits());
    let Some(visible) = view.visible_output(subject.size, canvas) else { return Vec::new() };
    let key = |(column, row)| TileKey { picture: subject.picture, model: subject.model, scale, column, row, quality };
    View::tiles_over(visible).map(key).collect()
}

/// The tiles that a snapped view still needs, coarse ones first.
pub fn missing(view: &View, subject: Subject, canvas: Size, is_there: impl Fn(&TileKey) -> bool) -> Vec<TileKey> {
    let mut wanted = tiles_of(view, subject, canvas, Quality::Resampled);
    if final_quality(view.zoom) == Quality::Neural {
        let neural = tiles_of(view, subject, canvas, Quality::Neural);
        // Where the exact tile is there, the coarse one would never be seen.
        wanted.retain(|coarse| !is_there(&TileKey { quality: Quality::Neural, ..*coarse }));
        wanted.extend(neural);
    }
    wanted.retain(|key| !is_there(key));
    wanted
}

/// The tiles on the graphics card, least recently used first out.
pub struct TileTextures {
    tiles: ByteLru<TileKey, Tile>,
}

impl Default for TileTextures {
    fn default() -> Self {
        Self { tiles: ByteLru::new(BUDGET_BYTES) }
    }
}

impl TileTextures {
    /// Uploads a tile.
    pub fn insert(&mut self, ctx: &egui::Context, tile: RenderedTile, now_secs: f64) {
        let RenderedTile { key, rect, mut rgba } = tile;
        // While panning a tile may be asked for twice; the same name is the same pixels, which need not fade in again.
        if self.contains(&key) {
            return;
        }
        lay_over_checkerboard(&mut rgba, rect);
        let bytes = rgba.len();
        let image = ColorImage::from_rgba_unmultiplied([rect.width, rect.height], &rgba);
        let texture = ctx.load_texture("tile", image, FILTER);
        // What falls out of the cache frees its texture by being dropped.
        drop(self.tiles.insert(key, Tile { rect, texture, born_secs: now_secs }, bytes));
    }

    /// A tile and its opacity, which counts as a use.
    pub fn get(&mut self, key: &TileKey, now_secs: f64) -> Option<(&Tile, f32)> {
        let tile = self.tiles.get(key)?;
        let opacity = opacity(key.quality, tile.born_secs, now_secs);
        Some((tile, opacity))
    }

    /// Whether a tile is there, visible or not yet.
    pub fn contains(&self, key: &TileKey) -> bool {
        self.tiles.contains(key)
    }

    /// Whether all of these tiles are there and fully visible.
    pub fn are_settled(&mut self, keys: &[TileKey], now_secs: f64) -> bool {
        keys.iter().all(|key| self.get(key, now_secs).is_some_and(|(_, opacity)| opacity >= 1.0))
    }

    /// Whether one of these tiles is on its way in.
    pub fn is_fading(&mut self, keys: &[TileKey], now_secs: f64) -> bool {
        keys.iter().any(|key| self.get(key, now_secs).is_some_and(|(_, opacity)| opacity < 1.0))
    }

    /// Everything that is there, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&TileKey, &Tile)> {
        self.tiles.iter()
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

    const CANVAS: Size = Size::new(1200, 800);

    fn subject() -> Subject {
        Subject { picture: PictureId::of([&b"p"[..]]), size: Size::new(451, 300), model: ModelId::of([&b"m"[..]]) }
    }

    #[test]
    fn an_enlarged_view_needs_both_qualities_and_a_reduced_one_only_the_source() {
        let view = View::centered([200.0, 150.0], 30.0, CANVAS).snapped();
        let wanted = missing(&view, subject(), CANVAS, |_| false);
        let (coarse, exact): (Vec<TileKey>, Vec<TileKey>) =
            wanted.iter().copied().partition(|key: &TileKey| key.quality == Quality::Resampled);
        assert_eq!(coarse.len(), exact.len());
        assert!(coarse.len() >= 5 * 4);
        assert_eq!(wanted[0].quality, Quality::Resampled);
        for zoom in [0.3, 1.0] {
            let view = View::centered([200.0, 150.0], zoom, CANVAS).snapped();
            let wanted = missing(&view, subject(), CANVAS, |_| false);
            assert!(!wanted.is_empty() && wanted.iter().all(|key| key.quality == Quality::Resampled));
        }
    }

    #[test]
    fn what_is_there_is_not_missing_and_exact_tiles_need_no_coarse_ones() {
        let view = View::centered([200.0, 150.0], 30.0, CANVAS).snapped();
        assert!(missing(&view, subject(), CANVAS, |key| key.quality == Quality::Neural).is_empty());
        let left = missing(&view, subject(), CANVAS, |key| key.quality == Quality::Resampled);
        assert!(!left.is_empty() && left.iter().all(|key| key.quality == Quality::Neural));
    }

    #[test]
    fn neural_tiles_fade_in_and_others_do_not() {
        assert_eq!(opacity(Quality::Resampled, 5.0, 5.0), 1.0);
        assert_eq!(opacity(Quality::Neural, 5.0, 5.0), 0.0);
        assert!((opacity(Quality::Neural, 5.0, 5.06) - 0.5).abs() < 1e-6);
        assert_eq!(opacity(Quality::Neural, 5.0, 5.13), 1.0);
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
