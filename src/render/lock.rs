//! The consistency lock's share of rendering: samples of the function, kept by blocks of source pixels.
//!
//! What they are depends on the picture, the model, the arithmetic and the size of an output pixel, not on the window: every
//! view, tile and export of one zoom sees the same residual ([`BackProjection`]).

use super::color::with_opacity;
use super::ensemble::{FindFeatures, Function};
use super::lock_samples::{Blocks, Samples, Values, assemble, part_of};
use super::model::LoadedModel;
use super::sample;
use crate::decode::{self, KnownPoints};
use crate::error::Result;
use crate::feature::FeaturePrecision;
use crate::geometry::{PixelRect, SampleGrid, Size, merge_tiles};
use crate::key::{DecodedBy, PictureId};
use crate::lru::ByteLru;
use crate::picture::resample::{BackProjection, alpha_region, bicubic_region};
use crate::picture::{Picture, Raster};
use crate::recipe::{Ensemble, Sampling, Strength};
use crate::task::Interrupt;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows and columns of source pixels whose samples are kept together.
const BLOCK: usize = 4;

/// The same where there are many samples to a pixel: less is evaluated around a view.
const LATTICE_BLOCK: usize = 2;

/// Source pixels along a side whose samples are evaluated in one go.
const TOGETHER: usize = 128;

/// Memory for samples, in bytes.
const BUDGET_BYTES: usize = 32 << 20;

/// Samples that are brought together at a time: 24 MB, and as much again on their way.
const MOST_SAMPLES: usize = 2_000_000;

/// What keeping a block takes beside its samples: its name twice, and what maps and allocations have around it.
const ENTRY_BYTES: usize = 2 * size_of::<BlockKey>() + 128;

/// Samples of a block.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct BlockKey {
    picture: PictureId,
    by: DecodedBy,
    ensemble: Ensemble,
    /// Bits of the pixel that the network is told, in y and x. How many samples there are follows from it: where it is clamped,
    /// as many as at any deeper zoom.
    cell: [u64; 2],
    density: Density,
    /// Column and row, counted in blocks.
    block: (usize, usize),
}

/// Makes the function's own colours of some rows of a grid; what is known of them is told.
pub(super) type DecodeRows<'a> = &'a dyn Fn(Range<usize>, Option<KnownPoints<'_>>) -> Result<Raster>;

/// At how many samples the function is evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Density {
    /// At two along an axis, where what it adds to the source is smooth: they are enough.
    Coarse,
    /// At all.
    Full,
    /// At points of the lattice from which its pixels are interpolated, so many to a source pixel: none of them is evaluated twice.
    Lattice(usize),
}

/// Samples of the function, and what is made of them.
pub(super) struct Locks(Mutex<ByteLru<BlockKey, Samples>>);

/// Whose colours are locked.
#[derive(Clone, Copy)]
pub(super) struct Locked<'a> {
    pub(super) function: Function<'a>,
    pub(super) grid: &'a SampleGrid,
    pub(super) precision: FeaturePrecision,
}

impl Locked<'_> {
    /// The size of a pixel (y, x).
    fn pitch(&self) -> [f64; 2] {
        [self.grid.y.pitch, self.grid.x.pitch]
    }

    /// Points of the lattice along a source pixel, if its colours are interpolated from one. An ensemble's members have each
    /// their own, of which the mean is of no use to them.
    fn lattice(&self) -> Option<usize> {
        let Function { model, ensemble, sampling, .. } = self.function;
        model.decoder.lattice(self.pitch(), sampling).filter(|_| ensemble == Ensemble::One)
    }

    fn projection(&self) -> BackProjection {
        let size = self.function.picture.size;
        let on_lattice = |points| BackProjection::on_lattice(points, size);
        self.lattice().map_or_else(|| BackProjection::new(self.pitch(), size), on_lattice)
    }

    /// Its projection if fewer samples may be enough: a live network answers so fast that nothing is to be saved.
    fn coarse_projection(&self) -> Option<BackProjection> {
        self.projection().coarse(self.pitch()).filter(|_| !self.function.model.is_live())
    }

    fn blocks(&self) -> Blocks {
        let side = if self.lattice().is_some() { LATTICE_BLOCK } else { BLOCK };
        Blocks { side, size: self.function.picture.size }
    }

    /// How many samples are evaluated at first.
    fn density(&self) -> Density {
        match (self.lattice(), self.coarse_projection()) {
            (Some(points), _) => Density::Lattice(points),
            (None, Some(_)) => Density::Coarse,
            (None, None) => Density::Full,
        }
    }

    /// Where the grid's own samples begin among the picture's, if the function is evaluated there.
    fn own_samples(&self) -> Option<(usize, usize)> {
        let Function { model, sampling, .. } = self.function;
        let is_evaluated = decode::sample_points(self.grid, model.decoder.sampling(sampling)) == *self.grid;
        self.projection().own_samples(self.grid).filter(|_| is_evaluated)
    }

    /// So many rows of the grid have not too many samples.
    fn rows_at_a_time(&self) -> usize {
        let row = self.grid.slice(0..self.grid.y.len.min(1), 0..self.grid.x.len);
        let pixels = self.projection().needs(&row).width;
        let of_a_source_row = self.projection().samples(PixelRect { x: 0, y: 0, width: pixels, height: 1 });
        let source_rows = MOST_SAMPLES / of_a_source_row.size().area().max(1);
        ((source_rows as f64 / self.grid.y.pitch) as usize).max(1)
    }

    fn key(&self, block: (usize, usize)) -> BlockKey {
        let Function { picture, model, ensemble, cell, .. } = self.function;
        BlockKey {
            picture: picture.id,
            by: model.decoded_by(self.precision),
            ensemble,
            cell: cell.map(f64::to_bits),
            density: self.density(),
            block,
        }
    }
}

