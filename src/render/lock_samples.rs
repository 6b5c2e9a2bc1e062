//! Samples of the function by source pixels: those of a block are kept together.

use crate::geometry::{PixelRect, Size};
use crate::picture::resample::BackProjection;
use std::collections::HashMap;
use std::sync::Arc;

/// Samples of a block.
pub(super) type Samples = Arc<Vec<[f32; 3]>>;

/// A picture's source pixels in blocks.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    /// Rows and columns of source pixels in a block.
    pub(super) side: usize,
    /// The picture's.
    pub(super) size: Size,
}

impl Blocks {
    /// The blocks over a rectangle, counted in blocks.
    pub(super) fn over(self, rect: PixelRect) -> PixelRect {
        let (x, y) = (rect.x / self.side, rect.y / self.side);
        PixelRect { x, y, width: rect.right().div_ceil(self.side) - x, height: rect.bottom().div_ceil(self.side) - y }
    }

    /// The source pixels of blocks.
    pub(super) fn pixels(self, blocks: PixelRect) -> PixelRect {
        let Self { side, size } = self;
        let (x, y) = (blocks.x * side, blocks.y * side);
        let (right, bottom) = ((blocks.right() * side).min(size.width), (blocks.bottom() * side).min(size.height));
        PixelRect { x, y, width: right - x, height: bottom - y }
    }
}

/// Colours at the samples of a rectangle of source pixels.
pub(super) struct Values<'a> {
    projection: BackProjection,
    rect: PixelRect,
    colors: &'a [[f32; 3]],
}

impl<'a> Values<'a> {
    pub(super) fn new(projection: BackProjection, rect: PixelRect, colors: &'a [f32]) -> Self {
        Self { projection, rect, colors: colors.as_chunks().0 }
    }

    /// Those of a smaller rectangle, row by row.
    pub(super) fn of(&self, smaller: PixelRect) -> Vec<[f32; 3]> {
        let [rows, columns] = self.projection.part(self.rect, smaller);
        let across = self.projection.samples(self.rect).x.len;
        rows.flat_map(|y| self.colors[y * across..][columns.clone()].iter().copied()).collect()
    }
}

/// A part of samples, of which there are so many `across`: from `first` (row, column) on, as many as `size`.
pub(super) fn part_of(samples: &[[f32; 3]], across: usize, (row, column): (usize, usize), size: Size) -> Vec<f32> {
    let rows = samples.chunks_exact(across).skip(row).take(size.height);
    rows.flat_map(|line| line[column..column + size.width].as_flattened()).copied().collect()
}

/// The samples of a rectangle out of those of the blocks over it.
pub(super) fn assemble(
    projection: BackProjection,
    rect: PixelRect,
    (places, blocks): (Blocks, &HashMap<(usize, usize), Samples>),
) -> Vec<[f32; 3]> {
    let (points, [_, all]) = (projection.samples(rect), projection.part(rect, rect));
    let mut samples = vec![[0.0; 3]; points.y.len * all.len()];
    for (block, values) in blocks {
        let own = places.pixels(PixelRect::at(*block));
        let Some(common) = own.intersection(rect) else { continue };
        let values = Values { projection, rect: own, colors: values }.of(common);
        let [rows, columns] = projection.part(rect, common);
        for (y, line) in rows.zip(values.chunks_exact(columns.len())) {
            samples[y * all.len()..][columns.clone()].copy_from_slice(line);
        }
    }
    samples
}
