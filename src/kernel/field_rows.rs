//! What training does to the waves of a field, query by query. Rows have a value for every wave.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")
)]

use super::simd::vectorized;

/// Sine and cosine, off by at most 2·10⁻⁷ for arguments up to 100 (after Moshier, Cephes: `sinf.c`). Without branches and
/// calls, so that loops over it become vectors.
#[inline(always)]
pub(super) fn sin_cos(x: f32) -> (f32, f32) {
    /// Added to a number it leaves the nearest whole one in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    /// A quarter turn in three parts, of which the first two have few bits.
    const QUARTER: [f32; 3] = [1.570_312_5, 4.837_513e-4, 7.549_79e-8];
    let shifted = x * std::f32::consts::FRAC_2_PI + ROUND;
    let (quarters, turned) = (shifted.to_bits(), shifted - ROUND);
    let r = x - turned * QUARTER[0] - turned * QUARTER[1] - turned * QUARTER[2];
    let z = r * r;
    let sin = ((-1.951_529_6e-4 * z + 8.332_161e-3) * z - 1.666_665_5e-1) * z * r + r;
    let cos = ((2.443_315_7e-5 * z - 1.388_731_6e-3) * z + 4.166_664_6e-2) * z * z - 0.5 * z + 1.0;
    let swapped = quarters & 1 != 0;
    let (a, b) = (if swapped { cos } else { sin }, if swapped { sin } else { cos });
    let sin = f32::from_bits(a.to_bits() ^ ((quarters & 2) << 30));
    (sin, f32::from_bits(b.to_bits() ^ ((quarters.wrapping_add(1) & 2) << 30)))
}

