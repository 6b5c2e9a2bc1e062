//! What a file carries beside its pixels: the colour profile, what the camera wrote (EXIF), what people and programs
//! wrote (XMP), and how finely it is to be printed.

mod block;
mod directory;
mod png;
mod remarks;
pub(super) mod resolution;
mod shot;
mod tiff;
mod walk;
pub(super) mod xmp;

pub use shot::Shot;

pub(super) use block::{adapt, without_prefix};
pub(super) use directory::{Directory, TiffEntry, Value, header};
pub(super) use png::png_remarks;
pub(super) use remarks::Remarks;
pub(super) use shot::is_adobe_rgb;
pub(super) use tiff::{directories_of, tiff_remarks};
pub(super) use walk::Walker;

/// What travels from a picture to its exports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The ICC profile that describes the RGB samples that the picture holds.
    pub icc_profile: Option<Vec<u8>>,
    /// The EXIF block, a small TIFF file, with its orientation reset, since the pixels are already upright.
    pub exif: Option<Vec<u8>>,
    /// The XMP packet, UTF-8, with its orientation reset.
    pub xmp: Option<Vec<u8>>,
    /// Dots per inch on paper, if the file says so.
    pub dpi: Option<f64>,
}

impl Metadata {
    /// What the camera wrote, for people; empty without EXIF, or with a damaged one.
    pub fn shot(&self) -> Shot {
        self.exif.as_deref().map(Shot::read).unwrap_or_default()
    }
}
