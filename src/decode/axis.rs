//! Neighbouring latent codes along one axis.

use crate::geometry::{AxisGrid, nearest_code};

/// One latent code that a sample reads, along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Neighbour {
    /// Which code.
    pub(super) index: usize,
    /// From the code to the sample, in half source pixels.
    pub(super) rel_coord: f32,
    /// Its share of the ensemble.
    pub(super) weight: f32,
}

/// One or two codes of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbours {
    codes: [Neighbour; 2],
    count: usize,
}

impl Neighbours {
    pub(super) fn as_slice(&self) -> &[Neighbour] {
        &self.codes[..self.count]
    }

    /// The codes before and behind the sample; twice the same where it reads but one.
    pub(super) fn between(&self) -> [usize; 2] {
        [self.codes[0].index, self.codes[self.count - 1].index]
    }
}

/// The codes of every sample of `grid` on an axis of `n` codes.
///
/// With the ensemble: `floor(u)` and `floor(u) + 1` with bilinear weights. Where both are clamped to the same code at
/// a border it is read once, and a code of weight 0 not at all. Without: the nearest.
pub(super) fn neighbours(grid: &AxisGrid, n: usize, local_ensemble: bool) -> Vec<Neighbours> {
    let last = (n - 1) as f64;
    let at = |u: f64, code: f64, weight: f64| {
        let code = code.clamp(0.0, last);
        Neighbour { index: code as usize, rel_coord: (2.0 * (u - code)) as f32, weight: weight as f32 }
    };
    let of = |i: usize| {
        let u = grid.latent_position(i);
        let lower = u.floor();
        let share = u - lower;
        if !local_ensemble {
            let nearest = at(u, nearest_code(u), 1.0);
            return Neighbours { codes: [nearest; 2], count: 1 };
        }
        let (below, above) = (at(u, lower, 1.0 - share), at(u, lower + 1.0, share));
        if below.index == above.index || above.weight == 0.0 {
            Neighbours { codes: [Neighbour { weight: 1.0, ..below }; 2], count: 1 }
        } else if below.weight == 0.0 {
            Neighbours { codes: [Neighbour { weight: 1.0, ..above }; 2], count: 1 }
        } else {
            Neighbours { codes: [below, above], count: 2 }
        }
    };
    (0..grid.len).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_borders_ask_once() {
        let grid = AxisGrid::spanning(0.0, 4.0, 40);
        for (i, neighbours) in neighbours(&grid, 4, true).iter().enumerate() {
            let codes = neighbours.as_slice();
            assert!((codes.iter().map(|c| c.weight).sum::<f32>() - 1.0).abs() < 1e-6);
            assert_eq!(codes.len() == 1, !(5..35).contains(&i), "sample {i}");
        }
    }

    #[test]
    fn a_sample_on_a_code_reads_that_code_alone() {
        let grid = AxisGrid::spanning(0.0, 3.0, 3);
        let found: Vec<_> = neighbours(&grid, 3, true).iter().map(|n| n.as_slice().to_vec()).collect();
        for (i, codes) in found.iter().enumerate() {
            assert_eq!(codes, &[Neighbour { index: i, rel_coord: 0.0, weight: 1.0 }]);
        }
    }
}
