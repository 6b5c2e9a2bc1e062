//! What goes through the pipes: a line of JSON asks, and a line of JSON answers, with the samples and other bytes behind it.
//!
//! The process that reads an answer does not trust the one that wrote it: every length is checked before there is memory for it.

use crate::geometry::Size;
use crate::key::PictureId;
use crate::picture::color;
use crate::picture::open::{MAX_METADATA_BYTES, decoded_limit, known_format};
use crate::picture::{Exposure, Metadata, Pages, Picture, Samples};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Error, Read, Result, Write};
use std::path::Path;

/// The longest line.
const MOST_LINE_BYTES: u64 = 1 << 20;

/// How a picture came out, without its bytes.
#[derive(Deserialize, Serialize)]
enum Answer {
    Picture(Box<Header>),
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
        Err(reason) => {
            write_line(to, &Answer::Refused(reason))?;
            return to.flush();
        }
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
    for samples in [Some(&picture.rgb), picture.alpha.as_ref()].into_iter().flatten() {
        to.write_all(samples.as_bytes())?;
    }
    to.flush()
}

/// The picture of a file, or half a sentence why there is none.
///
/// # Errors
/// If the other side breaks off, or says what cannot be.
pub(super) fn read_answer(from: &mut impl BufRead, path: &Path) -> Result<std::result::Result<Picture, String>> {
    let header = match read_line(from)?.ok_or_else(impossible)? {
        Answer::Picture(header) => header,
        Answer::Refused(reason) => return Ok(Err(reason)),
    };
    let [icc_profile, exif, xmp, iptc] = header.metadata;
    let mut block = |len: Option<usize>| len.map(|len| read_block(from, len)).transpose();
    let (icc_profile, exif, xmp, iptc) = (block(icc_profile)?, block(exif)?, block(xmp)?, block(iptc)?);
    let size = Size::new(header.size[0], header.size[1]);
    let rgb = read_samples(from, (size, 3), header.bits)?;
    let alpha = header.has_alpha.then(|| read_samples(from, (size, 1), header.bits)).transpose()?;
    let color = icc_profile.as_ref().map(|profile| color::of_samples(profile)).unwrap_or_default();
    Ok(Ok(Picture {
        id: header.id,
        path: path.to_owned(),
        size,
        rgb,
        alpha,
        regions: None,
        format: known_format(&header.format),
        is_grey: header.is_grey,
        color,
        metadata: Metadata { icc_profile, exif, xmp, iptc, dpi: header.dpi },
        notice: header.notice,
        pages: header.pages,
        exposure: header.exposure,
    }))
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

fn read_samples(from: &mut impl Read, (size, channels): (Size, usize), bits: u8) -> Result<Samples> {
    let most = decoded_limit().unwrap_or_default();
    let samples = size.width.checked_mul(size.height).and_then(|area| area.checked_mul(channels));
    let is_possible = |n: &usize| *n > 0 && (*n as u64).saturating_mul(u64::from(bits / 8)) <= most;
    let samples = samples.filter(|n| matches!(bits, 8 | 16) && is_possible(n)).ok_or_else(impossible)?;
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
        read_answer(&mut &bytes[..], Path::new("a.png"))
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
