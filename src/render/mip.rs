//! Tiles of the source's mip levels, which the window's canvas draws.

use super::request::RenderedSource;
use crate::geometry::{MIP_TILE, MipTile};
use crate::picture::Picture;
use rayon::prelude::*;

/// Source pixels that tiles are made of before the thread looks up: a few milliseconds of work.
const MIP_PIXELS: usize = 1 << 20;

/// Tiles that are sent together at most: half a megabyte.
const MIP_TILES: usize = 16;

/// The next mip tiles of a list, which are taken off it, a few milliseconds of work; none if there are none left.
pub(super) fn take_mip_tiles(list: &mut Vec<MipTile>) -> Option<Vec<MipTile>> {
    let mut pixels = 0;
    let is_enough = |tile: &MipTile| {
        pixels += (MIP_TILE * MIP_TILE) << (2 * tile.level);
        pixels > MIP_PIXELS
    };
    let count = list.iter().take(MIP_TILES).position(is_enough).unwrap_or(MIP_TILES);
    let tiles: Vec<MipTile> = list.drain(..count.max(1).min(list.len())).collect();
    (!tiles.is_empty()).then_some(tiles)
}

/// The pixels of mip tiles; before the first ones the table of the picture's colours is made.
pub(super) fn mip_tiles(picture: &Picture, tiles: &[MipTile]) -> RenderedSource {
    picture.color.table();
    RenderedSource { picture: picture.id, tiles: tiles.par_iter().map(|tile| picture.mip_tile(*tile)).collect() }
}