/// The source pixels whose features locked colours on `grid` take.
pub(super) fn pixels_for(model: &LoadedModel, size: Size, grid: &SampleGrid) -> PixelRect {
    let projection = BackProjection::new([grid.y.pitch, grid.x.pitch], size);
    let blocks = Blocks { side: BLOCK, size };
    let rect = blocks.pixels(blocks.over(projection.needs(grid)));
    sample::pixels_for(model, size, &projection.samples(rect), Sampling::Exact)
}

impl Default for Locks {
    fn default() -> Self {
        Self(Mutex::new(ByteLru::new(BUDGET_BYTES)))
    }
}

impl Locks {
    /// Colours, not clamped, corrected by `share`. `features` finds those of source pixels, where samples are missing; `decode`
    /// is asked for the function's own colours of some rows, where they are not among the samples, and told what is known.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, or as `features` and `decode`.
    pub(super) fn colors(
        &self,
        locked: Locked<'_>,
        share: Strength,
        (features, interrupt): (FindFeatures<'_>, Interrupt<'_>),
        decode: DecodeRows<'_>,
    ) -> Result<Raster> {
        let (grid, mut data) = (locked.grid, Vec::new());
        let height = locked.rows_at_a_time();
        for first in (0..grid.y.len).step_by(height) {
            let rows = first..(first + height).min(grid.y.len);
            let band = Locked { grid: &grid.slice(rows.clone(), 0..grid.x.len), ..locked };
            data.extend(self.band(band, share, (features, interrupt), (decode, rows))?.data);
        }
        Ok(Raster { size: grid.size(), channels: locked.function.picture.channels(), data })
    }

    /// The same of a few rows, which are these of all.
    fn band(
        &self,
        locked: Locked<'_>,
        share: Strength,
        (features, interrupt): (FindFeatures<'_>, Interrupt<'_>),
        (decode, rows): (DecodeRows<'_>, Range<usize>),
    ) -> Result<Raster> {
        let (projection, picture, size) = (locked.projection(), locked.function.picture, locked.grid.size());
        let needed = projection.needs(locked.grid);
        let blocks = self.blocks(locked, locked.blocks().over(needed), features, interrupt)?;
        let (points, samples) = (projection.samples(needed), assemble(projection, needed, (locked.blocks(), &blocks)));
        let mut colors = if let Some((row, column)) = locked.own_samples().filter(|_| size.area() > 0) {
            let [above, before] = projection.part(picture.size.rect(), needed).map(|samples| samples.start);
            let corner = (row - above, column - before);
            with_opacity(picture, locked.grid, part_of(&samples, points.x.len, corner, size))
        } else {
            let known = KnownPoints { points: &points, values: &samples };
            decode(rows, locked.lattice().map(|_| known))?
        };
        projection.correct(&mut colors, locked.grid, (&samples, share.share()), |rect| known_pixels(picture, rect));
        Ok(colors)
    }

    /// The samples of blocks, evaluated where they are missing.
    fn blocks(
        &self,
        locked: Locked<'_>,
        wanted: PixelRect,
        features: FindFeatures<'_>,
        interrupt: Interrupt<'_>,
    ) -> Result<HashMap<(usize, usize), Samples>> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        let name = locked.key((0, 0));
        {
            let mut kept = self.lock();
            for block in wanted.places() {
                match kept.get(&BlockKey { block, ..name }) {
                    Some(samples) => drop(found.insert(block, samples.clone())),
                    None => missing.push(block),
                }
            }
        }
        let density = locked.density();
        self.evaluate(locked, &missing, density, (features, interrupt), &mut found)?;
        if density == Density::Coarse {
            missing.retain(|block| !found.contains_key(block));
            self.evaluate(locked, &missing, Density::Full, (features, interrupt), &mut found)?;
        }
        Ok(found)
    }

