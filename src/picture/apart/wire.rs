//! What goes through the pipes: a line of JSON asks, and a line of JSON answers, with the samples and other bytes behind it.
//!
//! The process that reads an answer does not trust the one that wrote it: every length is checked before there is memory for it.

use crate::geometry::{PixelRect, Size};
use crate::key::PictureId;
use crate::picture::color;
use crate::picture::open::{MAX_METADATA_BYTES, TileWriter, decoded_limit, known_format};
use crate::picture::regions::{Chunk, Regions};
use crate::picture::{Exposure, Metadata, Pages, Picture, Samples, Which};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Error, Read, Result, Write};
use std::path::Path;

/// The longest line.
const MOST_LINE_BYTES: u64 = 1 << 20;

/// What is asked.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) enum Asked {
    /// A page or frame.
    Picture(Which),
    /// A strip or tile.
    Part(Part),
}

/// A strip or tile of a page that is read by rectangles.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Part {
    pub(super) which: Which,
    /// The name of the picture, by its file.
    pub(super) name: PictureId,
    /// 0 of the page itself, then of the smaller versions in the file.
    pub(super) level: usize,
    pub(super) index: usize,
}

/// How a picture came out, without its bytes.
#[derive(Deserialize, Serialize)]
enum Answer {
    Picture(Box<Header>),
    Part {
        bits: u8,
        has_alpha: bool,
    },
    /// Half a sentence.
    Refused(String),
}

#[derive(Deserialize, Serialize)]
struct Header {
    id: PictureId,
    size: [usize; 2],
    bits: u8,
    has_alpha: bool,
    is_grey: bool,
    format: String,
    notice: Option<String>,
    pages: Pages,
    exposure: Option<Exposure>,
    dpi: Option<f64>,
    /// Bytes of the profile, EXIF, XMP and IPTC.
    metadata: [Option<usize>; 4],
}

/// Writes one line.
pub(super) fn write_line(to: &mut impl Write, value: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line)
}

/// Reads one line; nothing where there is no more.
pub(super) fn read_line<T: for<'a> Deserialize<'a>>(from: &mut impl BufRead) -> Result<Option<T>> {
    let mut line = Vec::new();
    from.take(MOST_LINE_BYTES).read_until(b'\n', &mut line)?;
    if line.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_slice(&line)?)) }
}

/// Hands over a picture in memory, or why there is none.
pub(super) fn write_answer(to: &mut impl Write, outcome: std::result::Result<Picture, String>) -> Result<()> {
    let picture = match outcome {
        Ok(picture) => picture,
        Err(reason) => return write_refusal(to, reason),
    };
    let Metadata { icc_profile, exif, xmp, iptc, dpi } = &picture.metadata;
    let blocks = [icc_profile, exif, xmp, iptc];
    let header = Header {
        id: picture.id,
        size: [picture.size.width, picture.size.height],
        bits: picture.rgb.bits(),
        has_alpha: picture.alpha.is_some(),
        is_grey: picture.is_grey,
        format: picture.format.to_owned(),
        notice: picture.notice.clone(),
        pages: picture.pages,
        exposure: picture.exposure,
        dpi: *dpi,
        metadata: blocks.map(|block| block.as_ref().map(Vec::len)),
    };
    write_line(to, &Answer::Picture(Box::new(header)))?;
    for block in blocks.into_iter().flatten() {
        to.write_all(block)?;
    }
    write_samples(to, &picture.rgb, picture.alpha.as_ref())
}

/// Hands over a strip or tile, or why there is none.
pub(super) fn write_part(to: &mut impl Write, outcome: std::result::Result<Chunk, String>) -> Result<()> {
    match outcome {
        Ok(Chunk { rgb, alpha, .. }) => {
            write_line(to, &Answer::Part { bits: rgb.bits(), has_alpha: alpha.is_some() })?;
            write_samples(to, &rgb, alpha.as_ref())
        }
        Err(reason) => write_refusal(to, reason),
    }
}

fn write_refusal(to: &mut impl Write, reason: String) -> Result<()> {
    write_line(to, &Answer::Refused(reason))?;
    to.flush()
}

