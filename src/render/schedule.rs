//! In which order the view's tiles are made. Pure: a list in, the next one out.

use crate::geometry::PixelRect;
use crate::key::TileKey;

/// The part of a tile that a canvas shows: of the tiles at its edges nobody looks at the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePart {
    /// Of which tile.
    pub key: TileKey,
    /// The output pixels of its zoom, within the tile.
    pub rect: PixelRect,
}

/// The next part of a tile to make: the roughest pass first for the whole view, then those whose features are ready,
/// then by distance to the focus, an output pixel (x, y). Returns its place in `wanted`.
pub fn next(wanted: &[TilePart], focus_in_output: [f64; 2], is_ready: impl Fn(&TilePart) -> bool) -> Option<usize> {
    first(wanted, focus_in_output, is_ready, 1).pop()
}

/// The places of the first `most` parts of tiles to make, in the order of [`next`].
pub fn first(
    wanted: &[TilePart],
    focus_in_output: [f64; 2],
    is_ready: impl Fn(&TilePart) -> bool,
    most: usize,
) -> Vec<usize> {
    let rank = |part: &TilePart| {
        let must_encode = part.key.recipe.is_neural() && !is_ready(part);
        (part.key.recipe.source().rank(), must_encode, distance(part.rect, focus_in_output))
    };
    let mut ranked: Vec<_> = wanted.iter().map(rank).enumerate().collect();
    ranked.sort_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    ranked.into_iter().take(most).map(|(i, _)| i).collect()
}

/// Which of the feature tiles that a view is missing (column, row) are encoded together, so that one halo serves many, where
/// those of `needed` come first: the rectangle around all is cut evenly into pieces of at most `most` tiles a side, and
/// these are the pieces that `needed` touches. None if nothing of it is missing.
pub fn together(missing: &[(usize, usize)], needed: PixelRect, most: usize) -> Vec<(usize, usize)> {
    let is_in = |rect: PixelRect, (x, y)| rect.contains(PixelRect { x, y, width: 1, height: 1 });
    if !missing.iter().any(|tile| is_in(needed, *tile)) {
        return Vec::new();
    }
    // The piece on an axis that a tile is in.
    let piece = |places: &[usize], place: usize| {
        let (start, end) = (places.iter().min().copied().unwrap_or(0), places.iter().max().map_or(0, |last| last + 1));
        let (len, count) = (end - start, (end - start).div_ceil(most));
        // The first pieces are the longer ones.
        let begins = |i: usize| start + i * (len / count) + i.min(len % count);
        let i = (0..count).rfind(|i| begins(*i) <= place).unwrap_or(0);
        begins(i)..begins(i + 1)
    };
    let (columns, rows): (Vec<usize>, Vec<usize>) = missing.iter().copied().unzip();
    let is_touched = |tile: &&(usize, usize)| {
        let (x, y) = (piece(&columns, tile.0), piece(&rows, tile.1));
        let piece = PixelRect { x: x.start, y: y.start, width: x.len(), height: y.len() };
        missing.iter().any(|other| is_in(piece, *other) && is_in(needed, *other))
    };
    missing.iter().filter(is_touched).copied().collect()
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
        while let Some(i) = next(&wanted, focus, &ready) {
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
    fn pieces_are_even_and_stay_where_they_are_while_they_are_encoded() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        let mut missing: Vec<_> = rect(10, 20, 7, 3).places().collect();
        let mut pieces = Vec::new();
        for needed in [rect(13, 21, 1, 1), rect(10, 20, 2, 1), rect(12, 20, 1, 1), rect(15, 21, 1, 2)] {
            let piece = together(&missing, needed, 3);
            missing.retain(|tile| !piece.contains(tile));
            pieces.push(piece.len());
        }
        // Columns 10 to 12, 13 and 14, 15 and 16.
        assert_eq!((pieces, missing.len()), (vec![6, 9, 0, 6], 0));
        let missing: Vec<_> = rect(0, 0, 6, 1).places().collect();
        assert_eq!(together(&missing, rect(2, 0, 2, 1), 3).len(), 6, "a tile between two pieces needs both");
    }

    #[test]
    fn tiles_with_features_come_before_nearer_ones_without() {
        let order = order(|part| part.key.column == 0);
        assert_eq!(order[8], (Source::NEURAL, 0, 0));
        assert_eq!(order[10], (Source::NEURAL, 2, 0));
    }
}
