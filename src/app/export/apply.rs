//! Exports: the panel, the queue, and what follows.

use super::choice::{ExportChoice, ExportPart};
use super::copying;
use super::draft::{draft, proposed_path, with_ending};
use super::folder::{RunningFolder, folder_draft, proposed_names};
use super::running::RunningExport;
use super::{Below, Command, ExportForm, State};
use crate::app::env::{Env, Event, Panel};
use crate::app::files::uri::path_from_text;
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::kit::text::size_text;
use crate::app::kit::widgets::PathForm;
use crate::app::ports::{DialogPurpose, Outside};
use crate::app::view::scene::Scene;
use crate::app::view::{self, Tool};
use crate::error::{Error, Result};
use crate::export::ExportReport;
use crate::export::batch::{Counts, FolderReport};
use crate::geometry::Region;
use egui::ViewportCommand;
use std::path::{Path, PathBuf};

impl State {
    /// Does one thing.
    pub fn apply(&mut self, command: Command, below: Below<'_>, env: &mut Env<'_>) {
        match command {
            Command::Show => self.show_panel(below.view, env),
            Command::Close => env.close(Panel::Export),
            Command::Change(choice) => self.change_export(choice, below.view, env),
            Command::EditPath(text) => self.edit_path(text, env),
            Command::PathFocused => self.form.path.wants_focus = false,
            Command::SetOverwrite(overwrite) => self.set_overwrite(overwrite),
            Command::Browse => self.browse_export(env),
            Command::StartSelecting => below.view.tool = Tool::Select,
            Command::Start => self.start_export(below.scene(env), env),
            Command::CopyAsCommand => self.copy_as_command(below.scene(env), env),
            Command::Cancel => self.cancel_export(),
            Command::CancelFolder => self.folder.iter_mut().for_each(|folder| folder.work.stop()),
            Command::Withdraw(index) => drop(self.waiting.remove(index)),
            Command::Open(path) => self.show_outside(Outside::File(path), env),
            Command::ShowFolder(path) => self.show_outside(Outside::Folder(path), env),
            Command::Forget(path) => self.finished.retain(|kept| *kept != path),
            Command::CopyView => {
                if let Some(copying) = copying::start(below.scene(env), env) {
                    self.copying = Some(copying);
                }
            }
        }
    }

    /// Takes in what the threads have sent.
    pub fn drain(&mut self, env: &mut Env<'_>) {
        if self.copying.as_ref().is_some_and(|copying| copying::take(copying, env)) {
            self.copying = None;
        }
        self.drain_exports(env);
        self.drain_folder(env);
    }

    /// A selection is being drawn: it is for an export.
    pub fn begin_selection(&mut self, view: &view::State, env: &mut Env<'_>) {
        if *env.panel != Panel::Export {
            self.show_panel(view, env);
        }
    }

    /// Takes over what is selected.
    pub fn select(&mut self, selection: Option<Region>, env: &Env<'_>) {
        if *env.panel == Panel::Export {
            self.form.choice = ExportChoice { part: ExportPart::Selection, selection, ..self.form.choice.clone() };
        }
    }

    fn show_panel(&mut self, view: &view::State, env: &mut Env<'_>) {
        let Some(shown) = &view.shown else {
            return env.tell("There is nothing to export yet; open a picture first.");
        };
        let path = proposed_path(&shown.picture, shown.motion.goal().zoom);
        // Whoever is drawing a selection has no hand free to type.
        let wants_focus = view.selecting.is_none();
        let path = PathForm { path: path.to_string_lossy().into_owned(), note: None, wants_focus };
        self.form = ExportForm { path, exists: None, overwrite: false, choice: self.choice.clone() };
        *env.panel = Panel::Export;
        self.look_up_output(env);
    }

    /// Takes over the text of the path that is being typed.
    fn edit_path(&mut self, text: String, env: &Env<'_>) {
        self.form.path.path = text;
        (self.form.overwrite, self.form.path.note) = (false, None);
        self.look_up_output(env);
    }

