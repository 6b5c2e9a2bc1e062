//! In which order an export is made, so that its memory does not grow with the width of the source.
//!
//! A file wants whole rows, so an export is made in bands of them. If three pairs of rows of feature tiles fit the budget,
//! which is as many as a band can need, bands end where the pairs do and features are kept from band to band: every tile is
//! encoded once. In a wider picture only the tiles of a few columns are held at a time. There a band spans several rows of
//! tiles and ends in the middle of one, so that only the tiles of that row are encoded again, and its pixels are held
//! rounded as the file rounds them.

use crate::geometry::{FEATURE_TILE, SampleGrid};
use crate::render::RenderOptions;
use std::ops::Range;

/// Pixels that a band of a narrow picture may hold: 32 MiB of colours in single precision.
const BAND_PIXELS: usize = (32 << 20) / 12;

/// What a band of a wide picture may take.
const WIDE_BAND_BYTES: usize = 128 << 20;

/// Rows of feature tiles that it spans at most. Of all tiles one in so many is encoded twice.
const WIDE_BAND_TILES: f64 = 16.0;

/// Source rows whose features are encoded together in a narrower one: a halo of less would be most of the work.
const ROWS_TOGETHER: usize = 2 * FEATURE_TILE;

/// Rows and columns that are rendered at once, after which the gate is passed.
pub(super) const BLOCK_ROWS: usize = 256;
const BLOCK_COLUMNS: usize = 512;

/// The bands of an export, and what of them is rendered together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Output rows, from top to bottom.
    pub(super) bands: Vec<Range<usize>>,
    /// Output columns whose features are encoded together, for all rows of a band; none where those of all columns are.
    pub(super) chunk: Option<usize>,
    /// Output columns that are rendered at once.
    pub(super) block: usize,
    /// Memory for features: what bands have in common is encoded once, and what none needs any more is given back.
    pub(super) feature_bytes: usize,
}

impl Plan {
    /// For pixels of so many bytes in a band, and feature tiles of so many bytes; 0 where nothing is encoded. Of a picture
    /// that is not in memory a wide band spans no more than `most_source_rows`.
    pub(super) fn new(
        grid: &SampleGrid,
        pixel_bytes: usize,
        tile_bytes: usize,
        most_source_rows: Option<usize>,
    ) -> Self {
        let columns = (grid.x.pitch * grid.x.len as f64 / FEATURE_TILE as f64) as usize + 2;
        // A reduced axis reads many source pixels for one output pixel.
        let block = ((BLOCK_COLUMNS as f64 / grid.x.pitch.max(1.0)) as usize).max(1);
        let most_bytes = RenderOptions::EXPORT.feature_budget_bytes;
        let feature_bytes = 3 * ROWS_TOGETHER / FEATURE_TILE * columns * tile_bytes;
        if feature_bytes <= most_bytes {
            return Self { bands: bands(grid), chunk: None, block, feature_bytes };
        }
        // With those beside them, for what is evaluated at the edges.
        let held = most_bytes / (tile_bytes * (WIDE_BAND_TILES as usize + 2));
        let side = RenderOptions::EXPORT.max_encode_side.min(held.saturating_sub(2).max(1) * FEATURE_TILE);
        let together = (side as f64 / grid.x.pitch) as usize;
        let bands = wide_bands(grid, pixel_bytes, most_source_rows);
        Self { bands, chunk: Some(together.max(block)), block, feature_bytes: most_bytes }
    }

    /// The output rows whose features are encoded before those of a band are needed.
    pub(super) fn encoded_with(&self, band: &Range<usize>, grid: &SampleGrid) -> Range<usize> {
        if self.chunk.is_some() { band.clone() } else { rows_together(grid, band.start) }
    }

    /// Rows of the highest band.
    pub(super) fn most_rows(&self) -> usize {
        self.bands.iter().map(ExactSizeIterator::len).max().unwrap_or(0)
    }
}

/// Cuts the rows where the features that are encoded together change, and where a band would grow too large.
fn bands(grid: &SampleGrid) -> Vec<Range<usize>> {
    let most = (BAND_PIXELS / grid.x.len.max(1)).clamp(1, BLOCK_ROWS);
    cut(grid.y.len, |start| rows_together(grid, start).end.clamp(start + 1, start + most))
}

