//! What the person asks of models.

use std::path::PathBuf;

/// One thing to do. A model is its file; none is the built-in one.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show or hide the list.
    Toggle,
    /// Close it.
    Close,
    /// Ask for a file to import with the system's file dialog.
    BrowseImport,
    /// Import a file, and compare with it.
    Import(PathBuf),
    /// Show pictures with a model.
    Use(Option<PathBuf>),
    /// Show pictures with the live network that suits each.
    UseSuited,
    /// Compare with a model.
    Compare(Option<PathBuf>),
    /// Start with a model from now on.
    SetDefault(Option<PathBuf>),
    /// Type another name for a model.
    StartRename(PathBuf),
    /// The name was edited.
    EditName(String),
    /// The name's text field has received the focus.
    NameFocused,
    /// Give the model the typed name.
    Rename,
    /// Leave the name as it is.
    CancelRename,
    /// Move a model to the system's bin.
    Delete(PathBuf),
    /// Ask where to write a copy of a model.
    SaveCopy(Option<PathBuf>),
    /// The path to write to was edited.
    EditPath(String),
    /// The path's text field has received the focus.
    PathFocused,
    /// Close the panel in which it is typed.
    CloseSave,
    /// Ask again with the system's file dialog.
    BrowseSave,
    /// Write to the path that was typed.
    Save,
}
