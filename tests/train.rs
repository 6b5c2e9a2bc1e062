//! Training is the original's: predictions, gradients, losses and weights of `training_tiny.safetensors`, and our own
//! kernels agree with candle's differentiation for every variant.

#![allow(clippy::unwrap_used, reason = "tests and their helpers may panic")]

mod common;
#[path = "train/live.rs"]
mod live;

use candle_core::Device;
use common::{Arrays, worst};
use zoomfield::error::Error;
use zoomfield::model::Query;
use zoomfield::task::Gate;
use zoomfield::train::{Batch, Engine, Trainer, TrainerOptions, untrained};
use zoomfield::weights::{AdamState, EncoderConfig, FieldConfig, ImnetConfig, ModelConfig, Normalization, Weights};

const KERNELS: TrainerOptions = TrainerOptions { threads: 2, ..TrainerOptions::ONE_THREAD };

fn trainer(weights: &Weights, options: TrainerOptions) -> Trainer {
    Trainer::new(weights, AdamState::default(), options).unwrap()
}

/// The fixture's two patches.
fn original_batch(arrays: &Arrays) -> Batch {
    let normalized = |v: &f32| 2.0 * v - 1.0;
    let planes = &arrays.get("input").data;
    let pixel = |i: usize, at: usize| (0..3).map(move |c| normalized(&planes[(i * 3 + c) * 256 + at]));
    let pairs = |name: &str| arrays.get(name).data.as_chunks::<2>().0.to_vec();
    let (coord, cell) = (pairs("coord"), pairs("cell"));
    let query = |i: usize| {
        let range = i * 256..(i + 1) * 256;
        Query::from_coords(&coord[range.clone()], &cell[range], 16, 16)
    };
    let targets: Vec<f32> = arrays.get("target").data.iter().map(normalized).collect();
    Batch {
        patch: 16,
        inputs: (0..2).flat_map(|i| (0..256).flat_map(move |at| pixel(i, at))).collect(),
        queries: vec![query(0), query(1)],
        targets: targets.as_chunks().0.to_vec(),
        unknown: vec![],
        teacher: None,
        again: None,
    }
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt()
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn prediction_and_every_gradient_are_the_original_s() {
    let arrays = Arrays::load("training_tiny.safetensors");
    let found = trainer(&arrays.weights("init."), KERNELS).gradients(&original_batch(&arrays)).unwrap();
    assert!(worst(found.predictions.as_flattened(), &arrays.get("pred0").data) < 1e-5);
    assert!((found.loss - f64::from(arrays.get("losses").data[0])).abs() < 1e-5);
    assert_eq!(found.arrays.len(), arrays.weights("init.").arrays().len());
    for (name, ours) in &found.arrays {
        let reference = &arrays.get(&format!("grad0.{name}")).data;
        let off = distance(ours, reference);
        assert!(off <= 1e-5 * norm(reference), "{name}: {off:e} of {:e}", norm(reference));
    }
}

#[test]
fn five_steps_of_adam_are_the_original_s() {
    let arrays = Arrays::load("training_tiny.safetensors");
    let batch = original_batch(&arrays);
    let mut trainer = trainer(&arrays.weights("init."), KERNELS);
    for expected in &arrays.get("losses").data {
        let report = trainer.step(&batch, 1e-4).unwrap();
        assert!((report.loss - f64::from(*expected)).abs() < 1e-5, "{} {expected}", report.loss);
    }
    let weights = trainer.weights().unwrap();
    let off = |(name, array): (&String, &zoomfield::weights::Array)| {
        let reference = arrays.get(&format!("after5.{name}"));
        array.data.iter().zip(&reference.data).map(|(a, b)| (a - b).abs()).collect::<Vec<_>>()
    };
    let off: Vec<f32> = weights.arrays().iter().flat_map(off).collect();
    let close = off.iter().filter(|off| **off <= 1e-5).count();
    assert!(close as f64 >= 0.999 * off.len() as f64, "{close} of {}", off.len());
    assert!(off.iter().all(|off| *off <= 1e-3));
}

#[test]
fn the_original_s_optimizer_state_is_the_one_after_its_five_steps() {
    let arrays = Arrays::load("training_tiny.safetensors");
    let batch = original_batch(&arrays);
    let mut trainer = trainer(&arrays.weights("init."), KERNELS);
    for _ in 0..5 {
        trainer.step(&batch, 1e-4).unwrap();
    }
    let (weights, adam) = Weights::open_with_adam(&common::fixture("liif_edsr_tiny.pth")).unwrap();
    assert_eq!((adam.step, adam.moments.len()), (5, weights.arrays().len()));
    let off = |ours: &[f32], reference: &[f32]| distance(ours, reference) / norm(reference);
    for (name, reference) in &adam.moments {
        let ours = &trainer.adam().moments[name];
        let worst = off(&ours.first, &reference.first).max(off(&ours.second, &reference.second));
        assert!(worst < 1e-3, "{name}: {worst:e}");
    }
    // What belongs to another array of the same shape is far away.
    let of = |name: &str| &adam.moments[name].first;
    assert!(off(of("encoder.body.0.body.0.weight"), of("encoder.body.0.body.2.weight")) > 0.1);
    // It goes on as if it had been ours.
    let mut resumed = Trainer::new(&weights, adam, KERNELS).unwrap();
    let (next, ours) = (resumed.step(&batch, 1e-4).unwrap().loss, trainer.step(&batch, 1e-4).unwrap().loss);
    assert!((next - ours).abs() < 1e-5, "{next} {ours}");
}

fn noise(n: usize, seed: u32) -> Vec<f32> {
    (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// Three patches with queries anywhere, borders too.
fn random_batch() -> Batch {
    let (n, patch, queries) = (3, 9, 40);
    let query = |seed: u32| Query {
        position: noise(2 * queries, seed)
            .as_chunks::<2>()
            .0
            .iter()
            .map(|p| p.map(|v| 4.0 + 4.6 * f64::from(v)))
            .collect(),
        rel_cell: noise(2 * queries, seed + 9)
            .as_chunks::<2>()
            .0
            .iter()
            .map(|p| p.map(|v| 1.0 + f64::from(v) / 2.0))
            .collect(),
    };
    Batch {
        patch,
        inputs: noise(n * patch * patch * 3, 1),
        queries: (0..n as u32).map(|i| query(20 + i)).collect(),
        targets: noise(n * queries * 3, 2).as_chunks().0.to_vec(),
        unknown: vec![],
        teacher: None,
        again: None,
    }
}

/// EDSR and RDN, each with every combination of the paper's options.
fn variants() -> Vec<ModelConfig> {
    let encoders = [
        EncoderConfig::Edsr { blocks: 2, features: 8, res_scale: 1.0 },
        EncoderConfig::Edsr { blocks: 1, features: 32, res_scale: 0.1 },
        EncoderConfig::Rdn { blocks: 2, convs: 3, growth: 4, features: 8 },
    ];
    let mut variants = Vec::new();
    for encoder in encoders {
        for options in 0..8 {
            let [local_ensemble, feat_unfold, cell_decode] = [1, 2, 4].map(|bit| options & bit == 0);
            let hidden = if options % 2 == 0 { vec![16, 24, 20] } else { vec![16] };
            let (encoder, normalization) = (encoder.clone(), Normalization::LIIF);
            let decoder = ImnetConfig { hidden, local_ensemble, feat_unfold, cell_decode }.into();
            variants.push(ModelConfig { encoder, decoder, normalization });
        }
    }
    variants
}

/// Live networks whose waves fill whole vectors and not.
fn live_variants() -> Vec<ModelConfig> {
    let of = |features, luma_waves, chroma_waves| ModelConfig {
        encoder: EncoderConfig::Plain { blocks: 1, convs: 2, features },
        decoder: FieldConfig { luma_waves, chroma_waves }.into(),
        normalization: Normalization::LIIF,
    };
    vec![of(8, 32, 8), of(16, 5, 3), of(5, 1, 1)]
}

/// An untrained network whose amplitudes are not zero.
fn scattered(config: &ModelConfig) -> Weights {
    let mut arrays = untrained(config, 5).unwrap().arrays().clone();
    for (name, array) in &mut arrays {
        if name.starts_with("field.amplitudes") {
            array.data = noise(array.data.len(), 4).iter().map(|v| 0.2 * v).collect();
        }
    }
    Weights::new(config.clone(), arrays).unwrap()
}

/// Where our kernels and candle differ by more than rounding.
fn disagreements(ours: &Weights, theirs: &Weights, batch: &Batch) -> Vec<String> {
    let ours = trainer(ours, KERNELS).gradients(batch).unwrap();
    let options = TrainerOptions { engine: Engine::Candle(Device::Cpu), ..KERNELS };
    let reference = trainer(theirs, options).gradients(batch).unwrap();
    let off = worst(ours.predictions.as_flattened(), reference.predictions.as_flattened());
    let mut found = Vec::new();
    if (ours.loss - reference.loss).abs() >= 1e-5 || off.is_nan() || off >= 1e-5 {
        found.push(format!("loss {} {}, predictions {off:e}", ours.loss, reference.loss));
    }
    let largest = reference.arrays.values().map(|g| norm(g)).fold(0.0, f64::max);
    for (name, expected) in &reference.arrays {
        let off = distance(&ours.arrays[name], expected);
        if off.is_nan() || off >= 1e-5 * norm(expected) + 1e-6 * largest {
            found.push(format!("{name}: {off:e} of {:e}", norm(expected)));
        }
    }
    found
}

#[test]
fn kernels_and_candle_agree_for_every_variant() {
    let plain = random_batch();
    let teacher = Some((noise(3 * plain.targets.len(), 8).as_chunks().0.to_vec(), 0.3));
    let taught = Batch { teacher, ..plain.clone() };
    for config in variants() {
        let weights = untrained(&config, 5).unwrap();
        assert_eq!(disagreements(&weights, &weights, &plain), [""; 0], "{}", config.summary());
    }
    let weights = untrained(&variants()[0], 5).unwrap();
    assert_eq!(disagreements(&weights, &weights, &taught), [""; 0]);
    for config in live_variants() {
        let weights = scattered(&config);
        for batch in [&plain, &taught] {
            assert_eq!(disagreements(&weights, &weights, batch), [""; 0], "{}", config.summary());
        }
    }
    let found = |batch: &Batch| trainer(&weights, KERNELS).gradients(batch).unwrap().loss;
    assert!((found(&plain) - found(&taught)).abs() > 1e-3);
}

#[test]
fn a_weight_that_is_slightly_different_is_seen() {
    let (config, batch) = (live_variants().remove(0), random_batch());
    let weights = scattered(&config);
    for name in
        ["encoder.head.weight", "field.amplitudes.weight", "field.luma_waves", "field.chroma_waves", "field.kappa"]
    {
        let mut arrays = weights.arrays().clone();
        arrays.get_mut(name).unwrap().data[0] += 0.01;
        let other = Weights::new(config.clone(), arrays).unwrap();
        assert!(!disagreements(&weights, &other, &batch).is_empty(), "{name}");
    }
}

#[test]
fn a_frozen_encoder_stays_and_imnet_learns() {
    for weights in [untrained(&variants()[0], 5).unwrap(), scattered(&live_variants()[0])] {
        let mut trainer = trainer(&weights, TrainerOptions { freeze_encoder: true, ..KERNELS });
        let batch = random_batch();
        let first = trainer.step(&batch, 1e-3).unwrap().loss;
        let last = (0..20).map(|_| trainer.step(&batch, 1e-3).unwrap().loss).last().unwrap();
        assert!(last < first, "{first} {last}");
        let after = trainer.weights().unwrap();
        for (name, array) in weights.arrays() {
            assert_eq!(after.array(name) == array, name.starts_with("encoder."), "{name}");
        }
    }
}

#[test]
fn frozen_features_are_computed_once() {
    let config = variants().remove(0);
    let weights = untrained(&config, 5).unwrap();
    let mut trainer = trainer(&weights, TrainerOptions { freeze_encoder: true, ..KERNELS });
    let batch = Batch { again: Some(3), ..random_batch() };
    let known = trainer.gradients(&batch).unwrap();
    let first = trainer.step(&batch, 1e-3).unwrap();
    // In half precision, which is close.
    assert!((first.loss - known.loss).abs() < 1e-4);
    // Other inputs under the same number are not looked at; those of another number are.
    let inputs = noise(batch.inputs.len(), 77).iter().map(|v| 30.0 * v).collect();
    let other = Batch { inputs, ..batch.clone() };
    let expected = trainer.gradients(&batch).unwrap().loss;
    assert!((trainer.step(&other, 1e-9).unwrap().loss - expected).abs() < 1e-4);
    let other = Batch { again: Some(4), ..other };
    assert!((trainer.step(&other, 1e-9).unwrap().loss - expected).abs() > 1e-3);
}

#[test]
fn a_stopped_gate_gives_a_step_up_and_moves_nothing() {
    let weights = untrained(&variants()[0], 5).unwrap();
    let gate = Gate::default();
    let mut trainer = trainer(&weights, KERNELS).behind(&gate);
    gate.stop();
    assert!(matches!(trainer.step(&random_batch(), 1e-3), Err(Error::Cancelled)));
    assert_eq!(trainer.weights().unwrap().id(), weights.id());
    assert_eq!(trainer.adam(), &AdamState::default());
}

#[test]
fn captured_weights_do_not_change_when_training_goes_on() {
    let weights = untrained(&variants()[0], 5).unwrap();
    let mut trainer = trainer(&weights, KERNELS);
    trainer.step(&random_batch(), 1e-3).unwrap();
    let captured = trainer.weights().unwrap();
    let id = captured.id();
    trainer.step(&random_batch(), 1e-3).unwrap();
    assert_eq!(captured.id(), id);
    assert_ne!(trainer.weights().unwrap().id(), id);
}

#[test]
fn what_is_not_finite_moves_nothing() {
    let weights = untrained(&variants()[0], 5).unwrap();
    let mut trainer = trainer(&weights, KERNELS);
    let mut batch = random_batch();
    batch.targets[3][1] = f32::NAN;
    assert!(!trainer.step(&batch, 1e-3).unwrap().is_finite);
    assert_eq!(trainer.weights().unwrap().id(), weights.id());
    assert_eq!(trainer.adam(), &AdamState::default());
}
