//! Rows of an output that come in blocks, rounded as the file will round them.

use crate::geometry::Size;
use crate::picture::Raster;
use std::ops::Range;

/// How values are held. Those of 8 and 16 bits come back as values that round to the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    U8,
    U16,
    F32,
}

impl Depth {
    /// Bytes of a value.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::F32 => 4,
        }
    }
}

/// Values by depth.
enum Values {
    U8(Vec<u8>),
    U16(Vec<u16>),
    F32(Vec<f32>),
}

/// The rows.
pub(super) struct Band {
    size: Size,
    channels: usize,
    values: Values,
}

impl Band {
    /// Rows of zeros.
    pub(super) fn new(size: Size, channels: usize, depth: Depth) -> Self {
        let len = size.area() * channels;
        let values = match depth {
            Depth::U8 => Values::U8(vec![0; len]),
            Depth::U16 => Values::U16(vec![0; len]),
            Depth::F32 => Values::F32(vec![0.0; len]),
        };
        Self { size, channels, values }
    }

    /// Takes a block whose corner is at `row`, `column`.
    ///
    /// # Panics
    /// If it does not fit.
    pub(super) fn put(&mut self, row: usize, column: usize, block: &Raster) {
        assert!(block.channels == self.channels, "block does not fit");
        let (width, len) = (self.size.width * self.channels, block.size.width * self.channels);
        let start = row * width + column * self.channels;
        match &mut self.values {
            Values::U8(values) => copy(&block.to_u8(), len, &mut values[start..], width),
            Values::U16(values) => copy(&block.to_u16(), len, &mut values[start..], width),
            Values::F32(values) => copy(&block.data, len, &mut values[start..], width),
        }
    }

    /// Some of the rows.
    pub(super) fn rows(&self, rows: Range<usize>) -> Raster {
        let width = self.size.width * self.channels;
        let range = rows.start * width..rows.end * width;
        let data = match &self.values {
            Values::U8(values) => values[range].iter().map(|v| f32::from(*v) / 255.0).collect(),
            Values::U16(values) => values[range].iter().map(|v| f32::from(*v) / 65535.0).collect(),
            Values::F32(values) => values[range].to_vec(),
        };
        Raster { size: Size::new(self.size.width, rows.len()), channels: self.channels, data }
    }

    /// All of them.
    pub(super) fn into_raster(self) -> Raster {
        let Self { size, channels, values } = self;
        match values {
            Values::F32(data) => Raster { size, channels, data },
            values => Self { size, channels, values }.rows(0..size.height),
        }
    }
}

fn copy<T: Copy>(from: &[T], len: usize, to: &mut [T], width: usize) {
    for (from, to) in from.chunks_exact(len).zip(to.chunks_mut(width)) {
        to[..len].copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rounded_rounds_to_the_same_again() {
        let size = Size::new(1 << 16, 1);
        let data = (0..size.area()).flat_map(|v| [v as f32 / 65535.0, v as f32 / 70_000.0, 1.1]).collect();
        let block = Raster { size, channels: 3, data };
        for depth in [Depth::U8, Depth::U16, Depth::F32] {
            let mut band = Band::new(size, 3, depth);
            band.put(0, 0, &block);
            let back = band.rows(0..1);
            assert!(back.to_u8() == block.to_u8() || depth != Depth::U8);
            assert!(back.to_u16() == block.to_u16() || depth == Depth::U8);
            assert!(back == block || depth != Depth::F32);
        }
    }

    #[test]
    fn blocks_lie_where_they_were_put() {
        let block = |value| Raster { size: Size::new(2, 2), channels: 3, data: vec![value; 12] };
        let mut band = Band::new(Size::new(4, 3), 3, Depth::F32);
        band.put(0, 0, &block(1.0));
        band.put(1, 2, &block(2.0));
        let firsts: Vec<f32> = band.rows(1..3).data.into_iter().step_by(3).collect();
        assert_eq!(firsts, [1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 2.0, 2.0]);
        assert_eq!(band.into_raster().data.iter().step_by(3).sum::<f32>(), 12.0);
    }
}
