//! Carrying out what the person asks of models.

use super::{Command, NO_FOLDER, Renaming, SaveForm, SaveFrom, State, Task, TaskReport, is_default, work};
use crate::app::env::{Env, Event, Panel};
use crate::app::files::uri::path_from_text;
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::kit::text::or_ending;
use crate::app::kit::widgets::PathForm;
use crate::app::ports::DialogPurpose;
use crate::app::settings::{self, Refine};
use crate::library::BUILTIN;
use std::path::{Path, PathBuf};

impl State {
    /// Does one thing.
    pub fn apply(&mut self, command: Command, settings: &mut settings::State, env: &mut Env<'_>) {
        match command {
            Command::Toggle => self.toggle_models(env),
            Command::Close => env.close(Panel::Models),
            Command::BrowseImport => env.announce(Event::DialogWanted(DialogPurpose::Import)),
            Command::Import(path) => self.import_model(path, settings, env),
            Command::Use(path) => self.use_model(path, settings, env),
            Command::UseSuited => self.follow(settings, env),
            Command::Compare(path) => self.load_other(path, settings, env),
            Command::SetDefault(path) => set_default_model(path.as_deref(), settings),
            Command::StartRename(path) => self.start_rename(path),
            Command::EditName(text) => self.edit_name(text),
            Command::NameFocused => self.name_focused(),
            Command::Rename => self.rename_model(env),
            Command::CancelRename => self.renaming = None,
            Command::Delete(path) => self.add_task(Task::Delete(path), env),
            Command::SaveCopy(path) => self.ask_where_to_save(SaveFrom::Entry(path), None, env),
            Command::EditPath(text) => self.edit_path(text),
            Command::PathFocused => self.path_focused(),
            Command::CloseSave => env.close(Panel::SaveModel),
            Command::BrowseSave => self.browse_save(env),
            Command::Save => self.save_typed(env),
        }
    }

    /// Takes in what the threads have sent.
    pub fn drain(&mut self, settings: &mut settings::State, env: &mut Env<'_>) {
        self.drain_models(settings, env);
        self.drain_warnings(env);
        self.drain_list(settings, env);
    }

    fn toggle_models(&mut self, env: &mut Env<'_>) {
        self.renaming = None;
        if env.toggle(Panel::Models) {
            self.list_models(env);
        }
    }

    /// Reads the list, if nothing else is being done: every other task reads it too.
    pub fn list_models(&mut self, env: &mut Env<'_>) {
        if self.library.is_some() {
            self.add_task(Task::List, env);
        }
    }

    /// Reads the list if that was not done yet.
    pub fn list_models_once(&mut self, env: &mut Env<'_>) {
        if self.entries.is_none() && !self.is_busy() {
            self.list_models(env);
        }
    }

    fn add_task(&mut self, task: Task, env: &mut Env<'_>) {
        self.waiting.push_back(task);
        self.start_task(env);
    }

    fn start_task(&mut self, env: &mut Env<'_>) {
        if self.is_busy() {
            return;
        }
        let Some(library) = self.library.clone() else {
            self.waiting.clear();
            return env.fail(NO_FOLDER);
        };
        let Some(task) = self.waiting.pop_front() else { return };
        match OneShot::start("models", env.ctx, move || work(&library, task)) {
            Ok(job) => self.job = Some(job),
            Err(error) => env.fail(format!("cannot look at the models: {error}")),
        }
    }

    /// Imports a file; without a list it is compared with where it lies.
    fn import_model(&mut self, path: PathBuf, settings: &settings::State, env: &mut Env<'_>) {
        if self.library.is_some() {
            self.add_task(Task::Import(path), env);
        } else {
            self.load_other(Some(path), settings, env);
        }
    }

    fn use_model(&mut self, path: Option<PathBuf>, settings: &mut settings::State, env: &mut Env<'_>) {
        // Chosen on purpose: it has the last word, and there is nothing to go back from.
        settings.choose(|choices| choices.refine = Refine::WhenIdle);
        (self.before, self.follows) = (None, false);
        self.load_own(path, settings, env);
    }

    fn start_rename(&mut self, path: PathBuf) {
        let text = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.renaming = Some(Renaming { path, text, wants_focus: true });
    }

    fn edit_name(&mut self, text: String) {
        if let Some(renaming) = &mut self.renaming {
            renaming.text = text;
        }
    }

    fn name_focused(&mut self) {
        if let Some(renaming) = &mut self.renaming {
            renaming.wants_focus = false;
        }
    }

    fn rename_model(&mut self, env: &mut Env<'_>) {
        if let Some(Renaming { path, text, .. }) = self.renaming.take() {
            self.add_task(Task::Rename(path, text), env);
        }
    }

