//! Measurements of this machine: how fast each stage is, how long a person waits, and what the processor can do at all.

#[cfg(feature = "gpu")]
mod card;
#[cfg(feature = "gpu")]
mod graphics;
mod rows;
mod sample;
mod speed;
mod stages;
mod threads;
mod views;

pub use rows::{
    Card, CardRow, Difference, DispatchRate, Failure, ProductRate, Row, SelfTest, Transfer, VariantRate, ViewWait,
};
pub use sample::write_photo;
pub use speed::{CPU, Device, Speed, devices, measure};

#[cfg(not(feature = "gpu"))]
use crate::error::Error;
use crate::error::Result;
use crate::geometry::Region;
use crate::kernel::{Instructions, Precision, PrecisionChoice};
use crate::picture::Picture;
use crate::render::Backend;
use crate::weights::{Builtin, Weights};
use serde::Serialize;
use std::time::{Duration, Instant};

/// One measured stage.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// What was measured.
    pub name: String,
    /// What computed: [`CPU`], or a graphics device's name.
    pub device: String,
    /// In which arithmetic.
    pub precision: String,
    /// On which of the processor's instructions, if it computed in single precision.
    pub instructions: Option<&'static str>,
    /// How many threads worked.
    pub threads: usize,
    /// Median time of a run, in seconds.
    pub secs: f64,
    /// Millions of output pixels (of source pixels for encoding) a second, where pixels come out.
    pub megapixels_per_sec: Option<f64>,
    /// Billions of floating-point operations a second (two per multiply-add), counting the useful ones, where all of
    /// them are evaluated.
    pub gflops: Option<f64>,
    /// How many times as fast as on one thread, where that is compared.
    pub times_one_thread: Option<f64>,
}

/// What to measure with.
pub struct BenchOptions {
    /// A model in place of the built-in one.
    pub weights: Option<Weights>,
    /// A picture in place of the built-in one.
    pub picture: Option<Picture>,
    /// The part of it that is enlarged 30 times, in source pixels; 48×48 in the middle if not given.
    pub crop: Option<Region>,
    /// One precision alone, or every one that the processor has.
    pub precision: PrecisionChoice,
    /// What to measure: the processor, graphics devices alone and thoroughly, or the processor and a little of these.
    pub backend: Backend,
    /// With [`Backend::Gpu`], one device alone, by a part of its name; software too.
    pub device: Option<String>,
    /// The most that one view may take on a graphics device; smaller measurements take a part of it.
    pub patience: Duration,
}

/// What [`BenchOptions::patience`] usually is.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Measures, calling `report` after each measurement.
///
/// # Errors
/// [`crate::error::Error::Device`] if the encoder's device fails, or there is no graphics device with [`Backend::Gpu`];
/// what can be measured after that still is. [`crate::error::Error::Picture`] if the temporary photograph cannot be
/// written or read.
pub fn run(options: &BenchOptions, mut report: impl FnMut(&Row)) -> Result<()> {
    let weights = options.weights.clone().map_or_else(Weights::builtin, Ok)?;
    let picture = match &options.picture {
        Some(picture) => picture.clone(),
        None => sample::builtin()?,
    };
    match options.backend {
        Backend::Gpu => cards(options, &weights, &picture, &mut report),
        backend => all(options, &weights, &picture, backend, &mut |row| report(&Row::Stage(row.clone()))),
    }
}

/// Graphics devices alone.
#[cfg(feature = "gpu")]
fn cards(options: &BenchOptions, weights: &Weights, picture: &Picture, report: &mut impl FnMut(&Row)) -> Result<()> {
    let (named, precision, patience) = (options.device.as_deref(), options.precision, options.patience);
    card::run(&card::Task { weights, picture, named, precision, patience }, report)
}

#[cfg(not(feature = "gpu"))]
fn cards(_: &BenchOptions, _: &Weights, _: &Picture, _: &mut impl FnMut(&Row)) -> Result<()> {
    Err(Error::device("this build computes on the processor only; build with the feature `gpu`"))
}

/// The processor, and first, unless it alone is asked for, a little of each graphics device.
fn all(
    options: &BenchOptions,
    weights: &Weights,
    picture: &Picture,
    backend: Backend,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    let (precisions, best) = match options.precision {
        PrecisionChoice::Auto => (Precision::ALL.to_vec(), Precision::best()),
        PrecisionChoice::Only(precision) => (vec![precision], precision),
        // Graphics devices alone have it.
        PrecisionChoice::Half => (Vec::new(), Precision::best()),
    };
    #[cfg(feature = "gpu")]
    if backend == Backend::Auto {
        graphics::run(weights, picture, options.patience, report)?;
    }
    #[cfg(not(feature = "gpu"))]
    let _ = backend;
    report(&stages::product()?);
    for precision in precisions.into_iter().filter(|precision| precision.is_available()) {
        stages::run(weights, picture, options.crop, precision, report)?;
    }
    let live = Builtin::Live.weights()?;
    let of_live = |row: &Measurement| Measurement { name: format!("live: {}", row.name), ..row.clone() };
    stages::run(&live, picture, options.crop, best, &mut |row| report(&of_live(row)))?;
    threads::products(report)?;
    threads::run(weights, picture, report)?;
    threads::run(&live, picture, &mut |row| report(&of_live(row)))?;
    views::run(weights, picture, best, report)?;
    views::run(&live, picture, best, &mut |row| report(&of_live(row)))
}

/// A stage to measure: what it is called and what a run yields.
struct BenchStage {
    name: String,
    precision: Precision,
    /// Output pixels of a run; none if 0.
    pixels: usize,
    /// Useful floating-point operations of a run; unknown if 0.
    flop: f64,
}

impl BenchStage {
    /// Runs it `runs` times after a warm-up; the median counts.
    fn measure(self, runs: usize, work: impl FnMut() -> Result<()>) -> Result<Measurement> {
        Ok(self.took(median(runs, work)?))
    }

    fn took(self, secs: f64) -> Measurement {
        Measurement {
            name: self.name,
            device: CPU.into(),
            precision: self.precision.to_string(),
            instructions: (self.precision == Precision::F32).then(|| Instructions::in_use().name()),
            threads: rayon::current_num_threads(),
            secs,
            megapixels_per_sec: (self.pixels > 0).then(|| self.pixels as f64 / secs / 1e6),
            gflops: (self.flop > 0.0).then(|| self.flop / secs / 1e9),
            times_one_thread: None,
        }
    }
}

/// The median time of `runs` runs after a warm-up, in seconds.
fn median(runs: usize, work: impl FnMut() -> Result<()>) -> Result<f64> {
    median_within(runs, Duration::MAX, work)
}

/// The same with fewer runs, but one at least, where they would take longer than `limit`.
fn median_within(runs: usize, limit: Duration, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    work()?;
    let mut secs = Vec::with_capacity(runs);
    while secs.len() < runs && (secs.is_empty() || begin.elapsed() < limit) {
        let start = Instant::now();
        work()?;
        secs.push(start.elapsed().as_secs_f64());
    }
    Ok(middle(secs))
}

/// The median.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The most memory that this process has used so far, in bytes, where the system tells.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
