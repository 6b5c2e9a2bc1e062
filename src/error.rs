//! Errors, sorted by who can do something about them.
//!
//! Each message is one sentence that says what failed, where, and, if the person can do something, what.
//! A warning is not an error: it travels as an event.

use std::path::{Path, PathBuf};

/// Why an operation of this crate could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A picture file cannot be read or is beyond the limits.
    #[error("cannot open the picture {}: {reason}", path.display())]
    Picture {
        /// The picture's file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A weights file is damaged, foreign or of a wrong shape.
    #[error("cannot use the weights {}: {reason}", path.display())]
    Weights {
        /// The weights' file, or `built-in`.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A compute device is missing or failed.
    #[error("{reason}")]
    Device {
        /// Which device, what happened, what to do.
        reason: String,
    },
    /// A folder of pictures cannot serve as asked.
    #[error("cannot use the folder {}: {reason}", path.display())]
    Dataset {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// An output cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Export {
        /// The output file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// What was asked for makes no sense for this picture.
    #[error("{0}")]
    Request(String),
    /// The work was stopped on purpose.
    #[error("stopped before it was finished; nothing was written")]
    Cancelled,
}

/// The result of every fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A picture that cannot be opened.
    pub fn picture(path: &Path, reason: impl ToString) -> Self {
        Self::Picture { path: path.to_owned(), reason: reason.to_string() }
    }

    /// Weights that cannot be used.
    pub fn weights(path: &Path, reason: impl ToString) -> Self {
        Self::Weights { path: path.to_owned(), reason: reason.to_string() }
    }

    /// A folder that cannot serve.
    pub fn dataset(path: &Path, reason: impl ToString) -> Self {
        Self::Dataset { path: path.to_owned(), reason: reason.to_string() }
    }

    /// An output that cannot be written.
    pub fn export(path: &Path, reason: impl ToString) -> Self {
        Self::Export { path: path.to_owned(), reason: reason.to_string() }
    }

    /// A compute device that is missing or failed.
    pub fn device(reason: impl ToString) -> Self {
        Self::Device { reason: reason.to_string() }
    }
}
