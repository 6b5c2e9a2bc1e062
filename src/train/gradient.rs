//! The loss of a batch and its gradient with respect to every weight, on the CPU by our own kernels or on any candle
//! device by candle's automatic differentiation.

use super::batch::Batch;
use super::network::{Loss, Network, inputs};
use crate::error::{Error, Result};
use crate::model::{ConvKernel, Liif, Live, TrainingContext};
use crate::weights::{Array, DecoderConfig, EncoderConfig, ModelConfig};
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

/// A batch, and everything that its gradients depend on.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a> {
    pub(super) config: &'a ModelConfig,
    pub(super) arrays: &'a BTreeMap<String, Array>,
    /// Only imnet's gradients are wanted.
    pub(super) freeze_encoder: bool,
    pub(super) batch: &'a Batch,
    /// The feature maps, if they are known.
    pub(super) features: Option<&'a [f32]>,
    pub(super) engine: &'a Engine,
    /// With the gate that our own kernels pass every few milliseconds.
    pub(super) context: &'a TrainingContext,
    /// Memory for what the forward pass keeps for the backward pass; batches that need more go through in parts.
    pub(super) most_bytes: usize,
}

/// Enough for six patches of 48×48 through RDN, and for 90 through EDSR-baseline.
pub(super) const MOST_BYTES: usize = 2_500_000_000;

