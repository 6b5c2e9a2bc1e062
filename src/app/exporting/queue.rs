//! Exports that wait, run and are done, and what the window waits for on their behalf.

use super::choice::Choice;
use super::lookup::Lookup;
use crate::app::one_shot::OneShot;
use crate::export::ExportJob;
use std::collections::VecDeque;
use std::path::PathBuf;

/// Finished exports that are still offered to be opened.
const MOST_FINISHED: usize = 3;

/// What the person asks of exports. Carried out by [`crate::app::App::apply_export`].
#[derive(Clone, Debug, PartialEq)]
pub enum ExportCommand {
    /// Set the panel to something else.
    Change(Choice),
    /// The next drag on the canvas draws the selection.
    StartSelecting,
    /// A selection begins, at a position on the canvas.
    SelectFrom([f64; 2]),
    /// It reaches to here.
    SelectTo([f64; 2]),
    /// It is done.
    EndSelecting,
    /// Take a waiting export out of the queue.
    Withdraw(usize),
    /// Open a file with the system's program for it.
    Open(PathBuf),
    /// Show a file's folder.
    ShowFolder(PathBuf),
    /// Stop offering a finished export.
    Forget(PathBuf),
    /// Close the window once all exports are done.
    FinishThenClose,
    /// Stop all exports and close the window.
    CancelAndClose,
}

/// What the system is asked to show outside of the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Outside {
    /// A file, in its program.
    File(PathBuf),
    /// The folder of a file.
    Folder(PathBuf),
}

/// The queue and its surroundings.
#[derive(Default)]
pub struct Exports {
    /// Those that wait, oldest first.
    pub waiting: VecDeque<ExportJob>,
    /// Files that were written, oldest first.
    pub finished: Vec<PathBuf>,
    /// Millions of pixels a second of this session's exports: of those without the network, and with it.
    pub rates: [Option<f64>; 2],
    /// Whether the window closes once all are done.
    pub closes_when_done: bool,
    /// Whether the window may close although exports were running.
    pub may_close: bool,
    /// The last choices, for the next time.
    pub choice: Choice,
    /// Where a selection that is being drawn began, in source pixels.
    pub selecting: Option<[f64; 2]>,
    /// Whether the next drag draws a selection.
    pub is_selecting: bool,
    /// Whether the file to write exists.
    pub lookup: Lookup,
    /// The system is being asked to show something.
    pub outside: Option<OneShot<Result<(), String>>>,
}

impl Exports {
    /// Remembers a file that was written.
    pub fn finish(&mut self, path: PathBuf) {
        self.finished.retain(|kept| *kept != path);
        self.finished.push(path);
        let surplus = self.finished.len().saturating_sub(MOST_FINISHED);
        self.finished.drain(..surplus);
    }
}

/// Asks the system to show something, and waits until it has taken the wish.
///
/// # Errors
/// A sentence about what is wrong.
pub fn show_outside(what: &Outside) -> Result<(), String> {
    let path = match what {
        Outside::File(path) => path.clone(),
        Outside::Folder(path) => path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref()).to_owned(),
    };
    let program = if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let fail = |reason: String| format!("cannot show {} ({program}: {reason}); open it yourself", path.display());
    let status = std::process::Command::new(program).arg(&path).status().map_err(|error| fail(error.to_string()))?;
    // Explorer says 1 even if it worked.
    if status.success() || cfg!(windows) { Ok(()) } else { Err(fail(status.to_string())) }
}
