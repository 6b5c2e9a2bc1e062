//! The `zoomfield` program: the window without a subcommand, the command line with one.

use std::process::ExitCode;

// candle's large tensors fault in fresh pages on every allocation with the system's allocator (1.3–3.3 × slower).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    zoomfield::cli::main()
}
