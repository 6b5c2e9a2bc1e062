//! Convolutions with stride 1 that keep height and width.

use super::maps::{HeldMaps, Maps};
use super::trained::{self, TrainingContext};
use crate::kernel::{Activation, After, Conv1x1, Conv3x3, Joined, Order, Precision};
use candle_core::{DType, Result, Tensor, bail};
use candle_nn::VarBuilder;

/// Who computes convolutions.
#[derive(Clone)]
pub enum ConvKernel {
    /// candle: differentiable, on every device.
    Candle,
    /// Our own kernel where the weights are on the CPU, candle elsewhere. Forward only.
    Fused(Precision),
    /// Our own kernels on the CPU, forward and backward, on tensors `[n, h, w, c]`. They pass the gate between two
    /// images: pausing it holds a step where it is, stopping it makes the step fail.
    Trained(TrainingContext),
}

/// A convolution of odd kernel size, zero-padded so that the size stays.
#[derive(Clone)]
pub struct Conv2d {
    /// `[out_channels, in_channels, k, k]`.
    weight: Tensor,
    /// `[out_channels]`.
    bias: Tensor,
    /// The same for our own kernel, if that computes it.
    fused: Option<Fused>,
    /// For training, whose tensors are `[n, h, w, c]`.
    trained: Option<TrainingContext>,
}

/// A convolution by our own kernel.
#[derive(Clone)]
enum Fused {
    Three(Conv3x3),
    One(Conv1x1),
}

impl Conv2d {
    /// Loads `weight [outputs, inputs, k, k]` and `bias [outputs]`.
    ///
    /// # Errors
    /// If the builder lacks them or they have another shape.
    pub fn load(vb: VarBuilder<'_>, inputs: usize, outputs: usize, k: usize, kernel: &ConvKernel) -> Result<Self> {
        let (weight, bias) = (vb.get((outputs, inputs, k, k), "weight")?, vb.get(outputs, "bias")?);
        let fused = match kernel {
            &ConvKernel::Fused(precision) if weight.device().is_cpu() && weight.dtype() == DType::F32 => {
                let (weight, bias) = (weight.flatten_all()?.to_vec1::<f32>()?, bias.to_vec1::<f32>()?);
                match k {
                    3 => Some(Fused::Three(Conv3x3::new(&weight, &bias, precision))),
                    1 => Some(Fused::One(Conv1x1::new(&weight, &bias, precision))),
                    _ => None,
                }
            }
            _ => None,
        };
        let trained = if let ConvKernel::Trained(context) = kernel { Some(context.clone()) } else { None };
        Ok(Self { weight, bias, fused, trained })
    }

    /// Weight, bias, and the context of training if it is for that.
    pub(super) fn parts(&self) -> (&Tensor, &Tensor, Option<&TrainingContext>) {
        (&self.weight, &self.bias, self.trained.as_ref())
    }

    /// The convolution.
    ///
    /// # Errors
    /// As [`Self::forward_joined`].
    pub fn forward(&self, x: &Maps) -> Result<Maps> {
        self.forward_joined(std::slice::from_ref(x), Activation::Identity, None)
    }

    /// The convolution followed by a ReLU.
    ///
    /// # Errors
    /// As [`Self::forward_joined`].
    pub fn forward_relu(&self, x: &Maps) -> Result<Maps> {
        self.forward_joined(std::slice::from_ref(x), Activation::Relu, None)
    }

    /// The convolution followed by SiLU, plus `residual` of the result's shape, if there is one.
    ///
    /// # Errors
    /// As [`Self::forward_joined`].
    pub fn forward_silu(&self, x: &Maps, residual: Option<&Maps>) -> Result<Maps> {
        self.forward_joined(std::slice::from_ref(x), Activation::Silu, residual)
    }

    /// The convolution plus `residual`, of the result's shape.
    ///
    /// # Errors
    /// As [`Self::forward_joined`].
    pub fn forward_add(&self, x: &Maps, residual: &Maps) -> Result<Maps> {
        self.forward_joined(std::slice::from_ref(x), Activation::Identity, Some(residual))
    }

    /// The convolution of feature maps joined along their channels, then `activation`, plus `residual`. Our own
    /// kernels read the maps where they lie.
    ///
    /// # Errors
    /// candle's, for maps of other shapes, kinds or devices.
    pub fn forward_joined(&self, parts: &[Maps], activation: Activation, residual: Option<&Maps>) -> Result<Maps> {
        if let [Maps::Held(_), ..] = parts {
            let Some(fused) = &self.fused else { bail!("this convolution is candle's") };
            let parts = parts.iter().map(Maps::held).collect::<Result<Vec<_>>>()?;
            return fused.forward(&parts, activation, residual.map(Maps::held).transpose()?);
        }
        let parts = parts.iter().map(Maps::tensor).collect::<Result<Vec<_>>>()?;
        let residual = residual.map(Maps::tensor).transpose()?;
        let x = match parts[..] {
            [x] => x.clone(),
            _ => Tensor::cat(&parts, if self.trained.is_some() { 3 } else { 1 })?,
        };
        let result = match &self.trained {
            Some(context) => trained::convolve(&x, &self.weight, &self.bias, activation, residual, &context.gate)?,
            None => self.convolve_tensor(&x, activation, residual)?,
        };
        Ok(result.into())
    }

    /// By candle.
    fn convolve_tensor(&self, x: &Tensor, activation: Activation, residual: Option<&Tensor>) -> Result<Tensor> {
        let bias = self.bias.reshape((1, (), 1, 1))?;
        let sum = x.conv2d(&self.weight, self.weight.dims()[2] / 2, 1, 1, 1)?.broadcast_add(&bias)?;
        let sum = match activation {
            Activation::Identity => sum,
            Activation::Relu => sum.relu()?,
            Activation::Silu => sum.silu()?,
        };
        residual.map_or(Ok(sum.clone()), |residual| sum + residual)
    }
}

impl Fused {
    /// Channels that go in and come out.
    fn shape(&self) -> (usize, usize) {
        match self {
            Self::Three(conv) => (conv.in_channels(), conv.out_channels()),
            Self::One(conv) => (conv.in_channels(), conv.out_channels()),
        }
    }

    /// Of maps of one size, in one order; the result is channels-last, as the residual.
    fn forward(&self, parts: &[&HeldMaps], activation: Activation, residual: Option<&HeldMaps>) -> Result<Maps> {
        let (inputs, outputs) = self.shape();
        let (first, order) = (parts[0], Order::ChannelsLast);
        let [_, height, width] = first.shape;
        let shape = [outputs, height, width];
        let channels: usize = parts.iter().map(|part| part.shape[0]).sum();
        let is_fit = parts.iter().all(|part| part.shape[1..] == [height, width] && part.order == first.order);
        if channels != inputs || !is_fit || residual.is_some_and(|r| (r.shape, r.order) != (shape, order)) {
            let shapes: Vec<_> = parts.iter().map(|part| part.shape).collect();
            bail!("a convolution of {inputs} channels got {shapes:?} and {:?}", residual.map(|r| r.shape));
        }
        let slices: Vec<&[f32]> = parts.iter().map(|part| part.values.as_slice()).collect();
        let input = Joined { parts: &slices, order: first.order, height, width };
        let after = After { activation, residual: residual.map(|residual| residual.values.as_slice()) };
        let room = first.spare.room(shape.iter().product());
        let values = match self {
            Self::Three(conv) => conv.forward_joined(input, after, room),
            Self::One(conv) => conv.forward_joined(input, after, room),
        };
        Ok(HeldMaps { values, order, shape, spare: first.spare.clone() }.into())
    }
}
