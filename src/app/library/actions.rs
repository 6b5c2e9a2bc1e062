//! Carrying out what the person asks of models.

use super::{Answer, ModelCommand, Renaming, SaveForm, SaveFrom, Task, work};
use crate::app::App;
use crate::app::files::uri::path_from_text;
use crate::app::logic::NO_DIALOG;
use crate::app::one_shot::{OneShot, Outcome};
use crate::app::services::Ask;
use crate::app::state::{Panel, PathForm};
use crate::library::BUILTIN;
use std::path::{Path, PathBuf};

impl App {
    /// Does what concerns models.
    pub fn apply_models(&mut self, command: ModelCommand) {
        match command {
            ModelCommand::Toggle => self.toggle_models(),
            ModelCommand::BrowseImport => self.browse(Ask::Import),
            ModelCommand::Import(path) => self.import_model(path),
            ModelCommand::Use(path) => self.use_model(path),
            ModelCommand::Compare(path) => self.load_other(path),
            ModelCommand::SetDefault(path) => self.set_default_model(path.as_deref()),
            ModelCommand::StartRename(path) => self.start_rename(path),
            ModelCommand::EditName(text) => self.edit_name(text),
            ModelCommand::NameFocused => self.name_focused(),
            ModelCommand::Rename => self.rename_model(),
            ModelCommand::CancelRename => self.state.models.renaming = None,
            ModelCommand::Delete(path) => self.add_task(Task::Delete(path)),
            ModelCommand::SaveCopy(path) => self.ask_where_to_save(SaveFrom::Entry(path), None),
            ModelCommand::BrowseSave => self.browse_save(),
            ModelCommand::Save => self.save_typed(),
        }
    }

    fn toggle_models(&mut self) {
        self.state.models.renaming = None;
        if self.state.panel == Panel::Models {
            self.state.panel = Panel::Closed;
        } else {
            self.state.panel = Panel::Models;
            self.list_models();
        }
    }

    /// Reads the list, if nothing else is being done: every other task reads it too.
    pub(in crate::app) fn list_models(&mut self) {
        if self.services.home.is_some() {
            self.add_task(Task::List);
        }
    }

    /// Reads the list if that was not done yet.
    pub(in crate::app) fn list_models_once(&mut self) {
        if self.state.models.entries.is_none() && !self.state.models.is_busy() {
            self.list_models();
        }
    }

    fn add_task(&mut self, task: Task) {
        self.state.models.waiting.push_back(task);
        self.start_task();
    }

    fn start_task(&mut self) {
        if self.state.models.is_busy() {
            return;
        }
        let Some(home) = self.services.home.clone() else {
            self.state.models.waiting.clear();
            return self.fail("There is no folder to keep models in: the system names none for your data.".into());
        };
        let Some(task) = self.state.models.waiting.pop_front() else { return };
        match OneShot::start("models", &self.ctx, move || work(&home.library, task)) {
            Ok(job) => self.state.models.job = Some(job),
            Err(error) => self.fail(format!("cannot look at the models: {error}")),
        }
    }

    /// Imports a file; without a list it is compared with where it lies.
    fn import_model(&mut self, path: PathBuf) {
        if self.services.home.is_some() {
            self.add_task(Task::Import(path));
        } else {
            self.load_other(Some(path));
        }
    }

    fn use_model(&mut self, path: Option<PathBuf>) {
        // Chosen on purpose: there is nothing to go back from.
        self.state.training.before = None;
        self.load_own(path);
    }

    /// What the settings name a model by: its file's name alone.
    fn set_default_model(&mut self, path: Option<&Path>) {
        let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        self.state.settings.model = name;
        self.keep_settings();
    }

