//! LIIF and its loss for training on the CPU: the same function as [`Liif`](super::Liif), arranged for speed.
//!
//! imnet's first layer is split as in decoding: its code columns become a convolution, once per latent code; what is
//! left runs in one operation with that, the loss and all gradients (`kernel::TrainedMlp`). Tensors are `[n, h, w, c]`.

use super::conv::ConvKernel;
use super::encoder::Encoder;
use super::liif::neighbour;
use super::query::Query;
use super::trained::{self, Answers, TrainingContext};
use crate::kernel::{
    Activation, After, ImageBatch, ImageGradient, L1Gradient, MlpShape, QueryTerm, QueryTerms, ResultGradient, Targets,
    TrainedMlp, WeightGradient, convolve_batch_backward, convolve_batch_into,
};
use crate::weights::ModelConfig;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use candle_nn::VarBuilder;
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// The whole model with its loss.
pub struct TrainedLiif {
    encoder: Encoder,
    /// The first layer's code columns, `[width, c, k, k]`, and its bias.
    project: (Tensor, Tensor),
    /// All other parameters of imnet, in the order of `shape`.
    parameters: Tensor,
    shape: MlpShape,
    local_ensemble: bool,
    context: TrainingContext,
}

impl TrainedLiif {
    /// Loads the model from `vb` (at the root), whose tensors are on the CPU. Forward and backward pass the context's gate
    /// between two images of a layer and between two blocks of queries.
    ///
    /// # Errors
    /// If an array is missing or of another shape.
    pub fn load(vb: &VarBuilder<'_>, config: &ModelConfig, context: &TrainingContext) -> Result<Self> {
        let Some(imnet) = config.decoder.imnet() else { bail!("its decoder is not LIIF's") };
        let (layers, widths) = (vb.pp("imnet").pp("layers"), &imnet.hidden);
        let channels = config.encoder.features();
        let code = imnet.code_width(channels);
        let inputs = imnet.input(channels) - code;
        let first = layers.get((widths[0], code + inputs), "0.weight")?;
        let k = if imnet.feat_unfold { 3 } else { 1 };
        let mut parts = vec![first.narrow(1, code, inputs)?.t()?.flatten_all()?];
        for i in 1..=widths.len() {
            let outputs = widths.get(i).copied().unwrap_or(3);
            parts.push(layers.get((outputs, widths[i - 1]), &format!("{}.weight", 2 * i))?.flatten_all()?);
            parts.push(layers.get(outputs, &format!("{}.bias", 2 * i))?);
        }
        Ok(Self {
            encoder: Encoder::load(vb, &config.encoder, ConvKernel::Trained(context.clone()))?,
            project: (
                first.narrow(1, 0, code)?.contiguous()?.reshape((widths[0], channels, k, k))?,
                layers.get(widths[0], "0.bias")?,
            ),
            parameters: Tensor::cat(&parts, 0)?,
            shape: MlpShape { inputs, widths: widths.clone() },
            local_ensemble: imnet.local_ensemble,
            context: context.clone(),
        })
    }

    /// `x [n, h, w, 3]` normalised → feature maps `[n, h, w, c]`.
    ///
    /// # Errors
    /// candle's.
    pub fn gen_feat(&self, x: &Tensor) -> Result<Tensor> {
        self.encoder.forward(x, &|| Ok(()))
    }

    /// The mean absolute difference between what the feature maps `[n, h, w, c]` answer to `queries` (one list an
    /// image) and `targets` (normalised, image by image): a scalar, and the predictions.
    ///
    /// # Errors
    /// candle's, or if there are not as many queries and targets as images need.
    pub fn l1_loss(&self, feat: &Tensor, queries: &[Query], targets: Targets<'_>) -> Result<(Tensor, Vec<[f32; 3]>)> {
        let (n, height, width, _) = feat.dims4()?;
        trained::check_counts(n, queries, targets)?;
        let terms = queries.par_iter().map(|query| query_terms(query, height, width, self.local_ensemble)).collect();
        let found = Arc::new(Mutex::new(None));
        let (weight, bias) = (&self.project.0, &self.project.1);
        let (outputs, _, k, _) = weight.dims4()?;
        let projection = Projection { outputs, taps: k * k, wants_images: feat.track_op() };
        let op = L1Loss {
            shape: self.shape.clone(),
            projection,
            terms,
            answers: targets.into(),
            found: found.clone(),
            context: self.context.clone(),
        };
        let parameters = Tensor::cat(&[&weight.flatten_all()?, bias, &self.parameters], 0)?;
        let loss = feat.contiguous()?.apply_op2(&parameters, op)?;
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let predictions = found.as_mut().map(|found: &mut LossAndGradients| std::mem::take(&mut found.predictions));
        Ok((loss, predictions.unwrap_or_default()))
    }
}

