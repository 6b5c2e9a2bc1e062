//! The models that a person keeps: those in the program, and a folder of weights files with a card each.
//!
//! ```text
//! trained weights ─┐                    ┌─ list: entries with their cards, damaged ones with the reason
//! .pth, .safetensors ─import──▶ folder ─┼─ rename
//!                                       └─ delete ──▶ the system's bin
//! ```
//!
//! Everything that comes in is read whole and checked first, and is written as our own safetensors. Nothing here is
//! for the window's thread: all of it touches the disk.

mod card;
mod name;

#[cfg(test)]
pub(crate) use card::tests as card_tests;
pub use card::{Card, Origin, TrainingSummary};

use crate::error::{Error, Result};
use crate::key::ModelId;
use crate::weights::{Builtin, ModelConfig, Weights};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the reference in the program is called.
pub const BUILTIN: &str = "built-in";

/// Endings of the files that are looked at.
const ENDINGS: [&str; 3] = ["safetensors", "pth", "pt"];

/// Moves a file to the system's bin, or says why not.
pub type BinFn = dyn Fn(&Path) -> Result<(), String> + Send + Sync;

/// A folder of models.
#[derive(Clone)]
pub struct Library {
    folder: PathBuf,
    bin: Arc<BinFn>,
}

/// One model of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its file, or the address of a model that is part of the program; none for the reference among those.
    pub path: Option<PathBuf>,
    /// Its name: that of its file, without the ending.
    pub name: String,
    /// Size of its file in bytes.
    pub bytes: u64,
    /// What is known about it, or why it cannot be used.
    pub facts: Result<Facts, String>,
}

/// What is known about a model that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Name of its configuration and weights.
    pub id: ModelId,
    /// The shape of the network.
    pub config: ModelConfig,
    /// Its numbers.
    pub parameters: usize,
    /// Its card.
    pub card: Card,
}

/// What became of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The model's file in the folder.
    pub path: PathBuf,
    /// Whether the same weights were there before; then nothing was written.
    pub was_there: bool,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Entry {
    /// A model that is part of the program.
    pub fn builtin(model: Builtin) -> Self {
        let facts = model.weights().map(|weights| Facts::of(&weights, Card::builtin(model)));
        let parameters = facts.as_ref().map_or(0, |facts| facts.parameters);
        let bytes = (parameters * size_of::<f32>()) as u64;
        let path = (model != Builtin::Liif).then(|| model.address());
        Self { path, name: model.title().into(), bytes, facts: facts.map_err(|error| error.to_string()) }
    }

    fn read(path: &Path) -> Self {
        let facts = open(Some(path)).map(|(weights, _, card)| Facts::of(&weights, card));
        Self {
            path: Some(path.to_owned()),
            name: stem(path),
            bytes: path.metadata().map_or(0, |about| about.len()),
            facts: facts.map_err(|error| reason_of(&error)),
        }
    }
}

impl Facts {
    fn of(weights: &Weights, card: Card) -> Self {
        let (config, parameters) = (weights.config().clone(), weights.parameter_count());
        Self { id: weights.id(), config, parameters, card }
    }
}

/// Opens a model (the built-in one without a path) with its name and card.
///
/// # Errors
/// [`Error::Weights`].
pub fn open(path: Option<&Path>) -> Result<(Weights, String, Card)> {
    let reference = Builtin::Liif.address();
    let path = path.unwrap_or(&reference);
    if let Some(model) = Builtin::at(path).transpose()? {
        return Ok((model.weights()?, model.title().into(), Card::builtin(model)));
    }
    let (weights, card) = Weights::open_with_card(path)?;
    let card = card.as_deref().and_then(Card::from_json);
    Ok((weights, stem(path), card.unwrap_or_else(|| Card::imported(&file_name(path)))))
}

/// Writes a copy of a model, with its card, to wherever the person wants it.
///
/// # Errors
/// [`Error::Weights`] if it is damaged, [`Error::Export`] if the copy cannot be written.
pub fn save_copy(path: Option<&Path>, target: &Path, overwrite: bool) -> Result<()> {
    let (weights, _, card) = open(path)?;
    weights.save_with_card(target, overwrite, &card.to_json())
}

impl Library {
    /// The models in `folder`, which need not exist yet. What is deleted goes through `bin`.
    pub fn new(folder: PathBuf, bin: Arc<BinFn>) -> Self {
        Self { folder, bin }
    }

