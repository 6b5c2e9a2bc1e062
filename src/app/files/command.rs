//! What the person asks of files.

use super::album::Step;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a picture file, or the first picture of a folder.
    Open(PathBuf),
    /// Open files and folders: one file is opened among its neighbours, several are a list of their own.
    OpenAll(Vec<PathBuf>),
    /// Open one of the pictures that come with the program, by its place in [`super::samples::SAMPLES`].
    OpenSample(usize),
    /// Ask for a picture with the system's file dialog.
    Browse,
    /// Show the panel in which a picture's path can be typed.
    ShowPanel,
    /// Close it.
    ClosePanel,
    /// The path in it was edited.
    EditPath(String),
    /// The path's text field has received the focus.
    PathFocused,
    /// Show a picture from the clipboard.
    PasteImage(Arc<egui::ColorImage>),
    /// Show another picture of the folder or list.
    Show(Step),
    /// Show another page of the file, or another frame of the animation, which pauses.
    TurnPage(Step),
    /// Play the animation, or pause it.
    TogglePlaying,
    /// Make a picture of light brighter by so many tenths of a stop, or show it as it is stored.
    Expose(Option<i16>),
    /// Read the picture from its file again.
    Reload,
    /// Show or hide what is known about the picture.
    ToggleInfo,
}
