//! Exports: the panel, the queue, and what follows.

use super::App;
use super::command::Command;
use super::exporting::choice::{Choice, Part, region_between};
use super::exporting::queue::{ExportCommand, Outside};
use super::exporting::{RunningExport, proposed_path};
use super::files::uri::path_from_text;
use super::one_shot::{OneShot, Outcome};
use super::services::Ask;
use super::state::{ExportForm, Panel, PathForm, State};
use crate::decode::Sampling;
use crate::error::{Error, Result};
use crate::export::{CommandLine, Estimate, ExportJob, ExportReport, check_size, estimate};
use crate::geometry::Size;
use egui::ViewportCommand;
use std::path::{Path, PathBuf};

impl State {
    /// What an export would do, and its command line.
    ///
    /// # Errors
    /// A sentence about what is wrong with the choices.
    pub fn export_draft(&self, form: &ExportForm) -> Result<(ExportJob, CommandLine), String> {
        let nothing = || "There is nothing of the picture in the window to export.".to_owned();
        let shown = self.shown.as_ref().ok_or_else(nothing)?;
        let (view, size) = (shown.motion.goal(), shown.picture.size);
        let choice = &form.choice;
        if choice.part == Part::Selection {
            let selection = choice.selection.ok_or("Draw a selection on the picture first.")?;
            if !selection.is_inside(size) {
                return Err(SELECTION_OUTSIDE.into());
            }
        }
        let request = choice.request(&view, view.visible_output(size, self.canvas.size), size).ok_or_else(nothing)?;
        let grid = request.grid(size).map_err(|error| error.to_string())?;
        check_size(grid.size()).map_err(|error| error.to_string())?;
        let model = self.model.model().ok_or(MODEL_LOADING)?.clone();
        let subject = self.subject().ok_or_else(nothing)?;
        let recipe = subject.recipe((1.0 / grid.x.pitch).max(1.0 / grid.y.pitch));
        let output = with_ending(&path_from_text(&form.path.path).ok_or("Say where to write the file.")?);
        let line = CommandLine {
            input: shown.picture.path.clone(),
            output: output.clone(),
            request,
            recipe,
            file: choice.file_options(),
            overwrite: form.overwrite,
            model: self.model.path().map(Path::to_owned),
            precision: Some(model.precision.to_string()),
        };
        // As the view: what is seen is what is exported.
        let sampling = Sampling::default();
        let picture = shown.picture.clone();
        let job =
            ExportJob { picture, model, grid, output, overwrite: form.overwrite, recipe, sampling, file: line.file };
        Ok((job, line))
    }

    /// What an export will take, as far as that is known in this session.
    pub fn export_estimate(&self, job: &ExportJob) -> Estimate {
        let view_rate = self.rate.megapixels_per_sec().filter(|_| job.is_neural());
        estimate(job, self.exports.rates[usize::from(job.is_neural())].or(view_rate))
    }
}

impl App {
    /// Does what concerns exports.
    pub fn apply_export(&mut self, command: ExportCommand) {
        match command {
            ExportCommand::Change(choice) => self.change_export(choice),
            ExportCommand::StartSelecting => self.state.exports.is_selecting = true,
            ExportCommand::SelectFrom(at) => self.select_from(at),
            ExportCommand::SelectTo(at) => self.select_to(at),
            ExportCommand::EndSelecting => self.end_selecting(),
            ExportCommand::Withdraw(index) => drop(self.state.exports.waiting.remove(index)),
            ExportCommand::Open(path) => self.show_outside(Outside::File(path)),
            ExportCommand::ShowFolder(path) => self.show_outside(Outside::Folder(path)),
            ExportCommand::Forget(path) => self.state.exports.finished.retain(|kept| *kept != path),
            ExportCommand::FinishThenClose => self.finish_then_close(),
            ExportCommand::CancelAndClose => self.cancel_and_close(),
        }
    }

    pub(super) fn show_export(&mut self) {
        let Some(shown) = &self.state.shown else {
            return self
                .state
                .toasts
                .tell("There is nothing to export yet; open a picture first.", self.state.now_secs);
        };
        let path = proposed_path(&shown.picture, shown.motion.goal().zoom);
        // Whoever is drawing a selection has no hand free to type.
        let wants_focus = self.state.exports.selecting.is_none();
        let path = PathForm { path: path.to_string_lossy().into_owned(), note: None, wants_focus };
        let choice = self.state.exports.choice.clone();
        self.state.panel = Panel::Export(ExportForm { path, exists: None, overwrite: false, choice });
        self.look_up_output();
    }

