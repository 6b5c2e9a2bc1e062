//! What training does to single rows around the matrix products.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")
)]

use super::simd::vectorized;

vectorized! {
    /// `out = relu(code + Σ inputs[k] * columns[k])`: the first layer of a row whose code is projected already.
    pub(super) fn first_forward(code: &[f32], inputs: &[f32], columns: &[f32], out: &mut [f32]) {
        out.copy_from_slice(code);
        for (input, column) in inputs.iter().zip(columns.chunks_exact(code.len())) {
            out.iter_mut().zip(column).for_each(|(out, w)| *out += input * w);
        }
        for v in out {
            *v = v.max(0.0);
        }
    }

    /// Adds a row's gradient to that of its code and of the columns that its inputs went through.
    pub(super) fn first_backward(gradient: &[f32], inputs: &[f32], columns: &mut [f32], code: &mut [f32]) {
        for (input, column) in inputs.iter().zip(columns.chunks_exact_mut(gradient.len())) {
            column.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += input * g);
        }
        code.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
    }

    /// From the gradient of a row's colour to that of what the last layer read, and to that of the layer's weight
    /// (both `[3, width]`, like the layer).
    pub(super) fn last_backward(rgb: [f32; 3], row: &[f32], weight: &[f32], sums: &mut [f32], gradient: &mut [f32]) {
        let width = row.len();
        let (w0, w12) = weight.split_at(width);
        let (w1, w2) = w12.split_at(width);
        for ((((out, v), a), b), c) in gradient.iter_mut().zip(row).zip(w0).zip(w1).zip(w2) {
            let g = rgb[0] * a + rgb[1] * b + rgb[2] * c;
            *out = if *v > 0.0 { g } else { 0.0 };
        }
        for (sums, g) in sums.chunks_exact_mut(width).zip(rgb) {
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += g * v);
        }
    }

    /// Lets a gradient through where the row is above zero.
    pub(super) fn mask(row: &[f32], gradient: &mut [f32]) {
        gradient.iter_mut().zip(row).for_each(|(g, v)| *g = if *v > 0.0 { *g } else { 0.0 });
    }

    /// `sums += row`.
    pub(super) fn add(row: &[f32], sums: &mut [f32]) {
        sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_hand() {
        let mut out = [0.0; 2];
        first_forward(&[1.0, -1.0], &[2.0, 0.5], &[1.0, 0.0, -2.0, 1.0], &mut out);
        assert_eq!(out, [2.0, 0.0]);
        let (mut columns, mut code) = ([10.0, 0.0, 0.0, 0.0], [1.0, 1.0]);
        first_backward(&[3.0, 4.0], &[2.0, 0.5], &mut columns, &mut code);
        assert_eq!((columns, code), ([16.0, 8.0, 1.5, 2.0], [4.0, 5.0]));
        let (mut sums, mut gradient) = ([0.0; 6], [9.0; 2]);
        last_backward([1.0, 0.0, -1.0], &[2.0, 0.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut sums, &mut gradient);
        assert_eq!((sums, gradient), ([2.0, 0.0, 0.0, 0.0, -2.0, 0.0], [-4.0, 0.0]));
        let mut gradient = [5.0, 7.0];
        mask(&[0.0, 0.1], &mut gradient);
        assert_eq!(gradient, [0.0, 7.0]);
        add(&[1.0, 2.0], &mut gradient);
        assert_eq!(gradient, [1.0, 9.0]);
    }
}
