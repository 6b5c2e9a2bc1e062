//! Batches of images for training: the convolution and its gradients, several images at a time.
//!
//! Images are channels-last whatever the kernel prefers. Sums over the batch run in the order of the images, however
//! many threads there are.

use super::sized::{SizedConv, weight_gradient_of};
use super::{After, ConvScratch, Image, Order, WeightGradient};
use crate::kernel::activation;
use crate::task::Interrupt;
use rayon::prelude::*;
use std::ops::Range;

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
    /// What made it of the sums.
    pub through: Through<'a>,
}

/// What sums went through on their way to a result, residual aside, and what its slope is known by.
#[derive(Clone, Copy, Default)]
pub enum Through<'a> {
    /// Nothing.
    #[default]
    Nothing,
    /// ReLU, with its results (to which no residual was added): where they are zero, nothing flows back.
    Relu(&'a [f32]),
    /// SiLU, with the sums.
    Silu(&'a [f32]),
}

impl<'a> ResultGradient<'a> {
    /// Of the sums themselves.
    pub fn of_sums(values: &'a [f32]) -> Self {
        Self { values, through: Through::Nothing }
    }

    /// That of the sums in `range`, which may lie in `room`.
    fn of_sums_in<'b>(&self, range: Range<usize>, room: &'b mut Vec<f32>) -> &'b [f32]
    where
        'a: 'b,
    {
        let values = &self.values[range.clone()];
        room.resize(values.len(), 0.0);
        match self.through {
            Through::Nothing => return values,
            Through::Relu(results) => activation::through_relu(values, &results[range], room),
            Through::Silu(sums) => activation::through_silu(values, &sums[range], room),
        }
        room
    }
}

/// Where the gradient of the images goes, and what is added to it.
pub struct ImageGradient<'a> {
    /// `[n, height, width, in_channels]`; every value is overwritten.
    pub to: &'a mut [f32],
    /// Of the same shape.
    pub plus: Option<&'a [f32]>,
}

/// Convolves every image with `weight [outputs, channels, 3, 3]` (or 1, 1) in single precision, adds `bias [outputs]`, clamps at
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
    let conv = SizedConv::new(weight, bias, batch.channels);
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