    /// The file that a model of this name has, whether it exists or not.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.safetensors"))
    }

    /// A model by its name: a file of the folder, or one that is part of the program; nothing for a name that leads out of the
    /// folder.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        if Builtin::at(Path::new(name)).is_some_and(|model| model.is_ok()) {
            return Some(PathBuf::from(name));
        }
        let path = self.folder.join(name);
        (path.parent() == Some(&self.folder) && path.file_name() == Some(name.as_ref())).then_some(path)
    }

    /// All models: those that are part of the program, then the others by name. Damaged files are listed with what is wrong.
    ///
    /// # Errors
    /// [`Error::Request`] if the folder is there but cannot be read.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let mut entries: Vec<Entry> = self.files()?.iter().map(|path| Entry::read(path)).collect();
        entries.sort_by_key(|entry| (entry.name.to_lowercase(), entry.path.clone()));
        entries.splice(0..0, Builtin::ALL.map(Entry::builtin));
        Ok(entries)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                let folder = self.folder.display();
                return Err(Error::Request(format!("the folder of models, {folder}, cannot be read: {error}")));
            }
        };
        let paths = entries.flatten().map(|entry| entry.path());
        Ok(paths.filter(|path| is_model(path) && path.is_file()).collect())
    }

    /// Keeps weights under the wanted name, or that name with a number if it is taken. Returns the file.
    ///
    /// # Errors
    /// [`Error::Export`] if it cannot be written; nothing is left behind then.
    pub fn add(&self, weights: &Weights, wanted: &str, card: &Card) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.folder).map_err(|error| Error::export(&self.folder, error))?;
        let (wanted, json) = (name::fit(wanted), card.to_json());
        for n in 1..1000 {
            let path = self.path_of(&name::numbered(&wanted, n));
            if !self.is_taken(&path) {
                return weights.save_with_card(&path, false, &json).map(|()| path);
            }
        }
        Err(Error::export(&self.path_of(&wanted), "there are too many models of that name; delete some"))
    }

    /// Whether a model has that name already, in whatever case and with whatever ending.
    fn is_taken(&self, path: &Path) -> bool {
        let name = stem(path).to_lowercase();
        let is_same = |other: &PathBuf| stem(other).to_lowercase() == name;
        path.symlink_metadata().is_ok() || self.files().is_ok_and(|files| files.iter().any(is_same))
    }

    /// Reads a foreign file, checks it whole, and keeps it. The file itself stays as and where it is.
    ///
    /// # Errors
    /// [`Error::Weights`] if it is no model that can be used, [`Error::Export`] if it cannot be written.
    pub fn import(&self, file: &Path) -> Result<Imported> {
        if file.exists() && !file.is_file() {
            return Err(Error::weights(file, "it is not a file; name a .safetensors or .pth file"));
        }
        let (weights, name, card) = open(Some(file))?;
        let id = weights.id();
        let is_same = |path: &PathBuf| Weights::open(path).is_ok_and(|other| other.id() == id);
        if let Some(path) = self.files()?.into_iter().find(is_same) {
            return Ok(Imported { path, was_there: true });
        }
        Ok(Imported { path: self.add(&weights, &name, &card)?, was_there: false })
    }

    /// Gives a model another name. Returns its new file.
    ///
    /// # Errors
    /// [`Error::Request`] if the name cannot be used or is taken, or the file cannot be renamed.
    pub fn rename(&self, path: &Path, wanted: &str) -> Result<PathBuf> {
        let refuse = |reason: &str| Err(Error::Request(format!("cannot rename {}: {reason}", stem(path))));
        let wanted = match name::check(wanted) {
            Ok(wanted) => wanted,
            Err(reason) => return refuse(&reason),
        };
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let new = self.folder.join(format!("{wanted}.{ending}"));
        if !(self.holds(path) && path.is_file()) {
            return refuse("it is not in the list any more");
        }
        if stem(path).to_lowercase() != wanted.to_lowercase() && self.is_taken(&new) {
            return refuse(&format!("there is a model called {wanted} already; choose another name"));
        }
        match std::fs::rename(path, &new) {
            Ok(()) => Ok(new),
            Err(error) => refuse(&error.to_string()),
        }
    }

    /// Moves a model to the system's bin. Where there is no bin, the model stays.
    ///
    /// # Errors
    /// [`Error::Request`] if it cannot be moved.
    pub fn delete(&self, path: &Path) -> Result<()> {
        let refuse = |reason: &str| Err(Error::Request(format!("cannot delete {}: {reason}", stem(path))));
        if !(self.holds(path) && path.is_file()) {
            return refuse("it is not in the list any more");
        }
        match (self.bin)(path) {
            Ok(()) => Ok(()),
            Err(reason) => refuse(&format!("it cannot be moved to the bin ({reason}), so it stays")),
        }
    }

    /// Whether a path is that of a model of ours, which may be gone: nothing else is ever renamed or deleted.
    pub fn holds(&self, path: &Path) -> bool {
        path.parent() == Some(&self.folder) && is_model(path)
    }
}

fn is_model(path: &Path) -> bool {
    let is_hidden = file_name(path).starts_with('.');
    let has = |known: &&str| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(known));
    !is_hidden && ENDINGS.iter().any(has)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The reason alone: the entry's name stands beside it.
fn reason_of(error: &Error) -> String {
    match error {
        Error::Weights { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
