//! One page by its strips and tiles, for pictures that are not held in memory.

use super::layout::Layout;
use super::{Conversion, Failure, rows};
use crate::geometry::{PixelRect, Size};
use crate::picture::open::pieces::Turn;
use image::metadata::Orientation;
use image::{DynamicImage, ImageResult};
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// What a strip or tile may take unpacked: several are held at a time.
const MAX_CHUNK_BYTES: usize = 64 << 20;

/// Bytes that a packed strip or tile has at most for each unpacked one, beside some more.
const MOST_PACKED: u64 = 2;

pub(in crate::picture::open) struct TifChunks<R> {
    reader: Mutex<R>,
    layout: Layout,
    conversion: Conversion,
    turn: Turn,
}

impl<R: Read + Seek + Send> TifChunks<R> {
    /// Refuses strips and tiles of which several do not fit into memory.
    pub(super) fn new(
        reader: R,
        mut layout: Layout,
        conversion: Conversion,
        orientation: Orientation,
    ) -> Result<Self, Failure> {
        layout.split();
        let pixels = layout.chunk_width.saturating_mul(layout.chunk_height);
        let largest = layout.chunk_bytes(layout.chunk_height) * layout.planes();
        if pixels.saturating_mul(conversion.pixel_bytes()).max(largest) > MAX_CHUNK_BYTES {
            return Err(Failure::TooLarge);
        }
        let turn = Turn { size: Size::new(layout.width, layout.height), orientation };
        Ok(Self { reader: Mutex::new(reader), layout, conversion, turn })
    }

    /// Of the upright picture.
    pub(in crate::picture::open) fn size(&self) -> Size {
        self.turn.turned(self.turn.size.rect()).size()
    }

    /// The numbers of the strips or tiles, those of one plane, that lie over a rectangle of the upright picture.
    pub(in crate::picture::open) fn over(&self, rect: PixelRect) -> Vec<usize> {
        let (rect, layout) = (self.turn.stored(rect), &self.layout);
        let rows = rect.y / layout.chunk_height..rect.bottom().div_ceil(layout.chunk_height);
        let columns = rect.x / layout.chunk_width..rect.right().div_ceil(layout.chunk_width);
        rows.flat_map(|row| columns.clone().map(move |column| row * layout.across() + column)).collect()
    }

    /// What one of them covers of the upright picture.
    pub(in crate::picture::open) fn rect(&self, index: usize) -> PixelRect {
        self.turn.turned(self.layout.rect_of(index))
    }

    /// One of them, upright, and what it covers.
    pub(in crate::picture::open) fn decode(&self, index: usize) -> ImageResult<(DynamicImage, PixelRect)> {
        let layout = &self.layout;
        let stored = layout.rect_of(index);
        let packed = layout.planes_of(index).map(|index| self.packed(index)).collect::<Result<Vec<_>, _>>()?;
        let mut bytes = vec![0; stored.area() * self.conversion.pixel_bytes()];
        rows::fill_chunk(layout, &self.conversion, packed, stored.size(), &mut bytes)?;
        let image = self.turn.upright(stored.size(), self.conversion.color_type(), bytes)?;
        Ok((image, self.turn.turned(stored)))
    }

    fn packed(&self, index: usize) -> Result<Vec<u8>, Failure> {
        let (offset, len) = self.layout.place(index)?;
        let most = MOST_PACKED * self.layout.chunk_bytes(self.layout.chunk_height) as u64 + (1 << 16);
        let mut bytes = Vec::new();
        // A reader has no state but its place, which is set here.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.seek(SeekFrom::Start(offset))?;
        (&mut *reader).take(len.min(most)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