impl TrainedLiif {
    /// What the feature maps `[n, h, w, c]` answer to `queries` (one list an image), normalised, image by image.
    ///
    /// # Errors
    /// candle's, or once the gate was stopped.
    pub fn predict(&self, feat: &Tensor, queries: &[Query]) -> Result<Vec<[f32; 3]>> {
        let ((_, height, width, _), gate) = (feat.dims4()?, &self.context.gate);
        let terms = queries.par_iter().map(|query| query_terms(query, height, width, self.local_ensemble));
        let terms: Vec<QueryTerms> = terms.collect();
        let (weight, bias) = &self.project;
        let codes = trained::convolve(feat, weight, bias, Activation::Identity, None, gate)?.contiguous()?;
        let interrupt = || gate.pass().is_err();
        let found = trained::read(&codes, |codes| {
            trained::read(&self.parameters, |parameters| {
                Ok(TrainedMlp::new(&self.shape, parameters).predict(codes, &terms, &interrupt))
            })
        });
        trained::not_stopped(gate)?;
        found
    }
}

/// The latent codes that each query reads, as terms of its weighted sum. Neighbours that coincide at a border are one term, those that do not count
/// none.
fn query_terms(query: &Query, height: usize, width: usize, local_ensemble: bool) -> QueryTerms {
    let n = [height, width];
    let shifts: &[[f64; 2]] =
        if local_ensemble { &[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] } else { &[[0.0, 0.0]] };
    let mut terms = QueryTerms::default();
    for (position, cell) in query.position.iter().zip(&query.rel_cell) {
        let first = terms.rows.len();
        for shift in shifts {
            let parts = [0, 1].map(|a| neighbour(position[a], shift[a], n[a], local_ensemble));
            let code = (parts[0].0 * width + parts[1].0) as u32;
            let weight = (parts[0].2 * parts[1].2) as f32;
            match terms.rows[first..].iter_mut().find(|term| term.code == code) {
                Some(term) => term.weight += weight,
                None if weight == 0.0 => {}
                None => {
                    let inputs = [parts[0].1 as f32, parts[1].1 as f32, cell[0] as f32, cell[1] as f32];
                    terms.rows.push(QueryTerm { code, inputs, weight });
                }
            }
        }
        terms.ends.push(terms.rows.len() as u32);
    }
    terms
}

/// The first layer's share of the codes, the rest of imnet, the ensemble and the loss as one candle operation: of the
/// feature maps, and of the projection's parameters followed by the others. The gradients are there as soon as the loss is,
/// and wait for the backward pass.
struct L1Loss {
    shape: MlpShape,
    projection: Projection,
    terms: Vec<QueryTerms>,
    answers: Answers,
    found: Arc<Mutex<Option<LossAndGradients>>>,
    context: TrainingContext,
}

/// A convolution of the feature maps, 3×3 or 1×1.
struct Projection {
    outputs: usize,
    /// 9 or 1.
    taps: usize,
    /// Whether the gradient of the feature maps is wanted.
    wants_images: bool,
}

/// The loss, and the gradients of both arguments.
struct LossAndGradients {
    loss: f64,
    predictions: Vec<[f32; 3]>,
    images: Option<Vec<f32>>,
    parameters: Vec<f32>,
}

impl L1Loss {
    /// Projection, loss, and back through both.
    fn of_maps(&self, maps: ImageBatch<'_>, parameters: &[f32]) -> LossAndGradients {
        let Projection { outputs, taps, wants_images } = self.projection;
        let (interrupt, spare) = (|| self.context.gate.pass().is_err(), &self.context.spare);
        let (project, others) = parameters.split_at((taps * maps.channels + 1) * outputs);
        let (weight, bias) = project.split_at(taps * maps.channels * outputs);
        let len = maps.values.len() / maps.channels * outputs;
        let mut codes = spare.take(len);
        convolve_batch_into(weight, bias, maps, After::default(), &interrupt, &mut codes);
        let mlp = TrainedMlp::new(&self.shape, others);
        let L1Gradient { loss, predictions, codes: gradient, parameters } =
            mlp.l1(&codes, &self.terms, self.answers.targets(), spare.take(len), &interrupt);
        let mut images = wants_images.then(|| vec![0.0; maps.values.len()]);
        let to = images.as_mut().map(|to| ImageGradient { to, plus: None });
        let of_codes = ResultGradient::of_sums(&gradient);
        let WeightGradient { weight, bias } = convolve_batch_backward(weight, outputs, maps, of_codes, to, &interrupt);
        spare.put(codes);
        spare.put(gradient);
        LossAndGradients { loss, predictions, images, parameters: [weight, bias, parameters].concat() }
    }
}

impl CustomOp2 for L1Loss {
    fn name(&self) -> &'static str {
        "liif-l1-loss"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, p: &CpuStorage, lp: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, height, width, channels) = lx.shape().dims4()?;
        let (x, p) = (trained::values(x, lx)?, trained::values(p, lp)?);
        let found = self.of_maps(ImageBatch { values: x, height, width, channels }, p);
        trained::not_stopped(&self.context.gate)?;
        let loss = found.loss as f32;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok((CpuStorage::F32(vec![loss]), Shape::from(())))
    }

    fn bwd(&self, x: &Tensor, p: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(found) = found else { bail!("the gradients of this loss were taken already") };
        let images = found.images.map(|images| trained::scaled(images, x, grad)).transpose()?;
        Ok((images, Some(trained::scaled(found.parameters, p, grad)?)))
    }
}
