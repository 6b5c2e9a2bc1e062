//! Files around the picture: the folder or list that it belongs to, what was opened last, what changes on disk.
//!
//! No function here that the window's thread calls touches the disk; those that do say so.

pub mod album;
pub mod natural;
pub mod preload;
pub mod recent;
pub mod turning;
pub mod uri;
pub mod watch;

use super::open::Opened;
use super::services::OpenFn;
use album::{Album, Source, Step};
use preload::{Preloader, Shelf};
use recent::{Recent, Recorder};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use turning::Turning;
use watch::Watch;

/// The threads behind files.
pub struct FileServices {
    /// Lists folders and looks for changes.
    pub watch: Watch,
    /// Reads ahead.
    pub preloader: Preloader,
    /// Remembers what was opened; without a place to remember nothing does.
    pub recorder: Option<Recorder>,
}

impl FileServices {
    /// Starts them; `recent` is the file that remembers what was opened.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(
        ctx: &egui::Context,
        open: Arc<OpenFn>,
        recent: Option<PathBuf>,
        interval: Duration,
    ) -> std::io::Result<Self> {
        let wake = |ctx: &egui::Context| {
            let ctx = ctx.clone();
            move || ctx.request_repaint()
        };
        Ok(Self {
            watch: Watch::start(interval, wake(ctx))?,
            preloader: Preloader::start(open, wake(ctx))?,
            recorder: recent.map(Recorder::start).transpose()?,
        })
    }
}

/// What the window knows about files.
#[derive(Default)]
pub struct Files {
    /// What was asked to be shown.
    pub source: Source,
    /// The pictures of it.
    pub album: Album,
    /// Steps that wait for the list.
    pub waiting: Option<Step>,
    /// The wheel on its way to the next picture.
    pub turning: Turning,
    /// The last direction, in which reading ahead begins.
    pub is_backwards: bool,
    /// The picture that is shown.
    pub current: Option<Opened>,
    /// Pictures in memory that are not.
    pub shelf: Shelf,
    /// What the preloader was asked for last.
    pub asked_ahead: Vec<PathBuf>,
    /// What was opened last.
    pub recent: Recent,
}

impl Files {
    /// The pictures that should be read ahead now, the likelier one first.
    pub fn wanted_ahead(&self) -> Vec<PathBuf> {
        let mut steps = [Step::Next, Step::Previous];
        if self.is_backwards {
            steps.reverse();
        }
        let neighbours = steps.into_iter().filter_map(|step| self.album.peek(step));
        neighbours.filter(|path| !self.shelf.contains(path)).cloned().collect()
    }
}
