//! The gradient of the weights by Winograd, in single precision.
//!
//! The forward pass is `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` for every tile and pair of channels; turned around, the gradient of
//! the kernel is `Gᵀ [Σ (Bᵀ d B) ⊙ (A e Aᵀ)] G`, summed over all tiles, for tiles `d` of the image and `e` of the
//! result's gradient. The sums are independent matrix products, one for each value of a tile, whose depth is the number
//! of tiles.

use super::gradient::add_pixels;
use super::tiling::{self, POINTS, RESULTS, SIDE, chunk};
use super::winograd::{TransformInput, point_step, transform_tile};
use super::{Image, WeightGradient};
use crate::kernel::instructions::Instructions;
use crate::kernel::lines::Buffer;
use crate::kernel::outer::{Outer, Samples};
use crate::kernel::panels::PANEL;
use crate::kernel::simd::{self, MAX_LANES, Simd, Work};

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct WinogradGradientScratch {
    /// Transformed tiles of the image and of the gradient, `[point][tile][channel]`.
    image: Buffer,
    gradient: Buffer,
    /// `[point][input][output]`.
    sums: Vec<f32>,
}

/// The gradients of weight and bias of one channels-last image, on this thread.
pub(super) fn weight_gradient(
    instructions: Instructions,
    image: Image<'_>,
    gradient: Image<'_>,
    channels: (usize, usize),
    scratch: &mut WinogradGradientScratch,
) -> WeightGradient {
    let (inputs, outputs) = channels;
    scratch.sums.clear();
    scratch.sums.resize(POINTS * inputs * outputs, 0.0);
    let mut weight = vec![0.0; outputs * inputs * 9];
    simd::run(instructions, GradientWork { image, gradient, channels, scratch, weight: &mut weight });
    let mut bias = vec![0.0; outputs];
    add_pixels(gradient.values, &mut bias);
    WeightGradient { weight, bias }
}

struct GradientWork<'a> {
    image: Image<'a>,
    gradient: Image<'a>,
    /// In and out.
    channels: (usize, usize),
    scratch: &'a mut WinogradGradientScratch,
    weight: &'a mut [f32],
}

impl Work for GradientWork<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { image, gradient, channels: (inputs, outputs), scratch, weight } = self;
        let chunk = chunk::<S>();
        let (across, down) = (inputs.next_multiple_of(PANEL), outputs.next_multiple_of(PANEL));
        let (image_step, gradient_step) = (point_step(chunk, across), point_step(chunk, down));
        let of_image: &mut [f32] = bytemuck::cast_slice_mut(scratch.image.words(POINTS * image_step));
        let of_gradient: &mut [f32] = bytemuck::cast_slice_mut(scratch.gradient.words(POINTS * gradient_step));
        let source = TransformInput { values: image.values, channels: inputs, step: image_step };
        let columns = image.width.div_ceil(RESULTS);
        let tiles = image.height.div_ceil(RESULTS) * columns;
        for first in (0..tiles).step_by(chunk) {
            let depth = (tiles - first).min(chunk);
            for i in 0..depth {
                let tile = ((first + i) / columns, (first + i) % columns);
                transform_tile(simd, source, [image.height, image.width], tile, &mut of_image[i * across..]);
                let out = &mut of_gradient[i * down..];
                spread_tile(simd, gradient, outputs, tile, out, gradient_step);
            }
            for point in 0..POINTS {
                let left = Samples { data: &of_image[point * image_step..][..chunk * across], stride: across };
                let right = Samples { data: &of_gradient[point * gradient_step..][..chunk * down], stride: down };
                let sums = &mut scratch.sums[point * inputs * outputs..][..inputs * outputs];
                Outer { left, rows: inputs, right, columns: outputs, depth, sums }.compute(simd);
            }
        }
        kernels(simd, &scratch.sums, (inputs, outputs), weight);
    }
}