    /// Asks, on a thread, whether the file to write exists, or the one of the map beside it.
    fn look_up_output(&mut self, env: &Env<'_>) {
        self.form.exists = None;
        if self.form.is_folder() {
            return self.lookup.forget();
        }
        let Some(output) = path_from_text(&self.form.path.path).map(|path| with_ending(&path)) else {
            return self.lookup.forget();
        };
        let map = self.form.map(&output).map(|map| map.path);
        self.lookup.ask(env.ctx, [output].into_iter().chain(map).collect());
    }

    /// Takes over a choice from the system's dialog, which has asked already whether an existing file may go.
    pub fn take_path(&mut self, path: &Path, env: &Env<'_>) {
        if *env.panel == Panel::Export {
            let whole = with_ending(path);
            self.edit_path(whole.to_string_lossy().into_owned(), env);
            self.set_overwrite(whole == path);
        }
    }

    /// Whether an existing file may be replaced.
    fn set_overwrite(&mut self, overwrite: bool) {
        self.form.overwrite = overwrite;
        self.form.path.note = None;
    }

    fn browse_export(&self, env: &mut Env<'_>) {
        let proposal = PathBuf::from(&self.form.path.path);
        env.announce(Event::DialogWanted(DialogPurpose::Save(proposal)));
    }

    fn change_export(&mut self, choice: ExportChoice, view: &view::State, env: &Env<'_>) {
        self.choice = ExportChoice { selection: None, part: ExportPart::View, ..choice.clone() };
        let was_folder = self.form.is_folder();
        let has_another_file = self.form.choice.map.is_some() != choice.map.is_some();
        self.form.choice = choice;
        if has_another_file {
            self.form.overwrite = false;
            self.look_up_output(env);
        }
        if self.form.is_folder() == was_folder {
            return;
        }
        // The names of many files are not the name of one.
        let ending = self.form.path.path.clone();
        let of_one = view.shown.as_ref().map(|shown| proposed_path(&shown.picture, shown.motion.goal().zoom));
        let text = match of_one {
            Some(path) if was_folder => path.to_string_lossy().into_owned(),
            _ => proposed_names(&ending),
        };
        self.edit_path(text, env);
    }

    fn start_export(&mut self, scene: Scene<'_>, env: &mut Env<'_>) {
        if *env.panel != Panel::Export {
            return;
        }
        if self.form.is_folder() {
            return self.start_folder(scene, env);
        }
        let form = &mut self.form;
        if form.exists == Some(true) && !form.overwrite {
            (form.path.note, form.path.wants_focus) = (Some(EXISTS), true);
            return;
        }
        match draft(form, scene) {
            Ok((job, _)) => self.waiting.push_back(job),
            Err(reason) => return env.fail(reason),
        }
        env.close(Panel::Export);
        self.start_waiting(env);
    }

    fn start_folder(&mut self, scene: Scene<'_>, env: &mut Env<'_>) {
        if self.folder.is_some() {
            return env.fail("A folder is being exported already; wait until it is done, or stop it.");
        }
        let job = match folder_draft(&self.form, scene) {
            Ok(job) => job,
            Err(reason) => return env.fail(reason),
        };
        match RunningFolder::start(env.ctx, env.ports.export_folder.clone(), job) {
            Ok(running) => self.folder = Some(running),
            Err(error) => return env.fail(format!("cannot start the export: {error}")),
        }
        env.close(Panel::Export);
    }

    fn drain_folder(&mut self, env: &mut Env<'_>) {
        let Some(ended) = self.folder.as_mut().and_then(|folder| folder.work.poll()) else { return };
        let Some(running) = self.folder.take() else { return };
        let result = ended.unwrap_or_else(|| Err(Error::export(&running.folder, "the export ended unexpectedly")));
        let name = running.folder.display();
        match result {
            Err(Error::Cancelled) => env.tell("Export stopped; nothing was written."),
            Err(error) => {
                self.stay_open(env);
                env.fail(error);
            }
            Ok(FolderReport { counts: Counts { written, done, failed, left }, failure }) => {
                let stopped = if left > 0 { format!("; stopped, {left} left") } else { String::new() };
                let all = format!("{name}: {written} written, {done} there already, {failed} failed{stopped}");
                match failure {
                    Some(reason) => {
                        self.stay_open(env);
                        env.fail(format!("{all}. The first that failed: {reason}"));
                    }
                    None => env.tell(all),
                }
            }
        }
        drop(running);
        self.close_when_done(env);
    }

