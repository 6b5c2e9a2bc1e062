//! The loss of a batch and its gradient with respect to every weight, on the CPU by our own kernels or on any candle
//! device by candle's automatic differentiation.

use super::batch::Batch;
use crate::error::{Error, Result};
use crate::model::{ConvKernel, Liif, TrainedLiif};
use crate::weights::{Array, ModelConfig};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

/// Who computes gradients.
#[derive(Clone, Debug)]
pub enum Engine {
    /// Our own kernels on the CPU.
    Kernels,
    /// candle's operations, on any of its devices: slow on the CPU, where it is the reference of the tests.
    Candle(Device),
}

/// Seconds that the parts of a step took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// The encoder's forward pass.
    pub encoder_forward: f64,
    /// Projection and imnet, forward and, with our own kernels, imnet's backward pass.
    pub decoder: f64,
    /// The rest of the backward pass: projection and encoder.
    pub backward: f64,
    /// The update of the weights.
    pub optimizer: f64,
}

/// A loss, and what follows from it.
pub struct Gradients {
    /// The mean absolute difference in normalised colours.
    pub loss: f64,
    /// Predictions in the order of the batch's targets.
    pub predictions: Vec<[f32; 3]>,
    /// The gradient of every array that is trained, by its name.
    pub arrays: BTreeMap<String, Vec<f32>>,
    /// Where the time went.
    pub timings: Timings,
}

/// Whether an array belongs to the encoder.
pub(super) fn is_of_encoder(name: &str) -> bool {
    name.starts_with("encoder.")
}

/// Computes them. With `freeze_encoder` only imnet's gradients.
///
/// # Errors
/// [`Error::Device`] if the device fails or the arrays do not fit the configuration.
pub(super) fn gradients(
    config: &ModelConfig,
    arrays: &BTreeMap<String, Array>,
    freeze_encoder: bool,
    batch: &Batch,
    engine: &Engine,
) -> Result<Gradients> {
    let run = || {
        let device = if let Engine::Candle(device) = engine { device } else { &Device::Cpu };
        let mut vars = BTreeMap::new();
        let mut tensors = HashMap::new();
        for (name, array) in arrays {
            let tensor = Tensor::from_slice(&array.data, array.shape.as_slice(), device)?;
            if freeze_encoder && is_of_encoder(name) {
                tensors.insert(name.clone(), tensor);
            } else {
                let var = Var::from_tensor(&tensor)?;
                tensors.insert(name.clone(), var.as_tensor().clone());
                vars.insert(name, var);
            }
        }
        let vb = VarBuilder::from_tensors(tensors, DType::F32, device);
        let mut timings = Timings::default();
        let (loss, predictions) = match engine {
            Engine::Kernels => by_kernels(&vb, config, batch, &mut timings)?,
            Engine::Candle(_) => by_candle(&vb, config, batch)?,
        };
        let start = Instant::now();
        let store = loss.backward()?;
        let mut found = BTreeMap::new();
        for (name, var) in vars {
            let values = match store.get(&var) {
                Some(gradient) => gradient.flatten_all()?.to_vec1()?,
                // What no query depends on.
                None => vec![0.0; var.elem_count()],
            };
            found.insert(name.clone(), values);
        }
        timings.backward = start.elapsed().as_secs_f64();
        Ok(Gradients { loss: f64::from(loss.to_scalar::<f32>()?), predictions, arrays: found, timings })
    };
    run().map_err(|error: candle_core::Error| Error::device(format!("a training step failed: {error}")))
}

type Loss = (Tensor, Vec<[f32; 3]>);

fn by_kernels(
    vb: &VarBuilder<'_>,
    config: &ModelConfig,
    batch: &Batch,
    timings: &mut Timings,
) -> candle_core::Result<Loss> {
    let start = Instant::now();
    let liif = TrainedLiif::load(vb, config)?;
    let x = Tensor::from_slice(&batch.inputs, (batch.len(), batch.patch, batch.patch, 3), &Device::Cpu)?;
    let feat = liif.gen_feat(&x)?;
    timings.encoder_forward = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let loss = liif.l1_loss(&feat, &batch.queries, &batch.targets)?;
    timings.decoder = start.elapsed().as_secs_f64();
    Ok(loss)
}

fn by_candle(vb: &VarBuilder<'_>, config: &ModelConfig, batch: &Batch) -> candle_core::Result<Loss> {
    let device = vb.device();
    let liif = Liif::load(vb, config, ConvKernel::Candle)?;
    let x = Tensor::from_slice(&batch.inputs, (batch.len(), batch.patch, batch.patch, 3), device)?;
    let feat = liif.gen_feat(&x.permute((0, 3, 1, 2))?.contiguous()?)?;
    let predict = |(i, query)| liif.query_rgb(&feat.narrow(0, i, 1)?, query);
    let predicted: Vec<Tensor> = batch.queries.iter().enumerate().map(predict).collect::<candle_core::Result<_>>()?;
    let predicted = Tensor::cat(&predicted, 0)?;
    let targets = Tensor::from_slice(batch.targets.as_flattened(), (batch.targets.len(), 3), device)?;
    let loss = (&predicted - targets)?.abs()?.mean_all()?;
    Ok((loss, predicted.flatten_all()?.to_vec1::<f32>()?.as_chunks().0.to_vec()))
}
