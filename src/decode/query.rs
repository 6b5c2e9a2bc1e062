//! Where the function is evaluated, and what is interpolated: the same for every device.

use super::Sampling;
use super::lattice::{Lattice, LatticeAxis, lattice_points};
use crate::feature::FeatureWindow;
use crate::geometry::{AxisGrid, SampleGrid, Size};
use rayon::prelude::*;

/// What is queried.
#[derive(Clone, Copy)]
pub struct WindowQuery<'a> {
    /// The codes around the sample points ([`codes_for`](crate::geometry::codes_for) names them), with the model's margin.
    pub window: &'a FeatureWindow,
    /// The size of the whole feature map.
    pub picture: Size,
    /// Which samples.
    pub grid: &'a SampleGrid,
    /// The pixel that a sample stands for, (y, x) in source pixels. In a picture that is the grid's pitch.
    pub cell: [f64; 2],
    /// Where the function is evaluated.
    pub sampling: Sampling,
    /// What is known of it already.
    pub known: Option<KnownPoints<'a>>,
}

/// What was evaluated at points of the coarsest lattice.
#[derive(Clone, Copy)]
pub struct KnownPoints<'a> {
    /// Some of the lattice's points.
    pub points: &'a SampleGrid,
    /// What the decoder answered there, row by row.
    pub values: &'a [[f32; 3]],
}

impl<'a> WindowQuery<'a> {
    /// The pixels of a picture on `grid`.
    pub fn new(window: &'a FeatureWindow, picture: Size, grid: &'a SampleGrid, sampling: Sampling) -> Self {
        Self { window, picture, grid, cell: [grid.y.pitch, grid.x.pitch], sampling, known: None }
    }
}

/// How far a lattice point may be from its prediction by every second one before the samples around it are decoded
/// exactly (pixels, or points of a denser lattice), in normalised units: 2.2/255 (see `docs/decoding.md`).
const DOUBT: f32 = 0.0173;

/// Samples of a grid: all of them (none given) or some, counted row by row; their colours, `[samples, 3]`.
pub(super) type Evaluate<'a, E> = &'a dyn Fn(&SampleGrid, Option<&[usize]>) -> Result<Vec<f32>, E>;

/// Where `query_rgb` evaluates the function for `grid`: the codes around these points must be in the window.
pub fn sample_points(grid: &SampleGrid, sampling: Sampling) -> SampleGrid {
    let points = |axis: &AxisGrid| {
        sampling.densities(axis.pitch).fold(*axis, |points, density| lattice_points(&points, density))
    };
    SampleGrid { y: points(&grid.y), x: points(&grid.x) }
}

/// How many points of a source pixel the lattice has from which pixels of `cell` (y, x) source pixels are interpolated, the
/// coarsest one if it is not the only one; none if they are not.
pub(super) fn coarsest_lattice(cell: [f64; 2], sampling: Sampling) -> Option<usize> {
    let [down, across] = cell.map(|pitch| sampling.densities(pitch).last());
    down.filter(|_| down == across)
}

/// The function on the grid of a query, `[grid.y.len, grid.x.len, 3]`, by as few evaluations as its sampling allows.
///
/// # Errors
/// Those of `evaluate`.
pub(super) fn query<E>(
    WindowQuery { grid, sampling, known, .. }: WindowQuery<'_>,
    local_ensemble: bool,
    evaluate: Evaluate<'_, E>,
) -> Result<Vec<f32>, E> {
    if !local_ensemble {
        // The function jumps halfway between two codes: there is nothing to interpolate.
        return evaluate(grid, None);
    }
    interpolate(grid, [grid.y, grid.x].map(|axis| sampling.density(axis.pitch)), (sampling, known), evaluate)
}

impl KnownPoints<'_> {
    /// The function on a grid of points of the same lattice: what is not known of it is evaluated.
    fn complete<E>(&self, grid: &SampleGrid, evaluate: Evaluate<'_, E>) -> Result<Vec<f32>, E> {
        let (Some(row), Some(column)) = (place(&self.points.y, &grid.y), place(&self.points.x, &grid.x)) else {
            return evaluate(grid, None);
        };
        let Size { width, height } = self.points.size();
        let at = |i: usize| {
            let (y, x) = (row + (i / grid.x.len) as i64, column + (i % grid.x.len) as i64);
            let is_known = (0..height as i64).contains(&y) && (0..width as i64).contains(&x);
            is_known.then(|| self.values[y as usize * width + x as usize])
        };
        let mut values: Vec<[f32; 3]> = (0..grid.size().area()).map(|i| at(i).unwrap_or_default()).collect();
        let missing: Vec<usize> = (0..values.len()).filter(|i| at(*i).is_none()).collect();
        if !missing.is_empty() {
            let evaluated = evaluate(grid, Some(&missing))?;
            missing.iter().zip(evaluated.as_chunks().0).for_each(|(i, value)| values[*i] = *value);
        }
        Ok(values.into_flattened())
    }
}

/// Where an axis begins among the points of another, which may be before them; none if they are not points of one lattice.
fn place(points: &AxisGrid, axis: &AxisGrid) -> Option<i64> {
    let at = (axis.origin - points.origin) / points.pitch;
    let is_same = axis.pitch.to_bits() == points.pitch.to_bits() && (at - at.round()).abs() < 1e-6;
    is_same.then_some(at.round() as i64)
}

