//! What the person asks of training.

use super::choice::TrainingChoice;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show or hide the panel.
    Toggle,
    /// Set the panel to something else.
    Change(TrainingChoice),
    /// Ask for the folder with the system's file dialog.
    BrowseFolder,
    /// The folder's text field has received the focus.
    FolderFocused,
    /// Begin.
    Start,
    /// Pause.
    Pause,
    /// Go on after a pause.
    GoOn,
    /// End, and see what came of it.
    Stop,
    /// Watch the place in the middle of the view.
    Watch,
    /// Show the picture with the weights as they are now, or with the new model.
    Use,
    /// Compare the previous model with the one in use.
    Compare,
    /// Back to the previous model.
    Revert,
    /// Ask where to write the weights as they are now, or the new model.
    SaveAs,
    /// Show the form again.
    Again,
    /// Go on with a training that was interrupted or stopped.
    Resume,
    /// Decide about an interrupted training another time.
    Later,
    /// Forget an interrupted training.
    Discard,
}
