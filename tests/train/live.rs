//! A live network's training is PyTorch's: predictions, gradients, losses and weights of `live_tiny.safetensors`.

use super::{Arrays, Batch, KERNELS, Query, Trainer, TrainerOptions, distance, norm, trainer, worst};
use zoomfield::train::Engine;
use zoomfield::weights::{ModelConfig, Weights};

fn weights(arrays: &Arrays, prefix: &str) -> Weights {
    let config: ModelConfig = serde_json::from_str(&arrays.metadata["config"]).unwrap();
    let strip = |(name, array): (&String, &zoomfield::weights::Array)| {
        Some((name.strip_prefix(prefix)?.to_owned(), array.clone()))
    };
    Weights::new(config, arrays.arrays.iter().filter_map(strip).collect()).unwrap()
}

/// The fixture's two patches.
fn batch(arrays: &Arrays) -> Batch {
    let input = arrays.get("input");
    let [_, _, patch, _] = input.shape[..] else { panic!("{:?}", input.shape) };
    let (area, planes) = (patch * patch, &input.data);
    let pixel = |i: usize, at: usize| (0..3).map(move |c| planes[(i * 3 + c) * area + at]);
    let pairs = |name: &str| arrays.get(name).data.as_chunks::<2>().0.iter().map(|p| p.map(f64::from)).collect();
    let (position, pitch): (Vec<[f64; 2]>, Vec<[f64; 2]>) = (pairs("position"), pairs("pitch"));
    let half = position.len() / 2;
    let query = |i: usize| Query {
        position: position[i * half..(i + 1) * half].to_vec(),
        rel_cell: pitch[i * half..(i + 1) * half].iter().map(|pitch| pitch.map(|v| 2.0 * v)).collect(),
    };
    Batch {
        patch,
        inputs: (0..2).flat_map(|i| (0..area).flat_map(move |at| pixel(i, at))).collect(),
        queries: vec![query(0), query(1)],
        targets: arrays.get("target").data.as_chunks().0.to_vec(),
        unknown: vec![],
        teacher: None,
        again: None,
    }
}

/// The slack of a gradient's length.
fn worst_gradient(arrays: &Arrays, weights: &Weights, engine: Engine) -> f64 {
    let found = trainer(weights, TrainerOptions { engine, ..KERNELS }).gradients(&batch(arrays)).unwrap();
    let off = worst(found.predictions.as_flattened(), &arrays.get("pred0").data);
    let loss = (found.loss - f64::from(arrays.get("losses").data[0])).abs();
    assert_eq!(found.arrays.len(), weights.arrays().len());
    let gradient = |(name, ours): (&String, &Vec<f32>)| {
        let reference = &arrays.get(&format!("grad0.{name}")).data;
        distance(ours, reference) / norm(reference)
    };
    found.arrays.iter().map(gradient).fold(f64::from(off).max(loss), f64::max)
}

#[test]
fn a_live_network_s_prediction_and_every_gradient_are_pytorch_s() {
    let arrays = Arrays::load("live_tiny.safetensors");
    let init = weights(&arrays, "init.");
    for engine in [Engine::Kernels, Engine::Candle(candle_core::Device::Cpu)] {
        let off = worst_gradient(&arrays, &init, engine);
        assert!(off < 1e-4, "{off:e}");
    }
    let mut changed = init.arrays().clone();
    changed.get_mut("field.chroma_waves").unwrap().data[2] += 0.01;
    let changed = Weights::new(init.config().clone(), changed).unwrap();
    assert!(worst_gradient(&arrays, &changed, Engine::Kernels) > 1e-3);
}

#[test]
fn five_steps_of_a_live_network_are_pytorch_s() {
    let arrays = Arrays::load("live_tiny.safetensors");
    let batch = batch(&arrays);
    let options = TrainerOptions { beta2: 0.99, wave_rate: 1.0, clip_norm: Some(1.0), ..KERNELS };
    let mut trainer: Trainer = trainer(&weights(&arrays, "init."), options);
    for expected in &arrays.get("losses").data {
        let loss = trainer.step(&batch, 1e-3).unwrap().loss;
        assert!((loss - f64::from(*expected)).abs() < 1e-4, "{loss} {expected}");
    }
    let after = trainer.weights().unwrap();
    for (name, array) in weights(&arrays, "after5.").arrays() {
        let off = worst(&after.array(name).data, &array.data);
        // Five steps move a weight by up to 5e-3.
        assert!(off < 1e-4, "{name}: {off:e}");
    }
}
