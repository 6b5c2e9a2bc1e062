//! Exports, and copies of the view.

mod apply;
mod below;
pub mod choice;
pub mod command;
pub mod copying;
pub mod draft;
pub mod folder;
pub mod lookup;
pub mod outside;
pub mod panels;
pub mod running;
pub mod work;

pub use below::Below;
pub use command::Command;

use crate::app::kit::one_shot::OneShot;
use crate::app::kit::widgets::PathForm;
use crate::app::view::rate::Rate;
use crate::export::{Estimate, ExportJob, estimate};
use choice::ExportChoice;
use copying::Copying;
use folder::RunningFolder;
use lookup::Lookup;
use running::RunningExport;
use std::collections::VecDeque;
use std::path::PathBuf;

/// Finished exports that are still offered to be opened.
const MOST_FINISHED: usize = 3;

/// An export about to be started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportForm {
    /// Where to.
    pub path: PathForm,
    /// Whether that file exists, once that is known.
    pub exists: Option<bool>,
    /// Whether it may be replaced.
    pub overwrite: bool,
    /// What the panel is set to.
    pub choice: ExportChoice,
}

/// Exports that wait, run and are done, and the view on its way to the clipboard.
#[derive(Default)]
pub struct State {
    /// What the panel says, while it is open.
    pub form: ExportForm,
    /// The export that is running.
    pub running: Option<RunningExport>,
    /// The folder that is being exported.
    pub folder: Option<RunningFolder>,
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
    pub choice: ExportChoice,
    /// The view on its way to the clipboard.
    pub copying: Option<Copying>,
    /// Whether the file to write exists.
    lookup: Lookup,
    /// The system is being asked to show something.
    outside: Option<OneShot<Result<(), String>>>,
}

impl State {
    /// Whether the window has to wait for an export before it closes.
    pub fn holds_window(&self) -> bool {
        (self.running.is_some() || self.folder.is_some()) && !self.may_close
    }

    /// What an export will take, as far as that is known in this session.
    pub fn estimate(&self, job: &ExportJob, view_rate: &Rate) -> Estimate {
        let view_rate = view_rate.megapixels_per_sec().filter(|_| job.is_neural());
        estimate(job, self.rates[usize::from(job.is_neural())].or(view_rate))
    }

    /// Exports and copies wait while the view does.
    pub fn give_way(&self, is_view_waiting: bool) {
        if let Some(export) = &self.running {
            export.work.give_way(is_view_waiting);
        }
        if let Some(folder) = &self.folder {
            folder.work.give_way(is_view_waiting);
        }
        if let Some(copying) = &self.copying {
            copying.give_way(is_view_waiting);
        }
    }

    /// Remembers a file that was written.
    fn finish(&mut self, path: PathBuf) {
        self.finished.retain(|kept| *kept != path);
        self.finished.push(path);
        let surplus = self.finished.len().saturating_sub(MOST_FINISHED);
        self.finished.drain(..surplus);
    }
}
