//! Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015), as PyTorch computes it, with its state
//! in the open: what is not saved cannot be resumed.

use super::config::Schedule;
use crate::weights::{AdamState, Array, Moments};
use std::collections::BTreeMap;

const BETA1: f32 = 0.9;
const EPSILON: f32 = 1e-8;

/// Steps in which the rate of [`Schedule::Cosine`] grows.
const WARM_UP: f64 = 200.0;

/// How far a step goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) learning_rate: f64,
    /// What is kept of the squares of gradients.
    pub(super) beta2: f64,
    /// The share of the rate for a live network's waves and κ.
    pub(super) wave_rate: f64,
}

/// Moves `arrays` against their `gradients`; arrays without a gradient stay.
pub(super) fn update(
    adam: &mut AdamState,
    arrays: &mut BTreeMap<String, Array>,
    gradients: &BTreeMap<String, Vec<f32>>,
    pace: Pace,
) {
    adam.step += 1;
    let beta2 = pace.beta2 as f32;
    let correction = |beta: f32| 1.0 - f64::from(beta).powf(adam.step as f64);
    let step_size = |rate: f64| (rate / correction(BETA1)) as f32;
    let root = correction(beta2).sqrt() as f32;
    for (name, gradient) in gradients {
        let Some(array) = arrays.get_mut(name) else { continue };
        let is_of_waves = matches!(name.as_str(), "field.luma_waves" | "field.chroma_waves" | "field.kappa");
        let step_size = step_size(pace.learning_rate * if is_of_waves { pace.wave_rate } else { 1.0 });
        let none = || vec![0.0; gradient.len()];
        let fresh = || Moments { first: none(), second: none() };
        let Moments { first, second } = adam.moments.entry(name.clone()).or_insert_with(fresh);
        // One pass over everything.
        for (((w, m), v), g) in array.data.iter_mut().zip(first).zip(second).zip(gradient) {
            *m += (1.0 - BETA1) * (g - *m);
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            *w -= step_size * *m / (v.sqrt() / root + EPSILON);
        }
    }
}

/// Moves averages a little towards `arrays`, after step number `step`: the first steps count more than the later ones.
pub(super) fn average(averages: &mut BTreeMap<String, Array>, arrays: &BTreeMap<String, Array>, keep: f64, step: u64) {
    let moved = (1.0 - keep.min(step as f64 / (step as f64 + 10.0))) as f32;
    for (average, array) in averages.values_mut().zip(arrays.values()) {
        average.data.iter_mut().zip(&array.data).for_each(|(average, w)| *average += moved * (w - *average));
    }
}

/// Scales all gradients so that their common length is at most `limit`. Returns the length before.
pub(super) fn clip(gradients: &mut BTreeMap<String, Vec<f32>>, limit: Option<f64>) -> f64 {
    let squares: f64 = gradients.values().flatten().map(|g| f64::from(*g) * f64::from(*g)).sum();
    let length = squares.sqrt();
    if let Some(limit) = limit.filter(|limit| length > *limit) {
        let scale = (limit / length) as f32;
        gradients.values_mut().flatten().for_each(|g| *g *= scale);
    }
    length
}

impl Schedule {
    /// The learning rate after `step` steps and a share of the work in [0, 1]. Halved at each fifth, as the original does at
    /// 200, 400, 600 and 800 of its 1000 epochs, or a cosine.
    pub(super) fn rate(self, learning_rate: f64, step: u64, share: f64) -> f64 {
        let share = share.clamp(0.0, 1.0);
        match self {
            // A fifth that is reached exactly counts as reached, whatever its rounding.
            Self::Halved => learning_rate * 0.5_f64.powf((share * 5.0 + 1e-9).floor().min(4.0)),
            Self::Cosine => {
                let left = 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
                learning_rate * ((step as f64 + 1.0) / WARM_UP).min(1.0) * (0.995 * left + 0.005)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { learning_rate: 0.1, beta2: 0.999, wave_rate: 0.3 };

    #[test]
    fn waves_move_less() {
        let names = ["field.amplitudes.bias", "field.kappa", "field.luma_waves"].map(str::to_owned);
        let array = Array { shape: vec![1], data: vec![0.0] };
        let mut arrays = names.clone().map(|name| (name, array.clone())).into();
        update(&mut AdamState::default(), &mut arrays, &names.clone().map(|name| (name, vec![-1.0])).into(), PACE);
        let moved = names.map(|name| arrays[&name].data[0]);
        assert!((moved[0] - 0.1).abs() < 1e-6 && moved[1..].iter().all(|v| (v - 0.03).abs() < 1e-6), "{moved:?}");
    }

    #[test]
    fn averages_follow_and_the_first_steps_count_more() {
        let of = |value: f32| BTreeMap::from([("a".to_owned(), Array { shape: vec![1], data: vec![value] })]);
        let after = |step| {
            let mut averages = of(1.0);
            average(&mut averages, &of(2.0), 0.9, step);
            averages["a"].data[0]
        };
        assert!((after(1) - (1.0 + 10.0 / 11.0)).abs() < 1e-6 && (after(1000) - 1.1).abs() < 1e-6);
    }

    #[test]
    fn a_cosine_warms_up_and_ends_near_zero() {
        let rate = |step, share| Schedule::Cosine.rate(1.0, step, share);
        assert_eq!([rate(0, 0.0), rate(99, 0.0), rate(199, 0.0)], [0.005, 0.5, 1.0]);
        assert!((rate(500, 0.5) - 0.5025).abs() < 1e-9 && (rate(900, 1.0) - 0.005).abs() < 1e-9);
    }

    #[test]
    fn the_first_step_follows_the_sign_of_the_gradient() {
        let array = Array { shape: vec![3], data: vec![1.0; 3] };
        let mut arrays = BTreeMap::from([("a".to_owned(), array)]);
        let mut adam = AdamState::default();
        update(&mut adam, &mut arrays, &BTreeMap::from([("a".to_owned(), vec![2.0, -0.001, 0.0])]), PACE);
        let moved = &arrays["a"].data;
        assert!((moved[0] - 0.9).abs() < 1e-6 && (moved[1] - 1.1).abs() < 1e-5 && moved[2] == 1.0, "{moved:?}");
        assert_eq!(adam.step, 1);
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let mut gradients = BTreeMap::from([("a".to_owned(), vec![3.0]), ("b".to_owned(), vec![4.0])]);
        assert_eq!(clip(&mut gradients, None), 5.0);
        assert_eq!(clip(&mut gradients, Some(10.0)), 5.0);
        assert_eq!(gradients["b"], [4.0]);
        clip(&mut gradients, Some(1.0));
        assert!((gradients["a"][0] - 0.6).abs() < 1e-6 && (gradients["b"][0] - 0.8).abs() < 1e-6);
    }

    #[test]
    fn the_rate_is_halved_four_times() {
        let rates = [0.0, 0.199, 0.2, 0.4, 0.61, 0.8, 1.0].map(|share| Schedule::Halved.rate(1e-4, 0, share) / 1e-4);
        assert_eq!(rates, [1.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.0625]);
    }
}
