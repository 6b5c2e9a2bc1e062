//! The `zoomfield` program: the window without a subcommand, the command line with one.

use std::process::ExitCode;
#[cfg(feature = "app")]
use zoomfield::app::{AppOptions, ModelSource, models, settings};
use zoomfield::cli::{self, Invocation, View};
use zoomfield::error::Result;
#[cfg(feature = "app")]
use zoomfield::render::Compute;

// candle's large tensors fault in fresh pages on every allocation with the system's allocator (1.3–3.3 × slower).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::exit_code(match cli::parse() {
        Invocation::View(asked) => view(asked),
        Invocation::Batch(command) => cli::run(command),
    })
}

#[cfg(feature = "app")]
fn view(asked: View) -> Result<()> {
    let precision = cli::precision(asked.precision)?;
    let (backend, device) = cli::backend(asked.backend, asked.device)?;
    let (model, settings) = (ModelSource::File(asked.model), settings::choices::default_path());
    let compute = Compute { backend, device, precision, ..Compute::default() };
    let options = AppOptions { files: asked.files, model, compute, settings, data: models::default_folder() };
    zoomfield::app::run(options, asked.milestones.as_deref())
}

#[cfg(not(feature = "app"))]
fn view(_asked: View) -> Result<()> {
    let reason = "this build has no window; use `zoomfield export`, or build with the feature `app`";
    Err(zoomfield::error::Error::device(reason))
}
