//! The `zoomfield` program: the window without a subcommand, the command line with one.

use std::process::ExitCode;
#[cfg(feature = "app")]
use zoomfield::app::{AppOptions, ModelSource, models, settings};
use zoomfield::cli::{self, Invocation, ViewOptions};
use zoomfield::error::Result;
#[cfg(feature = "app")]
use zoomfield::picture::Screen;
#[cfg(feature = "app")]
use zoomfield::render::Compute;

// candle's large tensors fault in fresh pages on every allocation with the system's allocator (1.3–3.3 × slower).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let invocation = cli::parse();
    cli::decode_apart();
    cli::exit_code(cli::check_environment().and_then(|()| match invocation {
        Invocation::View(wanted) => view(wanted),
        Invocation::Batch(command) => cli::run(command),
    }))
}

#[cfg(feature = "app")]
fn view(wanted: ViewOptions) -> Result<()> {
    let precision = cli::precision(wanted.precision)?;
    let (backend, device) = cli::backend(wanted.backend, wanted.device)?;
    let (model, settings) = (ModelSource::File(wanted.model), settings::file::default_path());
    let compute = Compute { backend, device, precision, ..Compute::default() };
    let screen = wanted.screen_profile.as_deref().map(Screen::open).transpose()?;
    let options = AppOptions { files: wanted.files, model, compute, settings, data: models::default_folder(), screen };
    zoomfield::app::run(options, wanted.milestones.as_deref())
}

#[cfg(not(feature = "app"))]
fn view(_wanted: ViewOptions) -> Result<()> {
    let reason = "this build has no window; use `zoomfield export`, or build with the feature `app`";
    Err(zoomfield::error::Error::device(reason))
}
