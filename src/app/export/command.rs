//! What the person asks of exports.

use super::choice::ExportChoice;
use std::path::PathBuf;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show the export panel for the present view.
    Show,
    /// Close it.
    Close,
    /// Set the panel to something else.
    Change(ExportChoice),
    /// The path in it was edited.
    EditPath(String),
    /// The path's text field has received the focus.
    PathFocused,
    /// Whether an existing file may be replaced.
    SetOverwrite(bool),
    /// Ask for a file name with the system's file dialog.
    Browse,
    /// The next drag on the canvas draws the selection.
    StartSelecting,
    /// Export what the panel says.
    Start,
    /// Put the command line that does the export of the panel on the clipboard.
    CopyAsCommand,
    /// Stop the export that is running.
    Cancel,
    /// Stop exporting the folder.
    CancelFolder,
    /// Take a waiting export out of the queue.
    Withdraw(usize),
    /// Open a file with the system's program for it.
    Open(PathBuf),
    /// Show a file's folder.
    ShowFolder(PathBuf),
    /// Stop offering a finished export.
    Forget(PathBuf),
    /// Put the view on the clipboard as a picture.
    CopyView,
}