/// The output rows around `row` whose features are encoded together.
fn rows_together(grid: &SampleGrid, row: usize) -> Range<usize> {
    let per_group = (ROWS_TOGETHER as f64 / grid.y.pitch).max(1.0);
    let offset = grid.y.origin / grid.y.pitch;
    // The group of the row's middle: rounding never puts a row outside its own.
    let group = ((row as f64 + 0.5 + offset) / per_group).floor();
    let [start, end] = [group, group + 1.0].map(|group| (group * per_group - offset).round().max(0.0) as usize);
    start.min(row)..end.max(row + 1).min(grid.y.len)
}

/// Cuts the rows in the middle of feature tiles, as far apart as a band's memory allows; where not even half of that is
/// left by doing so, anywhere.
fn wide_bands(grid: &SampleGrid, pixel_bytes: usize, most_source_rows: Option<usize>) -> Vec<Range<usize>> {
    let per_tile = FEATURE_TILE as f64 / grid.y.pitch;
    let readable = most_source_rows.map_or(usize::MAX, |rows| (rows as f64 / grid.y.pitch) as usize);
    let room = (WIDE_BAND_BYTES / (grid.x.len * pixel_bytes).max(1)).min(readable);
    let most = room.min((WIDE_BAND_TILES * per_tile) as usize).max(1);
    let offset = grid.y.origin / grid.y.pitch;
    cut(grid.y.len, |start| {
        let tiles = ((start + most) as f64 + offset) / per_tile;
        let middle = ((tiles - 0.5).floor() + 0.5) * per_tile - offset;
        if middle > start as f64 + most as f64 / 2.0 { middle as usize } else { start + most }
    })
}

