//! The command line: arguments to library calls to an exit code.
//!
//! Results go to stdout (one JSON object a line with `--json`), progress and errors to stderr. Exit codes: 0 done,
//! 1 failed, 2 wrong usage.
#![expect(clippy::print_stdout, reason = "stdout is where a command line answers")]

mod args;
mod bench;
mod convert;
mod eval;
mod export;
mod info;
mod progress;

use crate::error::{Error, Result};
use crate::render::LoadedModel;
use crate::task::Gate;
use args::{Args, Command};
use clap::Parser;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<()> {
    match args.command {
        None => view(args.file.as_deref(), args.model.as_deref()),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Eval(args)) => eval::run(&args),
        Some(Command::Convert(args)) => convert::run(&args),
        Some(Command::Info(args)) => info::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
    }
}

#[cfg(feature = "app")]
fn view(file: Option<&Path>, model: Option<&Path>) -> Result<()> {
    let _ = (file, load_model(model)?);
    Ok(())
}

#[cfg(not(feature = "app"))]
fn view(_file: Option<&Path>, _model: Option<&Path>) -> Result<()> {
    Err(Error::device("this build has no window; use `zoomfield export`, or build with the feature `app`"))
}

/// The model of `--model`, or the built-in one.
fn load_model(path: Option<&Path>) -> Result<LoadedModel> {
    path.map_or_else(LoadedModel::builtin, LoadedModel::from_file)
}

/// A gate that Ctrl-C and a termination request stop, so that work ends in order and leaves nothing behind.
fn gate_until_interrupted() -> Gate {
    let gate = Gate::default();
    let stop = gate.clone();
    // Without a handler an interrupt ends the process at once: worse, but no reason to refuse the work.
    let _ = ctrlc::set_handler(move || stop.stop());
    gate
}

/// One line on stderr, whatever the names of files and arrays hold.
fn complain(error: &Error) {
    let sentence = error.to_string().replace(|c: char| c.is_control(), " ");
    eprintln!("zoomfield: {sentence}");
}

/// One JSON object on a line of its own.
fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("zoomfield: the result cannot be written as JSON: {error}"),
    }
}
