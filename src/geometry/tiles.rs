//! The two tilings: features (fixed, in source pixels) and the view (per zoom, in screen pixels).

use super::{PixelRect, SampleGrid, Size};

/// Side of a feature tile, in source pixels.
pub const FEATURE_TILE: usize = 64;

/// Side of a tile of the view, in output pixels. Of the tiles at the edges of the canvas only the part on it is made.
pub const VIEW_TILE: usize = 128;

/// The source pixels of feature tile (`column`, `row`) in a picture of `size`; tiles at the far edges are smaller.
pub fn feature_tile_rect(column: usize, row: usize, size: Size) -> PixelRect {
    let (x, y) = (column * FEATURE_TILE, row * FEATURE_TILE);
    PixelRect { x, y, width: FEATURE_TILE.min(size.width - x), height: FEATURE_TILE.min(size.height - y) }
}

/// The latent codes that a decoder reads for `grid`.
pub fn codes_for(grid: &SampleGrid, size: Size) -> PixelRect {
    let (rows, columns) = (grid.y.code_range(size.height), grid.x.code_range(size.width));
    PixelRect { x: columns.start, y: rows.start, width: columns.len(), height: rows.len() }
}

/// The feature tiles, counted in tiles, that hold the given codes.
pub fn feature_tiles_over(codes: PixelRect) -> PixelRect {
    let (x, y) = (codes.x / FEATURE_TILE, codes.y / FEATURE_TILE);
    PixelRect {
        x,
        y,
        width: codes.right().div_ceil(FEATURE_TILE) - x,
        height: codes.bottom().div_ceil(FEATURE_TILE) - y,
    }
}

/// Groups missing tiles (`column`, `row`) into full rectangles of at most `max_side` tiles a side, so that one halo
/// serves several tiles. Every tile is in exactly one rectangle.
pub fn merge_tiles(missing: &[(usize, usize)], max_side: usize) -> Vec<PixelRect> {
    let mut left: std::collections::BTreeSet<(usize, usize)> = missing.iter().map(|&(c, r)| (r, c)).collect();
    let mut merged = Vec::new();
    while let Some(&(row, column)) = left.first() {
        let width = (1..max_side).take_while(|d| left.contains(&(row, column + d))).count() + 1;
        let is_full = |r: usize| (column..column + width).all(|c| left.contains(&(r, c)));
        let height = (1..max_side).take_while(|d| is_full(row + d)).count() + 1;
        for r in row..row + height {
            for c in column..column + width {
                left.remove(&(r, c));
            }
        }
        merged.push(PixelRect { x: column, y: row, width, height });
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Region;

    #[test]
    fn merged_rectangles_partition_the_missing_tiles() {
        let missing = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (5, 3)];
        let merged = merge_tiles(&missing, 2);
        let area: usize = merged.iter().map(|r| r.area()).sum();
        assert_eq!(area, missing.len());
        assert_eq!(merged[0], PixelRect { x: 0, y: 0, width: 2, height: 2 });
        assert!(merged.iter().all(|r| r.width <= 2 && r.height <= 2));
    }

    #[test]
    fn a_view_deep_inside_one_tile_needs_that_tile() {
        let size = Size::new(451, 300);
        let region = Region { x: 150.0, y: 150.0, width: 48.0, height: 48.0 };
        let codes = codes_for(&SampleGrid::spanning(region, Size::new(1440, 1440)), size);
        assert_eq!(codes, PixelRect { x: 149, y: 149, width: 50, height: 50 });
        assert_eq!(feature_tiles_over(codes.grown_within(1, size)), PixelRect { x: 2, y: 2, width: 2, height: 2 });
    }
}
