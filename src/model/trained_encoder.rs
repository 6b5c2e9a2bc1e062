//! An encoder for training on the CPU, as one operation on tensors `[n, h, w, c]`: a 3×3 convolution of the picture, then
//! some of as many channels as it has features.
//!
//! Between operations of its own candle adds gradients one by one, each sum in fresh memory and on one thread. Inside one
//! operation sums ride on the convolutions, and the memory is that of the step before.

use super::conv::Conv2d;
use super::trained::{TrainingContext, not_stopped, read, values};
use crate::kernel::{
    After, ImageBatch, ImageGradient, ResultGradient, convolve_batch, convolve_batch_backward, convolve_batch_into,
    convolve_batch_silu_into,
};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Channels of a picture.
const COLORS: usize = 3;

/// How the convolutions of an encoder hang together. The first one, number 0, sees the picture.
pub(super) trait TrainedNetwork: Send + Sync + 'static {
    /// Of the operation.
    const NAME: &'static str;

    /// The feature maps that the network yields, and those that the way back needs.
    fn forward(&self, pass: &Forward<'_>) -> (Vec<f32>, Vec<Vec<f32>>);

    /// From what [`Self::forward`] kept and the gradient of what it yielded to that of the first convolution's result,
    /// through all others.
    fn backward(&self, back: &mut Backward<'_>, kept: &[Vec<f32>], gradient: &[f32]) -> Vec<f32>;
}

/// `x [n, h, w, 3]` through all convolutions of a network.
///
/// # Errors
/// candle's, or once the gate was stopped.
pub(super) fn forward<N: TrainedNetwork>(
    x: &Tensor,
    convs: &[&Conv2d],
    network: N,
    context: &TrainingContext,
) -> Result<Tensor> {
    let mut parts = Vec::with_capacity(2 * convs.len());
    for conv in convs {
        let (weight, bias, _) = conv.parts();
        parts.extend([weight.flatten_all()?, bias.clone()]);
    }
    let (features, parameters) = (parts[1].elem_count(), Tensor::cat(&parts, 0)?);
    let op = TrainedEncoder { network, features, context: context.clone(), kept: Mutex::default() };
    x.contiguous()?.apply_op2(&parameters, op)
}

/// The encoder as a candle operation of the images and of all parameters in one list.
struct TrainedEncoder<N> {
    network: N,
    features: usize,
    context: TrainingContext,
    /// For the backward pass.
    kept: Mutex<Option<Vec<Vec<f32>>>>,
}

impl<N> TrainedEncoder<N> {
    fn pass<'a>(&'a self, pictures: ImageBatch<'a>, parameters: &'a [f32]) -> Forward<'a> {
        Forward { pictures, parameters, features: self.features, context: &self.context }
    }

    fn take_kept(&self) -> Option<Vec<Vec<f32>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put_back(&self, kept: Vec<Vec<f32>>) {
        for values in kept {
            self.context.spare.put(values);
        }
    }
}

impl<N> Drop for TrainedEncoder<N> {
    fn drop(&mut self) {
        self.put_back(self.take_kept().unwrap_or_default());
    }
}

/// What a network does on its way forward.
#[derive(Clone, Copy)]
pub(super) struct Forward<'a> {
    pictures: ImageBatch<'a>,
    parameters: &'a [f32],
    features: usize,
    context: &'a TrainingContext,
}

