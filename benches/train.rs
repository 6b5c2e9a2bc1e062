//! One training step of the shipped model, and where its time goes: `cargo bench --bench train`, or parts of it:
//! `cargo bench --bench train -- step live loader frozen viewer rdn`.
//!
//! Batch 16, 48×48, 2304 samples each at ×2, single precision, all threads: what the original's configuration asks for.
//! Medians of several steps after one to warm up. Then what a frozen encoder saves, and how much longer a view takes that
//! is asked for while training is under way.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use std::path::Path;
use std::time::{Duration, Instant};
use zoomfield::error::{Error, Result};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::model::Query;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::{Gate, NEVER, Worker};
use zoomfield::train::{
    Batch, Length, StepReport, TrainConfig, TrainEvent, Trainer, TrainerOptions, Training, untrained,
};
use zoomfield::weights::{AdamState, EncoderConfig, FieldConfig, ModelConfig, Normalization, Weights};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 5;
const IMAGES: usize = 16;
const PATCH: usize = 48;
const SAMPLES: usize = 2304;

type Part = fn() -> Result<()>;

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, Part); 6] =
        [("step", step), ("live", live), ("loader", loader), ("frozen", frozen), ("viewer", viewer), ("rdn", rdn)];
    let chosen = parts.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name));
    chosen.into_iter().try_for_each(|(_, part)| part())
}

fn step() -> Result<()> {
    let options = TrainerOptions::default();
    steps(&Weights::builtin()?, options, RUNS)
}

/// One step of the paper's large encoder, from random weights.
fn rdn() -> Result<()> {
    let mut config = Weights::builtin()?.config().clone();
    config.encoder = EncoderConfig::Rdn { blocks: 16, convs: 8, growth: 64, features: 64 };
    let weights = untrained(&config, 1).map_err(Error::Request)?;
    steps(&weights, TrainerOptions::default(), 1)
}

/// A live network with 1024 samples, as it trains by default.
fn live() -> Result<()> {
    let encoder = EncoderConfig::Plain { blocks: 4, convs: 4, features: 32 };
    let decoder = FieldConfig { luma_waves: 32, chroma_waves: 8 }.into();
    let config = ModelConfig { encoder, decoder, normalization: Normalization::LIIF };
    let weights = untrained(&config, 1).map_err(Error::Request)?;
    steps_of(&weights, TrainerOptions::default(), RUNS, 1024)
}

fn steps(weights: &Weights, options: TrainerOptions, runs: usize) -> Result<()> {
    steps_of(weights, options, runs, SAMPLES)
}

fn steps_of(weights: &Weights, options: TrainerOptions, runs: usize, samples: usize) -> Result<()> {
    let threads = options.threads;
    let mut trainer = Trainer::new(weights, AdamState::default(), options)?;
    let batch = batch(samples);
    let mut steps = Vec::new();
    for run in 0..=runs {
        let start = Instant::now();
        let report = trainer.step(&batch, 1e-4)?;
        if run > 0 {
            steps.push((start.elapsed().as_secs_f64(), report));
        }
    }
    let median = |value: &dyn Fn(&(f64, StepReport)) -> f64| median(steps.iter().map(value).collect());
    println!("{}", weights.config().summary());
    println!("one step, {IMAGES} × {PATCH}², {samples} samples, {threads} threads {:>8.3} s", median(&|s| s.0));
    println!("  encoder forward                        {:>8.3} s", median(&|s| s.1.timings.encoder_forward));
    println!("  decoder and loss, forward and backward {:>8.3} s", median(&|s| s.1.timings.decoder));
    println!("  the rest of the backward pass          {:>8.3} s", median(&|s| s.1.timings.backward));
    println!("  optimizer                              {:>8.3} s", median(&|s| s.1.timings.optimizer));
    if let Some(gigabytes) = peak_memory() {
        println!("  most memory so far                     {gigabytes:>8.3} GB");
    }
    Ok(())
}

