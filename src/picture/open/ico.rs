//! Icons whose largest image is a PNG: any PNG is allowed there, and the icon decoder takes RGBA only.

use std::path::Path;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The largest image of the icon file, if it is a PNG.
pub(super) fn largest_png(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).ok()?;
    let count = usize::from(u16::from_le_bytes([*bytes.get(4)?, *bytes.get(5)?]));
    let entries = bytes.get(6..)?.as_chunks::<16>().0;
    let largest = entries.iter().take(count).max_by_key(|entry| area_and_depth(entry))?;
    let field =
        |at: usize| u32::from_le_bytes([largest[at], largest[at + 1], largest[at + 2], largest[at + 3]]) as usize;
    let image = bytes.get(field(12)..field(12).checked_add(field(8))?)?;
    image.starts_with(PNG_SIGNATURE).then(|| image.to_vec())
}

fn area_and_depth(entry: &[u8; 16]) -> (usize, u16) {
    // A byte cannot say 256, so 0 stands for it.
    let side = |byte: u8| if byte == 0 { 256 } else { usize::from(byte) };
    (side(entry[0]) * side(entry[1]), u16::from_le_bytes([entry[6], entry[7]]))
}
