//! Strips and tiles of a picture that is read by rectangles, decoded by processes of their own.

use super::process::DecoderProcess;
use super::wire::{Part, reason};
use crate::geometry::PixelRect;
use crate::key::PictureId;
use crate::picture::regions::{Chunk, ChunkSource, RegionReader, Regions};
use crate::picture::{Picture, Which};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Processes that wait for work: as many as threads have asked at once, at most.
type Idle = Arc<Mutex<Vec<DecoderProcess>>>;

/// One page of a file, or a smaller version of it.
struct Apart {
    here: Arc<dyn ChunkSource>,
    path: PathBuf,
    which: Which,
    name: PictureId,
    level: usize,
    idle: Idle,
}

impl ChunkSource for Apart {
    fn over(&self, rect: PixelRect) -> Vec<usize> {
        self.here.over(rect)
    }

    fn rect(&self, index: usize) -> PixelRect {
        self.here.rect(index)
    }

    fn decode(&self, index: usize) -> Result<Chunk, String> {
        // Whoever panics while holding it has taken one out, or put one in.
        let known = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(mut process) = known.or_else(|| DecoderProcess::start(&self.path)) else {
            return self.here.decode(index);
        };
        let part = Part { which: self.which, name: self.name, level: self.level, index };
        let read = process.read_part(part, self.rect(index));
        if process.is_alive() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
        }
        read.map_err(reason)
    }
}

/// Has the strips and tiles of a picture, and of smaller versions in its file, decoded by processes of their own, where there are
/// any. Pictures in memory, and those whose tiles are on the disk unpacked, stay as they are.
pub(in crate::picture) fn divided(picture: Picture, path: &Path, which: Which) -> Picture {
    let name = picture.id;
    let Some(regions) = picture.regions.clone().filter(|_| DecoderProcess::is_possible()) else { return picture };
    let idle = Idle::default();
    let apart = |reader: Arc<RegionReader>, level: usize| {
        let here = reader.source().clone();
        if !here.is_packed() {
            return reader;
        }
        let apart = Apart { here, path: path.to_owned(), which, name, level, idle: idle.clone() };
        Arc::new(reader.by(Arc::new(apart)))
    };
    let level = |(i, smaller): (usize, &Picture)| {
        let regions = smaller.regions.clone();
        let regions = regions.map(|regions| Regions { reader: apart(regions.reader, i + 1), ..regions });
        Picture { regions, ..smaller.clone() }
    };
    let smaller = regions.smaller.iter().enumerate().map(level).collect();
    let regions = Regions { reader: apart(regions.reader, 0), smaller: Arc::new(smaller), ..regions };
    Picture { regions: Some(regions), ..picture }
}
