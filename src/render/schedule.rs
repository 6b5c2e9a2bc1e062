//! In which order the view's tiles are made. Pure: a list in, the next one out.

use crate::decode::sample_points;
use crate::geometry::{AxisGrid, FEATURE_TILE, PixelRect, SampleGrid, VIEW_TILE};
use crate::key::TileKey;
use crate::recipe::Sampling;
use std::ops::Range;

/// Encoders that see farther than this many source pixels are deep.
const DEEP_RADIUS: usize = 64;

/// The largest side that those encode at once, in source pixels.
const DEEP_SIDE: usize = 128;

/// The part of a tile that a canvas shows: of the tiles at its edges nobody looks at the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePart {
    /// Of which tile.
    pub key: TileKey,
    /// The output pixels of its zoom, within the tile.
    pub rect: PixelRect,
}

/// The next part of a tile to make: the lowest rank first for the whole view, then those whose features are ready,
/// then by distance to the focus, an output pixel (x, y). Returns its place in `wanted`.
pub fn next(
    wanted: &[TilePart],
    focus_in_output: [f64; 2],
    rank: impl Fn(&TilePart) -> u8,
    is_ready: impl Fn(&TilePart) -> bool,
) -> Option<usize> {
    first(wanted, focus_in_output, rank, is_ready, 1).pop()
}

/// The places of the first `most` parts of tiles to make, in the order of [`next`].
pub fn first(
    wanted: &[TilePart],
    focus_in_output: [f64; 2],
    rank: impl Fn(&TilePart) -> u8,
    is_ready: impl Fn(&TilePart) -> bool,
    most: usize,
) -> Vec<usize> {
    let order = |part: &TilePart| {
        let must_encode = part.key.recipe.is_neural() && !is_ready(part);
        (rank(part), must_encode, distance(part.rect, focus_in_output))
    };
    let mut ranked: Vec<_> = wanted.iter().map(order).enumerate().collect();
    ranked.sort_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    ranked.into_iter().take(most).map(|(i, _)| i).collect()
}

/// The longest side, in feature tiles, of what an encoder that sees `radius` source pixels far encodes in one go; `max_side` is
/// in source pixels.
pub(super) fn most_tiles(radius: usize, max_side: usize) -> usize {
    // A deep encoder keeps many maps of a block at a time and has a wide halo: it goes in small squares.
    let side = if radius > DEEP_RADIUS { DEEP_SIDE } else { max_side };
    (side / FEATURE_TILE).max(1)
}

/// Which of the feature tiles that a view is missing (column, row) are encoded together, so that one halo serves many, where
/// those of `needed` come first. The rectangle around all is cut into pieces of at most `most` tiles a side, evenly; where
/// there are many, at the sides of `focus` first. These are the pieces that `needed` touches; none if nothing of it is missing.
pub fn together(missing: &[(usize, usize)], needed: PixelRect, focus: PixelRect, most: usize) -> Vec<(usize, usize)> {
    let (columns, rows): (Vec<usize>, Vec<usize>) = missing.iter().copied().unzip();
    let (columns, rows) =
        (pieces(&columns, focus.x..focus.right(), most), pieces(&rows, focus.y..focus.bottom(), most));
    let piece = |tile: (usize, usize)| {
        [(&columns, tile.0), (&rows, tile.1)].map(|(pieces, at)| pieces.iter().position(|piece| piece.contains(&at)))
    };
    let is_needed = |place: (usize, usize)| needed.contains(PixelRect::at(place));
    let touched: Vec<_> = missing.iter().filter(|tile| is_needed(**tile)).map(|tile| piece(*tile)).collect();
    missing.iter().filter(|tile| touched.contains(&piece(**tile))).copied().collect()
}

/// The pieces on one axis, of which `places` are missing.
fn pieces(places: &[usize], focus: Range<usize>, most: usize) -> Vec<Range<usize>> {
    let (start, end) = (places.iter().min().copied().unwrap_or(0), places.iter().max().map_or(0, |last| last + 1));
    let cuts = [start, focus.start.clamp(start, end), focus.end.clamp(start, end), end];
    // Few pieces are soon done, and many halos are not.
    let cuts = if end - start <= 2 * most { &[start, end] } else { &cuts[..] };
    cuts.windows(2).flat_map(|part| evenly(part[0]..part[1], most)).collect()
}

/// Cut into pieces of at most `most`, the first ones longer by one if need be: then what is left when those at an end are
/// done is cut in the same places.
fn evenly(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = range.len().div_ceil(most);
    let (len, longer) = (range.len() / count.max(1), range.len() % count.max(1));
    let begin = move |i: usize| range.start + i * len + i.min(longer);
    (0..count).map(move |i| begin(i)..begin(i + 1))
}

