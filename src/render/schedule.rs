//! In which order the view's tiles are made. Pure: a list in, the next one out.

use crate::geometry::VIEW_TILE;
use crate::key::TileKey;

/// The next tile to make: the cheapest quality first for the whole view, then those whose features are ready, then by
/// distance to the focus, an output pixel (x, y). Returns its place in `wanted`.
pub fn next(wanted: &[TileKey], focus_in_output: [f64; 2], is_ready: impl Fn(&TileKey) -> bool) -> Option<usize> {
    let rank = |key: &TileKey| {
        let must_encode = key.quality.is_neural() && !is_ready(key);
        (key.quality, must_encode, distance(key, focus_in_output))
    };
    let ranked = wanted.iter().map(rank).enumerate();
    ranked.min_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2))).map(|(i, _)| i)
}

/// From the focus to the nearest point of a tile, squared; ties broken by the distance to its centre.
fn distance(key: &TileKey, focus: [f64; 2]) -> f64 {
    let side = VIEW_TILE as f64;
    let axis = |index: usize, focus: f64| {
        let start = index as f64 * side;
        let outside = (start - focus).max(focus - start - side).max(0.0);
        let to_center = start + side / 2.0 - focus;
        outside * outside + 1e-6 * to_center * to_center
    };
    axis(key.column, focus[0]) + axis(key.row, focus[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{ModelId, PictureId, Quality, Strength};

    /// The order in which four columns and two rows of tiles are made.
    fn order(ready: impl Fn(&TileKey) -> bool) -> Vec<(Quality, usize, usize)> {
        let (picture, model) = (PictureId::of([]), ModelId::of([]));
        let scale = (2.0f64.to_bits(), 2.0f64.to_bits());
        let key = |i: usize| {
            let quality = if i < 8 { Quality::Neural } else { Quality::Resampled };
            TileKey { picture, model, scale, column: i % 4, row: i / 4 % 2, quality, strength: Strength::FULL }
        };
        let mut wanted: Vec<TileKey> = (0..16).map(key).collect();
        let mut order = Vec::new();
        let focus = [2.35, 0.4].map(|tiles| tiles * VIEW_TILE as f64);
        while let Some(i) = next(&wanted, focus, &ready) {
            let key = wanted.swap_remove(i);
            order.push((key.quality, key.column, key.row));
        }
        order
    }

    #[test]
    fn resampled_first_then_from_the_cursor_outwards() {
        let order = order(|_| true);
        assert_eq!(order.len(), 16);
        assert!(order[..8].iter().all(|(quality, ..)| *quality == Quality::Resampled));
        assert_eq!(
            order[8..12],
            [2, 1, 2, 3].iter().zip([0, 0, 1, 0]).map(|(c, r)| (Quality::Neural, *c, r)).collect::<Vec<_>>()[..]
        );
        assert_eq!(order[15], (Quality::Neural, 0, 1));
    }

    #[test]
    fn tiles_with_features_come_before_nearer_ones_without() {
        let order = order(|key| key.column == 0);
        assert_eq!(order[8], (Quality::Neural, 0, 0));
        assert_eq!(order[10], (Quality::Neural, 2, 0));
    }
}