/// The most memory that this process has had, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A step of which the encoder is frozen: with new small pictures, and with ones that were seen before.
fn frozen() -> Result<()> {
    let options = TrainerOptions { freeze_encoder: true, ..TrainerOptions::default() };
    let mut trainer = Trainer::new(&Weights::builtin()?, AdamState::default(), options)?;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for run in 0..RUNS as u64 {
        let batch = Batch { again: Some(run), ..batch(SAMPLES) };
        for times in [&mut first, &mut again] {
            let start = Instant::now();
            trainer.step(&batch, 1e-4)?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
    println!("one step with a frozen encoder           {:>8.3} s", median(first));
    println!("  when the small pictures come again     {:>8.3} s", median(again));
    Ok(())
}

/// From a view's first request to its exact picture, 640×400 pixels at ×8: with nothing else at work, and with a training
/// that is told to pause in the middle of a step when the request comes.
fn viewer() -> Result<()> {
    let folder = tempfile::tempdir().map_err(Error::device)?;
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let picture = Picture::open(&assets.join("chelsea.png"))?;
    let model = LoadedModel::builtin()?;
    let region = Region { x: 180.0, y: 100.0, width: 80.0, height: 50.0 };
    let grid = SampleGrid::spanning(region, Size::new(640, 400));
    let view = || {
        let start = Instant::now();
        Renderer::new(RenderOptions::VIEW).render(&picture, &model, &grid, Source::EXACT, NEVER)?;
        Ok::<f64, Error>(start.elapsed().as_secs_f64())
    };
    let gate = Gate::default();
    let length = Length::Time(Duration::from_hours(1));
    let config = TrainConfig::new(assets, folder.path().join("out.safetensors"), Weights::builtin()?.into(), length);
    let training = Training::new(config, &gate)?;
    let driver = Worker::spawn("driver", move || training.for_each(drop)).map_err(Error::device)?;
    std::thread::sleep(Duration::from_secs(4));
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for run in 0..2 * RUNS {
        if run % 2 == 0 {
            gate.pause();
            std::thread::sleep(Duration::from_millis(500));
            alone.push(view()?);
        } else {
            gate.run();
            // Another place in a step each time.
            std::thread::sleep(Duration::from_millis(700 + 130 * run as u64));
            gate.pause();
            beside.push(view()?);
        }
    }
    gate.stop();
    drop(driver);
    let (alone, beside) = (median(alone), median(beside));
    println!("the exact picture at ×8, nothing else    {alone:>8.3} s");
    println!("  with training under way                {beside:>8.3} s ({:+.0} %)", 100.0 * (beside / alone - 1.0));
    Ok(())
}

/// The longest wait for a batch among three steps on the pictures in `assets`, the first aside: two loader threads are
/// ahead of the step, so there should be none.
fn loader() -> Result<()> {
    let folder = tempfile::tempdir().map_err(Error::device)?;
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let start = Weights::builtin()?.into();
    let mut config = TrainConfig::new(assets, folder.path().join("out.safetensors"), start, Length::Steps(4));
    config.hyperparameters.hold_out = 0.0;
    let mut longest = 0.0_f64;
    for event in Training::new(config, &Gate::default())? {
        if let TrainEvent::Step { step: 2.., waited_secs, .. } = event? {
            longest = longest.max(waited_secs);
        }
    }
    println!("waiting for the loader, sample pictures  {longest:>8.3} s");
    Ok(())
}

/// Random numbers in the shapes of a real batch.
fn batch(samples: usize) -> Batch {
    let query = |i: usize| {
        let at = noise(2 * samples, 1000 + i as u32);
        let position = at.as_chunks::<2>().0.iter();
        let position = position.map(|p| p.map(|v| (f64::from(v) + 1.0) * PATCH as f64 / 2.0 - 0.5)).collect();
        Query { position, rel_cell: vec![[1.0; 2]; samples] }
    };
    Batch {
        patch: PATCH,
        inputs: noise(IMAGES * PATCH * PATCH * 3, 1),
        queries: (0..IMAGES).map(query).collect(),
        targets: noise(IMAGES * samples * 3, 2).as_chunks().0.to_vec(),
        unknown: Vec::new(),
        teacher: None,
        again: None,
    }
}

fn noise(n: usize, seed: u32) -> Vec<f32> {
    (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}