vectorized! {
    /// What is left of waves `y`, `x` where a pixel has `pitch` squared (y, x): `presence e^(-κ ((y p_y)² + (x p_x)²))`.
    pub(super) fn fade(y: &[f32], x: &[f32], kappa: f32, pitch: [f32; 2], presence: f32, out: &mut [f32]) {
        for (out, (y, x)) in out.iter_mut().zip(y.iter().zip(x)) {
            *out = presence * (-kappa * (y * y * pitch[0] + x * x * pitch[1])).exp();
        }
    }

    /// Cosines and sines of the waves `y`, `x` at `offset` from the first of four pixels, and from the three others, which
    /// are a pixel to the right, below, and both; times `fade`. `turns` holds cosine and sine of what those turn by; out
    /// comes a row of cosines and one of sines for each of the four.
    pub(super) fn basis(y: &[f32], x: &[f32], turns: &[f32], fade: &[f32], offset: [f32; 2], out: &mut [f32]) {
        let n = y.len();
        let (x, fade) = (&x[..n], &fade[..n]);
        let (first, others) = out.split_at_mut(2 * n);
        let (cos, sin) = first.split_at_mut(n);
        let (cos, sin) = (&mut cos[..n], &mut sin[..n]);
        for k in 0..n {
            let (s, c) = sin_cos(y[k] * offset[0] + x[k] * offset[1]);
            cos[k] = c * fade[k];
            sin[k] = s * fade[k];
        }
        for (turn, to) in turns.chunks_exact(2 * n).zip(others.chunks_exact_mut(2 * n)) {
            let (turn_cos, turn_sin) = turn.split_at(n);
            let (to_cos, to_sin) = to.split_at_mut(n);
            let (to_cos, to_sin) = (&mut to_cos[..n], &mut to_sin[..n]);
            for k in 0..n {
                to_cos[k] = cos[k] * turn_cos[k] + sin[k] * turn_sin[k];
                to_sin[k] = sin[k] * turn_cos[k] - cos[k] * turn_sin[k];
            }
        }
    }

    /// Adds one pixel's part, of `weight`: to the first row of `sums` what its waves add to the picture, to the others how
    /// that changes with the waves' y and x, where the pixel is `offset` away. `amplitudes` and `basis` are a row of cosines
    /// and one of sines each.
    pub(super) fn add_corner(amplitudes: &[f32], basis: &[f32], weight: f32, offset: [f32; 2], sums: &mut [f32]) {
        let n = sums.len() / 3;
        let ((p, q), (cos, sin)) = (amplitudes.split_at(n), basis.split_at(n));
        let (value, slopes) = sums.split_at_mut(n);
        let (down, across) = slopes.split_at_mut(n);
        let (q, sin, down, across) = (&q[..n], &sin[..n], &mut down[..n], &mut across[..n]);
        let (p, cos) = (&p[..n], &cos[..n]);
        let by = [weight * offset[0], weight * offset[1]];
        for k in 0..n {
            let slope = q[k] * cos[k] - p[k] * sin[k];
            value[k] += weight * (p[k] * cos[k] + q[k] * sin[k]);
            down[k] += by[0] * slope;
            across[k] += by[1] * slope;
        }
    }

    /// The sums of `values` over the waves of each of three channels, of which `masks` are a row of ones and zeros.
    pub(super) fn by_channel(values: &[f32], masks: &[Vec<f32>; 3]) -> [f32; 3] {
        let mut found = [0.0; 3];
        for (found, mask) in found.iter_mut().zip(masks) {
            let mut sums = [0.0_f32; 16];
            for (values, mask) in values.as_chunks::<16>().0.iter().zip(mask.as_chunks::<16>().0) {
                for i in 0..16 {
                    sums[i] += values[i] * mask[i];
                }
            }
            *found = sums.iter().sum();
        }
        found
    }

    /// Every wave's slope, from those of the channels.
    pub(super) fn spread(slopes: [f32; 3], masks: &[Vec<f32>; 3], out: &mut [f32]) {
        let [a, b, c] = masks;
        for (out, ((a, b), c)) in out.iter_mut().zip(a.iter().zip(b).zip(c)) {
            *out = slopes[0] * a + slopes[1] * b + slopes[2] * c;
        }
    }

    /// Adds to an image's rows: the slopes by the waves' y and x, and how much of every wave fades with y and with x. `sums`
    /// is what [`add_corner`] left, `pitch` is squared.
    pub(super) fn add_slopes(slope: &[f32], sums: &[f32], pitch: [f32; 2], rows: &mut [f32]) {
        let n = slope.len();
        let (value, slopes) = sums.split_at(n);
        let (down, across) = slopes.split_at(n);
        let (by_y, rest) = rows.split_at_mut(n);
        let (by_x, rest) = rest.split_at_mut(n);
        let (fades_y, fades_x) = rest.split_at_mut(n);
        let (value, down, across) = (&value[..n], &down[..n], &across[..n]);
        let (by_y, by_x, fades_y, fades_x) = (&mut by_y[..n], &mut by_x[..n], &mut fades_y[..n], &mut fades_x[..n]);
        for k in 0..n {
            let term = slope[k] * value[k];
            by_y[k] += slope[k] * down[k];
            by_x[k] += slope[k] * across[k];
            fades_y[k] += pitch[0] * term;
            fades_x[k] += pitch[1] * term;
        }
    }

    /// Adds to the gradient of one pixel's amplitudes.
    pub(super) fn corner_backward(slope: &[f32], basis: &[f32], weight: f32, gradient: &mut [f32]) {
        let n = slope.len();
        let (cos, sin) = basis.split_at(n);
        let (by_p, by_q) = gradient.split_at_mut(n);
        let (cos, sin, by_p, by_q) = (&cos[..n], &sin[..n], &mut by_p[..n], &mut by_q[..n]);
        for k in 0..n {
            let weighted = weight * slope[k];
            by_p[k] += weighted * cos[k];
            by_q[k] += weighted * sin[k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_are_those_of_the_definition() {
        for i in -40_000..=40_000 {
            let x = i as f32 * 0.0025;
            let (exact, found) = (f64::from(x).sin_cos(), sin_cos(x));
            let off = (f64::from(found.0) - exact.0).abs().max((f64::from(found.1) - exact.1).abs());
            assert!(off < 2e-7, "{x}: {off:e}");
        }
        assert!(sin_cos(f32::NAN).0.is_nan());
    }

    #[test]
    fn the_other_pixels_follow_from_the_first() {
        let (y, x): (Vec<f32>, Vec<f32>) = (0..16).map(|k| (0.3 * k as f32, 2.0 - 0.4 * k as f32)).unzip();
        let row = |f: &dyn Fn(f32) -> f32, of: &dyn Fn(usize) -> f32| (0..16).map(|k| f(of(k))).collect::<Vec<_>>();
        let mut turns = Vec::new();
        let shifts: [&dyn Fn(usize) -> f32; 3] = [&|k| x[k], &|k| y[k], &|k| x[k] + y[k]];
        for shift in shifts {
            turns.extend(row(&f32::cos, shift));
            turns.extend(row(&f32::sin, shift));
        }
        let mut found = vec![0.0; 8 * 16];
        basis(&y, &x, &turns, &[0.5; 16], [0.25, 0.75], &mut found);
        for (corner, offset) in [[0.25, 0.75], [0.25, -0.25], [-0.75, 0.75], [-0.75, -0.25]].iter().enumerate() {
            for k in 0..16 {
                let phase: f32 = y[k] * offset[0] + x[k] * offset[1];
                let off = (found[2 * corner * 16 + k] - 0.5 * phase.cos()).abs();
                assert!(off.max((found[(2 * corner + 1) * 16 + k] - 0.5 * phase.sin()).abs()) < 1e-6);
            }
        }
    }
}
