//! What a file says beside what its decoder tells.

use super::png_color::PngColor;
use std::time::Duration;

/// What was found in a file's own structure.
#[derive(Clone, Default)]
pub(in crate::picture) struct Remarks {
    /// What it says about the photograph, as an EXIF block.
    pub(in crate::picture) exif: Option<Vec<u8>>,
    /// Its XMP packet.
    pub(in crate::picture) xmp: Option<Vec<u8>>,
    /// Its IPTC-IIM records.
    pub(in crate::picture) iptc: Option<Vec<u8>>,
    /// What a PNG says of its colours beside a profile.
    pub(in crate::picture) png_color: PngColor,
    /// How it is to be turned, in EXIF's numbers.
    pub(in crate::picture) orientation: Option<u8>,
    /// How many pages it has; 0 where a file has one picture.
    pub(in crate::picture) pages: usize,
    /// How long each of them is shown, if they are frames of an animation.
    pub(in crate::picture) durations: Vec<Duration>,
    /// Its dots per inch.
    pub(in crate::picture) dpi: Option<f64>,
    /// What the person should know: half a sentence.
    pub(in crate::picture) note: Option<String>,
}
