//! What enlarged pixels are made of: the person's choice, what it comes to for a picture, and comparisons.

use crate::geometry::{PixelRect, Size, View};
use crate::key::{ModelId, PictureId, Quality, Recipe, Strength, TileKey};
use crate::render::TilePart;
use serde::{Deserialize, Serialize};

/// What the person wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The network for photographs, squares for pixel art and screenshots.
    #[default]
    Auto,
    /// The network.
    Neural,
    /// Bicubic interpolation.
    Bicubic,
    /// Source pixels as squares.
    Nearest,
}

impl Mode {
    /// All of them, in the order of the key that goes through them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Neural, Self::Bicubic, Self::Nearest];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|mode| *mode == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Neural => "Neural",
            Self::Bicubic => "Bicubic",
            Self::Nearest => "Nearest",
        }
    }

    /// What it comes to.
    pub fn look(self, suits_nearest: bool, strength: Strength) -> Look {
        match self {
            Self::Auto if suits_nearest => Look::Nearest,
            Self::Auto | Self::Neural => Look::Neural(strength),
            Self::Bicubic => Look::Bicubic,
            Self::Nearest => Look::Nearest,
        }
    }
}

/// What enlarged pixels are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Source pixels as squares.
    Nearest,
    /// Bicubic interpolation.
    Bicubic,
    /// The network, at a strength.
    Neural(Strength),
}

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Source pixels as squares.
    Nearest,
    /// Bicubic interpolation.
    Bicubic,
    /// The network.
    Neural,
    /// The network with the other model's weights.
    OtherModel,
}

impl Side {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nearest, Self::Bicubic, Self::Neural, Self::OtherModel];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "Nearest",
            Self::Bicubic => "Bicubic",
            Self::Neural => "Neural",
            Self::OtherModel => "Other model",
        }
    }

    /// What it comes to.
    pub fn look(self, strength: Strength) -> Look {
        match self {
            Self::Nearest => Look::Nearest,
            Self::Bicubic => Look::Bicubic,
            Self::Neural | Self::OtherModel => Look::Neural(strength),
        }
    }
}

/// A comparison: two sides of one view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// What is left of the line.
    pub left: Side,
    /// What is right of it.
    pub right: Side,
    /// Where the line is, as a part of the canvas's width in [0, 1].
    pub at: f64,
}

impl Default for Split {
    fn default() -> Self {
        Self { left: Side::Bicubic, right: Side::Neural, at: 0.5 }
    }
}

impl Split {
    /// The columns of a canvas that are left of the line.
    pub fn left_columns(&self, width: usize) -> usize {
        ((self.at * width as f64).round().max(0.0) as usize).min(width)
    }
}

/// What a picture looks like, and how large it is: all that tile names depend on beside the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// The picture.
    pub picture: PictureId,
    /// Its size.
    pub size: Size,
    /// The model; [`ModelId::NONE`] while it is being loaded.
    pub model: ModelId,
    /// What enlarged pixels are made of.
    pub look: Look,
    /// The quality that the network's work ends with.
    pub finest: Quality,
}

impl Subject {
    /// What ends the work on a view: up to ×1 the source itself is all there is to show.
    pub fn recipe(&self, zoom: f64) -> Recipe {
        match self.look {
            _ if zoom <= 1.0 => Quality::Resampled.into(),
            Look::Nearest => Quality::Nearest.into(),
            Look::Bicubic | Look::Neural(Strength::NONE) => Quality::Resampled.into(),
            Look::Neural(strength) => Recipe { quality: self.finest, strength },
        }
    }

    /// The recipes of a view from rough to final. `saves` says whether a coarse pass is worth its time.
    pub fn passes(&self, zoom: f64, saves: bool) -> Vec<Recipe> {
        let last = self.recipe(zoom);
        if !last.quality.is_neural() {
            return vec![last];
        }
        let coarse = Recipe { quality: Quality::Coarse, ..last };
        let has_coarse = saves && last.quality > Quality::Coarse;
        [Quality::Resampled.into()].into_iter().chain(has_coarse.then_some(coarse)).chain([last]).collect()
    }
}

