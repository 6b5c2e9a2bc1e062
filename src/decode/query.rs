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
}

impl<'a> WindowQuery<'a> {
    /// The pixels of a picture on `grid`.
    pub fn new(window: &'a FeatureWindow, picture: Size, grid: &'a SampleGrid, sampling: Sampling) -> Self {
        Self { window, picture, grid, cell: [grid.y.pitch, grid.x.pitch], sampling }
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
        let densities = std::iter::successors(sampling.density(axis.pitch), |density| Sampling::coarser(*density));
        densities.fold(*axis, |points, density| lattice_points(&points, density))
    };
    SampleGrid { y: points(&grid.y), x: points(&grid.x) }
}

/// The function on `grid`, `[grid.y.len, grid.x.len, 3]`, by as few evaluations as `sampling` allows.
///
/// # Errors
/// Those of `evaluate`.
pub(super) fn query<E>(
    grid: &SampleGrid,
    sampling: Sampling,
    local_ensemble: bool,
    evaluate: Evaluate<'_, E>,
) -> Result<Vec<f32>, E> {
    if !local_ensemble {
        // The function jumps halfway between two codes: there is nothing to interpolate.
        return evaluate(grid, None);
    }
    interpolate(grid, [grid.y, grid.x].map(|axis| sampling.density(axis.pitch)), sampling, evaluate)
}

/// The function on `grid`, from lattices of these densities along y and x; where the lattice's points are known from a coarser
/// one, they are.
fn interpolate<E>(
    grid: &SampleGrid,
    [dense_y, dense_x]: [Option<usize>; 2],
    sampling: Sampling,
    evaluate: Evaluate<'_, E>,
) -> Result<Vec<f32>, E> {
    let (y, x) = (LatticeAxis::new(&grid.y, dense_y), LatticeAxis::new(&grid.x, dense_x));
    let points = SampleGrid { y: y.points, x: x.points };
    if points == *grid {
        return evaluate(grid, None);
    }
    let coarser = [dense_y, dense_x].map(|density| density.and_then(Sampling::coarser));
    let lattice = Lattice { values: interpolate(&points, coarser, sampling, evaluate)?, y, x };
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
        let Ok(values) = query(grid, sampling, true, &evaluate);
        (values.as_chunks().0.to_vec(), count.get())
    }

    fn worst(a: &[[f32; 3]], b: &[[f32; 3]]) -> f32 {
        let off = a.as_flattened().iter().zip(b.as_flattened()).map(|(a, b)| (a - b).abs());
        off.fold(0.0, f32::max)
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
