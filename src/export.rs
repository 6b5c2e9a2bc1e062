//! A region of any size to a file, band by band.

use crate::error::Result;
use crate::geometry::SampleGrid;
use crate::picture::Picture;
use crate::render::LoadedModel;
use crate::task::Gate;
use std::path::PathBuf;
use std::sync::Arc;

/// The largest output, in pixels.
pub const MAX_OUTPUT_PIXELS: usize = 2_000_000_000;

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
/// [`crate::error::Error::Export`], [`crate::error::Error::Request`] (too large), [`crate::error::Error::Cancelled`].
pub fn run(_job: &ExportJob, _gate: &Gate, _progress: &mut dyn FnMut(Progress)) -> Result<ExportReport> {
    unimplemented!()
}
