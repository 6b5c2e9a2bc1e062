//! Pages of documents and frames of animations, read one after the other.

use super::{Exposure, Picture, Which, open};
use crate::error::{Error, Result};
use crate::task::{Interrupt, check};
use std::path::{Path, PathBuf};

/// Reads pages of one file. Frames of an animation are made of those before them: read in order, each is decoded once.
/// No more than one frame is in memory, beside what the next one is drawn over.
pub struct PageReader {
    path: PathBuf,
    held_bytes: u64,
    frames: Option<open::Frames<'static>>,
}

impl PageReader {
    /// Reads nothing yet. Pages that take more than `held_bytes` are read as [`Picture::open_within`] has it.
    pub fn new(path: &Path, held_bytes: u64) -> Self {
        Self { path: path.to_owned(), held_bytes, frames: None }
    }

    /// A page or frame.
    ///
    /// # Errors
    /// As [`Picture::open_within`].
    pub fn read(&mut self, which: impl Into<Which>, interrupt: Interrupt<'_>) -> Result<Picture> {
        check(interrupt)?;
        let which = which.into();
        let index = which.page;
        if self.frames.as_ref().is_none_or(|frames| frames.next_index() > index) {
            self.frames = open::frames_of(&self.path)?;
        }
        let Some(frames) = self.frames.as_mut().filter(|_| which.exposure == Exposure::NONE) else {
            return Picture::open_within(&self.path, which, self.held_bytes, interrupt);
        };
        let picture = frames.read(index, interrupt);
        if matches!(picture, Err(Error::Picture { .. })) {
            // What was half drawn is no ground for others.
            self.frames = None;
        }
        picture
    }
}