fn write_samples(to: &mut impl Write, rgb: &Samples, alpha: Option<&Samples>) -> Result<()> {
    for samples in [Some(rgb), alpha].into_iter().flatten() {
        to.write_all(samples.as_bytes())?;
    }
    to.flush()
}

/// The picture of a file, or half a sentence why there is none. RGB that takes more than `held_bytes` goes to the disk, where that
/// has room.
///
/// # Errors
/// If the other side breaks off, or says what cannot be.
pub(super) fn read_answer(
    from: &mut impl BufRead,
    path: &Path,
    held_bytes: u64,
) -> Result<std::result::Result<Picture, String>> {
    let header = match read_line(from)?.ok_or_else(impossible)? {
        Answer::Picture(header) => header,
        Answer::Part { .. } => return Err(impossible()),
        Answer::Refused(reason) => return Ok(Err(reason)),
    };
    let [icc_profile, exif, xmp, iptc] = header.metadata;
    let mut block = |len: Option<usize>| len.map(|len| read_block(from, len)).transpose();
    let (icc_profile, exif, xmp, iptc) = (block(icc_profile)?, block(exif)?, block(xmp)?, block(iptc)?);
    let size = Size::new(header.size[0], header.size[1]);
    let (rgb, regions) = match read_color(from, size, &header, held_bytes)? {
        Ok(color) => color,
        Err(reason) => return Ok(Err(reason)),
    };
    let alpha = header.has_alpha.then(|| read_samples(from, (size, 1), header.bits)).transpose()?;
    let color = icc_profile.as_ref().map(|profile| color::of_samples(profile)).unwrap_or_default();
    Ok(Ok(Picture {
        id: header.id,
        path: path.to_owned(),
        size,
        rgb,
        alpha,
        regions,
        format: known_format(&header.format),
        is_grey: header.is_grey,
        color,
        metadata: Metadata { icc_profile, exif, xmp, iptc, dpi: header.dpi },
        notice: header.notice,
        pages: header.pages,
        exposure: header.exposure,
    }))
}

/// A strip or tile that covers this of its picture, or half a sentence why there is none.
///
/// # Errors
/// As [`read_answer`].
pub(super) fn read_part(from: &mut impl BufRead, rect: PixelRect) -> Result<std::result::Result<Chunk, String>> {
    match read_line(from)?.ok_or_else(impossible)? {
        Answer::Part { bits, has_alpha } => {
            let rgb = read_samples(from, (rect.size(), 3), bits)?;
            let alpha = has_alpha.then(|| read_samples(from, (rect.size(), 1), bits)).transpose()?;
            Ok(Ok(Chunk { rect, rgb, alpha }))
        }
        Answer::Picture(_) => Err(impossible()),
        Answer::Refused(reason) => Ok(Err(reason)),
    }
}

/// Of an error what follows the file's name, which the other side knows.
pub(super) fn reason(error: crate::error::Error) -> String {
    match error {
        crate::error::Error::Picture { reason, .. } => reason,
        other => other.to_string(),
    }
}

fn impossible() -> Error {
    Error::other("the decoder's process said what cannot be")
}

fn read_block(from: &mut impl Read, len: usize) -> Result<Vec<u8>> {
    if len as u64 > 2 * MAX_METADATA_BYTES {
        return Err(impossible());
    }
    let mut block = vec![0; len];
    from.read_exact(&mut block)?;
    Ok(block)
}

/// RGB in memory, or none of it and what it is read by.
fn read_color(
    from: &mut impl Read,
    size: Size,
    header: &Header,
    held_bytes: u64,
) -> Result<std::result::Result<(Samples, Option<Regions>), String>> {
    let bytes = possible(size, 3, header.bits)? as u64 * u64::from(header.bits / 8);
    let is_large = bytes > held_bytes && !header.has_alpha;
    let Some(mut tiles) = is_large.then(|| TileWriter::of_rgb(size, header.bits).ok()).flatten() else {
        return Ok(Ok((read_samples(from, (size, 3), header.bits)?, None)));
    };
    let mut row = vec![0; bytes as usize / size.height];
    let mut written = Ok(());
    for _ in 0..size.height {
        // All of it is read, since other answers may follow.
        from.read_exact(&mut row)?;
        written = written.and_then(|()| tiles.push(&row));
    }
    let none = Samples::filled(header.bits, 0, 0);
    Ok(written.and_then(|()| tiles.into_regions(header.id)).map(|regions| (none, Some(regions))))
}