    /// Takes over the text of the path that is being typed.
    pub(super) fn edit_path(&mut self, text: String) {
        if let Some(form) = self.state.path_form() {
            form.path = text;
        }
        if let Panel::Export(form) = &mut self.state.panel {
            (form.overwrite, form.path.note) = (false, None);
            self.look_up_output();
        }
    }

    /// Asks, on a thread, whether the file to write exists.
    fn look_up_output(&mut self) {
        let Panel::Export(form) = &mut self.state.panel else { return };
        form.exists = None;
        match path_from_text(&form.path.path) {
            Some(path) => self.state.exports.lookup.ask(&self.ctx, with_ending(&path)),
            None => self.state.exports.lookup.forget(),
        }
    }

    /// Takes over a choice from the system's dialog, which has asked already whether an existing file may go.
    pub(super) fn export_path_chosen(&mut self, path: &Path) {
        if matches!(self.state.panel, Panel::Export(_)) {
            let whole = with_ending(path);
            self.edit_path(whole.to_string_lossy().into_owned());
            self.set_overwrite(whole == path);
        }
    }

    /// Whether an existing file may be replaced.
    pub(super) fn set_overwrite(&mut self, overwrite: bool) {
        if let Panel::Export(form) = &mut self.state.panel {
            form.overwrite = overwrite;
            form.path.note = None;
        }
    }

    pub(super) fn browse_export(&mut self) {
        if let Panel::Export(form) = &self.state.panel {
            let proposal = PathBuf::from(&form.path.path);
            self.browse(Ask::Save(proposal));
        }
    }

    fn change_export(&mut self, choice: Choice) {
        self.state.exports.choice = Choice { selection: None, part: Part::View, ..choice.clone() };
        if let Panel::Export(form) = &mut self.state.panel {
            form.choice = choice;
        }
    }

    fn select_from(&mut self, at: [f64; 2]) {
        self.state.exports.selecting = self.state.view().map(|view| view.image_from_screen(at));
        if !matches!(self.state.panel, Panel::Export(_)) {
            self.show_export();
        }
        self.select_to(at);
    }

    fn select_to(&mut self, at: [f64; 2]) {
        let (Some(from), Some(view)) = (self.state.exports.selecting, self.state.view()) else { return };
        let Some(size) = self.state.shown.as_ref().map(|shown| shown.picture.size) else { return };
        let selection = region_between(from, view.image_from_screen(at), size);
        if let Panel::Export(form) = &mut self.state.panel {
            form.choice = Choice { part: Part::Selection, selection, ..form.choice.clone() };
        }
    }

    fn end_selecting(&mut self) {
        (self.state.exports.selecting, self.state.exports.is_selecting) = (None, false);
    }

    pub(super) fn start_export(&mut self) {
        let Panel::Export(form) = &mut self.state.panel else { return };
        if form.exists == Some(true) && !form.overwrite {
            (form.path.note, form.path.wants_focus) = (Some(EXISTS), true);
            return;
        }
        let Panel::Export(form) = &self.state.panel else { return };
        match self.state.export_draft(form) {
            Ok((job, _)) => self.state.exports.waiting.push_back(job),
            Err(reason) => return self.fail(reason),
        }
        self.state.panel = Panel::Closed;
        self.start_waiting();
    }

    /// Starts the next export if none is running.
    fn start_waiting(&mut self) {
        if self.state.export.is_some() {
            return;
        }
        let Some(job) = self.state.exports.waiting.pop_front() else { return };
        match RunningExport::start(&self.ctx, self.services.export.clone(), job, self.state.now_secs) {
            Ok(export) => self.state.export = Some(export),
            Err(error) => {
                self.stay_open();
                self.fail(format!("cannot start the export: {error}"));
            }
        }
    }

    /// Takes back that the window closes once all is done: nobody would see what has gone wrong.
    fn stay_open(&mut self) {
        if std::mem::take(&mut self.state.exports.closes_when_done) {
            self.state.training.closes_when_saved = false;
        }
    }

    pub(super) fn cancel_export(&mut self) {
        if let Some(export) = &mut self.state.export {
            export.stop();
        }
    }

