//! Intervals of a mean over pictures: the percentile bootstrap (Efron, "Bootstrap Methods: Another Look at the Jackknife",
//! 1979). Every call draws the same pictures for the same seed, so that the intervals of several columns, and those of
//! paired differences, belong together. Of a handful of pictures the intervals are too narrow, as with any bootstrap.

use crate::train::Random;
use serde::Serialize;

/// How intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bootstrap {
    /// Where the random numbers begin.
    pub seed: u64,
    /// How often as many pictures as there are are drawn, with repetition.
    pub resamples: usize,
}

/// The share of the resampled means that lie inside an interval.
pub const LEVEL: f64 = 0.95;

/// From where to where.
pub type Interval = [f64; 2];

impl Default for Bootstrap {
    fn default() -> Self {
        Self { seed: 1, resamples: 10_000 }
    }
}

impl Bootstrap {
    /// The interval of the mean; nothing for fewer than two values, or if one of them is not finite.
    pub fn interval(&self, values: &[f64]) -> Option<Interval> {
        let n = values.len();
        if n < 2 || self.resamples == 0 || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut random = Random::of(&[self.seed]);
        let mut mean = |_| (0..n).map(|_| values[random.below(n)]).sum::<f64>() / n as f64;
        let mut means: Vec<f64> = (0..self.resamples).map(&mut mean).collect();
        means.sort_by(f64::total_cmp);
        let tail = (1.0 - LEVEL) / 2.0;
        Some([quantile(&means, tail), quantile(&means, 1.0 - tail)])
    }
}

/// Of sorted values, between its two neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nearly normal: sums of twelve evenly spread numbers.
    fn normal(random: &mut Random) -> f64 {
        (0..12).map(|_| random.below(1 << 20) as f64 / f64::from(1 << 20)).sum::<f64>() - 6.0
    }

    #[test]
    fn it_is_that_of_the_normal_distribution_where_there_is_one() {
        let mut random = Random::of(&[7]);
        let values: Vec<f64> = (0..400).map(|_| 30.0 + 2.0 * normal(&mut random)).collect();
        let mean = values.iter().sum::<f64>() / 400.0;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 400.0).sqrt();
        let half = 1.96 * deviation / 20.0;
        let [low, high] = Bootstrap::default().interval(&values).unwrap();
        assert!((low - (mean - half)).abs() < 0.05 * half, "{low} and not {}", mean - half);
        assert!((high - (mean + half)).abs() < 0.05 * half, "{high} and not {}", mean + half);
    }

    #[test]
    fn it_covers_the_truth_about_as_often_as_it_says() {
        let bootstrap = Bootstrap { resamples: 400, ..Bootstrap::default() };
        let mut random = Random::of(&[3]);
        let mut covers = |truth: f64| {
            let values: Vec<f64> = (0..50).map(|_| normal(&mut random)).collect();
            let [low, high] = bootstrap.interval(&values).unwrap();
            (low..high).contains(&truth)
        };
        let covered = (0..500).filter(|_| covers(0.0)).count();
        assert!((455..=490).contains(&covered), "{covered} of 500");
        assert!((0..100).filter(|_| covers(0.5)).count() < 20, "a wrong truth lies outside");
    }

    #[test]
    fn the_seed_decides_and_too_little_has_none() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i * i % 37)).collect();
        let with = |seed| Bootstrap { seed, ..Bootstrap::default() }.interval(&values).unwrap();
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
        for none in [&[][..], &[30.0], &[30.0, f64::INFINITY], &[30.0, f64::NAN]] {
            assert_eq!(Bootstrap::default().interval(none), None);
        }
    }
}
