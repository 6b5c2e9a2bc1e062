//! Decoding in a process of its own. Files come from anywhere and decoders are large: one that aborts, runs out of memory or is
//! taken over by its file must not take the window with it, nor do anything but decode.
//!
//! The program starts itself anew for every file ([`process`]); that process gives up what it does not need ([`confine`]), decodes
//! what it is asked for ([`serve`]) and hands over plain samples ([`wire`]), which are believed as a picture and its name, and no
//! more. Whoever does not want the picture any more ends the process.
//!
//! Of pictures that are read by rectangles each strip or tile is asked for by itself ([`parts`]).
//! Here, in the process that asks, remain: headers, colour profiles, PNG whose rows go to the disk, and what programs
//! open that have no such process ([`decode_apart_by`]).

#[cfg_attr(not(target_os = "linux"), path = "unconfined.rs")]
mod confine;
mod parts;
mod process;
mod serve;
mod wire;

pub use serve::serve;

pub(super) use parts::divided;
pub(super) use process::DecoderProcess;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The environment variable that says where files are decoded.
const VARIABLE: &str = "ZOOMFIELD_DECODE";

/// A program that answers to [`serve`], and the arguments before the file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoderProgram {
    /// Its file.
    pub program: PathBuf,
    /// What it is told before the name.
    pub arguments: Vec<String>,
}

static PROGRAM: OnceLock<DecoderProgram> = OnceLock::new();

/// From now on this process decodes pictures for view and export by that program, unless the environment says `here`. Only the
/// first call counts.
pub fn decode_apart_by(program: DecoderProgram) {
    if matches!(is_apart(), Ok(true)) {
        let _ = PROGRAM.set(program);
    }
}

/// Whether the environment leaves it at processes of their own.
///
/// # Errors
/// A sentence if it says anything but `apart` and `here`.
pub fn is_apart() -> Result<bool, String> {
    match std::env::var(VARIABLE).as_deref() {
        Err(_) | Ok("" | "apart") => Ok(true),
        Ok("here") => Ok(false),
        Ok(other) => {
            Err(format!("{VARIABLE} is `apart`, for decoding in a process of its own, or `here`; it is `{other}`"))
        }
    }
}

impl DecoderProgram {
    /// This program itself, which stays what it is when its file is replaced.
    pub fn this(arguments: &[&str]) -> Option<Self> {
        let program =
            if cfg!(target_os = "linux") { Some("/proc/self/exe".into()) } else { std::env::current_exe().ok() };
        let arguments = arguments.iter().map(ToString::to_string).collect();
        program.map(|program| Self { program, arguments })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}