    pub(super) fn copy_as_command(&mut self) {
        let Panel::Export(form) = &self.state.panel else { return };
        let line = self.state.export_draft(form).map(|(_, line)| line);
        match line.map(|line| (line.input.as_os_str().is_empty(), line.text())) {
            Ok((false, Some(text))) => {
                self.ctx.copy_text(text);
                self.state.toasts.tell("The command line is on the clipboard.", self.state.now_secs);
            }
            Ok((true, _)) => self.fail("This picture is not from a file, so no command line can name it.".into()),
            Ok((_, None)) => self.fail("A file name is not Unicode, so no command line can name it.".into()),
            Err(reason) => self.fail(reason),
        }
    }

    fn show_outside(&mut self, what: Outside) {
        let show = self.services.show_outside.clone();
        self.state.exports.outside = OneShot::start("show outside", &self.ctx, move || show(&what)).ok();
    }

    /// Takes in what the threads behind exports have sent.
    pub(super) fn drain_exports(&mut self) {
        self.drain_export();
        if let Some(exists) = self.state.exports.lookup.poll(&self.ctx)
            && let Panel::Export(form) = &mut self.state.panel
        {
            form.exists = Some(exists);
        }
        if let Some(Outcome::Done(outcome)) = self.state.exports.outside.as_ref().map(OneShot::poll) {
            self.state.exports.outside = None;
            if let Err(reason) = outcome {
                self.fail(reason);
            }
        }
    }

    fn drain_export(&mut self) {
        let Some(ended) = self.state.export.as_mut().and_then(RunningExport::poll) else { return };
        let Some(export) = self.state.export.take() else { return };
        let broken = || Err(Error::export(&export.output, "the export ended unexpectedly"));
        let result = ended.unwrap_or_else(broken);
        if let Ok(report) = &result {
            self.state.exports.finish(export.output.clone());
            let megapixels = export.progress.total as f64 / 1e6;
            let rate = &mut self.state.exports.rates[usize::from(export.is_neural)];
            *rate = Some(megapixels / report.elapsed_secs.max(1e-3));
        }
        if matches!(&result, Err(error) if !matches!(error, Error::Cancelled)) {
            self.stay_open();
        }
        self.tell_export(&export.output, result);
        drop(export);
        self.start_waiting();
        if self.state.export.is_none() && self.state.exports.closes_when_done {
            self.ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn tell_export(&mut self, output: &Path, result: Result<ExportReport>) {
        let now_secs = self.state.now_secs;
        match result {
            Ok(report) => {
                let text = format!("Written: {} ({})", output.display(), size_text(report.bytes));
                self.state.toasts.tell(text, now_secs);
            }
            Err(Error::Cancelled) => self.state.toasts.tell("Export stopped; nothing was written.", now_secs),
            Err(error) => self.state.toasts.fail(error, now_secs),
        }
    }

    /// Closing the window while an export or a training runs is worth a question, once.
    pub(super) fn ask_before_closing(&mut self) {
        let is_closing = self.ctx.input(|input| input.viewport().close_requested());
        let waits_for_export = self.state.export.is_some() && !self.state.exports.may_close;
        let waits_for_training = self.state.training.running.is_some();
        if is_closing && (waits_for_export || waits_for_training) {
            self.ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            if waits_for_export || !self.state.training.closes_when_saved {
                self.state.panel = Panel::Closing;
            }
        }
    }

    fn finish_then_close(&mut self) {
        self.state.exports.closes_when_done = true;
        self.save_before_closing();
        self.state.panel = Panel::Closed;
        if self.state.export.is_none() {
            self.apply(Command::Quit);
        }
    }

    fn cancel_and_close(&mut self) {
        self.state.exports.waiting.clear();
        self.state.exports.may_close = true;
        self.cancel_export();
        self.save_before_closing();
        self.apply(Command::Quit);
    }
}

const MODEL_LOADING: &str = "The model is still being loaded; the export can start in a moment.";

const SELECTION_OUTSIDE: &str = "The selection is not inside the picture. Draw it again, or change its numbers.";

const EXISTS: &str = "This file exists already. Type another name, or tick that it is to be replaced.";

/// A name without an ending means PNG.
fn with_ending(path: &Path) -> PathBuf {
    if path.extension().is_some() { path.to_owned() } else { path.with_extension("png") }
}

/// A number of bytes for people.
pub(super) fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", (bytes as f64 / 1e3).max(1.0)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A size for people, in pixels and millions of them.
pub(super) fn pixels_text(size: Size) -> String {
    format!("{size} pixels ({:.1} MP)", size.area() as f64 / 1e6)
}
