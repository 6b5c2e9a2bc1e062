//! Back-projection (Irani and Peleg, *Improving resolution by image registration*, 1991): what is added to an enlarged
//! picture so that, shrunk to the source's grid, it is the source.
//!
//! ```text
//! shrunk(i) = Σ over samples n: w(x_n - i) f(x_n)     antialiased bicubic, under which the models were trained
//! r         = K⁻¹ (source - shrunk)                   on the source's grid
//! shown(u)  = f(u) + Σ over pixels i: bicubic(u - i) r(i)
//! ```
//!
//! K shrinks what has been enlarged: a short filter on the source's grid, whose inverse is short too. At ×2 and ×3 the
//! samples are those of the picture at that scale, so that the result is exact; beyond, four along an axis are as good as
//! all of them to a thousandth of the residual (three are not, at edges, and smarter quadratures are worse: a network is no
//! polynomial between two source pixels). Where what the function adds to the enlarged source bends little, two are enough
//! for that, and the others lie between them. What is interpolated from four points to a source pixel is sampled there. All are
//! anchored at the picture, so that every window sees the same residual.

use super::{cubic, mip_taps};
use crate::geometry::{AxisGrid, PixelRect, SampleGrid, Size};
use crate::raster::Raster;
use std::ops::Range;

/// Source pixels beside one that the inverse of K reads.
const INVERSE: usize = 2;

/// Source pixels beside one whose samples its shrunk value is made of.
const SHRINK: usize = 2;

/// Samples along an axis of a source pixel, at most.
const MOST_SAMPLES: usize = 4;

/// Samples along an axis of a source pixel, where so few are enough.
const COARSE: usize = 2;

/// Where what is added to the source bends by less than this from one coarse sample to the next, these are enough.
const SMOOTH: f32 = 0.15;

/// Frequencies at which K is inverted.
const FREQUENCIES: usize = 64;

/// How pixels of one size are projected back, in a picture of one size.
#[derive(Clone, Copy, Debug)]
pub struct BackProjection {
    size: Size,
    /// Along y and x.
    samples: [AxisSamples; 2],
}

impl BackProjection {
    /// For pixels of `cell` (y, x) source pixels.
    pub fn new(cell: [f64; 2], size: Size) -> Self {
        Self { size, samples: cell.map(|cell| AxisSamples::midway(samples_per_pixel(cell))) }
    }

    /// With samples at the points of a lattice, so many to a source pixel, the first of which lies on its edge.
    pub fn on_lattice(points_per_pixel: usize, size: Size) -> Self {
        Self { size, samples: [AxisSamples { per_pixel: points_per_pixel, is_lattice: true }; 2] }
    }

    /// The source pixels whose samples [`Self::correct`] needs for `grid`.
    pub fn needs(&self, grid: &SampleGrid) -> PixelRect {
        self.read_by(grid).grown_within(INVERSE + SHRINK, self.size)
    }

    /// The samples of a rectangle of source pixels.
    pub fn samples(&self, rect: PixelRect) -> SampleGrid {
        let [down, across] = self.samples;
        SampleGrid { y: down.of_pixels(rect.y, rect.height), x: across.of_pixels(rect.x, rect.width) }
    }

    /// Which rows and columns of the samples of a rectangle are those of a smaller one.
    pub fn part(&self, rect: PixelRect, smaller: PixelRect) -> [Range<usize>; 2] {
        let [down, across] = self.samples;
        let of = |samples: AxisSamples, first: usize, start: usize, end: usize| {
            (start - first) * samples.per_pixel..samples.end(end - first)
        };
        [of(down, rect.y, smaller.y, smaller.bottom()), of(across, rect.x, smaller.x, smaller.right())]
    }

    /// The samples along an axis (0: y, 1: x) that its pixel `i` is shrunk from, and what each counts for. One where the
    /// kernel ends is none.
    pub fn shrinks(&self, axis: usize, i: usize) -> (AxisGrid, Vec<f32>) {
        let samples = self.samples[axis];
        let (first, mut weights) = shrinks(i, 0, (samples, [self.size.height, self.size.width][axis]));
        let counts = |weight: &f32| weight.abs() > 1e-7;
        weights.truncate(weights.iter().rposition(counts).map_or(0, |last| last + 1));
        let unused = weights.iter().position(counts).unwrap_or(0);
        (samples.grid(first + unused, weights.len() - unused), weights.split_off(unused))
    }