impl Forward<'_> {
    /// Where weight and bias of a convolution lie among the parameters.
    fn place(&self, conv: usize) -> (Range<usize>, Range<usize>) {
        let weights = |conv: usize| 9 * self.features * if conv == 0 { COLORS } else { self.features };
        let start = (0..conv).map(|conv| weights(conv) + self.features).sum::<usize>();
        let end = start + weights(conv);
        (start..end, end..end + self.features)
    }

    fn parts(&self, conv: usize) -> (&[f32], &[f32]) {
        let (weight, bias) = self.place(conv);
        (&self.parameters[weight], &self.parameters[bias])
    }

    fn is_stopped(&self) -> bool {
        self.context.gate.pass().is_err()
    }

    /// Feature maps as a batch of the pictures' size.
    fn map<'a>(&self, values: &'a [f32]) -> ImageBatch<'a> {
        let ImageBatch { height, width, .. } = self.pictures;
        ImageBatch { values, height, width, channels: self.features }
    }

    /// Room for feature maps, which means nothing.
    fn room(&self) -> Vec<f32> {
        self.context.spare.take(self.pictures.values.len() / COLORS * self.features)
    }

    /// The first convolution.
    pub(super) fn head(&self) -> Vec<f32> {
        self.convolve_images(0, self.pictures, After::default())
    }

    /// Feature maps through a convolution.
    pub(super) fn convolve(&self, conv: usize, map: &[f32], after: After<'_>) -> Vec<f32> {
        self.convolve_images(conv, self.map(map), after)
    }

    fn convolve_images(&self, conv: usize, images: ImageBatch<'_>, after: After<'_>) -> Vec<f32> {
        let ((weight, bias), mut out) = (self.parts(conv), self.room());
        convolve_batch_into(weight, bias, images, after, &|| self.is_stopped(), &mut out);
        out
    }

    /// The same to memory that is not used again.
    pub(super) fn last(&self, conv: usize, map: &[f32], after: After<'_>) -> Vec<f32> {
        let (weight, bias) = self.parts(conv);
        convolve_batch(weight, bias, self.map(map), after, &|| self.is_stopped())
    }

    /// Feature maps through a convolution: its sums, and those behind SiLU plus a residual.
    pub(super) fn convolve_silu(&self, conv: usize, map: &[f32], residual: Option<&[f32]>) -> [Vec<f32>; 2] {
        let ((weight, bias), mut sums, mut out) = (self.parts(conv), self.room(), self.room());
        let interrupt = || self.is_stopped();
        convolve_batch_silu_into(weight, bias, self.map(map), residual, &interrupt, &mut sums, &mut out);
        [sums, out]
    }
}

/// What a network does on its way back.
pub(super) struct Backward<'a> {
    pass: Forward<'a>,
    /// The gradients of the parameters.
    found: Vec<f32>,
}

impl Backward<'_> {
    /// Back through a convolution of feature maps: their gradient, and `plus`.
    pub(super) fn convolve(
        &mut self,
        conv: usize,
        map: &[f32],
        of_result: ResultGradient<'_>,
        plus: Option<&[f32]>,
    ) -> Vec<f32> {
        let mut to = self.pass.room();
        let images = ImageGradient { to: &mut to, plus };
        self.convolve_images(conv, self.pass.map(map), of_result, Some(images));
        to
    }

    fn convolve_images(
        &mut self,
        conv: usize,
        images: ImageBatch<'_>,
        of_result: ResultGradient<'_>,
        to: Option<ImageGradient<'_>>,
    ) {
        let (weight, bias) = self.pass.place(conv);
        let (values, interrupt) = (&self.pass.parameters[weight.clone()], || self.pass.is_stopped());
        let sums = convolve_batch_backward(values, self.pass.features, images, of_result, to, &interrupt);
        self.found[weight].copy_from_slice(&sums.weight);
        self.found[bias].copy_from_slice(&sums.bias);
    }

    /// Takes back what [`Self::convolve`] yielded.
    pub(super) fn put(&self, map: Vec<f32>) {
        self.pass.context.spare.put(map);
    }
}

/// Adds what goes around.
pub(super) fn add(sums: &mut [f32], values: &[f32]) {
    sums.par_iter_mut().with_min_len(1 << 14).zip(values).for_each(|(sum, value)| *sum += value);
}

impl<N: TrainedNetwork> CustomOp2 for TrainedEncoder<N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, p: &CpuStorage, lp: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, height, width, channels) = lx.shape().dims4()?;
        let pictures = ImageBatch { values: values(x, lx)?, height, width, channels };
        let (result, kept) = self.network.forward(&self.pass(pictures, values(p, lp)?));
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        not_stopped(&self.context.gate)?;
        Ok((CpuStorage::F32(result), (n, height, width, self.features).into()))
    }

    fn bwd(&self, x: &Tensor, p: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        if x.track_op() {
            bail!("pictures have no gradient here");
        }
        let (_, height, width, channels) = x.dims4()?;
        let Some(kept) = self.take_kept() else { bail!("the gradients of this encoder were taken already") };
        let grad = grad.contiguous()?;
        let found = read(x, |values| {
            read(p, |p| {
                read(&grad, |grad| {
                    let pass = self.pass(ImageBatch { values, height, width, channels }, p);
                    let mut back = Backward { pass, found: vec![0.0; p.len()] };
                    let of_head = self.network.backward(&mut back, &kept, grad);
                    back.convolve_images(0, pass.pictures, ResultGradient::of_sums(&of_head), None);
                    back.put(of_head);
                    Ok(back.found)
                })
            })
        })?;
        self.put_back(kept);
        not_stopped(&self.context.gate)?;
        Ok((None, Some(Tensor::from_vec(found, p.shape(), p.device())?)))
    }
}
