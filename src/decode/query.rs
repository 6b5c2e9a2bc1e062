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

/// How far a lattice point may be from its prediction by every second one before the pixels around it are decoded
/// exactly, in normalised units: 2.2/255 (see `docs/decoding.md`).
const DOUBT: f32 = 0.0173;

/// Samples of a grid: all of them (none given) or some, counted row by row; their colours, `[samples, 3]`.
pub(super) type Evaluate<'a, E> = &'a dyn Fn(&SampleGrid, Option<&[usize]>) -> Result<Vec<f32>, E>;

/// Where `query_rgb` evaluates the function for `grid`: the codes around these points must be in the window.
pub fn sample_points(grid: &SampleGrid, sampling: Sampling) -> SampleGrid {
    let points = |axis: &AxisGrid| sampling.density(axis.pitch).map_or(*axis, |density| lattice_points(axis, density));
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
    // Without the ensemble the function jumps halfway between two codes: there is nothing to interpolate.
    let densities = sampling.density(grid.y.pitch).zip(sampling.density(grid.x.pitch));
    let densities = densities.filter(|_| local_ensemble && sample_points(grid, sampling) != *grid);
    let Some((dense_y, dense_x)) = densities else { return evaluate(grid, None) };
    let (y, x) = (LatticeAxis::new(&grid.y, dense_y), LatticeAxis::new(&grid.x, dense_x));
    let values = evaluate(&SampleGrid { y: y.points, x: x.points }, None)?;
    let lattice = Lattice { y, x, values };
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
