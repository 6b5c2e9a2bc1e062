//! The old kind of JPEG (compression 6; TIFF 6.0, section 22), in its two usual layouts: one whole stream
//! (`JPEGInterchangeFormat`), which becomes the only strip of a page with JPEG of the new kind; and tables in tags with
//! bare strips, which get the headers of a stream. As in libtiff, colours that are said to be RGB are YCbCr.
//!
//! Not handled, and refused by name: the lossless process, and components in planes.

use super::Failure;
use super::entries::{self as tag, Entries};
use super::shape::Shape;
use super::subsampled::factors;
use std::io::{Read, Seek, SeekFrom};

/// The new kind.
const JPEG: u64 = 7;
const BLACK_IS_ZERO: u64 = 1;
const YCBCR: u64 = 6;
const LOSSLESS: u64 = 14;

/// Headers of a stream, with their tables, are not longer.
const MOST_HEADER: u64 = 64 << 10;

const DAMAGED: Failure = Failure::Damaged("the tables of its old kind of JPEG are missing or damaged");

/// Puts what the directory leaves unsaid into it, and whole streams and tables where those of the new kind are.
pub(super) fn complete(entries: &mut Entries, reader: &mut (impl Read + Seek)) -> Result<(), Failure> {
    let is_grey = matches!(entries.number(tag::PHOTOMETRIC), Some(0 | 1));
    let samples = entries.number(tag::SAMPLES).unwrap_or(if is_grey { 1 } else { 3 });
    entries.set(tag::SAMPLES, &[samples]);
    if entries.number(tag::BITS).is_none() {
        entries.set(tag::BITS, &[8]);
    }
    match entries.number(tag::PHOTOMETRIC) {
        None | Some(2) if samples == 3 => entries.set(tag::PHOTOMETRIC, &[YCBCR]),
        None if samples == 1 => entries.set(tag::PHOTOMETRIC, &[BLACK_IS_ZERO]),
        _ => {}
    }
    if entries.number(tag::JPEG_PROCESS) == Some(LOSSLESS) {
        return Err(Failure::Unsupported("it is compressed by the old kind of lossless JPEG".into()));
    }
    if entries.number(tag::PLANAR) == Some(2) && samples > 1 {
        return Err(Failure::Unsupported("it is compressed by the old kind of JPEG, in planes".into()));
    }
    let tables = match entries.number(tag::JPEG_STREAM).filter(|start| *start > 0) {
        Some(start) => {
            let header = read_at(reader, start, MOST_HEADER)?;
            let (tables, has_pixels) = tables_of_stream(&header).ok_or(DAMAGED)?;
            if has_pixels {
                entries.set(tag::COMPRESSION, &[JPEG]);
                entries.set(tag::STRIP_OFFSETS, &[start]);
                entries.set(tag::STRIP_COUNTS, &[u64::MAX]);
                for tag in [tag::STRIP_ROWS, tag::TILE_OFFSETS, tag::JPEG_TABLES] {
                    entries.remove(tag);
                }
                return Ok(());
            }
            tables
        }
        None => tables_of_tags(entries, reader, samples as usize)?,
    };
    entries.set_bytes(tag::JPEG_TABLES, tables);
    Ok(())
}

