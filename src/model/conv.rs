//! Convolutions with stride 1 that keep height and width.

use super::trained::{self, TrainingContext};
use crate::kernel::{After, Conv3x3, Image, Order, Precision};
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Module, Result, Shape, Storage, Tensor, bail};
use candle_nn::VarBuilder;

/// Who computes 3×3 convolutions.
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
    fused: Option<Conv3x3>,
    /// For training, whose tensors are `[n, h, w, c]`.
    trained: Option<TrainingContext>,
}

impl Conv2d {
    /// Loads `weight [outputs, inputs, k, k]` and `bias [outputs]`.
    ///
    /// # Errors
    /// If the builder lacks them or they have another shape.
    pub fn load(vb: VarBuilder<'_>, inputs: usize, outputs: usize, k: usize, kernel: &ConvKernel) -> Result<Self> {
        let (weight, bias) = (vb.get((outputs, inputs, k, k), "weight")?, vb.get(outputs, "bias")?);
        let fused = match kernel {
            &ConvKernel::Fused(precision) if k == 3 && weight.device().is_cpu() && weight.dtype() == DType::F32 => {
                let values = weight.flatten_all()?.to_vec1::<f32>()?;
                Some(Conv3x3::new(&values, &bias.to_vec1::<f32>()?, precision))
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
        match (&self.trained, self.fused_for(x)) {
            (Some(context), _) => trained::convolve(x, &self.weight, &self.bias, true, None, &context.gate),
            (None, Some(conv)) => run(conv, x, true, None),
            (None, None) => self.plain(x)?.relu(),
        }
    }

    /// The convolution plus `residual`, of the result's shape.
    ///
    /// # Errors
    /// candle's, for a tensor of another shape or device.
    pub fn forward_add(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        match (&self.trained, self.fused_for(x)) {
            (Some(context), _) => trained::convolve(x, &self.weight, &self.bias, false, Some(residual), &context.gate),
            (None, Some(conv)) => run(conv, x, false, Some(residual)),
            (None, None) => self.plain(x)? + residual,
        }
    }

    /// Our own kernel, for one image that it can read.
    fn fused_for(&self, x: &Tensor) -> Option<&Conv3x3> {
        self.fused.as_ref().filter(|_| x.dims()[0] == 1 && x.device().is_cpu() && x.dtype() == DType::F32)
    }

    fn plain(&self, x: &Tensor) -> Result<Tensor> {
        let bias = self.bias.reshape((1, (), 1, 1))?;
        x.conv2d(&self.weight, self.weight.dims()[2] / 2, 1, 1, 1)?.broadcast_add(&bias)
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match (&self.trained, self.fused_for(x)) {
            (Some(context), _) => trained::convolve(x, &self.weight, &self.bias, false, None, &context.gate),
            (None, Some(conv)) => run(conv, x, false, None),
            (None, None) => self.plain(x),
        }
    }
}

/// Tensors joined along their channels, in memory as the first lies; `is_trained` if they are `[n, h, w, c]`.
///
/// # Errors
/// candle's, for tensors of different sizes or devices.
pub(super) fn cat_channels(tensors: &[&Tensor], is_trained: bool) -> Result<Tensor> {
    if is_trained {
        return Tensor::cat(tensors, 3);
    }
    if order_of(tensors[0].layout()) == Some(Order::ChannelsLast) {
        let last = tensors.iter().map(|tensor| tensor.permute((0, 2, 3, 1))).collect::<Result<Vec<_>>>()?;
        return Tensor::cat(&last, 3)?.permute((0, 3, 1, 2));
    }
    Tensor::cat(tensors, 1)
}

/// `x [1, c, h, w]` and the result may lie in memory as planes or channels-last.
fn run(conv: &Conv3x3, x: &Tensor, relu: bool, residual: Option<&Tensor>) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let result = [n, conv.out_channels(), h, w];
    if c != conv.in_channels() || residual.is_some_and(|residual| residual.dims() != result) {
        bail!(
            "a convolution of {} channels got {:?} and {:?}",
            conv.in_channels(),
            x.dims(),
            residual.map(Tensor::dims)
        );
    }
    let x = if order_of(x.layout()).is_some() { x.clone() } else { x.contiguous()? };
    let residual = match (residual, conv.order()) {
        (Some(residual), Order::Planes) => Some(residual.contiguous()?),
        (Some(residual), Order::ChannelsLast) => Some(residual.permute((0, 2, 3, 1))?.contiguous()?),
        (None, _) => None,
    };
    let result = x.apply_op1_no_bwd(&FusedConv3x3 { conv, relu, residual })?;
    match conv.order() {
        Order::Planes => Ok(result),
        Order::ChannelsLast => result.permute((0, 3, 1, 2)),
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

/// [`Conv3x3`] as a candle operation: `[1, c, h, w]` to `[1, out, h, w]` as planes, or to `[1, h, w, out]`.
struct FusedConv3x3<'a> {
    conv: &'a Conv3x3,
    relu: bool,
    /// Of the result's shape, without gaps.
    residual: Option<Tensor>,
}

impl CustomOp1 for FusedConv3x3<'_> {
    fn name(&self) -> &'static str {
        "fused-conv3x3"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, _, height, width) = layout.shape().dims4()?;
        let Some(order) = order_of(layout) else { bail!("the fused convolution reads tensors without gaps") };
        let image = Image { values: values(x, layout)?, order, height, width };
        let residual = self.residual.as_ref().map(Tensor::storage_and_layout);
        let residual = match &residual {
            Some((storage, layout)) => match &**storage {
                Storage::Cpu(storage) => Some(values(storage, layout)?),
                _ => bail!("the fused convolution runs on the CPU"),
            },
            None => None,
        };
        let output = self.conv.forward(image, After { relu: self.relu, residual });
        let channels = self.conv.out_channels();
        let shape = match self.conv.order() {
            Order::Planes => (1, channels, height, width),
            Order::ChannelsLast => (1, height, width, channels),
        };
        Ok((CpuStorage::F32(output), shape.into()))
    }
}

/// The values of a tensor without gaps, in the order in which they lie.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let CpuStorage::F32(values) = storage else { bail!("the fused convolution reads f32 tensors") };
    let start = layout.start_offset();
    Ok(&values[start..start + layout.shape().elem_count()])
}
