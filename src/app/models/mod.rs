//! The model in use, the one to compare with, and the list of models.

mod apply;
pub mod command;
mod follow;
mod loading;
pub mod panels;
pub mod slot;

pub use crate::app::ports::SaveFrom;
pub use command::Command;

use crate::app::kit::folders::own_folder;
use crate::app::kit::one_shot::OneShot;
use crate::app::kit::widgets::PathForm;
use crate::app::settings::{Refine, Settings};
use crate::library::{self, Entry, Library};
use crate::render::Suited;
use slot::ModelSlot;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Why nothing can be kept.
pub(in crate::app) const NO_FOLDER: &str = "There is no folder to keep models in: the system names none for your data.";

/// Work on the folder of models.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Read it.
    List,
    /// Import a file.
    Import(PathBuf),
    /// Rename a model.
    Rename(PathBuf, String),
    /// Move a model to the bin.
    Delete(PathBuf),
    /// Write a copy of a model somewhere else.
    SaveCopy {
        /// Which model.
        from: Option<PathBuf>,
        /// Where to.
        to: PathBuf,
        /// Whether a file of that name may be replaced.
        overwrite: bool,
    },
}

/// What became of a task, and the list after it.
pub struct TaskReport {
    task: Task,
    /// The model's file after it, and whether it was there before.
    result: Result<Option<(PathBuf, bool)>, String>,
    entries: Result<Vec<Entry>, String>,
}

/// A name being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Renaming {
    /// Of which model.
    pub path: PathBuf,
    /// The text so far.
    pub text: String,
    /// Whether the text field should take the focus.
    pub wants_focus: bool,
}

/// Where a model is to be written: being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveForm {
    /// The path.
    pub path: PathForm,
    /// What.
    pub from: SaveFrom,
}

/// The models.
#[derive(Default)]
pub struct State {
    /// The one that enlarges the picture.
    pub own: ModelSlot,
    /// The live network that stands in for a larger one until that is done.
    pub quick: ModelSlot,
    /// The one to compare it with.
    pub other: ModelSlot,
    /// The one that was in use before the weights of a training were tried.
    pub before: Option<ModelSlot>,
    /// The list, once it has been read.
    pub entries: Option<Vec<Entry>>,
    /// The name being typed.
    pub renaming: Option<Renaming>,
    /// Where a model is to be written, where that must be typed.
    pub form: Option<SaveForm>,
    /// Whether the model in use changes with the picture.
    follows: bool,
    /// The network that suits the picture.
    suited: Option<Suited>,
    /// Where models are kept, if there is a place for them.
    library: Option<Library>,
    waiting: VecDeque<Task>,
    job: Option<OneShot<TaskReport>>,
}

impl State {
    /// No model is loaded yet.
    pub fn new(library: Option<Library>) -> Self {
        Self { library, ..Self::default() }
    }

    /// Where models are kept, if there is a place for them.
    pub fn library(&self) -> Option<&Library> {
        self.library.as_ref()
    }

    /// The place of the model that has the last word.
    pub fn last_word(&self, refine: Refine) -> &ModelSlot {
        let is_live = |slot: &ModelSlot| slot.model().is_some_and(|model| model.is_live());
        let is_quick = refine == Refine::Off && !is_live(&self.own) && is_live(&self.quick);
        if is_quick { &self.quick } else { &self.own }
    }

    /// Whether something is being done with the list.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// The files of the models that are at hand.
    pub fn paths_in_use(&self) -> Vec<PathBuf> {
        let slots = [Some(&self.own), Some(&self.other), self.before.as_ref()];
        slots.into_iter().flatten().filter_map(|slot| slot.path().map(Path::to_owned)).collect()
    }
}

/// Whether the settings say to start with a model; they name it by its file's name alone, and none is the built-in one.
fn is_default(path: Option<&Path>, settings: &Settings) -> bool {
    let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy());
    settings.model.as_deref() == name.as_deref()
}

/// Does a task and reads the list again. Not on the window's thread.
fn work(library: &Library, task: Task) -> TaskReport {
    let result = match &task {
        Task::List => Ok(None),
        Task::Import(file) => library.import(file).map(|imported| Some((imported.path, imported.was_there))),
        Task::Rename(path, name) => library.rename(path, name).map(|path| Some((path, false))),
        Task::Delete(path) => library.delete(path).map(|()| None),
        Task::SaveCopy { from, to, overwrite } => {
            library::save_copy(from.as_deref(), to, *overwrite).map(|()| Some((to.clone(), false)))
        }
    };
    let entries = library.list().map_err(|error| error.to_string());
    TaskReport { task, result: result.map_err(|error| error.to_string()), entries }
}

/// The system's bin.
///
/// # Errors
/// Why a file cannot be moved there.
pub fn to_bin(path: &Path) -> Result<(), String> {
    trash::delete(path).map_err(|error| error.to_string())
}

/// Where models and trainings are kept: a folder of our own among the system's for data.
pub fn default_folder() -> Option<PathBuf> {
    own_folder("XDG_DATA_HOME", ".local/share")
}