    /// The inverse of K along an axis (0: y, 1: x): at a pixel itself, one and two pixels from it, on either side.
    pub fn inverse(&self, axis: usize) -> [f32; INVERSE + 1] {
        let inverse = inverse(self.samples[axis]);
        std::array::from_fn(|i| inverse[INVERSE + i])
    }

    /// The source pixels whose differences from what is shown, shrunk, [`Self::correct`] reads for `grid`.
    pub fn compares(&self, grid: &SampleGrid) -> PixelRect {
        self.read_by(grid).grown_within(INVERSE, self.size)
    }

    /// With two samples along either axis, if fewer may be enough for pixels of `cell` (y, x) source pixels: where there are
    /// more than those, and they are not the pixels themselves.
    pub fn coarse(&self, cell: [f64; 2]) -> Option<Self> {
        let may_have_fewer = |(samples, cell): (AxisSamples, f64)| {
            !samples.is_lattice && samples.per_pixel > COARSE && cell * (samples.per_pixel as f64) < 1.0 - 1e-9
        };
        let samples = [AxisSamples::midway(COARSE); 2];
        self.samples.into_iter().zip(cell).all(may_have_fewer).then_some(Self { samples, ..*self })
    }

    /// Where the samples of a grid begin (row, column) among those of the picture, if they are the same: at ×2, ×3 and ×4
    /// of a grid of whole pixels.
    pub fn own_samples(&self, grid: &SampleGrid) -> Option<(usize, usize)> {
        let first = |axis: &AxisGrid, AxisSamples { per_pixel, is_lattice }| {
            let at = axis.origin * per_pixel as f64;
            let is_same = (axis.pitch * per_pixel as f64 - 1.0).abs() < 1e-12 && (at - at.round()).abs() < 1e-7;
            (is_same && !is_lattice && at > -0.5).then_some(at.round() as usize)
        };
        let [down, across] = self.samples;
        Some((first(&grid.y, down)?, first(&grid.x, across)?))
    }

    /// Values at [`Self::samples`] of a rectangle of so many source pixels in a row, out of those at
    /// the [coarse](Self::coarse) ones: `source`, which is the enlarged source there, and what the `coarse` values add to the
    /// `coarse_source`, on the line through the two of their pixel, along either axis. `None` if that is not smooth enough.
    pub fn refined(&self, [coarse, coarse_source, source]: [Vec<[f32; 3]>; 3], width: usize) -> Option<Vec<[f32; 3]>> {
        let added: Vec<[f32; 3]> = coarse.iter().zip(&coarse_source).map(|(a, b)| minus(a, b)).collect();
        if !is_smooth(&added, COARSE * width) {
            return None;
        }
        let height = coarse.len() / (COARSE * COARSE * width);
        let [rows, columns] = [0, 1].map(|axis| {
            let (n, per_pixel) = ([height, width][axis], self.samples[axis].per_pixel);
            (0..n * per_pixel).map(|sample| on_the_line(sample, per_pixel)).collect::<Vec<Taps>>()
        });
        let mut refined = separable((&added, COARSE * width), &rows, &columns);
        refined.iter_mut().zip(&source).for_each(|(value, source)| (0..3).for_each(|c| value[c] += source[c]));
        Some(refined)
    }

    /// The source pixels of a rectangle, a sample each.
    pub fn pixels(rect: PixelRect) -> SampleGrid {
        let samples = AxisSamples::midway(1);
        SampleGrid { y: samples.of_pixels(rect.y, rect.height), x: samples.of_pixels(rect.x, rect.width) }
    }

    /// The source pixels around which the residual is interpolated for `grid`.
    fn read_by(&self, grid: &SampleGrid) -> PixelRect {
        let span = |axis: &AxisGrid, n: usize| {
            let taps = mip_taps(axis, n, 0);
            let start = taps.iter().map(|(first, _)| *first).min().unwrap_or(0);
            start..taps.iter().map(|(first, weights)| first + weights.len()).max().unwrap_or(start)
        };
        let (rows, columns) = (span(&grid.y, self.size.height), span(&grid.x, self.size.width));
        PixelRect { x: columns.start, y: rows.start, width: columns.len(), height: rows.len() }
    }

