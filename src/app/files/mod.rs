//! Files around the picture: the folder or list that it belongs to, what was opened last, what changes on disk.
//!
//! No function here that the window's thread calls touches the disk; those that do say so.

pub mod album;
mod apply;
pub mod command;
pub mod natural;
pub mod open;
pub mod pager;
pub mod paging;
pub mod panels;
pub mod preload;
pub mod recent;
pub mod samples;
pub mod turning;
pub mod uri;
pub mod watch;

pub use command::Command;

use crate::app::kit::one_shot::OneShot;
use crate::app::kit::widgets::PathForm;
use crate::app::ports::{OpenFn, Opened, PagesFn};
use crate::error::Result;
use crate::task::Gate;
use album::{Album, AlbumSource, Step};
use pager::Pager;
use paging::Paging;
use preload::{PictureCache, Preloader};
use recent::{Recent, Recorder};
use samples::SpareFolder;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use turning::Turning;
use watch::FileWatcher;

/// The threads behind files.
pub struct FileServices {
    /// Lists folders and looks for changes.
    pub watch: FileWatcher,
    /// Reads ahead.
    pub preloader: Preloader,
    /// Reads pages and frames.
    pub pager: Pager,
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
        pages: Arc<PagesFn>,
        recent: Option<PathBuf>,
        interval: Duration,
    ) -> std::io::Result<Self> {
        let wake = |ctx: &egui::Context| {
            let ctx = ctx.clone();
            move || ctx.request_repaint()
        };
        Ok(Self {
            watch: watch::start(interval, wake(ctx))?,
            preloader: preload::start(open, wake(ctx))?,
            pager: pager::start(pages, wake(ctx))?,
            recorder: recent.map(Recorder::start).transpose()?,
        })
    }
}

/// A picture that is being read.
pub struct Opening {
    /// From where.
    pub path: PathBuf,
    /// The work.
    pub job: OneShot<Result<Opened>>,
    /// Whether the view stays, because it is the same picture again.
    pub keeps_view: bool,
    /// Stopped once nobody wants it any more.
    pub stop: Gate,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Which picture is shown, and those around it.
pub struct State {
    /// What was asked to be shown.
    pub source: AlbumSource,
    /// The pictures of it.
    pub album: Album,
    /// Steps that wait for the list.
    pub waiting: Option<Step>,
    /// The wheel on its way to the next picture.
    pub turning: Turning,
    /// The last direction, in which reading ahead begins.
    pub is_backwards: bool,
    /// A picture on its way in.
    pub opening: Option<Opening>,
    /// The picture that is shown.
    pub current: Option<Opened>,
    /// Which page of it is wanted, and whether they follow each other by themselves.
    pub paging: Paging,
    /// Pictures in memory that are not.
    pub cache: PictureCache,
    /// What the preloader was asked for last.
    pub asked_ahead: Vec<PathBuf>,
    /// What was opened last.
    pub recent: Recent,
    /// The path that is typed in the panel that opens.
    pub form: PathForm,
    /// Whether what is known about the picture is shown beside it.
    pub shows_info: bool,
    /// Where samples are put that have no better place.
    spare: SpareFolder,
    threads: FileServices,
}

impl State {
    /// Nothing is shown yet.
    pub fn new(threads: FileServices, recent: Recent) -> Self {
        Self {
            source: AlbumSource::default(),
            album: Album::default(),
            waiting: None,
            turning: Turning::default(),
            is_backwards: false,
            opening: None,
            current: None,
            paging: Paging::default(),
            cache: PictureCache::default(),
            asked_ahead: Vec::new(),
            recent,
            form: PathForm::default(),
            shows_info: false,
            spare: SpareFolder::default(),
            threads,
        }
    }

    /// The pictures that should be read ahead now, the likelier one first.
    pub fn wanted_ahead(&self) -> Vec<PathBuf> {
        let mut steps = [Step::Next, Step::Previous];
        if self.is_backwards {
            steps.reverse();
        }
        let neighbours = steps.into_iter().filter_map(|step| self.album.peek(step));
        neighbours.filter(|path| !self.cache.contains(path)).cloned().collect()
    }
}
