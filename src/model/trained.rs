//! The convolution for training on the CPU: our own kernels forward and backward, on tensors `[n, h, w, c]`.

use super::query::Query;
use crate::kernel::{
    Activation, After, ImageBatch, ImageGradient, ResultGradient, Spare, Targets, Through, convolve_batch,
    convolve_batch_backward,
};
use crate::task::Gate;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

/// What all operations of a training share.
#[derive(Clone, Default)]
pub struct TrainingContext {
    /// Passed every few milliseconds: between two images of a layer, between two blocks of queries.
    pub gate: Gate,
    /// Memory from step to step.
    pub spare: Spare,
}

/// `x [n, h, w, c]` by `weight [out, c, k, k]` (k = 1 or 3, zero-padded) plus `bias [out]`, then ReLU or nothing,
/// plus `residual [n, h, w, out]`: `[n, h, w, out]`, differentiable in all of them.
/// `gate` is passed between two images.
///
/// # Errors
/// candle's, for tensors of other shapes, types or devices, or once the gate was stopped.
pub(super) fn convolve(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    activation: Activation,
    residual: Option<&Tensor>,
    gate: &Gate,
) -> Result<Tensor> {
    if activation == Activation::Silu {
        bail!("SiLU is trained inside of its encoder");
    }
    let relu = activation == Activation::Relu;
    let (outputs, _, k, _) = weight.dims4()?;
    if k != 1 && k != 3 {
        bail!("convolutions of {k}×{k} are not trained");
    }
    let parameters = Tensor::cat(&[&weight.flatten_all()?, bias], 0)?;
    let (x, op) = (x.contiguous()?, TrainedConv { outputs, relu, gate: gate.clone() });
    match residual {
        Some(_) if relu => bail!("a residual follows no ReLU here"),
        Some(residual) => x.apply_op3(&parameters, &residual.contiguous()?, op),
        None => x.apply_op2(&parameters, op),
    }
}

/// A convolution, 3×3 or 1×1, as a candle operation of the image, of its parameters (the weight, then the bias, in one list)
/// and, with three arguments, of a residual.
struct TrainedConv {
    outputs: usize,
    relu: bool,
    gate: Gate,
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
        let after = After { activation: Activation::relu_if(self.relu), residual };
        let result = convolve_batch(weight, bias, batch, after, &|| self.gate.pass().is_err());
        not_stopped(&self.gate)?;
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
        let interrupt = || self.gate.pass().is_err();
        let mut images = x.track_op().then(|| vec![0.0; x.elem_count()]);
        let found = read(x, |values| {
            let batch = ImageBatch { values, height, width, channels };
            read(parameters, |parameters| {
                let (weight, _) = self.split(parameters);
                read(&gradient, |gradient| {
                    read(result, |result| {
                        let through = if self.relu { Through::Relu(result) } else { Through::Nothing };
                        let gradient = ResultGradient { values: gradient, through };
                        let images = images.as_mut().map(|to| ImageGradient { to, plus: None });
                        Ok(convolve_batch_backward(weight, self.outputs, batch, gradient, images, &interrupt))
                    })
                })
            })
        })?;
        not_stopped(&self.gate)?;
        let images = images.map(|images| Tensor::from_vec(images, x.shape(), x.device())).transpose()?;
        let mut weights = found.weight;
        weights.extend(found.bias);
        Ok((images, Some(Tensor::from_vec(weights, parameters.shape(), x.device())?)))
    }

    fn split<'a>(&self, parameters: &'a [f32]) -> (&'a [f32], &'a [f32]) {
        parameters.split_at(parameters.len() - self.outputs)
    }
}

impl CustomOp2 for TrainedConv {
    fn name(&self) -> &'static str {
        "trained-convolution"
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
        "trained-convolution-residual"
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

/// What a loss keeps of its [`Targets`].
pub(super) struct Answers {
    truth: Vec<[f32; 3]>,
    teacher: Option<(Vec<[f32; 3]>, f32)>,
}

impl Answers {
    pub(super) fn targets(&self) -> Targets<'_> {
        let teacher = self.teacher.as_ref().map(|(teacher, share)| (teacher.as_slice(), *share));
        Targets { truth: &self.truth, teacher }
    }
}

impl From<Targets<'_>> for Answers {
    fn from(targets: Targets<'_>) -> Self {
        let teacher = targets.teacher.map(|(teacher, share)| (teacher.to_vec(), share));
        Self { truth: targets.truth.to_vec(), teacher }
    }
}

/// Refuses queries and targets that are not those of `n` images.
pub(super) fn check_counts(n: usize, queries: &[Query], targets: Targets<'_>) -> Result<()> {
    let total: usize = queries.iter().map(|query| query.position.len()).sum();
    let is_taught = targets.teacher.is_none_or(|(teacher, _)| teacher.len() == total);
    if n != queries.len() || total != targets.truth.len() || total == 0 || !is_taught {
        let (lists, targets) = (queries.len(), targets.truth.len());
        bail!("{n} images, {lists} lists of queries, {total} queries and {targets} targets");
    }
    Ok(())
}

/// A gradient that was computed with the loss, as a tensor like `like`, times that of the loss.
pub(super) fn scaled(values: Vec<f32>, like: &Tensor, loss: &Tensor) -> Result<Tensor> {
    let scale = f64::from(loss.to_scalar::<f32>()?);
    let tensor = Tensor::from_vec(values, like.shape(), like.device())?;
    if scale == 1.0 { Ok(tensor) } else { tensor * scale }
}

/// What was computed for a stopped gate is not whole.
pub(super) fn not_stopped(gate: &Gate) -> Result<()> {
    if gate.is_stopped() {
        bail!("stopped")
    }
    Ok(())
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
