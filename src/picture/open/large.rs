//! Pictures that would take too much memory, read by rectangles: TIFF, whose strips and tiles can be found in the file one by
//! one. [`super::png_rows`] has PNG.

use super::failure::{OpenFailure, describe_io};
use super::kind::Kind;
use super::limit::{gibibytes, most_decoded_bytes};
use super::tif::{TifChunks, TifDecoder};
use super::{About, NOT_SURVIVED, about, convert, in_a_row, light, needed_bytes};
use crate::geometry::{PixelRect, Size};
use crate::key::PictureId;
use crate::picture::metadata::{Remarks, Walker};
use crate::picture::regions::{Chunk, ChunkSource, RegionReader, Regions};
use crate::picture::{ColorSpace, Exposure, Metadata, Pages, Picture, Samples, Which};
use crate::task::survive;
use image::{ImageDecoder, ImageError};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// What the samples of a picture take at most if it is brought into memory and could be read by rectangles instead.
pub const HELD_BYTES: u64 = 512 << 20;

/// How many bytes at each end of a file name its picture.
const ENDS: u64 = 64 << 10;

type Reader = BufReader<File>;

/// Strips or tiles, exposed if they hold light.
struct Exposed {
    chunks: TifChunks<Reader>,
    exposure: Exposure,
}

impl ChunkSource for Exposed {
    fn over(&self, rect: PixelRect) -> Vec<usize> {
        self.chunks.over(rect)
    }

    fn rect(&self, index: usize) -> PixelRect {
        self.chunks.rect(index)
    }

    fn decode(&self, index: usize) -> Result<Chunk, String> {
        let decode = || {
            let (mut image, rect) = self.chunks.decode(index).map_err(describe)?;
            light::expose(&mut image, self.exposure);
            let (rgb, alpha) = convert::into_samples(image, false);
            Ok(Chunk { rect, rgb, alpha })
        };
        survive(decode).unwrap_or_else(|| Err(NOT_SURVIVED.into()))
    }
}

/// A page of a TIFF file by its strips or tiles, if its samples take more than `held_bytes`.
///
/// # Errors
/// If it could not be held either.
pub(super) fn open_tiff(
    path: &Path,
    which: Which,
    held_bytes: u64,
    remarks: &Remarks,
) -> Result<Option<Picture>, String> {
    let Which { page, exposure } = which;
    let reader = || File::open(path).map(BufReader::new).map_err(|error| describe_io(&error));
    let mut decoder = TifDecoder::new(reader()?, page).map_err(describe)?;
    let (bytes, shape) = (needed_bytes(&decoder), Shape::of(&decoder));
    if bytes <= held_bytes {
        return Ok(None);
    }
    let About { metadata, color, orientation } = about(&mut decoder, remarks.clone());
    let note = decoder.range().and_then(|range| range.note(exposure));
    let exposed = shape.is_light.then_some(exposure);
    let chunks = match decoder.into_chunks(orientation) {
        Ok(chunks) => chunks,
        // It fits as a whole.
        Err(ImageError::Limits(_)) if bytes <= most_decoded_bytes() => return Ok(None),
        Err(ImageError::Limits(_)) => return Err(in_one_piece(bytes)),
        Err(error) => return Err(describe(error)),
    };
    let size = chunks.size();
    let reader_of_all = RegionReader::new(Arc::new(Exposed { chunks, exposure }));
    let smaller = smaller_pages(reader()?, page).into_iter().filter_map(|start| {
        let decoder = TifDecoder::at(reader().ok()?, start).ok().filter(|decoder| Shape::of(decoder) == shape)?;
        decoder.into_chunks(orientation).ok().filter(|chunks| is_smaller(chunks.size(), size))
    });
    let mut smaller: Vec<_> = smaller.collect();
    smaller.sort_by_key(|chunks| std::cmp::Reverse(chunks.size().area()));
    let [id, content] = names(path, which).map_err(|error| describe_io(&error))?;
    let level = |(i, chunks): (usize, TifChunks<Reader>)| {
        let size = chunks.size();
        let reader = reader_of_all.sharing(i + 1, Arc::new(Exposed { chunks, exposure }));
        picture(path, size, shape, regions(reader, Vec::new(), content), (id, color.space.clone()))
    };
    let smaller: Vec<Picture> = smaller.into_iter().enumerate().map(level).collect();
    let all = picture(path, size, shape, regions(reader_of_all, smaller, content), (id, ColorSpace::default()));
    let metadata = Metadata { dpi: None, ..metadata };
    Ok(Some(
        Picture { metadata, notice: in_a_row([color.notice, note]), exposure: exposed, ..all }.with_color(color.space),
    ))
}

