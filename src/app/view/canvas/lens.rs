//! Painting a loupe: tiles cut to a disc.

use super::Canvas;
use super::paint::{ScreenRect, output_on_screen, whole_on_screen};
use crate::app::kit::theme;
use crate::app::view::Shown;
use crate::app::view::frame::Frame;
use crate::app::view::loupe::Loupe;
use crate::app::view::textures::TileTextures;
use crate::app::view::zoom::zoom_text;
use crate::render::TilePart;
use egui::{Align2, Color32, FontId, Mesh, Painter, Shape, Stroke, TextureId, pos2, vec2};

/// Corners of what stands for a circle: a third of a pixel off at a radius of 260.
const CORNERS: usize = 96;

/// Paints a loupe as it is at `now_secs`.
pub struct Lens<'a> {
    /// Where to.
    pub painter: &'a Painter,
    /// On which pixels.
    pub canvas: Canvas,
    /// The tiles there are.
    pub textures: &'a mut TileTextures,
    /// The time.
    pub now_secs: f64,
    /// The loupe.
    pub loupe: &'a Loupe,
}

impl Lens<'_> {
    /// Paints the whole picture, over it the tiles of the view around the loupe, over them its own: each `frame`'s from rough to
    /// final, as far as they are there.
    pub fn paint(&mut self, shown: &Shown, frames: [&Frame; 2]) {
        let Loupe { view, center, radius, .. } = *self.loupe;
        let whole = whole_on_screen(shown, &view);
        self.disc(None, ScreenRect { min: [f64::MIN; 2], max: [f64::MAX; 2] }, theme::CANVAS);
        self.disc(Some(shown.preview.id()), whole, theme::UNTINTED);
        for frame in frames {
            let passes = frame.panes().iter().flat_map(|pane| &pane.passes);
            passes.flat_map(|pass| &pass.tiles).for_each(|part| self.tile(part));
        }
        let (center, radius) = (self.canvas.points_from_screen(center), radius as f32 / self.canvas.pixels_per_point);
        self.painter.circle_stroke(center, radius, Stroke::new(4.0, theme::OUTLINE));
        self.painter.circle_stroke(center, radius, Stroke::new(2.0, theme::SPLIT));
        let galley = self.painter.layout_no_wrap(zoom_text(view.zoom), FontId::proportional(13.0), theme::ON_CANVAS);
        let plate = Align2::CENTER_CENTER.anchor_size(center + vec2(0.0, radius), galley.size());
        self.painter.rect_filled(plate.expand2(vec2(8.0, 4.0)), 5.0, theme::PLATE);
        self.painter.galley(plate.min, galley, theme::ON_CANVAS);
    }

    /// What there is of a tile of this or another zoom.
    fn tile(&mut self, part: &TilePart) {
        let scale = self.loupe.view.zoom / part.key.zoom().0;
        let Some(tile) = self.textures.get(&part.key) else { return };
        let discs = tile.pieces().iter().map(|piece| {
            let tint = theme::fading(piece.opacity(part.key.recipe.source(), self.now_secs));
            (piece.texture(), output_on_screen(&self.loupe.view, piece.rect, scale), tint)
        });
        for (texture, rect, tint) in discs.collect::<Vec<_>>() {
            self.disc(Some(texture), rect, tint);
        }
    }

    /// A texture on a rectangle, or a plain colour, cut to the disc.
    fn disc(&self, texture: Option<TextureId>, rect: ScreenRect, tint: Color32) {
        let corners = cut(&circle(self.loupe.center, self.loupe.radius), rect);
        let mut mesh = Mesh::with_texture(texture.unwrap_or_default());
        for at in &corners {
            let part = |i: usize| ((at[i] - rect.min[i]) / (rect.max[i] - rect.min[i])) as f32;
            let uv = if texture.is_some() { pos2(part(0), part(1)) } else { egui::epaint::WHITE_UV };
            mesh.vertices.push(egui::epaint::Vertex { pos: self.canvas.points_from_screen(*at), uv, color: tint });
        }
        for i in 2..corners.len() as u32 {
            mesh.add_triangle(0, i - 1, i);
        }
        self.painter.add(Shape::mesh(mesh));
    }
}

fn circle(center: [f64; 2], radius: f64) -> Vec<[f64; 2]> {
    let angle = |i: usize| i as f64 / CORNERS as f64 * std::f64::consts::TAU;
    (0..CORNERS).map(|i| [center[0] + radius * angle(i).cos(), center[1] + radius * angle(i).sin()]).collect()
}

/// What lies of a convex polygon in a rectangle (Sutherland and Hodgman, 1974).
fn cut(polygon: &[[f64; 2]], rect: ScreenRect) -> Vec<[f64; 2]> {
    let mut corners = polygon.to_vec();
    for i in [0, 1] {
        corners = cut_at(&corners, i, rect.min[i], 1.0);
        corners = cut_at(&corners, i, rect.max[i], -1.0);
    }
    corners
}

/// What lies where coordinate `i` is beyond a limit; before it for a `sign` of -1.
fn cut_at(corners: &[[f64; 2]], i: usize, limit: f64, sign: f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::with_capacity(corners.len() + 2);
    let Some(mut before) = corners.last().copied() else { return kept };
    for &at in corners {
        let (was, is) = (sign * (before[i] - limit), sign * (at[i] - limit));
        if (was < 0.0) != (is < 0.0) {
            let share = was / (was - is);
            kept.push([0, 1].map(|k| before[k] + (at[k] - before[k]) * share));
        }
        if is >= 0.0 {
            kept.push(at);
        }
        before = at;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the trapezoid formula.
    fn area(corners: &[[f64; 2]]) -> f64 {
        let next = corners.iter().cycle().skip(1);
        corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>() / 2.0
    }

    #[test]
    fn tiles_cut_to_a_disc_cover_it_once() {
        let circle = circle([50.0, 40.0], 30.0);
        assert!((area(&circle) / (900.0 * std::f64::consts::PI) - 1.0).abs() < 1e-3);
        let tile = |x: f64, y: f64| ScreenRect { min: [x, y], max: [x + 32.0, y + 32.0] };
        let tiles = [0.0, 32.0, 64.0].map(|x| [0.0, 32.0, 64.0].map(|y| area(&cut(&circle, tile(x, y)))));
        assert!((tiles.as_flattened().iter().sum::<f64>() - area(&circle)).abs() < 1e-6);
        assert_eq!(cut(&circle, tile(200.0, 0.0)), Vec::<[f64; 2]>::new());
        assert_eq!(cut(&circle, ScreenRect { min: [0.0; 2], max: [100.0; 2] }).len(), CORNERS);
    }
}
