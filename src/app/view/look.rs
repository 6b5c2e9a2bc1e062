//! What a view shows, and the tiles that it takes.

use crate::geometry::{PixelRect, Size, View};
use crate::key::{DecodedBy, PictureId, TileKey};
use crate::recipe::{Recipe, Source};
use crate::render::TilePart;

/// What a picture looks like, and how large it is: all that tile names depend on beside the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// The picture.
    pub picture: PictureId,
    /// Its size.
    pub size: Size,
    /// What makes its neural pixels; nothing while the model is being loaded.
    pub model: Option<DecodedBy>,
    /// The live network that stands in for a larger one, if one does.
    pub quick: Option<DecodedBy>,
    /// How enlarged pixels are made.
    pub recipe: Recipe,
}

impl Subject {
    /// What ends the work on a view: up to ×1 the source itself is all there is to show.
    pub fn recipe_at(&self, zoom: f64) -> Recipe {
        if zoom <= 1.0 { Source::Bicubic.into() } else { self.recipe }
    }

    /// The recipes of a view from rough to final, and by what. Whether a coarse one is worth its time is for [`missing`] to
    /// say.
    fn passes(&self, zoom: f64) -> Vec<(Recipe, Option<DecodedBy>)> {
        let last = self.recipe_at(zoom);
        if !last.is_neural() {
            return vec![(last, None)];
        }
        let rough = match self.quick {
            Some(_) => (last.plain(), self.quick),
            None => (last.plain().out_of(Source::COARSE), self.model),
        };
        let mut passes = vec![(Source::Bicubic.into(), None), rough, (last, self.model)];
        // The coarse one may be all that is wanted.
        passes.dedup();
        passes
    }