/// Parts of tiles begin and end at multiples of this many output pixels, so that a pan does not ask for slivers.
const PART_STEP: usize = 32;

/// A part of the canvas with what it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pane {
    /// What.
    pub subject: Subject,
    /// Where, in pixels of the canvas.
    pub area: PixelRect,
}

impl Pane {
    /// The tiles of a snapped view that make up this pane in the given recipe, as far as they are on it.
    pub fn tiles(&self, view: &View, recipe: Recipe) -> Vec<TilePart> {
        let Recipe { quality, strength } = recipe;
        let Subject { picture, size, model, .. } = self.subject;
        let model = if quality.is_neural() { model } else { ModelId::NONE };
        let scale = (view.zoom.to_bits(), view.zoom.to_bits());
        let [x, y] = [self.area.x, self.area.y].map(|v| -(v as f64));
        let Some(visible) = view.panned([x, y]).visible_output(size, self.area.size()) else { return Vec::new() };
        let seen = visible.on_multiples_of(PART_STEP);
        let part = |(column, row)| {
            let key = TileKey { picture, model, scale, column, row, quality, strength };
            Some(TilePart { key, rect: view.tile_rect(column, row, size)?.intersection(seen)? })
        };
        View::tiles_over(visible).filter_map(part).collect()
    }

    /// The tiles that end the work on this pane.
    pub fn final_tiles(&self, view: &View) -> Vec<TilePart> {
        self.tiles(view, self.subject.recipe(view.zoom))
    }

    /// The tiles of this pane that fade in.
    pub fn neural_tiles(&self, view: &View) -> Vec<TilePart> {
        let passes = self.subject.passes(view.zoom, true).into_iter().filter(|recipe| recipe.quality.is_neural());
        passes.flat_map(|recipe| self.tiles(view, recipe)).collect()
    }

