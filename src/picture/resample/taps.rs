//! Which source samples make an output sample, and how much each counts.

use super::cubic;
use crate::geometry::AxisGrid;
use std::ops::Range;

/// The source samples of one output sample: consecutive, from `first`, one per weight. The weights sum to 1.
pub(super) struct Taps<'a> {
    pub(super) first: usize,
    pub(super) weights: &'a [f32],
}

/// The taps of all samples of an axis.
pub(super) struct AxisTaps {
    spans: Vec<(usize, Range<usize>)>,
    weights: Vec<f32>,
}

impl AxisTaps {
    /// Taps for `grid` on an axis of `n` source samples: bicubic up to a pitch of 1, area beyond it.
    pub(super) fn new(grid: &AxisGrid, n: usize) -> Self {
        Self::of_level(grid, n, 0)
    }

    /// The same on the axis's mip level, whose samples are means of 2^level source samples, the last one of fewer.
    fn of_level(grid: &AxisGrid, n: usize, level: u32) -> Self {
        // A pitch of exactly 1 may come back from a division as 1 + 1e-16.
        const ONE: f64 = 1.0 + 1e-9;
        let side = f64::from(1_u32 << level);
        let grid = AxisGrid { origin: grid.origin / side, pitch: grid.pitch / side, len: grid.len };
        let mut taps = Self { spans: Vec::with_capacity(grid.len), weights: Vec::new() };
        let mut window = Vec::new();
        for i in 0..grid.len {
            window.clear();
            let first = if grid.pitch <= ONE {
                bicubic(grid.latent_position(i), n.div_ceil(1 << level), &mut window)
            } else {
                let start = grid.origin + i as f64 * grid.pitch;
                area(start, start + grid.pitch, n as f64 / side, &mut window)
            };
            taps.push(first, &window);
        }
        taps
    }

    fn push(&mut self, first: usize, window: &[f64]) {
        // Zeros at the ends would only cost reads; on a grid of whole pixels three taps of four are zero.
        let is_used = |w: &f64| *w != 0.0;
        let skipped = window.iter().position(is_used).unwrap_or(0);
        let end = window.iter().rposition(is_used).map_or(window.len(), |last| last + 1);
        let total: f64 = window.iter().sum();
        let offset = self.weights.len();
        self.weights.extend(window[skipped..end].iter().map(|w| (w / total) as f32));
        self.spans.push((first + skipped, offset..self.weights.len()));
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn get(&self, i: usize) -> Taps<'_> {
        let (first, span) = &self.spans[i];
        Taps { first: *first, weights: &self.weights[span.clone()] }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Taps<'_>> {
        (0..self.len()).map(|i| self.get(i))
    }

    /// The source samples that any output sample reads.
    pub(super) fn source_range(&self) -> Range<usize> {
        let first = self.iter().map(|taps| taps.first).min().unwrap_or(0);
        let end = self.iter().map(|taps| taps.first + taps.weights.len()).max().unwrap_or(0);
        first..end
    }
}

/// What each sample of an axis of `n` source samples is made of, in samples of a mip level: the first, and the weights of
/// those from there on, which sum to 1. Bicubic interpolation of the level; of an area, where the level is reduced.
pub fn mip_taps(grid: &AxisGrid, n: usize, level: u32) -> Vec<(usize, Vec<f32>)> {
    AxisTaps::of_level(grid, n, level).iter().map(|taps| (taps.first, taps.weights.to_vec())).collect()
}

/// Bicubic interpolation of an image of `[height, width]` pixels at (y, x), counted in pixels from the centre of the first;
/// not clamped.
///
/// # Panics
/// If the image has not so many pixels.
pub fn bicubic_at(pixels: &[[f32; 3]], size: [usize; 2], position: [f64; 2]) -> [f32; 3] {
    let taps = |axis: usize| {
        let mut weights = Vec::with_capacity(4);
        let first = bicubic(position[axis], size[axis], &mut weights);
        let total: f64 = weights.iter().sum();
        weights.into_iter().enumerate().map(move |(i, weight)| (first + i, (weight / total) as f32))
    };
    let mut sum = [0.0; 3];
    for (y, down) in taps(0) {
        for (x, across) in taps(1) {
            (0..3).for_each(|c| sum[c] += down * across * pixels[y * size[1] + x][c]);
        }
    }
    sum
}

/// Four taps around `u`, fewer at the edge, where the rest shares the weight of those that are missing.
fn bicubic(u: f64, n: usize, window: &mut Vec<f64>) -> usize {
    let u = u.clamp(-0.5, n as f64 - 0.5);
    let base = u.floor();
    let first = (base as i64 - 1).max(0);
    let end = (base as i64 + 3).min(n as i64);
    window.extend((first..end).map(|k| cubic(k as f64 - u)));
    first as usize
}

/// What each source sample shares with `[start, end)`, cut at the picture's edges.
fn area(start: f64, end: f64, n: f64, window: &mut Vec<f64>) -> usize {
    let least = n.min(1.0) / 2.0;
    let start = start.clamp(0.0, n - least);
    let end = end.clamp(start + least, n);
    let first = start as usize;
    let last = end.ceil() as usize;
    window.extend((first..last).map(|k| (end.min(k as f64 + 1.0) - start.max(k as f64)).max(0.0)));
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(grid: AxisGrid, n: usize, i: usize) -> (usize, Vec<f32>) {
        let taps = AxisTaps::new(&grid, n);
        (taps.get(i).first, taps.get(i).weights.to_vec())
    }

    #[test]
    fn area_shares_are_exact() {
        let grid = AxisGrid { origin: 0.5, pitch: 2.5, len: 3 };
        assert_eq!(window(grid, 8, 0), (0, vec![0.2, 0.4, 0.4]));
        assert_eq!(window(grid, 8, 1), (3, vec![0.4, 0.4, 0.2]));
    }

    #[test]
    fn whole_pixels_take_one_tap() {
        let grid = AxisGrid { origin: 3.0, pitch: 1.0, len: 4 };
        assert_eq!(window(grid, 9, 2), (5, vec![1.0]));
    }

    #[test]
    fn an_area_of_a_level_is_that_of_the_source() {
        // Five source samples are two whole ones of level 1, and half of one.
        let grid = AxisGrid { origin: -1.0, pitch: 4.0, len: 2 };
        assert_eq!(mip_taps(&grid, 5, 1), [(0, vec![2.0 / 3.0, 1.0 / 3.0]), (1, vec![0.5, 0.5])]);
        assert_eq!(mip_taps(&grid, 5, 0)[1], (3, vec![0.5, 0.5]));
        let grid = AxisGrid { origin: 0.0, pitch: 1.0, len: 1 };
        assert_eq!(mip_taps(&grid, 1, 3), [(0, vec![1.0])]);
    }

    #[test]
    fn weights_sum_to_one_even_outside() {
        for (origin, pitch) in [(-7.0, 0.3), (-7.0, 3.0), (4.9, 0.01), (30.0, 2.0)] {
            let taps = AxisTaps::new(&AxisGrid { origin, pitch, len: 12 }, 5);
            for tap in taps.iter() {
                assert!((tap.weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
                assert!(tap.first + tap.weights.len() <= 5);
            }
        }
    }
}
