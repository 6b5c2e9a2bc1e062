//! A PNG that would take too much memory: its rows go into tiles on the disk as they are unpacked.
//!
//! Not handled: interlaced ones, whose rows come in seven passes; they are brought into memory, or refused.

use super::cached::TileWriter;
use super::failure::{OpenFailure, damaged, describe_io, too_large};
use super::kind::Kind;
use super::large::{Shape, names, picture, regions};
use super::limit::{gibibytes, most_decoded_bytes};
use super::pieces::Turn;
use super::stoppable::Stoppable;
use super::{About, MAX_HEADER_BYTES, about, guess, needed_bytes, start_limited};
use crate::geometry::Size;
use crate::picture::metadata::Remarks;
use crate::picture::regions::RegionReader;
use crate::picture::{ColorSpace, Metadata, Picture, Which};
use crate::task::Interrupt;
use image::{ColorType, ImageDecoder, ImageError};
use png::{BitDepth, Decoder, Limits, Reader, Transformations};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

/// Bytes of the file that are read at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A PNG by tiles on the disk, if its samples take more than `held_bytes`.
///
/// # Errors
/// If it has no room there either, or is damaged.
pub(super) fn open_png(
    path: &Path,
    held_bytes: u64,
    remarks: &Remarks,
    interrupt: Interrupt<'_>,
) -> Result<Option<Picture>, String> {
    let (reader, kind) = guess(path, interrupt)?;
    let mut decoder = start_limited(reader, kind, 0).map_err(describe)?;
    let (bytes, shape, color_type) = (needed_bytes(&decoder), Shape::of(&decoder), decoder.color_type());
    if bytes <= held_bytes {
        return Ok(None);
    }
    let About { metadata, color, orientation } = about(&mut decoder, remarks.clone());
    let mut rows = rows_of(path, interrupt)?;
    if rows.info().interlaced {
        let fits = bytes <= most_decoded_bytes();
        return if fits { Ok(None) } else { Err(interlaced(bytes)) };
    }
    let stored = Size::new(rows.info().width as usize, rows.info().height as usize);
    let mut writer = TileWriter::create(stored, color_type)?;
    copy(&mut rows, color_type, &mut writer)?;
    let tiles = writer.finish(Turn { size: stored, orientation })?;
    let (size, [id, content]) = (tiles.size(), names(path, Which::default()).map_err(|error| describe_io(&error))?);
    let regions = regions(RegionReader::new(Arc::new(tiles)), Vec::new(), content);
    let all = picture(path, size, shape, regions, (id, ColorSpace::default()));
    let all = Picture { metadata, notice: color.notice, format: kind.name(), ..all };
    Ok(Some(Picture { metadata: Metadata { dpi: None, ..all.metadata }, ..all }.with_color(color.space)))
}

type Rows<'a> = Reader<BufReader<Stoppable<'a>>>;

/// The rows as the ordinary decoder has them too: palettes and few bits become 8.
fn rows_of<'a>(path: &Path, interrupt: Interrupt<'a>) -> Result<Rows<'a>, String> {
    let file = File::open(path).map_err(|error| describe_io(&error))?;
    let file = BufReader::with_capacity(BUFFER_BYTES, Stoppable::new(file, interrupt));
    let mut decoder = Decoder::new_with_limits(file, Limits { bytes: MAX_HEADER_BYTES as usize });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info().map_err(|error| describe(from_png(error)))
}

/// Samples of 16 bits are turned into the machine's order.
fn copy(rows: &mut Rows<'_>, color: ColorType, writer: &mut TileWriter) -> Result<(), String> {
    let (height, (kind, depth)) = (rows.info().height, rows.output_color_type());
    let row_bytes = rows.info().width as usize * usize::from(color.bytes_per_pixel());
    let mut native = Vec::new();
    for _ in 0..height {
        let row = rows.next_row().map_err(|error| describe(from_png(error)))?;
        let row = row.as_ref().map_or(&[][..], |row| row.data());
        if row.len() != row_bytes {
            return Err(format!("its rows are not {kind:?} as its header says; it is damaged"));
        }
        if depth == BitDepth::Sixteen {
            native.clear();
            native.extend(row.as_chunks().0.iter().flat_map(|pair| u16::from_be_bytes(*pair).to_ne_bytes()));
            writer.push(&native)?;
        } else {
            writer.push(row)?;
        }
    }
    Ok(())
}

fn interlaced(bytes: u64) -> String {
    let gibibytes = gibibytes(bytes);
    format!(
        "its pixels would take {gibibytes:.1} GiB of memory, and it is interlaced, so that it cannot be read row by row; save it \
         without interlacing, or as a TIFF"
    )
}

fn describe(error: ImageError) -> String {
    OpenFailure::from(error).describe(Kind::PNG.name())
}

fn from_png(error: png::DecodingError) -> ImageError {
    match error {
        png::DecodingError::IoError(error) => ImageError::IoError(error),
        png::DecodingError::LimitsExceeded => too_large(),
        error => damaged(error),
    }
}