    /// Closes the window if that was wanted and nothing runs any more.
    fn close_when_done(&self, env: &Env<'_>) {
        if self.running.is_none() && self.folder.is_none() && self.closes_when_done {
            env.ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// Starts the next export if none is running.
    fn start_waiting(&mut self, env: &mut Env<'_>) {
        if self.running.is_some() {
            return;
        }
        let Some(job) = self.waiting.pop_front() else { return };
        match RunningExport::start(env.ctx, env.ports.export.clone(), job, env.now_secs) {
            Ok(export) => self.running = Some(export),
            Err(error) => {
                self.stay_open(env);
                env.fail(format!("cannot start the export: {error}"));
            }
        }
    }

    /// Takes back that the window closes once all is done: nobody would see what has gone wrong.
    fn stay_open(&mut self, env: &mut Env<'_>) {
        if std::mem::take(&mut self.closes_when_done) {
            env.announce(Event::ClosingCalledOff);
        }
    }

    fn cancel_export(&mut self) {
        if let Some(export) = &mut self.running {
            export.work.stop();
        }
    }

    /// Gives all exports up, so that the window can close.
    pub fn cancel_all(&mut self) {
        self.waiting.clear();
        self.may_close = true;
        self.folder.iter_mut().for_each(|folder| folder.work.stop());
        self.cancel_export();
    }

    fn copy_as_command(&self, scene: Scene<'_>, env: &mut Env<'_>) {
        if *env.panel != Panel::Export || self.form.is_folder() {
            return;
        }
        let line = draft(&self.form, scene).map(|(_, line)| line);
        match line.map(|line| (line.input.as_os_str().is_empty(), line.text())) {
            Ok((false, Some(text))) => {
                env.ctx.copy_text(text);
                env.tell("The command line is on the clipboard.");
            }
            Ok((true, _)) => env.fail("This picture is not from a file, so no command line can name it."),
            Ok((_, None)) => env.fail("A file name is not Unicode, so no command line can name it."),
            Err(reason) => env.fail(reason),
        }
    }

    fn show_outside(&mut self, what: Outside, env: &Env<'_>) {
        let show = env.ports.show_outside.clone();
        self.outside = OneShot::start("show outside", env.ctx, move || show(&what)).ok();
    }

    fn drain_exports(&mut self, env: &mut Env<'_>) {
        self.drain_export(env);
        if let Some(exists) = self.lookup.poll(env.ctx) {
            self.form.exists = Some(exists);
        }
        if let Some(OneShotStatus::Done(outcome)) = self.outside.as_ref().map(OneShot::poll) {
            self.outside = None;
            if let Err(reason) = outcome {
                env.fail(reason);
            }
        }
    }

    fn drain_export(&mut self, env: &mut Env<'_>) {
        let Some(ended) = self.running.as_mut().and_then(|export| export.work.poll()) else { return };
        let Some(export) = self.running.take() else { return };
        let broken = || Err(Error::export(&export.output, "the export ended unexpectedly"));
        let result = ended.unwrap_or_else(broken);
        if let Ok(report) = &result {
            self.finish(export.output.clone());
            // What a map takes says little about what a picture does.
            if !export.has_map {
                let megapixels = export.work.progress.total as f64 / 1e6;
                let rate = &mut self.rates[usize::from(export.is_neural)];
                *rate = Some(megapixels / report.elapsed_secs.max(1e-3));
            }
        }
        if matches!(&result, Err(error) if !matches!(error, Error::Cancelled)) {
            self.stay_open(env);
        }
        tell_export(&export, result, env);
        drop(export);
        self.start_waiting(env);
        self.close_when_done(env);
    }
}

fn tell_export(export: &RunningExport, result: Result<ExportReport>, env: &mut Env<'_>) {
    let beside = if export.has_map { ", and its invention map" } else { "" };
    match result {
        Ok(report) => {
            env.tell(format!("Written: {} ({}){beside}", export.output.display(), size_text(report.bytes)));
        }
        Err(Error::Cancelled) => env.tell("Export stopped; nothing was written."),
        Err(error) => env.fail(error),
    }
}

const EXISTS: &str = "This file exists already. Type another name, or tick “Replace the existing file”.";
