//! The entries of a directory that say how pixels are stored.

use super::Failure;
use crate::picture::metadata::TiffEntry;

pub(super) const WIDTH: u16 = 256;
pub(super) const HEIGHT: u16 = 257;
pub(super) const BITS: u16 = 258;
pub(super) const COMPRESSION: u16 = 259;
pub(super) const PHOTOMETRIC: u16 = 262;
pub(super) const FILL_ORDER: u16 = 266;
pub(super) const DESCRIPTION: u16 = 270;
pub(super) const STRIP_OFFSETS: u16 = 273;
pub(super) const SAMPLES: u16 = 277;
pub(super) const STRIP_ROWS: u16 = 278;
pub(super) const STRIP_COUNTS: u16 = 279;
pub(super) const PLANAR: u16 = 284;
pub(super) const T4_OPTIONS: u16 = 292;
pub(super) const PREDICTOR: u16 = 317;
pub(super) const COLOR_MAP: u16 = 320;
pub(super) const TILE_WIDTH: u16 = 322;
pub(super) const TILE_HEIGHT: u16 = 323;
pub(super) const TILE_OFFSETS: u16 = 324;
pub(super) const TILE_COUNTS: u16 = 325;
pub(super) const INK_SET: u16 = 332;
pub(super) const EXTRA_SAMPLES: u16 = 338;
pub(super) const SAMPLE_FORMAT: u16 = 339;
pub(super) const JPEG_TABLES: u16 = 347;
pub(super) const JPEG_PROCESS: u16 = 512;
pub(super) const JPEG_STREAM: u16 = 513;
pub(super) const JPEG_RESTART: u16 = 515;
pub(super) const JPEG_STEPS: u16 = 519;
pub(super) const JPEG_DC: u16 = 520;
pub(super) const JPEG_AC: u16 = 521;
pub(super) const YCBCR_COEFFICIENTS: u16 = 529;
pub(super) const YCBCR_SUBSAMPLING: u16 = 530;
pub(super) const REFERENCE_BLACK_WHITE: u16 = 532;
pub(super) const XMP: u16 = 700;
pub(super) const ICC_PROFILE: u16 = 34675;
pub(super) const LERC_PARAMETERS: u16 = 50674;

pub(super) struct Entries(pub(super) Vec<TiffEntry>);

impl Entries {
    pub(super) fn is_wanted(tag: u16) -> bool {
        matches!(tag, WIDTH..=STRIP_COUNTS | PLANAR | T4_OPTIONS | PREDICTOR..=JPEG_TABLES)
            || matches!(tag, JPEG_PROCESS..=JPEG_AC | YCBCR_COEFFICIENTS..=REFERENCE_BLACK_WHITE)
            || matches!(tag, XMP | ICC_PROFILE | LERC_PARAMETERS)
    }

    fn entry(&self, tag: u16) -> Option<&TiffEntry> {
        self.0.iter().find(|entry| entry.tag == tag)
    }

    /// Puts whole numbers in the place of what a tag has said.
    pub(super) fn set(&mut self, tag: u16, numbers: &[u64]) {
        self.remove(tag);
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.0.push(TiffEntry { tag, kind: 16, count: numbers.len() as u64, bytes });
    }

    /// The same with bytes.
    pub(super) fn set_bytes(&mut self, tag: u16, bytes: Vec<u8>) {
        self.remove(tag);
        self.0.push(TiffEntry { tag, kind: 7, count: bytes.len() as u64, bytes });
    }

    pub(super) fn remove(&mut self, tag: u16) {
        self.0.retain(|entry| entry.tag != tag);
    }

    pub(super) fn bytes(&self, tag: u16) -> Option<&[u8]> {
        self.entry(tag).map(|entry| &entry.bytes[..])
    }

    /// The whole numbers of a tag; none if it is not there.
    pub(super) fn numbers(&self, tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(tag)?;
        let bytes = match entry.kind {
            1 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            16..=18 => 8,
            _ => return None,
        };
        let number = |value: &[u8]| value.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Some(entry.bytes.chunks_exact(bytes).map(number).collect())
    }

    pub(super) fn number(&self, tag: u16) -> Option<u64> {
        self.numbers(tag)?.first().copied()
    }

    /// The fractions of a tag, if there are as many as expected.
    pub(super) fn fractions<const N: usize>(&self, tag: u16) -> Option<[f32; N]> {
        let entry = self.entry(tag).filter(|entry| entry.kind == 5)?;
        let long = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let fraction = |value: &[u8]| (f64::from(long(&value[..4])) / f64::from(long(&value[4..]))) as f32;
        let fractions: Vec<f32> = entry.bytes.chunks_exact(8).map(fraction).collect();
        fractions.try_into().ok().filter(|fractions: &[f32; N]| fractions.iter().all(|value| value.is_finite()))
    }

    /// The one value that all samples have in common.
    pub(super) fn common(&self, tag: u16, default: u64, what: &str) -> Result<u64, Failure> {
        let Some(values) = self.numbers(tag).filter(|values| !values.is_empty()) else { return Ok(default) };
        if values.iter().any(|value| *value != values[0]) {
            return Err(Failure::Unsupported(format!("its channels differ in {what}")));
        }
        Ok(values[0])
    }
}
