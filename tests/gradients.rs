//! The model is differentiable, and its gradients are the original's (`training_tiny.safetensors`); an encoder's kernels
//! find the gradients that candle finds.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use common::Arrays;
use std::collections::{BTreeMap, HashMap};
use zoomfield::model::{ConvKernel, Encoder, Liif, Query, TrainingContext};
use zoomfield::train::untrained;
use zoomfield::weights::{Array, EncoderConfig, ImnetConfig, ModelConfig, Normalization};

fn tensor(arrays: &Arrays, name: &str) -> Tensor {
    let array = arrays.get(name);
    Tensor::from_slice(&array.data, array.shape.as_slice(), &Device::Cpu).unwrap()
}

/// RGB in [0, 1] as the network sees it.
fn normalized(rgb: &Tensor) -> Tensor {
    ((rgb * 2.0).unwrap() - 1.0).unwrap()
}

struct Setup {
    arrays: Arrays,
    vars: BTreeMap<String, Var>,
    liif: Liif,
}

fn setup() -> Setup {
    let arrays = Arrays::load("training_tiny.safetensors");
    let config = arrays.weights("init.").config().clone();
    let var = |(name, shape): (String, Vec<usize>)| {
        let values = &arrays.get(&format!("init.{name}")).data;
        (name, Var::from_slice(values, shape.as_slice(), &Device::Cpu).unwrap())
    };
    let vars: BTreeMap<String, Var> = config.expected_arrays().into_iter().map(var).collect();
    let tensors: HashMap<String, Tensor> = vars.iter().map(|(n, v)| (n.clone(), v.as_tensor().clone())).collect();
    let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let liif = Liif::load(&vb, &config, ConvKernel::Candle).unwrap();
    Setup { arrays, vars, liif }
}

impl Setup {
    /// Predictions of both patches, `[2, 256, 3]`.
    fn predict(&self) -> Tensor {
        let feat = self.liif.gen_feat(&normalized(&tensor(&self.arrays, "input"))).unwrap();
        let pairs = |name: &str| self.arrays.get(name).data.as_chunks::<2>().0.to_vec();
        let (coord, cell) = (pairs("coord"), pairs("cell"));
        let patch = |i: usize| {
            let range = i * 256..(i + 1) * 256;
            let query = Query::from_coords(&coord[range.clone()], &cell[range], 16, 16);
            self.liif.query_rgb(&feat.narrow(0, i, 1).unwrap(), &query).unwrap()
        };
        Tensor::stack(&[patch(0), patch(1)], 0).unwrap()
    }

    fn loss(&self) -> Tensor {
        let target = normalized(&tensor(&self.arrays, "target"));
        (self.predict() - target).unwrap().abs().unwrap().mean_all().unwrap()
    }
}

#[test]
fn prediction_loss_and_every_gradient_match_the_original() {
    let setup = setup();
    let predicted: Vec<f32> = setup.predict().flatten_all().unwrap().to_vec1().unwrap();
    assert!(common::worst(&predicted, &setup.arrays.get("pred0").data) < 1e-5);
    let loss = setup.loss();
    assert!((loss.to_scalar::<f32>().unwrap() - setup.arrays.get("losses").data[0]).abs() < 1e-5);
    let grads = loss.backward().unwrap();
    for (name, var) in &setup.vars {
        let ours: Vec<f32> = grads.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let reference = &setup.arrays.get(&format!("grad0.{name}")).data;
        let norm = reference.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        let off = ours.iter().zip(reference).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        assert!(off <= 1e-5 * norm, "{name}: {off:e} of {norm:e}");
    }
}

/// Of gradients and those of a reference: the first that differs, by more than rounding.
fn first_off(found: &BTreeMap<String, Vec<f32>>, expected: &BTreeMap<String, Vec<f32>>) -> Option<String> {
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let sizes = expected.values().map(|values| norm(&mut values.iter().copied()));
    let largest = sizes.fold(0.0, f64::max);
    expected.iter().find_map(|(name, expected)| {
        let off = norm(&mut found[name].iter().zip(expected).map(|(a, b)| a - b));
        let size = norm(&mut expected.iter().copied());
        (off > 1e-5 * size + 1e-6 * largest).then(|| format!("{name}: {off:e} of {size:e}, {largest:e}"))
    })
}