/// Convolves every image as [`convolve_batch_into`], to `sums`, and writes `silu(sums) + residual` to `out`: both are
/// what the way back reads.
///
/// # Panics
/// As [`convolve_batch_into`].
pub fn convolve_batch_silu_into(
    weight: &[f32],
    bias: &[f32],
    batch: ImageBatch<'_>,
    residual: Option<&[f32]>,
    interrupt: Interrupt<'_>,
    sums: &mut [f32],
    out: &mut [f32],
) {
    let conv = SizedConv::new(weight, bias, batch.channels);
    let len = batch.height * batch.width * bias.len();
    assert_eq!(out.len(), batch.values.len() / batch.channels * bias.len(), "result does not fit its shape");
    assert_eq!(sums.len(), out.len(), "sums do not fit their shape");
    let images = sums.par_chunks_exact_mut(len).zip(out.par_chunks_exact_mut(len)).zip(batch.images()).enumerate();
    images.for_each_init(ConvScratch::default, |scratch, (i, ((sums, out), image))| {
        if interrupt() {
            return;
        }
        conv.forward_into(image, After::default(), scratch, sums);
        activation::activate(sums, residual.map(|values| &values[i * len..(i + 1) * len]), out);
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
    let back = images.is_some().then(|| SizedConv::backward(weight, batch.channels, outputs));
    let len = batch.height * batch.width * outputs;
    let image_len = batch.image_len();
    let plus = images.as_ref().and_then(|images| images.plus);
    let of_image = |scratch: &mut ConvScratch, (i, image): (usize, Image<'_>), to: Option<&mut [f32]>| {
        if interrupt() {
            return WeightGradient::zero(weight.len(), outputs);
        }
        let range = i * len..(i + 1) * len;
        let mut of_sums = std::mem::take(&mut scratch.of_sums);
        let gradient = Image { values: gradient.of_sums_in(range, &mut of_sums), ..image };
        if let (Some(back), Some(to)) = (&back, to) {
            let residual = plus.map(|values| &values[i * image_len..(i + 1) * image_len]);
            back.forward_into(gradient, After { residual, ..After::default() }, scratch, to);
        }
        let found = weight_gradient_of(image, gradient, weight.len(), (batch.channels, outputs), scratch);
        scratch.of_sums = of_sums;
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

fn sum(parts: Vec<WeightGradient>, weights: usize, outputs: usize) -> WeightGradient {
    parts.into_iter().fold(WeightGradient::zero(weights, outputs), |mut all, part| {
        all.weight.iter_mut().zip(&part.weight).for_each(|(all, part)| *all += part);
        all.bias.iter_mut().zip(&part.bias).for_each(|(all, part)| *all += part);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{middle_taps, twin};
    use super::*;
    use crate::kernel::Activation;
    use crate::kernel::tests::noise;
    use crate::task::NEVER;

    /// Of the central differences.
    const STEP: f32 = 1.0 / 512.0;

    fn plus(residual: &[f32]) -> After<'_> {
        After { activation: Activation::Identity, residual: Some(residual) }
    }

    /// Multiples of 1/8: sums of their products are exact.
    fn eighths(n: usize, seed: u32) -> Vec<f32> {
        noise(n, seed).iter().map(|v| (8.0 * v).round() / 8.0).collect()
    }

    /// The weighted sum of all results by the definition, in double precision.
    fn objective(weight: &[f32], bias: &[f32], batch: ImageBatch<'_>, share: &[f32], activation: Activation) -> f64 {
        let ImageBatch { height, width, channels, .. } = batch;
        let is_pointwise = weight.len() == channels * bias.len();
        let weight = &if is_pointwise { middle_taps(weight) } else { weight.to_vec() };
        let after = After { activation, residual: None };
        let result = batch.values.chunks_exact(batch.image_len());
        let result: Vec<f32> =
            result.flat_map(|image| twin(image, channels, height, width, weight, bias, after)).collect();
        result.iter().zip(share).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    fn batch(values: &[f32], channels: usize) -> ImageBatch<'_> {
        ImageBatch { values, height: 5, width: 7, channels }
    }

    #[test]
    fn gradients_are_central_differences_through_the_relu() {
        for (channels, taps) in [((3, 8), 9), ((64, 64), 9), ((3, 8), 1), ((80, 33), 1)] {
            check(channels, taps, Activation::Relu, 1.0 / 128.0);
        }
    }

    #[test]
    fn gradients_are_central_differences_through_silu() {
        for (channels, taps) in [((3, 8), 9), ((32, 32), 9), ((8, 11), 9), ((24, 8), 1)] {
            check(channels, taps, Activation::Silu, 0.0);
        }
    }

    /// Compares all gradients with central differences. Without `off`, and with bends, no sum may come near one.
    fn check((inputs, outputs): (usize, usize), taps: usize, activation: Activation, off: f32) {
        let pixels = 3 * 5 * 7;
        let (x, weight) = (eighths(pixels * inputs, 1), eighths(outputs * inputs * taps, 2));
        // Off by 1/128, every result is an odd multiple of it and cannot cross zero within a step, where the ReLU bends.
        let bias: Vec<f32> = eighths(outputs, 3).iter().map(|v| v + off).collect();
        let share = noise(pixels * outputs, 4);
        let (mut sums, mut result) = (vec![7.0; share.len()], vec![7.0; share.len()]);
        let through = if activation == Activation::Silu {
            convolve_batch_silu_into(&weight, &bias, batch(&x, inputs), None, NEVER, &mut sums, &mut result);
            Through::Silu(&sums)
        } else {
            let after = After { activation, residual: None };
            convolve_batch_into(&weight, &bias, batch(&x, inputs), after, NEVER, &mut result);
            Through::Relu(&result)
        };
        let gradient = ResultGradient { values: &share, through };
        let (mut images, plus) = (vec![7.0; x.len()], noise(x.len(), 6));
        let to = ImageGradient { to: &mut images, plus: Some(&plus) };
        let found = convolve_batch_backward(&weight, outputs, batch(&x, inputs), gradient, Some(to), NEVER);
        let alone = convolve_batch_backward(&weight, outputs, batch(&x, inputs), gradient, None, NEVER);
        assert!(alone == found);
        let compare = |name: &str, found: f32, at: &dyn Fn(f32) -> f64| {
            let expected = (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
            assert!((f64::from(found) - expected).abs() < 1e-3, "{name}: {found} {expected}");
        };
        let nudged = |values: &[f32], i: usize, by: f32| {
            let mut values = values.to_vec();
            values[i] += by;
            values
        };
        let value =
            |x: &[f32], weight: &[f32], bias: &[f32]| objective(weight, bias, batch(x, inputs), &share, activation);
        for i in [0, 11, x.len() / 2, x.len() - 1] {
            compare("image", images[i] - plus[i], &|by| value(&nudged(&x, i, by), &weight, &bias));
        }
        for i in [0, 4, weight.len() / 2, weight.len() - 1] {
            compare("weight", found.weight[i], &|by| value(&x, &nudged(&weight, i, by), &bias));
        }
        for i in [0, outputs - 1] {
            compare("bias", found.bias[i], &|by| value(&x, &weight, &nudged(&bias, i, by)));
        }
    }

    #[test]
    fn behind_the_sums_is_what_they_go_through() {
        let (x, weight, bias) = (noise(3 * 35 * 16, 1), noise(24 * 16 * 9, 2), noise(24, 3));
        let residual = noise(3 * 35 * 24, 5);
        let (mut sums, mut out) = (vec![7.0; residual.len()], vec![7.0; residual.len()]);
        convolve_batch_silu_into(&weight, &bias, batch(&x, 16), Some(&residual), NEVER, &mut sums, &mut out);
        assert_eq!(sums, convolve_batch(&weight, &bias, batch(&x, 16), After::default(), NEVER));
        let after = After { activation: Activation::Silu, residual: Some(&residual) };
        let expected = convolve_batch(&weight, &bias, batch(&x, 16), after, NEVER);
        assert!(crate::kernel::tests::worst(&out, &expected) < 1e-6);
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
