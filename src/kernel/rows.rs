//! What is done to single rows around the matrix products: plain loops, compiled once more for wider vectors where the
//! processor has them.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")
)]

/// `out = relu(code + bias + rel · columns)`: the first layer of one query, whose latent code is already projected.
pub fn first_layer(code: &[f32], bias: &[f32], rel: f32, columns: &[f32], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor was just checked.
        return unsafe { wide::first_layer(code, bias, rel, columns, out) };
    }
    plain::first_layer(code, bias, rel, columns, out);
}

/// `relu(values + bias)`, in place.
pub(super) fn activate(values: &mut [f32], bias: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor was just checked.
        return unsafe { wide::activate(values, bias) };
    }
    plain::activate(values, bias);
}

/// The dot products of `row` with three others: the last layer of one query.
pub(super) fn three_dots(row: &[f32], others: &[Vec<f32>; 3]) -> [f32; 3] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor was just checked.
        return unsafe { wide::three_dots(row, others) };
    }
    plain::three_dots(row, others)
}

#[expect(clippy::inline_always, reason = "only what is inlined is compiled for the caller's vectors")]
mod plain {
    #[inline(always)]
    pub(super) fn first_layer(code: &[f32], bias: &[f32], rel: f32, columns: &[f32], out: &mut [f32]) {
        for (((to, code), bias), weight) in out.iter_mut().zip(code).zip(bias).zip(columns) {
            *to = (code + bias + rel * weight).max(0.0);
        }
    }

    #[inline(always)]
    pub(super) fn activate(values: &mut [f32], bias: &[f32]) {
        values.iter_mut().zip(bias).for_each(|(v, bias)| *v = (*v + bias).max(0.0));
    }

    #[inline(always)]
    pub(super) fn three_dots(row: &[f32], others: &[Vec<f32>; 3]) -> [f32; 3] {
        [0, 1, 2].map(|i| dot(row, &others[i]))
    }

    /// With enough partial sums for the compiler to use vectors.
    #[inline(always)]
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        let mut sums = [0.0_f32; 32];
        let (a, a_rest) = a.as_chunks::<32>();
        let (b, b_rest) = b.as_chunks::<32>();
        for (a, b) in a.iter().zip(b) {
            for i in 0..32 {
                sums[i] += a[i] * b[i];
            }
        }
        let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
        sums.iter().sum::<f32>() + rest
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::plain;

    #[target_feature(enable = "avx512f")]
    pub(super) fn first_layer(code: &[f32], bias: &[f32], rel: f32, columns: &[f32], out: &mut [f32]) {
        plain::first_layer(code, bias, rel, columns, out);
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn activate(values: &mut [f32], bias: &[f32]) {
        plain::activate(values, bias);
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn three_dots(row: &[f32], others: &[Vec<f32>; 3]) -> [f32; 3] {
        plain::three_dots(row, others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_plain_agree() {
        let values = |n: usize, k: f32| (0..n).map(|i| ((i as f32) * k).sin()).collect::<Vec<f32>>();
        for n in [1, 31, 32, 256, 259] {
            let (code, bias, columns) = (values(n, 0.7), values(n, 1.3), values(n, 2.1));
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            first_layer(&code, &bias, -1.7, &columns, &mut a);
            plain::first_layer(&code, &bias, -1.7, &columns, &mut b);
            assert_eq!(a, b);
            activate(&mut a, &bias);
            plain::activate(&mut b, &bias);
            assert_eq!(a, b);
            let others = [code.clone(), bias.clone(), columns.clone()];
            let (a, b) = (three_dots(&bias, &others), plain::three_dots(&bias, &others));
            assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-4), "{n}: {a:?} {b:?}");
        }
    }
}
