//! The window's real connections to the world, and the threads that its slices work with.

use super::dialogs;
use crate::app::export::outside::show_outside;
use crate::app::files::recent::beside;
use crate::app::files::watch::INTERVAL;
use crate::app::files::{self, FileServices};
use crate::app::models;
use crate::app::ports::{OpenFn, PagesFn, Ports};
use crate::app::settings::SettingsWriter;
use crate::app::training::worker;
use crate::app::training::workplace::Workplace;
use crate::error::{Error, Result};
use crate::library::Library;
use crate::picture::Screen;
use crate::render::{FeatureStore, MapWorker, RenderWorker};
use crate::{bench, export};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where models are kept and trainings work.
#[derive(Clone, Debug)]
pub struct DataFolders {
    /// The models.
    pub library: Library,
    /// The training.
    pub workplace: Workplace,
}

impl DataFolders {
    /// Models and trainings in a folder of our own; what is deleted goes to the system's bin.
    pub fn within(folder: &Path) -> Self {
        let library = Library::new(folder.join("models"), Arc::new(models::to_bin));
        Self { library, workplace: Workplace::new(folder.join("training")) }
    }
}

/// What a window is given to work with.
pub struct Services {
    /// The connections to the world.
    pub ports: Ports,
    /// Where the view's features are: exports and copies look there first.
    pub features: FeatureStore,
    /// Where models are kept and trainings work, if there is a place for them.
    pub folders: Option<DataFolders>,
    /// Remembers settings; nothing does where there is no place for them.
    pub settings_writer: Option<SettingsWriter>,
    /// Lists, watches, reads ahead, and remembers what was opened.
    pub files: FileServices,
}

impl Services {
    /// The real ones; `settings` is the file that remembers them, `data` the folder for models and trainings, `screen` what
    /// pictures are shown on.
    ///
    /// # Errors
    /// [`Error::Device`] if the system has no thread for one of them.
    pub fn start(ctx: &egui::Context, settings: Option<PathBuf>, data: Option<&Path>, screen: Screen) -> Result<Self> {
        let waker = ctx.clone();
        let features = FeatureStore::default();
        let worker = RenderWorker::sharing(features.clone(), move || waker.request_repaint())
            .map_err(|error| Error::device(format!("cannot start the render thread: {error}")))?;
        let waker = ctx.clone();
        let maps = MapWorker::sharing(features.clone(), move || waker.request_repaint())
            .map_err(|error| Error::device(format!("cannot start the thread for maps: {error}")))?;
        let (seen, turned) = (screen.clone(), screen.clone());
        let open: Arc<OpenFn> = Arc::new(move |path, stop| files::open::read(path, &seen, stop));
        let pages: Arc<PagesFn> = Arc::new(move |path| files::open::pages(path, turned.clone()));
        let files = FileServices::start(ctx, open.clone(), pages.clone(), settings.as_deref().map(beside), INTERVAL)
            .map_err(|error| Error::device(format!("cannot start the threads that look after files: {error}")))?;
        let settings_writer = settings
            .map(SettingsWriter::start)
            .transpose()
            .map_err(|error| Error::device(format!("cannot start the thread that keeps settings: {error}")))?;
        let ports = Ports {
            tiles: Box::new(worker),
            maps: Box::new(maps),
            screen,
            open,
            pages,
            pick: Arc::new(dialogs::pick),
            export: Arc::new(export::run),
            export_folder: Arc::new(export::batch::run_folder),
            render: Arc::new(export::render),
            show_outside: Arc::new(show_outside),
            load_model: Arc::new(models::slot::load),
            list_devices: Arc::new(bench::devices),
            measure_device: Arc::new(bench::measure),
            train: Arc::new(worker::train),
        };
        Ok(Self { ports, features, folders: data.map(DataFolders::within), settings_writer, files })
    }
}
