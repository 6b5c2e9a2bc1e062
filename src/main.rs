//! The `zoomfield` program: the window without a subcommand, the command line with one.

use std::path::PathBuf;
use std::process::ExitCode;
#[cfg(feature = "app")]
use zoomfield::app::{AppOptions, ModelSource, library, loader, settings};
use zoomfield::cli::{self, Invocation};
use zoomfield::error::Result;
use zoomfield::kernel::PrecisionChoice;
use zoomfield::render::Backend;

// candle's large tensors fault in fresh pages on every allocation with the system's allocator (1.3–3.3 × slower).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::exit_code(match cli::parse() {
        Invocation::View { files, model, precision, backend, device } => cli::precision(precision)
            .and_then(|precision| Ok((precision, cli::backend(backend, device)?)))
            .and_then(|(precision, (backend, device))| view(files, model, precision, backend, device)),
        Invocation::Batch(command) => cli::run(command),
    })
}

#[cfg(feature = "app")]
fn view(
    files: Vec<PathBuf>,
    model: Option<PathBuf>,
    precision: PrecisionChoice,
    backend: Backend,
    device: Option<String>,
) -> Result<()> {
    let (model, settings) = (ModelSource::File(model), settings::default_path());
    let data = library::default_folder();
    zoomfield::app::run(AppOptions { files, model, precision, settings, data }, loader(backend, device))
}

#[cfg(not(feature = "app"))]
fn view(
    _files: Vec<PathBuf>,
    _model: Option<PathBuf>,
    _precision: PrecisionChoice,
    _backend: Backend,
    _device: Option<String>,
) -> Result<()> {
    let reason = "this build has no window; use `zoomfield export`, or build with the feature `app`";
    Err(zoomfield::error::Error::device(reason))
}
