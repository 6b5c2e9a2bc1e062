//! The convolution for training on the CPU: our own kernels forward and backward, on tensors `[n, h, w, c]`.

use crate::kernel::{ImageBatch, convolve_batch, convolve_batch_backward};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

/// `x [n, h, w, c]` by `weight [out, c, k, k]` (k = 1 or 3, zero-padded) plus `bias [out]`, clamped at zero if `relu`,
/// plus `residual [n, h, w, out]`: `[n, h, w, out]`, differentiable in all of them.
///
/// # Errors
/// candle's, for tensors of other shapes, types or devices.
pub(super) fn convolve(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    relu: bool,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    let (outputs, inputs, k, _) = weight.dims4()?;
    if k == 1 {
        let rows = x.flatten_to(2)?.matmul(&weight.reshape((outputs, inputs))?.t()?)?.broadcast_add(bias)?;
        let (n, height, width, _) = x.dims4()?;
        let result = rows.reshape((n, height, width, outputs))?;
        let result = if relu { result.relu()? } else { result };
        return residual.map_or(Ok(result.clone()), |residual| result + residual);
    }
    if k != 3 {
        bail!("convolutions of {k}×{k} are not trained");
    }
    let parameters = Tensor::cat(&[&weight.flatten_all()?, bias], 0)?;
    let (x, op) = (x.contiguous()?, TrainedConv { outputs, relu });
    match residual {
        Some(_) if relu => bail!("a residual follows no ReLU here"),
        Some(residual) => x.apply_op3(&parameters, &residual.contiguous()?, op),
        None => x.apply_op2(&parameters, op),
    }
}

/// A 3×3 convolution as a candle operation of the image, of its parameters (the weight, then the bias, in one list)
/// and, with three arguments, of a residual.
struct TrainedConv {
    outputs: usize,
    relu: bool,
}

impl TrainedConv {
    fn forward(
        &self,
        x: (&CpuStorage, &Layout),
        parameters: (&CpuStorage, &Layout),
        residual: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, height, width, channels) = x.1.shape().dims4()?;
        let batch = ImageBatch { values: values(x.0, x.1)?, height, width, channels };
        let (weight, bias) = self.split(values(parameters.0, parameters.1)?);
        let result = convolve_batch(weight, bias, batch, self.relu, residual);
        Ok((CpuStorage::F32(result), (n, height, width, self.outputs).into()))
    }

    fn backward(
        &self,
        x: &Tensor,
        parameters: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, height, width, channels) = x.dims4()?;
        let gradient = gradient.contiguous()?;
        let found = read(x, |values| {
            let batch = ImageBatch { values, height, width, channels };
            read(parameters, |parameters| {
                let (weight, _) = self.split(parameters);
                read(&gradient, |gradient| {
                    read(result, |result| {
                        let clamped = self.relu.then_some(result);
                        Ok(convolve_batch_backward(weight, self.outputs, batch, gradient, clamped, x.track_op()))
                    })
                })
            })
        })?;
        let images = found.images.map(|images| Tensor::from_vec(images, x.shape(), x.device())).transpose()?;
        let mut weights = found.weights.weight;
        weights.extend(found.weights.bias);
        Ok((images, Some(Tensor::from_vec(weights, parameters.shape(), x.device())?)))
    }

    fn split<'a>(&self, parameters: &'a [f32]) -> (&'a [f32], &'a [f32]) {
        parameters.split_at(parameters.len() - self.outputs)
    }
}

impl CustomOp2 for TrainedConv {
    fn name(&self) -> &'static str {
        "trained-conv3x3"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, p: &CpuStorage, lp: &Layout) -> Result<(CpuStorage, Shape)> {
        self.forward((x, lx), (p, lp), None)
    }

    fn bwd(&self, x: &Tensor, p: &Tensor, result: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.backward(x, p, result, grad)
    }
}

impl CustomOp3 for TrainedConv {
    fn name(&self) -> &'static str {
        "trained-conv3x3-residual"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        p: &CpuStorage,
        lp: &Layout,
        residual: &CpuStorage,
        lr: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward((x, lx), (p, lp), Some(values(residual, lr)?))
    }

    fn bwd(
        &self,
        x: &Tensor,
        p: &Tensor,
        _residual: &Tensor,
        result: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (x, p) = self.backward(x, p, result, grad)?;
        Ok((x, p, Some(grad.clone())))
    }
}

/// The values of a contiguous tensor on the CPU.
pub(super) fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("training reads contiguous f32 tensors"),
    }
}

/// Hands `work` the values of a contiguous tensor on the CPU.
pub(super) fn read<R>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => work(values(storage, layout)?),
        _ => bail!("this operation runs on the CPU"),
    }
}
