//! One level: rows come in, tiles go to files, and rows of half the size go on to the next one.

use super::tile::Tiles;
use crate::geometry::Size;
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The side of a tile without what it has of its neighbours, in pixels: with that it is 256.
pub(super) const TILE: usize = 254;

/// Pixels that a tile has of its neighbours, on each side where there is one.
pub(super) const OVERLAP: usize = 1;

pub(super) struct Level {
    number: usize,
    size: Size,
    channels: usize,
    /// Rows of the tiles that are not written yet, from `first` on.
    rows: Vec<u8>,
    first: usize,
    /// Rows that have come in.
    received: usize,
    /// The next row of tiles.
    row_of_tiles: usize,
    /// A row that waits for the one below it to be shrunk with.
    waiting: Option<Vec<u8>>,
}

impl Level {
    /// All levels of a picture, the largest first.
    pub(super) fn all(size: Size, channels: usize) -> Vec<Self> {
        let most = size.width.max(size.height).next_power_of_two().ilog2() as usize;
        let level = |number: usize| {
            let side = |pixels: usize| pixels.div_ceil(1 << (most - number));
            Self {
                number,
                size: Size::new(side(size.width), side(size.height)),
                channels,
                rows: Vec::new(),
                first: 0,
                received: 0,
                row_of_tiles: 0,
                waiting: None,
            }
        };
        (0..=most).rev().map(level).collect()
    }

    /// Where its tiles lie.
    pub(super) fn folder(&self, pyramid: &Path) -> PathBuf {
        pyramid.join(self.number.to_string())
    }

    /// Takes whole rows, writes the tiles that are complete, and gives the rows of the next level.
    pub(super) fn take(&mut self, rows: &[u8], tiles: &Tiles, pyramid: &Path) -> Result<Vec<u8>, String> {
        let row_bytes = self.size.width * self.channels;
        self.rows.extend_from_slice(rows);
        self.received += rows.len() / row_bytes;
        while let Some(range) = self.complete_rows() {
            self.write_tiles(range, tiles, pyramid)?;
            self.row_of_tiles += 1;
            // What the next ones have of these stays.
            let next = (self.row_of_tiles * TILE).saturating_sub(OVERLAP).min(self.received);
            self.rows.drain(..(next - self.first) * row_bytes);
            self.first = next;
        }
        Ok(self.shrink(rows))
    }

    /// The rows of the next row of tiles, if all of them are there.
    fn complete_rows(&self) -> Option<Range<usize>> {
        let range = with_overlap(self.row_of_tiles, self.size.height)?;
        (range.end <= self.received).then_some(range)
    }

    fn write_tiles(&self, rows: Range<usize>, tiles: &Tiles, pyramid: &Path) -> Result<(), String> {
        let folder = self.folder(pyramid);
        let row_bytes = self.size.width * self.channels;
        (0..self.size.width.div_ceil(TILE)).into_par_iter().try_for_each(|column| {
            let Some(columns) = with_overlap(column, self.size.width) else { return Ok(()) };
            let size = Size::new(columns.len(), rows.len());
            let mut pixels = Vec::with_capacity(size.area() * self.channels);
            for row in rows.clone() {
                let start = (row - self.first) * row_bytes;
                pixels.extend_from_slice(
                    &self.rows[start + columns.start * self.channels..start + columns.end * self.channels],
                );
            }
            let name = format!("{column}_{}.{}", self.row_of_tiles, tiles.ending());
            tiles.write(&folder.join(name), &pixels, size)
        })
    }

    /// The rows of the next level that these complete. The last row, or column, stands for two where their number is odd.
    fn shrink(&mut self, rows: &[u8]) -> Vec<u8> {
        let mut shrunk = Vec::new();
        if self.number == 0 {
            return shrunk;
        }
        let row_bytes = self.size.width * self.channels;
        let before = self.received - rows.len() / row_bytes;
        for (at, row) in rows.chunks_exact(row_bytes).enumerate() {
            let is_last = before + at + 1 == self.size.height;
            match self.waiting.take() {
                Some(above) => half_row(&above, row, self.channels, &mut shrunk),
                None if is_last => half_row(row, row, self.channels, &mut shrunk),
                None => self.waiting = Some(row.to_vec()),
            }
        }
        shrunk
    }
}

/// The pixels of a tile along an axis, if there is such a tile.
fn with_overlap(tile: usize, len: usize) -> Option<Range<usize>> {
    let start = tile * TILE;
    (start < len).then(|| start.saturating_sub(OVERLAP)..(start + TILE + OVERLAP).min(len))
}

/// The mean of each four pixels. Colours count by their opacity.
fn half_row(above: &[u8], below: &[u8], channels: usize, out: &mut Vec<u8>) {
    let pixels = above.len() / channels;
    for x in (0..pixels).step_by(2) {
        let next = (x + 1).min(pixels - 1);
        let four = [(above, x), (above, next), (below, x), (below, next)]
            .map(|(row, at)| &row[at * channels..(at + 1) * channels]);
        let sum = |value: &dyn Fn(&[u8]) -> u32| four.iter().map(|pixel| value(pixel)).sum::<u32>();
        if channels != 4 {
            out.extend((0..channels).map(|c| ((sum(&|pixel| pixel[c].into()) + 2) / 4) as u8));
            continue;
        }
        let alpha = sum(&|pixel| pixel[3].into());
        out.extend((0..3).map(|c| match alpha {
            0 => ((sum(&|pixel| pixel[c].into()) + 2) / 4) as u8,
            alpha => ((sum(&|pixel| u32::from(pixel[c]) * u32::from(pixel[3])) + alpha / 2) / alpha) as u8,
        }));
        out.push(((alpha + 2) / 4) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_halve_down_to_one_pixel() {
        let sizes = |width, height| {
            let levels = Level::all(Size::new(width, height), 3);
            levels.iter().map(|level| (level.number, level.size.width, level.size.height)).collect::<Vec<_>>()
        };
        assert_eq!(sizes(1, 1), [(0, 1, 1)]);
        assert_eq!(sizes(5, 2), [(3, 5, 2), (2, 3, 1), (1, 2, 1), (0, 1, 1)]);
        assert_eq!(sizes(600, 300)[..2], [(10, 600, 300), (9, 300, 150)]);
        assert_eq!(sizes(513, 512)[0].0, 10);
    }

    #[test]
    fn tiles_have_a_pixel_of_their_neighbours() {
        assert_eq!(with_overlap(0, 100), Some(0..100));
        assert_eq!(with_overlap(0, 255), Some(0..255));
        assert_eq!(with_overlap(1, 255), Some(253..255));
        assert_eq!(with_overlap(1, 900), Some(253..509));
        assert_eq!(with_overlap(1, 254), None);
    }

    #[test]
    fn means_are_of_four_and_by_opacity() {
        let mut out = Vec::new();
        half_row(&[0, 10, 20], &[4, 20, 30], 1, &mut out);
        assert_eq!(out, [9, 25]);
        out.clear();
        half_row(&[200, 0, 0, 255, 9, 9, 9, 0], &[100, 0, 0, 255, 9, 9, 9, 0], 4, &mut out);
        assert_eq!(out, [150, 0, 0, 128]);
    }
}
