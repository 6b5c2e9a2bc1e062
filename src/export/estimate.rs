//! What an export will take, before it starts. Files and times are guesses and said to be.

use super::scene::Made;
use super::{ExportJob, FileOptions};
use crate::geometry::Size;
use crate::picture::save::gathered_bytes;
use crate::recipe::{Ensemble, Strength};
use std::path::Path;

/// Memory of the renderer besides what depends on picture and output: features, activations of a block, and the program.
const RENDERER_BYTES: u64 = 480 << 20;

/// What the lock keeps of samples, and works in.
const LOCK_BYTES: u64 = 72 << 20;

/// What each thread works in.
const THREAD_BYTES: u64 = 12 << 20;

/// What an export will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Size in pixels.
    pub size: Size,
    /// The file, roughly.
    pub file_bytes: u64,
    /// Memory, roughly.
    pub memory_bytes: u64,
    /// Time, if a speed is known.
    pub secs: Option<f64>,
}

/// Estimates an export; `megapixels_per_sec` is the speed of this machine, once it is known.
pub fn estimate(job: &ExportJob, megapixels_per_sec: Option<f64>) -> Estimate {
    let size = job.grid.size();
    let channels = job.picture.channels();
    let scale = 1.0 / (job.grid.x.pitch * job.grid.y.pitch).sqrt();
    let bits = job.bits();
    let pixels = size.area() as f64;
    Estimate {
        size,
        file_bytes: (pixels * bytes_per_pixel(&job.output, bits, channels, scale, job.file)) as u64,
        memory_bytes: memory_bytes(job, size, channels),
        secs: megapixels_per_sec.filter(|rate| *rate > 0.0).map(|rate| pixels * work(job) / 1e6 / rate),
    }
}

/// How many times each pixel is made: for a map it is made once more, and by every member.
fn work(job: &ExportJob) -> f64 {
    if job.map.is_some() { (2 + Ensemble::Eight.members()) as f64 } else { 1.0 }
}

/// Photographs as they usually come out; the more a picture is enlarged, the smoother it is.
fn bytes_per_pixel(output: &Path, bits: u8, channels: usize, scale: f64, file: FileOptions) -> f64 {
    let smoothness = scale.max(1.0).powf(-0.5);
    let samples = channels as f64;
    match ending(output).as_str() {
        // All smaller levels together have a third of its pixels.
        "dzi" => 4.0 / 3.0 * bytes_per_pixel(Path::new("a.jpg"), bits, channels, scale, file),
        "jpg" | "jpeg" => (0.08 + 0.6 * (f64::from(file.quality) / 100.0).powi(6)) * smoothness,
        "bmp" => samples,
        "webp" => samples * (0.12 + 0.33 * smoothness),
        "avif" => (0.04 + 0.45 * (f64::from(file.quality) / 100.0).powi(6)) * smoothness,
        _ if bits == 16 => 2.0 * samples * (0.4 + 0.4 * smoothness),
        _ => samples * (0.15 + 0.4 * smoothness),
    }
}

fn memory_bytes(job: &ExportJob, size: Size, channels: usize) -> u64 {
    let band = size.width * job.scene().plan(Made::Picture, job.depth()).most_rows() * channels * job.depth().bytes();
    let lock = if job.recipe.lock() == Strength::NONE { 0 } else { LOCK_BYTES };
    let renderer = RENDERER_BYTES + lock + THREAD_BYTES * rayon::current_num_threads() as u64;
    renderer + (job.picture.byte_len() + band) as u64 + gathered_bytes(&job.output, size, channels, job.bits())
}

/// The ending of a name, in small letters.
pub(super) fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}
