//! Batches of images for training: the convolution and its gradients, several images at a time.
//!
//! Images are channels-last whatever the kernel prefers. Sums over the batch run in the order of the images, however
//! many threads there are.

use super::{After, Conv3x3, ConvScratch, Image, Order, WeightGradient, weight_gradient};
use super::{winograd, winograd_gradient};
use crate::kernel::{Instructions, Precision};
use crate::task::Interrupt;
use rayon::prelude::*;

/// Images of one size, `[n, height, width, channels]`.
#[derive(Clone, Copy)]
pub struct ImageBatch<'a> {
    /// All values.
    pub values: &'a [f32],
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Values of a pixel.
    pub channels: usize,
}

impl<'a> ImageBatch<'a> {
    /// Values of an image.
    fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    fn images(self) -> impl IndexedParallelIterator<Item = Image<'a>> {
        let Self { values, height, width, .. } = self;
        let image = move |values| Image { values, order: Order::ChannelsLast, height, width };
        values.par_chunks_exact(self.image_len().max(1)).map(image)
    }
}

/// The gradient of what a convolution yielded.
#[derive(Clone, Copy)]
pub struct ResultGradient<'a> {
    /// Of the result's shape.
    pub values: &'a [f32],
    /// The result itself if it went through a ReLU (and no residual was added): where it is zero, nothing flows back.
    pub clamped: Option<&'a [f32]>,
}

/// Where the gradient of the images goes, and what is added to it.
pub struct ImageGradient<'a> {
    /// `[n, height, width, in_channels]`; every value is overwritten.
    pub to: &'a mut [f32],
    /// Of the same shape.
    pub plus: Option<&'a [f32]>,
}

/// Convolves every image with `weight [outputs, channels, 3, 3]` in single precision, adds `bias [outputs]`, clamps at
/// zero or adds a residual (of the result's shape) as `after` says, and overwrites `out [n, height, width, outputs]`.
/// `interrupt` is checked before each image; those after it said yes are not computed.
///
/// # Panics
/// If a slice does not have the size that its shape needs.
pub fn convolve_batch_into(
    weight: &[f32],
    bias: &[f32],
    batch: ImageBatch<'_>,
    after: After<'_>,
    interrupt: Interrupt<'_>,
    out: &mut [f32],
) {
    let conv = Conv3x3::new(weight, bias, Precision::F32);
    let len = batch.height * batch.width * bias.len();
    assert_eq!(out.len(), batch.values.len() / batch.channels * bias.len(), "result does not fit its shape");
    let images = out.par_chunks_exact_mut(len).zip(batch.images()).enumerate();
    images.for_each_init(ConvScratch::default, |scratch, (i, (out, image))| {
        if interrupt() {
            return;
        }
        let residual = after.residual.map(|values| &values[i * len..(i + 1) * len]);
        conv.forward_into(image, After { residual, ..after }, scratch, out);
    });
}

/// As [`convolve_batch_into`], into memory of its own.
///
/// # Panics
/// As [`convolve_batch_into`].
pub fn convolve_batch(
    weight: &[f32],
    bias: &[f32],
    batch: ImageBatch<'_>,
    after: After<'_>,
    interrupt: Interrupt<'_>,
) -> Vec<f32> {
    let mut output = vec![0.0; batch.values.len() / batch.channels * bias.len()];
    convolve_batch_into(weight, bias, batch, after, interrupt, &mut output);
    output
}

/// The gradients of [`convolve_batch`]: of weight and bias, summed over the images, and of the images, if they are
/// wanted. `interrupt` is checked before each image; those after it said yes are left out.
///
/// # Panics
/// If a slice does not have the size that its shape needs.
pub fn convolve_batch_backward(
    weight: &[f32],
    outputs: usize,
    batch: ImageBatch<'_>,
    gradient: ResultGradient<'_>,
    images: Option<ImageGradient<'_>>,
    interrupt: Interrupt<'_>,
) -> WeightGradient {
    let back = images.is_some().then(|| Conv3x3::backward(weight, outputs, Precision::F32));
    let len = batch.height * batch.width * outputs;
    let image_len = batch.image_len();
    let plus = images.as_ref().and_then(|images| images.plus);
    let of_image = |scratch: &mut ConvScratch, (i, image): (usize, Image<'_>), to: Option<&mut [f32]>| {
        if interrupt() {
            return WeightGradient::zero(weight.len(), outputs);
        }
        let range = i * len..(i + 1) * len;
        let mut masked = std::mem::take(&mut scratch.masked);
        let values = match gradient.clamped {
            Some(clamped) => mask(&gradient.values[range.clone()], &clamped[range], &mut masked),
            None => &gradient.values[range],
        };
        let gradient = Image { values, ..image };
        if let (Some(back), Some(to)) = (&back, to) {
            let residual = plus.map(|values| &values[i * image_len..(i + 1) * image_len]);
            back.forward_into(gradient, After { residual, ..After::default() }, scratch, to);
        }
        let found = weight_gradient_of(image, gradient, (batch.channels, outputs), scratch);
        scratch.masked = masked;
        found
    };
    let inputs = batch.images().enumerate();
    let parts: Vec<WeightGradient> = match images {
        Some(images) => {
            assert_eq!(images.to.len(), batch.values.len(), "gradient does not fit its shape");
            let pairs = inputs.zip(images.to.par_chunks_exact_mut(image_len));
            pairs.map_init(ConvScratch::default, |scratch, (input, to)| of_image(scratch, input, Some(to))).collect()
        }
        None => inputs.map_init(ConvScratch::default, |scratch, input| of_image(scratch, input, None)).collect(),
    };
    sum(parts, weight.len(), outputs)
}