    /// Adds the residual to colours on `grid`, times `share`. `samples` are the function's values at the
    /// [samples](Self::samples) of what it [needs](Self::needs), `source` gives the source pixels of a rectangle, row by
    /// row; all in the raster's units, not clamped. Pixels of the source that are none have no residual of their own.
    pub fn correct(
        &self,
        colors: &mut Raster,
        grid: &SampleGrid,
        (samples, share): (&[[f32; 3]], f32),
        source: impl FnOnce(PixelRect) -> Vec<Option<[f32; 3]>>,
    ) {
        let read = self.read_by(grid);
        let (known, off) = (self.needs(grid), self.compares(grid));
        let [down, across] = self.samples;
        let shrunk = separable(
            (samples, across.end(known.width)),
            &Self::shrinking(known.y..known.bottom(), off.y..off.bottom(), (down, self.size.height)),
            &Self::shrinking(known.x..known.right(), off.x..off.right(), (across, self.size.width)),
        );
        let difference = |(own, shrunk): (&Option<[f32; 3]>, _)| own.map_or([0.0; 3], |own| minus(&own, shrunk));
        let difference: Vec<[f32; 3]> = source(off).iter().zip(&shrunk).map(difference).collect();
        let residual = separable(
            (&difference, off.width),
            &inverting(read.y..read.bottom(), off.y..off.bottom(), inverse(down)),
            &inverting(read.x..read.right(), off.x..off.right(), inverse(across)),
        );
        let beginning = |axis: &AxisGrid, n: usize, start: usize| -> Vec<Taps> {
            mip_taps(axis, n, 0).into_iter().map(|(first, weights)| (first - start, weights)).collect()
        };
        let added = separable(
            (&residual, read.width),
            &beginning(&grid.y, self.size.height, read.y),
            &beginning(&grid.x, self.size.width, read.x),
        );
        for (pixel, added) in colors.data.chunks_exact_mut(colors.channels).zip(&added) {
            (0..3).for_each(|c| pixel[c] += share * added[c]);
        }
    }

    /// For pixels `of` an axis, the samples that they are shrunk from, counted from those of the first pixel that is `known`.
    fn shrinking(known: Range<usize>, of: Range<usize>, axis: (AxisSamples, usize)) -> Vec<Taps> {
        of.map(|i| shrinks(i, known.start, axis)).collect()
    }
}

/// Samples along an axis.
#[derive(Clone, Copy, Debug)]
struct AxisSamples {
    per_pixel: usize,
    /// Whether they are points of a lattice: on a pixel's edges and evenly between. Else they lie in the middle of as many parts
    /// of a pixel.
    is_lattice: bool,
}

impl AxisSamples {
    fn midway(per_pixel: usize) -> Self {
        Self { per_pixel, is_lattice: false }
    }

    /// One beyond the last of the samples of the first `pixels`. A lattice's are those on their edges too, which neighbours
    /// share.
    fn end(self, pixels: usize) -> usize {
        pixels * self.per_pixel + usize::from(self.is_lattice)
    }

    /// So many samples from the `first` on, counted from the picture's edge.
    fn grid(self, first: usize, len: usize) -> AxisGrid {
        let (pitch, before) = (1.0 / self.per_pixel as f64, if self.is_lattice { 0.5 } else { 0.0 });
        AxisGrid { origin: (first as f64 - before) * pitch, pitch, len }
    }

    /// Those of so many source pixels.
    fn of_pixels(self, start: usize, len: usize) -> AxisGrid {
        self.grid(start * self.per_pixel, self.end(len))
    }

    /// What a sample counts for in source pixel `i`, before all are made to sum to 1.
    fn weight(self, sample: usize, i: usize) -> f64 {
        let within = if self.is_lattice { 0.0 } else { 0.5 };
        cubic((sample as f64 + within) / self.per_pixel as f64 - 0.5 - i as f64)
    }
}

/// The samples that pixel `i` of `n` is shrunk from, counted from those of pixel `known`.
fn shrinks(i: usize, known: usize, (samples, n): (AxisSamples, usize)) -> Taps {
    // Half of the outermost pixels: the kernel ends in their middle.
    let per_pixel = samples.per_pixel;
    let start = (i * per_pixel).saturating_sub(SHRINK * per_pixel - per_pixel / 2);
    let end = samples.end(i + SHRINK) + per_pixel / 2;
    let read = start..end.min(samples.end(n));
    // A point on the picture's edge stands for what is on one side of it.
    let is_half = |sample: usize| samples.is_lattice && (sample == 0 || sample == n * per_pixel);
    let weight = |sample| samples.weight(sample, i) * if is_half(sample) { 0.5 } else { 1.0 };
    let weights: Vec<f64> = read.clone().map(weight).collect();
    let total: f64 = weights.iter().sum();
    (read.start - known * per_pixel, weights.into_iter().map(|weight| (weight / total) as f32).collect())
}

/// The first of some values, and the weights of those from there on.
type Taps = (usize, Vec<f32>);

