//! EXIF in TIFF files, where it is not a block but directories of the file itself.

use super::resolution;
use super::shot::parse;
use exif::experimental::Writer;
use exif::{Context, Field, In, Reader, Tag, Value};
use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::Path;

/// Larger files are not searched: the reader wants them whole in memory.
const MAX_SEARCHED_BYTES: u64 = 256 << 20;

/// Tags of the main directory that describe the photograph rather than how its pixels are stored: description, make,
/// model, software, date, artist, copyright.
const DESCRIPTIVE: [u16; 7] = [0x10e, 0x10f, 0x110, 0x131, 0x132, 0x13b, 0x8298];

/// What a TIFF file says about the photograph, as an EXIF block, and its dots per inch.
pub(in crate::picture) fn said_in_tiff(path: &Path) -> Option<(Option<Vec<u8>>, Option<f64>)> {
    if std::fs::metadata(path).ok()?.len() > MAX_SEARCHED_BYTES {
        return None;
    }
    let mut file = BufReader::new(File::open(path).ok()?);
    let outcome = Reader::new().continue_on_error(true).read_from_container(&mut file);
    let exif = outcome.or_else(|error| error.distill_partial_result(|_| {})).ok()?;
    let mut writer = Writer::new();
    let mut is_empty = true;
    for field in exif.fields().filter(|field| is_kept(field)) {
        writer.push_field(field);
        is_empty = false;
    }
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, true).ok()?;
    Some(((!is_empty).then(|| block.into_inner()), resolution::of_exif(&exif)))
}

fn is_kept(field: &Field) -> bool {
    let Tag(context, number) = field.tag;
    let is_descriptive = context != Context::Tiff || DESCRIPTIVE.contains(&number);
    field.ifd_num == In::PRIMARY && is_descriptive && !matches!(field.value, Value::Unknown(..))
}

/// An entry of a TIFF directory, little-endian.
pub(in crate::picture) struct TiffEntry {
    pub(in crate::picture) tag: u16,
    pub(in crate::picture) kind: u16,
    pub(in crate::picture) count: u64,
    pub(in crate::picture) bytes: Vec<u8>,
}

/// The entries of an EXIF block by directory: main, EXIF, GPS. Interoperability has no place of its own in a TIFF.
pub(in crate::picture) fn directories_of(block: &[u8]) -> [Vec<TiffEntry>; 3] {
    let Some(exif) = parse(block) else { return Default::default() };
    let of = |wanted: Context| {
        let fields = exif.fields().filter(|field| is_kept(field) && field.tag.context() == wanted);
        fields.filter_map(entry).collect()
    };
    [of(Context::Tiff), of(Context::Exif), of(Context::Gps)]
}

fn entry(field: &Field) -> Option<TiffEntry> {
    fn bytes<T: Copy, const N: usize>(values: &[T], to: impl Fn(T) -> [u8; N]) -> (usize, Vec<u8>) {
        (values.len(), values.iter().flat_map(|v| to(*v)).collect())
    }
    let (kind, (count, bytes)) = match &field.value {
        Value::Byte(values) => (1, bytes(values, |v| [v])),
        Value::Ascii(lines) => {
            let text: Vec<u8> = lines.iter().flat_map(|line| line.iter().copied().chain([0])).collect();
            (2, (text.len(), text))
        }
        Value::Short(values) => (3, bytes(values, u16::to_le_bytes)),
        Value::Long(values) => (4, bytes(values, u32::to_le_bytes)),
        Value::Rational(values) => {
            let (_, numbers) = bytes(values, |v| (u64::from(v.num) | u64::from(v.denom) << 32).to_le_bytes());
            (5, (values.len(), numbers))
        }
        Value::SByte(values) => (6, bytes(values, i8::to_le_bytes)),
        Value::Undefined(values, _) => (7, (values.len(), values.clone())),
        Value::SShort(values) => (8, bytes(values, i16::to_le_bytes)),
        Value::SLong(values) => (9, bytes(values, i32::to_le_bytes)),
        Value::SRational(values) => {
            let pair = |num: i32, denom: i32| (u64::from(num as u32) | u64::from(denom as u32) << 32).to_le_bytes();
            (10, bytes(values, |v| pair(v.num, v.denom)))
        }
        Value::Float(values) => (11, bytes(values, f32::to_le_bytes)),
        Value::Double(values) => (12, bytes(values, f64::to_le_bytes)),
        Value::Unknown(..) => return None,
    };
    Some(TiffEntry { tag: field.tag.number(), kind, count: count as u64, bytes })
}
