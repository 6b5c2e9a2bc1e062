//! Measurements of this machine: how fast each stage is, and what the processor can do at all.

use crate::decode::{self, Sampling};
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{Region, SampleGrid, Size};
use crate::kernel::{Lhs, gemm};
use crate::picture::Picture;
use crate::render::LoadedModel;
use crate::task::NEVER;
use rayon::prelude::*;
use serde::Serialize;
use std::time::Instant;

/// One measured stage.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// What was measured.
    pub name: &'static str,
    /// Median time of a run, in seconds.
    pub secs: f64,
    /// Millions of output pixels (of source pixels for encoding) a second, where pixels come out.
    pub megapixels_per_sec: Option<f64>,
    /// Billions of floating-point operations a second (two per multiply-add), counting the useful ones.
    pub gflops: f64,
}

/// Runs a measurement `runs` times after one warm-up; the median counts.
fn measure(
    name: &'static str,
    runs: usize,
    pixels: usize,
    flop: f64,
    mut work: impl FnMut() -> Result<()>,
) -> Result<Measurement> {
    work()?;
    let mut secs = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        secs.push(start.elapsed().as_secs_f64());
    }
    secs.sort_by(f64::total_cmp);
    let secs = secs[runs / 2];
    let megapixels_per_sec = (pixels > 0).then(|| pixels as f64 / secs / 1e6);
    Ok(Measurement { name, secs, megapixels_per_sec, gflops: flop / secs / 1e9 })
}

/// Measures matrix products, encoding and decoding with `model`, calling `report` after each.
///
/// # Errors
/// [`crate::error::Error::Device`] if the encoder's device fails.
pub fn run(model: &LoadedModel, mut report: impl FnMut(&Measurement)) -> Result<()> {
    report(&measure_gemm()?);
    let size = Size::new(256, 256);
    let picture = waves(size);
    let macs = model.config.macs();
    report(&measure("encode 256×256", 3, size.area(), 2.0 * macs.per_source_pixel * size.area() as f64, || {
        model.encoder.encode(&picture, size.rect(), NEVER).map(drop)
    })?);
    let (codes, rect) = model.encoder.encode(&picture, size.rect(), NEVER)?;
    let tile = FeatureTile::cut(&codes, rect, rect, FeaturePrecision::Half);
    let window = FeatureWindow::assemble(&[tile.into()], rect, model.decoder.margin());
    for (name, side) in [("decode 256×256 → 512×512", 512), ("decode 256×256 → 1024×1024", 1024)] {
        let grid = SampleGrid::spanning(Region::whole(size), Size::new(side, side));
        let pixels = side * side;
        let flop = 2.0 * macs.per_output_pixel * pixels as f64;
        report(&measure(name, 3, pixels, flop, || {
            decode::query_rgb(&model.decoder, &window, size, &grid, Sampling::Exact, NEVER).map(drop)
        })?);
    }
    measure_zoom(model, &window, size, &mut report)
}

/// A patch of 48×48 at ×30: every pixel, and on the lattice. The rates count output pixels and what decoding every one
/// of them would cost.
fn measure_zoom(
    model: &LoadedModel,
    window: &FeatureWindow,
    size: Size,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    const SIDE: usize = 1440;
    let patch = Region { x: 96.0, y: 96.0, width: 48.0, height: 48.0 };
    let grid = SampleGrid::spanning(patch, Size::new(SIDE, SIDE));
    let flop = 2.0 * model.config.macs().per_output_pixel * (SIDE * SIDE) as f64;
    let ways = [("×30: 48×48 → 1440×1440, every pixel", Sampling::Exact), ("×30 on the lattice", Sampling::Lattice)];
    for (name, sampling) in ways {
        report(&measure(name, 3, SIDE * SIDE, flop, || {
            decode::query_rgb(&model.decoder, window, size, &grid, sampling, NEVER).map(drop)
        })?);
    }
    Ok(())
}

/// The rate of large square products on all threads: what the processor can do in single precision.
fn measure_gemm() -> Result<Measurement> {
    const SIDE: usize = 1024;
    let threads = rayon::current_num_threads();
    let (a, b) = (vec![0.5; SIDE * SIDE], vec![0.25; SIDE * SIDE]);
    let mut results = vec![vec![0.0; SIDE * SIDE]; threads];
    let flop = 2.0 * (SIDE as f64).powi(3) * threads as f64;
    measure("matrix product 1024³ per thread", 5, 0, flop, || {
        results.par_iter_mut().for_each(|out| gemm(SIDE, SIDE, SIDE, Lhs { data: &a, stride: SIDE }, &b, out, false));
        Ok(())
    })
}

/// Waves of several lengths: as smooth as a photograph, and the same everywhere.
fn waves(size: Size) -> Picture {
    let value = |i: usize| {
        let (x, y) = ((i / 3 % size.width) as f64, (i / 3 / size.width) as f64);
        let wave = (0.21 * x + 0.13 * y).sin() * 50.0 + (0.05 * x - 0.09 * y + (i % 3) as f64).cos() * 60.0;
        (128.0 + wave) as u8
    };
    Picture::from_rgb8(size, (0..size.area() * 3).map(value).collect())
}

/// The most memory that this process has used so far, in bytes, where the system tells.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
