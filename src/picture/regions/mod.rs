//! Pictures that are not held in memory: rectangles of them are read out of the strips or tiles of their file.
//!
//! What was decoded last is kept within a budget. A strip or tile that cannot be read is black, and the failure is kept:
//! whoever makes pixels for somebody asks for it afterwards ([`super::Picture::check_read`]), so that nothing wrong is
//! written or shown without a word.

mod patch;

pub use patch::Patch;

use super::{Picture, Samples};
use crate::geometry::PixelRect;
use crate::key::PictureId;
use crate::lru::ByteLru;
use rayon::prelude::*;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Memory for decoded strips and tiles of a picture and its smaller versions together, in bytes.
pub const CHUNK_BUDGET_BYTES: usize = 256 << 20;

/// A decoded strip or tile.
pub(super) struct Chunk {
    /// What it covers of the upright picture.
    pub(super) rect: PixelRect,
    /// RGB, row-major.
    pub(super) rgb: Samples,
    /// Opacity, if it has any pixel that is not opaque.
    pub(super) alpha: Option<Samples>,
}

impl Chunk {
    fn byte_len(&self) -> usize {
        self.rgb.as_bytes().len() + self.alpha.as_ref().map_or(0, |alpha| alpha.as_bytes().len())
    }
}

/// The strips or tiles of one page of a file.
pub(super) trait ChunkSource: Send + Sync {
    /// Those that lie over a rectangle of the upright picture.
    fn over(&self, rect: PixelRect) -> Vec<usize>;

    /// What one of them covers of the upright picture.
    fn rect(&self, index: usize) -> PixelRect;

    /// Whether they are packed as their file has them, so that much can go wrong.
    fn is_packed(&self) -> bool {
        true
    }

    /// Reads and decodes one; a sentence without its beginning if that fails.
    fn decode(&self, index: usize) -> Result<Chunk, String>;
}

/// Decoded chunks by level and number.
type Cache = Mutex<ByteLru<(usize, usize), Arc<Chunk>>>;

/// Reads rectangles of one page.
pub struct RegionReader {
    source: Arc<dyn ChunkSource>,
    /// Which of those that share a cache it is.
    level: usize,
    cache: Arc<Cache>,
    fault: OnceLock<String>,
}

impl RegionReader {
    pub(super) fn new(source: Arc<dyn ChunkSource>) -> Self {
        let cache = Arc::new(Mutex::new(ByteLru::new(CHUNK_BUDGET_BYTES)));
        Self { source, level: 0, cache, fault: OnceLock::new() }
    }

    /// A reader of a smaller version that shares the memory of this one.
    pub(super) fn sharing(&self, level: usize, source: Arc<dyn ChunkSource>) -> Self {
        Self { source, level, cache: self.cache.clone(), fault: OnceLock::new() }
    }

    /// The strips or tiles themselves.
    pub(super) fn source(&self) -> &Arc<dyn ChunkSource> {
        &self.source
    }

    /// The same strips and tiles by way of another source, in the same memory.
    pub(super) fn by(&self, source: Arc<dyn ChunkSource>) -> Self {
        self.sharing(self.level, source)
    }

    /// What went wrong first.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    /// The pixels of a rectangle that lies inside the picture: so many bits a sample, with opacity or without.
    pub(super) fn read(&self, rect: PixelRect, bits: u8, has_alpha: bool) -> Patch<'static> {
        let mut rgb = Samples::filled(bits, rect.area() * 3, 0);
        let mut alpha = has_alpha.then(|| Samples::filled(bits, rect.area(), u16::MAX));
        // As many at a time as there are threads: a large rectangle takes no more memory than its pixels and the budget.
        for indices in self.source.over(rect).chunks(rayon::current_num_threads().max(1)) {
            for chunk in self.chunks(indices) {
                copy(&chunk.rgb, chunk.rect, &mut rgb, rect, 3);
                if let (Some(from), Some(to)) = (&chunk.alpha, &mut alpha) {
                    copy(from, chunk.rect, to, rect, 1);
                }
            }
        }
        Patch { rect, rgb: Cow::Owned(rgb), alpha: alpha.map(Cow::Owned) }
    }

    /// Those of a few chunks that can be read.
    fn chunks(&self, indices: &[usize]) -> Vec<Arc<Chunk>> {
        let find = |index: &usize| (*index, self.cached(*index));
        let found: Vec<_> = indices.iter().map(find).collect();
        // No lock is held meanwhile: a thread that waits for others may take over work that reads too.
        found.into_par_iter().filter_map(|(index, found)| found.or_else(|| self.decode(index))).collect()
    }

    fn cached(&self, index: usize) -> Option<Arc<Chunk>> {
        // Whoever panics while holding it has put in a whole chunk, or none.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&(self.level, index)).cloned()
    }

    fn decode(&self, index: usize) -> Option<Arc<Chunk>> {
        match self.source.decode(index) {
            Ok(chunk) => {
                let (chunk, key) = (Arc::new(chunk), (self.level, index));
                let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
                let evicted = cache.insert(key, chunk.clone(), chunk.byte_len());
                drop(cache);
                drop(evicted);
                Some(chunk)
            }
            Err(reason) => {
                self.fault.get_or_init(|| reason);
                None
            }
        }
    }

    /// The pixel at a column and row, if it is in memory and nobody else is looking there. Never waits.
    pub(super) fn known_pixel(&self, at: (usize, usize)) -> Option<[u16; 3]> {
        let pixel = PixelRect::at(at);
        let index = self.source.over(pixel).first().copied()?;
        let chunk = self.cache.try_lock().ok()?.peek(&(self.level, index)).cloned()?;
        let start = 3 * ((at.1 - chunk.rect.y) * chunk.rect.width + at.0 - chunk.rect.x);
        Some([0, 1, 2].map(|c| chunk.rgb.value(start + c)))
    }
}

impl fmt::Debug for RegionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionReader").field("level", &self.level).field("fault", &self.fault).finish_non_exhaustive()
    }
}

/// What a picture is read by that is not held in memory.
#[derive(Clone, Debug)]
pub struct Regions {
    pub(super) reader: Arc<RegionReader>,
    /// The same picture smaller, the largest first.
    pub(super) smaller: Arc<Vec<Picture>>,
    /// Name of its file, by length and ends: the same for a copy of it.
    pub(super) content: PictureId,
    /// How much of the picture the smallest version was made of, in [0, 1]; 0 if there is none in memory.
    pub(super) overview_part: f64,
}

/// Copies what two rectangles have in common, of so many values a pixel.
fn copy(from: &Samples, of: PixelRect, to: &mut Samples, into: PixelRect, channels: usize) {
    fn rows<T: Copy>(from: &[T], of: PixelRect, to: &mut [T], into: PixelRect, channels: usize) {
        let Some(common) = of.intersection(into) else { return };
        let start = |rect: PixelRect, y: usize| ((y - rect.y) * rect.width + common.x - rect.x) * channels;
        let len = common.width * channels;
        for y in common.y..common.bottom() {
            let (source, target) = (start(of, y), start(into, y));
            to[target..target + len].copy_from_slice(&from[source..source + len]);
        }
    }
    match (from, to) {
        (Samples::U8(from), Samples::U8(to)) => rows(from, of, to, into, channels),
        (Samples::U16(from), Samples::U16(to)) => rows(from, of, to, into, channels),
        // All chunks of a page have its depth.
        _ => {}
    }
}
