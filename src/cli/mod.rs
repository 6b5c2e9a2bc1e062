//! The command line: arguments to library calls to an exit code.
//!
//! Results go to stdout (one JSON object a line with `--json`), progress and errors to stderr. Exit codes: 0 done,
//! 1 failed, 2 wrong usage.

mod args;
mod batch;
mod batch_args;
mod bench;
mod compute_args;
mod convert;
mod eval;
mod eval_args;
mod export;
mod export_args;
mod info;
mod look;
mod look_args;
mod map_args;
mod output;
mod progress;
mod repeat;
mod rows;
mod slurm;
mod summary;
mod train;
mod train_args;
mod typo;
mod values;

use crate::error::{Error, Result};
use crate::export::CommandLine;
use crate::kernel::{Instructions, PrecisionChoice};
use crate::picture::{DecoderProgram, decode_apart_by, decoded_limit, is_apart, opening_time, serve_decoder};
use crate::render::{Backend, Compute, LoadedModel};
use crate::task::Gate;
use crate::weights::Weights;
use args::{Args, Command};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use compute_args::ComputeArgs;
use export_args::ExportArgs;
use output::{answer, print_json, say, warn};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the process's arguments ask for.
pub enum Invocation {
    /// The window.
    View(ViewOptions),
    /// Anything that needs no window.
    Batch(BatchCommand),
}

/// The window's arguments.
pub struct ViewOptions {
    /// Picture files and folders.
    pub files: Vec<PathBuf>,
    /// Weights to use instead of the built-in ones.
    pub model: Option<PathBuf>,
    /// Arithmetic on the CPU.
    pub precision: Option<PrecisionChoice>,
    /// What computes.
    pub backend: Option<Backend>,
    /// The graphics device that computes, by a part of its name.
    pub device: Option<String>,
    /// The screen's ICC profile, instead of what the system says of it.
    pub screen_profile: Option<PathBuf>,
    /// The file to write when things were first seen to.
    pub milestones: Option<PathBuf>,
}

/// A validated command.
pub struct BatchCommand(Box<Command>);

/// Reads the process's arguments; wrong ones end the process with exit code 2 and a hint.
pub fn parse() -> Invocation {
    let Args { files, model, precision, compute, screen_profile, milestones, command } = Args::parse();
    let ComputeArgs { backend, device } = compute;
    if let Some(command) = command {
        return Invocation::Batch(BatchCommand(Box::new(command)));
    }
    if let Some(complaint) = typo::mistyped_command(&files) {
        Args::command().error(ErrorKind::InvalidSubcommand, complaint).exit();
    }
    Invocation::View(ViewOptions { files, model, precision, backend, device, screen_profile, milestones })
}

/// Reads the arguments of `zoomfield export`, the program's name first, without carrying them out.
///
/// # Errors
/// What is wrong with them, for people.
pub fn parse_export(arguments: &[String]) -> std::result::Result<CommandLine, String> {
    let args = export_args(arguments.iter().map(OsString::from))?;
    Ok(args.command_line(args.what.named_model()))
}

/// The arguments of an export, the program's name first, without carrying them out.
fn export_args(arguments: impl IntoIterator<Item = OsString>) -> std::result::Result<ExportArgs, String> {
    match Args::try_parse_from(arguments).map_err(|error| error.to_string())?.command {
        Some(Command::Export(args)) => Ok(*args),
        _ => Err("this is no export".into()),
    }
}

/// Carries a command out.
///
/// # Errors
/// The command's own, to be handed to [`exit_code`].
pub fn run(BatchCommand(command): BatchCommand) -> Result<()> {
    match *command {
        Command::Export(args) => match &args.repeat {
            Some(file) => repeat::run(file, &args),
            None => export::run(&args),
        },
        Command::Batch(args) => batch::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Train(args) => train::run(&args),
        Command::DecodeFile { file } => return serve_decoder(&file),
    }?;
    output::finish()
}

/// Says what failed, in one line on stderr, and how the process ends.
pub fn exit_code(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Looks whether the processor has the instructions that the environment asks for, and whether the limits that it sets for
/// pictures, and where they are decoded, are some.
///
/// # Errors
/// [`Error::Request`] if it has not, or the environment names none.
pub fn check_environment() -> Result<()> {
    Instructions::from_environment().map_err(Error::Request)?;
    decoded_limit().map_err(Error::Request)?;
    is_apart().map_err(Error::Request)?;
    opening_time().map(drop).map_err(Error::Request)
}

/// From now on pictures are decoded by this program in a process of its own, unless the environment says otherwise.
pub fn decode_apart() {
    if let Some(program) = DecoderProgram::this(&["decode-file", "--"]) {
        decode_apart_by(program);
    }
}

/// The precision of `--precision`, else that of the environment, else the fastest.
///
/// # Errors
/// [`Error::Request`] if the environment names none, or one that this processor lacks.
pub fn precision(requested: Option<PrecisionChoice>) -> Result<PrecisionChoice> {
    const VARIABLE: &str = "ZOOMFIELD_PRECISION";
    match (requested, environment(VARIABLE)) {
        (Some(choice), _) => Ok(choice),
        (None, Some(name)) => name.parse().map_err(|reason| Error::Request(format!("{VARIABLE}: {reason}"))),
        (None, None) => Ok(PrecisionChoice::Auto),
    }
}

/// What computes, and which graphics device: as `--backend` and `--device` say, else the environment. Who names a device
/// wants that device, unless it is to be the processor.
///
/// # Errors
/// [`Error::Request`] if the environment names no backend.
pub fn backend(requested: Option<Backend>, device: Option<String>) -> Result<(Backend, Option<String>)> {
    const VARIABLE: &str = "ZOOMFIELD_BACKEND";
    let named = match (requested, environment(VARIABLE)) {
        (Some(backend), _) => backend,
        // A device that was named here counts for more than the environment.
        (None, Some(name)) if device.is_none() => {
            name.parse().map_err(|reason| Error::Request(format!("{VARIABLE}: {reason}")))?
        }
        (None, _) => Backend::Auto,
    };
    let device = device.or_else(|| environment("ZOOMFIELD_DEVICE"));
    let backend = if device.is_some() && named == Backend::Auto { Backend::Gpu } else { named };
    Ok((backend, device))
}

fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The model of `--model`, or the built-in one.
///
/// # Errors
/// [`Error::Weights`] or [`Error::Device`].
pub fn load_model(path: Option<&Path>, compute: &Compute) -> Result<LoadedModel> {
    let weights = path.map_or_else(Weights::builtin, Weights::open)?;
    let model = LoadedModel::on(&weights, compute)?;
    if let Some(reason) = model.refusal() {
        warn(reason);
    }
    Ok(model)
}

/// A gate that Ctrl-C and a termination request stop, so that work ends in order and leaves nothing behind.
fn gate_until_interrupted() -> Gate {
    let gate = Gate::default();
    let stop = gate.clone();
    // Without a handler an interrupt ends the process at once: worse, but no reason to refuse the work.
    let _ = ctrlc::set_handler(move || stop.stop());
    gate
}
