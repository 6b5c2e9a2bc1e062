//! What the window needs from the rest of the program, so that tests can stand in for each part.

use super::devices::{ListFn, MeasureFn};
use super::exporting::queue::{Outside, show_outside};
use super::files::FileServices;
use super::files::recent::beside;
use super::files::watch::INTERVAL;
use super::library::SaveFrom;
use super::models::LoadFn;
use super::open::Opened;
use super::settings::Keeper;
use super::training::Home;
use super::training::teach::TrainFn;
use super::training::workplace::Workplace;
use crate::bench;
use crate::error::{Error, Result};
use crate::export::{self, ExportJob, ExportReport, Progress};
use crate::library::Library;
use crate::picture::Raster;
use crate::render::{RenderEvent, RenderWorker, ViewRequest};
use crate::task::{Gate, Interrupt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where tiles come from.
pub trait TileSource {
    /// Replaces whatever was asked before.
    fn request(&self, request: ViewRequest);

    /// The next event, if one is ready. Never waits.
    fn poll(&self) -> Option<RenderEvent>;
}

impl TileSource for RenderWorker {
    fn request(&self, request: ViewRequest) {
        RenderWorker::request(self, request);
    }

    fn poll(&self) -> Option<RenderEvent> {
        RenderWorker::poll(self)
    }
}

/// What a file dialog is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Pictures to open.
    Open,
    /// A name to export to; the present one is the proposal.
    Save(PathBuf),
    /// Weights to compare with.
    Model,
    /// Weights to import.
    Import,
    /// A folder of pictures to learn from.
    Folder,
    /// A name to write a model to.
    SaveModel {
        /// The proposal.
        proposal: PathBuf,
        /// Which model: another one may be chosen before the answer is there.
        from: SaveFrom,
    },
}

/// Reads a picture, until it is interrupted. Runs on a thread of its own.
pub type OpenFn = dyn Fn(&Path, Interrupt<'_>) -> Result<Opened> + Send + Sync;
/// Shows a file dialog and waits for it; several answers only where pictures are to be opened. Runs on a thread of its own.
pub type PickFn = dyn Fn(&Ask) -> Option<Vec<PathBuf>> + Send + Sync;
/// Exports. Runs on a thread of its own.
pub type ExportFn = dyn Fn(&ExportJob, &Gate, &mut dyn FnMut(Progress)) -> Result<ExportReport> + Send + Sync;

/// Renders what an export would write. Runs on a thread of its own.
pub type RenderFn = dyn Fn(&ExportJob, &Gate) -> Result<Raster> + Send + Sync;

/// Has the system show a file or a folder; a sentence if that fails. Runs on a thread of its own.
pub type OutsideFn = dyn Fn(&Outside) -> Result<(), String> + Send + Sync;

/// The window's connections to the world.
pub struct Services {
    /// Renders the view.
    pub tiles: Box<dyn TileSource>,
    /// Opens pictures.
    pub open: Arc<OpenFn>,
    /// Shows file dialogs.
    pub pick: Arc<PickFn>,
    /// Exports pictures.
    pub export: Arc<ExportFn>,
    /// Renders for the clipboard.
    pub render: Arc<RenderFn>,
    /// Has the system show files. Runs on a thread of its own.
    pub show_outside: Arc<OutsideFn>,
    /// Loads models.
    pub load_model: Arc<LoadFn>,
    /// Lists the devices that can compute.
    pub list_devices: Arc<ListFn>,
    /// Measures one of them.
    pub measure_device: Arc<MeasureFn>,
    /// Begins trainings.
    pub train: Arc<TrainFn>,
    /// Where models are kept and trainings work, if there is a place for them.
    pub home: Option<Home>,
    /// Remembers settings; nothing does where there is no place for them.
    pub keeper: Option<Keeper>,
    /// Lists, watches, reads ahead, and remembers what was opened.
    pub files: FileServices,
}

impl Services {
    /// The real ones; `settings` is the file that remembers them.
    ///
    /// # Errors
    /// [`Error::Device`] if the system has no thread for one of them.
    pub fn start(ctx: &egui::Context, settings: Option<PathBuf>) -> Result<Self> {
        let waker = ctx.clone();
        let worker = RenderWorker::start(move || waker.request_repaint())
            .map_err(|error| Error::device(format!("cannot start the render thread: {error}")))?;
        let open: Arc<OpenFn> = Arc::new(super::open::read);
        let files = FileServices::start(ctx, open.clone(), settings.as_deref().map(beside), INTERVAL)
            .map_err(|error| Error::device(format!("cannot start the threads that look after files: {error}")))?;
        let keeper = settings
            .map(Keeper::start)
            .transpose()
            .map_err(|error| Error::device(format!("cannot start the thread that keeps settings: {error}")))?;
        Ok(Self {
            tiles: Box::new(worker),
            open,
            pick: Arc::new(super::dialogs::pick),
            export: Arc::new(export::run),
            render: Arc::new(export::render),
            show_outside: Arc::new(show_outside),
            load_model: Arc::new(super::models::load),
            list_devices: Arc::new(bench::devices),
            measure_device: Arc::new(bench::measure),
            train: Arc::new(super::training::teach::train),
            home: None,
            keeper,
            files,
        })
    }

    /// Models and trainings in a folder of our own; what is deleted goes to the system's bin.
    pub fn home_in(folder: &Path) -> Home {
        let library = Library::new(folder.join("models"), Arc::new(super::library::to_bin));
        Home { library, workplace: Workplace::new(folder.join("training")) }
    }
}