/// As many bytes as there are, at most so many.
fn read_at(reader: &mut (impl Read + Seek), start: u64, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    reader.seek(SeekFrom::Start(start))?;
    reader.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The segments with tables of a stream's header, and whether pixels follow.
fn tables_of_stream(header: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut rest = header.strip_prefix(&[0xff, 0xd8])?;
    let mut tables = Vec::new();
    while let [0xff, kind, high, low, ..] = *rest {
        let end = 2 + usize::from(u16::from_be_bytes([high, low]));
        match kind {
            0xda => return Some((tables, true)),
            0xd9 => break,
            0xc4 | 0xdb | 0xdd => tables.extend_from_slice(rest.get(..end)?),
            _ => {}
        }
        rest = rest.get(end..)?;
    }
    Some((tables, false))
}

/// Tables by their places in the file: of each component one with steps, and two with codes.
fn tables_of_tags(entries: &Entries, reader: &mut (impl Read + Seek), samples: usize) -> Result<Vec<u8>, Failure> {
    let mut segments = Vec::new();
    for (tag, marker, class) in [(tag::JPEG_STEPS, 0xdb, 0), (tag::JPEG_DC, 0xc4, 0), (tag::JPEG_AC, 0xc4, 0x10)] {
        let places = entries.numbers(tag).filter(|places| places.len() >= samples.min(4)).ok_or(DAMAGED)?;
        for (component, place) in places.iter().take(samples.min(4)).enumerate() {
            // Codes: of each length how many there are, and then their meanings.
            let most = if marker == 0xdb { 64 } else { 16 + 256 };
            let mut table = read_at(reader, *place, most)?;
            if marker == 0xc4 {
                let count: usize = table.iter().take(16).map(|count| usize::from(*count)).sum();
                table.truncate(16 + count);
            }
            let is_whole = if marker == 0xdb { table.len() == 64 } else { table.len() >= 16 };
            if !is_whole {
                return Err(DAMAGED);
            }
            segments.extend([0xff, marker]);
            segments.extend((table.len() as u16 + 3).to_be_bytes());
            segments.push(class | component as u8);
            segments.extend(table);
        }
    }
    if let Some(interval) = entries.number(tag::JPEG_RESTART).filter(|interval| (1..1 << 16).contains(interval)) {
        segments.extend([0xff, 0xdd, 0, 4]);
        segments.extend((interval as u16).to_be_bytes());
    }
    Ok(segments)
}

/// What bare strips lack.
pub(super) struct Bare {
    tables: Vec<u8>,
    /// Pixels that share one pair of colour samples, across and down.
    factors: (usize, usize),
    /// Whether each component has tables of its own.
    is_apart: bool,
}

impl Bare {
    pub(super) fn of(entries: &Entries) -> Result<Self, Failure> {
        let tables = entries.bytes(tag::JPEG_TABLES).ok_or(DAMAGED)?.to_vec();
        let is_apart = entries.number(tag::JPEG_STREAM).unwrap_or(0) == 0;
        Ok(Self { tables, factors: factors(entries)?, is_apart })
    }

    /// A stream of a strip or tile.
    pub(super) fn stream(&self, data: &[u8], shape: &Shape) -> Vec<u8> {
        if data.starts_with(&[0xff, 0xd8]) {
            return [&[0xff, 0xd8], &self.tables[..], &data[2..]].concat();
        }
        let [height, width] = [shape.rows, shape.width].map(|side| (side as u16).to_be_bytes());
        let count = shape.samples as u8;
        let sampling = |i: u8| if i == 0 && count == 3 { (self.factors.0 << 4 | self.factors.1) as u8 } else { 0x11 };
        // A stream's usual tables: one for brightness, one for colours.
        let table = |i: u8| if self.is_apart { i } else { i.min(1) };
        // Extended, where four tables of a kind may be.
        let mut stream = [&[0xff, 0xd8], &self.tables[..], &[0xff, 0xc1, 0, 8 + 3 * count, 8]].concat();
        stream.extend(height.into_iter().chain(width).chain([count]));
        stream.extend((0..count).flat_map(|i| [i + 1, sampling(i), table(i)]));
        stream.extend([0xff, 0xda, 0, 6 + 2 * count, count]);
        stream.extend((0..count).flat_map(|i| [i + 1, table(i) << 4 | table(i)]));
        stream.extend([0, 63, 0]);
        stream.extend_from_slice(data);
        if !data.ends_with(&[0xff, 0xd9]) {
            stream.extend([0xff, 0xd9]);
        }
        stream
    }
}