/// How many samples there are, if there may be so many.
fn possible(size: Size, channels: usize, bits: u8) -> Result<usize> {
    let most = decoded_limit().unwrap_or_default();
    let samples = size.width.checked_mul(size.height).and_then(|area| area.checked_mul(channels));
    let is_possible = |n: &usize| *n > 0 && (*n as u64).saturating_mul(u64::from(bits / 8)) <= most;
    samples.filter(|n| matches!(bits, 8 | 16) && is_possible(n)).ok_or_else(impossible)
}

fn read_samples(from: &mut impl Read, (size, channels): (Size, usize), bits: u8) -> Result<Samples> {
    let samples = possible(size, channels, bits)?;
    if bits == 8 {
        let mut values = vec![0u8; samples];
        from.read_exact(&mut values)?;
        return Ok(Samples::U8(values));
    }
    let mut values = vec![0u16; samples];
    from.read_exact(bytemuck::cast_slice_mut(&mut values))?;
    Ok(Samples::U16(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(outcome: std::result::Result<Picture, String>) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_answer(&mut bytes, outcome).unwrap();
        bytes
    }

    fn received(bytes: &[u8]) -> Result<std::result::Result<Picture, String>> {
        read_answer(&mut &bytes[..], Path::new("a.png"), u64::MAX)
    }

    fn picture() -> Picture {
        let (rgb, alpha) = (Samples::U16((0..36).map(|i| i * 1000).collect()), Samples::U16(vec![7; 12]));
        let metadata = Metadata { exif: Some(vec![1, 2, 10]), dpi: Some(300.0), ..Metadata::default() };
        let picture = Picture::from_samples(Size::new(4, 3), rgb, Some(alpha));
        Picture { metadata, format: "TIFF", notice: Some("it is new".into()), ..picture }
    }

    #[test]
    fn a_picture_arrives_as_it_was_sent() {
        let arrived = received(&sent(Ok(picture()))).unwrap().unwrap();
        assert_eq!((arrived.id, arrived.size, &arrived.rgb), (picture().id, picture().size, &picture().rgb));
        assert_eq!((arrived.alpha, arrived.metadata, arrived.format), (picture().alpha, picture().metadata, "TIFF"));
        assert_eq!((arrived.notice, arrived.path.to_str()), (picture().notice, Some("a.png")));
        assert_eq!(received(&sent(Err("it is no picture".into()))).unwrap().unwrap_err(), "it is no picture");
    }

    #[test]
    fn what_breaks_off_or_cannot_be_is_no_picture() {
        let whole = sent(Ok(picture()));
        for len in 0..whole.len() {
            assert!(received(&whole[..len]).is_err(), "{len}");
        }
        let line = whole.iter().position(|byte| *byte == b'\n').unwrap();
        let text = std::str::from_utf8(&whole[..=line]).unwrap();
        for (is, not) in [
            ("\"size\":[4,3]", "\"size\":[4294967296,4294967297]"),
            ("\"size\":[4,3]", "\"size\":[0,3]"),
            ("\"size\":[4,3]", "\"size\":[2000000,2000000]"),
            ("[null,3,", "[null,3000000000,"),
            ("\"bits\":16", "\"bits\":0"),
            ("\"bits\":16", "\"bits\":12"),
        ] {
            assert!(text.contains(is), "{text}");
            let changed = [text.replace(is, not).as_bytes(), &whole[line + 1..]].concat();
            assert!(received(&changed).is_err(), "{not}");
        }
        assert!(received(&vec![b' '; 3 << 20]).is_err());
    }
}