impl Problem<'_> {
    /// Solves it.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the gate was stopped before they were whole; [`Error::Device`] if the device fails or the
    /// arrays do not fit the configuration.
    pub(super) fn gradients(&self) -> Result<Gradients> {
        let step = self.images_at_a_time();
        if self.batch.len() <= step {
            return self.in_one();
        }
        let total = self.batch.targets.len() as f64;
        let none = (self.arrays.iter().filter(|(name, _)| self.is_trained(name)))
            .map(|(name, array)| (name.clone(), vec![0.0; array.data.len()]));
        let (predictions, timings) = (Vec::new(), Timings::default());
        let mut whole = Gradients { loss: 0.0, predictions, arrays: none.collect(), timings };
        for first in (0..self.batch.len()).step_by(step) {
            let images = first..(first + step).min(self.batch.len());
            let batch = self.batch.part(images.clone());
            let per_image = self.features.map_or(0, <[f32]>::len) / self.batch.len();
            let features = self.features.map(|values| &values[images.start * per_image..images.end * per_image]);
            let part = Problem { batch: &batch, features, ..*self }.in_one()?;
            whole.add(part, batch.targets.len() as f64 / total);
        }
        Ok(whole)
    }

    fn is_trained(&self, name: &str) -> bool {
        !(self.freeze_encoder && is_of_encoder(name))
    }

    /// How many images of this network fit the memory together.
    fn images_at_a_time(&self) -> usize {
        let of_encoder = match self.config.encoder {
            EncoderConfig::Edsr { features, .. } if self.freeze_encoder => features,
            EncoderConfig::Rdn { features, .. } | EncoderConfig::Plain { features, .. } if self.freeze_encoder => {
                features
            }
            // Before and behind every SiLU, which keeps both.
            EncoderConfig::Plain { blocks, convs, features } => (3 * blocks * convs + 4) * features,
            EncoderConfig::Edsr { blocks, features, res_scale } => {
                (blocks * if res_scale == 1.0 { 2 } else { 4 } + 3) * features
            }
            EncoderConfig::Rdn { blocks, convs, growth, features } => {
                let joined: usize = (1..=convs).map(|c| features + c * growth).sum();
                blocks * (joined + convs * growth + 4 * features) + 6 * features
            }
        };
        // The projected codes, or the amplitudes, and their gradient.
        let prepared = match &self.config.decoder {
            DecoderConfig::Imnet(imnet) => imnet.hidden[0],
            DecoderConfig::Field(field) => field.amplitudes(),
        };
        let values = (of_encoder + 2 * prepared) * self.batch.patch * self.batch.patch;
        (self.most_bytes / (values * size_of::<f32>())).max(1)
    }

    fn in_one(&self) -> Result<Gradients> {
        self.run().map_err(|error| self.describe("a training step", &error))
    }

    fn run(&self) -> candle_core::Result<Gradients> {
        let device = if let Engine::Candle(device) = self.engine { device } else { &Device::Cpu };
        let mut vars = BTreeMap::new();
        let mut tensors = HashMap::new();
        for (name, array) in self.arrays {
            let tensor = Tensor::from_slice(&array.data, array.shape.as_slice(), device)?;
            if self.is_trained(name) {
                let var = Var::from_tensor(&tensor)?;
                tensors.insert(name.clone(), var.as_tensor().clone());
                vars.insert(name, var);
            } else {
                tensors.insert(name.clone(), tensor);
            }
        }
        let vb = VarBuilder::from_tensors(tensors, DType::F32, device);
        let mut timings = Timings::default();
        let (loss, predictions) = match self.engine {
            Engine::Kernels => self.by_kernels(&vb, &mut timings)?,
            Engine::Candle(_) => self.by_candle(&vb)?,
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
    }

    fn by_kernels(&self, vb: &VarBuilder<'_>, timings: &mut Timings) -> candle_core::Result<Loss> {
        let start = Instant::now();
        let batch = self.batch;
        let network = Network::load(vb, self.config, self.context)?;
        let feat = match self.features {
            Some(values) => {
                let channels = self.config.encoder.features();
                Tensor::from_slice(values, (batch.len(), batch.patch, batch.patch, channels), &Device::Cpu)?
            }
            None => network.gen_feat(&inputs(batch, &Device::Cpu)?)?,
        };
        timings.encoder_forward = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let loss = network.l1_loss(&feat, batch)?;
        timings.decoder = start.elapsed().as_secs_f64();
        Ok(loss)
    }

    fn by_candle(&self, vb: &VarBuilder<'_>) -> candle_core::Result<Loss> {
        let (device, batch) = (vb.device(), self.batch);
        let x = inputs(batch, device)?.permute((0, 3, 1, 2))?.contiguous()?;
        let predicted: Vec<Tensor> = if self.config.decoder.field().is_some() {
            let live = Live::load(vb, self.config, ConvKernel::Candle)?;
            let feat = live.gen_feat(&x)?;
            let predict = |(i, query)| live.query_rgb(&feat.narrow(0, i, 1)?, &x.narrow(0, i, 1)?, query);
            batch.queries.iter().enumerate().map(predict).collect::<candle_core::Result<_>>()?
        } else {
            let liif = Liif::load(vb, self.config, ConvKernel::Candle)?;
            let feat = liif.gen_feat(&x)?;
            let predict = |(i, query)| liif.query_rgb(&feat.narrow(0, i, 1)?, query);
            batch.queries.iter().enumerate().map(predict).collect::<candle_core::Result<_>>()?
        };
        let predicted = Tensor::cat(&predicted, 0)?;
        let difference = |colors: &[[f32; 3]]| {
            let colors = Tensor::from_slice(colors.as_flattened(), (colors.len(), 3), device)?;
            (&predicted - colors)?.abs()?.mean_all()
        };
        let mut loss = difference(&batch.targets)?;
        if let Some((teacher, share)) = &batch.teacher {
            let share = f64::from(*share);
            loss = ((loss * (1.0 - share))? + (difference(teacher)? * share)?)?;
        }
        Ok((loss, predicted.flatten_all()?.to_vec1::<f32>()?.as_chunks().0.to_vec()))
    }

    /// The feature maps of all images, `[n, patch, patch, c]`, by our own kernels and without gradients.
    ///
    /// # Errors
    /// As [`Self::gradients`].
    pub(super) fn features(&self) -> Result<Vec<f32>> {
        let run = || {
            let tensor = |(name, array): (&String, &Array)| {
                Ok((name.clone(), Tensor::from_slice(&array.data, array.shape.as_slice(), &Device::Cpu)?))
            };
            let tensors = self.arrays.iter().map(tensor).collect::<candle_core::Result<_>>()?;
            let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
            let network = Network::load(&vb, self.config, self.context)?;
            network.gen_feat(&inputs(self.batch, &Device::Cpu)?)?.flatten_all()?.to_vec1()
        };
        run().map_err(|error| self.describe("the encoder", &error))
    }

    fn describe(&self, what: &str, error: &candle_core::Error) -> Error {
        super::network::describe(self.context, what, error)
    }
}

