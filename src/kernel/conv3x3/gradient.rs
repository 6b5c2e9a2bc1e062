//! The convolution's gradients, in single precision.
//!
//! With respect to the image the gradient is a convolution again, by the kernels turned around. With respect to the
//! weights it is one product per row of taps: the padded image, read where it lies, times the gradient of the result.
//! Threads add up bands of their own; in which order depends on how the work was shared out.

use super::{Conv3x3, Image};
use crate::kernel::Instructions;
use crate::kernel::Precision;
use crate::kernel::outer::{Outer, OuterScratch, Samples, add_outer_packed};
use rayon::prelude::*;

/// Pixels of a band: the depth of one product.
const BAND_PIXELS: usize = 2048;

/// The gradients of weight and bias.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightGradient {
    /// `[out_channels, in_channels, 3, 3]`.
    pub weight: Vec<f32>,
    /// `[out_channels]`.
    pub bias: Vec<f32>,
}

impl WeightGradient {
    pub(super) fn zero(weights: usize, outputs: usize) -> Self {
        Self { weight: vec![0.0; weights], bias: vec![0.0; outputs] }
    }
}

/// Sums of one thread: `[9 * in_channels, out_channels]` tap by tap, and `[out_channels]`.
struct GradientSums {
    taps: Vec<f32>,
    bias: Vec<f32>,
    scratch: OuterScratch,
}

impl Conv3x3 {
    /// The convolution that turns the gradient of a result into that of the image: `weight [out_channels, in_channels,
    /// 3, 3]` is the forward convolution's.
    ///
    /// # Panics
    /// If the weight does not have a whole number of input channels.
    pub fn backward(weight: &[f32], out_channels: usize, precision: Precision) -> Self {
        let in_channels = weight.len() / (9 * out_channels);
        assert_eq!(weight.len(), in_channels * 9 * out_channels, "weight does not fit its shape");
        let turned = (0..in_channels).flat_map(|i| (0..out_channels).map(move |o| (i, o)));
        let turned: Vec<f32> =
            turned.flat_map(|(i, o)| (0..9).map(move |tap| weight[(o * in_channels + i) * 9 + 8 - tap])).collect();
        Self::new(&turned, &vec![0.0; in_channels], precision)
    }
}

/// The gradients of weight and bias, where `gradient` is that of the result of convolving `image`.
///
/// # Panics
/// If the images differ in height or width, are empty, or do not fit their shapes.
pub fn weight_gradient(image: Image<'_>, gradient: Image<'_>) -> WeightGradient {
    assert_eq!((image.height, image.width), (gradient.height, gradient.width), "the images differ in size");
    let Image { height, width, .. } = image;
    let area = height.checked_mul(width).filter(|area| *area > 0).expect("an image in memory, with pixels");
    let (inputs, outputs) = (image.values.len() / area, gradient.values.len() / area);
    assert!(inputs > 0 && inputs * area == image.values.len(), "image does not fit its shape");
    assert!(outputs > 0 && outputs * area == gradient.values.len(), "gradient does not fit its shape");
    let (image, gradient) = (image.into_channels_last(), gradient.into_channels_last());
    let rows = (BAND_PIXELS / width).clamp(1, height);
    let none = || GradientSums {
        taps: vec![0.0; 9 * inputs * outputs],
        bias: vec![0.0; outputs],
        scratch: OuterScratch::default(),
    };
    let bands = (0..height.div_ceil(rows)).into_par_iter();
    let sums = bands
        .fold(none, |mut sums, band| {
            let rows = band * rows..((band + 1) * rows).min(height);
            let padded = pad(&image, inputs, width, rows.start, rows.end + 2, height, 1);
            let grads = pad(&gradient, outputs, width, rows.start + 1, rows.end + 1, height, 0);
            sums.add(&padded, &grads, width + 2);
            sums
        })
        .reduce(none, |mut a, b| {
            a.taps.iter_mut().zip(&b.taps).for_each(|(a, b)| *a += b);
            a.bias.iter_mut().zip(&b.bias).for_each(|(a, b)| *a += b);
            a
        });
    let weight = (0..outputs).flat_map(|o| (0..inputs).map(move |i| (o, i)));
    let weight = weight.flat_map(|(o, i)| (0..9).map(move |tap| (o, i, tap)));
    WeightGradient {
        weight: weight.map(|(o, i, tap)| sums.taps[(tap * inputs + i) * outputs + o]).collect(),
        bias: sums.bias,
    }
}

