//! One training step of the shipped model, and where its time goes: `cargo bench --bench train`.
//!
//! Batch 16, 48×48, 2304 samples each at ×2, single precision, all threads: what the original's configuration asks for.
//! Medians of several steps after one to warm up.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use std::path::Path;
use std::time::Instant;
use zoomfield::error::{Error, Result};
use zoomfield::model::Query;
use zoomfield::task::Gate;
use zoomfield::train::{Batch, Length, StepReport, TrainConfig, TrainEvent, Trainer, TrainerOptions, Training};
use zoomfield::weights::{AdamState, Weights};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 5;
const IMAGES: usize = 16;
const PATCH: usize = 48;
const SAMPLES: usize = 2304;

fn main() -> Result<()> {
    let options = TrainerOptions::default();
    let threads = options.threads;
    let mut trainer = Trainer::new(&Weights::builtin()?, AdamState::default(), options)?;
    let batch = batch();
    let mut steps = Vec::new();
    for run in 0..=RUNS {
        let start = Instant::now();
        let report = trainer.step(&batch, 1e-4)?;
        if run > 0 {
            steps.push((start.elapsed().as_secs_f64(), report));
        }
    }
    let median = |value: &dyn Fn(&(f64, StepReport)) -> f64| {
        let mut values: Vec<f64> = steps.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("one step, {IMAGES} × {PATCH}², {SAMPLES} samples, {threads} threads {:>8.3} s", median(&|s| s.0));
    println!("  encoder forward                        {:>8.3} s", median(&|s| s.1.timings.encoder_forward));
    println!("  projection, imnet forward and backward {:>8.3} s", median(&|s| s.1.timings.decoder));
    println!("  projection and encoder backward        {:>8.3} s", median(&|s| s.1.timings.backward));
    println!("  optimizer                              {:>8.3} s", median(&|s| s.1.timings.optimizer));
    println!("  waiting for the loader, sample pictures{:>8.3} s", waiting()?);
    Ok(())
}

/// The longest wait for a batch among three steps on the pictures in `assets`, the first aside: two loader threads are
/// ahead of the step, so there should be none.
fn waiting() -> Result<f64> {
    let folder = tempfile::tempdir().map_err(Error::device)?;
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let start = Weights::builtin()?.into();
    let mut config = TrainConfig::new(assets, folder.path().join("out.safetensors"), start, Length::Steps(4));
    config.recipe.hold_out = 0.0;
    let mut longest = 0.0_f64;
    for event in Training::new(config, &Gate::default())? {
        if let TrainEvent::Step { step: 2.., waited_secs, .. } = event? {
            longest = longest.max(waited_secs);
        }
    }
    Ok(longest)
}

/// Random numbers in the shapes of a real batch.
fn batch() -> Batch {
    let query = |i: usize| {
        let at = noise(2 * SAMPLES, 1000 + i as u32);
        let position = at.as_chunks::<2>().0.iter();
        let position = position.map(|p| p.map(|v| (f64::from(v) + 1.0) * PATCH as f64 / 2.0 - 0.5)).collect();
        Query { position, rel_cell: vec![[1.0; 2]; SAMPLES] }
    };
    Batch {
        patch: PATCH,
        inputs: noise(IMAGES * PATCH * PATCH * 3, 1),
        queries: (0..IMAGES).map(query).collect(),
        targets: noise(IMAGES * SAMPLES * 3, 2).as_chunks().0.to_vec(),
    }
}

fn noise(n: usize, seed: u32) -> Vec<f32> {
    (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}