    /// Asks where to write a model.
    pub fn ask_where_to_save(&mut self, from: SaveFrom, name: Option<String>, env: &mut Env<'_>) {
        let own = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.or_else(|| match &from {
            SaveFrom::Entry(path) => path.as_ref().and_then(own),
            SaveFrom::Training => None,
        });
        let proposal = PathBuf::from(format!("{}.safetensors", name.as_deref().unwrap_or(BUILTIN)));
        env.announce(Event::DialogWanted(DialogPurpose::SaveModel { proposal, from }));
    }

    /// Takes over where the system's dialog says to write to; it has asked already whether a file may be replaced.
    pub fn save_model_to(&mut self, from: SaveFrom, path: &Path, env: &mut Env<'_>) {
        let to = with_ending(path);
        let overwrite = to == path;
        self.save_model(from, to, overwrite, env);
    }

    fn save_model(&mut self, from: SaveFrom, to: PathBuf, overwrite: bool, env: &mut Env<'_>) {
        match from {
            SaveFrom::Training => env.announce(Event::TrainedWeightsWanted { path: to, overwrite }),
            SaveFrom::Entry(from) => self.add_task(Task::SaveCopy { from, to, overwrite }, env),
        }
    }

    /// Has the path typed where there is no dialog; `note` says so.
    pub fn type_where_to_save(&mut self, proposal: &Path, from: SaveFrom, note: &'static str, env: &mut Env<'_>) {
        let path = PathForm { path: proposal.to_string_lossy().into_owned(), note: Some(note), wants_focus: true };
        self.form = Some(SaveForm { path, from });
        *env.panel = Panel::SaveModel;
    }

    fn edit_path(&mut self, text: String) {
        if let Some(form) = &mut self.form {
            form.path.path = text;
        }
    }

    fn path_focused(&mut self) {
        if let Some(form) = &mut self.form {
            form.path.wants_focus = false;
        }
    }

    fn browse_save(&mut self, env: &mut Env<'_>) {
        if let Some(form) = self.form.take() {
            env.close(Panel::SaveModel);
            let (from, proposal) = (form.from, PathBuf::from(form.path.path));
            env.announce(Event::DialogWanted(DialogPurpose::SaveModel { proposal, from }));
        }
    }

    fn save_typed(&mut self, env: &mut Env<'_>) {
        let Some(path) = self.form.as_ref().and_then(|form| path_from_text(&form.path.path)) else { return };
        let Some(form) = self.form.take() else { return };
        env.close(Panel::SaveModel);
        self.save_model(form.from, with_ending(&path), false, env);
    }

    /// Takes in what the thread behind the list has sent.
    fn drain_list(&mut self, settings: &mut settings::State, env: &mut Env<'_>) {
        let Some(job) = &self.job else { return };
        match job.poll() {
            OneShotStatus::Pending => return,
            OneShotStatus::Lost => env.fail("looking at the models failed unexpectedly"),
            OneShotStatus::Done(TaskReport { task, result, entries }) => {
                match entries {
                    Ok(entries) => self.entries = Some(entries),
                    Err(reason) => env.fail(reason),
                }
                match result {
                    Ok(found) => self.tell_task(task, found, settings, env),
                    Err(reason) => env.fail(reason),
                }
            }
        }
        self.job = None;
        self.start_task(env);
    }

    fn tell_task(
        &mut self,
        task: Task,
        found: Option<(PathBuf, bool)>,
        settings: &mut settings::State,
        env: &mut Env<'_>,
    ) {
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = match (task, found) {
            (Task::Import(_), Some((path, was_there))) => {
                let name = stem(&path);
                self.load_other(Some(path), settings, env);
                if was_there { format!("{name} is in the list already.") } else { format!("Imported: {name}") }
            }
            (Task::Rename(old, _), Some((new, _))) => {
                self.follow_rename(old, new, settings, env);
                return;
            }
            (Task::Delete(path), _) => {
                if is_default(Some(&path), &settings.choices) {
                    set_default_model(None, settings);
                }
                format!("{} is in the system's bin.", stem(&path))
            }
            (Task::SaveCopy { .. }, Some((path, _))) => format!("Written: {}", path.display()),
            _ => return,
        };
        env.tell(text);
    }

    /// Whatever names a model by its file goes on doing so.
    fn follow_rename(&mut self, old: PathBuf, new: PathBuf, settings: &mut settings::State, env: &mut Env<'_>) {
        if is_default(Some(&old), &settings.choices) {
            set_default_model(Some(&new), settings);
        }
        for slot in [Some(&mut self.own), Some(&mut self.other), self.before.as_mut()].into_iter().flatten() {
            slot.follow_rename(&old, &new);
        }
        env.announce(Event::ModelRenamed { old, new });
    }
}

/// What the settings name a model by: its file's name alone.
fn set_default_model(path: Option<&Path>, settings: &mut settings::State) {
    let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    settings.choose(|choices| choices.model = name);
}

/// A name without an ending means safetensors.
fn with_ending(path: &Path) -> PathBuf {
    or_ending(path, "safetensors")
}
