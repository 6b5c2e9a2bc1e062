//! Files that people will try and that cannot be read yet: each gets its name and a way out.

use std::path::Path;

pub(super) const NOT_A_PICTURE: &str =
    "it is not in a picture format that Zoomfield knows; convert it to PNG, TIFF or JPEG";

/// Camera RAW files are TIFF inside, and their first image is a thumbnail: opening that would mislead.
const RAW_ENDINGS: [&str; 12] = ["dng", "nef", "nrw", "cr2", "cr3", "arw", "sr2", "orf", "rw2", "pef", "raf", "srw"];

/// A sentence if the file is of a known but unsupported kind. `start` holds its first bytes.
pub(super) fn reason_to_refuse(start: &[u8], path: &Path) -> Option<String> {
    if let Some(name) = unsupported_format(start) {
        return Some(format!("{name} is not supported yet; convert it to PNG or TIFF"));
    }
    let is_raw = path.extension().is_some_and(|ending| RAW_ENDINGS.iter().any(|raw| ending.eq_ignore_ascii_case(raw)));
    is_raw.then(|| "camera RAW files are not supported; develop it to TIFF or JPEG first".into())
}

fn unsupported_format(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(&[0xff, 0x0a]) || start.starts_with(b"\0\0\0\x0cJXL ") {
        return Some("JPEG XL");
    }
    if start.starts_with(b"\0\0\0\x0cjP  ") {
        return Some("JPEG 2000");
    }
    if start.starts_with(b"8BPS") {
        return Some("Photoshop's format");
    }
    if start.starts_with(b"%PDF") {
        return Some("PDF");
    }
    if start.get(4..8) != Some(b"ftyp") {
        return None;
    }
    match start.get(8..12)? {
        b"avif" | b"avis" => Some("AVIF"),
        b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" => Some("HEIC"),
        b"crx " => Some("camera RAW"),
        _ => Some("video"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_formats_are_named() {
        let reason = |start: &[u8]| reason_to_refuse(start, Path::new("x.png")).unwrap();
        assert!(reason(b"\0\0\0\x20ftypavif").contains("AVIF"));
        assert!(reason(b"\0\0\0\x20ftypheic").contains("HEIC"));
        assert!(reason(&[0xff, 0x0a, 0, 0]).contains("JPEG XL"));
        assert!(reason_to_refuse(b"\x89PNG", Path::new("x.png")).is_none());
        assert!(reason_to_refuse(b"II*\0", Path::new("x.NEF")).unwrap().contains("RAW"));
    }
}