fn describe(error: ImageError) -> String {
    OpenFailure::from(error).describe(Kind::TIFF.name())
}

fn in_one_piece(bytes: u64) -> String {
    let gibibytes = gibibytes(bytes);
    format!(
        "its pixels would take {gibibytes:.1} GiB of memory, and they are packed in pieces too large to be read one by \
         one; save it in tiles, as `tiffcp -t` does"
    )
}

/// What the samples of a page are, beside how many: the same in all versions of a picture.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Shape {
    bits: u8,
    has_alpha: bool,
    is_grey: bool,
    is_light: bool,
}

impl Shape {
    pub(super) fn of(decoder: &impl ImageDecoder) -> Self {
        let color = decoder.color_type();
        Self {
            bits: if super::is_eight_bit(color) { 8 } else { 16 },
            has_alpha: color.has_alpha(),
            is_grey: !color.has_color(),
            is_light: light::is_light(color),
        }
    }
}

pub(super) fn picture(
    path: &Path,
    size: Size,
    shape: Shape,
    regions: Regions,
    (id, color): (PictureId, ColorSpace),
) -> Picture {
    let none = || Samples::filled(shape.bits, 0, 0);
    Picture {
        id,
        path: path.to_owned(),
        size,
        rgb: none(),
        alpha: shape.has_alpha.then(none),
        regions: Some(regions),
        format: "TIFF",
        is_grey: shape.is_grey,
        color,
        metadata: Metadata::default(),
        notice: None,
        pages: Pages::default(),
        exposure: None,
    }
}

pub(super) fn regions(reader: RegionReader, smaller: Vec<Picture>, content: PictureId) -> Regions {
    Regions { reader: Arc::new(reader), smaller: Arc::new(smaller), content, overview_part: 0.0 }
}

/// Where the directories of smaller versions of a page are.
fn smaller_pages(reader: Reader, page: usize) -> Vec<u64> {
    let Some(mut walker) = Walker::new(reader) else { return Vec::new() };
    let start = walker.pages().get(page).copied();
    start.map(|start| walker.smaller(start)).unwrap_or_default()
}

/// Whether a size is that of a smaller version of the same picture: both sides divided by the same number, and rounded.
fn is_smaller(small: Size, size: Size) -> bool {
    let times = size.width as f64 / small.width as f64;
    let height = size.height as f64 / times;
    times > 1.5 && (height - small.height as f64).abs() <= 1.0 + height * 0.002
}

/// The names of a picture of a file: by its length, its ends and its date, and without the date.
pub(super) fn names(path: &Path, which: Which) -> std::io::Result<[PictureId; 2]> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let (mut start, mut end) = (Vec::new(), Vec::new());
    (&mut file).take(ENDS).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(about.len().saturating_sub(ENDS)))?;
    file.take(ENDS).read_to_end(&mut end)?;
    let written = about.modified().ok().and_then(|date| date.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let mut numbers = [about.len(), which.page as u64].map(u64::to_le_bytes).concat();
    if which.exposure != Exposure::NONE {
        numbers.extend(which.exposure.to_string().bytes());
    }
    let date = written.as_nanos().to_le_bytes();
    let content = [&b"file"[..], &numbers, &start, &end];
    Ok([PictureId::of(content.into_iter().chain([&date[..]])), PictureId::of(content)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_version_has_the_same_shape() {
        let size = Size::new(30_001, 20_003);
        for (small, is) in
            [((15_000, 10_001), true), ((15_001, 10_002), true), ((1875, 1250), true), ((160, 120), false)]
        {
            assert_eq!(is_smaller(Size::new(small.0, small.1), size), is, "{small:?}");
        }
        assert!(!is_smaller(size, size));
    }
}
