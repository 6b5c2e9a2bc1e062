//! A region of any size to a file, band by band: the same renderer, the same samples and the same rounding as the
//! view's, in memory that does not grow with the output.

mod command_line;
mod estimate;
mod request;

pub use command_line::{CommandLine, look_name};
pub use estimate::{Estimate, estimate};
pub use request::{Extent, OutputSize, Request};

use crate::decode::Sampling;
use crate::error::{Error, Result};
use crate::geometry::{FEATURE_TILE, SampleGrid, Size};
use crate::key::Recipe;
use crate::picture::save::{PictureWriter, SaveOptions};
use crate::picture::{Picture, Raster};
use crate::render::{LoadedModel, RenderOptions, Renderer};
use crate::task::Gate;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The largest output, in pixels.
pub const MAX_OUTPUT_PIXELS: usize = 2_000_000_000;

/// Samples that a band may hold: 32 MiB of colours.
const BAND_PIXELS: usize = (32 << 20) / 12;

/// Rows and columns that are rendered at once: at most about a second of work, after which the gate is passed.
const BLOCK_ROWS: usize = 256;
const BLOCK_COLUMNS: usize = 512;

/// The longest side of an output: a row of it is held in memory.
const MAX_OUTPUT_SIDE: usize = 1 << 22;

/// What to export and where to.
#[derive(Clone)]
pub struct ExportJob {
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// By which model.
    pub model: Arc<LoadedModel>,
    /// Which samples.
    pub grid: SampleGrid,
    /// The file to write; its ending chooses the format.
    pub output: PathBuf,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// How its pixels are made.
    pub recipe: Recipe,
    /// Where the function is evaluated.
    pub sampling: Sampling,
    /// How the file is made.
    pub file: FileOptions,
}

/// How an output file is made, beside its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileOptions {
    /// 8 or 16 bits a sample, where the format has both; the picture's own without.
    pub bits: Option<u8>,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
    /// Dots per inch for those who print it; the picture's own without.
    pub dpi: Option<f64>,
    /// Leave away what the camera and others wrote. The colour profile stays: without it the colours would be others.
    pub strip_metadata: bool,
}

/// JPEG quality unless asked otherwise.
pub const DEFAULT_QUALITY: u8 = 95;

impl Default for FileOptions {
    fn default() -> Self {
        Self { bits: None, quality: DEFAULT_QUALITY, dpi: None, strip_metadata: false }
    }
}

/// How far an export is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Output pixels done.
    pub done: usize,
    /// Output pixels in all.
    pub total: usize,
}

/// What an export did.
#[derive(Clone, Debug)]
pub struct ExportReport {
    /// The file's size in bytes.
    pub bytes: u64,
    /// Time it took, in seconds.
    pub elapsed_secs: f64,
}

/// Renders and writes. `gate` is passed between units: it pauses and stops the work. Nothing is left behind when it
/// is stopped or fails.
///
/// # Errors
/// [`Error::Export`], [`Error::Request`] (too large), [`Error::Device`], [`Error::Cancelled`].
pub fn run(job: &ExportJob, gate: &Gate, progress: &mut dyn FnMut(Progress)) -> Result<ExportReport> {
    let start = Instant::now();
    let size = job.grid.size();
    check_size(size)?;
    let mut writer = PictureWriter::create(&job.output, save_options(job))?;
    let mut renderer = Renderer::new(RenderOptions { sampling: job.sampling, ..RenderOptions::EXPORT });
    let mut done = 0;
    for rows in bands(&job.grid) {
        let band = render_band(&mut renderer, job, rows.clone(), gate, &mut |pixels| {
            done += pixels;
            progress(Progress { done, total: size.area() });
        })?;
        writer.write_rows(&band)?;
    }
    gate.pass()?;
    Ok(ExportReport { bytes: writer.finish()?, elapsed_secs: start.elapsed().as_secs_f64() })
}

/// Renders into memory: what [`run`] would write.
///
/// # Errors
/// [`Error::Request`] (too large), [`Error::Device`], [`Error::Cancelled`].
pub fn render(job: &ExportJob, gate: &Gate) -> Result<Raster> {
    let size = job.grid.size();
    check_size(size)?;
    let mut renderer = Renderer::new(RenderOptions { sampling: job.sampling, ..RenderOptions::EXPORT });
    let channels = if job.picture.alpha.is_some() { 4 } else { 3 };
    let mut whole = Raster { size, channels, data: Vec::with_capacity(size.area() * channels) };
    for rows in bands(&job.grid) {
        whole.data.extend(render_band(&mut renderer, job, rows, gate, &mut |_| {})?.data);
    }
    Ok(whole)
}