fn weight_gradient_of(
    image: Image<'_>,
    gradient: Image<'_>,
    channels: (usize, usize),
    scratch: &mut ConvScratch,
) -> WeightGradient {
    if winograd::suits(channels.0, channels.1) {
        let instructions = Instructions::in_use();
        let scratch = &mut scratch.gradient;
        return winograd_gradient::weight_gradient(instructions, image, gradient, channels, scratch);
    }
    weight_gradient(image, gradient)
}

/// The gradient where the clamped result is above zero.
fn mask<'a>(gradient: &[f32], clamped: &[f32], masked: &'a mut Vec<f32>) -> &'a [f32] {
    masked.clear();
    masked.extend(gradient.iter().zip(clamped).map(|(g, v)| if *v > 0.0 { *g } else { 0.0 }));
    masked
}

fn sum(parts: Vec<WeightGradient>, weights: usize, outputs: usize) -> WeightGradient {
    parts.into_iter().fold(WeightGradient::zero(weights, outputs), |mut all, part| {
        all.weight.iter_mut().zip(&part.weight).for_each(|(all, part)| *all += part);
        all.bias.iter_mut().zip(&part.bias).for_each(|(all, part)| *all += part);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::twin;
    use super::*;
    use crate::kernel::Activation;
    use crate::kernel::tests::noise;
    use crate::task::NEVER;

    /// Of the central differences.
    const STEP: f32 = 1.0 / 512.0;

    const RELU: After<'static> = After { activation: Activation::Relu, residual: None };

    fn plus(residual: &[f32]) -> After<'_> {
        After { activation: Activation::Identity, residual: Some(residual) }
    }

    /// Multiples of 1/8: sums of their products are exact.
    fn eighths(n: usize, seed: u32) -> Vec<f32> {
        noise(n, seed).iter().map(|v| (8.0 * v).round() / 8.0).collect()
    }

    /// The weighted sum of all results by the definition, in double precision.
    fn objective(weight: &[f32], bias: &[f32], batch: ImageBatch<'_>, share: &[f32]) -> f64 {
        let ImageBatch { height, width, channels, .. } = batch;
        let result = batch.values.chunks_exact(batch.image_len());
        let result: Vec<f32> =
            result.flat_map(|image| twin(image, channels, height, width, weight, bias, RELU)).collect();
        result.iter().zip(share).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    fn batch(values: &[f32], channels: usize) -> ImageBatch<'_> {
        ImageBatch { values, height: 5, width: 7, channels }
    }

    #[test]
    fn gradients_are_central_differences_through_the_relu() {
        for (inputs, outputs) in [(3, 8), (64, 64)] {
            let pixels = 3 * 5 * 7;
            let (x, weight) = (eighths(pixels * inputs, 1), eighths(outputs * inputs * 9, 2));
            // Every result is an odd multiple of 1/128 and cannot cross zero within a step, where the ReLU bends.
            let bias: Vec<f32> = eighths(outputs, 3).iter().map(|v| v + 1.0 / 128.0).collect();
            let share = noise(pixels * outputs, 4);
            let result = convolve_batch(&weight, &bias, batch(&x, inputs), RELU, NEVER);
            let gradient = ResultGradient { values: &share, clamped: Some(&result) };
            let (mut images, plus) = (vec![7.0; x.len()], noise(x.len(), 6));
            let to = ImageGradient { to: &mut images, plus: Some(&plus) };
            let found = convolve_batch_backward(&weight, outputs, batch(&x, inputs), gradient, Some(to), NEVER);
            let check = |name: &str, found: f32, at: &dyn Fn(f32) -> f64| {
                let expected = (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
                assert!((f64::from(found) - expected).abs() < 1e-3, "{name}: {found} {expected}");
            };
            let nudged = |values: &[f32], i: usize, by: f32| {
                let mut values = values.to_vec();
                values[i] += by;
                values
            };
            let alone = convolve_batch_backward(&weight, outputs, batch(&x, inputs), gradient, None, NEVER);
            assert!(alone == found);
            for i in [0, 11, x.len() / 2, x.len() - 1] {
                check("image", images[i] - plus[i], &|by| {
                    objective(&weight, &bias, batch(&nudged(&x, i, by), inputs), &share)
                });
            }
            for i in [0, 4, weight.len() / 2, weight.len() - 1] {
                let at = |by| objective(&nudged(&weight, i, by), &bias, batch(&x, inputs), &share);
                check("weight", found.weight[i], &at);
            }
            for i in [0, outputs - 1] {
                check("bias", found.bias[i], &|by| {
                    objective(&weight, &nudged(&bias, i, by), batch(&x, inputs), &share)
                });
            }
        }
    }

    #[test]
    fn a_batch_is_its_images_one_by_one() {
        let (height, width) = (4, 6);
        let (x, weight, bias) = (noise(2 * 24 * 16, 1), noise(32 * 16 * 9, 2), noise(32, 3));
        let residual = noise(2 * 24 * 32, 5);
        let batch = |values| ImageBatch { values, height, width, channels: 16 };
        let both = convolve_batch(&weight, &bias, batch(&x), plus(&residual), NEVER);
        let (a, b) = x.split_at(24 * 16);
        let (ra, rb) = residual.split_at(24 * 32);
        let one = convolve_batch(&weight, &bias, batch(a), plus(ra), NEVER);
        let two = convolve_batch(&weight, &bias, batch(b), plus(rb), NEVER);
        assert_eq!(both, [one, two].concat());
    }
}
