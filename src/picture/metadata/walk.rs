//! Reading the directories of TIFF files and EXIF blocks (TIFF 6.0 and BigTIFF, either byte order), within a budget:
//! a small file can say of thousands of entries that each is a megabyte long, all in the same place.

use super::directory::TiffEntry;
use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

/// What all values of a file may take in memory together; a maker's note has some 100 kB.
const MAX_VALUE_BYTES: u64 = 16 << 20;

/// Entries of a directory that are looked at; real ones have some dozens.
const MAX_ENTRIES: u64 = 4096;

/// Directories of a file that are looked at.
const MAX_DIRECTORIES: usize = 4096;

/// `NewSubfileType`.
const SUBFILE_KIND: u16 = 254;

/// `SubIFDs`.
const SUB_DIRECTORIES: u16 = 330;

/// Its bit for a smaller version of another page.
const SMALLER: u64 = 1;

/// Smaller versions of a page that are looked at.
const MAX_SMALLER: usize = 64;

/// Its bits for a smaller version of another page, and for a mask.
const NOT_A_PAGE: u64 = 0b101;

/// Reads directories, one by one.
pub(in crate::picture) struct Walker<R> {
    source: R,
    is_little: bool,
    is_big: bool,
    first: u64,
    /// Bytes of values that may still be read.
    left: u64,
}