/// The two coarse samples of a sample's pixel, and what each counts for.
fn on_the_line(sample: usize, per_pixel: usize) -> Taps {
    let share = ((sample % per_pixel) as f32 + 0.5) / per_pixel as f32 * 2.0 - 0.5;
    (sample / per_pixel * COARSE, vec![1.0 - share, share])
}

/// Whether values, so many in a row, bend little along either axis.
fn is_smooth(values: &[[f32; 3]], width: usize) -> bool {
    let bends = |[a, b, c]: [&[f32; 3]; 3]| (0..3).any(|i| (a[i] - 2.0 * b[i] + c[i]).abs() > SMOOTH);
    let across = values.chunks_exact(width).any(|row| row.windows(3).any(|part| bends([&part[0], &part[1], &part[2]])));
    let next = |rows: usize| values.iter().skip(rows * width);
    !across && !values.iter().zip(next(1)).zip(next(2)).any(|((a, b), c)| bends([a, b, c]))
}

/// How many samples along an axis stand for all pixels of a picture enlarged to pixels of `cell` source pixels.
fn samples_per_pixel(cell: f64) -> usize {
    (2..MOST_SAMPLES).find(|n| cell * *n as f64 > 1.0 - 1e-9).unwrap_or(MOST_SAMPLES)
}

fn minus(a: &[f32; 3], b: &[f32; 3]) -> [f32; 3] {
    std::array::from_fn(|c| a[c] - b[c])
}

/// The middle of K's inverse, far from edges: `INVERSE` values on each side of the one at a pixel itself, which sum to 1.
fn inverse(samples: AxisSamples) -> [f32; 2 * INVERSE + 1] {
    let middle = 2 * SHRINK + 2;
    let within = (middle - SHRINK) * samples.per_pixel..samples.end(middle + SHRINK + 1);
    let total: f64 = within.clone().map(|sample| samples.weight(sample, middle)).sum();
    // Of what is enlarged from a single pixel, `n` pixels from the middle.
    let k = |n: usize| -> f64 {
        let product = |sample| samples.weight(sample, middle) * samples.weight(sample, middle + n) / total;
        within.clone().map(product).sum()
    };
    let filter: Vec<f64> = (0..2 * SHRINK).map(k).collect();
    let cosine = |n: usize, w: usize| (std::f64::consts::TAU * (n * w) as f64 / FREQUENCIES as f64).cos();
    let response = |w: usize| filter[0] + 2.0 * (1..filter.len()).map(|n| filter[n] * cosine(n, w)).sum::<f64>();
    let taps: [f64; 2 * INVERSE + 1] = std::array::from_fn(|i| {
        (0..FREQUENCIES).map(|w| cosine(i.abs_diff(INVERSE), w) / response(w)).sum::<f64>() / FREQUENCIES as f64
    });
    let total: f64 = taps.iter().sum();
    taps.map(|tap| (tap / total) as f32)
}

/// For pixels `of` an axis, what the inverse reads of the differences that are `known`; beside the picture they go on as at
/// its edge.
fn inverting(of: Range<usize>, known: Range<usize>, inverse: [f32; 2 * INVERSE + 1]) -> Vec<Taps> {
    let taps = |i: usize| {
        let first = i.saturating_sub(INVERSE).max(known.start);
        let mut weights = vec![0.0; (i + INVERSE + 1).min(known.end) - first];
        for (k, weight) in inverse.iter().enumerate() {
            let at = (i + k).saturating_sub(INVERSE).clamp(known.start, known.end - 1);
            weights[at - first] += weight;
        }
        (first - known.start, weights)
    };
    of.map(taps).collect()
}

/// Weighted sums of an image of so many columns, along rows and then along columns.
fn separable((image, width): (&[[f32; 3]], usize), rows: &[Taps], columns: &[Taps]) -> Vec<[f32; 3]> {
    let mut out = Vec::with_capacity(rows.len() * columns.len());
    let mut sums = vec![[0.0; 3]; width];
    for (first, weights) in rows {
        sums.fill([0.0; 3]);
        for (line, weight) in image[first * width..].chunks_exact(width).zip(weights) {
            sums.iter_mut().zip(line).for_each(|(sum, value)| (0..3).for_each(|c| sum[c] += weight * value[c]));
        }
        out.extend(columns.iter().map(|(first, weights)| {
            let mut sum = [0.0; 3];
            for (value, weight) in sums[*first..].iter().zip(weights) {
                (0..3).for_each(|c| sum[c] += weight * value[c]);
            }
            sum
        }));
    }
    out
}
