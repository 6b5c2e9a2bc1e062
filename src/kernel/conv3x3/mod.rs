//! The 3×3 convolution with zero padding, stride 1, and its gradients; the 1×1 one.
//!
//! Images are channels-last. In bfloat16 every pixel's neighbourhood is multiplied where it lies (`direct`); in single
//! precision fewer products do (`winograd`), except for very few channels.

mod batch;
mod direct;
mod gradient;
mod joined;
mod pointwise;
mod sized;
mod tiling;
mod winograd;
mod winograd_gradient;

pub use batch::{
    ImageBatch, ImageGradient, ResultGradient, Through, convolve_batch, convolve_batch_backward, convolve_batch_into,
    convolve_batch_silu_into,
};
pub use gradient::{WeightGradient, weight_gradient};
pub use joined::Joined;
pub use pointwise::Conv1x1;

use super::activation::Activation;
use super::instructions::Instructions;
use super::outer::OuterScratch;
use super::precision::Precision;
use direct::Direct;
use winograd::Winograd;

/// In which order an image's values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `[channels, height, width]`.
    Planes,
    /// `[height, width, channels]`.
    ChannelsLast,
}

/// An image of which the convolution knows the channels.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    /// `channels * height * width` values.
    pub values: &'a [f32],
    /// In which order.
    pub order: Order,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// What is done to sums beside the bias, in this order.
#[derive(Clone, Copy, Default)]
pub struct After<'a> {
    /// What they go through.
    pub activation: Activation,
    /// Add a channels-last image of the result's shape.
    pub residual: Option<&'a [f32]>,
}

/// A band of output rows (of tiles, by Winograd's way), and what it is made of.
struct RowBand<'a> {
    input: Joined<'a>,
    rows: std::ops::Range<usize>,
    bias: &'a [f32],
    after: After<'a>,
}

/// A convolution's weights, prepared for one way of computing it.
#[derive(Clone)]
pub struct Conv3x3 {
    in_channels: usize,
    /// `[out_channels]`.
    bias: Vec<f32>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Direct(Direct),
    Winograd(Winograd),
}

impl Conv3x3 {
    /// From PyTorch's layout: `weight [out_channels, in_channels, 3, 3]`, `bias [out_channels]`.
    ///
    /// Few input channels are computed in single precision whatever is requested: the first layer of a network sees the
    /// picture itself, whose 8 bits bfloat16 would round. So is everything where the processor lacks `precision`.
    ///
    /// # Panics
    /// If there are no channels, or not a whole number of input channels.
    pub fn new(weight: &[f32], bias: &[f32], precision: Precision) -> Self {
        assert!(!bias.is_empty() && !weight.is_empty(), "there are no channels");
        let in_channels = weight.len() / (9 * bias.len());
        assert_eq!(weight.len(), in_channels * 9 * bias.len(), "weight does not fit its shape");
        let (precision, instructions) = (best_precision(in_channels, precision), Instructions::in_use());
        let way = if precision == Precision::F32 && winograd::suits(in_channels, bias.len()) {
            Way::Winograd(Winograd::new(weight, in_channels, bias.len(), instructions))
        } else {
            Way::Direct(Direct::new(weight, in_channels, bias.len(), 3, precision, instructions))
        };
        Self { in_channels, bias: bias.to_vec(), way }
    }

    /// How many channels go in.
    pub fn in_channels(&self) -> usize {
        self.in_channels
    }

    /// How many channels come out.
    pub fn out_channels(&self) -> usize {
        self.bias.len()
    }

    /// Convolves an image; the result is channels-last.
    ///
    /// # Panics
    /// If a slice does not have the size that its shape needs.
    pub fn forward(&self, image: Image<'_>, after: After<'_>) -> Vec<f32> {
        self.forward_joined(Joined::new(&[image.values], image), after, Vec::new())
    }

