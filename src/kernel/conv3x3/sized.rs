//! The convolutions of a batch in training: 3×3 or 1×1, as many weights as there are.

use super::gradient::weight_gradient;
use super::{After, Conv1x1, Conv3x3, ConvScratch, Image, WeightGradient, pointwise, winograd, winograd_gradient};
use crate::kernel::{Instructions, Precision};

/// A convolution in single precision, of the size that its weight has.
pub(super) enum SizedConv {
    /// `weight [outputs, channels, 3, 3]`.
    Three(Conv3x3),
    /// `weight [outputs, channels, 1, 1]`.
    One(Conv1x1),
}

impl SizedConv {
    /// Of images of `channels`.
    ///
    /// # Panics
    /// If the weight is of neither size.
    pub(super) fn new(weight: &[f32], bias: &[f32], channels: usize) -> Self {
        if is_pointwise(weight.len(), (channels, bias.len())) {
            Self::One(Conv1x1::new(weight, bias, Precision::F32))
        } else {
            Self::Three(Conv3x3::new(weight, bias, Precision::F32))
        }
    }

    /// What turns the gradient of a result into that of the image.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub(super) fn backward(weight: &[f32], channels: usize, outputs: usize) -> Self {
        if is_pointwise(weight.len(), (channels, outputs)) {
            Self::One(Conv1x1::backward(weight, outputs))
        } else {
            Self::Three(Conv3x3::backward(weight, outputs, Precision::F32))
        }
    }

    /// Convolves a channels-last image on this thread, where that is fastest.
    pub(super) fn forward_into(&self, image: Image<'_>, after: After<'_>, scratch: &mut ConvScratch, out: &mut [f32]) {
        match self {
            Self::Three(conv) => conv.forward_into(image, after, scratch, out),
            Self::One(conv) => conv.forward_into(image, after, out),
        }
    }
}

/// The gradients of `weights` weights, and of the bias, from `channels` to outputs.
pub(super) fn weight_gradient_of(
    image: Image<'_>,
    gradient: Image<'_>,
    weights: usize,
    channels: (usize, usize),
    scratch: &mut ConvScratch,
) -> WeightGradient {
    if is_pointwise(weights, channels) {
        return pointwise::weight_gradient(image.values, gradient.values, channels, &mut scratch.outer);
    }
    if winograd::suits(channels.0, channels.1) {
        let instructions = Instructions::in_use();
        let scratch = &mut scratch.gradient;
        return winograd_gradient::weight_gradient(instructions, image, gradient, channels, scratch);
    }
    weight_gradient(image, gradient)
}

/// Whether so many weights are those of a 1×1 convolution from `channels` to outputs.
fn is_pointwise(weights: usize, (channels, outputs): (usize, usize)) -> bool {
    weights == channels * outputs
}
