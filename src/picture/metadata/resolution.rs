//! How finely a file says that it is to be printed: dots per inch. Only where both axes agree.

use super::walk::Walker;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use tiff::tags::Tag;

const CM_PER_INCH: f64 = 2.54;
const METERS_PER_INCH: f64 = 0.0254;

/// What an EXIF block says, which counts for more than the container around it.
pub(in crate::picture) fn of_block(block: &[u8]) -> Option<f64> {
    Walker::new(Cursor::new(block)).and_then(|mut walker| {
        let first = walker.first();
        of_directory(&mut walker, first)
    })
}

/// What a page's directory of a TIFF file, or the main one of an EXIF block, says.
pub(super) fn of_directory<R: Read + Seek>(walker: &mut Walker<R>, start: u64) -> Option<f64> {
    let tags = [Tag::XResolution, Tag::YResolution, Tag::ResolutionUnit].map(|tag| tag.to_u16());
    let entries = walker.read(start, |tag| tags.contains(&tag));
    let bytes = |tag: u16| entries.iter().find(|entry| entry.tag == tag).map(|entry| &entry.bytes[..]);
    let rational = |tag| {
        let (numerator, denominator) = bytes(tag)?.split_first_chunk::<4>()?;
        let denominator = u32::from_le_bytes(*denominator.first_chunk::<4>()?);
        Some(f64::from(u32::from_le_bytes(*numerator)) / f64::from(denominator))
    };
    let per_inch = match bytes(tags[2]).and_then(|unit| unit.first()) {
        Some(2) | None => 1.0,
        Some(3) => CM_PER_INCH,
        Some(_) => return None,
    };
    square(rational(tags[0])? * per_inch, rational(tags[1])? * per_inch)
}

/// What a file of JPEG (JFIF), PNG or BMP says in its own header.
pub(in crate::picture) fn of_file(path: &Path) -> Option<f64> {
    let mut file = BufReader::new(File::open(path).ok()?);
    let mut start = [0; 46];
    file.read_exact(&mut start).ok()?;
    match &start[..2] {
        b"\xff\xd8" => of_jfif(&start),
        b"\x89P" => of_png(file),
        b"BM" => {
            let [x, y] = [38, 42].map(|at| u32::from_le_bytes(bytes_at(&start, at)));
            square(f64::from(x) * METERS_PER_INCH, f64::from(y) * METERS_PER_INCH)
        }
        _ => None,
    }
}

fn of_jfif(start: &[u8; 46]) -> Option<f64> {
    let per_inch = match (&start[6..11], start[13]) {
        (b"JFIF\0", 1) => 1.0,
        (b"JFIF\0", 2) => CM_PER_INCH,
        _ => return None,
    };
    let [x, y] = [14, 16].map(|at| f64::from(u16::from_be_bytes(bytes_at(start, at))) * per_inch);
    square(x, y)
}

/// Chunk by chunk up to the pixels.
fn of_png(mut file: impl Read + Seek) -> Option<f64> {
    file.seek(SeekFrom::Start(8)).ok()?;
    loop {
        let mut head = [0; 8];
        file.read_exact(&mut head).ok()?;
        match &head[4..] {
            b"IDAT" => return None,
            b"pHYs" => {
                let mut body = [0; 9];
                file.read_exact(&mut body).ok()?;
                let [x, y] = [0, 4].map(|at| f64::from(u32::from_be_bytes(bytes_at(&body, at))) * METERS_PER_INCH);
                return square(x, y).filter(|_| body[8] == 1);
            }
            // A chunk ends with its checksum.
            _ => drop(file.seek(SeekFrom::Current(i64::from(u32::from_be_bytes(bytes_at(&head, 0))) + 4)).ok()?),
        }
    }
}

fn bytes_at<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| from[at + i])
}

/// The resolution of square pixels, to the hundredth: formats that count per metre round it.
fn square(x: f64, y: f64) -> Option<f64> {
    let is_sound = (1.0..=65_535.0).contains(&x) && (x - y).abs() < 0.01 * x;
    is_sound.then(|| (x * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_square_pixels_have_a_resolution() {
        assert_eq!((square(300.0, 300.0), square(11811.0 * METERS_PER_INCH, 299.999)), (Some(300.0), Some(300.0)));
        assert_eq!((square(300.0, 72.0), square(0.0, 0.0), square(f64::NAN, 1.0)), (None, None, None));
    }
}
