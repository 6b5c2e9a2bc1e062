//! Opening a picture file: whatever the file's mode, out come upright RGB samples of the same depth.
//!
//! The format follows from the content; the name's ending only helps where a format has no signature (TGA).
//! Sizes are checked before anything is decoded. Of camera RAW the preview is shown.

mod about;
mod avif;
mod cached;
mod convert;
mod endings;
mod failure;
mod foreign;
mod frames;
mod gain_map_jpeg;
mod gif;
mod hdr_png;
mod hidden;
mod ico;
mod ink_jpeg;
mod jpeg;
mod jpeg2000;
mod jxl;
mod jxl_light;
mod kind;
mod large;
mod light;
mod limit;
mod packet;
mod patience;
mod pieces;
mod png_rows;
mod raw;
mod scans;
mod stoppable;
mod structure;
mod tif;
mod unmultiplied;
mod whole_tiff;

use super::metadata::{Remarks, resolution};
use super::{Exposure, Metadata, Picture, Which};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::task::{Interrupt, NEVER, check, survive};
use about::{About, about};
use avif::AvifDecoder;
pub(super) use cached::TileWriter;
pub use endings::is_picture_path;
use failure::{OpenFailure, describe_io};
pub(super) use frames::{Frames, frames_of};
use gain_map_jpeg::{GainMapDecoder, StoredGainMap};
use gif::GifDecoder;
pub(super) use limit::MAX_METADATA_BYTES;
pub use limit::{MAX_DECODED_BYTES, from_environment as decoded_limit};

use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};
use ink_jpeg::apart_jpeg;
use jpeg2000::Jpeg2000Decoder;
use jxl::JxlDecoder;
use kind::Kind;
use limit::{gibibytes, most_decoded_bytes};
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;
use stoppable::Stoppable;
use structure::{pages_of, remarks_of};
use tif::TifDecoder;
use whole_tiff::open_whole;

/// What a decoder may allocate before the size is known and checked: a colour profile and one row.
const MAX_HEADER_BYTES: u64 = 64 << 20;

/// What a decoder may allocate beside the samples while it decodes.
const MAX_SCRATCH_BYTES: u64 = 1 << 30;

/// Bytes that most files' headers, with metadata and preview, do not exceed.
const MOST_HEADERS: u64 = 256 << 10;

pub(super) const NOT_SURVIVED: &str = "it is damaged in a way that its decoder does not survive; copy the file again";

/// Opens a picture of a file, by rectangles if it would take more than `held_bytes` and its file allows it.
pub(super) fn open(path: &Path, which: Which, held_bytes: u64, interrupt: Interrupt<'_>) -> Result<Picture> {
    let refuse = |reason: String| Error::picture(path, reason);
    check_file(path).map_err(refuse)?;
    let file = path.to_owned();
    // Decoders of damaged files have been known to panic; that must not take the window down.
    let read = move |stop: Interrupt<'_>| {
        survive(|| decode_file(&file, which, held_bytes, stop)).unwrap_or_else(|| Err(NOT_SURVIVED.into()))
    };
    let decoded = within_time(interrupt, || size_by_header(path), read)?;
    check(interrupt)?;
    let mut picture = decoded.flatten().and_then(|picture| light::as_asked(picture, which)).map_err(refuse)?;
    path.clone_into(&mut picture.path);
    Ok(picture)
}

/// The size of a page and of those before it, put together: of an animation all frames up to one may have to be decoded.
pub(super) fn size_up_to(path: &Path, page: usize) -> Option<Size> {
    size_by_header(path).map(|size| Size::new(size.width, size.height.saturating_mul(page + 1)))
}

/// Whether a page of a file is to be read by rectangles, as far as its header tells.
pub(super) fn is_by_rectangles(path: &Path, page: usize, held_bytes: u64, interrupt: Interrupt<'_>) -> bool {
    let is_tiled = || guess(path, interrupt).is_ok_and(|(_, kind)| matches!(kind, Kind::TIFF | Kind::PNG));
    held_bytes < u64::MAX
        && survive(is_tiled).unwrap_or_default()
        && header_of(path, page, interrupt).is_ok_and(|(_, bytes)| bytes > held_bytes)
}

