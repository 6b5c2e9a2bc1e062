//! Pages of documents and frames of animations, read one after the other.

use super::apart::{DecoderProcess, divided};
use super::{Exposure, Picture, Which, open};
use crate::error::{Error, Result};
use crate::task::{Interrupt, check};
use std::path::{Path, PathBuf};

/// Reads pages of one file, in a process of its own where there is one. Frames of an animation are made of those before them: read
/// in order, each is decoded once. No more than one frame is in memory, beside what the next one is drawn over.
pub struct PageReader {
    process: Option<DecoderProcess>,
    local: LocalPages,
}

impl PageReader {
    /// Reads nothing yet. Pages that take more than `held_bytes` are read as [`Picture::open_within`] has it.
    pub fn new(path: &Path, held_bytes: u64) -> Self {
        Self { process: None, local: LocalPages::new(path, held_bytes) }
    }

    /// A page or frame.
    ///
    /// # Errors
    /// As [`Picture::open_within`].
    pub fn read(&mut self, which: impl Into<Which>, interrupt: Interrupt<'_>) -> Result<Picture> {
        check(interrupt)?;
        let (which, LocalPages { path, held_bytes, .. }) = (which.into(), &self.local);
        let alive = self.process.take().filter(DecoderProcess::is_alive);
        let is_new = alive.is_none();
        self.process =
            process_for((path, which.page), *held_bytes, interrupt, || alive.or_else(|| DecoderProcess::start(path)));
        let Some(process) = &mut self.process else {
            return self.local.read(which, interrupt).map(|picture| divided(picture, &self.local.path, which));
        };
        match process.read(which, self.local.held_bytes, interrupt) {
            // There may be another file of that name by now, and an older process may not read that.
            Err(Error::Picture { .. }) if !is_new => {
                self.process = None;
                self.read(which, interrupt)
            }
            read => read,
        }
    }
}

/// One page, as [`Picture::open_within`] has it.
pub(super) fn read_once(path: &Path, which: Which, held_bytes: u64, interrupt: Interrupt<'_>) -> Result<Picture> {
    check(interrupt)?;
    match process_for((path, which.page), held_bytes, interrupt, || DecoderProcess::start(path)) {
        Some(mut process) => process.read(which, held_bytes, interrupt),
        None => open::open(path, which, held_bytes, interrupt).map(|picture| divided(picture, path, which)),
    }
}

/// A process to decode a page, unless it is of no file, or to be read by rectangles, whose strips and tiles have processes of
/// their own.
fn process_for(
    (path, page): (&Path, usize),
    held_bytes: u64,
    interrupt: Interrupt<'_>,
    process: impl FnOnce() -> Option<DecoderProcess>,
) -> Option<DecoderProcess> {
    if !path.is_file() || open::is_by_rectangles(path, page, held_bytes, interrupt) { None } else { process() }
}

/// The same in this process.
pub(super) struct LocalPages {
    path: PathBuf,
    held_bytes: u64,
    frames: Option<open::Frames<'static>>,
}

impl LocalPages {
    pub(super) fn new(path: &Path, held_bytes: u64) -> Self {
        Self { path: path.to_owned(), held_bytes, frames: None }
    }

    pub(super) fn read(&mut self, which: Which, interrupt: Interrupt<'_>) -> Result<Picture> {
        check(interrupt)?;
        let index = which.page;
        if self.frames.as_ref().is_none_or(|frames| frames.next_index() > index) {
            self.frames = open::frames_of(&self.path)?;
        }
        let Some(frames) = self.frames.as_mut().filter(|_| which.exposure == Exposure::NONE) else {
            return open::open(&self.path, which, self.held_bytes, interrupt);
        };
        let picture = frames.read(index, interrupt);
        if matches!(picture, Err(Error::Picture { .. })) {
            // What was half drawn is no ground for others.
            self.frames = None;
        }
        picture
    }
}
