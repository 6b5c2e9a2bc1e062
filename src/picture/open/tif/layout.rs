//! How the samples of a page lie in its file.

use super::codec::Compression;
use super::color::Conversion;
use super::entries::{self as tag, Entries};
use super::samples::Number;
use super::shape::Shape;
use super::{Failure, subsampled};
use crate::geometry::PixelRect;
use std::ops::RangeInclusive;

/// What one strip or tile may take unpacked.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// What a part of a strip has at most that is read by itself, unless a row has more.
const SPLIT_BYTES: usize = 1 << 20;

/// Parts that strips are split into at most, all together: those of half a terabyte.
const MOST_PARTS: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Predictor {
    None,
    /// Each sample minus that of the pixel before.
    Difference,
    /// The bytes of floating-point numbers in planes, each minus the one before.
    Float,
}

pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bits of a sample.
    pub(super) bits: u32,
    /// Samples of a pixel.
    pub(super) samples: usize,
    number: Number,
    pub(super) is_planar: bool,
    pub(super) is_little: bool,
    /// Of a strip or tile; the last strip is cut off, tiles are whole.
    pub(super) chunk_width: usize,
    pub(super) chunk_height: usize,
    pub(super) is_tiled: bool,
    pub(super) predictor: Predictor,
    pub(super) compression: Compression,
    /// Pixels that share one pair of colour samples, across and down.
    pub(super) subsampling: (usize, usize),
    offsets: Vec<u64>,
    counts: Vec<u64>,
}

impl Layout {
    pub(super) fn of(entries: &Entries, is_little: bool, conversion: &Conversion) -> Result<Self, Failure> {
        let side = |tag| {
            let side = entries.number(tag).and_then(|side| u32::try_from(side).ok());
            side.filter(|side| *side > 0).map(|side| side as usize)
        };
        let size = side(tag::WIDTH).zip(side(tag::HEIGHT));
        let (width, height) = size.ok_or(Failure::Damaged("it does not say how large it is"))?;
        let is_tiled = entries.number(tag::TILE_OFFSETS).is_some();
        let chunk = if is_tiled {
            side(tag::TILE_WIDTH).zip(side(tag::TILE_HEIGHT)).ok_or(Failure::Damaged("its tiles have no size"))?
        } else {
            (width, side(tag::STRIP_ROWS).unwrap_or(height).min(height))
        };
        let places =
            if is_tiled { (tag::TILE_OFFSETS, tag::TILE_COUNTS) } else { (tag::STRIP_OFFSETS, tag::STRIP_COUNTS) };
        let offsets = entries.numbers(places.0).ok_or(Failure::Damaged("it does not say where its pixels are"))?;
        let layout = Self {
            width,
            height,
            bits: conversion.bits,
            samples: conversion.samples,
            number: conversion.number,
            is_planar: entries.number(tag::PLANAR) == Some(2) && conversion.samples > 1,
            is_little,
            chunk_width: chunk.0,
            chunk_height: chunk.1,
            is_tiled,
            predictor: predictor(entries, conversion)?,
            compression: Compression::of(entries)?,
            subsampling: subsampling(entries, conversion)?,
            counts: entries.numbers(places.1).unwrap_or_else(|| vec![u64::MAX; offsets.len()]),
            offsets,
        };
        layout.check()?;
        Ok(layout)
    }

    fn check(&self) -> Result<(), Failure> {
        let chunks = self.planes() * self.across() * self.height.div_ceil(self.chunk_height);
        if self.offsets.len() < chunks || self.counts.len() < chunks {
            return Err(Failure::Damaged("it says where only a part of its pixels is"));
        }
        if self.subsampling != (1, 1) && self.is_planar {
            return Err(Failure::Unsupported("its colours are coarser and in planes of their own".into()));
        }
        if matches!(self.compression, Compression::WebP) && self.is_planar {
            return Err(Failure::Unsupported("it is WebP in planes".into()));
        }
        if self.is_subsampled() && self.predictor != Predictor::None {
            return Err(Failure::Unsupported("its colours are coarser and predicted".into()));
        }
        Ok(())
    }

    /// Refuses strips and tiles that would not fit into memory.
    pub(super) fn check_memory(&self) -> Result<(), Failure> {
        let bits = [self.chunk_width, self.chunk_height, self.samples_of_chunk(), self.bits as usize];
        let bits = bits.into_iter().try_fold(1usize, usize::checked_mul);
        if bits.is_none_or(|bits| bits / 8 > MAX_CHUNK_BYTES) { Err(Failure::TooLarge) } else { Ok(()) }
    }

