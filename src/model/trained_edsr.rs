//! EDSR for training on the CPU, as one operation: the same function as [`Edsr`](super::Edsr) with a residual scale of 1,
//! on tensors `[n, h, w, c]`.
//!
//! Between operations of its own candle adds gradients one by one, each sum in fresh memory and on one thread. Inside one
//! operation sums ride on the convolutions, and the memory is that of the step before.

use super::trained::{TrainingContext, not_stopped, read, values};
use crate::kernel::{
    Activation, After, ImageBatch, ImageGradient, ResultGradient, convolve_batch, convolve_batch_backward,
    convolve_batch_into,
};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Channels of a picture.
const COLORS: usize = 3;

/// `x [n, h, w, 3]` through all convolutions, given as weight and bias each: head, two of every block, last.
///
/// # Errors
/// candle's, or once the gate was stopped.
pub(super) fn forward(x: &Tensor, convs: &[(&Tensor, &Tensor)], context: &TrainingContext) -> Result<Tensor> {
    let features = convs[0].1.elem_count();
    let mut parts = Vec::with_capacity(2 * convs.len());
    for (weight, bias) in convs {
        parts.extend([weight.flatten_all()?, (*bias).clone()]);
    }
    let parameters = Tensor::cat(&parts, 0)?;
    let (blocks, kept) = ((convs.len() - 2) / 2, Mutex::default());
    x.contiguous()?.apply_op2(&parameters, TrainedEdsr { features, blocks, context: context.clone(), kept })
}

/// The encoder as a candle operation of the images and of all parameters in one list.
struct TrainedEdsr {
    features: usize,
    blocks: usize,
    context: TrainingContext,
    /// What the head and every convolution of the blocks yielded, for the backward pass.
    kept: Mutex<Vec<Vec<f32>>>,
}

impl TrainedEdsr {
    /// Where weight and bias of a convolution lie among the parameters.
    fn place(&self, conv: usize) -> (Range<usize>, Range<usize>) {
        let weights = |conv: usize| 9 * self.features * if conv == 0 { COLORS } else { self.features };
        let start = (0..conv).map(|conv| weights(conv) + self.features).sum::<usize>();
        let end = start + weights(conv);
        (start..end, end..end + self.features)
    }

    /// Feature maps as a batch of the pictures' size.
    fn map<'a>(&self, pictures: ImageBatch<'_>, values: &'a [f32]) -> ImageBatch<'a> {
        ImageBatch { values, height: pictures.height, width: pictures.width, channels: self.features }
    }

    fn take_kept(&self) -> Vec<Vec<f32>> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put_back(&self, kept: Vec<Vec<f32>>) {
        for values in kept {
            self.context.spare.put(values);
        }
    }

    /// The feature maps; everything that the backward pass needs is kept.
    fn run(&self, x: ImageBatch<'_>, parameters: &[f32]) -> Vec<f32> {
        let interrupt = || self.context.gate.pass().is_err();
        let len = x.values.len() / COLORS * self.features;
        let parts = |conv: usize| {
            let (weight, bias) = self.place(conv);
            (&parameters[weight], &parameters[bias])
        };
        let convolve = |conv: usize, images: ImageBatch<'_>, after: After<'_>| {
            let mut out = self.context.spare.take(len);
            let (weight, bias) = parts(conv);
            convolve_batch_into(weight, bias, images, after, &interrupt, &mut out);
            out
        };
        let mut kept = vec![convolve(0, x, After::default())];
        for block in 0..self.blocks {
            let before = &kept[2 * block];
            let inner =
                convolve(1 + 2 * block, self.map(x, before), After { activation: Activation::Relu, residual: None });
            let after =
                convolve(2 + 2 * block, self.map(x, &inner), After { residual: Some(before), ..After::default() });
            kept.extend([inner, after]);
        }
        let (weight, bias) = parts(1 + 2 * self.blocks);
        let after = After { residual: Some(&kept[0]), ..After::default() };
        let result = convolve_batch(weight, bias, self.map(x, &kept[2 * self.blocks]), after, &interrupt);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        result
    }

    /// From the gradient of the feature maps to that of all parameters.
    fn backward(&self, x: ImageBatch<'_>, parameters: &[f32], kept: &[Vec<f32>], gradient: &[f32]) -> Vec<f32> {
        let interrupt = || self.context.gate.pass().is_err();
        let spare = &self.context.spare;
        let mut found = vec![0.0; parameters.len()];
        let mut back =
            |conv: usize, images: ImageBatch<'_>, of_result: ResultGradient<'_>, to: Option<ImageGradient<'_>>| {
                let (weight, bias) = self.place(conv);
                let values = &parameters[weight.clone()];
                let sums = convolve_batch_backward(values, self.features, images, of_result, to, &interrupt);
                found[weight].copy_from_slice(&sums.weight);
                found[bias].copy_from_slice(&sums.bias);
            };
        let mut now = spare.take(gradient.len());
        let of_result = ResultGradient { values: gradient, clamped: None };
        let to = ImageGradient { to: &mut now, plus: None };
        back(1 + 2 * self.blocks, self.map(x, &kept[2 * self.blocks]), of_result, Some(to));
        for block in (0..self.blocks).rev() {
            let (before, inner) = (&kept[2 * block], &kept[2 * block + 1]);
            let mut of_inner = spare.take(gradient.len());
            let of_result = ResultGradient { values: &now, clamped: None };
            let to = ImageGradient { to: &mut of_inner, plus: None };
            back(2 + 2 * block, self.map(x, inner), of_result, Some(to));
            let mut next = spare.take(gradient.len());
            let of_result = ResultGradient { values: &of_inner, clamped: Some(inner) };
            // What goes around the block.
            let to = ImageGradient { to: &mut next, plus: Some(&now) };
            back(1 + 2 * block, self.map(x, before), of_result, Some(to));
            spare.put(of_inner);
            spare.put(std::mem::replace(&mut now, next));
        }
        // What goes around all blocks.
        now.par_iter_mut().with_min_len(1 << 14).zip(gradient).for_each(|(sum, g)| *sum += g);
        back(0, x, ResultGradient { values: &now, clamped: None }, None);
        spare.put(now);
        found
    }
}

impl Drop for TrainedEdsr {
    fn drop(&mut self) {
        self.put_back(self.take_kept());
    }
}

impl CustomOp2 for TrainedEdsr {
    fn name(&self) -> &'static str {
        "trained-edsr"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, p: &CpuStorage, lp: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, height, width, channels) = lx.shape().dims4()?;
        let result = self.run(ImageBatch { values: values(x, lx)?, height, width, channels }, values(p, lp)?);
        not_stopped(&self.context.gate)?;
        Ok((CpuStorage::F32(result), (n, height, width, self.features).into()))
    }

    fn bwd(&self, x: &Tensor, p: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        if x.track_op() {
            bail!("pictures have no gradient here");
        }
        let (_, height, width, channels) = x.dims4()?;
        let (grad, kept) = (grad.contiguous()?, self.take_kept());
        if kept.len() != 2 * self.blocks + 1 {
            bail!("the gradients of this encoder were taken already");
        }
        let found = read(x, |x| {
            let x = ImageBatch { values: x, height, width, channels };
            read(p, |p| read(&grad, |grad| Ok(self.backward(x, p, &kept, grad))))
        })?;
        self.put_back(kept);
        not_stopped(&self.context.gate)?;
        Ok((None, Some(Tensor::from_vec(found, p.shape(), p.device())?)))
    }
}