/// Refuses outputs that nobody can store.
///
/// # Errors
/// [`Error::Request`].
pub fn check_size(size: Size) -> Result<()> {
    let pixels = size.width.checked_mul(size.height);
    if pixels.is_some_and(|pixels| pixels <= MAX_OUTPUT_PIXELS) {
        if size.width.max(size.height) <= MAX_OUTPUT_SIDE {
            return Ok(());
        }
        let longest = format!("an output of {size} is too long, {MAX_OUTPUT_SIDE} pixels a side are the most");
        return Err(Error::Request(format!("{longest}; choose a smaller size or crop")));
    }
    let gigapixels = size.width as f64 * size.height as f64 / 1e9;
    let most = MAX_OUTPUT_PIXELS / 1_000_000_000;
    Err(Error::Request(format!(
        "an output of {size} has {gigapixels:.1} gigapixels and {most} are the most; choose a smaller size or crop"
    )))
}

fn save_options(job: &ExportJob) -> SaveOptions {
    let mut metadata = job.picture.metadata.clone();
    if job.file.strip_metadata {
        (metadata.exif, metadata.xmp, metadata.dpi) = (None, None, None);
    }
    SaveOptions {
        size: job.grid.size(),
        channels: if job.picture.alpha.is_some() { 4 } else { 3 },
        bits: job.file.bits.unwrap_or(job.picture.rgb.bits()),
        quality: job.file.quality,
        overwrite: job.overwrite,
        dpi: job.file.dpi.or(metadata.dpi),
        metadata,
    }
}

/// Cuts the rows where the feature tiles change, and where a band would grow too large, so that every tile is
/// encoded once as long as three rows of tiles fit the renderer's budget.
fn bands(grid: &SampleGrid) -> impl Iterator<Item = Range<usize>> {
    let most = (BAND_PIXELS / grid.x.len).clamp(1, BLOCK_ROWS);
    let per_tile = (FEATURE_TILE as f64 / grid.y.pitch).max(1.0);
    let offset = grid.y.origin / grid.y.pitch;
    let len = grid.y.len;
    let mut start = 0;
    std::iter::from_fn(move || {
        let tile_end = (((start as f64 + offset) / per_tile + 1e-9).floor() + 1.0) * per_tile - offset;
        let end = (tile_end.round() as usize).clamp(start + 1, start + most).min(len);
        (start < len).then(|| std::mem::replace(&mut start, end)..end)
    })
}

fn render_band(
    renderer: &mut Renderer,
    job: &ExportJob,
    rows: Range<usize>,
    gate: &Gate,
    progress: &mut dyn FnMut(usize),
) -> Result<Raster> {
    let width = job.grid.x.len;
    let channels = if job.picture.alpha.is_some() { 4 } else { 3 };
    let mut band = Raster::new(Size::new(width, rows.len()), channels);
    // A reduced axis reads many source pixels for one output pixel.
    let block = ((BLOCK_COLUMNS as f64 / job.grid.x.pitch.max(1.0)) as usize).max(1);
    for start in (0..width).step_by(block) {
        gate.pass()?;
        let columns = start..(start + block).min(width);
        let grid = job.grid.slice(rows.clone(), columns.clone());
        let block = renderer.render(&job.picture, &job.model, &grid, job.recipe, &|| gate.is_stopped())?;
        band.copy_columns(&block, start);
        progress(block.size.area());
    }
    Ok(band)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Region;

    #[test]
    fn bands_cover_every_row_once_and_end_at_feature_tiles() {
        for (y, height, len) in [(0.0, 300.0, 900), (90.0, 48.0, 1440), (11.3, 257.0, 77), (0.0, 1.0, 1)] {
            let grid = SampleGrid::spanning(Region { x: 0.0, y, width: 100.0, height }, Size::new(1000, len));
            let bands: Vec<_> = bands(&grid).collect();
            assert_eq!((bands[0].start, bands[bands.len() - 1].end), (0, len));
            assert!(bands.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()));
        }
        let grid = SampleGrid::spanning(Region { x: 0.0, y: 90.0, width: 48.0, height: 48.0 }, Size::new(1440, 1440));
        assert_eq!(bands(&grid).map(|band| band.end).collect::<Vec<_>>(), [256, 512, 768, 1024, 1140, 1396, 1440]);
    }

    #[test]
    fn outputs_beyond_two_gigapixels_are_refused() {
        assert!(check_size(Size::new(50_000, 40_000)).is_ok());
        assert!(check_size(Size::new(50_000, 40_001)).is_err());
        assert!(check_size(Size::new(usize::MAX, 2)).is_err());
        assert!(check_size(Size::new(2_000_000_000, 1)).is_err());
    }
}
