//! The 1×1 convolution, the direct way without neighbours, and its gradients.

use super::direct::Direct;
use super::gradient::add_pixels;
use super::{After, Image, Joined, WeightGradient, best_precision};
use crate::kernel::instructions::Instructions;
use crate::kernel::outer::{Outer, OuterScratch, Samples, add_outer_packed};
use crate::kernel::precision::Precision;

/// A 1×1 convolution of channels-last images.
#[derive(Clone)]
pub struct Conv1x1 {
    in_channels: usize,
    /// `[out_channels]`.
    bias: Vec<f32>,
    direct: Direct,
}

impl Conv1x1 {
    /// From PyTorch's layout: `weight [out_channels, in_channels, 1, 1]`, `bias [out_channels]`; computed as
    /// [`Conv3x3::new`](super::Conv3x3::new) would.
    ///
    /// # Panics
    /// As [`Conv3x3::new`](super::Conv3x3::new).
    pub fn new(weight: &[f32], bias: &[f32], precision: Precision) -> Self {
        assert!(!bias.is_empty() && !weight.is_empty(), "there are no channels");
        let in_channels = weight.len() / bias.len();
        assert_eq!(weight.len(), in_channels * bias.len(), "weight does not fit its shape");
        let precision = best_precision(in_channels, precision);
        let direct = Direct::new(weight, in_channels, bias.len(), 1, precision, Instructions::in_use());
        Self { in_channels, bias: bias.to_vec(), direct }
    }

    /// How many channels go in.
    pub fn in_channels(&self) -> usize {
        self.in_channels
    }

    /// How many channels come out.
    pub fn out_channels(&self) -> usize {
        self.bias.len()
    }

    /// Convolves images joined along their channels into the memory of `room`; the result is channels-last, and so is
    /// the residual.
    ///
    /// # Panics
    /// If a slice does not have the size that its shape needs.
    pub fn forward_joined(&self, input: Joined<'_>, after: After<'_>, room: Vec<f32>) -> Vec<f32> {
        input.check(self.in_channels, self.bias.len(), after);
        self.direct.forward(input, &self.bias, after, room)
    }

    /// In single precision, what turns the gradient of a result into that of the image: `weight [out_channels,
    /// in_channels, 1, 1]` is the forward convolution's.
    pub(super) fn backward(weight: &[f32], out_channels: usize) -> Self {
        let in_channels = weight.len() / out_channels;
        let turned = (0..in_channels).flat_map(|i| (0..out_channels).map(move |o| weight[o * in_channels + i]));
        Self::new(&turned.collect::<Vec<_>>(), &vec![0.0; in_channels], Precision::F32)
    }

    /// As [`Self::forward_joined`], for one channels-last image and a result that is there.
    pub(super) fn forward_into(&self, image: Image<'_>, after: After<'_>, out: &mut [f32]) {
        out.copy_from_slice(&self.forward_joined(Joined::new(&[image.values], image), after, Vec::new()));
    }
}

/// The gradients of weight and bias, where `gradient` is that of the result of convolving the channels-last `image`.
pub(super) fn weight_gradient(
    image: &[f32],
    gradient: &[f32],
    (inputs, outputs): (usize, usize),
    scratch: &mut OuterScratch,
) -> WeightGradient {
    let mut found = WeightGradient::zero(inputs * outputs, outputs);
    let (left, right) = (Samples { data: gradient, stride: outputs }, Samples { data: image, stride: inputs });
    let (depth, sums) = (image.len() / inputs, &mut found.weight[..]);
    let outer = Outer { left, rows: outputs, right, columns: inputs, depth, sums };
    add_outer_packed(Instructions::in_use(), outer, scratch);
    add_pixels(gradient, &mut found.bias);
    found
}

impl std::fmt::Debug for Conv1x1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}→{} 1×1, {}", self.in_channels, self.bias.len(), self.direct.precision())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::middle_taps;
    use super::super::{Conv3x3, Image, Order};
    use super::*;
    use crate::kernel::activation::Activation;
    use crate::kernel::tests::{noise, worst};

    /// As a 3×3 convolution whose outer taps are zero.
    fn twin(weight: &[f32], bias: &[f32], precision: Precision) -> Conv3x3 {
        Conv3x3::new(&middle_taps(weight), bias, precision)
    }

    #[test]
    fn it_is_the_larger_ones_middle() {
        for precision in Precision::ALL.into_iter().filter(|precision| precision.is_available()) {
            for (c, o, h, w) in [(64, 64, 9, 20), (80, 33, 5, 7), (3, 5, 300, 1), (576, 64, 6, 40)] {
                let (input, weight, bias) = (noise(c * h * w, 1), noise(o * c, 2), noise(o, 3));
                let residual = noise(o * h * w, 4);
                let conv = Conv1x1::new(&weight, &bias, precision);
                let after = After { activation: Activation::Relu, residual: Some(&residual) };
                let image = Image { values: &input, order: Order::ChannelsLast, height: h, width: w };
                let found = conv.forward_joined(Joined::new(&[&input], image), after, Vec::new());
                let expected = twin(&weight, &bias, precision).forward(image, after);
                let off = worst(&found, &expected);
                assert!(off < 2e-4, "{precision}, {c}→{o} {h}×{w}: {off}");
                assert!(worst(&found[1..], &expected[..expected.len() - 1]) > 0.1, "the comparison cannot fail");
            }
        }
    }
}