    /// Whether its pixels are made by this, for good or for now.
    pub fn is_shown_by(&self, by: DecodedBy) -> bool {
        [self.model, self.quick].contains(&Some(by))
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
    /// The tiles of a snapped view that make up this pane in the given recipe, by this model, as far as they are on it.
    fn tiles(&self, view: &View, recipe: Recipe, model: Option<DecodedBy>) -> Vec<TilePart> {
        let Subject { picture, size, .. } = self.subject;
        let scale = (view.zoom.to_bits(), view.zoom.to_bits());
        let [x, y] = [self.area.x, self.area.y].map(|v| -(v as f64));
        let Some(visible) = view.panned([x, y]).visible_output(size, self.area.size()) else { return Vec::new() };
        let seen = visible.on_multiples_of(PART_STEP);
        let part = |(column, row)| {
            let key = TileKey { picture, model, scale, column, row, recipe };
            Some(TilePart { key, rect: view.tile_rect(column, row, size)?.intersection(seen)? })
        };
        View::tiles_over(visible).filter_map(part).collect()
    }

    /// The tiles of every recipe of this pane, from rough to final.
    pub fn passes(&self, view: &View) -> Vec<Pass> {
        let passes = self.subject.passes(view.zoom).into_iter();
        passes.map(|(recipe, by)| Pass { recipe, tiles: self.tiles(view, recipe, by) }).collect()
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
/// a coarse pass is worth its time, `is_at_hand` whether a part will be there at once.
pub fn missing(
    passes: &[Pass],
    saves: bool,
    left: impl Fn(&TilePart) -> Option<TilePart>,
    is_at_hand: impl Fn(&TilePart) -> bool,
) -> Vec<TilePart> {
    let last = passes.len().saturating_sub(1);
    let is_coarse = |pass: &Pass| pass.recipe.source() == Source::COARSE;
    let is_worthwhile = |(i, pass): &(usize, &Pass)| saves || *i == last || !is_coarse(pass);
    let passes: Vec<&Pass> = passes.iter().enumerate().filter(is_worthwhile).map(|(_, pass)| pass).collect();
    let mut wanted = Vec::new();
    for (i, pass) in passes.iter().enumerate() {
        for (place, part) in pass.tiles.iter().enumerate() {
            // Where a better tile is there, or will be at once, the rougher one would never be seen.
            let has_better = || {
                let mut better = passes[i + 1..].iter().map(|pass| &pass.tiles[place]);
                better.any(|part| left(part).is_none() || is_at_hand(part))
            };
            let is_possible = !part.key.recipe.is_neural() || part.key.model.is_some();
            wanted.extend(left(part).filter(|_| is_possible && !has_better()));
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{ArithmeticId, DecoderId, EncodedBy, EncoderId};
    use crate::recipe::{Stage, Strength};

    const CANVAS: Size = Size::new(1200, 800);

    fn pane(recipe: impl Into<Recipe>) -> Pane {
        let picture = PictureId::of([&b"p"[..]]);
        let features = EncodedBy { encoder: EncoderId::of([]), arithmetic: ArithmeticId::of([]) };
        let (decoder, arithmetic) = (DecoderId::of([]), ArithmeticId::of([]));
        let model = Some(DecodedBy { features, decoder, arithmetic });
        let subject = Subject { picture, size: Size::new(451, 300), model, quick: None, recipe: recipe.into() };
        Pane { subject, area: CANVAS.rect() }
    }

    fn view(zoom: f64) -> View {
        View::centered([200.0, 150.0], zoom, CANVAS).snapped()
    }

    fn missing(pane: &Pane, view: &View, saves: bool, left: impl Fn(&TilePart) -> Option<TilePart>) -> Vec<TilePart> {
        super::missing(&pane.passes(view), saves, left, |_| false)
    }

    fn final_tiles(pane: &Pane, view: &View) -> Vec<TilePart> {
        pane.passes(view).pop().unwrap().tiles
    }

    /// Nothing is there yet.
    #[expect(clippy::unnecessary_wraps, reason = "as `missing` wants it")]
    fn all_of_it(part: &TilePart) -> Option<TilePart> {
        Some(*part)
    }

    fn sources(parts: &[TilePart]) -> Vec<Source> {
        let mut sources: Vec<Source> = parts.iter().map(|part| part.key.recipe.source()).collect();
        sources.dedup();
        sources
    }

    #[test]
    fn an_enlarged_view_goes_from_rough_to_final_and_a_reduced_one_needs_only_the_source() {
        let neural = pane(Source::NEURAL);
        let wanted = missing(&neural, &view(30.0), true, all_of_it);
        assert_eq!(sources(&wanted), [Source::Bicubic, Source::COARSE, Source::NEURAL]);
        assert!(wanted.len() >= 3 * 5 * 4 && wanted.len().is_multiple_of(3));
        let wanted = missing(&neural, &view(3.0), false, all_of_it);
        assert_eq!(sources(&wanted), [Source::Bicubic, Source::NEURAL]);
        for zoom in [0.3, 1.0] {
            assert_eq!(sources(&missing(&neural, &view(zoom), true, all_of_it)), [Source::Bicubic]);
        }
    }

    #[test]
    fn every_recipe_ends_with_its_own_pass() {
        let ends = |recipe: Recipe| sources(&missing(&pane(recipe), &view(30.0), true, all_of_it));
        assert_eq!(ends(Source::Nearest.into()), [Source::Nearest]);
        assert_eq!(ends(Source::Bicubic.into()), [Source::Bicubic]);
        assert_eq!(ends(Recipe::from(Source::NEURAL).with(Stage::Strength(Strength::NONE))), [Source::Bicubic]);
    }

    #[test]
    fn what_is_there_is_not_missing_and_better_tiles_need_no_rougher_ones() {
        let neural = pane(Source::NEURAL);
        assert!(
            missing(&neural, &view(30.0), true, |part| (part.key.recipe.source() != Source::NEURAL).then_some(*part))
                .is_empty()
        );
        let left =
            missing(&neural, &view(30.0), true, |part| (part.key.recipe.source() != Source::COARSE).then_some(*part));
        assert_eq!(sources(&left), [Source::NEURAL]);
    }

    #[test]
    fn what_will_be_there_at_once_needs_nothing_to_stand_in_for_it() {
        let (pane, view) = (pane(Source::NEURAL), view(3.0));
        let wanted = |at_hand: fn(&TilePart) -> bool| super::missing(&pane.passes(&view), false, all_of_it, at_hand);
        let is_on_the_left = |part: &TilePart| part.key.column < 6;
        let parts = wanted(is_on_the_left);
        let (plain, neural): (Vec<_>, Vec<_>) = parts.iter().partition(|part| !part.key.recipe.is_neural());
        assert_eq!(neural.len(), final_tiles(&pane, &view).len());
        assert!(!plain.is_empty() && plain.iter().all(|part| !is_on_the_left(part)));
        // A pane that shows bicubic pixels in the end is not kept from them.
        let bicubic = self::pane(Source::Bicubic);
        assert!(!super::missing(&bicubic.passes(&view), false, all_of_it, |_| true).is_empty());
    }

    #[test]
    fn without_a_model_the_network_is_not_asked() {
        let mut neural = pane(Source::NEURAL);
        neural.subject.model = None;
        assert_eq!(sources(&missing(&neural, &view(30.0), true, all_of_it)), [Source::Bicubic]);
    }

    #[test]
    fn a_pane_needs_the_tiles_under_it_alone() {
        let whole = pane(Source::Bicubic);
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
            let pane = Pane { area: canvas.rect(), ..pane(Source::NEURAL) };
            let middle = View::centered([203.3, 151.7], zoom, canvas).snapped();
            let computed: usize = final_tiles(&pane, &middle).iter().map(|part| part.rect.area()).sum();
            let over = computed as f64 / canvas.area() as f64 - 1.0;
            assert!((0.0..0.18).contains(&over), "×{zoom} on {canvas}: {over:.3}");
        }
    }
}
