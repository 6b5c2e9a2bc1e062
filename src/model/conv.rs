//! Convolutions with stride 1 that keep height and width.

use super::trained::{self, TrainingContext};
use crate::kernel::{Activation, After, Conv1x1, Conv3x3, Joined, Order, Precision};
use candle_core::{CpuStorage, DType, Device, Layout, Module, Result, Storage, Tensor, bail};
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

    /// The convolution followed by a ReLU.
    ///
    /// # Errors
    /// candle's, for a tensor of another shape or device.
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_joined(std::slice::from_ref(x), Activation::Relu, None)
    }

    /// The convolution followed by SiLU, plus `residual` of the result's shape, if there is one.
    ///
    /// # Errors
    /// candle's, for a tensor of another shape or device.
    pub fn forward_silu(&self, x: &Tensor, residual: Option<&Tensor>) -> Result<Tensor> {
        self.forward_joined(std::slice::from_ref(x), Activation::Silu, residual)
    }

    /// The convolution plus `residual`, of the result's shape.
    ///
    /// # Errors
    /// candle's, for a tensor of another shape or device.
    pub fn forward_add(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        self.forward_joined(std::slice::from_ref(x), Activation::Identity, Some(residual))
    }

    /// The convolution of tensors joined along their channels, then `activation`, plus `residual`. Our own
    /// kernels read the tensors where they lie.
    ///
    /// # Errors
    /// candle's, for tensors of other shapes or devices.
    pub fn forward_joined(
        &self,
        parts: &[Tensor],
        activation: Activation,
        residual: Option<&Tensor>,
    ) -> Result<Tensor> {
        let can_fuse = |x: &Tensor| x.dims()[0] == 1 && x.device().is_cpu() && x.dtype() == DType::F32;
        if let Some(fused) = self.fused.as_ref().filter(|_| parts.iter().all(can_fuse)) {
            return fused.forward(parts, activation, residual);
        }
        let x = match parts {
            [x] => x.clone(),
            parts => Tensor::cat(parts, if self.trained.is_some() { 3 } else { 1 })?,
        };
        if let Some(context) = &self.trained {
            return trained::convolve(&x, &self.weight, &self.bias, activation, residual, &context.gate);
        }
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

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_joined(std::slice::from_ref(x), Activation::Identity, None)
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

    /// Of tensors `[1, c, h, w]`, which may lie in memory as planes or channels-last, as the result does.
    fn forward(&self, parts: &[Tensor], activation: Activation, residual: Option<&Tensor>) -> Result<Tensor> {
        let (inputs, outputs) = self.shape();
        let (_, _, height, width) = parts[0].dims4()?;
        let result = [1, outputs, height, width];
        let channels: usize = parts.iter().map(|part| part.dims()[1]).sum();
        let is_fit = parts.iter().all(|part| part.dims()[2..] == [height, width]);
        if channels != inputs || !is_fit || residual.is_some_and(|residual| residual.dims() != result) {
            let shapes: Vec<_> = parts.iter().map(Tensor::dims).collect();
            bail!("a convolution of {inputs} channels got {shapes:?} and {:?}", residual.map(Tensor::dims));
        }
        let given = order_of(parts[0].layout()).filter(|_| parts.len() == 1).unwrap_or(Order::ChannelsLast);
        let parts = parts.iter().map(|part| lying(part, given)).collect::<Result<Vec<_>>>()?;
        let residual = residual.map(|residual| lying(residual, Order::ChannelsLast)).transpose()?;
        let output = self.run(&parts, given, [height, width], activation, residual.as_ref())?;
        Tensor::from_vec(output, (1, height, width, outputs), &Device::Cpu)?.permute((0, 3, 1, 2))
    }

    /// Of tensors whose values lie in `order`, without gaps.
    fn run(
        &self,
        parts: &[Tensor],
        order: Order,
        [height, width]: [usize; 2],
        activation: Activation,
        residual: Option<&Tensor>,
    ) -> Result<Vec<f32>> {
        let held: Vec<_> = parts.iter().map(Tensor::storage_and_layout).collect();
        let parts = held.iter().map(|(storage, layout)| values(storage, layout)).collect::<Result<Vec<_>>>()?;
        let held = residual.map(Tensor::storage_and_layout);
        let residual = held.as_ref().map(|(storage, layout)| values(storage, layout)).transpose()?;
        let (input, after) = (Joined { parts: &parts, order, height, width }, After { activation, residual });
        Ok(match self {
            Self::Three(conv) => conv.forward_joined(input, after),
            Self::One(conv) => conv.forward_joined(input, after),
        })
    }
}

/// A tensor `[1, c, h, w]` whose values lie in `order`.
fn lying(x: &Tensor, order: Order) -> Result<Tensor> {
    match order {
        Order::Planes => x.contiguous(),
        Order::ChannelsLast => x.permute((0, 2, 3, 1))?.contiguous(),
    }
}

/// How a tensor `[1, c, h, w]` lies in memory, if without gaps.
fn order_of(layout: &Layout) -> Option<Order> {
    let (_, c, h, w) = layout.shape().dims4().ok()?;
    if layout.is_contiguous() {
        Some(Order::Planes)
    } else if layout.stride()[1..] == [1, w * c, c] && h > 0 {
        Some(Order::ChannelsLast)
    } else {
        None
    }
}

/// The values of a tensor without gaps, in the order in which they lie.
fn values<'a>(storage: &'a Storage, layout: &Layout) -> Result<&'a [f32]> {
    let Storage::Cpu(CpuStorage::F32(values)) = storage else { bail!("the fused convolution reads f32 on the CPU") };
    let start = layout.start_offset();
    Ok(&values[start..start + layout.shape().elem_count()])
}
