//! Deep zoom for little: decode on a lattice, interpolate between.
//!
//! Between two latent codes the function is smooth. Above a certain zoom it is therefore evaluated at
//! [`DENSITY`] points per source pixel, with the cell of the true zoom, and interpolated bicubically (Catmull–Rom).
//! Lattice points lie on the latent codes, so that the function's kinks, which are where the nearest codes change,
//! fall on lattice points. Where interpolation is not good enough the pixels are decoded exactly; how good it is costs
//! nothing to estimate: every second lattice point, predicted from the others, is known already.
//!
//! The lattice is anchored at the picture, so tiles and exports agree on it.

use crate::geometry::AxisGrid;

/// Lattice points per source pixel.
pub(super) const DENSITY: usize = 8;

/// From which scale on an axis is interpolated: below it, the lattice would not have fewer points than the output.
const MIN_SCALE: f64 = 1.25 * DENSITY as f64;

/// Points around a sample's cell that interpolation and its error estimate read.
const MARGIN: i64 = 4;

/// Weights of four neighbouring lattice points at a fraction `t` between the middle two (Catmull–Rom).
fn cubic(t: f64) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [(-t3 + 2.0 * t2 - t) / 2.0, (3.0 * t3 - 5.0 * t2 + 2.0) / 2.0, (-3.0 * t3 + 4.0 * t2 + t) / 2.0, (t3 - t2) / 2.0]
        .map(|w| w as f32)
}

/// One axis of the output over the lattice.
pub(super) struct LatticeAxis {
    /// Where the function is evaluated.
    pub(super) points: AxisGrid,
    /// Whether `points` are lattice points, or the samples themselves.
    is_coarse: bool,
    /// For every sample: its first tap among the points, and the weights of four points from there.
    taps: Vec<(usize, [f32; 4])>,
    /// Parity of the first point on the global lattice: even ones lie on the half-dense lattice.
    first: i64,
}

impl LatticeAxis {
    /// The lattice that serves `grid`, or the samples themselves where the axis is not enlarged enough.
    pub(super) fn new(grid: &AxisGrid) -> Self {
        if grid.pitch * MIN_SCALE > 1.0 {
            let taps = (0..grid.len).map(|i| (i, [1.0, 0.0, 0.0, 0.0])).collect();
            return Self { points: *grid, is_coarse: false, taps, first: 0 };
        }
        let density = DENSITY as f64;
        let at = |i: usize| grid.latent_position(i) * density;
        let first = at(0).floor() as i64 - MARGIN;
        let last = at(grid.len - 1).floor() as i64 + 1 + MARGIN;
        let tap = |i: usize| {
            let below = at(i).floor();
            ((below as i64 - 1 - first) as usize, cubic(at(i) - below))
        };
        // A grid whose sample k sits at lattice point first + k: latent position (first + k) / density.
        let pitch = 1.0 / density;
        let origin = first as f64 * pitch + 0.5 - 0.5 * pitch;
        let points = AxisGrid { origin, pitch, len: (last - first + 1) as usize };
        Self { points, is_coarse: true, taps: (0..grid.len).map(tap).collect(), first }
    }

    pub(super) fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// The lattice cell of sample `i`: the index of the point at or below it.
    fn cell(&self, i: usize) -> usize {
        self.taps[i].0 + usize::from(self.is_coarse)
    }
}

/// Values on the points of both axes, `[rows, columns, 3]`.
pub(super) struct Lattice {
    pub(super) y: LatticeAxis,
    pub(super) x: LatticeAxis,
    pub(super) values: Vec<f32>,
}

impl Lattice {
    /// Interpolates output row `row` into `out`, `[columns, 3]`.
    pub(super) fn interpolate_row(&self, row: usize, scratch: &mut Vec<f32>, out: &mut [[f32; 3]]) {
        let width = self.x.points.len * 3;
        let (top, weights) = self.y.taps[row];
        scratch.clear();
        scratch.resize(width, 0.0);
        for (k, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let line = &self.values[(top + k) * width..][..width];
            scratch.iter_mut().zip(line).for_each(|(to, from)| *to += weight * from);
        }
        let pixels = scratch.as_chunks::<3>().0;
        for ((left, weights), to) in self.x.taps.iter().zip(out) {
            *to = [0.0; 3];
            for (k, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                (0..3).for_each(|c| to[c] += weight * pixels[left + k][c]);
            }
        }
    }