impl Gradients {
    /// Adds those of other images, which are `share` of all.
    fn add(&mut self, part: Self, share: f64) {
        self.loss += share * part.loss;
        self.predictions.extend(part.predictions);
        for (sum, values) in self.arrays.values_mut().zip(part.arrays.into_values()) {
            sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += share as f32 * v);
        }
        self.timings.encoder_forward += part.timings.encoder_forward;
        self.timings.decoder += part.timings.decoder;
        self.timings.backward += part.timings.backward;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Query;
    use crate::train::random::{Random, untrained};
    use crate::weights::{ImnetConfig, Normalization};

    #[test]
    fn parts_add_up_to_the_whole() {
        let encoder = EncoderConfig::Rdn { blocks: 2, convs: 2, growth: 8, features: 8 };
        let (decoder, normalization) = (ImnetConfig::new(vec![16, 16]).into(), Normalization::LIIF);
        let config = ModelConfig { encoder, decoder, normalization };
        let mut random = Random::of(&[1]);
        let mut noise = |n: usize| (0..n).map(|_| random.between(-1.0, 1.0)).collect::<Vec<_>>();
        // As many questions as the image has a number.
        let mut query = |n: usize| Query {
            position: noise(2 * n).as_chunks().0.iter().map(|p: &[f64; 2]| p.map(|v| 4.0 + 4.0 * v)).collect(),
            rel_cell: vec![[1.0; 2]; n],
        };
        let queries = vec![query(10), query(20), query(30), query(40), query(50)];
        let singles = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect::<Vec<_>>();
        let (inputs, targets) = (singles(noise(5 * 9 * 9 * 3)), singles(noise(150 * 3)).as_chunks().0.to_vec());
        let batch = Batch { patch: 9, inputs, queries, targets, unknown: vec![], teacher: None, again: None };
        let weights = untrained(&config, 3).unwrap();
        let problem = Problem {
            config: &config,
            arrays: weights.arrays(),
            freeze_encoder: false,
            batch: &batch,
            features: None,
            engine: &Engine::Kernels,
            context: &TrainingContext::default(),
            most_bytes: MOST_BYTES,
        };
        let whole = problem.gradients().unwrap();
        // All at once, two at a time, one at a time.
        let one = MOST_BYTES / problem.images_at_a_time();
        for most_bytes in [2 * one + 8, 1] {
            let parts = Problem { most_bytes, ..problem };
            assert_eq!(parts.images_at_a_time(), if most_bytes == 1 { 1 } else { 2 });
            let parts = parts.gradients().unwrap();
            assert!((parts.loss - whole.loss).abs() < 1e-6 && parts.predictions == whole.predictions);
            for (name, expected) in &whole.arrays {
                let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v * v)).sum::<f64>();
                let off = squares(&mut expected.iter().zip(&parts.arrays[name]).map(|(a, b)| a - b));
                assert!(off <= 1e-10 * squares(&mut expected.iter().copied()) + 1e-16, "{name}: {off:e}");
            }
        }
        // A share that is wrong is seen: images have different numbers of questions.
        let first = Problem { batch: &batch.part(0..1), ..problem }.gradients().unwrap();
        assert!((first.loss - whole.loss).abs() > 1e-3);
    }
}