/// The function on `grid`, from lattices of these densities along y and x; where the lattice's points are known from a coarser
/// one, they are.
fn interpolate<E>(
    grid: &SampleGrid,
    [dense_y, dense_x]: [Option<usize>; 2],
    (sampling, known): (Sampling, Option<KnownPoints<'_>>),
    evaluate: Evaluate<'_, E>,
) -> Result<Vec<f32>, E> {
    let (y, x) = (LatticeAxis::new(&grid.y, dense_y), LatticeAxis::new(&grid.x, dense_x));
    let points = SampleGrid { y: y.points, x: x.points };
    if points == *grid {
        return known.map_or_else(|| evaluate(grid, None), |known| known.complete(grid, evaluate));
    }
    let coarser = [dense_y, dense_x].map(|density| density.and_then(Sampling::coarser));
    let lattice = Lattice { values: interpolate(&points, coarser, (sampling, known), evaluate)?, y, x };
    let mut rgb = vec![0.0; grid.size().area() * 3];
    rgb.par_chunks_mut(grid.x.len * 3).enumerate().for_each_init(Vec::new, |scratch, (row, out)| {
        lattice.interpolate_row(row, scratch, out.as_chunks_mut().0);
    });
    if sampling == Sampling::Lattice {
        let doubtful = lattice.doubtful_samples(DOUBT);
        if !doubtful.is_empty() {
            let decoded = evaluate(grid, Some(&doubtful))?;
            let pixels = rgb.as_chunks_mut::<3>().0;
            doubtful.iter().zip(decoded.as_chunks().0).for_each(|(sample, value)| pixels[*sample] = *value);
        }
    }
    Ok(rgb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Smooth waves, and an edge along a curve.
    fn color(y: f64, x: f64) -> [f32; 3] {
        let edge = if (y - 6.0).hypot(x - 5.0) < 3.2 { 0.6 } else { 0.0 };
        [(0.3 * y).sin() + edge, (0.2 * x).cos() - edge, 0.05 * (x - y)].map(|v| v as f32)
    }

    /// The function on `grid`, and at how many samples it was evaluated for that.
    fn queried(grid: &SampleGrid, sampling: Sampling) -> (Vec<[f32; 3]>, usize) {
        queried_knowing(grid, sampling, None)
    }

    fn queried_knowing(
        grid: &SampleGrid,
        sampling: Sampling,
        known: Option<KnownPoints<'_>>,
    ) -> (Vec<[f32; 3]>, usize) {
        let count = Cell::new(0);
        let evaluate = |points: &SampleGrid, some: Option<&[usize]>| {
            let at = |i: usize| {
                let (row, column) = (i / points.x.len, i % points.x.len);
                color(points.y.latent_position(row), points.x.latent_position(column))
            };
            let all: Vec<usize> = (0..points.size().area()).collect();
            let samples = some.unwrap_or(&all);
            count.set(count.get() + samples.len());
            Ok::<_, std::convert::Infallible>(samples.iter().flat_map(|i| at(*i)).collect())
        };
        let window = FeatureWindow { rect: Size::new(0, 0).rect(), margin: 0, channels: 0, codes: Vec::new() };
        let asked = WindowQuery { known, ..WindowQuery::new(&window, Size::new(12, 12), grid, sampling) };
        let Ok(values) = query(asked, true, &evaluate);
        (values.as_chunks().0.to_vec(), count.get())
    }

    fn worst(a: &[[f32; 3]], b: &[[f32; 3]]) -> f32 {
        let off = a.as_flattened().iter().zip(b.as_flattened()).map(|(a, b)| (a - b).abs());
        off.fold(0.0, f32::max)
    }

    #[test]
    fn what_is_known_is_not_evaluated_again() {
        for scale in [6, 8, 12, 30] {
            let axis = AxisGrid::spanning(0.0, 12.0, 12 * scale);
            let grid = SampleGrid { y: axis, x: axis };
            let (expected, all) = queried(&grid, Sampling::Lattice);
            // The lattice's points from edge to edge of the picture along y, of its left half along x.
            let points = |len| AxisGrid { origin: -0.125, pitch: 0.25, len };
            let points = SampleGrid { y: points(49), x: points(25) };
            let mut values = queried(&points, Sampling::Exact).0;
            let knowing = |values: &[[f32; 3]]| {
                queried_knowing(&grid, Sampling::Lattice, Some(KnownPoints { points: &points, values }))
            };
            let (found, few) = knowing(&values);
            assert!(worst(&found, &expected) < 1e-6, "×{scale}: {}, {few} of {all}", worst(&found, &expected));
            assert_eq!(few, all - values.len(), "×{scale}");
            values[4 * 25 + 3][1] += 0.01;
            let (changed, _) = knowing(&values);
            assert!(worst(&changed, &expected) > 0.003, "what is known is not read");
        }
    }

    #[test]
    fn every_depth_of_lattices_is_close_for_little_and_the_same_in_every_window() {
        for (scale, share) in [(6, 0.95), (8, 0.7), (12, 0.45), (30, 0.15), (100, 0.06)] {
            let axis = AxisGrid::spanning(0.0, 12.0, 12 * scale);
            let whole = SampleGrid { y: axis, x: axis };
            let (exact, all) = queried(&whole, Sampling::Exact);
            let (values, few) = queried(&whole, Sampling::Lattice);
            assert_eq!(all, exact.len());
            assert!((few as f64) < share * all as f64, "×{scale}: {few} of {all}");
            let off = worst(&values, &exact);
            assert!(off < 0.03, "×{scale}: {off}");
            let (rows, columns) = (3 * scale..7 * scale + 1, 5 * scale - 1..9 * scale);
            let (part, _) = queried(&whole.slice(rows.clone(), columns.clone()), Sampling::Lattice);
            let cut: Vec<_> = rows.flat_map(|row| values[row * axis.len..][columns.clone()].to_vec()).collect();
            let off = worst(&part, &cut);
            assert!(off < 1e-5, "×{scale}: a window differs by {off}");
            assert!(worst(&part[1..], &cut[..cut.len() - 1]) > 0.01, "the comparison cannot fail");
        }
    }
}