    /// What a snapped view still needs, rough tiles first; `left` says what is missing of a part.
    pub fn missing(&self, view: &View, saves: bool, left: impl Fn(&TilePart) -> Option<TilePart>) -> Vec<TilePart> {
        let passes: Vec<Vec<TilePart>> =
            self.subject.passes(view.zoom, saves).into_iter().map(|recipe| self.tiles(view, recipe)).collect();
        let mut wanted = Vec::new();
        for (i, pass) in passes.iter().enumerate() {
            for (place, part) in pass.iter().enumerate() {
                // Where a better tile is there, the rougher one would never be seen.
                let has_better = passes[i + 1..].iter().any(|pass| left(&pass[place]).is_none());
                let is_possible = !part.key.quality.is_neural() || part.key.model != ModelId::NONE;
                wanted.extend(left(part).filter(|_| !has_better && is_possible));
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANVAS: Size = Size::new(1200, 800);

    fn pane(look: Look) -> Pane {
        let (picture, model) = (PictureId::of([&b"p"[..]]), ModelId::of([&b"m"[..]]));
        let subject = Subject { picture, size: Size::new(451, 300), model, look, finest: Quality::Neural };
        Pane { subject, area: CANVAS.rect() }
    }

    fn view(zoom: f64) -> View {
        View::centered([200.0, 150.0], zoom, CANVAS).snapped()
    }

    /// Nothing is there yet.
    #[expect(clippy::unnecessary_wraps, reason = "as `missing` wants it")]
    fn all_of_it(part: &TilePart) -> Option<TilePart> {
        Some(*part)
    }

    fn qualities(parts: &[TilePart]) -> Vec<Quality> {
        let mut qualities: Vec<Quality> = parts.iter().map(|part| part.key.quality).collect();
        qualities.dedup();
        qualities
    }

    #[test]
    fn an_enlarged_view_goes_from_rough_to_final_and_a_reduced_one_needs_only_the_source() {
        let neural = pane(Look::Neural(Strength::FULL));
        let wanted = neural.missing(&view(30.0), true, all_of_it);
        assert_eq!(qualities(&wanted), [Quality::Resampled, Quality::Coarse, Quality::Neural]);
        assert!(wanted.len() >= 3 * 5 * 4 && wanted.len().is_multiple_of(3));
        let wanted = neural.missing(&view(3.0), false, all_of_it);
        assert_eq!(qualities(&wanted), [Quality::Resampled, Quality::Neural]);
        for zoom in [0.3, 1.0] {
            assert_eq!(qualities(&neural.missing(&view(zoom), true, all_of_it)), [Quality::Resampled]);
        }
    }

    #[test]
    fn every_look_ends_with_its_own_quality() {
        let ends = |look| qualities(&pane(look).missing(&view(30.0), true, all_of_it));
        assert_eq!(ends(Look::Nearest), [Quality::Nearest]);
        assert_eq!(ends(Look::Bicubic), [Quality::Resampled]);
        assert_eq!(ends(Look::Neural(Strength::NONE)), [Quality::Resampled]);
    }

    #[test]
    fn what_is_there_is_not_missing_and_better_tiles_need_no_rougher_ones() {
        let neural = pane(Look::Neural(Strength::FULL));
        assert!(
            neural.missing(&view(30.0), true, |part| (part.key.quality != Quality::Neural).then_some(*part)).is_empty()
        );
        let left = neural.missing(&view(30.0), true, |part| (part.key.quality != Quality::Coarse).then_some(*part));
        assert_eq!(qualities(&left), [Quality::Neural]);
    }

    #[test]
    fn without_a_model_the_network_is_not_asked() {
        let mut neural = pane(Look::Neural(Strength::FULL));
        neural.subject.model = ModelId::NONE;
        assert_eq!(qualities(&neural.missing(&view(30.0), true, all_of_it)), [Quality::Resampled]);
    }

    #[test]
    fn a_pane_needs_the_tiles_under_it_alone() {
        let whole = pane(Look::Bicubic);
        let half = Pane { area: PixelRect { x: 600, y: 0, width: 600, height: 800 }, ..whole };
        let (all, right) = (whole.final_tiles(&view(30.0)), half.final_tiles(&view(30.0)));
        let lies_in = |part: &TilePart| all.iter().any(|whole| whole.key == part.key && whole.rect.contains(part.rect));
        assert!(right.iter().all(lies_in));
        assert!(right.len() < all.len() && right.iter().all(|part| part.key.column >= all[0].key.column + 2));
    }

    /// What is computed of a view is hardly more than what is seen of it.
    #[test]
    fn tiles_do_not_hang_far_over_the_edges() {
        for (zoom, canvas) in [(8.0, Size::new(1280, 800)), (30.0, Size::new(1280, 800)), (8.0, Size::new(999, 601))] {
            let pane = Pane { area: canvas.rect(), ..pane(Look::Neural(Strength::FULL)) };
            let middle = View::centered([203.3, 151.7], zoom, canvas).snapped();
            let computed: usize = pane.final_tiles(&middle).iter().map(|part| part.rect.area()).sum();
            let over = computed as f64 / canvas.area() as f64 - 1.0;
            assert!((0.0..0.18).contains(&over), "×{zoom} on {canvas}: {over:.3}");
        }
    }

    #[test]
    fn modes_go_round() {
        assert_eq!(Mode::ALL.map(Mode::next), [Mode::Neural, Mode::Bicubic, Mode::Nearest, Mode::Auto]);
        assert_eq!(Mode::Auto.look(true, Strength::FULL), Look::Nearest);
        assert_eq!(Mode::Auto.look(false, Strength::percent(40)), Look::Neural(Strength::percent(40)));
    }
}
