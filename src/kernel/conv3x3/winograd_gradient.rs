//! The gradient of the weights by Winograd's F(2×2, 3×3), in single precision.
//!
//! The forward pass is `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` for every tile and pair of channels; turned around, the gradient of
//! the kernel is `Gᵀ [Σ (Bᵀ d B) ⊙ (A e Aᵀ)] G`, summed over all tiles, for tiles `d` of the image and `e` of the
//! result's gradient. The sums are sixteen independent matrix products whose depth is the number of tiles: sixteen
//! products for four pixels where the definition has thirty-six.
#![expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")]

use super::winograd::{CHUNK, POINTS, TransformInput, Winograd, lanes_at, transform_tile, values, vector};
use super::{Image, WeightGradient};
use crate::kernel::panels::PANEL;
use std::arch::x86_64::{__m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_sub_ps};

/// Rows and vectors of sums that stay in registers.
const ROWS: usize = 8;
const VECTORS: usize = 2;

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct WinogradGradientScratch {
    /// Transformed tiles of the image and of the gradient, `[point][tile][channel]`.
    image: Vec<f32>,
    gradient: Vec<f32>,
    /// `[point][input][output]`.
    sums: Vec<f32>,
}

/// Whether it suits these channels, on this processor.
pub(super) fn suits(inputs: usize, outputs: usize) -> bool {
    Winograd::suits(inputs, outputs) && outputs.is_multiple_of(VECTORS * PANEL)
}

/// The gradients of weight and bias of one channels-last image, on this thread.
///
/// # Panics
/// If it does not suit the channels.
pub(super) fn weight_gradient(
    image: Image<'_>,
    gradient: Image<'_>,
    (inputs, outputs): (usize, usize),
    scratch: &mut WinogradGradientScratch,
) -> WeightGradient {
    assert!(suits(inputs, outputs), "not for these channels, or not on this processor");
    let WinogradGradientScratch { image: of_image, gradient: of_gradient, sums } = scratch;
    of_image.resize(POINTS * CHUNK * inputs, 0.0);
    of_gradient.resize(POINTS * CHUNK * outputs, 0.0);
    sums.clear();
    sums.resize(POINTS * inputs * outputs, 0.0);
    let source = TransformInput { values: image.values, channels: inputs, step: CHUNK * inputs };
    let columns = image.width.div_ceil(2);
    let tiles = image.height.div_ceil(2) * columns;
    for first in (0..tiles).step_by(CHUNK) {
        let count = (tiles - first).min(CHUNK);
        for i in 0..count {
            let tile = ((first + i) / columns, (first + i) % columns);
            // SAFETY: blocks in single precision exist only where AVX-512 does (`suits`).
            unsafe {
                transform_tile(source, [image.height, image.width], tile, &mut of_image[i * inputs..]);
                spread_tile(gradient, outputs, tile, &mut of_gradient[i * outputs..]);
            }
        }
        let points = of_image.chunks_exact(CHUNK * inputs).zip(of_gradient.chunks_exact(CHUNK * outputs));
        for ((left, right), sums) in points.zip(sums.chunks_exact_mut(inputs * outputs)) {
            // SAFETY: as above.
            unsafe { add_products(&left[..count * inputs], inputs, &right[..count * outputs], outputs, sums) }
        }
    }
    let mut bias = vec![0.0; outputs];
    for pixel in gradient.values.chunks_exact(outputs) {
        bias.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
    }
    WeightGradient { weight: kernels(sums, inputs, outputs), bias }
}