    /// Convolves images joined along their channels, as [`Self::forward`], into the memory of `room`.
    ///
    /// # Panics
    /// As [`Self::forward`].
    pub fn forward_joined(&self, input: Joined<'_>, after: After<'_>, room: Vec<f32>) -> Vec<f32> {
        input.check(self.in_channels, self.bias.len(), after);
        match &self.way {
            Way::Direct(direct) => direct.forward(input, &self.bias, after, room),
            Way::Winograd(winograd) => input.channels_last(|input| winograd.forward(input, &self.bias, after, room)),
        }
    }
}

/// Buffers of one thread that convolves images of a batch.
#[derive(Default)]
struct ConvScratch {
    /// A gradient on its way to the sums.
    of_sums: Vec<f32>,
    winograd: winograd::WinogradScratch,
    gradient: winograd_gradient::WinogradGradientScratch,
    outer: OuterScratch,
}

impl Conv3x3 {
    /// As [`Self::forward`], for a channels-last image; on this thread where that is fastest.
    fn forward_into(&self, image: Image<'_>, after: After<'_>, scratch: &mut ConvScratch, out: &mut [f32]) {
        match &self.way {
            Way::Winograd(winograd) => winograd.forward_into(image, &self.bias, after, &mut scratch.winograd, out),
            Way::Direct(_) => out.copy_from_slice(&self.forward(image, after)),
        }
    }
}

/// The precision for so many input channels, on this processor.
fn best_precision(in_channels: usize, precision: Precision) -> Precision {
    let is_fit = in_channels >= direct::MIN_BF16_CHANNELS && precision.is_available();
    if is_fit { precision } else { Precision::F32 }
}