/// A format by its name for people, from a process that is not trusted to know one.
pub(super) fn known_format(name: &str) -> &'static str {
    Kind::known_name(name)
}

/// What can be said without reading it.
fn check_file(path: &Path) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|error| describe_io(&error))?;
    if about.is_dir() {
        return Err("it is a folder; choose a picture inside it".into());
    }
    if !about.is_file() {
        return Err("it is not a regular file".into());
    }
    if about.len() == 0 {
        return Err("the file is empty; copy or download it again".into());
    }
    Ok(())
}

pub(super) use hidden::covered;
pub use large::HELD_BYTES;
pub(super) use packet::packet_of;
pub use patience::from_environment as opening_time;
pub(super) use patience::in_a_thread;
use patience::within_time;

pub(super) fn size_of(path: &Path) -> Result<Size> {
    let header = header_of(path, 0, NEVER).and_then(|(size, bytes)| within_memory(size, bytes).map(|()| size));
    header.map_err(|reason| Error::picture(path, reason))
}

pub(super) fn decoded_bytes(path: &Path, page: usize, interrupt: Interrupt<'_>) -> Option<u64> {
    header_of(path, page, interrupt).ok().map(|(_, bytes)| bytes)
}

fn size_by_header(path: &Path) -> Option<Size> {
    header_of(path, 0, NEVER).ok().map(|(size, _)| size)
}

/// The size of a page, and the bytes that it needs, be they too many.
fn header_of(path: &Path, page: usize, interrupt: Interrupt<'_>) -> Result<(Size, u64), String> {
    check_file(path)?;
    let read = || {
        let (reader, kind) = guess(path, interrupt)?;
        // The JPEG decoder reads the whole file before it looks at the header.
        let start = if kind == Kind::JPEG { start_of(path) } else { None };
        let start = start.map(|start| ImageReader::with_format(Cursor::new(start), ImageFormat::Jpeg));
        let (size, bytes, channels) = match start.and_then(|start| read_header(start, kind, page).ok()) {
            Some(header) => header,
            None => read_header(reader, kind, page)?,
        };
        // The second page of a JPEG is its light.
        let becomes_light = kind == Kind::JPEG && page > 0 || kind == Kind::PNG && hdr_png::is_light(path);
        Ok((size, if becomes_light { bytes.max(light::needed_bytes(size, channels)) } else { bytes }))
    };
    survive(read).unwrap_or_else(|| Err(NOT_SURVIVED.into()))
}

/// Size, bytes, and channels of RGB with or without opacity, as the decoder of a page has them.
fn read_header<R: BufRead + Seek>(
    reader: ImageReader<R>,
    kind: Kind,
    page: usize,
) -> Result<(Size, u64, usize), String> {
    let decoder = start_limited(reader, kind, page).map_err(|error| OpenFailure::from(error).describe(kind.name()))?;
    let (width, height) = decoder.dimensions();
    let channels = if decoder.color_type().has_alpha() { 4 } else { 3 };
    Ok((Size::new(width as usize, height as usize), needed_bytes(&decoder), channels))
}

/// As much of a file as holds most headers.
fn start_of(path: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(MOST_HEADERS).read_to_end(&mut start).ok()?;
    Some(start)
}

/// A reader of the file's format.
fn guess<'a>(path: &Path, interrupt: Interrupt<'a>) -> Result<(ImageReader<BufReader<Stoppable<'a>>>, Kind), String> {
    let file = File::open(path).map_err(|error| describe_io(&error))?;
    let length = file.metadata().map_err(|error| describe_io(&error))?.len();
    let mut file = BufReader::new(Stoppable::new(file, interrupt));
    let start = file.fill_buf().map_err(|error| describe_io(&error))?;
    if let Some(reason) = foreign::reason_to_refuse(start) {
        return Err(reason);
    }
    let known = Kind::of_start(start, path);
    let mut reader = ImageReader::new(file);
    let kind = if let Some(kind) = known {
        kind
    } else {
        if let Ok(format) = ImageFormat::from_path(path) {
            reader.set_format(format);
        }
        reader = reader.with_guessed_format().map_err(|error| describe_io(&error))?;
        Kind::Common(reader.format().ok_or(foreign::NOT_A_PICTURE)?)
    };
    if kind.is_read_whole() && length > most_decoded_bytes() {
        let (name, gibibytes) = (kind.name(), gibibytes(length));
        return Err(format!("a {name} file of {gibibytes:.1} GiB is not a picture that can be shown; it is damaged"));
    }
    Ok((reader, kind))
}

