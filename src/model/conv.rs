//! Convolutions with stride 1 that keep height and width.

use crate::kernel::{Conv3x3, conv3x3};
use candle_core::{CpuStorage, CustomOp3, Layout, Module, Result, Shape, Storage, Tensor, bail};
use candle_nn::VarBuilder;

/// Who computes 3×3 convolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvKernel {
    /// candle: differentiable, on every device.
    Candle,
    /// Our own kernel where the tensor is on the CPU, candle elsewhere. Forward only.
    Fused,
}

/// A convolution of odd kernel size, zero-padded so that the size stays.
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// `[out_channels, in_channels, k, k]`.
    weight: Tensor,
    /// `[out_channels]`.
    bias: Tensor,
    kernel: ConvKernel,
}

impl Conv2d {
    /// Loads `weight [outputs, inputs, k, k]` and `bias [outputs]`.
    ///
    /// # Errors
    /// If the builder lacks them or they have another shape.
    pub fn load(vb: VarBuilder<'_>, inputs: usize, outputs: usize, k: usize, kernel: ConvKernel) -> Result<Self> {
        let (weight, bias) = (vb.get((outputs, inputs, k, k), "weight")?, vb.get(outputs, "bias")?);
        Ok(Self { weight, bias, kernel })
    }

    /// The convolution followed by a ReLU.
    ///
    /// # Errors
    /// candle's, for a tensor of another shape or device.
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        if self.is_fused(x) { self.fused(x, true, None) } else { self.plain(x)?.relu() }
    }

    /// The convolution plus `residual`, of the result's shape.
    ///
    /// # Errors
    /// candle's, for a tensor of another shape or device.
    pub fn forward_add(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        if self.is_fused(x) { self.fused(x, false, Some(residual.contiguous()?)) } else { self.plain(x)? + residual }
    }

    fn is_fused(&self, x: &Tensor) -> bool {
        self.kernel == ConvKernel::Fused && x.device().is_cpu() && self.weight.dims()[2] == 3 && x.dims()[0] == 1
    }

    fn fused(&self, x: &Tensor, relu: bool, residual: Option<Tensor>) -> Result<Tensor> {
        x.contiguous()?.apply_op3_no_bwd(&self.weight, &self.bias, &FusedConv3x3 { relu, residual })
    }

    fn plain(&self, x: &Tensor) -> Result<Tensor> {
        let bias = self.bias.reshape((1, (), 1, 1))?;
        x.conv2d(&self.weight, self.weight.dims()[2] / 2, 1, 1, 1)?.broadcast_add(&bias)
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if self.is_fused(x) { self.fused(x, false, None) } else { self.plain(x) }
    }
}

/// [`conv3x3`] as a candle operation on `x [1, c, h, w]`.
struct FusedConv3x3 {
    relu: bool,
    residual: Option<Tensor>,
}

impl CustomOp3 for FusedConv3x3 {
    fn name(&self) -> &'static str {
        "fused-conv3x3"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, channels, height, width) = x_layout.shape().dims4()?;
        let residual = self.residual.as_ref().map(Tensor::storage_and_layout);
        let residual = match &residual {
            Some((storage, layout)) => match &**storage {
                Storage::Cpu(storage) => Some(values(storage, layout)?),
                _ => bail!("the fused convolution runs on the CPU"),
            },
            None => None,
        };
        let conv = Conv3x3 {
            weight: values(weight, weight_layout)?,
            bias: values(bias, bias_layout)?,
            relu: self.relu,
            residual,
        };
        let shape = (1, conv.bias.len(), height, width);
        let output = conv3x3(values(x, x_layout)?, channels, height, width, conv);
        Ok((CpuStorage::F32(output), shape.into()))
    }
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("the fused convolution reads contiguous f32 tensors")
    };
    Ok(&values[start..end])
}
