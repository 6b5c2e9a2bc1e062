//! The source at mip levels: level `l` has means of 2^l × 2^l source pixels, of fewer at the far edges.

use super::tiles::FEATURE_TILE;
use super::{PixelRect, Size};

/// Side of a tile of a mip level, in that level's pixels: tiles of level 0 are feature tiles.
pub const MIP_TILE: usize = FEATURE_TILE;

/// A tile of a mip level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MipTile {
    /// The level; 0 is the source itself.
    pub level: u32,
    /// Its column, counted in tiles of this level.
    pub column: usize,
    /// Its row.
    pub row: usize,
}

impl MipTile {
    /// The tiles of a level that hold some of its pixels, row by row.
    pub fn over(level: u32, pixels: PixelRect) -> impl Iterator<Item = Self> {
        let (columns, rows) = (tiles_over(pixels.x, pixels.right()), tiles_over(pixels.y, pixels.bottom()));
        rows.flat_map(move |row| columns.clone().map(move |column| Self { level, column, row }))
    }

    /// Where its centre lies, (x, y) in source pixels.
    pub fn center(self) -> [f64; 2] {
        let side = (MIP_TILE << self.level) as f64;
        [(self.column as f64 + 0.5) * side, (self.row as f64 + 0.5) * side]
    }

    /// Its pixels, counted in the level's, in a picture of `size` source pixels; none if it lies outside.
    pub fn rect(self, size: Size) -> Option<PixelRect> {
        let tile = PixelRect { x: self.column * MIP_TILE, y: self.row * MIP_TILE, width: MIP_TILE, height: MIP_TILE };
        mip_size(size, self.level).rect().intersection(tile)
    }
}

fn tiles_over(start: usize, end: usize) -> std::ops::Range<usize> {
    start / MIP_TILE..end.div_ceil(MIP_TILE)
}

/// The size of a level of a picture.
pub fn mip_size(picture: Size, level: u32) -> Size {
    Size::new(picture.width.div_ceil(1 << level), picture.height.div_ceil(1 << level))
}

/// The pixels of a level that lie over source pixels.
pub fn mip_rect(source: PixelRect, level: u32) -> PixelRect {
    let (x, y) = (source.x >> level, source.y >> level);
    let (right, bottom) = (source.right().div_ceil(1 << level), source.bottom().div_ceil(1 << level));
    PixelRect { x, y, width: right - x, height: bottom - y }
}

/// The level whose pixels are as large as a sample of `pitch` source pixels, or smaller by less than half; 0 if that is
/// no reduction.
pub fn mip_level(pitch: f64) -> u32 {
    // A pitch of exactly 2 may come back from a division as 2 - 4e-16.
    (pitch * (1.0 + 1e-9)).max(1.0).log2() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_one_to_two_pixels_of_its_level() {
        assert_eq!([0.01, 1.0, 1.99, 2.0, 3.9, 4.0 - 1e-12, 64.0].map(mip_level), [0, 0, 0, 1, 1, 2, 6]);
    }

    #[test]
    fn tiles_of_a_level_cover_it() {
        let size = Size::new(1000, 300);
        assert_eq!(mip_size(size, 2), Size::new(250, 75));
        let all: Vec<MipTile> = MipTile::over(2, mip_rect(size.rect(), 2)).collect();
        assert_eq!(all.len(), 4 * 2);
        let area: usize = all.iter().filter_map(|tile| tile.rect(size)).map(PixelRect::area).sum();
        assert_eq!(area, 250 * 75);
        assert_eq!(all[7], MipTile { level: 2, column: 3, row: 1 });
        assert_eq!(all[7].center(), [3.5 * 256.0, 1.5 * 256.0]);
        assert_eq!(MipTile { level: 2, column: 4, row: 0 }.rect(size), None);
    }
}