/// The result of an encoder and the gradients of the sum of its products with fixed numbers, by the kernels or by candle;
/// maps are `[n, h, w, c]`.
fn encoder_gradients(
    config: &ModelConfig,
    kernel: ConvKernel,
    changed: Option<&str>,
) -> (Vec<f32>, BTreeMap<String, Vec<f32>>) {
    let is_trained = matches!(kernel, ConvKernel::Trained(_));
    let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let weights = untrained(config, 5).unwrap();
    let of_encoder = weights.arrays().iter().filter(|(name, _)| name.starts_with("encoder."));
    let var = |(name, array): (&String, &Array)| {
        let mut data = array.data.clone();
        if changed == Some(name.as_str()) {
            data[7] += 0.1;
        }
        (name.clone(), Var::from_slice(&data, array.shape.as_slice(), &Device::Cpu).unwrap())
    };
    let vars: BTreeMap<String, Var> = of_encoder.map(var).collect();
    let tensors: HashMap<String, Tensor> = vars.iter().map(|(n, v)| (n.clone(), v.as_tensor().clone())).collect();
    let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let encoder = Encoder::load(&vb, &config.encoder, kernel).unwrap();
    let hash = |i: u32, seed: u32| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let numbers = |n: usize, seed: u32| (0..n as u32).map(|i| hash(i, seed)).collect::<Vec<f32>>();
    let (shape, features) = ([3, 9, 14], config.encoder.features());
    let pixels = shape.iter().product::<usize>();
    let x = Tensor::from_vec(numbers(3 * pixels, 1), (3, 9, 14, 3), &Device::Cpu).unwrap();
    let share = Tensor::from_vec(numbers(features * pixels, 2), (3, 9, 14, features), &Device::Cpu).unwrap();
    let x = if is_trained { x } else { x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap() };
    let found = encoder.forward(&x, &|| Ok(())).unwrap();
    let found = if is_trained { found } else { found.permute((0, 2, 3, 1)).unwrap() };
    let grads = (&found * share).unwrap().sum_all().unwrap().backward().unwrap();
    let grads = vars.iter().map(|(name, var)| (name.clone(), values(grads.get(var).unwrap()))).collect();
    (values(&found), grads)
}

#[test]
fn an_encoder_s_kernels_find_the_gradients_of_candle() {
    let encoders = [(2, 3, 8), (1, 1, 4), (2, 2, 40), (1, 4, 32)]
        .map(|(blocks, convs, features)| EncoderConfig::Plain { blocks, convs, features });
    for encoder in encoders.into_iter().chain([EncoderConfig::Edsr { blocks: 2, features: 16, res_scale: 1.0 }]) {
        let decoder =
            ImnetConfig { hidden: vec![8], local_ensemble: true, feat_unfold: false, cell_decode: true }.into();
        let config = ModelConfig { encoder, decoder, normalization: Normalization::LIIF };
        let (ours, found) = encoder_gradients(&config, ConvKernel::Trained(TrainingContext::default()), None);
        let (reference, expected) = encoder_gradients(&config, ConvKernel::Candle, None);
        assert!(common::worst(&ours, &reference) < 1e-5, "{}", config.summary());
        assert_eq!(found.len(), expected.len());
        assert_eq!(first_off(&found, &expected), None, "{}", config.summary());
        // One weight that is another one is noticed.
        let name = expected.keys().find(|name| name.ends_with("weight")).unwrap();
        let (_, changed) = encoder_gradients(&config, ConvKernel::Trained(TrainingContext::default()), Some(name));
        assert!(first_off(&changed, &expected).is_some(), "{}: nothing is noticed", config.summary());
    }
}
