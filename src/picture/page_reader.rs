//! Pages of documents and frames of animations, read one after the other.

use super::{Picture, open};
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

    /// The page or frame at `index`, counted from 0.
    ///
    /// # Errors
    /// As [`Picture::open_within`].
    pub fn read(&mut self, index: usize, interrupt: Interrupt<'_>) -> Result<Picture> {
        check(interrupt)?;
        if self.frames.as_ref().is_none_or(|frames| frames.next_index() > index) {
            self.frames = open::frames_of(&self.path)?;
        }
        let Some(frames) = &mut self.frames else {
            return Picture::open_within(&self.path, index, self.held_bytes, interrupt);
        };
        let picture = frames.read(index, interrupt);
        if matches!(picture, Err(Error::Picture { .. })) {
            // What was half drawn is no ground for others.
            self.frames = None;
        }
        picture
    }
}
