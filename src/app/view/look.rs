//! What enlarged pixels are made of: the person's choice, what it comes to for a picture, and comparisons.

use crate::app::settings::mode::Mode;
use crate::geometry::{PixelRect, Size, View};
use crate::key::{ModelId, PictureId, Quality, Recipe, Strength, TileKey};
use crate::render::TilePart;

impl Mode {
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

    /// The tiles of every recipe of this pane, from rough to final.
    pub fn passes(&self, view: &View) -> Vec<Pass> {
        let recipes = self.subject.passes(view.zoom, true);
        recipes.into_iter().map(|recipe| Pass { recipe, tiles: self.tiles(view, recipe) }).collect()
    }
}

/// The tiles that a pane consists of in one recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// How their pixels are made.
    pub recipe: Recipe,
    /// The tiles.
    pub tiles: Vec<TilePart>,
}

/// What passes from rough to final still need, rough tiles first; `left` says what is missing of a part, `saves` whether
/// a coarse pass is worth its time.
pub fn missing(passes: &[Pass], saves: bool, left: impl Fn(&TilePart) -> Option<TilePart>) -> Vec<TilePart> {
    let last = passes.len().saturating_sub(1);
    let is_worthwhile = |(i, pass): &(usize, &Pass)| saves || *i == last || pass.recipe.quality != Quality::Coarse;
    let passes: Vec<&Pass> = passes.iter().enumerate().filter(is_worthwhile).map(|(_, pass)| pass).collect();
    let mut wanted = Vec::new();
    for (i, pass) in passes.iter().enumerate() {
        for (place, part) in pass.tiles.iter().enumerate() {
            // Where a better tile is there, the rougher one would never be seen.
            let has_better = passes[i + 1..].iter().any(|pass| left(&pass.tiles[place]).is_none());
            let is_possible = !part.key.quality.is_neural() || part.key.model != ModelId::NONE;
            wanted.extend(left(part).filter(|_| !has_better && is_possible));
        }
    }
    wanted
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

    fn missing(pane: &Pane, view: &View, saves: bool, left: impl Fn(&TilePart) -> Option<TilePart>) -> Vec<TilePart> {
        super::missing(&pane.passes(view), saves, left)
    }

    fn final_tiles(pane: &Pane, view: &View) -> Vec<TilePart> {
        pane.passes(view).pop().unwrap().tiles
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
        let wanted = missing(&neural, &view(30.0), true, all_of_it);
        assert_eq!(qualities(&wanted), [Quality::Resampled, Quality::Coarse, Quality::Neural]);
        assert!(wanted.len() >= 3 * 5 * 4 && wanted.len().is_multiple_of(3));
        let wanted = missing(&neural, &view(3.0), false, all_of_it);
        assert_eq!(qualities(&wanted), [Quality::Resampled, Quality::Neural]);
        for zoom in [0.3, 1.0] {
            assert_eq!(qualities(&missing(&neural, &view(zoom), true, all_of_it)), [Quality::Resampled]);
        }
    }

    #[test]
    fn every_look_ends_with_its_own_quality() {
        let ends = |look| qualities(&missing(&pane(look), &view(30.0), true, all_of_it));
        assert_eq!(ends(Look::Nearest), [Quality::Nearest]);
        assert_eq!(ends(Look::Bicubic), [Quality::Resampled]);
        assert_eq!(ends(Look::Neural(Strength::NONE)), [Quality::Resampled]);
    }

    #[test]
    fn what_is_there_is_not_missing_and_better_tiles_need_no_rougher_ones() {
        let neural = pane(Look::Neural(Strength::FULL));
        assert!(
            missing(&neural, &view(30.0), true, |part| (part.key.quality != Quality::Neural).then_some(*part))
                .is_empty()
        );
        let left = missing(&neural, &view(30.0), true, |part| (part.key.quality != Quality::Coarse).then_some(*part));
        assert_eq!(qualities(&left), [Quality::Neural]);
    }

    #[test]
    fn without_a_model_the_network_is_not_asked() {
        let mut neural = pane(Look::Neural(Strength::FULL));
        neural.subject.model = ModelId::NONE;
        assert_eq!(qualities(&missing(&neural, &view(30.0), true, all_of_it)), [Quality::Resampled]);
    }

    #[test]
    fn a_pane_needs_the_tiles_under_it_alone() {
        let whole = pane(Look::Bicubic);
        let half = Pane { area: PixelRect { x: 600, y: 0, width: 600, height: 800 }, ..whole };
        let (all, right) = (final_tiles(&whole, &view(30.0)), final_tiles(&half, &view(30.0)));
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
            let computed: usize = final_tiles(&pane, &middle).iter().map(|part| part.rect.area()).sum();
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
