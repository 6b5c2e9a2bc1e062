//! The most memory that a picture may take, and how to allow more.

use crate::geometry::Size;
use std::sync::OnceLock;

/// The most memory that decoded samples may take unless the environment says otherwise: beyond it a file is refused with a
/// sentence, not attempted.
pub const MAX_DECODED_BYTES: u64 = 2 << 30;

/// The most that an EXIF block, an XMP packet or a colour profile may hold: a maker's note has some 100 kB, a profile of
/// a printing press two megabytes.
const MAX_METADATA_BYTES: usize = 16 << 20;

/// The environment variable that allows more, or less, in GiB.
pub(super) const VARIABLE: &str = "ZOOMFIELD_MAX_PICTURE_GIB";

/// The most that can be asked for: far above any memory.
const MOST_GIB: f64 = 65_536.0;

/// The most memory that decoded samples may take, in bytes.
pub(super) fn most_decoded_bytes() -> u64 {
    static MOST: OnceLock<u64> = OnceLock::new();
    *MOST.get_or_init(|| from_environment().unwrap_or(MAX_DECODED_BYTES))
}

/// What the environment asks for.
///
/// # Errors
/// A sentence if that is no amount.
pub fn from_environment() -> Result<u64, String> {
    match std::env::var(VARIABLE) {
        Ok(text) if !text.is_empty() => parse(&text),
        _ => Ok(MAX_DECODED_BYTES),
    }
}

fn parse(text: &str) -> Result<u64, String> {
    let gibibytes: Option<f64> = text.parse().ok().filter(|gibibytes| *gibibytes > 0.0 && *gibibytes <= MOST_GIB);
    let bytes = gibibytes.map(|gibibytes| (gibibytes * f64::from(1 << 30)) as u64);
    bytes.ok_or_else(|| format!("{VARIABLE} is a number of GiB above 0 and at most {MOST_GIB}, like 4; it is `{text}`"))
}

/// What a file says beside its pixels, unless it is longer than anyone needs; that is left out and noted.
pub(super) fn kept(what: &str, bytes: Option<Vec<u8>>, notes: &mut Vec<String>) -> Option<Vec<u8>> {
    let long = bytes.as_ref().map(Vec::len).filter(|len| *len > MAX_METADATA_BYTES);
    notes.extend(long.map(|len| {
        let mebibytes = |len: usize| len as f64 / f64::from(1 << 20);
        let (len, most) = (mebibytes(len), mebibytes(MAX_METADATA_BYTES));
        format!("its {what} of {len:.0} MiB is left out, since {most:.0} MiB is the limit")
    }));
    bytes.filter(|_| long.is_none())
}

/// Why a picture of so many bytes is refused, and what allows it.
pub(super) fn refusal(size: Size, needed: u64) -> String {
    let gibibytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let (needed, most) = (gibibytes(needed), gibibytes(most_decoded_bytes()));
    let enough = needed.ceil();
    let advice = if enough <= MOST_GIB { format!(", or allow it by {VARIABLE}={enough}") } else { String::new() };
    format!(
        "its {size} pixels would take {needed:.1} GiB of memory and {most:.1} GiB is the limit; shrink it, save it as a TIFF, \
         of which view and export read parts{advice}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_left_out_and_said() {
        let mut notes = Vec::new();
        assert_eq!(kept("XMP packet", Some(vec![1; 9]), &mut notes), Some(vec![1; 9]));
        assert_eq!((kept("XMP packet", None, &mut notes), notes.len()), (None, 0));
        assert_eq!(kept("XMP packet", Some(vec![0; 20 << 20]), &mut notes), None);
        assert_eq!(notes, ["its XMP packet of 20 MiB is left out, since 16 MiB is the limit"]);
    }

    #[test]
    fn amounts_are_read_and_anything_else_is_named() {
        assert_eq!((parse("2"), parse("0.5")), (Ok(2 << 30), Ok(1 << 29)));
        for wrong in ["0", "-1", "NaN", "inf", "2G", "1e9"] {
            assert!(parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
        let said = refusal(Size::new(30_000, 30_000), 2_700_000_000);
        assert!(said.contains("30000×30000") && said.contains("2.5 GiB") && said.contains("_GIB=3"), "{said}");
        assert!(!refusal(Size::new(1 << 32, 1 << 32), u64::MAX).contains("_GIB"));
    }
}
