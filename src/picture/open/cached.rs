//! A picture whose file can only be decoded from its beginning to its end: once, row by row, into tiles of raw samples in a file
//! without a name, of which any part can be read then. The file goes with the picture, and with a killed program.

use super::failure::describe_io;
use super::large::regions;
use super::limit::within_cache;
use super::pieces::Turn;
use super::{NOT_SURVIVED, convert};
use crate::atomic::ScratchFile;
use crate::geometry::{PixelRect, Size};
use crate::key::PictureId;
use crate::picture::regions::{Chunk, ChunkSource, RegionReader, Regions};
use crate::task::survive;
use image::ColorType;
use image::metadata::Orientation;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Columns of a tile, and rows at most.
const SIDE: usize = 256;

/// What a row of tiles takes in memory at most, where it has more rows than one.
const BAND_BYTES: usize = 64 << 20;

/// How the samples lie in the file: row of tiles by row of tiles, tile by tile, without gaps.
#[derive(Clone, Copy)]
struct Grid {
    size: Size,
    /// Bytes of a pixel.
    pixel: usize,
    /// Rows of a tile.
    rows: usize,
}

impl Grid {
    fn new(size: Size, color: ColorType) -> Self {
        let pixel = usize::from(color.bytes_per_pixel());
        Self { size, pixel, rows: (BAND_BYTES / (size.width * pixel).max(1)).clamp(1, SIDE) }
    }

    fn across(&self) -> usize {
        self.size.width.div_ceil(SIDE)
    }

    fn rect_of(&self, index: usize) -> PixelRect {
        let (x, y) = (index % self.across() * SIDE, index / self.across() * self.rows);
        PixelRect { x, y, width: SIDE.min(self.size.width - x), height: self.rows.min(self.size.height - y) }
    }

    fn offset_of(&self, rect: PixelRect) -> u64 {
        ((rect.y * self.size.width + rect.x * rect.height) * self.pixel) as u64
    }

    /// The rows of a band, tile by tile.
    fn tiles_of(&self, rows: &[u8]) -> Vec<u8> {
        let row_bytes = self.size.width * self.pixel;
        let parts = (0..self.across()).flat_map(|column| {
            let (from, to) = (column * SIDE * self.pixel, ((column + 1) * SIDE * self.pixel).min(row_bytes));
            rows.chunks_exact(row_bytes).map(move |row| &row[from..to])
        });
        let mut tiles = Vec::with_capacity(rows.len());
        parts.for_each(|part| tiles.extend_from_slice(part));
        tiles
    }
}

/// Takes the rows of a picture, of samples in the machine's own order.
pub(in crate::picture) struct TileWriter {
    file: ScratchFile,
    grid: Grid,
    color: ColorType,
    band: Vec<u8>,
}

impl TileWriter {
    /// Refuses with a sentence what has no room on the disk.
    pub(super) fn create(size: Size, color: ColorType) -> Result<Self, String> {
        let grid = Grid::new(size, color);
        let bytes = (size.area() as u64).saturating_mul(grid.pixel as u64);
        within_cache(bytes)?;
        Ok(Self { file: ScratchFile::create(bytes)?, grid, color, band: Vec::new() })
    }

    /// The same for upright RGB of 8 or 16 bits.
    ///
    /// # Errors
    /// If it has no room on the disk.
    pub(in crate::picture) fn of_rgb(size: Size, bits: u8) -> Result<Self, String> {
        Self::create(size, if bits == 8 { ColorType::Rgb8 } else { ColorType::Rgb16 })
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(in crate::picture) fn push(&mut self, row: &[u8]) -> Result<(), String> {
        self.band.extend_from_slice(row);
        if self.band.len() >= self.grid.rows * row.len() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), String> {
        let written = self.file.file().write_all(&self.grid.tiles_of(&self.band));
        self.band.clear();
        written.map_err(|error| format!("its pixels cannot be put on the disk ({error})"))
    }

    /// What an upright picture is read by, which has this name.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(in crate::picture) fn into_regions(self, content: PictureId) -> Result<Regions, String> {
        let turn = Turn { size: self.grid.size, orientation: Orientation::NoTransforms };
        Ok(regions(RegionReader::new(Arc::new(self.finish(turn)?)), Vec::new(), content))
    }

    /// The tiles, turned upright.
    pub(super) fn finish(mut self, turn: Turn) -> Result<Tiles, String> {
        self.flush()?;
        Ok(Tiles { file: Mutex::new(self.file), grid: self.grid, color: self.color, turn })
    }
}

/// The tiles of a whole picture.
pub(super) struct Tiles {
    file: Mutex<ScratchFile>,
    grid: Grid,
    color: ColorType,
    turn: Turn,
}

impl Tiles {
    /// Of the upright picture.
    pub(super) fn size(&self) -> Size {
        self.turn.turned(self.grid.size.rect()).size()
    }

    fn bytes(&self, rect: PixelRect) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; rect.area() * self.grid.pixel];
        // A file has no state but its place, which is set here.
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file: &File = file.file();
        file.seek(SeekFrom::Start(self.grid.offset_of(rect)))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl ChunkSource for Tiles {
    fn over(&self, rect: PixelRect) -> Vec<usize> {
        let (rect, grid) = (self.turn.stored(rect), &self.grid);
        let rows = rect.y / grid.rows..rect.bottom().div_ceil(grid.rows);
        let columns = rect.x / SIDE..rect.right().div_ceil(SIDE);
        rows.flat_map(|row| columns.clone().map(move |column| row * grid.across() + column)).collect()
    }

    fn rect(&self, index: usize) -> PixelRect {
        self.turn.turned(self.grid.rect_of(index))
    }

    fn is_packed(&self) -> bool {
        false
    }

    fn decode(&self, index: usize) -> Result<Chunk, String> {
        let stored = self.grid.rect_of(index);
        let bytes = self.bytes(stored).map_err(|error| describe_io(&error))?;
        let decode = || {
            let image = self.turn.upright(stored.size(), self.color, bytes).map_err(|error| error.to_string())?;
            let (rgb, alpha) = convert::into_samples(image, false);
            Ok(Chunk { rect: self.turn.turned(stored), rgb, alpha })
        };
        survive(decode).unwrap_or_else(|| Err(NOT_SURVIVED.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_comes_back_from_its_tile() {
        let size = Size::new(2 * SIDE + 77, SIDE + 9);
        let pixel = |i: usize| [i as u8, (i >> 8) as u8, (i >> 16) as u8];
        let rows: Vec<u8> = (0..size.area()).flat_map(pixel).collect();
        let mut writer = TileWriter::create(size, ColorType::Rgb8).unwrap();
        rows.chunks_exact(3 * size.width).for_each(|row| writer.push(row).unwrap());
        let tiles = writer.finish(Turn { size, orientation: Orientation::NoTransforms }).unwrap();
        let all = tiles.over(size.rect());
        assert_eq!(all, (0..6).collect::<Vec<_>>());
        for index in all {
            let chunk = tiles.decode(index).unwrap();
            for (at, (x, y)) in chunk.rect.places().enumerate() {
                let expected = pixel(y * size.width + x);
                assert_eq!([0, 1, 2].map(|c| chunk.rgb.value(3 * at + c) as u8), expected, "{x} {y}");
            }
        }
    }
}