/// `A e Aᵀ` of the gradients of tile (row, column), zero outside the image; point `p` goes to `out[p * step ..]`, in
/// whole vectors.
#[inline(always)]
fn spread_tile<S: Simd>(
    simd: S,
    gradient: Image<'_>,
    channels: usize,
    tile: (usize, usize),
    out: &mut [f32],
    step: usize,
) {
    let mut pixels: [[Option<&[f32]>; RESULTS]; RESULTS] = [[None; RESULTS]; RESULTS];
    for i in 0..RESULTS {
        for j in 0..RESULTS {
            let (y, x) = (RESULTS * tile.0 + i, RESULTS * tile.1 + j);
            if y < gradient.height && x < gradient.width {
                pixels[i][j] = Some(&gradient.values[(y * gradient.width + x) * channels..][..channels]);
            }
        }
    }
    for channel in (0..channels).step_by(S::LANES) {
        let mut rows = [[simd.zero(); RESULTS]; SIDE];
        for j in 0..RESULTS {
            let mut column = [simd.zero(); RESULTS];
            for i in 0..RESULTS {
                if let Some(pixel) = pixels[i][j] {
                    column[i] = simd.get(&pixel[channel..]);
                }
            }
            let column = tiling::from_gradient(simd, column);
            for i in 0..SIDE {
                rows[i][j] = column[i];
            }
        }
        for i in 0..SIDE {
            let row = tiling::from_gradient(simd, rows[i]);
            for j in 0..SIDE {
                simd.put(row[j], &mut out[(SIDE * i + j) * step + channel..][..S::LANES]);
            }
        }
    }
}

/// `Gᵀ m G` of all sums, to `weight [outputs, inputs, 3, 3]`.
#[inline(always)]
fn kernels<S: Simd>(simd: S, sums: &[f32], (inputs, outputs): (usize, usize), weight: &mut [f32]) {
    let mut taps = [[0.0; MAX_LANES]; 9];
    for input in 0..inputs {
        for first in (0..outputs).step_by(S::LANES) {
            let count = S::LANES.min(outputs - first);
            let mut columns = [[simd.zero(); SIDE]; 3];
            for i in 0..SIDE {
                let mut line = [simd.zero(); SIDE];
                for j in 0..SIDE {
                    let at = ((SIDE * i + j) * inputs + input) * outputs + first;
                    line[j] = simd.get(&sums[at..][..count]);
                }
                let row = tiling::to_kernel(simd, line);
                for x in 0..3 {
                    columns[x][i] = row[x];
                }
            }
            for x in 0..3 {
                let column = tiling::to_kernel(simd, columns[x]);
                for y in 0..3 {
                    simd.put(column[y], &mut taps[3 * y + x]);
                }
            }
            for output in 0..count {
                let kernel = &mut weight[((first + output) * inputs + input) * 9..][..9];
                for tap in 0..9 {
                    kernel[tap] = taps[tap][output];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Order;
    use crate::kernel::tests::{noise, worst};

    fn check(instructions: Instructions) {
        let mut scratch = WinogradGradientScratch::default();
        for (inputs, outputs, height, width) in
            [(16, 32, 1, 1), (64, 64, 9, 20), (32, 64, 31, 33), (48, 40, 2, 120), (8, 10, 11, 5)]
        {
            let image = |values| Image { values, order: Order::ChannelsLast, height, width };
            let (x, e) = (noise(inputs * height * width, 1), noise(outputs * height * width, 2));
            let found = weight_gradient(instructions, image(&x), image(&e), (inputs, outputs), &mut scratch);
            let expected = super::super::weight_gradient(image(&x), image(&e));
            let size = expected.weight.iter().map(|v| v.abs()).fold(0.0, f32::max);
            let off = worst(&found.weight, &expected.weight);
            assert!(off < 1e-5 * size, "{instructions}, {inputs}→{outputs} {height}×{width}: {off} of {size}");
            assert!(worst(&found.bias, &expected.bias) < 1e-4);
            let shifted = worst(&found.weight[1..], &expected.weight[..expected.weight.len() - 1]);
            assert!(shifted > 1e-2 * size, "the comparison cannot fail");
        }
    }

    #[test]
    fn it_is_the_gradient_of_the_definition() {
        for instructions in Instructions::available() {
            check(instructions);
        }
    }
}