    fn is_default(&self, path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy());
        self.state.settings.model.is_some() && self.state.settings.model.as_deref() == name.as_deref()
    }

    fn start_rename(&mut self, path: PathBuf) {
        let text = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.state.models.renaming = Some(Renaming { path, text, wants_focus: true });
    }

    fn edit_name(&mut self, text: String) {
        if let Some(renaming) = &mut self.state.models.renaming {
            renaming.text = text;
        }
    }

    fn name_focused(&mut self) {
        if let Some(renaming) = &mut self.state.models.renaming {
            renaming.wants_focus = false;
        }
    }

    fn rename_model(&mut self) {
        if let Some(Renaming { path, text, .. }) = self.state.models.renaming.take() {
            self.add_task(Task::Rename(path, text));
        }
    }

    /// Asks where to write a model.
    pub(in crate::app) fn ask_where_to_save(&mut self, from: SaveFrom, name: Option<String>) {
        let own = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.or_else(|| match &from {
            SaveFrom::Entry(path) => path.as_ref().and_then(own),
            SaveFrom::Training => None,
        });
        let proposal = PathBuf::from(format!("{}.safetensors", name.as_deref().unwrap_or(BUILTIN)));
        self.browse(Ask::SaveModel { proposal, from });
    }

    /// Takes over where the system's dialog says to write to; it has asked already whether a file may be replaced.
    pub(in crate::app) fn save_model_to(&mut self, from: SaveFrom, path: &Path) {
        let to = with_ending(path);
        let overwrite = to == path;
        self.save_model(from, to, overwrite);
    }

    fn save_model(&mut self, from: SaveFrom, to: PathBuf, overwrite: bool) {
        match from {
            SaveFrom::Training => self.save_running(to, overwrite),
            SaveFrom::Entry(from) => self.add_task(Task::SaveCopy { from, to, overwrite }),
        }
    }

    /// Has the path typed where there is no dialog.
    pub(in crate::app) fn type_where_to_save(&mut self, proposal: &Path, from: SaveFrom) {
        let note = Some(NO_DIALOG);
        let path = PathForm { path: proposal.to_string_lossy().into_owned(), note, wants_focus: true };
        self.state.panel = Panel::SaveModel(SaveForm { path, from });
    }

    fn browse_save(&mut self) {
        if let Panel::SaveModel(form) = &self.state.panel {
            let (from, proposal) = (form.from.clone(), PathBuf::from(&form.path.path));
            self.state.panel = Panel::Closed;
            self.browse(Ask::SaveModel { proposal, from });
        }
    }

    fn save_typed(&mut self) {
        let Panel::SaveModel(form) = &self.state.panel else { return };
        let Some(path) = path_from_text(&form.path.path) else { return };
        let from = form.from.clone();
        self.state.panel = Panel::Closed;
        self.save_model(from, with_ending(&path), false);
    }

    /// Takes in what the thread behind models has sent.
    pub(in crate::app) fn drain_model_list(&mut self) {
        let Some(job) = &self.state.models.job else { return };
        match job.poll() {
            Outcome::Pending => return,
            Outcome::Lost => self.fail("looking at the models failed unexpectedly".into()),
            Outcome::Done(Answer { task, result, entries }) => {
                match entries {
                    Ok(entries) => self.state.models.entries = Some(entries),
                    Err(reason) => self.fail(reason),
                }
                match result {
                    Ok(found) => self.tell_task(task, found),
                    Err(reason) => self.fail(reason),
                }
            }
        }
        self.state.models.job = None;
        self.start_task();
    }

    fn tell_task(&mut self, task: Task, found: Option<(PathBuf, bool)>) {
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = match (task, found) {
            (Task::Import(_), Some((path, was_there))) => {
                let name = stem(&path);
                self.load_other(Some(path));
                if was_there { format!("{name} is in the list already.") } else { format!("Imported: {name}") }
            }
            (Task::Rename(old, _), Some((new, _))) => {
                self.follow_rename(&old, &new);
                return;
            }
            (Task::Delete(path), _) => {
                if self.is_default(&path) {
                    self.set_default_model(None);
                }
                format!("{} is in the system's bin.", stem(&path))
            }
            (Task::SaveCopy { .. }, Some((path, _))) => format!("Written: {}", path.display()),
            _ => return,
        };
        self.state.toasts.tell(text, self.state.now_secs);
    }

    /// Whatever names a model by its file goes on doing so.
    fn follow_rename(&mut self, old: &Path, new: &Path) {
        if self.is_default(old) {
            self.set_default_model(Some(new));
        }
        let training = &mut self.state.training;
        let before = training.before.as_mut();
        for slot in [Some(&mut self.state.model), Some(&mut self.state.other_model), before].into_iter().flatten() {
            slot.follow_rename(old, new);
        }
        let kept = training.news.end.as_mut().and_then(|end| end.kept.as_mut());
        for path in [kept, training.choice.start.as_mut()].into_iter().flatten() {
            if path == old {
                new.clone_into(path);
            }
        }
    }
}

/// A name without an ending means safetensors.
fn with_ending(path: &Path) -> PathBuf {
    if path.extension().is_some() { path.to_owned() } else { path.with_extension("safetensors") }
}
