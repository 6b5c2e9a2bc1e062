//! The most memory that a picture may take, and how to allow more.

use crate::geometry::Size;
use std::sync::OnceLock;

/// The most memory that decoded samples may take unless the environment says otherwise: beyond it a file is refused with a
/// sentence, not attempted.
pub const MAX_DECODED_BYTES: u64 = 2 << 30;

/// The most that an EXIF block, an XMP packet or a colour profile may hold: a maker's note has some 100 kB, a profile of
/// a printing press two megabytes.
pub(in crate::picture) const MAX_METADATA_BYTES: u64 = 16 << 20;

/// Frames of an animation that are counted: more than half an hour of film.
pub(super) const MAX_FRAMES: usize = 1 << 16;

/// The environment variable that allows more, or less, in GiB.
pub(super) const VARIABLE: &str = "ZOOMFIELD_MAX_PICTURE_GIB";

/// The most that pixels may take on the disk unless the environment says otherwise, and the variable that does.
const MAX_CACHE_BYTES: u64 = 16 << 30;
const CACHE_VARIABLE: &str = "ZOOMFIELD_MAX_CACHE_GIB";

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
    asked(VARIABLE, parse).map(|asked| asked.unwrap_or(MAX_DECODED_BYTES))
}

/// What a variable of the environment asks for, if anything.
pub(super) fn asked<T>(variable: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => parse(&text).map(Some),
        _ => Ok(None),
    }
}

/// A number within a range that words describe, else a sentence with what `variable` is.
pub(super) fn number(
    text: &str,
    is_allowed: impl Fn(f64) -> bool,
    (variable, range): (&str, &str),
) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| is_allowed(*number));
    number.ok_or_else(|| format!("{variable} is a number of {range}; it is `{text}`"))
}

fn parse(text: &str) -> Result<u64, String> {
    let range = format!("GiB above 0 and at most {MOST_GIB}, like 4");
    number(text, |gibibytes| gibibytes > 0.0 && gibibytes <= MOST_GIB, (VARIABLE, &range)).map(bytes)
}

fn parse_cache(text: &str) -> Result<u64, String> {
    let range = format!("GiB from 0 to {MOST_GIB}, like 64");
    number(text, |gibibytes| (0.0..=MOST_GIB).contains(&gibibytes), (CACHE_VARIABLE, &range)).map(bytes)
}

fn bytes(gibibytes: f64) -> u64 {
    (gibibytes * f64::from(1 << 30)) as u64
}

/// An amount for people.
pub(super) fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Refuses pixels that would take more of the disk than they may.
pub(super) fn within_cache(needed: u64) -> Result<(), String> {
    let most = asked(CACHE_VARIABLE, parse_cache)?.unwrap_or(MAX_CACHE_BYTES);
    if needed <= most {
        return Ok(());
    }
    let (needed, most) = (gibibytes(needed), gibibytes(most));
    let enough = needed.ceil();
    Err(format!(
        "its pixels would take {needed:.1} GiB on the disk and {most:.1} GiB is the limit; allow it by \
         {CACHE_VARIABLE}={enough}"
    ))
}

/// What a file says beside its pixels, unless it is longer than anyone needs; that is left out and noted.
pub(super) fn kept(what: &str, bytes: Option<Vec<u8>>, notes: &mut Vec<String>) -> Option<Vec<u8>> {
    let long = bytes.as_ref().map(|bytes| bytes.len() as u64).filter(|len| *len > MAX_METADATA_BYTES);
    notes.extend(long.map(|len| {
        let mebibytes = |len: u64| len as f64 / f64::from(1 << 20);
        let (len, most) = (mebibytes(len), mebibytes(MAX_METADATA_BYTES));
        format!("its {what} of {len:.0} MiB is left out, since {most:.0} MiB is the limit")
    }));
    bytes.filter(|_| long.is_none())
}

/// Why a picture of so many bytes is refused, and what allows it.
pub(super) fn refusal(size: Size, needed: u64) -> String {
    let (needed, most) = (gibibytes(needed), gibibytes(most_decoded_bytes()));
    let enough = needed.ceil();
    let advice = if enough <= MOST_GIB { format!(", or allow it by {VARIABLE}={enough}") } else { String::new() };
    format!(
        "its {size} pixels would take {needed:.1} GiB of memory and {most:.1} GiB is the limit; shrink it{advice} (of a TIFF \
         view and export read parts)"
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
    fn amounts_of_the_disk_are_read_and_anything_else_is_named() {
        assert_eq!((parse_cache("2"), parse_cache("0")), (Ok(2 << 30), Ok(0)));
        for wrong in ["-1", "NaN", "2G", "1e9"] {
            assert!(parse_cache(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn too_much_for_the_disk_is_refused_with_its_numbers() {
        let refused = within_cache(100 << 30).err().unwrap();
        assert!(refused.contains("100.0 GiB") && refused.contains("_GIB=100"), "{refused}");
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
