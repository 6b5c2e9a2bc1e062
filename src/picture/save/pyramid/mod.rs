//! Deep Zoom pyramids: a small file that tells sizes, and beside it a folder of tiles for every level, as viewers like
//! `OpenSeadragon` read them (Microsoft's Deep Zoom file format, schemas.microsoft.com/deepzoom/2008).
//!
//! Rows stream through all levels at once; of each as many are held as a row of tiles has. Level `n` is at most 2ⁿ pixels
//! wide and high, and each pixel the mean of four of the level above it. Tiles are JPEG, or PNG where nothing may be lost:
//! with opacity, and at quality 100. They are sRGB with 8 bits.

mod level;
mod tile;

use super::{SaveOptions, Sink};
use crate::atomic::{AtomicFolder, describe_io};
use crate::geometry::Size;
use crate::picture::Raster;
use level::{Level, OVERLAP, TILE};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tile::Tiles;

/// Bytes that are held of all levels: of each a row of tiles with its overlap, and of what comes in as much again.
pub(super) fn held_bytes(size: Size, channels: usize) -> u64 {
    let rows = 2 * (TILE + 2 * OVERLAP) as u64;
    (2 * size.width as u64).saturating_mul(rows * channels as u64)
}

pub(super) struct PyramidSink {
    file: File,
    folder: AtomicFolder,
    size: Size,
    tiles: Tiles,
    /// The largest first.
    levels: Vec<Level>,
}

impl PyramidSink {
    /// Starts the one whose file will be at `path`; its folder is called as that, with `_files` in place of the ending.
    pub(super) fn start(file: File, path: &Path, options: &SaveOptions) -> Result<Self, String> {
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push("_files");
        let is_level = |name: &str| name.parse::<u32>().is_ok();
        let folder = AtomicFolder::create(&path.with_file_name(name), options.overwrite, is_level)?;
        let tiles = Tiles::new(options.channels, options.quality);
        let levels = Level::all(options.size, options.channels);
        for level in &levels {
            std::fs::create_dir(level.folder(folder.part())).map_err(|error| describe_io(&error))?;
        }
        Ok(Self { file, folder, size: options.size, tiles, levels })
    }

    fn description(&self) -> String {
        let Size { width, height } = self.size;
        let ending = self.tiles.ending();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Image xmlns=\"http://schemas.microsoft.com/deepzoom/2008\" \
             Format=\"{ending}\" Overlap=\"{OVERLAP}\" TileSize=\"{TILE}\">\n  <Size Width=\"{width}\" \
             Height=\"{height}\"/>\n</Image>\n"
        )
    }
}

impl Sink for PyramidSink {
    fn write(&mut self, band: &Raster) -> Result<(), String> {
        // A row of tiles at a time, so that what is held does not depend on the band.
        let rows = band.to_u8();
        for part in rows.chunks(TILE * band.size.width * band.channels) {
            let mut rows = part.to_vec();
            for level in &mut self.levels {
                rows = level.take(&rows, &self.tiles, self.folder.part())?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, String> {
        self.file.write_all(self.description().as_bytes()).map_err(|error| describe_io(&error))?;
        let Self { folder, tiles, .. } = *self;
        // The file that names them comes after the tiles.
        folder.persist()?;
        Ok(tiles.bytes())
    }
}