/// `A e Aᵀ` of the 2×2 gradients of tile (row, column), zero outside the image; point `p` goes to
/// `out[p * CHUNK * channels ..]`.
#[target_feature(enable = "avx512f")]
fn spread_tile(gradient: Image<'_>, channels: usize, tile: (usize, usize), out: &mut [f32]) {
    let mut pixels: [Option<&[f32]>; 4] = [None; 4];
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let (y, x) = (2 * tile.0 + i / 2, 2 * tile.1 + i % 2);
        if y < gradient.height && x < gradient.width {
            *pixel = Some(&gradient.values[(y * gradient.width + x) * channels..][..channels]);
        }
    }
    for channel in (0..channels).step_by(PANEL) {
        let mut e = [_mm512_setzero_ps(); 4];
        for i in 0..4 {
            if let Some(pixel) = pixels[i] {
                e[i] = vector(lanes_at(pixel, channel));
            }
        }
        let (left, right) = (spread_line(e[0], e[2]), spread_line(e[1], e[3]));
        for y in 0..4 {
            for (x, point) in spread_line(left[y], right[y]).into_iter().enumerate() {
                let at = (4 * y + x) * CHUNK * channels + channel;
                *out[at..].first_chunk_mut().expect("sixteen channels") = values(point);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn spread_line(a: __m512, b: __m512) -> [__m512; 4] {
    [a, _mm512_add_ps(a, b), _mm512_sub_ps(a, b), _mm512_sub_ps(_mm512_setzero_ps(), b)]
}

/// `sums [inputs, outputs] += leftᵀ · right` for `left [tiles, inputs]` and `right [tiles, outputs]`.
#[target_feature(enable = "avx512f")]
fn add_products(left: &[f32], inputs: usize, right: &[f32], outputs: usize, sums: &mut [f32]) {
    for column in (0..outputs).step_by(VECTORS * PANEL) {
        for row in (0..inputs).step_by(ROWS) {
            let mut block = [[_mm512_setzero_ps(); VECTORS]; ROWS];
            for (left, right) in left.chunks_exact(inputs).zip(right.chunks_exact(outputs)) {
                let factors: &[f32; ROWS] = left[row..].first_chunk().expect("eight channels");
                let lanes = [vector(lanes_at(right, column)), vector(lanes_at(right, column + PANEL))];
                for r in 0..ROWS {
                    let factor = _mm512_set1_ps(factors[r]);
                    for v in 0..VECTORS {
                        block[r][v] = _mm512_fmadd_ps(factor, lanes[v], block[r][v]);
                    }
                }
            }
            for (r, products) in block.into_iter().enumerate() {
                for (v, products) in products.into_iter().enumerate() {
                    let at = (row + r) * outputs + column + v * PANEL;
                    let sum = _mm512_add_ps(vector(lanes_at(sums, at)), products);
                    *sums[at..].first_chunk_mut().expect("sixteen channels") = values(sum);
                }
            }
        }
    }
}

/// `Gᵀ m G` of all sums, as `[outputs, inputs, 3, 3]`.
fn kernels(sums: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let line = |m: [f32; 4]| {
        let (sum, difference) = (0.5 * (m[1] + m[2]), 0.5 * (m[1] - m[2]));
        [m[0] + sum, difference, sum + m[3]]
    };
    let mut weight = vec![0.0; outputs * inputs * 9];
    for input in 0..inputs {
        for output in 0..outputs {
            let at = |point: usize| sums[(point * inputs + input) * outputs + output];
            let rows = [0, 1, 2, 3].map(|y| line([0, 1, 2, 3].map(|x| at(4 * y + x))));
            let kernel = &mut weight[(output * inputs + input) * 9..][..9];
            for x in 0..3 {
                let column = line([rows[0][x], rows[1][x], rows[2][x], rows[3][x]]);
                (0..3).for_each(|y| kernel[3 * y + x] = column[y]);
            }
        }
    }
    weight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Order;
    use crate::kernel::tests::{noise, worst};

    #[test]
    fn it_is_the_gradient_of_the_definition() {
        if !suits(16, 32) {
            eprintln!("skipped: this processor has no AVX-512");
            return;
        }
        let mut scratch = WinogradGradientScratch::default();
        for (inputs, outputs, height, width) in [(16, 32, 1, 1), (64, 64, 9, 20), (32, 64, 31, 33), (48, 32, 2, 120)] {
            let image = |values| Image { values, order: Order::ChannelsLast, height, width };
            let (x, e) = (noise(inputs * height * width, 1), noise(outputs * height * width, 2));
            let found = weight_gradient(image(&x), image(&e), (inputs, outputs), &mut scratch);
            let expected = super::super::weight_gradient(image(&x), image(&e));
            let size = expected.weight.iter().map(|v| v.abs()).fold(0.0, f32::max);
            let off = worst(&found.weight, &expected.weight);
            assert!(off < 1e-5 * size, "{inputs}→{outputs} {height}×{width}: {off} of {size}");
            assert!(worst(&found.bias, &expected.bias) < 1e-4);
            let shifted = worst(&found.weight[1..], &expected.weight[..expected.weight.len() - 1]);
            assert!(shifted > 1e-2 * size, "the comparison cannot fail");
        }
    }
}
