//! What is done to single rows around the matrix products.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")
)]

use super::simd::vectorized;

vectorized! {
    /// `out = relu(code + bias + rel · columns)`: the first layer of one query, whose latent code is already projected.
    pub fn first_layer(code: &[f32], bias: &[f32], rel: f32, columns: &[f32], out: &mut [f32]) {
        for (((to, code), bias), weight) in out.iter_mut().zip(code).zip(bias).zip(columns) {
            *to = (code + bias + rel * weight).max(0.0);
        }
    }

    /// The dot products of `row` with three others: the last layer of one query.
    pub(super) fn three_dots(row: &[f32], others: &[Vec<f32>; 3]) -> [f32; 3] {
        let mut found = [0.0; 3];
        for (found, other) in found.iter_mut().zip(others) {
            // With enough partial sums for the compiler to use vectors.
            let mut sums = [0.0_f32; 32];
            let (a, a_rest) = row.as_chunks::<32>();
            let (b, b_rest) = other.as_chunks::<32>();
            for (a, b) in a.iter().zip(b) {
                for i in 0..32 {
                    sums[i] += a[i] * b[i];
                }
            }
            let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
            *found = sums.iter().sum::<f32>() + rest;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_is_written_whatever_their_length() {
        let values = |n: usize, k: f32| (0..n).map(|i| ((i as f32) * k).sin()).collect::<Vec<f32>>();
        for n in [1, 31, 32, 256, 259] {
            let (code, bias, columns) = (values(n, 0.7), values(n, 1.3), values(n, 2.1));
            let mut found = vec![0.0; n];
            first_layer(&code, &bias, -1.7, &columns, &mut found);
            for i in 0..n {
                assert_eq!(found[i], (code[i] + bias[i] + -1.7 * columns[i]).max(0.0));
            }
            let others = [code.clone(), bias.clone(), columns.clone()];
            let found = three_dots(&bias, &others);
            for (found, other) in found.iter().zip(&others) {
                let expected: f64 = bias.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                assert!((f64::from(*found) - expected).abs() < 1e-4, "{n}: {found} {expected}");
            }
        }
    }
}
