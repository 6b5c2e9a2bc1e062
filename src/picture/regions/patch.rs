//! Source pixels of a rectangle: borrowed from a picture in memory, or read.

use super::Samples;
use crate::geometry::PixelRect;
use std::borrow::Cow;
use std::ops::Range;

/// Pixels of a picture that cover a rectangle that was asked for.
#[derive(Clone, Debug)]
pub struct Patch<'a> {
    /// What it covers, in pixels of the picture.
    pub rect: PixelRect,
    /// RGB, interleaved, row-major: `height * width * 3` of the rectangle.
    pub rgb: Cow<'a, Samples>,
    /// Opacity, `height * width`, if the picture has it.
    pub alpha: Option<Cow<'a, Samples>>,
}

impl Patch<'_> {
    /// Where the pixels of some columns of a row are, both counted in the whole picture.
    ///
    /// # Panics
    /// If the patch begins beyond them.
    #[inline]
    pub fn pixels(&self, row: usize, columns: Range<usize>) -> Range<usize> {
        let start = (row - self.rect.y) * self.rect.width;
        start + (columns.start - self.rect.x)..start + (columns.end - self.rect.x)
    }
}