fn decode_file(path: &Path, which: Which, held_bytes: u64, interrupt: Interrupt<'_>) -> Result<Picture, String> {
    let Which { page, exposure } = which;
    if let Some(mut frames) = Frames::open(path, interrupt)? {
        return frames.picture(page, interrupt);
    }
    let (reader, kind) = guess(path, interrupt)?;
    if kind == Kind::ICO
        && let Some(png) = ico::largest_png(path)
    {
        let reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
        let picture = decode(start_limited(reader, Kind::PNG, 0), Kind::PNG, (Remarks::default(), Exposure::NONE))?;
        return Ok(Picture { format: kind.name(), ..picture });
    }
    let jpeg =
        if kind == Kind::JPEG { Some(jpeg::read_complete(path).map_err(|error| describe_io(&error))?) } else { None };
    let gain_map = jpeg.as_deref().and_then(StoredGainMap::of);
    let remarks = remarks_of(path, kind, page);
    let (dpi, said, pages) = (remarks.dpi, remarks.note.clone(), pages_of(&remarks, page, gain_map.is_some()));
    if let Some(reason) = pages.reason_to_refuse() {
        return Err(reason);
    }
    let light = gain_map.filter(|_| page > 0).zip(jpeg.as_deref()).map(|(map, file)| map.cut(file));
    let apart = jpeg.map_or(Ok(None), apart_jpeg)?;
    let large = match kind {
        Kind::TIFF => large::open_tiff(path, which, held_bytes, &remarks)?,
        Kind::PNG => png_rows::open_png(path, held_bytes, &remarks, interrupt)?,
        _ => None,
    };
    let mut picture = match large {
        Some(picture) => picture,
        None if kind == Kind::TIFF => open_whole(reader.into_inner(), which, remarks)?,
        None => {
            let decoder = apart.map_or_else(|| start_limited(reader, kind, page), Ok);
            let with_light = |base: Box<dyn ImageDecoder>| match light {
                Some(map) => Box::new(GainMapDecoder::new(base, map)),
                None => base,
            };
            decode(decoder.map(with_light), kind, (remarks, exposure))?
        }
    };
    let note = (kind == Kind::Raw).then(|| raw::note(picture.size));
    picture.notice = in_a_row([picture.notice, note, said]);
    picture.metadata.dpi = dpi.or_else(|| dpi_of(&picture.metadata, path));
    Ok(Picture { pages, ..picture })
}

/// What the person should know: half sentences, one after the other.
fn in_a_row(notes: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    notes.into_iter().flatten().reduce(|first, second| format!("{first}; {second}"))
}

/// Dots per inch by the EXIF block, else by what the format has of its own.
fn dpi_of(metadata: &Metadata, path: &Path) -> Option<f64> {
    metadata.exif.as_deref().and_then(resolution::of_block).or_else(|| resolution::of_file(path))
}

fn decode(
    decoder: ImageResult<Box<dyn ImageDecoder + '_>>,
    kind: Kind,
    asked: (Remarks, Exposure),
) -> Result<Picture, String> {
    decoder
        .map_err(OpenFailure::from)
        .and_then(|decoder| read_picture(decoder, kind, asked))
        .map_err(|error| error.describe(kind.name()))
}

