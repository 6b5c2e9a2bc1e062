//! Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015), as PyTorch computes it, with its state
//! in the open: what is not saved cannot be resumed.

use crate::weights::{AdamState, Array, Moments};
use std::collections::BTreeMap;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Moves `arrays` against their `gradients`; arrays without a gradient stay.
pub(super) fn update(
    adam: &mut AdamState,
    arrays: &mut BTreeMap<String, Array>,
    gradients: &BTreeMap<String, Vec<f32>>,
    learning_rate: f64,
) {
    adam.step += 1;
    let correction = |beta: f32| 1.0 - f64::from(beta).powf(adam.step as f64);
    let step_size = (learning_rate / correction(BETA1)) as f32;
    let root = correction(BETA2).sqrt() as f32;
    for (name, gradient) in gradients {
        let Some(array) = arrays.get_mut(name) else { continue };
        let none = || vec![0.0; gradient.len()];
        let fresh = || Moments { first: none(), second: none() };
        let Moments { first, second } = adam.moments.entry(name.clone()).or_insert_with(fresh);
        // One pass over everything.
        for (((w, m), v), g) in array.data.iter_mut().zip(first).zip(second).zip(gradient) {
            *m += (1.0 - BETA1) * (g - *m);
            *v = BETA2 * *v + (1.0 - BETA2) * g * g;
            *w -= step_size * *m / (v.sqrt() / root + EPSILON);
        }
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

/// The learning rate after a share of the work in [0, 1]: halved at each fifth, as the original does at 200, 400, 600
/// and 800 of its 1000 epochs.
pub(super) fn scheduled(learning_rate: f64, share: f64) -> f64 {
    // A fifth that is reached exactly counts as reached, whatever its rounding.
    let fifths = (share.clamp(0.0, 1.0) * 5.0 + 1e-9).floor().min(4.0);
    learning_rate * 0.5_f64.powf(fifths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_follows_the_sign_of_the_gradient() {
        let array = Array { shape: vec![3], data: vec![1.0; 3] };
        let mut arrays = BTreeMap::from([("a".to_owned(), array)]);
        let mut adam = AdamState::default();
        update(&mut adam, &mut arrays, &BTreeMap::from([("a".to_owned(), vec![2.0, -0.001, 0.0])]), 0.1);
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
        let rates = [0.0, 0.199, 0.2, 0.4, 0.61, 0.8, 1.0].map(|share| scheduled(1e-4, share) / 1e-4);
        assert_eq!(rates, [1.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.0625]);
    }
}
