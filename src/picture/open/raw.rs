//! Camera RAW: the camera's own preview, which is a JPEG in the file. Developing the sensor's data is another program's
//! work; what is shown says so.
//!
//! Shown is the largest JPEG of the file that is a picture: every maker has a place of its own for previews, and all of
//! them are JPEGs between their own markers. The sensor's data may be JPEG too, mostly of the lossless kind; it is not taken.

use super::jpeg::{end_of, next_marker};
use super::scans::{ApartDecoder, Coding};
use crate::geometry::Size;
use crate::picture::boxes::{BoxPlace, boxes, boxes_of_file};
use crate::picture::metadata::{Remarks, sensor_places, tiff_remarks};
use image::codecs::jpeg::JpegDecoder;
use image::error::{DecodingError, ImageFormatHint};
use image::{ImageDecoder, ImageError, ImageResult};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// Endings of names by which TIFF files are known to be a camera's: some have no other sign.
pub(super) const RAW_ENDINGS: [&str; 14] =
    ["dng", "nef", "nrw", "cr2", "cr3", "arw", "sr2", "orf", "rw2", "rwl", "pef", "raf", "srw", "3fr"];

/// The most that one of the camera's own directories may hold.
const MAX_DIRECTORY_BYTES: u64 = 1 << 20;

/// Places that look like the start of a JPEG and are followed; real files have a handful.
const MOST_TRIED: usize = 256;

/// Canon's identifier of the `uuid` box that its directories are in.
const CANON_ID: [u8; 16] =
    [0x85, 0xc0, 0xb6, 0x87, 0x82, 0x0f, 0x11, 0xe0, 0x81, 0x11, 0xf4, 0xce, 0x46, 0x2b, 0x6a, 0x48];

/// Whether a file is a camera's, by its first bytes and its name.
pub(super) fn is_raw(start: &[u8], path: &Path) -> bool {
    let is_any = |signatures: &[&[u8]]| signatures.iter().any(|signature| start.starts_with(signature));
    let is_canon =
        start.get(4..12) == Some(b"ftypcrx ") || start.starts_with(b"II*\0") && start.get(8..10) == Some(b"CR");
    let has_ending =
        path.extension().is_some_and(|ending| RAW_ENDINGS.iter().any(|raw| ending.eq_ignore_ascii_case(raw)));
    is_canon
        || is_any(&[b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"])
        || has_ending && is_any(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
}

/// The decoder of the preview.
pub(super) fn preview<'a>(mut reader: impl Read + Seek) -> ImageResult<Box<dyn ImageDecoder + 'a>> {
    let mut bytes = Vec::new();
    reader.seek(SeekFrom::Start(0))?;
    reader.read_to_end(&mut bytes)?;
    let (preview, coding) = largest_jpeg(&bytes).ok_or_else(|| {
        let none = "it is camera RAW without a preview, and developing it takes another program";
        ImageError::Decoding(DecodingError::new(ImageFormatHint::Unknown, none))
    })?;
    let preview = preview.to_vec();
    if coding.is_apart() {
        return Ok(Box::new(ApartDecoder::new(preview)?));
    }
    Ok(Box::new(JpegDecoder::new(Cursor::new(preview))?))
}

/// The complete JPEG with the most pixels. What is inside another one, as its thumbnail is, is passed over.
fn largest_jpeg(bytes: &[u8]) -> Option<(&[u8], Coding)> {
    let recorded = sensor_places(bytes);
    let (mut best, mut at, mut tried) = (None, 0, 0);
    while let Some(found) = next_marker(bytes, at).filter(|_| tried < MOST_TRIED) {
        // The start of a JPEG, and the marker that follows it.
        let start = found - 1;
        let is_start = bytes[found] == 0xd8 && bytes.get(found + 1) == Some(&0xff);
        at = found + 1;
        tried += usize::from(is_start);
        let Some(jpeg) = is_start.then(|| picture_at(&bytes[start..])).flatten() else { continue };
        at = start + jpeg.0.len();
        let area = jpeg.1.area();
        if recorded.contains(&(start as u64)) {
            continue;
        }
        if best.as_ref().is_none_or(|(most, _)| area > *most) {
            best = Some((area, jpeg));
        }
    }
    best.map(|(_, jpeg)| jpeg)
}

fn picture_at(bytes: &[u8]) -> Option<(&[u8], Coding)> {
    let coding = Coding::of(bytes).filter(|coding| coding.reason_to_refuse().is_none() && coding.area() > 0)?;
    Some((&bytes[..end_of(bytes)?], coding))
}

/// What the person should know.
pub(super) fn note(size: Size) -> String {
    format!("it is camera RAW: the camera's own preview of {size} pixels is shown, not what the sensor recorded")
}

/// What the camera says beside the preview, which has not always metadata of its own.
pub(super) fn raw_remarks(path: &Path) -> Remarks {
    let own = canon_remarks(path).unwrap_or_else(|| tiff_remarks(path, 0));
    Remarks { pages: 1, ..own }
}

/// Of the newer kind of Canon's files, in boxes: its main directory.
fn canon_remarks(path: &Path) -> Option<Remarks> {
    let mut file = BufReader::new(File::open(path).ok()?);
    let first = |places: Vec<BoxPlace>, kind: &[u8; 4]| places.into_iter().find(|place| &place.kind == kind);
    let all = boxes_of_file(&mut file);
    let movie = first(all, b"moov")?;
    let inner = boxes(&mut file, movie.start, movie.end);
    let mut uuids = inner.into_iter().filter(|place| &place.kind == b"uuid");
    let camera = uuids.find(|place| {
        let mut id = [0; 16];
        file.seek(SeekFrom::Start(place.start)).is_ok() && file.read_exact(&mut id).is_ok() && id == CANON_ID
    })?;
    let places = boxes(&mut file, camera.start + 16, camera.end);
    let exif = first(places, b"CMT1")?.body(&mut file, 0, MAX_DIRECTORY_BYTES)?;
    Some(Remarks { exif: Some(exif), ..Remarks::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_files_are_known_by_their_bytes_or_their_names() {
        assert!(is_raw(b"II*\0\x08\0\0\0", Path::new("x.NEF")) && !is_raw(b"II*\0\x08\0\0\0", Path::new("x.tif")));
        assert!(is_raw(b"II*\0\x10\0\0\0CR\x02\0", Path::new("x")) && is_raw(b"IIRO\x08\0", Path::new("x")));
        assert!(is_raw(b"\0\0\0\x18ftypcrx ", Path::new("x")) && is_raw(b"FUJIFILMCCD-RAW 0201", Path::new("x")));
        assert!(!is_raw(b"\x89PNG", Path::new("x.nef")), "a name is not enough");
    }
}
