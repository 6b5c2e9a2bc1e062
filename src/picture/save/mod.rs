//! Writing pictures: beside the target first, then renamed, so that no file is ever half.
//!
//! PNG and TIFF are written band by band and need the memory of a band, Deep Zoom pyramids that of two rows of tiles, AVIF
//! that of one and of what is coded; the other formats are gathered whole, since their encoders want it so. Everything that can be refused is refused before the first pixel is computed.

mod avif;
mod buffered;
mod format;
mod jxl;
mod png;
mod pyramid;
mod roundtrip;
mod tiff;

use super::metadata::{adapt, block_of_resolution, xmp};
use super::{Metadata, Raster};
use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::geometry::Size;
use std::path::Path;

pub use format::{formats, gathered_bytes, holds_profiles, most_xmp_bytes, written_bits};
pub use roundtrip::{Chroma, through_jpeg};

/// What to write.
#[derive(Clone, Debug)]
pub struct SaveOptions {
    /// Size of the whole output.
    pub size: Size,
    /// 3 or 4 channels.
    pub channels: usize,
    /// 8 or 16 bits a sample, where the format has both.
    pub bits: u8,
    /// Quality of JPEG and AVIF, 1 to 100.
    pub quality: u8,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// Dots per inch for those who print it.
    pub dpi: Option<f64>,
    /// What travels with the pixels.
    pub metadata: Metadata,
}

impl SaveOptions {
    /// The EXIF block of a format that has no other place for the resolution.
    fn exif_with_resolution(&self) -> Option<Vec<u8>> {
        self.metadata.exif.clone().or_else(|| self.dpi.map(block_of_resolution))
    }
}

/// One format's way of taking rows. Rows arrive from top to bottom and never more than there are.
trait Sink: Send {
    /// Takes a band that fits the options.
    fn write(&mut self, band: &Raster) -> Result<(), String>;

    /// Writes what is still held back. Every row has been given. Says how many bytes lie beside the file itself.
    fn finish(self: Box<Self>) -> Result<u64, String>;
}

/// A picture file being written from top to bottom; dropping it unfinished leaves nothing behind.
pub struct PictureWriter {
    // Before `target`, so that its handle is closed when the file is removed.
    sink: Box<dyn Sink>,
    target: AtomicFile,
    options: SaveOptions,
    rows_written: usize,
}

impl PictureWriter {
    /// Starts a file; the format follows from the name's ending, one of [`formats`].
    ///
    /// # Errors
    /// [`crate::error::Error::Export`]: unknown ending, the file exists, the folder is missing or not writable, or
    /// the format cannot hold this size.
    pub fn create(path: &Path, mut options: SaveOptions) -> Result<Self> {
        let refuse = |reason: String| Error::export(path, reason);
        let format = format::Format::of(path).map_err(refuse)?;
        format.check(&options).map_err(refuse)?;
        if let Some(exif) = &mut options.metadata.exif {
            adapt(exif, options.size, options.dpi);
        }
        let packet = options.metadata.xmp.take();
        options.metadata.xmp = packet.and_then(|packet| xmp::adapt(packet, options.size, options.dpi));
        let target = AtomicFile::create(path, options.overwrite).map_err(refuse)?;
        let file = target.file().map_err(refuse)?;
        let sink = format.start(file, target.path(), &options).map_err(refuse)?;
        Ok(Self { sink, target, options, rows_written: 0 })
    }

    /// Adds a band of full-width rows.
    ///
    /// # Errors
    /// [`crate::error::Error::Export`] if the disk is full or gone, or the band does not belong to this picture.
    pub fn write_rows(&mut self, band: &Raster) -> Result<()> {
        let SaveOptions { size, channels, .. } = self.options;
        let fits = band.size.width == size.width
            && band.channels == channels
            && band.data.len() == band.size.area() * channels
            && self.rows_written + band.size.height <= size.height;
        if !fits {
            let reason = format!("a band of {} pixels does not belong to a picture of {size}", band.size);
            return Err(Error::export(self.target.path(), reason));
        }
        self.rows_written += band.size.height;
        self.sink.write(band).map_err(|reason| Error::export(self.target.path(), reason))
    }

    /// Ends the file and gives it its name. Returns its size in bytes.
    ///
    /// # Errors
    /// [`crate::error::Error::Export`] if rows are missing or the file cannot be put in place.
    pub fn finish(self) -> Result<u64> {
        let Self { sink, target, options, rows_written } = self;
        let path = target.path().to_owned();
        let refuse = |reason: String| Error::export(&path, reason);
        if rows_written != options.size.height {
            let reason = format!("only {rows_written} of its {} rows were rendered", options.size.height);
            return Err(refuse(reason));
        }
        let beside = sink.finish().map_err(refuse)?;
        Ok(target.persist().map_err(refuse)? + beside)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_full_disk_is_noticed_however_late() {
        for (ending, height) in
            formats().iter().flat_map(|ending| [(ending, if *ending == "jxl" { 2 } else { 1 }), (ending, 400)])
        {
            let size = Size::new(300, height);
            let metadata = Metadata::default();
            let options =
                SaveOptions { size, channels: 3, bits: 8, quality: 90, overwrite: false, dpi: None, metadata };
            let full = File::options().write(true).open("/dev/full").unwrap();
            let format = format::Format::of(&Path::new("a").with_extension(ending)).unwrap();
            let outcome = format.start(full, Path::new("a"), &options).and_then(|mut sink| {
                sink.write(&Raster::new(size, 3))?;
                sink.finish()
            });
            assert!(outcome.unwrap_err().contains("disk is full"), "{ending}, {height} rows");
        }
    }
}
