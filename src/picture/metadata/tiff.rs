//! EXIF in TIFF files, where it is not a block but directories of the file itself.

use super::directory::{Directory, TiffEntry, Value, header};
use super::iptc;
use super::remarks::Remarks;
use super::resolution;
use super::walk::Walker;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use tiff::tags::Tag;

/// Tags of the main directory that describe the photograph rather than how its pixels are stored: description, make,
/// model, software, date, artist, copyright.
const DESCRIPTIVE: [u16; 7] = [0x10e, 0x10f, 0x110, 0x131, 0x132, 0x13b, 0x8298];

/// How finely it is to be printed.
const RESOLUTION: [Tag; 3] = [Tag::XResolution, Tag::YResolution, Tag::ResolutionUnit];

/// What the colours of sensors are called: a mosaic, and linear light as the sensor sees it (DNG 1.7, `PhotometricInterpretation`).
const SENSOR: [u64; 2] = [32_803, 34_892];

/// Where the interoperability directory is, which has no place of its own in a TIFF.
const INTEROPERABILITY: u16 = 0xa005;

/// Thousandths of a dot per inch, which is finer than any format keeps.
const DPI_PARTS: u32 = 1000;

const INCH: u16 = 2;

/// Reads the directories of a page, counted from 0; nothing from a file that cannot be read.
pub(in crate::picture) fn tiff_remarks(path: &Path, page: usize) -> Remarks {
    let walker = File::open(path).ok().and_then(|file| Walker::new(BufReader::new(file)));
    let Some(mut walker) = walker else { return Remarks::default() };
    let pages = walker.pages();
    let Some(start) = pages.get(page).copied() else { return Remarks { pages: pages.len(), ..Remarks::default() } };
    let said = walker.read(start, |tag| tag == Tag::Orientation.to_u16());
    let iptc = walker.read(start, |tag| tag == iptc::TIFF_TAG).pop().and_then(|entry| iptc::of_tiff(entry.bytes));
    let mut directories = described(&mut walker, start);
    let is_described = directories.iter().any(|entries| !entries.is_empty());
    directories[0].extend(walker.read(start, |tag| RESOLUTION.iter().any(|wanted| wanted.to_u16() == tag)));
    Remarks {
        exif: is_described.then(|| block_of(directories)),
        iptc,
        orientation: said.first().and_then(|entry| entry.offset()?.try_into().ok()),
        dpi: resolution::of_directory(&mut walker, start),
        pages: pages.len(),
        ..Remarks::default()
    }
}

/// Where a camera's file holds strips and tiles of what its sensor recorded.
pub(in crate::picture) fn sensor_places(file: &[u8]) -> Vec<u64> {
    let Some(mut walker) = Walker::new(Cursor::new(file)) else { return Vec::new() };
    let mut directories = walker.pages();
    directories.extend(directories.clone().into_iter().flat_map(|start| walker.below(start)));
    let mut places = Vec::new();
    for start in directories {
        let meaning = walker.read(start, |tag| tag == Tag::PhotometricInterpretation.to_u16());
        if meaning.first().and_then(TiffEntry::offset).is_some_and(|meaning| SENSOR.contains(&meaning)) {
            let of_parts = [Tag::StripOffsets, Tag::TileOffsets].map(|tag| tag.to_u16());
            places.extend(walker.read(start, |tag| of_parts.contains(&tag)).iter().flat_map(TiffEntry::offsets));
        }
    }
    places
}

/// The entries of an EXIF block by directory: main, EXIF, GPS.
pub(in crate::picture) fn directories_of(block: &[u8]) -> [Vec<TiffEntry>; 3] {
    Walker::new(Cursor::new(block))
        .map(|mut walker| {
            let first = walker.first();
            described(&mut walker, first)
        })
        .unwrap_or_default()
}

fn described<R: Read + Seek>(walker: &mut Walker<R>, start: u64) -> [Vec<TiffEntry>; 3] {
    let inner = [Tag::ExifDirectory, Tag::GpsDirectory].map(|tag| tag.to_u16());
    let main = walker.read(start, |tag| DESCRIPTIVE.contains(&tag) || inner.contains(&tag));
    let (pointers, main): (Vec<_>, Vec<_>) = main.into_iter().partition(|entry| inner.contains(&entry.tag));
    let [exif, gps] = inner.map(|tag| {
        let start = pointers.iter().find(|entry| entry.tag == tag).and_then(TiffEntry::offset);
        start.map_or_else(Vec::new, |start| walker.read(start, |tag| tag != INTEROPERABILITY))
    });
    [main, exif, gps]
}

/// An EXIF block that says nothing but how finely to print.
pub(in crate::picture) fn block_of_resolution(dpi: f64) -> Vec<u8> {
    let parts = (dpi * f64::from(DPI_PARTS)).round() as u32;
    let mut directory = Directory::new(false);
    directory.add(Tag::XResolution, Value::Rational(parts, DPI_PARTS));
    directory.add(Tag::YResolution, Value::Rational(parts, DPI_PARTS));
    directory.add(Tag::ResolutionUnit, Value::Short(vec![INCH]));
    let at = header(false, 0).len() as u64;
    [header(false, at), directory.encode(at)].concat()
}

/// Directories as one EXIF block: the inner ones first, since the main one says where they are.
fn block_of([main, exif, gps]: [Vec<TiffEntry>; 3]) -> Vec<u8> {
    let mut first = Directory::new(false);
    first.add_entries(main);
    let mut inner = Vec::new();
    let start = header(false, 0).len();
    for (tag, entries) in [(Tag::ExifDirectory, exif), (Tag::GpsDirectory, gps)] {
        if !entries.is_empty() {
            let at = (start + inner.len()) as u64;
            let mut directory = Directory::new(false);
            directory.add_entries(entries);
            inner.extend(directory.encode(at));
            inner.resize(inner.len().next_multiple_of(2), 0);
            first.add(tag, Value::Offset(vec![at]));
        }
    }
    let at = (start + inner.len()) as u64;
    [header(false, at), inner, first.encode(at)].concat()
}
