//! Writing pictures: beside the target first, then renamed, so that no file is ever half.

use super::{Metadata, Raster};
use crate::error::Result;
use crate::geometry::Size;
use std::path::Path;

/// What to write.
#[derive(Clone, Debug)]
pub struct SaveOptions {
    /// Size of the whole output.
    pub size: Size,
    /// 3 or 4 channels.
    pub channels: usize,
    /// 8 or 16 bits a sample, where the format has both.
    pub bits: u8,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// What travels with the pixels.
    pub metadata: Metadata,
}

/// A picture file being written from top to bottom; dropping it unfinished leaves nothing behind.
pub struct PictureWriter;

impl PictureWriter {
    /// Starts a file; the format follows from the name's ending.
    ///
    /// # Errors
    /// [`crate::error::Error::Export`]: unknown ending, the file exists, the folder is missing or not writable, or
    /// the format cannot hold this size.
    pub fn create(_path: &Path, _options: SaveOptions) -> Result<Self> {
        unimplemented!()
    }

    /// Adds a band of full-width rows.
    ///
    /// # Errors
    /// [`crate::error::Error::Export`] if the disk is full or gone.
    pub fn write_rows(&mut self, _band: &Raster) -> Result<()> {
        unimplemented!()
    }

    /// Ends the file and gives it its name. Returns its size in bytes.
    ///
    /// # Errors
    /// [`crate::error::Error::Export`] if rows are missing or the file cannot be put in place.
    pub fn finish(self) -> Result<u64> {
        unimplemented!()
    }
}
