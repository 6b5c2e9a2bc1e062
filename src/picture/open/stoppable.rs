//! A file whose reading ends when nobody wants the picture any more: decoders then fail at their next read.

use crate::task::Interrupt;
use std::fs::File;
use std::io::{Error, Read, Result, Seek, SeekFrom};

pub(super) struct Stoppable<'a> {
    file: File,
    interrupt: Interrupt<'a>,
}

impl<'a> Stoppable<'a> {
    pub(super) fn new(file: File, interrupt: Interrupt<'a>) -> Self {
        Self { file, interrupt }
    }
}

impl Read for Stoppable<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        if (self.interrupt)() { Err(Error::other("stopped")) } else { self.file.read(bytes) }
    }
}

impl Seek for Stoppable<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.file.seek(to)
    }
}
