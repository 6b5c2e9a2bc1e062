//! Decoded pictures: opening, resampling, saving.
//!
//! A [`Picture`] holds the file's own encoded RGB, which is what super-resolution models are trained on; colour
//! management belongs to the display ([`ColorSpace`]). Alpha is kept beside it, never multiplied in.
//!
//! Pictures that would take too much memory are read by rectangles ([`regions`]). Whoever wants pixels asks for a
//! [`Patch`], which is borrowed from memory or read.

mod apart;
mod boxes;
mod color;
mod color_chunks;
mod color_table;
mod conversion;
mod exposure;
mod gain_map;
mod hdr;
mod inks;
mod metadata;
mod mip;
mod open;
mod overview;
mod page_reader;
mod pages;
mod pairs;
mod read;
pub mod regions;
pub mod resample;
pub mod save;
mod screen;
mod segments;

pub use crate::raster::Raster;
pub use apart::{DecoderProgram, decode_apart_by, is_apart, serve as serve_decoder};
pub use color::ColorSpace;
pub use color_table::ColorTable;
pub use exposure::{Exposure, Which};
pub use metadata::{Metadata, Provenance, Shot, SourceType, packet_of_export};
pub use mip::MipPixels;
pub use open::{HELD_BYTES, MAX_DECODED_BYTES, decoded_limit, is_picture_path, opening_time};
pub use page_reader::PageReader;
pub use pages::{Pages, Timing};
pub use pairs::{list_pictures, small_versions};
pub use regions::Patch;
pub use screen::Screen;

use crate::geometry::Size;
use crate::key::PictureId;
use crate::task::{Interrupt, NEVER};
use regions::Regions;
use std::path::{Path, PathBuf};

/// Interleaved samples, as deep as the file's.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 8 bits each.
    U8(Vec<u8>),
    /// 16 bits each; also what floating-point files become, encoded with the sRGB curve.
    U16(Vec<u16>),
}

impl Samples {
    /// So many samples of the same value, of which those of 8 bits take the upper half.
    fn filled(bits: u8, len: usize, value: u16) -> Self {
        if bits == 8 { Self::U8(vec![(value >> 8) as u8; len]) } else { Self::U16(vec![value; len]) }
    }

    /// Sample `index` as it is.
    #[inline]
    pub fn value(&self, index: usize) -> u16 {
        match self {
            Self::U8(values) => u16::from(values[index]),
            Self::U16(values) => values[index],
        }
    }

    /// Changes sample `index` to a value of its depth.
    fn set(&mut self, index: usize, value: u16) {
        match self {
            Self::U8(values) => values[index] = value as u8,
            Self::U16(values) => values[index] = value,
        }
    }

    /// Sample `index`, scaled to [0, 1].
    #[inline]
    pub fn unit(&self, index: usize) -> f32 {
        match self {
            Self::U8(values) => f32::from(values[index]) / 255.0,
            Self::U16(values) => f32::from(values[index]) / 65535.0,
        }
    }

    /// Writes the samples `range` into `out`, scaled to [0, 1].
    pub fn read_unit(&self, range: std::ops::Range<usize>, out: &mut [f32]) {
        match self {
            Self::U8(values) => out.iter_mut().zip(&values[range]).for_each(|(o, v)| *o = f32::from(*v) / 255.0),
            Self::U16(values) => out.iter_mut().zip(&values[range]).for_each(|(o, v)| *o = f32::from(*v) / 65535.0),
        }
    }

    /// Bits of a sample.
    pub fn bits(&self) -> u8 {
        match self {
            Self::U8(_) => 8,
            Self::U16(_) => 16,
        }
    }

    /// Whether the samples of every pixel of RGB are the same.
    fn is_grey(&self) -> bool {
        fn all_same<T: PartialEq>(values: &[T]) -> bool {
            values.as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b)
        }
        match self {
            Self::U8(values) => all_same(values),
            Self::U16(values) => all_same(values),
        }
    }

    /// Their bytes in memory, for hashing.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::U8(values) => values,
            Self::U16(values) => bytemuck::cast_slice(values),
        }
    }
}

/// A decoded picture, upright, in RGB.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Name of its content.
    pub id: PictureId,
    /// Where it came from; empty if from memory.
    pub path: PathBuf,
    /// Its size after orientation.
    pub size: Size,
    /// RGB, interleaved, row-major: `height * width * 3`. None, of the same depth, if it is read by rectangles: whoever
    /// does not want to care asks for a [patch](Self::patch).
    pub rgb: Samples,
    /// Opacity, `height * width`, if the file has any pixel that is not opaque. None if it is read by rectangles, but
    /// whether it has opacity is right.
    pub alpha: Option<Samples>,
    /// What it is read by if it is not in memory.
    pub regions: Option<Regions>,
    /// The file format, as people call it.
    pub format: &'static str,
    /// Whether red, green and blue are the same in every pixel: whatever is made of it is grey too.
    pub is_grey: bool,
    /// What its RGB means.
    pub color: ColorSpace,
    /// What travels with it.
    pub metadata: Metadata,
    /// What the person should know about it: half a sentence that follows the picture's name.
    pub notice: Option<String>,
    /// Which page or frame of its file it is.
    pub pages: Pages,
    /// How it is exposed, if its file holds light: floating-point numbers, or HDR.
    pub exposure: Option<Exposure>,
}

