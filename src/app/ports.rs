//! What the window asks of the rest of the program and of the system, so that tests can stand in for each part. The
//! real ones are wired in [`super::window::services`].

use crate::bench::{Device, Speed};
use crate::error::Result;
use crate::export::batch::{FolderJob, FolderProgress, FolderReport};
use crate::export::{ExportJob, ExportReport, Progress};
use crate::picture::{Picture, Raster, Screen, Shot, Which};
use crate::render::{
    Compute, LoadedModel, MapEvent, MapRequest, MapWorker, RenderEvent, RenderWorker, Suited, ViewRequest,
};
use crate::task::{Gate, Interrupt};
use crate::train::{TrainConfig, TrainEvent};
use crate::weights::Weights;
use egui::ColorImage;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

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

/// Where maps of invention come from.
pub trait MapSource {
    /// Replaces whatever was asked before. Nothing at all gives back the memory that maps take.
    fn request(&self, request: Option<MapRequest>);

    /// The next event, if one is ready. Never waits.
    fn poll(&self) -> Option<MapEvent>;
}

impl MapSource for MapWorker {
    fn request(&self, request: Option<MapRequest>) {
        MapWorker::request(self, request);
    }

    fn poll(&self) -> Option<MapEvent> {
        MapWorker::poll(self)
    }
}

/// What is to be written where the person says.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveFrom {
    /// The weights of the training that runs.
    Training,
    /// A model of the list.
    Entry(Option<PathBuf>),
}

/// What a file dialog is for.
#[derive(Clone, Debug, PartialEq)]
pub enum DialogPurpose {
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

/// What tells one content of a file from another: when it was written, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub(in crate::app) SystemTime, pub(in crate::app) u64);

impl Stamp {
    /// That of a file; nothing if it is not there. Touches the disk.
    pub fn of(path: &Path) -> Option<Self> {
        let about = path.metadata().ok()?;
        Some(Self(about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len()))
    }
}

/// A picture with its small version. Clones share both.
#[derive(Clone)]
pub struct Opened {
    /// The picture.
    pub picture: Arc<Picture>,
    /// The whole of it, reduced if need be.
    pub preview: Arc<ColorImage>,
    /// What the camera wrote.
    pub shot: Shot,
    /// The live network for it.
    pub suited: Suited,
    /// What its file was when it was read; nothing for a picture from memory.
    pub stamp: Option<Stamp>,
}

/// What the system is asked to show outside of the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Outside {
    /// A file, in its program.
    File(PathBuf),
    /// The folder of a file.
    Folder(PathBuf),
}

/// A training that is driven from outside.
pub trait TrainingRun {
    /// Does the next piece of work; none after the end.
    fn next(&mut self) -> Option<Result<TrainEvent>>;

    /// A copy of the weights as they are now.
    ///
    /// # Errors
    /// [`crate::error::Error::Weights`] if they are not finite any more.
    fn weights(&self) -> Result<Weights>;
}

/// Pages of one file, or frames of an animation: in order, each frame is decoded once.
pub trait PageSource {
    /// One of them, until it is interrupted.
    ///
    /// # Errors
    /// [`crate::error::Error::Picture`], [`crate::error::Error::Cancelled`].
    fn read(&mut self, which: Which, stop: Interrupt<'_>) -> Result<Opened>;
}

/// Reads a picture, until it is interrupted. Runs on a thread of its own.
pub type OpenFn = dyn Fn(&Path, Interrupt<'_>) -> Result<Opened> + Send + Sync;
/// Takes a file's pages in hand. They are read on a thread of their own.
pub type PagesFn = dyn Fn(&Path) -> Box<dyn PageSource> + Send + Sync;
/// Shows a file dialog and waits for it; several answers only where pictures are to be opened. Runs on a thread of its own.
pub type PickFn = dyn Fn(&DialogPurpose) -> Option<Vec<PathBuf>> + Send + Sync;
/// Exports. Runs on a thread of its own.
pub type ExportFn = dyn Fn(&ExportJob, &Gate, &mut dyn FnMut(Progress)) -> Result<ExportReport> + Send + Sync;
/// Exports all pictures of a folder. Runs on a thread of its own.
pub type ExportFolderFn =
    dyn Fn(&FolderJob, &Gate, &(dyn Fn(FolderProgress) + Sync)) -> Result<FolderReport> + Send + Sync;
/// Renders what an export would write. Runs on a thread of its own.
pub type RenderFn = dyn Fn(&ExportJob, &Gate) -> Result<Raster> + Send + Sync;
/// Has the system show a file or a folder; a sentence if that fails. Runs on a thread of its own.
pub type OutsideFn = dyn Fn(&Outside) -> Result<(), String> + Send + Sync;
/// Loads weights (the built-in ones without a path) on what is to compute. Runs on a thread of its own.
pub type LoadFn = dyn Fn(Option<&Path>, &Compute) -> Result<LoadedModel> + Send + Sync;
/// Lists the devices. Runs on a thread of its own.
pub type ListFn = dyn Fn() -> Vec<Device> + Send + Sync;
/// Measures one. Runs on a thread of its own.
pub type MeasureFn = dyn Fn(&Device, Interrupt<'_>) -> Result<Speed> + Send + Sync;
/// Begins a training. Runs on a thread of its own.
pub type TrainFn = dyn Fn(TrainConfig, &Gate) -> Result<Box<dyn TrainingRun>> + Send + Sync;

/// The window's connections to the world.
pub struct Ports {
    /// Renders the view.
    pub tiles: Box<dyn TileSource>,
    /// Computes what of the view is the network's own.
    pub maps: Box<dyn MapSource>,
    /// What pictures are shown on.
    pub screen: Screen,
    /// Opens pictures.
    pub open: Arc<OpenFn>,
    /// Opens their pages.
    pub pages: Arc<PagesFn>,
    /// Shows file dialogs.
    pub pick: Arc<PickFn>,
    /// Exports pictures.
    pub export: Arc<ExportFn>,
    /// Exports folders of pictures.
    pub export_folder: Arc<ExportFolderFn>,
    /// Renders for the clipboard.
    pub render: Arc<RenderFn>,
    /// Has the system show files.
    pub show_outside: Arc<OutsideFn>,
    /// Loads models.
    pub load_model: Arc<LoadFn>,
    /// Lists the devices that can compute.
    pub list_devices: Arc<ListFn>,
    /// Measures one of them.
    pub measure_device: Arc<MeasureFn>,
    /// Begins trainings.
    pub train: Arc<TrainFn>,
}
