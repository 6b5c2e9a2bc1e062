//! Where a network is asked for colours.

use crate::geometry::SampleGrid;

/// Where to query, for one image: positions in latent codes (see [`crate::geometry::AxisGrid::latent_position`]) and
/// `rel_cell`, per query, (y, x).
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Positions.
    pub position: Vec<[f64; 2]>,
    /// Twice the queried pixel's size in source pixels.
    pub rel_cell: Vec<[f64; 2]>,
}

impl Query {
    /// Every sample of a grid, row by row.
    pub fn grid(grid: &SampleGrid) -> Self {
        let rows = (0..grid.y.len).map(|i| grid.y.latent_position(i));
        let position = rows.flat_map(|y| (0..grid.x.len).map(move |j| [y, grid.x.latent_position(j)]));
        let rel_cell = [2.0 * grid.y.pitch, 2.0 * grid.x.pitch];
        Self { position: position.collect(), rel_cell: vec![rel_cell; grid.size().area()] }
    }

    /// From the original's `coord` and `cell` in `[-1, 1]`, for a feature map of `height × width`.
    pub fn from_coords(coord: &[[f32; 2]], cell: &[[f32; 2]], height: usize, width: usize) -> Self {
        let n = [height as f64, width as f64];
        let per_axis = |pairs: &[[f32; 2]], f: &dyn Fn(f64, f64) -> f64| {
            pairs.iter().map(|pair| [0, 1].map(|a| f(f64::from(pair[a]), n[a]))).collect()
        };
        Self {
            position: per_axis(coord, &|coord, n| (coord + 1.0) * n / 2.0 - 0.5),
            rel_cell: per_axis(cell, &|cell, n| cell * n),
        }
    }
}