    /// Samples of a pixel that lie together.
    pub(super) fn samples_of_chunk(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    pub(super) fn planes(&self) -> usize {
        if self.is_planar { self.samples } else { 1 }
    }

    /// Strips or tiles beside each other.
    pub(super) fn across(&self) -> usize {
        self.width.div_ceil(self.chunk_width)
    }

    /// Whether pixels share their colour samples in the unpacked bytes. A picture's decoder has made them apart again.
    pub(super) fn is_subsampled(&self) -> bool {
        self.subsampling != (1, 1) && !self.compression.is_picture()
    }

    pub(super) fn row_bytes(&self) -> usize {
        (self.chunk_width * self.samples_of_chunk() * self.bits as usize).div_ceil(8)
    }

    /// Unpacked bytes of a strip or tile of so many rows.
    pub(super) fn chunk_bytes(&self, rows: usize) -> usize {
        if self.is_subsampled() {
            subsampled::chunk_bytes(self.subsampling, self.chunk_width, rows)
        } else {
            self.row_bytes() * rows
        }
    }

    /// What a strip or tile of so many rows becomes.
    pub(super) fn shape(&self, rows: usize) -> Shape {
        Shape {
            width: self.chunk_width,
            rows,
            samples: self.samples_of_chunk(),
            bits: self.bits,
            number: self.number,
            is_little: self.is_little,
            bytes: self.chunk_bytes(rows),
            most_bytes: self.chunk_bytes(self.chunk_height.max(rows)),
            most_rows: self.chunk_height.max(rows),
        }
    }

    /// The strips or tiles of a band, which is as high as one of them: from the left to the right, plane by plane.
    pub(super) fn chunks_of(&self, band: usize) -> impl Iterator<Item = usize> + use<> {
        let (across, planes) = (self.across(), self.planes());
        let in_plane = across * self.height.div_ceil(self.chunk_height);
        (0..planes).flat_map(move |plane| (0..across).map(move |x| plane * in_plane + band * across + x))
    }

    /// What a strip or tile covers, by its number in its plane.
    pub(super) fn rect_of(&self, index: usize) -> PixelRect {
        let (x, y) = (index % self.across() * self.chunk_width, index / self.across() * self.chunk_height);
        let (width, height) = (self.chunk_width.min(self.width - x), self.chunk_height.min(self.height - y));
        PixelRect { x, y, width, height }
    }

    /// The same strip or tile in all planes, by its number in the first.
    pub(super) fn planes_of(&self, index: usize) -> impl Iterator<Item = usize> + use<> {
        let in_plane = self.across() * self.height.div_ceil(self.chunk_height);
        (0..self.planes()).map(move |plane| plane * in_plane + index)
    }

    /// Makes large strips smaller where every row can be found in the file: those that are not compressed.
    pub(super) fn split(&mut self) {
        let is_plain = matches!(self.compression, Compression::None) && !self.is_tiled && !self.is_subsampled();
        let most = (SPLIT_BYTES / self.row_bytes().max(1)).max(1);
        if !is_plain || self.chunk_height <= most {
            return;
        }
        let strips = self.height.div_ceil(self.chunk_height);
        // Strips are equally high, but for the last of a plane.
        let is_whole = |rows: &usize| strips == 1 || self.chunk_height.is_multiple_of(*rows);
        let rows = (1..=most).rev().find(is_whole).unwrap_or(1);
        // So many have no file; each takes its place in memory.
        let all = self.planes().saturating_mul(strips).saturating_mul(self.chunk_height.div_ceil(rows));
        if all > MOST_PARTS {
            return;
        }
        let parts = |strip: usize| self.chunk_height.min(self.height - strip * self.chunk_height).div_ceil(rows);
        let places = (0..self.planes() * strips).flat_map(|i| (0..parts(i % strips)).map(move |part| (i, part)));
        let start = |(i, part): (usize, usize)| self.offsets[i].saturating_add((part * rows * self.row_bytes()) as u64);
        self.offsets = places.map(start).collect();
        self.counts = vec![u64::MAX; self.offsets.len()];
        self.chunk_height = rows;
    }

    /// Where a strip or tile is, and how many bytes it has at most.
    pub(super) fn place(&self, index: usize) -> Result<(u64, u64), Failure> {
        let place = self.offsets.get(index).copied().zip(self.counts.get(index).copied());
        let (offset, count) = place.ok_or(Failure::Damaged("it says where only a part of its pixels is"))?;
        let most = if matches!(self.compression, Compression::None) {
            self.chunk_bytes(self.chunk_height) as u64
        } else {
            u64::MAX
        };
        Ok((offset, count.min(most)))
    }
}

fn subsampling(entries: &Entries, conversion: &Conversion) -> Result<(usize, usize), Failure> {
    if !conversion.is_ycbcr() {
        return Ok((1, 1));
    }
    let factors = subsampled::factors(entries)?;
    let is_usual = conversion.samples == 3 && conversion.bits == 8;
    if is_usual || factors == (1, 1) {
        Ok(factors)
    } else {
        Err(Failure::Unsupported("its colours are coarser in an odd way".into()))
    }
}

fn predictor(entries: &Entries, conversion: &Conversion) -> Result<Predictor, Failure> {
    const FLOATS: RangeInclusive<u32> = 16..=64;
    match entries.number(tag::PREDICTOR).unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 => Ok(Predictor::Difference),
        3 if conversion.number == Number::Float && FLOATS.contains(&conversion.bits) => Ok(Predictor::Float),
        other => Err(Failure::Unsupported(format!("its predictor has the number {other}"))),
    }
}
