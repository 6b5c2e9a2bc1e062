//! Where a field is sampled: for rows and for columns, which source pixels they lie between, and the waves there.

use crate::decode::axis::{Neighbours, neighbours};
use crate::geometry::AxisGrid;
use crate::kernel::{Places, WaveTable, Waves};

/// One axis.
pub(super) struct Axis {
    /// Of every sample, the source pixels before and behind it; twice the same where there is but one.
    pub(super) between: Vec<[usize; 2]>,
    /// The waves at every sample.
    pub(super) table: WaveTable,
}

impl Axis {
    /// The samples of `grid` on an axis of `n` source pixels, for waves of so many radians per source pixel along it, of
    /// which `gain` is left.
    pub(super) fn new(kernel: &Waves, grid: &AxisGrid, n: usize, waves: &[f32], gain: &[f32]) -> Self {
        let neighbours = neighbours(grid, n, true);
        let places: Vec<Places> = neighbours
            .iter()
            .map(|neighbours| {
                let [first, .., last] = neighbours.as_slice() else {
                    let only = neighbours.as_slice()[0];
                    return Places { offset: [only.rel_coord / 2.0; 2], share: [only.weight, 0.0] };
                };
                Places {
                    offset: [first, last].map(|code| code.rel_coord / 2.0),
                    share: [first, last].map(|code| code.weight),
                }
            })
            .collect();
        let between = neighbours.iter().map(Neighbours::between);
        Self { between: between.collect(), table: kernel.table(waves, gain, &places) }
    }
}
