//! What a layer's sums go through.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")
)]

use super::instructions::Instructions;
use super::simd::{self, Simd, Work, vectorized};
use std::f32::consts::LOG2_E;

/// Added to a number of less than 2²² it leaves the nearest whole one in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// 2ˣ for -1/2 ≤ x ≤ 1/2 as a polynomial, the highest power first: off by at most 9.2·10⁻⁸, the least maximum of those that
/// are 1 at 0.
#[expect(clippy::approx_constant, reason = "near ln 2, but fitted")]
const POWER: [f32; 6] = [1.326_472_7e-3, 9.671_513e-3, 5.550_733_6e-2, 0.240_222_43, 0.693_147, 1.0];

/// A function that is applied to every sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// None.
    #[default]
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + e^-x)` (Elfwing et al., "Sigmoid-weighted linear units", 2017).
    Silu,
}

impl Activation {
    /// ReLU, or none.
    pub fn relu_if(relu: bool) -> Self {
        if relu { Self::Relu } else { Self::Identity }
    }
}

/// `x / (1 + e^-x)`, off by at most 7·10⁻⁷ of the result, and beyond -8 by at most as much of what it is there.
#[inline(always)]
pub(super) fn silu<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    simd.quotient(x, one_and_exp(simd, x))
}

/// The slope of [`silu`].
#[inline(always)]
fn silu_slope<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let one = simd.splat(1.0);
    let s = simd.quotient(one, one_and_exp(simd, x));
    let slope = simd.mul_add(x, simd.sub(one, s), one);
    simd.mul_add(s, slope, simd.zero())
}

/// `1 + e^-x`.
#[inline(always)]
fn one_and_exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    // e^-x = 2^t, t = whole + part; between 2^-120 and 2^120. What is no number stays none.
    let x = simd.max(simd.splat(-83.0), x);
    let t = simd.max(simd.splat(-120.0), simd.add_scaled(simd.zero(), x, -LOG2_E));
    let rounded = simd.add(t, simd.splat(ROUND));
    let part = simd.sub(t, simd.sub(rounded, simd.splat(ROUND)));
    let mut power = simd.splat(POWER[0]);
    for coefficient in &POWER[1..] {
        power = simd.mul_add(power, part, simd.splat(*coefficient));
    }
    simd.mul_add(power, simd.power_of_two(rounded), simd.splat(1.0))
}

/// `to = silu(sums) + plus`, on the instructions in use.
///
/// # Panics
/// If slices differ in length.
pub(super) fn activate(sums: &[f32], plus: Option<&[f32]>, to: &mut [f32]) {
    simd::run(Instructions::in_use(), Activate { sums, plus, to });
}

/// `to = gradient * silu'(sums)`, on the instructions in use.
///
/// # Panics
/// If slices differ in length.
pub(super) fn through_silu(gradient: &[f32], sums: &[f32], to: &mut [f32]) {
    simd::run(Instructions::in_use(), ThroughSilu { gradient, sums, to });
}

vectorized! {
    /// `to = gradient` where ReLU's result is above zero, else zero, on the instructions in use.
    pub(super) fn through_relu(gradient: &[f32], results: &[f32], to: &mut [f32]) {
        for ((to, gradient), result) in to.iter_mut().zip(gradient).zip(results) {
            *to = if *result > 0.0 { *gradient } else { 0.0 };
        }
    }
}

struct Activate<'a> {
    sums: &'a [f32],
    plus: Option<&'a [f32]>,
    to: &'a mut [f32],
}

impl Work for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { sums, plus, to } = self;
        assert!(sums.len() == to.len() && plus.is_none_or(|plus| plus.len() == to.len()), "lengths differ");
        for at in (0..to.len()).step_by(S::LANES) {
            let end = (at + S::LANES).min(to.len());
            let mut value = silu(simd, simd.get(&sums[at..end]));
            if let Some(plus) = plus {
                value = simd.add(value, simd.get(&plus[at..end]));
            }
            simd.put(value, &mut to[at..end]);
        }
    }
}

struct ThroughSilu<'a> {
    gradient: &'a [f32],
    sums: &'a [f32],
    to: &'a mut [f32],
}

impl Work for ThroughSilu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { gradient, sums, to } = self;
        assert!(sums.len() == to.len() && gradient.len() == to.len(), "lengths differ");
        for at in (0..to.len()).step_by(S::LANES) {
            let end = (at + S::LANES).min(to.len());
            let slope = silu_slope(simd, simd.get(&sums[at..end]));
            simd.put(simd.mul_add(slope, simd.get(&gradient[at..end]), simd.zero()), &mut to[at..end]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `silu` and its slope, on some instructions.
    fn both(instructions: Instructions, sums: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut values, mut slopes) = (vec![7.0; sums.len()], vec![7.0; sums.len()]);
        simd::run(instructions, Activate { sums, plus: None, to: &mut values });
        let gradient = &vec![1.0; sums.len()];
        simd::run(instructions, ThroughSilu { gradient, sums, to: &mut slopes });
        (values, slopes)
    }

    #[test]
    fn silu_and_its_slope_are_those_of_the_definition() {
        let sums: Vec<f32> = (-4000..=4000).map(|i| i as f32 * 0.025).collect();
        for instructions in Instructions::available() {
            let (values, slopes) = both(instructions, &sums);
            for ((x, value), slope) in sums.iter().map(|x| f64::from(*x)).zip(values).zip(slopes) {
                let sigmoid = 1.0 / (1.0 + (-x).exp());
                let exact = x * sigmoid;
                let most = 7e-7 * exact.abs().max(if x < -8.0 { 8.0 * (-8_f64).exp() } else { 0.0 });
                assert!((f64::from(value) - exact).abs() <= most, "{instructions}, {x}: {value} {exact}");
                let exact = sigmoid * (1.0 + x * (1.0 - sigmoid));
                assert!((f64::from(slope) - exact).abs() < 1e-6, "{instructions}, {x}: {slope} {exact}");
            }
            let (values, _) = both(instructions, &[f32::NAN, 200.0, 0.0, -200.0, f32::INFINITY]);
            assert!(values[0].is_nan() && values[3].abs() < 1e-30, "{instructions}: {values:?}");
            assert_eq!((values[1], values[2], values[4]), (200.0, 0.0, f32::INFINITY), "{instructions}");
        }
    }

    #[test]
    fn what_is_added_is_added_behind() {
        let mut to = [0.0; 3];
        activate(&[0.0, 200.0, 1.0], Some(&[1.0, 2.0, -0.731_058_6]), &mut to);
        assert!(to[0] == 1.0 && to[1] == 202.0 && to[2].abs() < 1e-6, "{to:?}");
        through_silu(&[2.0, 3.0, 0.0], &[0.0, 100.0, 1.0], &mut to);
        assert_eq!(to, [1.0, 3.0, 0.0]);
    }
}
