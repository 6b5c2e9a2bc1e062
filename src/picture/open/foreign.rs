//! Files that people will try and that cannot be read yet: each gets its name and a way out.

use super::kind::{is_avif, is_heic};

pub(super) const NOT_A_PICTURE: &str =
    "it is not in a picture format that Zoomfield knows; convert it to PNG, TIFF or JPEG";

const HEIC_WAY_OUT: &str = "HEIC (HEIF) is a phone's format whose coding is patented, and this build was made without the \
     feature `heic`; convert it to PNG, for example by `heif-convert picture.heic picture.png`, or let the phone save JPEG";

/// A sentence if the file is of a known but unsupported kind. `start` holds its first bytes.
pub(super) fn reason_to_refuse(start: &[u8]) -> Option<String> {
    match unsupported_format(start)? {
        "HEIC" => Some(HEIC_WAY_OUT.into()),
        name => Some(format!("{name} is not supported yet; convert it to PNG or TIFF")),
    }
}

fn unsupported_format(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(b"8BPS") {
        return Some("Photoshop's format");
    }
    if start.starts_with(b"%PDF") {
        return Some("PDF");
    }
    if start.get(4..8) != Some(b"ftyp") || is_avif(start) || cfg!(feature = "heic") && is_heic(start) {
        return None;
    }
    match start.get(8..12)? {
        _ if is_heic(start) => Some("HEIC"),
        b"crx " => None,
        _ => Some("video"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_formats_are_named() {
        let reason = |start: &[u8]| reason_to_refuse(start).unwrap();
        assert!(reason(b"%PDF").contains("PDF") && reason(b"\0\0\0\x18ftypisom\0\0\0\0isommp42").contains("video"));
        if !cfg!(feature = "heic") {
            assert!(reason(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic").contains("heif-convert"));
        }
        assert!(reason_to_refuse(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif").is_none());
        assert!(reason_to_refuse(b"\x89PNG").is_none());
    }
}
