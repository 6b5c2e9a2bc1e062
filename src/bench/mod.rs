//! Measurements of this machine: how fast each stage is, how long a person waits, and what the processor can do at all.

#[cfg(feature = "gpu")]
mod graphics;
mod sample;
mod speed;
mod stages;
mod threads;
mod views;

pub use sample::write_photo;
pub use speed::{CPU, Device, Speed, devices, measure};

use crate::error::Result;
use crate::geometry::Region;
use crate::kernel::{Instructions, Precision, PrecisionChoice};
use crate::picture::Picture;
use crate::weights::Weights;
use serde::Serialize;
use std::time::Instant;

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
    /// A picture in place of the built-in one.
    pub picture: Option<Picture>,
    /// The part of it that is enlarged 30 times, in source pixels; 48×48 in the middle if not given.
    pub crop: Option<Region>,
    /// One precision alone, or every one that the processor has.
    pub precision: PrecisionChoice,
    /// Measure graphics devices too.
    pub graphics: bool,
    /// One device alone, by a part of its name; software too.
    pub device: Option<String>,
}

/// Measures, calling `report` after each measurement.
///
/// # Errors
/// [`crate::error::Error::Device`] if the encoder's device fails, [`crate::error::Error::Picture`] if the temporary
/// photograph cannot be written or read.
pub fn run(options: &BenchOptions, mut report: impl FnMut(&Measurement)) -> Result<()> {
    let weights = Weights::builtin()?;
    let picture = match &options.picture {
        Some(picture) => picture.clone(),
        None => sample::builtin()?,
    };
    let (precisions, best) = match options.precision {
        PrecisionChoice::Auto => (Precision::ALL.to_vec(), Precision::best()),
        PrecisionChoice::Only(precision) => (vec![precision], precision),
        // Graphics devices alone have it.
        PrecisionChoice::Half => (Vec::new(), Precision::best()),
    };
    #[cfg(feature = "gpu")]
    if options.graphics {
        graphics::run(&weights, &picture, options.device.as_deref(), &mut report)?;
    }
    report(&stages::product()?);
    for precision in precisions.into_iter().filter(|precision| precision.is_available()) {
        stages::run(&weights, &picture, options.crop, precision, &mut report)?;
    }
    threads::run(&weights, &picture, &mut report)?;
    views::run(&weights, &picture, best, &mut report)
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
fn median(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let mut secs = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        secs.push(start.elapsed().as_secs_f64());
    }
    secs.sort_by(f64::total_cmp);
    Ok(secs[runs / 2])
}

/// The most memory that this process has used so far, in bytes, where the system tells.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