/// From the focus to the nearest point of a rectangle, squared; ties broken by the distance to its centre.
fn distance(rect: PixelRect, focus: [f64; 2]) -> f64 {
    let axis = |start: usize, len: usize, focus: f64| {
        let (start, len) = (start as f64, len as f64);
        let outside = (start - focus).max(focus - start - len).max(0.0);
        let to_center = start + len / 2.0 - focus;
        outside * outside + 1e-6 * to_center * to_center
    };
    axis(rect.x, rect.width, focus[0]) + axis(rect.y, rect.height, focus[1])
}

/// Whether a coarse pass costs at most half of what the default one costs at a zoom, so that it is worth being made.
pub fn coarse_saves(zoom: f64) -> bool {
    let axis = AxisGrid { origin: 0.0, pitch: 1.0 / zoom, len: VIEW_TILE };
    let samples = |sampling| sample_points(&SampleGrid { y: axis, x: axis }, sampling).size().area();
    2 * samples(Sampling::Coarse) <= samples(Sampling::Lattice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::VIEW_TILE;
    use crate::key::PictureId;
    use crate::recipe::Source;

    /// The order in which four columns and two rows of tiles are made.
    fn order(ready: impl Fn(&TilePart) -> bool) -> Vec<(Source, usize, usize)> {
        let (picture, model) = (PictureId::of([]), None);
        let scale = (2.0f64.to_bits(), 2.0f64.to_bits());
        let key = |i: usize| {
            let source = if i < 8 { Source::NEURAL } else { Source::Bicubic };
            let (column, row) = (i % 4, i / 4 % 2);
            let key = TileKey { picture, model, scale, column, row, recipe: source.into() };
            let (x, y) = (column * VIEW_TILE, row * VIEW_TILE);
            TilePart { key, rect: PixelRect { x, y, width: VIEW_TILE, height: VIEW_TILE } }
        };
        let mut wanted: Vec<TilePart> = (0..16).map(key).collect();
        let mut order = Vec::new();
        let focus = [2.35, 0.4].map(|tiles| tiles * VIEW_TILE as f64);
        while let Some(i) = next(&wanted, focus, |part| part.key.recipe.source().rank(), &ready) {
            let key = wanted.swap_remove(i).key;
            order.push((key.recipe.source(), key.column, key.row));
        }
        order
    }

    #[test]
    fn resampled_first_then_from_the_cursor_outwards() {
        let order = order(|_| true);
        assert_eq!(order.len(), 16);
        assert!(order[..8].iter().all(|(source, ..)| *source == Source::Bicubic));
        assert_eq!(
            order[8..12],
            [2, 1, 2, 3].iter().zip([0, 0, 1, 0]).map(|(c, r)| (Source::NEURAL, *c, r)).collect::<Vec<_>>()[..]
        );
        assert_eq!(order[15], (Source::NEURAL, 0, 1));
    }

    #[test]
    fn pieces_stay_where_they_are_while_they_are_encoded() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        let focus = rect(14, 21, 2, 1);
        assert_eq!(pieces(&[10, 15], 12..13, 3), [10..13, 13..16], "few are not cut around the focus");
        let mut missing: Vec<_> = rect(10, 20, 9, 2).places().collect();
        let mut encoded = Vec::new();
        // Columns 10 and 11, 12 and 13, 14 and 15, 16 to 18; both rows.
        for needed in [focus, rect(10, 20, 1, 1), rect(11, 20, 1, 1), rect(13, 20, 2, 1), rect(18, 21, 1, 1)] {
            let together = together(&missing, needed, focus, 3);
            missing.retain(|tile| !together.contains(tile));
            encoded.push(together);
        }
        let places = |rect: PixelRect| rect.places().collect::<Vec<_>>();
        assert_eq!(encoded[0], places(rect(14, 20, 2, 2)));
        assert_eq!(encoded[1], places(rect(10, 20, 2, 2)));
        assert!(encoded[2].is_empty(), "it was there");
        assert_eq!(encoded[3], places(rect(12, 20, 2, 2)));
        assert_eq!(encoded[4], places(rect(16, 20, 3, 2)));
        assert_eq!(evenly(5..15, 4).collect::<Vec<_>>(), [5..9, 9..12, 12..15]);
        assert_eq!(evenly(5..5, 4).count(), 0);
    }

    #[test]
    fn tiles_with_features_come_before_nearer_ones_without() {
        let order = order(|part| part.key.column == 0);
        assert_eq!(order[8], (Source::NEURAL, 0, 0));
        assert_eq!(order[10], (Source::NEURAL, 2, 0));
    }
}
