//! What computes: the processor, or a device whose gradients are right.

use super::batch::Batch;
use super::config::TrainDevice;
use super::gradient::{Engine, MOST_BYTES, Problem};
use super::random::{Random, untrained};
use crate::encode::{best_device, cuda_refusal};
use crate::error::{Error, Result};
use crate::model::{Query, TrainingContext};
use crate::weights::{EncoderConfig, ImnetConfig, ModelConfig, Normalization};
use std::collections::BTreeMap;

/// How far a device's gradients may be from the processor's, as a share of their length.
const TOLERANCE: f64 = 1e-3;

/// The engine for a device, its name, and what the person should know.
///
/// # Errors
/// [`Error::Device`] if there is no such device.
pub(super) fn engine(device: TrainDevice) -> Result<(Engine, &'static str, Option<String>)> {
    let (name, is_there) = match device {
        TrainDevice::Cpu => return Ok((Engine::Kernels, "CPU", None)),
        TrainDevice::Cuda => ("NVIDIA GPU (CUDA)", best_device().is_cuda()),
        TrainDevice::Metal => ("Apple GPU (Metal)", best_device().is_metal()),
    };
    if !is_there {
        let reason =
            cuda_refusal().filter(|_| device == TrainDevice::Cuda).map_or(String::new(), |why| format!(" ({why})"));
        return Err(Error::device(format!(
            "there is no {name} that this build can use{reason}; leave `--device` away to train on the processor"
        )));
    }
    let engine = Engine::Candle(best_device());
    match self_test(&engine) {
        Ok(()) => Ok((engine, name, None)),
        Err(reason) => {
            let words = format!("the {name} computes wrong gradients ({reason}); the processor trains instead");
            Ok((Engine::Kernels, "CPU", Some(words)))
        }
    }
}

/// Whether an engine's gradients of a small network are the processor's.
fn self_test(engine: &Engine) -> Result<(), String> {
    let config = ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 1, features: 8, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![16, 16]).into(),
        normalization: Normalization::LIIF,
    };
    let mut random = Random::of(&[1]);
    let mut noise = |n: usize| (0..n).map(|_| random.between(-1.0, 1.0) as f32).collect::<Vec<_>>();
    let position = noise(128).as_chunks::<2>().0.iter().map(|p| p.map(|v| 4.0 + 4.0 * f64::from(v))).collect();
    let query = Query { position, rel_cell: vec![[1.0; 2]; 64] };
    let batch = Batch {
        patch: 9,
        inputs: noise(243),
        queries: vec![query],
        targets: noise(192).as_chunks().0.to_vec(),
        unknown: Vec::new(),
        teacher: None,
        again: None,
    };
    let weights = untrained(&config, 1)?;
    let of = |engine| {
        let (arrays, context) = (weights.arrays(), TrainingContext::default());
        let problem = Problem {
            config: &config,
            arrays,
            freeze_encoder: false,
            batch: &batch,
            features: None,
            engine,
            context: &context,
            most_bytes: MOST_BYTES,
        };
        problem.gradients().map_err(|error| error.to_string())
    };
    compare(&of(engine)?.arrays, &of(&Engine::Kernels)?.arrays)
}

/// Whether gradients are as expected.
fn compare(found: &BTreeMap<String, Vec<f32>>, expected: &BTreeMap<String, Vec<f32>>) -> Result<(), String> {
    for (name, expected) in expected {
        let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>();
        let length = squares(&mut expected.iter().copied()).sqrt();
        let off = squares(&mut expected.iter().zip(&found[name]).map(|(a, b)| a - b)).sqrt();
        if off.is_nan() || off > TOLERANCE * length + 1e-9 {
            return Err(format!("{name} is off by {:.1} %", 100.0 * off / length));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_right_device_passes_its_self_test() {
        self_test(&Engine::Candle(Device::Cpu)).unwrap();
    }

    #[test]
    fn wrong_gradients_are_named() {
        let right = BTreeMap::from([("a".to_owned(), vec![3.0, 4.0]), ("b".to_owned(), vec![0.0])]);
        assert_eq!(compare(&right, &right), Ok(()));
        let with = |name: &str, values: Vec<f32>| {
            let mut wrong = right.clone();
            wrong.insert(name.to_owned(), values);
            compare(&wrong, &right)
        };
        assert_eq!(with("a", vec![3.0, 4.5]), Err("a is off by 10.0 %".into()));
        assert_eq!(with("a", vec![3.0, 4.001]), Ok(()));
        assert!(with("a", vec![f32::NAN, 4.0]).is_err() && with("b", vec![1e-6]).is_err());
    }
}
