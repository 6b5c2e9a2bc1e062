//! The list of models in the window: what it shows, and the work that it has others do.

mod actions;

use super::folders::own_folder;
use super::one_shot::OneShot;
use super::state::PathForm;
use crate::library::{self, Entry, Library};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// What the person asks of models. Carried out by `App::apply_models`. A model is its file; none is the built-in one.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelCommand {
    /// Show or hide the list.
    Toggle,
    /// Ask for a file to import with the system's file dialog.
    BrowseImport,
    /// Import a file, and compare with it.
    Import(PathBuf),
    /// Show pictures with a model.
    Use(Option<PathBuf>),
    /// Compare with a model.
    Compare(Option<PathBuf>),
    /// Start with a model from now on.
    SetDefault(Option<PathBuf>),
    /// Type another name for a model.
    StartRename(PathBuf),
    /// The name was edited.
    EditName(String),
    /// The name's text field has received the focus.
    NameFocused,
    /// Give the model the typed name.
    Rename,
    /// Leave the name as it is.
    CancelRename,
    /// Move a model to the system's bin.
    Delete(PathBuf),
    /// Ask where to write a copy of a model.
    SaveCopy(Option<PathBuf>),
    /// Ask again with the system's file dialog.
    BrowseSave,
    /// Write to the path that was typed.
    Save,
}

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
pub struct Answer {
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

/// What is to be written where the person says.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveFrom {
    /// The weights of the training that runs.
    Training,
    /// A model of the list.
    Entry(Option<PathBuf>),
}

/// Where a model is to be written: being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveForm {
    /// The path.
    pub path: PathForm,
    /// What.
    pub from: SaveFrom,
}

/// Everything about the list.
#[derive(Default)]
pub struct Models {
    /// The models, once they have been read.
    pub entries: Option<Vec<Entry>>,
    /// The name being typed.
    pub renaming: Option<Renaming>,
    waiting: VecDeque<Task>,
    job: Option<OneShot<Answer>>,
}

impl Models {
    /// Whether something is being done.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }
}

/// Does a task and reads the list again. Not on the window's thread.
fn work(library: &Library, task: Task) -> Answer {
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
    Answer { task, result: result.map_err(|error| error.to_string()), entries }
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
