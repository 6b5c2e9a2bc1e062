//! A live network and its loss for training on the CPU: the same function as [`Live`](super::Live), arranged for speed.
//!
//! Amplitudes, field, loss and all gradients are one operation (`kernel::TrainedField`). Tensors are `[n, h, w, c]`.

use super::conv::ConvKernel;
use super::encoder::Encoder;
use super::liif::neighbour;
use super::live::RGB_OF_YCBCR;
use super::query::Query;
use super::trained::{self, Answers, TrainingContext};
use crate::kernel::{FieldGradient, FieldQuery, FieldShape, Targets, TrainedField};
use crate::picture::resample::bicubic_at;
use crate::weights::{FieldConfig, ModelConfig};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use candle_nn::VarBuilder;
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// The whole network with its loss.
pub struct TrainedLive {
    encoder: Encoder,
    /// All parameters of the field, in the order of `shape`.
    parameters: Tensor,
    shape: FieldShape,
    context: TrainingContext,
}

impl TrainedLive {
    /// Loads the network from `vb` (at the root), whose tensors are on the CPU. Forward and backward pass the context's gate
    /// between two images of a layer and every few hundred queries.
    ///
    /// # Errors
    /// If an array is missing or of another shape, or the configuration is of another family.
    pub fn load(vb: &VarBuilder<'_>, config: &ModelConfig, context: &TrainingContext) -> Result<Self> {
        let Some(field) = config.decoder.field() else { bail!("its decoder is no field of waves") };
        let (vb_field, channels) = (vb.pp("field"), config.encoder.features());
        let parts = [
            vb_field.get((field.amplitudes(), channels, 1, 1), "amplitudes.weight")?.flatten_all()?,
            vb_field.get(field.amplitudes(), "amplitudes.bias")?,
            vb_field.get((field.luma_waves, 2), "luma_waves")?.flatten_all()?,
            vb_field.get((field.chroma_waves, 2), "chroma_waves")?.flatten_all()?,
            vb_field.get(1, "kappa")?,
        ];
        let (luma_waves, chroma_waves) = (field.luma_waves, field.chroma_waves);
        Ok(Self {
            encoder: Encoder::load(vb, &config.encoder, ConvKernel::Trained(context.clone()))?,
            parameters: Tensor::cat(&parts, 0)?,
            shape: FieldShape { channels, luma_waves, chroma_waves, rgb: RGB_OF_YCBCR },
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

    /// The mean absolute difference between what small pictures `inputs [n, h, w, 3]` with their feature maps
    /// `[n, h, w, c]` answer to `queries` (one list an image) and `targets` (normalised, image by image): a scalar, and the
    /// predictions.
    ///
    /// # Errors
    /// candle's, or if there are not as many pictures, queries and targets as images need.
    pub fn l1_loss(
        &self,
        feat: &Tensor,
        inputs: &[f32],
        queries: &[Query],
        targets: Targets<'_>,
    ) -> Result<(Tensor, Vec<[f32; 3]>)> {
        trained::check_counts(feat.dims()[0], queries, targets)?;
        let queries = batch_queries(feat, inputs, queries)?;
        let found = Arc::new(Mutex::new(None));
        let op = FieldLoss {
            shape: self.shape.clone(),
            queries,
            answers: targets.into(),
            wants_codes: feat.track_op(),
            found: found.clone(),
            context: self.context.clone(),
        };
        let loss = feat.contiguous()?.apply_op2(&self.parameters, op)?;
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let predictions = found.as_mut().map(|found: &mut FieldGradient| std::mem::take(&mut found.predictions));
        Ok((loss, predictions.unwrap_or_default()))
    }

    /// What small pictures `inputs [n, h, w, 3]` with their feature maps `[n, h, w, c]` answer to `queries` (one list an
    /// image), normalised, image by image.
    ///
    /// # Errors
    /// candle's, or once the gate was stopped.
    pub fn predict(&self, feat: &Tensor, inputs: &[f32], queries: &[Query]) -> Result<Vec<[f32; 3]>> {
        let (queries, gate) = (batch_queries(feat, inputs, queries)?, &self.context.gate);
        let interrupt = || gate.pass().is_err();
        let found = trained::read(&feat.contiguous()?, |codes| {
            trained::read(&self.parameters, |parameters| {
                Ok(TrainedField::new(&self.shape, parameters).predict(codes, &queries, &interrupt))
            })
        });
        trained::not_stopped(gate)?;
        found
    }
}

/// The queries of every image.
fn batch_queries(feat: &Tensor, inputs: &[f32], queries: &[Query]) -> Result<Vec<Vec<FieldQuery>>> {
    let (n, height, width, _) = feat.dims4()?;
    let (pixels, rest) = inputs.as_chunks::<3>();
    let area = height * width;
    if !rest.is_empty() || pixels.len() != n * area || queries.len() != n {
        bail!("{} values are no {n} pictures of {width}×{height}", inputs.len());
    }
    let of = |(query, pixels): (&Query, &[[f32; 3]])| field_queries(query, pixels, height, width);
    Ok(queries.par_iter().zip(pixels.par_chunks_exact(area)).map(of).collect())
}

/// The queries of one image, with what is known before its features are. At a border, where neighbours are the same, the
/// first has the whole share.
fn field_queries(query: &Query, pixels: &[[f32; 3]], height: usize, width: usize) -> Vec<FieldQuery> {
    let size = [height, width];
    let of = |(position, cell): (&[f64; 2], &[f64; 2])| {
        let axis = |a: usize| {
            let [first, second] = [0.0, 1.0].map(|shift| neighbour(position[a], shift, size[a], true));
            let share = if first.0 == second.0 { 0.0 } else { second.2 as f32 };
            ([first.0, second.0], (first.1 / 2.0) as f32, share)
        };
        let ((rows, y, down), (columns, x, across)) = (axis(0), axis(1));
        let code = |i: usize| (rows[i / 2] * width + columns[i % 2]) as u32;
        FieldQuery {
            codes: [code(0), code(1), code(2), code(3)],
            offset: [y, x],
            share: [down, across],
            pitch: cell.map(|cell| (cell / 2.0).powi(2) as f32),
            presence: FieldConfig::presence(cell.map(|cell| cell / 2.0)) as f32,
            base: bicubic_at(pixels, size, *position),
        }
    };
    query.position.iter().zip(&query.rel_cell).map(of).collect()
}

/// The field and its loss as one candle operation of the feature maps and of the field's parameters. The gradients are
/// there as soon as the loss is, and wait for the backward pass.
struct FieldLoss {
    shape: FieldShape,
    queries: Vec<Vec<FieldQuery>>,
    answers: Answers,
    /// Whether the gradient of the feature maps is wanted.
    wants_codes: bool,
    found: Arc<Mutex<Option<FieldGradient>>>,
    context: TrainingContext,
}

impl CustomOp2 for FieldLoss {
    fn name(&self) -> &'static str {
        "field-l1-loss"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, p: &CpuStorage, lp: &Layout) -> Result<(CpuStorage, Shape)> {
        let (codes, parameters) = (trained::values(x, lx)?, trained::values(p, lp)?);
        let interrupt = || self.context.gate.pass().is_err();
        let (answers, field) = (self.answers.targets(), TrainedField::new(&self.shape, parameters));
        let found = field.l1(codes, &self.queries, answers, self.wants_codes, &interrupt);
        trained::not_stopped(&self.context.gate)?;
        let loss = found.loss as f32;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok((CpuStorage::F32(vec![loss]), Shape::from(())))
    }

    fn bwd(&self, x: &Tensor, p: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(found) = found else { bail!("the gradients of this loss were taken already") };
        let codes = found.codes.map(|codes| trained::scaled(codes, x, grad)).transpose()?;
        Ok((codes, Some(trained::scaled(found.parameters, p, grad)?)))
    }
}