impl GradientSums {
    /// Adds a band: `padded` has one row and column more on each side than `grads`, whose lines end in two zeros.
    fn add(&mut self, padded: &[f32], grads: &[f32], line: usize) {
        let outputs = self.bias.len();
        let inputs = self.taps.len() / (9 * outputs);
        // The last two positions are no pixels; the neighbourhood of the last pixel ends the padded band.
        let pixels = grads.len() / outputs - 2;
        for (row, taps) in self.taps.chunks_exact_mut(3 * inputs * outputs).enumerate() {
            // Sample `p` is the three neighbours of pixel `p` in one row, which lie together.
            let left = Samples { data: &padded[row * line * inputs..], stride: inputs };
            let (right, depth) = (Samples { data: grads, stride: outputs }, pixels);
            let outer = Outer { left, rows: 3 * inputs, right, columns: outputs, depth, sums: taps };
            add_outer_packed(Instructions::in_use(), outer, &mut self.scratch);
        }
        add_pixels(grads, &mut self.bias);
    }
}

/// Adds the values of all pixels, channel by channel: the gradient of the bias.
pub(super) fn add_pixels(gradient: &[f32], bias: &mut [f32]) {
    for pixel in gradient.chunks_exact(bias.len()) {
        bias.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
    }
}

/// Rows `first - 1 .. end - 1` of a channels-last image, `left` pixels of zeros before and `2 - left` after each; rows
/// outside the image are zeros.
fn pad(
    values: &[f32],
    channels: usize,
    width: usize,
    first: usize,
    end: usize,
    height: usize,
    left: usize,
) -> Vec<f32> {
    let line = (width + 2) * channels;
    let mut padded = vec![0.0; (end - first) * line];
    for (row, to) in (first..end).zip(padded.chunks_exact_mut(line)) {
        if let Some(y) = row.checked_sub(1).filter(|y| *y < height) {
            let row = &values[y * width * channels..][..width * channels];
            to[left * channels..][..row.len()].copy_from_slice(row);
        }
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::noise;
    use crate::kernel::{After, Order};

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    fn image(values: &[f32], order: Order, (height, width): (usize, usize)) -> Image<'_> {
        Image { values, order, height, width }
    }

    /// The convolution is linear in the image, in the weight and in the bias: a product of its result with any gradient
    /// is the product of either argument with its own gradient. For single entries that is the derivative itself.
    #[test]
    fn gradients_are_the_derivatives() {
        for (inputs, outputs, size) in [(3, 5, (7, 11)), (64, 64, (9, 20)), (2, 3, (1, 40)), (16, 32, (70, 33))] {
            let area = size.0 * size.1;
            let (x, weight) = (noise(inputs * area, 1), noise(outputs * inputs * 9, 2));
            let grad = noise(outputs * area, 4);
            let forward = |x: &[f32], weight: &[f32], bias: &[f32]| {
                let conv = Conv3x3::new(weight, bias, Precision::F32);
                let result = conv.forward(image(x, Order::ChannelsLast, size), After::default());
                dot(&result, &grad)
            };
            let none = vec![0.0; outputs];
            let found = weight_gradient(image(&x, Order::ChannelsLast, size), image(&grad, Order::ChannelsLast, size));
            for i in [0, 1, 4, 8, weight.len() / 2, weight.len() - 1] {
                let mut unit = vec![0.0; weight.len()];
                unit[i] = 1.0;
                let expected = forward(&x, &unit, &none);
                assert!((f64::from(found.weight[i]) - expected).abs() < 1e-3, "weight {i}: {expected}");
            }
            for o in [0, outputs - 1] {
                let sum: f64 = grad.iter().skip(o).step_by(outputs).map(|g| f64::from(*g)).sum();
                assert!((f64::from(found.bias[o]) - sum).abs() < 1e-3);
            }
            let back = Conv3x3::backward(&weight, outputs, Precision::F32);
            let to_x = back.forward(image(&grad, Order::ChannelsLast, size), After::default());
            for i in [0, x.len() / 3, x.len() - 1] {
                let mut unit = vec![0.0; x.len()];
                unit[i] = 1.0;
                let expected = forward(&unit, &weight, &none);
                assert!((f64::from(to_x[i]) - expected).abs() < 1e-3, "pixel {i}: {} {expected}", to_x[i]);
            }
        }
    }
}
