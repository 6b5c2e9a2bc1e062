//! Batches of images for training: the convolution and its gradients, several images at a time.
//!
//! Images are channels-last whatever the kernel prefers. Sums over the batch run in the order of the images, however
//! many threads there are.

use super::{After, Conv3x3, Image, Order, WeightGradient, weight_gradient};
use crate::kernel::Precision;
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

/// The gradients of a convolution of a batch.
pub struct BatchGradient {
    /// Of the images, `[n, height, width, in_channels]`, if they are wanted.
    pub images: Option<Vec<f32>>,
    /// Of weight and bias, summed over the images.
    pub weights: WeightGradient,
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

/// Convolves every image with `weight [outputs, channels, 3, 3]` in single precision, adds `bias [outputs]`, clamps at
/// zero if `relu`, and adds `residual` (of the result's shape): `[n, height, width, outputs]`.
///
/// # Panics
/// If a slice does not have the size that its shape asks for.
pub fn convolve_batch(
    weight: &[f32],
    bias: &[f32],
    batch: ImageBatch<'_>,
    relu: bool,
    residual: Option<&[f32]>,
) -> Vec<f32> {
    let conv = Conv3x3::new(weight, bias, Precision::F32);
    let len = batch.height * batch.width * bias.len();
    let mut output = vec![0.0; batch.values.len() / batch.channels * bias.len()];
    output.par_chunks_exact_mut(len).zip(batch.images()).enumerate().for_each(|(i, (out, image))| {
        let residual = residual.map(|values| {
            let residual = Image { values: &values[i * len..(i + 1) * len], ..image };
            if conv.order() == Order::Planes { residual.into_planes() } else { residual.values.into() }
        });
        let result = conv.forward(image, After { relu, residual: residual.as_deref() });
        out.copy_from_slice(&Image { values: &result, order: conv.order(), ..image }.into_channels_last());
    });
    output
}

/// The gradients of [`convolve_batch`], where `gradient` is that of its result. `clamped` is that result itself if it
/// went through a ReLU (and no residual was added): where it is zero, nothing flows back.
///
/// # Panics
/// If a slice does not have the size that its shape asks for.
pub fn convolve_batch_backward(
    weight: &[f32],
    outputs: usize,
    batch: ImageBatch<'_>,
    gradient: &[f32],
    clamped: Option<&[f32]>,
    wants_images: bool,
) -> BatchGradient {
    let back = wants_images.then(|| Conv3x3::backward(weight, outputs, Precision::F32));
    let len = batch.height * batch.width * outputs;
    let image_len = batch.image_len();
    let mut images = vec![0.0; if wants_images { batch.values.len() } else { 0 }];
    let of_image = |(i, image): (usize, Image<'_>), to: Option<&mut [f32]>| {
        let range = i * len..(i + 1) * len;
        let masked = clamped.map(|clamped| masked(&gradient[range.clone()], &clamped[range.clone()]));
        let values = masked.as_deref().unwrap_or(&gradient[range]);
        let gradient = Image { values, ..image };
        if let (Some(back), Some(to)) = (&back, to) {
            let result = back.forward(gradient, After::default());
            to.copy_from_slice(&Image { values: &result, order: back.order(), ..image }.into_channels_last());
        }
        weight_gradient(image, gradient)
    };
    let inputs = batch.images().enumerate();
    let parts: Vec<WeightGradient> = if wants_images {
        let pairs = inputs.zip(images.par_chunks_exact_mut(image_len));
        pairs.map(|(input, to)| of_image(input, Some(to))).collect()
    } else {
        inputs.map(|input| of_image(input, None)).collect()
    };
    BatchGradient { images: wants_images.then_some(images), weights: sum(parts, weight.len(), outputs) }
}

/// The gradient where the clamped result is above zero.
fn masked(gradient: &[f32], clamped: &[f32]) -> Vec<f32> {
    gradient.iter().zip(clamped).map(|(g, v)| if *v > 0.0 { *g } else { 0.0 }).collect()
}

fn sum(parts: Vec<WeightGradient>, weights: usize, outputs: usize) -> WeightGradient {
    let none = WeightGradient { weight: vec![0.0; weights], bias: vec![0.0; outputs] };
    parts.into_iter().fold(none, |mut all, part| {
        all.weight.iter_mut().zip(&part.weight).for_each(|(all, part)| *all += part);
        all.bias.iter_mut().zip(&part.bias).for_each(|(all, part)| *all += part);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::noise;

    /// Of the central differences.
    const STEP: f32 = 1.0 / 512.0;

    /// Multiples of 1/8: sums of their products are exact.
    fn eighths(n: usize, seed: u32) -> Vec<f32> {
        noise(n, seed).iter().map(|v| (8.0 * v).round() / 8.0).collect()
    }

    /// The weighted sum of all results, in double precision.
    fn objective(weight: &[f32], bias: &[f32], batch: ImageBatch<'_>, share: &[f32]) -> f64 {
        let result = convolve_batch(weight, bias, batch, true, None);
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
            let result = convolve_batch(&weight, &bias, batch(&x, inputs), true, None);
            let found = convolve_batch_backward(&weight, outputs, batch(&x, inputs), &share, Some(&result), true);
            let check = |name: &str, found: f32, at: &dyn Fn(f32) -> f64| {
                let expected = (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
                assert!((f64::from(found) - expected).abs() < 1e-3, "{name}: {found} {expected}");
            };
            let nudged = |values: &[f32], i: usize, by: f32| {
                let mut values = values.to_vec();
                values[i] += by;
                values
            };
            let images = found.images.unwrap();
            for i in [0, 11, x.len() / 2, x.len() - 1] {
                check("image", images[i], &|by| objective(&weight, &bias, batch(&nudged(&x, i, by), inputs), &share));
            }
            for i in [0, 4, weight.len() / 2, weight.len() - 1] {
                let at = |by| objective(&nudged(&weight, i, by), &bias, batch(&x, inputs), &share);
                check("weight", found.weights.weight[i], &at);
            }
            for i in [0, outputs - 1] {
                check("bias", found.weights.bias[i], &|by| {
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
        let both = convolve_batch(&weight, &bias, batch(&x), false, Some(&residual));
        let (a, b) = x.split_at(24 * 16);
        let (ra, rb) = residual.split_at(24 * 32);
        let one = convolve_batch(&weight, &bias, batch(a), false, Some(ra));
        let two = convolve_batch(&weight, &bias, batch(b), false, Some(rb));
        assert_eq!(both, [one, two].concat());
    }
}
