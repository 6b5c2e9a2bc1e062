//! How large an unpacked strip or tile is.

use super::samples::Number;

/// What a strip or tile is unpacked to.
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) rows: usize,
    /// Samples of a pixel.
    pub(super) samples: usize,
    /// Bits of a sample.
    pub(super) bits: u32,
    pub(super) number: Number,
    /// Whether samples of several bytes begin with the lowest.
    pub(super) is_little: bool,
    /// Bytes of it all.
    pub(super) bytes: usize,
    /// The same of the highest strip: the last one may be stored as high as the others.
    pub(super) most_bytes: usize,
    pub(super) most_rows: usize,
}

/// Rows by which a picture inside may be higher: its blocks may not end with the strip.
const MOST_OVERHANG: usize = 32;

impl Shape {
    /// Whether a picture of this size has the pixels, and not many more.
    pub(super) fn is_covered_by(&self, width: usize, rows: usize) -> bool {
        width == self.width && (self.rows..=self.most_rows + MOST_OVERHANG).contains(&rows)
    }
}