impl std::fmt::Debug for Conv3x3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}→{} {:?}", self.in_channels, self.bias.len(), self.way)
    }
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Winograd(winograd) => write!(f, "Winograd, {}", winograd.instructions()),
            Self::Direct(direct) => write!(f, "direct, {}", direct.precision()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::noise;
    use half::bf16;

    /// The definition, one sum at a time, of a channels-last image.
    pub(super) fn twin(
        input: &[f32],
        c: usize,
        h: usize,
        w: usize,
        weight: &[f32],
        bias: &[f32],
        after: After<'_>,
    ) -> Vec<f32> {
        let at = |k: usize, y: isize, x: isize| {
            let inside = (0..h as isize).contains(&y) && (0..w as isize).contains(&x);
            if inside { f64::from(input[(y as usize * w + x as usize) * c + k]) } else { 0.0 }
        };
        let mut out = Vec::new();
        for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
            for (o, bias) in bias.iter().enumerate() {
                let mut sum = f64::from(*bias);
                for (k, tap) in (0..c).flat_map(|k| (0..9).map(move |tap| (k, tap))) {
                    let weight = f64::from(weight[(o * c + k) * 9 + tap]);
                    sum += weight * at(k, (y + tap / 3) as isize - 1, (x + tap % 3) as isize - 1);
                }
                let value = match after.activation {
                    Activation::Identity => sum,
                    Activation::Relu => sum.max(0.0),
                    Activation::Silu => sum / (1.0 + (-sum).exp()),
                };
                out.push((value + after.residual.map_or(0.0, |r| f64::from(r[out.len()]))) as f32);
            }
        }
        out
    }

    /// A 1×1 convolution's weight as that of a 3×3 one.
    pub(super) fn middle_taps(weight: &[f32]) -> Vec<f32> {
        weight.iter().flat_map(|w| [0.0, 0.0, 0.0, 0.0, *w, 0.0, 0.0, 0.0, 0.0]).collect()
    }

    /// `[h, w, c]` to `[c, h, w]`.
    fn planes(values: &[f32], channels: usize) -> Vec<f32> {
        (0..channels).flat_map(|c| values.iter().skip(c).step_by(channels).copied()).collect()
    }

    fn rounded(values: &[f32]) -> Vec<f32> {
        values.iter().map(|v| bf16::from_f32(*v).to_f32()).collect()
    }

    /// Every way of computing it, by name.
    fn ways(weight: &[f32], bias: &[f32]) -> Vec<(String, Conv3x3, bool)> {
        let in_channels = weight.len() / (9 * bias.len());
        let conv = |way| Conv3x3 { in_channels, bias: bias.to_vec(), way };
        let mut ways = Vec::new();
        for instructions in Instructions::available() {
            let direct = Direct::new(weight, in_channels, bias.len(), 3, Precision::F32, instructions);
            ways.push((format!("direct, {instructions}"), conv(Way::Direct(direct)), false));
            let winograd = Winograd::new(weight, in_channels, bias.len(), instructions);
            ways.push((format!("Winograd, {instructions}"), conv(Way::Winograd(winograd)), false));
        }
        for precision in Precision::ALL {
            if precision.is_available() {
                let narrow = precision.is_bf16() && in_channels >= direct::MIN_BF16_CHANNELS;
                ways.push((precision.to_string(), Conv3x3::new(weight, bias, precision), narrow));
            } else {
                eprintln!("skipped: this processor has no blocks in {precision}");
            }
        }
        ways
    }

    #[test]
    fn images_joined_are_one_image_whatever_their_channels() {
        let (h, w) = (7, 13);
        for (channels, o) in [(&[64, 32, 16][..], 64), (&[16, 48], 32), (&[5, 27, 16], 40), (&[1, 1], 3), (&[32], 32)] {
            let c: usize = channels.iter().sum();
            let (input, weight, bias) = (noise(c * h * w, 1), noise(o * c * 9, 2), noise(o, 3));
            let mut first = 0;
            let parts: Vec<Vec<f32>> = channels
                .iter()
                .map(|n| {
                    first += n;
                    input.chunks_exact(c).flat_map(|pixel| pixel[first - n..first].to_vec()).collect()
                })
                .collect();
            let as_planes: Vec<Vec<f32>> = parts.iter().zip(channels).map(|(part, n)| planes(part, *n)).collect();
            for (name, conv, _) in ways(&weight, &bias) {
                let image = Image { values: &input, order: Order::ChannelsLast, height: h, width: w };
                let expected = conv.forward(image, After::default());
                for (order, parts) in [(Order::ChannelsLast, &parts), (Order::Planes, &as_planes)] {
                    let slices: Vec<&[f32]> = parts.iter().map(Vec::as_slice).collect();
                    let joined = Joined { parts: &slices, order, height: h, width: w };
                    let found = conv.forward_joined(joined, After::default(), vec![7.0; 5]);
                    let worst = crate::kernel::tests::worst(&found, &expected);
                    assert!(worst < 1e-5, "{name}, {order:?}, {channels:?}: {worst}");
                }
            }
        }
    }

    #[test]
    fn every_way_matches_the_definition_for_odd_shapes() {
        for (c, o, h, w) in [
            (3, 5, 7, 11),
            (1, 1, 1, 1),
            (4, 8, 1, 300),
            (2, 33, 300, 1),
            (64, 64, 9, 20),
            (48, 40, 5, 6),
            (16, 32, 31, 33),
            (16, 32, 1, 1),
            (32, 64, 1, 40),
            (48, 64, 120, 1),
        ] {
            let (input, weight, bias) = (noise(c * h * w, 1), noise(o * c * 9, 2), noise(o, 3));
            let residual = noise(o * h * w, 4);
            for (name, conv, narrow) in ways(&weight, &bias) {
                let activations = [Activation::Identity, Activation::Relu, Activation::Silu];
                let residuals = [None, Some(&residual[..])];
                for (activation, residual) in activations.into_iter().flat_map(|a| residuals.map(|r| (a, r))) {
                    let (factors, taps) =
                        if narrow { (rounded(&input), rounded(&weight)) } else { (input.clone(), weight.clone()) };
                    let after = After { activation, residual };
                    let expected = twin(&factors, c, h, w, &taps, &bias, after);
                    let as_planes = planes(&input, c);
                    for (order, values) in [(Order::ChannelsLast, &input), (Order::Planes, &as_planes)] {
                        let image = Image { values, order, height: h, width: w };
                        let found = conv.forward(image, after);
                        let worst = crate::kernel::tests::worst(&found, &expected);
                        assert!(worst < 2e-4, "{name}, {order:?}, {c}→{o} {h}×{w}: {worst}");
                    }
                }
            }
        }
    }
}