/// Reads the header, within what a header may take.
fn start_limited<'a, R: BufRead + Seek + 'a>(
    mut reader: ImageReader<R>,
    kind: Kind,
    page: usize,
) -> ImageResult<Box<dyn ImageDecoder + 'a>> {
    reader.limits(limits(MAX_HEADER_BYTES));
    match kind {
        Kind::TIFF => Ok(Box::new(TifDecoder::new(reader.into_inner(), page)?)),
        Kind::GIF => Ok(Box::new(GifDecoder::new(reader.into_inner())?)),
        Kind::JpegXl => Ok(Box::new(JxlDecoder::new(reader.into_inner(), page, MAX_HEADER_BYTES as usize)?)),
        Kind::Avif | Kind::Heic => Ok(Box::new(AvifDecoder::new(reader.into_inner())?)),
        Kind::Raw => raw::preview(reader.into_inner()),
        Kind::Jpeg2000 => {
            let most = most_decoded_bytes() + MAX_SCRATCH_BYTES;
            Ok(Box::new(Jpeg2000Decoder::new(reader.into_inner(), most)?))
        }
        Kind::Common(_) => Ok(Box::new(reader.into_decoder()?)),
    }
}

fn limits(bytes: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(bytes);
    limits
}

fn read_picture(
    decoder: Box<dyn ImageDecoder + '_>,
    kind: Kind,
    (remarks, exposure): (Remarks, Exposure),
) -> Result<Picture, OpenFailure> {
    let mut decoder = hdr_png::with_light(decoder, &remarks);
    check_size(&decoder)?;
    let About { metadata, color, orientation } = about(&mut decoder, remarks);
    decoder.set_limits(limits(most_decoded_bytes() + MAX_SCRATCH_BYTES))?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let is_multiplied = kind == Kind::Common(ImageFormat::OpenExr);
    let note = kind.numbers().and_then(|numbers| light::note(&image, numbers, is_multiplied, exposure));
    let exposure = light::expose(&mut image, exposure);
    let picture = convert::into_picture(image, is_multiplied);
    let picture =
        Picture { metadata, format: kind.name(), notice: in_a_row([color.notice, note]), exposure, ..picture };
    Ok(picture.with_color(color.space))
}

/// The larger of what the decoder makes and what the picture then holds.
fn needed_bytes(decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let channels = if color.has_alpha() { 4 } else { 3 };
    let depth = if is_eight_bit(color) { 1 } else { 2 };
    let held = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(channels * depth);
    held.max(decoder.total_bytes())
}

/// Refuses what would not fit.
fn check_size(decoder: &impl ImageDecoder) -> Result<(), OpenFailure> {
    let (width, height) = decoder.dimensions();
    within_memory(Size::new(width as usize, height as usize), needed_bytes(decoder)).map_err(OpenFailure::Refused)
}

fn within_memory(size: Size, needed: u64) -> Result<(), String> {
    if size.area() == 0 {
        return Err("it has no pixels; its header is damaged".into());
    }
    if needed <= most_decoded_bytes() {
        return Ok(());
    }
    Err(limit::refusal(size, needed))
}

fn is_eight_bit(color: ColorType) -> bool {
    color.bytes_per_pixel() == color.channel_count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| open(path, Which::default(), u64::MAX, NEVER).unwrap_err().to_string();
        assert!(said(folder.path()).contains("is a folder"));
        assert!(said(&folder.path().join("gone.png")).contains("no such file"));
        let empty = folder.path().join("empty.png");
        std::fs::write(&empty, []).unwrap();
        assert!(said(&empty).contains("empty"));
        // All but its first bytes are a hole: it takes no room on the disk, and must not take any in memory.
        let endless = folder.path().join("endless.jpg");
        std::fs::write(&endless, b"\xff\xd8\xff\xe0").unwrap();
        File::options().write(true).open(&endless).unwrap().set_len(40 << 30).unwrap();
        assert!(said(&endless).contains("40.0 GiB"));
        assert!(size_of(&endless).is_err());
        assert_eq!(decoded_bytes(&endless, 0, NEVER), None);
    }

    #[test]
    fn a_look_at_the_header_refuses_what_opening_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let (picture, raw) = (folder.path().join("a.tif"), folder.path().join("a.nef"));
        DynamicImage::new_rgb8(7, 5).save(&picture).unwrap();
        std::fs::copy(&picture, &raw).unwrap();
        assert_eq!(decoded_bytes(&picture, 0, NEVER), Some(7 * 5 * 3));
        assert_eq!(decoded_bytes(&raw, 0, NEVER), None, "what is in there is a thumbnail");
        assert_eq!(decoded_bytes(&picture, 0, &|| true), None, "nobody wants it");
    }
}
