//! TIFF 6.0 and BigTIFF: grey, RGB, palettes, CMYK, YCbCr and Lab, in samples of 1 to 64 bits, whole numbers with and
//! without sign and floating point, in strips and tiles, interleaved and in planes.
//!
//! How values are scaled: the lowest number of a whole-number type is black and the highest white, also where there are
//! signs or 32 and 64 bits; floating-point values are linear light from 0 to 1, and what lies beyond is cut off.
//! Up to 8 bits become 8, more become 16. Not handled, and refused by name: JBIG and other rare compressions, camera RAW,
//! masks, HDR in logarithms.
//!
//! The directory is read by the walker that reads EXIF, streams are unpacked by libraries, some of which the `tiff`
//! crate uses itself; that crate knows fewer of these kinds, and panics at tiles in planes.

mod ccitt;
mod codec;
mod coded;
mod color;
mod entries;
mod lab;
mod layout;
mod lerc;
mod old_jpeg;
mod packed;
mod range;
mod regions;
mod rows;
mod samples;
mod shape;
mod subsampled;
mod ycbcr;

use super::failure::{damaged, too_large, unsupported};
use crate::picture::metadata::Walker;
use color::Conversion;
use entries::Entries;
use image::metadata::Orientation;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, ImageResult};
use layout::Layout;
use range::Range;
use rayon::prelude::*;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

pub(super) use regions::TifChunks;

/// What stops the decoding of a file.
#[derive(Debug)]
pub(super) enum Failure {
    /// What is not supported, in words that follow "this kind of TIFF file is not supported".
    Unsupported(String),
    /// What is wrong.
    Damaged(&'static str),
    Io(std::io::Error),
    /// It would take too much memory.
    TooLarge,
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for ImageError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unsupported(what) => unsupported(what),
            Failure::Damaged(what) => damaged(what),
            Failure::Io(error) => Self::IoError(error),
            Failure::TooLarge => too_large(),
        }
    }
}

const NOT_TIFF: Failure = Failure::Damaged("its first bytes are not those of a TIFF");

const OLD_JPEG: u64 = 6;

/// How often the bytes of a file may be read: thousands of strips can claim to be all of it.
const MOST_READINGS: u64 = 16;

/// Decodes one page.
pub(super) struct TifDecoder<R> {
    reader: R,
    layout: Layout,
    conversion: Conversion,
    icc_profile: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    /// Packed bytes that may still be read.
    left: u64,
}

impl<R: Read + Seek> TifDecoder<R> {
    /// Reads the directory of a page, counted from 0.
    pub(super) fn new(mut reader: R, page: usize) -> ImageResult<Self> {
        let mut walker = Walker::new(&mut reader).ok_or(NOT_TIFF)?;
        let start = walker.pages().get(page).copied().ok_or(Failure::Damaged("it has fewer pages"))?;
        Self::at(reader, start)
    }

    /// Reads the directory that is at `start`.
    pub(super) fn at(mut reader: R, start: u64) -> ImageResult<Self> {
        reader.rewind().map_err(Failure::from)?;
        let mut walker = Walker::new(&mut reader).ok_or(NOT_TIFF)?;
        let is_little = walker.is_little();
        let mut entries = Entries(walker.read(start, Entries::is_wanted));
        if entries.number(entries::COMPRESSION) == Some(OLD_JPEG) {
            old_jpeg::complete(&mut entries, &mut reader)?;
        }
        let conversion = Conversion::of(&entries)?;
        let layout = Layout::of(&entries, is_little, &conversion)?;
        let [icc_profile, xmp] = [entries::ICC_PROFILE, entries::XMP].map(|tag| entries.bytes(tag).map(<[u8]>::to_vec));
        let left = reader.seek(SeekFrom::End(0)).map_err(Failure::from)?.saturating_mul(MOST_READINGS);
        Ok(Self { reader, layout, conversion, icc_profile, xmp, left })
    }

    /// Its values, where how they are shown is not plain: all of them once it is decoded.
    pub(super) fn range(&self) -> Option<Arc<Range>> {
        self.conversion.range.clone()
    }

    /// Its strips and tiles one by one, turned upright.
    pub(super) fn into_chunks(self, orientation: Orientation) -> ImageResult<TifChunks<R>>
    where
        R: Send,
    {
        Ok(TifChunks::new(self.reader, self.layout, self.conversion, orientation)?)
    }

    /// The packed bytes of a strip or tile.
    fn chunk(&mut self, index: usize) -> Result<Vec<u8>, Failure> {
        let (offset, len) = self.layout.place(index)?;
        self.reader.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        (&mut self.reader).take(len.min(self.left)).read_to_end(&mut bytes)?;
        self.left -= bytes.len() as u64;
        if self.left == 0 { Err(Failure::Damaged("its strips are the same bytes again and again")) } else { Ok(bytes) }
    }

    fn decode(mut self, out: &mut [u8]) -> Result<(), Failure> {
        self.layout.check_memory()?;
        let row_bytes = self.layout.width * self.conversion.pixel_bytes();
        let band_bytes = row_bytes * self.layout.chunk_height.min(self.layout.height);
        let at_once = rayon::current_num_threads();
        for (batch, bands) in out.chunks_mut(band_bytes * at_once).enumerate() {
            let first = batch * at_once;
            let count = bands.len().div_ceil(band_bytes);
            let packed = (first..first + count)
                .map(|band| self.layout.chunks_of(band).map(|index| self.chunk(index)).collect())
                .collect::<Result<Vec<Vec<Vec<u8>>>, Failure>>()?;
            let (layout, conversion) = (&self.layout, &self.conversion);
            let bands = bands.par_chunks_mut(band_bytes).zip(packed);
            bands.try_for_each(|(rows, packed)| rows::fill(layout, conversion, packed, rows))?;
        }
        Ok(())
    }
}

impl<R: Read + Seek> ImageDecoder for TifDecoder<R> {
    fn dimensions(&self) -> (u32, u32) {
        (self.layout.width as u32, self.layout.height as u32)
    }

    fn color_type(&self) -> ColorType {
        self.conversion.color_type()
    }

    fn original_color_type(&self) -> ExtendedColorType {
        if self.conversion.is_into_srgb() { ExtendedColorType::Unknown(0) } else { self.color_type().into() }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.icc_profile.take())
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.xmp.take())
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        Ok(self.decode(out)?)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}