fn cut(len: usize, end_of: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    let mut bands = Vec::new();
    let mut start = 0;
    while start < len {
        let end = end_of(start).clamp(start + 1, len);
        bands.push(start..end);
        start = end;
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Region, Size, codes_for, feature_tiles_over};

    /// Feature tiles of the shipped model.
    const TILE_BYTES: usize = FEATURE_TILE * FEATURE_TILE * 64 * 2;

    fn assert_whole(bands: &[Range<usize>], len: usize) {
        assert_eq!((bands[0].start, bands[bands.len() - 1].end), (0, len));
        assert!(bands.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()));
    }

    #[test]
    fn bands_cover_every_row_once_and_end_at_feature_tiles() {
        for (y, height, len) in [(0.0, 300.0, 900), (90.0, 48.0, 1440), (11.3, 257.0, 77), (0.0, 1.0, 1)] {
            let grid = SampleGrid::spanning(Region { x: 0.0, y, width: 100.0, height }, Size::new(1000, len));
            assert_whole(&bands(&grid), len);
            assert_whole(&wide_bands(&grid, 3, None), len);
        }
        let grid = SampleGrid::spanning(Region { x: 0.0, y: 90.0, width: 48.0, height: 48.0 }, Size::new(1440, 1440));
        for (scale, top) in [(1.3, 0.0), (1.7, 0.0), (1.3, 127.6), (2.0, 5.0), (30.0, 90.0)] {
            let region = Region { x: 0.0, y: top, width: 100.0, height: 300.0 };
            let grid = SampleGrid::spanning(region, Size::new(130, (300.0 * scale) as usize));
            let plan = Plan { bands: bands(&grid), chunk: None, block: 1, feature_bytes: 0 };
            assert_whole(&plan.bands, grid.y.len);
            for band in &plan.bands {
                let encoded = plan.encoded_with(band, &grid);
                assert!(encoded.start <= band.start && band.end <= encoded.end, "×{scale}: {band:?} in {encoded:?}");
            }
            let short = plan.bands[1..plan.bands.len() - 1].iter().filter(|band| band.len() < 4).count();
            assert_eq!(short, 0, "×{scale}: {:?}", plan.bands);
        }
        let ends: Vec<_> = bands(&grid).iter().map(|band| band.end).collect();
        assert_eq!(ends, [256, 512, 768, 1024, 1140, 1396, 1440]);
    }

    /// How often tiles are encoded for so many that there are, the most bytes of features held, and those of a band.
    fn cost(source: Size, scale: f64, pixel_bytes: usize) -> (f64, usize, usize) {
        let size = Size::new((source.width as f64 * scale) as usize, (source.height as f64 * scale) as usize);
        let grid = SampleGrid::spanning(Region::whole(source), size);
        let plan = Plan::new(&grid, pixel_bytes, TILE_BYTES, None);
        let chunk = plan.chunk.expect("a wide picture");
        let tiles = |rows: Range<usize>, columns: Range<usize>| {
            feature_tiles_over(codes_for(&grid.slice(rows, columns), source).grown_within(2, source))
        };
        let (mut encoded, mut held) = (0, 0);
        for band in &plan.bands {
            // From chunk to chunk the tiles at the edge are kept.
            encoded += tiles(band.clone(), 0..size.width).area();
            held = held.max(tiles(band.clone(), size.width / 2..(size.width / 2 + chunk).min(size.width)).area());
        }
        let all = feature_tiles_over(source.rect()).area();
        (encoded as f64 / all as f64, held * TILE_BYTES, plan.most_rows() * size.width * pixel_bytes)
    }

    #[test]
    fn what_a_wide_picture_takes_does_not_grow_with_its_width() {
        for (width, scale) in [(6000, 1.5), (30_000, 1.5), (30_000, 4.0), (30_000, 8.0), (200_000, 2.0)] {
            let (_, features, band) = cost(Size::new(width, 2000), scale, 3);
            assert!(features <= RenderOptions::EXPORT.feature_budget_bytes, "{width} ×{scale}: {features} of features");
            assert!(band <= WIDE_BAND_BYTES, "{width} ×{scale}: a band of {band}");
        }
    }

    #[test]
    fn a_narrow_picture_holds_what_bands_have_in_common_and_no_more() {
        let source = Size::new(6000, 4000);
        for (width, scale, left) in
            [(1400.0, 1.03, 2000.0), (1400.0, 8.0, 2000.5), (48.0, 30.0, 63.0), (300.0, 1.5, 0.0)]
        {
            let region = Region { x: left, y: 1000.25, width, height: 1400.0 };
            let size = Size::new((width * scale) as usize, (1400.0 * scale) as usize);
            let grid = SampleGrid::spanning(region, size);
            let plan = Plan::new(&grid, 3, TILE_BYTES, None);
            assert_eq!(plan.chunk, None, "×{scale}");
            for band in &plan.bands {
                let part = grid.slice(plan.encoded_with(band, &grid), 0..size.width);
                let tiles = feature_tiles_over(codes_for(&part, source).grown_within(8, source));
                assert!(tiles.area() * TILE_BYTES <= plan.feature_bytes, "×{scale}: {band:?}");
            }
            let all = feature_tiles_over(codes_for(&grid, source));
            assert!(plan.feature_bytes < all.area() * TILE_BYTES, "×{scale}: all are held");
        }
    }

    #[test]
    fn of_strips_that_are_read_no_more_is_asked_than_can_be_kept() {
        let grid = SampleGrid::spanning(Region::whole(Size::new(60_000, 5000)), Size::new(120_000, 10_000));
        let plan = Plan::new(&grid, 3, TILE_BYTES, Some(100));
        assert_whole(&plan.bands, 10_000);
        assert!(plan.most_rows() <= 200 && Plan::new(&grid, 3, TILE_BYTES, None).most_rows() > 200);
    }

    #[test]
    fn tiles_are_not_encoded_over_and_over() {
        // Where encoding is most of the work; further in, decoding is.
        for (width, scale, most) in [(6000, 1.5, 1.2), (30_000, 1.1, 1.2), (30_000, 1.5, 1.35), (30_000, 2.0, 1.6)] {
            let (times, ..) = cost(Size::new(width, 6000), scale, 3);
            assert!(times <= most, "{width} ×{scale}: {times} times");
        }
    }

    #[test]
    fn nothing_is_held_back_where_nothing_is_encoded() {
        let grid = SampleGrid::spanning(Region::whole(Size::new(30_000, 100)), Size::new(60_000, 200));
        assert_eq!(Plan::new(&grid, 3, 0, None).chunk, None);
    }
}
