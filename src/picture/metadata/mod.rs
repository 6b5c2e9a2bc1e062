//! What a file carries beside its pixels: the colour profile, what the camera wrote (EXIF), what people and programs
//! wrote (XMP, and IPTC-IIM before it), and how finely it is to be printed.

mod block;
mod directory;
pub(super) mod iptc;
mod png;
mod png_color;
mod provenance;
mod remarks;
pub(super) mod resolution;
mod shot;
mod tiff;
mod walk;
mod xml;
pub(super) mod xmp;

pub use provenance::{Provenance, SourceType, packet_of_export};
pub use shot::Shot;

pub(super) use block::{adapt, without_prefix};
pub(super) use directory::{Directory, TiffEntry, Value, header};
pub(super) use png::png_remarks;
pub(super) use png_color::PngColor;
pub(super) use remarks::Remarks;
pub(super) use shot::is_adobe_rgb;
pub(super) use tiff::{block_of_resolution, directories_of, sensor_places, tiff_remarks};
pub(super) use walk::Walker;

use crate::key::MetadataId;

/// What travels from a picture to its exports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The ICC profile that describes the RGB samples that the picture holds.
    pub icc_profile: Option<Vec<u8>>,
    /// The EXIF block, a small TIFF file, with its orientation reset, since the pixels are already upright.
    pub exif: Option<Vec<u8>>,
    /// The XMP packet, UTF-8, with its orientation reset.
    pub xmp: Option<Vec<u8>>,
    /// IPTC-IIM records.
    pub iptc: Option<Vec<u8>>,
    /// Dots per inch on paper, if the file says so.
    pub dpi: Option<f64>,
}

impl Metadata {
    /// Name of all of it.
    pub fn id(&self) -> MetadataId {
        let dpi = self.dpi.map(f64::to_le_bytes);
        let dpi = dpi.as_ref().map(|dpi| &dpi[..]);
        let parts = [self.icc_profile.as_deref(), self.exif.as_deref(), self.xmp.as_deref(), dpi, self.iptc.as_deref()];
        MetadataId::of(parts.map(Option::unwrap_or_default))
    }

    /// How it was made, if it is an export that says so.
    pub fn provenance(&self) -> Option<Provenance> {
        self.xmp.as_deref().and_then(Provenance::read)
    }

    /// The kind of its source by the IPTC vocabulary, if it says so.
    pub fn source_type(&self) -> Option<SourceType> {
        self.xmp.as_deref().and_then(SourceType::read)
    }

    /// What the camera wrote, for people; empty without EXIF, or with a damaged one.
    pub fn shot(&self) -> Shot {
        self.exif.as_deref().map(Shot::read).unwrap_or_default()
    }
}