    /// Marks the samples whose interpolation may be off by more than `tolerance` (in normalised units).
    ///
    /// The error at a point of odd index, predicted from the half-dense lattice, is taken for that of the cells
    /// around it; interpolating at full density errs several times less, which `tolerance` accounts for.
    pub(super) fn doubtful_samples(&self, tolerance: f32) -> Vec<usize> {
        let (rows, columns) = (self.y.points.len, self.x.points.len);
        let mut is_doubtful = vec![false; rows * columns];
        if self.x.is_coarse {
            self.mark(
                rows,
                columns,
                columns * 3,
                3,
                self.x.first,
                tolerance,
                &mut |line, i| line * columns + i,
                &mut is_doubtful,
            );
        }
        if self.y.is_coarse {
            self.mark(
                columns,
                rows,
                3,
                columns * 3,
                self.y.first,
                tolerance,
                &mut |line, i| i * columns + line,
                &mut is_doubtful,
            );
        }
        let cells: Vec<usize> = (0..self.x.taps.len()).map(|j| self.x.cell(j)).collect();
        let width = self.x.taps.len();
        let samples = (0..self.y.taps.len()).flat_map(|i| {
            let row = self.y.cell(i) * columns;
            let is_doubtful = &is_doubtful;
            cells.iter().enumerate().filter(move |(_, cell)| is_doubtful[row + **cell]).map(move |(j, _)| i * width + j)
        });
        samples.collect()
    }

    /// Looks along one axis: `lines` lines of `len` points, `line_step` and `step` values apart; marks the cells on
    /// both sides of a badly predicted point, in the two lines of cells that it borders.
    #[expect(clippy::too_many_arguments, reason = "one pass for rows and columns: extents, strides, and where to mark")]
    fn mark(
        &self,
        lines: usize,
        len: usize,
        line_step: usize,
        step: usize,
        first: i64,
        tolerance: f32,
        index: &mut dyn FnMut(usize, usize) -> usize,
        is_doubtful: &mut [bool],
    ) {
        // Odd on the global lattice.
        let start = if (first + 3).rem_euclid(2) == 1 { 3 } else { 4 };
        for line in 0..lines {
            for i in (start..len.saturating_sub(3)).step_by(2) {
                let at = |k: usize, c: usize| self.values[line * line_step + k * step + c];
                let off = (0..3).map(|c| {
                    let predicted = (9.0 * (at(i - 1, c) + at(i + 1, c)) - at(i - 3, c) - at(i + 3, c)) / 16.0;
                    (predicted - at(i, c)).abs()
                });
                if off.fold(0.0, f32::max) > tolerance {
                    for cell in [i - 1, i] {
                        is_doubtful[index(line, cell)] = true;
                        is_doubtful[index(line.saturating_sub(1), cell)] = true;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lattice over one row of `u ↦ f(u)`.
    fn sampled(grid: &AxisGrid, f: impl Fn(f64) -> f64) -> Lattice {
        let x = LatticeAxis::new(grid);
        let y = LatticeAxis::new(&AxisGrid::spanning(0.0, 1.0, 1));
        let values = (0..x.points.len).flat_map(|k| [f(x.points.latent_position(k)) as f32; 3]).collect();
        Lattice { y, x, values }
    }

    #[test]
    fn a_cubic_is_followed_closely_and_points_lie_on_codes() {
        let grid = AxisGrid::spanning(3.0, 2.0, 60);
        let f = |u: f64| 0.1 * (u - 3.0).powi(3) - 0.2 * u;
        let lattice = sampled(&grid, f);
        let mut out = vec![[0.0; 3]; 60];
        lattice.interpolate_row(0, &mut Vec::new(), &mut out);
        for (i, value) in out.iter().enumerate() {
            assert!((f64::from(value[0]) - f(grid.latent_position(i))).abs() < 1e-4);
        }
        let on_code = (0..lattice.x.points.len).any(|k| lattice.x.points.latent_position(k) == 4.0);
        assert!(on_code && lattice.doubtful_samples(1e-3).is_empty());
    }

    #[test]
    fn a_jump_is_doubted_where_it_is() {
        let grid = AxisGrid::spanning(3.0, 2.0, 60);
        let lattice = sampled(&grid, |u| if u < 3.55 { 0.0 } else { 1.0 });
        let doubted = lattice.doubtful_samples(0.05);
        let at = |i: &usize| grid.latent_position(*i);
        assert!(doubted.iter().any(|i| (at(i) - 3.55).abs() < 0.02));
        assert!(doubted.iter().all(|i| (at(i) - 3.55).abs() < 0.7) && doubted.len() < 30);
    }

    #[test]
    fn a_slightly_enlarged_axis_is_sampled_as_it_is() {
        let grid = AxisGrid::spanning(0.0, 10.0, 40);
        let axis = LatticeAxis::new(&grid);
        assert!(!axis.is_coarse() && axis.points == grid);
    }
}
