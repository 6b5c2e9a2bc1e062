//! What a layer's sums go through.

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

/// `x / (1 + e^-x)`, off by at most 3·10⁻⁷ of the result. Without branches and calls, so that loops over it become vectors.
#[inline(always)]
pub(super) fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

/// The slope of [`silu`].
#[inline(always)]
pub(super) fn silu_slope(x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    /// Added to a number it leaves the nearest whole one in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // e^-x = 2^t, t = whole + part.
    let t = (x * -std::f32::consts::LOG2_E).clamp(-120.0, 120.0);
    let rounded = t + ROUND;
    let part = t - (rounded - ROUND);
    let whole = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    let power = f32::from_bits(whole.wrapping_add(127) << 23);
    // 2^part by its series.
    let mut series = 1.540_353_e-4;
    for coefficient in [1.333_355_8e-3, 9.618_129e-3, 5.550_410_9e-2, 0.240_226_5, 0.693_147_2, 1.0] {
        series = series * part + coefficient;
    }
    1.0 / (1.0 + series * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silu_and_its_slope_are_those_of_the_definition() {
        for i in -4000..=4000 {
            let x = i as f32 * 0.025;
            let exact = f64::from(x) / (1.0 + (-f64::from(x)).exp());
            let sigmoid = 1.0 / (1.0 + (-f64::from(x)).exp());
            let slope = sigmoid * (1.0 + f64::from(x) * (1.0 - sigmoid));
            assert!((f64::from(silu(x)) - exact).abs() <= 3e-7 * exact.abs() + 1e-30, "{x}: {} {exact}", silu(x));
            assert!((f64::from(silu_slope(x)) - slope).abs() < 1e-6, "{x}: {} {slope}", silu_slope(x));
        }
        assert!(silu(f32::NAN).is_nan());
        assert_eq!((silu(200.0), silu(0.0)), (200.0, 0.0));
        assert!(silu(-200.0).abs() < 1e-30);
    }
}
