//! Whether a JPEG is all there. Its decoder fills what is missing with grey without a word, and an enlargement of
//! half a photograph would be taken for the photograph.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// Reads the file through to its end marker, and gives it.
///
/// # Errors
/// [`ErrorKind::UnexpectedEof`] if the data stops inside a scan, and whatever reading the file may give.
pub(super) fn read_complete(path: &Path) -> std::io::Result<Vec<u8>> {
    let bytes = std::fs::read(path)?;
    if is_complete(&bytes) { Ok(bytes) } else { Err(Error::from(ErrorKind::UnexpectedEof)) }
}

/// Where the picture that begins with these bytes ends, behind its end marker; nothing if it is cut off.
pub(super) fn end_of(bytes: &[u8]) -> Option<usize> {
    walk(bytes).0
}

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether a scan that begins also ends. Anything malformed before the first scan is left to the decoder.
fn is_complete(bytes: &[u8]) -> bool {
    let (end, in_scan) = walk(bytes);
    end.is_some() || !in_scan
}

/// Walks over segments and scans to the end, and says whether there was a scan.
fn walk(bytes: &[u8]) -> (Option<usize>, bool) {
    let mut at = 2;
    let mut in_scan = false;
    loop {
        let Some(marker_at) = next_marker(bytes, at) else { return (None, in_scan) };
        let marker = bytes[marker_at];
        if marker == END_OF_IMAGE {
            return (Some(marker_at + 1), in_scan);
        }
        let Some(length) = bytes.get(marker_at + 1..marker_at + 3) else { return (None, in_scan) };
        at = marker_at + 1 + usize::from(u16::from_be_bytes([length[0], length[1]]));
        in_scan |= marker == START_OF_SCAN;
    }
}

/// Where the next marker's code is: after 0xff, and neither a stuffed zero, nor fill, nor a restart.
pub(super) fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)? + 1;
        match bytes.get(at)? {
            0x00 | 0x01 | 0xd0..=0xd7 => at += 1,
            0xff => {}
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_must_reach_its_end() {
        let whole = [
            &[0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd9, 0xff, 0xda][..], // a thumbnail's markers inside a segment
            &[0xff, START_OF_SCAN, 0, 2, 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, END_OF_IMAGE],
        ]
        .concat();
        assert!(is_complete(&whole));
        assert!(is_complete(&[&whole[..], &[0xff, START_OF_SCAN, 9, 9]].concat()), "a trailer does not matter");
        for end in 14..whole.len() {
            assert!(!is_complete(&whole[..end]), "cut at {end}");
        }
    }
}
