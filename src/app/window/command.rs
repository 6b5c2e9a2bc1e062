//! Everything a person can ask the window for. The keys that ask for it are in [`super::keys`].

use crate::app::env::Panel;
use crate::app::{compare, export, files, models, settings, training, view};

/// One thing to do: by a slice, or by the window itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Do something about settings.
    Settings(settings::Command),
    /// Do something about files.
    Files(files::Command),
    /// Do something about models.
    Models(models::Command),
    /// Look at the picture in another way.
    View(view::Command),
    /// Do something about a comparison.
    Compare(compare::Command),
    /// Do something about exports.
    Export(export::Command),
    /// Do something about training.
    Train(training::Command),
    /// Have a drag on the canvas do something else.
    UseTool(view::Tool),
    /// Show or hide a panel that has nothing to prepare.
    TogglePanel(Panel),
    /// Close what is open: a panel, then full screen.
    Back,
    /// Into or out of full screen.
    ToggleFullscreen,
    /// Take a message away.
    DismissToast(u64),
    /// Close the window once all exports are done.
    FinishThenClose,
    /// Stop all exports and close the window.
    CancelAndClose,
    /// Save the training's checkpoint, then close the window.
    SaveAndClose,
    /// End the program.
    Quit,
}

/// A slice's command is one of the window's.
macro_rules! from_slices {
    ($($variant:ident: $slice:ident),*) => {
        $(impl From<$slice::Command> for Command {
            fn from(command: $slice::Command) -> Self {
                Self::$variant(command)
            }
        })*
    };
}

from_slices!(
    Settings: settings,
    Files: files,
    Models: models,
    View: view,
    Compare: compare,
    Export: export,
    Train: training
);
