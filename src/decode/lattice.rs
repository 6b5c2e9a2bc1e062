//! Deep zoom for little: decode on a lattice, interpolate between.
//!
//! Between two latent codes the function is smooth. Above a certain zoom it is therefore evaluated at a few points per
//! source pixel (the density), with the cell of the true zoom, and interpolated bicubically (Catmull–Rom). Lattice
//! points lie on the latent codes, so that the function's kinks, which are where the nearest codes change, fall on
//! lattice points. Where interpolation is not good enough the pixels, or the points of a denser lattice, are decoded exactly; how good it is costs nothing
//! to estimate: every lattice point is known already and can be predicted from its neighbours.
//!
//! The lattice is anchored at the picture, so tiles and exports agree on it.

use crate::geometry::AxisGrid;

/// From which scale on an axis is interpolated, in lattice points per sample: the margins around a tile and the pixels
/// decoded exactly after all take what is gained below.
const MIN_SCALE: f64 = 1.25;

/// Points around a sample's cell that interpolation and its error estimate read.
const MARGIN: i64 = 3;

/// Weights of four neighbouring lattice points at a fraction `t` between the middle two (Catmull–Rom).
fn cubic(t: f64) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-t3 + 2.0 * t2 - t, 3.0 * t3 - 5.0 * t2 + 2.0, -3.0 * t3 + 4.0 * t2 + t, t3 - t2].map(|w| (0.5 * w) as f32)
}

/// One axis of the output over the lattice.
pub(super) struct LatticeAxis {
    /// Where the function is evaluated.
    pub(super) points: AxisGrid,
    /// Whether `points` are lattice points, or the samples themselves.
    is_coarse: bool,
    /// For every sample: its first tap among the points, and the weights of four points from there.
    taps: Vec<(usize, [f32; 4])>,
}

/// Where the function is evaluated for `grid`: the lattice around it, or the samples themselves where the axis is not
/// enlarged enough.
pub(super) fn lattice_points(grid: &AxisGrid, density: usize) -> AxisGrid {
    if grid.len == 0 || grid.pitch * MIN_SCALE * density as f64 > 1.0 + 1e-9 {
        return *grid;
    }
    let (first, last) = (below(grid, 0, density) - MARGIN, below(grid, grid.len - 1, density) + 1 + MARGIN);
    // A grid whose sample k sits at latent position (first + k) / density.
    let pitch = 1.0 / density as f64;
    let origin = first as f64 * pitch + 0.5 - 0.5 * pitch;
    AxisGrid { origin, pitch, len: (last - first + 1) as usize }
}

/// The lattice point at or below sample `i`, counted from the picture's first code.
fn below(grid: &AxisGrid, i: usize, density: usize) -> i64 {
    (grid.latent_position(i) * density as f64).floor() as i64
}

impl LatticeAxis {
    /// Of lattice points of this density, if there are any.
    pub(super) fn new(grid: &AxisGrid, density: Option<usize>) -> Self {
        let lattice = density.map(|density| (density, lattice_points(grid, density)));
        let Some((density, points)) = lattice.filter(|(_, points)| points != grid) else {
            let taps = (0..grid.len).map(|i| (i, [1.0, 0.0, 0.0, 0.0])).collect();
            return Self { points: *grid, is_coarse: false, taps };
        };
        let first = below(grid, 0, density) - MARGIN;
        let tap = |i: usize| {
            let below = below(grid, i, density);
            let t = grid.latent_position(i) * density as f64 - below as f64;
            ((below - 1 - first) as usize, cubic(t))
        };
        Self { points, is_coarse: true, taps: (0..grid.len).map(tap).collect() }
    }

    /// Whether sample `i` is one of the points.
    fn is_point(&self, i: usize) -> bool {
        self.taps[i].1.iter().filter(|weight| **weight != 0.0).count() == 1
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

    /// The samples that are interpolated and may be off (`tolerance` in normalised units), counted row by row.
    ///
    /// Every point is predicted from its neighbours at distance 1 and 3 along each axis, as if only every second one
    /// had been evaluated. How far it is off is taken for the error of the cells around it; interpolating at full
    /// density errs less, which `tolerance` accounts for.
    pub(super) fn doubtful_samples(&self, tolerance: f32) -> Vec<usize> {
        let columns = self.x.points.len;
        let mut is_doubtful = vec![false; self.y.points.len * columns];
        let along_x = Direction { len: columns, step: 1, lines: self.y.points.len, line_step: columns };
        let along_y = Direction { len: self.y.points.len, step: columns, lines: columns, line_step: 1 };
        for (axis, across, direction) in [(&self.x, &self.y, along_x), (&self.y, &self.x, along_y)] {
            if axis.is_coarse {
                self.mark(direction, across.is_coarse, tolerance, &mut is_doubtful);
            }
        }
        let (is_doubtful, width) = (&is_doubtful, self.x.taps.len());
        let in_row = |i: usize| {
            let (row, is_on_row) = (self.y.cell(i) * columns, self.y.is_point(i));
            let is_known = move |j| is_on_row && self.x.is_point(j);
            (0..width).filter(move |&j| is_doubtful[row + self.x.cell(j)] && !is_known(j)).map(move |j| i * width + j)
        };
        (0..self.y.taps.len()).flat_map(in_row).collect()
    }

    /// Looks along one axis and marks the cells on both sides of every badly predicted point; where the other axis
    /// has cells too, in the two lines of cells that the point borders.
    fn mark(&self, along: Direction, has_cells_across: bool, tolerance: f32, is_doubtful: &mut [bool]) {
        for line in 0..along.lines {
            for i in 3..along.len.saturating_sub(3) {
                let at = |k: usize, c: usize| self.values[(line * along.line_step + k * along.step) * 3 + c];
                let off = (0..3).map(|c| {
                    let predicted = (9.0 * (at(i - 1, c) + at(i + 1, c)) - at(i - 3, c) - at(i + 3, c)) / 16.0;
                    (predicted - at(i, c)).abs()
                });
                if off.fold(0.0, f32::max) > tolerance {
                    let lines = line.saturating_sub(usize::from(has_cells_across))..=line;
                    for (line, i) in lines.flat_map(|line| [(line, i - 1), (line, i)]) {
                        is_doubtful[line * along.line_step + i * along.step] = true;
                    }
                }
            }
        }
    }
}

/// One way through the points: `lines` lines of `len` points.
#[derive(Clone, Copy)]
struct Direction {
    len: usize,
    step: usize,
    lines: usize,
    line_step: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lattice over one row of `u ↦ f(u)`.
    fn sampled(grid: &AxisGrid, f: impl Fn(f64) -> f64) -> Lattice {
        let x = LatticeAxis::new(grid, Some(8));
        let y = LatticeAxis::new(&AxisGrid::spanning(0.0, 1.0, 1), Some(8));
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
        let axis = LatticeAxis::new(&grid, Some(8));
        assert!(!axis.is_coarse && axis.points == grid);
    }
}
