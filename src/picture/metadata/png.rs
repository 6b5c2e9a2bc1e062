//! EXIF and XMP in PNG files, wherever they stand: behind the pixels too, where the decoder does not look, and in the
//! text chunks that `ImageMagick` wrote before there was a chunk for EXIF ("raw profiles", in hexadecimal). What is said of
//! colours counts in front of the pixels alone, as the format has it.

use super::block::without_prefix;
use super::iptc;
use super::png_color::PngColor;
use super::remarks::Remarks;
use super::xmp::JPEG_NAME;
use flate2::read::ZlibDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The most that a chunk may hold, packed and unpacked; a maker's note has some 100 kB.
const MAX_CHUNK_BYTES: u64 = 16 << 20;

/// Chunks that are looked at: animations have one or two for each frame.
const MAX_CHUNKS: usize = 1 << 20;

/// Reads the chunks of a file, as far as they can be read.
pub(in crate::picture) fn png_remarks(path: &Path) -> Remarks {
    let mut found = Found::default();
    if let Ok(file) = File::open(path) {
        let _ = found.read(BufReader::new(file));
    }
    let (exif, xmp) = (found.exif.or(found.raw_exif), found.xmp.or(found.raw_xmp));
    let iptc = found.raw_iptc.and_then(iptc::of_raw_profile);
    Remarks { exif, xmp, iptc, png_color: found.color, ..Remarks::default() }
}

#[derive(Default)]
struct Found {
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    raw_exif: Option<Vec<u8>>,
    raw_xmp: Option<Vec<u8>>,
    color: PngColor,
    /// Whether a chunk of pixels was met.
    has_begun: bool,
    raw_iptc: Option<Vec<u8>>,
}

impl Found {
    /// Nothing where the file ends.
    fn read(&mut self, mut file: impl Read + Seek) -> Option<()> {
        file.seek(SeekFrom::Start(8)).ok()?;
        for _ in 0..MAX_CHUNKS {
            let mut head = [0; 8];
            file.read_exact(&mut head).ok()?;
            let [a, b, c, d, kind @ ..] = head;
            let len = u64::from(u32::from_be_bytes([a, b, c, d]));
            self.has_begun |= &kind == b"IDAT";
            let is_wanted =
                matches!(&kind, b"eXIf" | b"tEXt" | b"zTXt" | b"iTXt") || PngColor::is_wanted(kind) && !self.has_begun;
            let is_wanted = is_wanted && len <= MAX_CHUNK_BYTES;
            if is_wanted {
                let mut body = Vec::new();
                (&mut file).take(len).read_to_end(&mut body).ok()?;
                self.take(kind, body);
            }
            // A chunk ends with its checksum.
            file.seek(SeekFrom::Current(if is_wanted { 4 } else { len as i64 + 4 })).ok()?;
        }
        None
    }

    fn take(&mut self, kind: [u8; 4], body: Vec<u8>) {
        if &kind == b"eXIf" {
            self.exif.get_or_insert_with(|| without_prefix(body));
            return;
        }
        if PngColor::is_wanted(kind) {
            self.color.take(kind, &body);
            return;
        }
        let Some((keyword, rest)) = split_at_zero(&body) else { return };
        match keyword {
            b"XML:com.adobe.xmp" => self.xmp = self.xmp.take().or_else(|| text(kind, rest)),
            b"Raw profile type exif" | b"Raw profile type APP1" => {
                let Some(profile) = text(kind, rest).and_then(|text| raw_profile(&text)) else { return };
                match profile.strip_prefix(JPEG_NAME) {
                    Some(packet) => drop(self.raw_xmp.get_or_insert(packet.to_vec())),
                    None => drop(self.raw_exif.get_or_insert_with(|| without_prefix(profile))),
                }
            }
            b"Raw profile type xmp" => {
                self.raw_xmp = self.raw_xmp.take().or_else(|| raw_profile(&text(kind, rest)?));
            }
            b"Raw profile type iptc" | b"Raw profile type 8bim" => {
                self.raw_iptc = self.raw_iptc.take().or_else(|| raw_profile(&text(kind, rest)?));
            }
            _ => {}
        }
    }
}

fn split_at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// The text of a chunk, behind its keyword.
fn text(kind: [u8; 4], rest: &[u8]) -> Option<Vec<u8>> {
    match &kind {
        b"zTXt" => inflate(rest.get(1..)?),
        b"iTXt" => {
            let (is_packed, rest) = (*rest.first()? == 1, rest.get(2..)?);
            let (_language, rest) = split_at_zero(rest)?;
            let (_keyword, rest) = split_at_zero(rest)?;
            if is_packed { inflate(rest) } else { Some(rest.to_vec()) }
        }
        _ => Some(rest.to_vec()),
    }
}

fn inflate(packed: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    ZlibDecoder::new(packed).take(MAX_CHUNK_BYTES).read_to_end(&mut text).ok()?;
    (text.len() < MAX_CHUNK_BYTES as usize).then_some(text)
}

/// The bytes of "name, length, hexadecimal digits", each on lines of its own.
fn raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?.trim_start();
    let (_name, rest) = text.split_once('\n')?;
    let (length, digits) = rest.trim_start().split_once('\n')?;
    let length: usize = length.trim().parse().ok()?;
    let digits: Vec<u8> = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
    (bytes.len() == length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_profiles_are_read_and_damaged_ones_left() {
        assert_eq!(raw_profile(b"\nexif\n       3\n0aF0\n01\n"), Some(vec![0x0a, 0xf0, 1]));
        for damaged in [&b"\nexif\n       3\n0aF0\n"[..], b"\nexif\n3", b"exif\nx\n00", b"\xff\n1\n00", b"exif\n1\n0g"]
        {
            assert_eq!(raw_profile(damaged), None);
        }
    }
}