impl<R: Read + Seek> Walker<R> {
    /// Reads the header; nothing if it is not TIFF's.
    pub(in crate::picture) fn new(mut source: R) -> Option<Self> {
        let mut start = [0; 4];
        source.read_exact(&mut start).ok()?;
        let (is_little, is_big) = match &start {
            // Behind the first one, cameras' own.
            b"II*\0" | b"IIRO" | b"IIRS" | b"IIU\0" => (true, false),
            b"MM\0*" | b"MMOR" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        let mut walker = Self { source, is_little, is_big, first: 0, left: MAX_VALUE_BYTES };
        if is_big {
            walker.number(4)?; // the width of offsets, and nothing
        }
        walker.first = walker.number(walker.word())?;
        Some(walker)
    }

    /// Where the main directory begins.
    pub(in crate::picture) fn first(&self) -> u64 {
        self.first
    }

    /// Whether numbers begin with their lowest byte.
    pub(in crate::picture) fn is_little(&self) -> bool {
        self.is_little
    }

    /// Where the directories of the pages are. A small version of a page, or a mask for it, is none.
    pub(in crate::picture) fn pages(&mut self) -> Vec<u64> {
        let (mut pages, mut seen, mut at) = (Vec::new(), HashSet::new(), self.first);
        while at != 0 && seen.len() < MAX_DIRECTORIES && seen.insert(at) {
            if self.kind(at) & NOT_A_PAGE == 0 {
                pages.push(at);
            }
            at = self.next(at).unwrap_or(0);
        }
        if pages.is_empty() { vec![self.first] } else { pages }
    }

    /// Where the directories of smaller versions of the page at `start` are: below it, or between it and the next page.
    pub(in crate::picture) fn smaller(&mut self, start: u64) -> Vec<u64> {
        let below = self.below(start);
        let mut found: Vec<u64> = below.into_iter().filter(|at| self.kind(*at) == SMALLER).collect();
        let mut at = self.next(start).unwrap_or(0);
        while at != 0 && at != start && found.len() < MAX_SMALLER && self.kind(at) & NOT_A_PAGE != 0 {
            if self.kind(at) == SMALLER && !found.contains(&at) {
                found.push(at);
            } else if found.contains(&at) {
                break;
            }
            at = self.next(at).unwrap_or(0);
        }
        found
    }

    /// Where the directories below the one at `start` are.
    pub(in crate::picture) fn below(&mut self, start: u64) -> Vec<u64> {
        let below = self.read(start, |tag| tag == SUB_DIRECTORIES);
        let mut below: Vec<u64> = below.first().map(TiffEntry::offsets).unwrap_or_default();
        below.truncate(MAX_SMALLER);
        below
    }

    /// What a directory says that it is.
    fn kind(&mut self, start: u64) -> u64 {
        self.read(start, |tag| tag == SUBFILE_KIND).first().and_then(TiffEntry::offset).unwrap_or(0)
    }

    /// Where the directory behind the one at `start` is; 0 behind the last.
    fn next(&mut self, start: u64) -> Option<u64> {
        let count_bytes = if self.is_big { 8 } else { 2 };
        self.source.seek(SeekFrom::Start(start)).ok()?;
        let entries = self.number(count_bytes)?.checked_mul(4 + 2 * self.word() as u64)?;
        self.source.seek(SeekFrom::Start(start.checked_add(count_bytes as u64)?.checked_add(entries)?)).ok()?;
        self.number(self.word())
    }

    /// Bytes of an offset.
    fn word(&self) -> usize {
        if self.is_big { 8 } else { 4 }
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        let mut value = [0; 8];
        self.source.read_exact(&mut value[..bytes]).ok()?;
        if !self.is_little {
            value[..bytes].reverse();
        }
        Some(u64::from_le_bytes(value))
    }

    /// The entries of the directory at `start` whose tags are wanted, as far as they can be read.
    pub(in crate::picture) fn read(&mut self, start: u64, is_wanted: impl Fn(u16) -> bool) -> Vec<TiffEntry> {
        let count_bytes = if self.is_big { 8 } else { 2 };
        let entry_bytes = 4 + 2 * self.word() as u64;
        let count = self.source.seek(SeekFrom::Start(start)).ok().and_then(|_| self.number(count_bytes));
        let places = (0..count.unwrap_or(0).min(MAX_ENTRIES)).map(|i| start + count_bytes as u64 + i * entry_bytes);
        places.filter_map(|at| self.entry(at, &is_wanted)).collect()
    }

    fn entry(&mut self, at: u64, is_wanted: impl Fn(u16) -> bool) -> Option<TiffEntry> {
        self.source.seek(SeekFrom::Start(at)).ok()?;
        let (tag, kind) = (self.number(2)? as u16, self.number(2)? as u16);
        let count = self.number(self.word())?;
        let (width, unit) = widths(kind).filter(|_| is_wanted(tag))?;
        let len = count.checked_mul(width).filter(|len| *len <= self.left)?;
        if len > self.word() as u64 {
            let place = self.number(self.word())?;
            self.source.seek(SeekFrom::Start(place)).ok()?;
        }
        let mut bytes = Vec::new();
        (&mut self.source).take(len).read_to_end(&mut bytes).ok().filter(|read| *read as u64 == len)?;
        self.left -= len;
        if !self.is_little {
            bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        Some(TiffEntry { tag, kind, count, bytes })
    }
}

/// Bytes of one value of a field type, and of the numbers it consists of.
fn widths(kind: u16) -> Option<(u64, usize)> {
    Some(match kind {
        1 | 2 | 6 | 7 => (1, 1),
        3 | 8 => (2, 2),
        4 | 9 | 11 | 13 => (4, 4),
        5 | 10 => (8, 4),
        12 | 16..=18 => (8, 8),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// One directory at 8 with the entries given: tag, kind, count, value or offset.
    fn file(entries: &[(u16, u16, u32, u32)], rest: &[u8]) -> Vec<u8> {
        let mut bytes = b"MM\0*\0\0\0\x08".to_vec();
        bytes.extend((entries.len() as u16).to_be_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_be_bytes());
            bytes.extend(kind.to_be_bytes());
            bytes.extend(count.to_be_bytes());
            bytes.extend(value.to_be_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn values_become_little_endian() {
        let bytes = file(&[(0x100, 3, 1, 7 << 16), (0x11a, 5, 1, 38)], &[0, 0, 1, 0x2c, 0, 0, 0, 1]);
        let mut walker = Walker::new(Cursor::new(bytes)).unwrap();
        let entries = walker.read(walker.first(), |_| true);
        assert_eq!(
            entries.iter().map(|e| (e.tag, e.kind, e.count)).collect::<Vec<_>>(),
            [(0x100, 3, 1), (0x11a, 5, 1)]
        );
        assert_eq!(entries[0].bytes, [7, 0]);
        assert_eq!(entries[1].bytes, [0x2c, 1, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn pages_are_found_in_a_loop_too() {
        // Directories at 8, 26 and 44; the last one points at the first. The second is a small version.
        let directory =
            |kind: u8, next: u8| [&[0, 1, 0, 254, 0, 4, 0, 0, 0, 1, 0, 0, 0, kind, 0, 0, 0][..], &[next]].concat();
        let bytes = [b"MM\0*\0\0\0\x08".to_vec(), directory(0, 26), directory(1, 44), directory(2, 8)].concat();
        let pages = |bytes: &[u8]| Walker::new(Cursor::new(bytes.to_vec())).unwrap().pages();
        assert_eq!(pages(&bytes), [8, 44]);
        assert_eq!(pages(&bytes[..30]), [8, 26], "what is cut off cannot say that it is small");
        assert_eq!(pages(&bytes[..8]), [8]);
    }

    #[test]
    fn entries_that_share_their_bytes_end_at_the_budget() {
        let mut bytes = file(&vec![(0x9286, 7, 1 << 20, 0); 4000], &[]);
        bytes.resize(2 << 20, 0);
        let mut walker = Walker::new(Cursor::new(bytes)).unwrap();
        let entries = walker.read(walker.first(), |_| true);
        assert_eq!(entries.iter().map(|entry| entry.bytes.len()).sum::<usize>(), 16 << 20);
    }

    #[test]
    fn damage_does_no_harm() {
        let good = file(&[(0x100, 3, 1, 7 << 16), (0x11a, 5, 1, 38)], &[0; 8]);
        for end in 0..good.len() {
            if let Some(mut walker) = Walker::new(Cursor::new(&good[..end])) {
                walker.read(walker.first(), |_| true);
            }
        }
        for at in 4..good.len() {
            let mut bytes = good.clone();
            bytes[at] = 0xff;
            if let Some(mut walker) = Walker::new(Cursor::new(bytes)) {
                walker.read(walker.first(), |_| true);
            }
        }
    }
}
