//! Asking for a file with the system's dialog, and where its answer goes.

use super::app::App;
use super::dialogs::{DialogAnswer, PATIENCE_SECS, PendingDialog};
use crate::app::env::Panel;
use crate::app::kit::widgets::PathForm;
use crate::app::ports::DialogPurpose;
use crate::app::{files, models};
use std::path::PathBuf;

/// What the person can do where there is no file dialog.
const NO_DIALOG: &str = "No file dialog answered. Type the path instead.";

const NO_DIALOG_FOR_WEIGHTS: &str = "No file dialog answered. Drop the weights file on the window instead.";

const WAITING: &str = "Waiting for the system's file dialog. You can also type the path.";

const OPEN_ALREADY: &str = "A file dialog is open already. You can also type the path.";

impl App {
    /// Shows the system's dialog.
    pub(super) fn browse(&mut self, purpose: DialogPurpose) {
        if self.state.dialog.is_some() {
            // One is on the screen, or hangs; the panel helps in both cases.
            self.help_past_dialog(&purpose);
            return;
        }
        let (mut env, ..) = self.parts();
        match PendingDialog::start(env.ctx, env.ports.pick.clone(), purpose, env.now_secs) {
            Ok(dialog) => self.state.dialog = Some(dialog),
            Err(error) => env.fail(format!("cannot start the file dialog: {error}")),
        }
    }

    fn help_past_dialog(&mut self, purpose: &DialogPurpose) {
        if *purpose == DialogPurpose::Open && self.state.panel == Panel::Closed {
            self.offer_path(None);
        }
        if let DialogPurpose::SaveModel { proposal, from } = purpose {
            let (mut env, slices, _) = self.parts();
            slices.models.type_where_to_save(proposal, from.clone(), OPEN_ALREADY, &mut env);
        }
        self.note(OPEN_ALREADY);
    }

    /// The path that is being typed.
    fn path_form(&mut self) -> Option<&mut PathForm> {
        match self.state.panel {
            Panel::Open => Some(&mut self.slices.files.form),
            Panel::Export => Some(&mut self.slices.export.form.path),
            Panel::SaveModel => self.slices.models.form.as_mut().map(|form| &mut form.path),
            _ => None,
        }
    }

    fn note(&mut self, note: &'static str) {
        if let Some(form) = self.path_form() {
            form.note = Some(note);
        }
    }

    /// Takes in what a dialog has answered.
    pub(super) fn drain_dialog(&mut self) {
        let Some(answer) = self.state.dialog.as_ref().and_then(PendingDialog::poll) else { return };
        let Some(dialog) = self.state.dialog.take() else { return };
        match (dialog.purpose, answer) {
            (DialogPurpose::Open, DialogAnswer::Chosen(paths)) => self.apply(files::Command::OpenAll(paths)),
            (purpose, DialogAnswer::Chosen(paths)) => paths.into_iter().for_each(|path| self.chosen(&purpose, path)),
            (purpose, DialogAnswer::Unavailable) => self.do_without(&purpose),
            (DialogPurpose::Open, DialogAnswer::Cancelled) => self.withdraw_offer(),
            (_, DialogAnswer::Cancelled) => {}
        }
    }

    /// Carries out what a dialog was for.
    fn chosen(&mut self, purpose: &DialogPurpose, path: PathBuf) {
        let (mut env, slices, _) = self.parts();
        match purpose {
            DialogPurpose::Open => self.apply(files::Command::Open(path)),
            DialogPurpose::Save(_) => slices.export.take_path(&path, &env),
            DialogPurpose::Model => self.apply(models::Command::Compare(Some(path))),
            DialogPurpose::Import => self.apply(models::Command::Import(path)),
            DialogPurpose::Folder => slices.training.take_folder(&path),
            DialogPurpose::SaveModel { from, .. } => {
                slices.models.save_model_to(from.clone(), &path, &mut env);
                self.deliver();
            }
        }
    }

    /// There is no dialog.
    fn do_without(&mut self, purpose: &DialogPurpose) {
        let (mut env, slices, _) = self.parts();
        match purpose {
            DialogPurpose::Open => self.offer_path(Some(NO_DIALOG)),
            DialogPurpose::Save(_) => self.note(NO_DIALOG),
            DialogPurpose::Model | DialogPurpose::Import => env.fail(NO_DIALOG_FOR_WEIGHTS),
            DialogPurpose::Folder => slices.training.note = Some(NO_DIALOG),
            DialogPurpose::SaveModel { proposal, from } => {
                slices.models.type_where_to_save(proposal, from.clone(), NO_DIALOG, &mut env);
            }
        }
    }

    /// Has a path typed as well where the dialog does not answer for long.
    pub(super) fn offer_path_if_dialog_hangs(&mut self) {
        let is_hanging = self.state.dialog.as_ref().is_some_and(|dialog| {
            dialog.purpose == DialogPurpose::Open && self.state.now_secs - dialog.asked_secs > PATIENCE_SECS
        });
        if is_hanging && self.state.panel == Panel::Closed {
            self.offer_path(Some(WAITING));
        }
    }

    fn offer_path(&mut self, note: Option<&'static str>) {
        let (mut env, slices, _) = self.parts();
        slices.files.show_panel(note, &mut env);
    }

    /// Takes the panel away that only stood in for a dialog which has answered after all.
    fn withdraw_offer(&mut self) {
        let form = &self.slices.files.form;
        if self.state.panel == Panel::Open && form.note == Some(WAITING) && form.path.is_empty() {
            self.state.panel = Panel::Closed;
        }
    }
}
