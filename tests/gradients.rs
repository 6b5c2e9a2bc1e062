//! The model is differentiable, and its gradients are the original's (`training_tiny.safetensors`).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use common::Arrays;
use std::collections::{BTreeMap, HashMap};
use zoomfield::model::{ConvKernel, Liif, Query};

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