impl Picture {
    /// A picture from samples in memory.
    ///
    /// # Panics
    /// If the number of samples does not fit the size.
    pub fn from_samples(size: Size, rgb: Samples, alpha: Option<Samples>) -> Self {
        let values = rgb.as_bytes().len() * 8 / usize::from(rgb.bits());
        assert_eq!(values, size.area() * 3, "RGB samples do not fit {size}");
        let shape = [size.width as u64, size.height as u64];
        let opacity = alpha.as_ref().map_or(&[][..], Samples::as_bytes);
        Self {
            id: PictureId::of([bytemuck::cast_slice(&shape), rgb.as_bytes(), opacity]),
            path: PathBuf::new(),
            size,
            is_grey: rgb.is_grey(),
            rgb,
            alpha,
            regions: None,
            format: "memory",
            color: ColorSpace::default(),
            metadata: Metadata::default(),
            notice: None,
            pages: Pages::default(),
            exposure: None,
        }
    }

    /// An opaque 8-bit picture from `height * width * 3` samples in memory.
    pub fn from_rgb8(size: Size, rgb: Vec<u8>) -> Self {
        Self::from_samples(size, Samples::U8(rgb), None)
    }

    /// Opens a picture file into memory: orientation applied, RGB whatever the file's mode, within [`decoded_limit`].
    ///
    /// # Errors
    /// [`crate::error::Error::Picture`] for a missing, unreadable, damaged, empty, unknown or too large file.
    pub fn open(path: &Path) -> crate::error::Result<Self> {
        Self::open_unless(path, NEVER)
    }

    /// As [`Self::open`], but a page of a TIFF file, a frame of an animation, or the light of a
    /// JPEG with a gain map (1), counted from 0. Every other file has one.
    ///
    /// # Errors
    /// As [`Self::open`], and if there is no such page.
    pub fn open_page(path: &Path, page: usize) -> crate::error::Result<Self> {
        open::open(path, page.into(), u64::MAX, NEVER)
    }

    /// As [`Self::open`], giving up soon after `interrupt` says that nobody wants the picture any more.
    ///
    /// # Errors
    /// As [`Self::open`], and [`crate::error::Error::Cancelled`].
    pub fn open_unless(path: &Path, interrupt: Interrupt<'_>) -> crate::error::Result<Self> {
        open::open(path, Which::default(), u64::MAX, interrupt)
    }

    /// As [`Self::open_page`], in a process of its own where there is one ([`decode_apart_by`]), exposed if that is asked, but a
    /// picture whose samples take more than `held_bytes` (usually
    /// [`HELD_BYTES`]) is not brought into memory, where its file can be read by rectangles.
    ///
    /// # Errors
    /// As [`Self::open_page`], [`crate::error::Error::Cancelled`], and if an exposure is asked of a file that holds no light.
    pub fn open_within(
        path: &Path,
        which: impl Into<Which>,
        held_bytes: u64,
        interrupt: Interrupt<'_>,
    ) -> crate::error::Result<Self> {
        page_reader::read_once(path, which.into(), held_bytes, interrupt)
    }

    /// The size of a file's picture before it is turned upright, by its header alone.
    ///
    /// # Errors
    /// [`crate::error::Error::Picture`] for what [`Self::open`] would refuse without reading on.
    pub fn size_of(path: &Path) -> crate::error::Result<Size> {
        open::size_of(path)
    }

    /// How a file was made, if it is an export that says so, without decoding its pixels.
    ///
    /// # Errors
    /// [`crate::error::Error::Picture`] for a file whose header cannot be read.
    pub fn provenance_of(path: &Path) -> crate::error::Result<Option<Provenance>> {
        open::packet_of(path).map(|packet| packet.as_deref().and_then(Provenance::read))
    }

    /// How many bytes the samples of a page, counted from 0, will take, by its header; nothing if that cannot be told, as where
    /// [`Self::open`] would refuse the file, or `interrupt` says that nobody wants to know any more.
    pub fn decoded_bytes(path: &Path, page: usize, interrupt: Interrupt<'_>) -> Option<u64> {
        open::decoded_bytes(path, page, interrupt)
    }

    /// Names the picture by what its RGB means too, where that is not sRGB: the same numbers look different then.
    fn with_color(mut self, color: ColorSpace) -> Self {
        if let Some(profile) = self.metadata.icc_profile.as_ref().filter(|_| !color.is_srgb()) {
            self.id = PictureId::of([self.id.to_string().as_bytes(), profile]);
        }
        Self { color, ..self }
    }

    /// The same picture as a screen shows it. It keeps its name: whoever shows it has one screen.
    #[must_use]
    pub fn seen_on(self, screen: &Screen) -> Self {
        let color = self.color.clone().seen_on(screen, self.metadata.icc_profile.as_deref());
        Self { color, ..self }
    }

    /// Channels that it is rendered with: 3, or 4 with opacity.
    pub fn channels(&self) -> usize {
        if self.alpha.is_some() { 4 } else { 3 }
    }

    /// How many bytes its samples occupy, or may occupy if it is read by rectangles.
    pub fn byte_len(&self) -> usize {
        let held = self.rgb.as_bytes().len() + self.alpha.as_ref().map_or(0, |alpha| alpha.as_bytes().len());
        let read = |regions: &Regions| {
            let smaller = regions.smaller.iter().filter(|smaller| smaller.regions.is_none());
            regions::CHUNK_BUDGET_BYTES + smaller.map(Self::byte_len).sum::<usize>()
        };
        held + self.regions.as_ref().map_or(0, read)
    }

    /// The file's name without its folder, for people.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(|| "untitled".into(), |name| name.to_string_lossy().into_owned())
    }
}