    /// Evaluates blocks, keeps them, and puts them into `found`; not those for which coarse samples are too few.
    fn evaluate(
        &self,
        locked: Locked<'_>,
        blocks: &[(usize, usize)],
        density: Density,
        (features, interrupt): (FindFeatures<'_>, Interrupt<'_>),
        found: &mut HashMap<(usize, usize), Samples>,
    ) -> Result<()> {
        for blocks in merge_tiles(blocks, TOGETHER / locked.blocks().side) {
            let by = locked.key((0, 0));
            let evaluated = evaluate(locked, blocks, density, features, interrupt)?;
            // Where a graphics device was lost, or came back, in the middle, the name is not what made them.
            if by == locked.key((0, 0)) {
                let mut kept = self.lock();
                for (block, samples) in &evaluated {
                    let bytes = samples.len() * size_of::<[f32; 3]>() + ENTRY_BYTES;
                    kept.insert(BlockKey { block: *block, ..by }, samples.clone(), bytes);
                }
            }
            found.extend(evaluated);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, ByteLru<BlockKey, Samples>> {
        // Whoever panics while holding it has put in whole blocks, or none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far around a pixel the source's colours are part of what it is shrunk from.
const MIXED: usize = 3;

/// The colours of source pixels, row by row; none where the opacity changes around one: between what is there and what is not
/// no colour can be asked to be the source's.
fn known_pixels(picture: &Picture, rect: PixelRect) -> Vec<Option<[f32; 3]>> {
    let colors = bicubic_region(picture, &BackProjection::pixels(rect));
    let colors = colors.as_chunks().0.iter();
    let around = rect.grown_within(MIXED, picture.size);
    let Some(opacity) = alpha_region(picture, &BackProjection::pixels(around)) else {
        return colors.map(|color| Some(*color)).collect();
    };
    let at = |(x, y): (usize, usize)| opacity[(y - around.y) * around.width + x - around.x];
    let is_even = |place: (usize, usize)| {
        let near = PixelRect::at(place).grown_within(MIXED, picture.size);
        near.places().all(|other| at(other).to_bits() == at(place).to_bits())
    };
    colors.zip(rect.places()).map(|(color, place)| is_even(place).then_some(*color)).collect()
}

/// The function's values at the samples of blocks; of those alone for which so many samples are enough.
fn evaluate(
    locked: Locked<'_>,
    blocks: PixelRect,
    density: Density,
    features: FindFeatures<'_>,
    interrupt: Interrupt<'_>,
) -> Result<Vec<((usize, usize), Samples)>> {
    let Function { picture, sampling, .. } = locked.function;
    let (projection, rect) = (locked.projection(), locked.blocks().pixels(blocks));
    let coarse = locked.coarse_projection().filter(|_| density == Density::Coarse);
    let points = coarse.unwrap_or(projection).samples(rect);
    // The lattice's points are evaluated as they are for its pixels.
    let sampling = if matches!(density, Density::Lattice(_)) { sampling } else { Sampling::Exact };
    let values = Function { sampling, ..locked.function }.colors(&points, features, interrupt)?;
    let own = |at| locked.blocks().pixels(PixelRect::at(at));
    let found: Vec<(_, Vec<_>)> = match coarse {
        None => {
            let values = Values::new(projection, rect, &values);
            blocks.places().map(|at| (at, values.of(own(at)))).collect()
        }
        Some(coarse) => {
            let [coarse_source, source] =
                [&points, &projection.samples(rect)].map(|points| bicubic_region(picture, points));
            let all = [(coarse, &values), (coarse, &coarse_source), (projection, &source)]
                .map(|(projection, colors)| Values::new(projection, rect, colors));
            let refined = |at| {
                let parts = all.each_ref().map(|values| values.of(own(at)));
                projection.refined(parts, own(at).width).map(|samples| (at, samples))
            };
            blocks.places().filter_map(refined).collect()
        }
    };
    Ok(found.into_iter().map(|(at, samples)| (at, Arc::new(samples))).collect())
}
