//! The system's file dialogs, on a thread of their own: a portal may hang, and may fail without saying so.

use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::ports::{DialogPurpose, PickFn};
use crate::picture::save::formats;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A dialog that ends sooner without a choice was never on the screen: nobody cancels that fast.
const NEVER_SHOWN: Duration = Duration::from_millis(300);

/// A dialog that has not answered after this long may never do so: then a path can be typed as well.
pub const PATIENCE_SECS: f64 = 1.5;

/// What became of a dialog.
#[derive(Debug, PartialEq)]
pub enum DialogAnswer {
    /// A choice: several where pictures are to be opened, else one.
    Chosen(Vec<PathBuf>),
    /// The person closed it.
    Cancelled,
    /// There is no dialog on this system, or it failed.
    Unavailable,
}

/// A dialog that is on the screen, or should be.
pub struct PendingDialog {
    /// What it is for.
    pub purpose: DialogPurpose,
    /// When it was asked for.
    pub asked_secs: f64,
    job: OneShot<(Option<Vec<PathBuf>>, Duration)>,
}

impl PendingDialog {
    /// Asks.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(
        ctx: &egui::Context,
        pick: Arc<PickFn>,
        purpose: DialogPurpose,
        now_secs: f64,
    ) -> std::io::Result<Self> {
        let wanted = purpose.clone();
        let job = OneShot::start("file dialog", ctx, move || {
            let started = Instant::now();
            let chosen = pick(&wanted);
            (chosen, started.elapsed())
        })?;
        Ok(Self { purpose, asked_secs: now_secs, job })
    }

    /// The answer, if there is one. Never waits.
    pub fn poll(&self) -> Option<DialogAnswer> {
        match self.job.poll() {
            OneShotStatus::Pending => None,
            OneShotStatus::Lost => Some(DialogAnswer::Unavailable),
            OneShotStatus::Done((chosen, took)) => Some(judge(chosen, took)),
        }
    }
}

fn judge(chosen: Option<Vec<PathBuf>>, took: Duration) -> DialogAnswer {
    match chosen {
        Some(paths) => DialogAnswer::Chosen(paths),
        None if took < NEVER_SHOWN => DialogAnswer::Unavailable,
        None => DialogAnswer::Cancelled,
    }
}

/// Shows the system's dialog and waits for it.
pub fn pick(purpose: &DialogPurpose) -> Option<Vec<PathBuf>> {
    let chosen = match purpose {
        DialogPurpose::Open => return rfd::FileDialog::new().set_title("Open pictures").pick_files(),
        DialogPurpose::Model => weights(rfd::FileDialog::new().set_title("Compare with the weights in")).pick_file(),
        DialogPurpose::Import => weights(rfd::FileDialog::new().set_title("Import the weights in")).pick_file(),
        DialogPurpose::Folder => rfd::FileDialog::new().set_title("Learn from the pictures in").pick_folder(),
        DialogPurpose::SaveModel { proposal, .. } => {
            let dialog = rfd::FileDialog::new().add_filter("Weights", &["safetensors"]);
            proposing(dialog.set_title("Save this model"), proposal).save_file()
        }
        DialogPurpose::Save(proposal) => {
            let dialog = rfd::FileDialog::new().add_filter("Pictures", formats());
            proposing(dialog.set_title("Export this view"), proposal).save_file()
        }
    };
    chosen.map(|path| vec![path])
}

fn weights(dialog: rfd::FileDialog) -> rfd::FileDialog {
    dialog.add_filter("Weights", &["safetensors", "pth", "pt"])
}

/// A dialog that proposes a name, and its folder.
fn proposing(mut dialog: rfd::FileDialog, proposal: &Path) -> rfd::FileDialog {
    if let Some(name) = proposal.file_name() {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    match proposal.parent().filter(|folder| folder.is_dir()) {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_cancels_within_a_blink() {
        assert_eq!(judge(None, Duration::from_millis(20)), DialogAnswer::Unavailable);
        assert_eq!(judge(None, Duration::from_secs(2)), DialogAnswer::Cancelled);
        let paths = vec![PathBuf::from("a.png"), PathBuf::from("b.png")];
        assert_eq!(judge(Some(paths.clone()), Duration::ZERO), DialogAnswer::Chosen(paths));
    }
}
