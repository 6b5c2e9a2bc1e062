//! Writes TIFF files of a gigapixel that are small on the disk: their tiles are a few of one colour each, again and again.

use std::path::Path;

/// A square page, and the side of its tiles.
pub(crate) struct Page {
    pub(crate) side: usize,
    pub(crate) tile: usize,
}

pub(crate) const COLORS: [[u8; 3]; 4] = [[200, 40, 10], [30, 180, 60], [20, 70, 220], [240, 240, 90]];

/// Writes a BigTIFF of square pages, the first whole and the others smaller versions of it.
pub(crate) fn write_pages(path: &Path, pages: &[Page]) {
    let mut bytes = b"II\x2b\0\x08\0\0\0".to_vec();
    bytes.extend([0; 8]);
    let mut pointer = 8;
    for (i, page) in pages.iter().enumerate() {
        let tile_bytes = page.tile * page.tile * 3;
        let start = bytes.len() as u64;
        for color in COLORS {
            bytes.extend(color.repeat(page.tile * page.tile));
        }
        let across = page.side.div_ceil(page.tile);
        let offset = |at: usize| start + (color_of(at % across, at / across) * tile_bytes) as u64;
        let offsets_at = bytes.len() as u64;
        bytes.extend((0..across * across).flat_map(|at| offset(at).to_le_bytes()));
        let counts_at = bytes.len() as u64;
        bytes.extend((0..across * across).flat_map(|_| (tile_bytes as u32).to_le_bytes()));
        let directory = bytes.len() as u64;
        bytes[pointer..pointer + 8].copy_from_slice(&directory.to_le_bytes());
        let count = (across * across) as u64;
        let side = page.side as u64;
        let entries: [(u16, u16, u64, u64); 11] = [
            (254, 4, 1, u64::from(i > 0)),
            (256, 4, 1, side),
            (257, 4, 1, side),
            (258, 3, 3, 0x0008_0008_0008),
            (259, 3, 1, 1),
            (262, 3, 1, 2),
            (277, 3, 1, 3),
            (322, 3, 1, page.tile as u64),
            (323, 3, 1, page.tile as u64),
            (324, 16, count, if count == 1 { start } else { offsets_at }),
            (325, 4, count, if count <= 2 { tile_bytes as u64 } else { counts_at }),
        ];
        bytes.extend((entries.len() as u64).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        pointer = bytes.len();
        bytes.extend([0; 8]);
    }
    std::fs::write(path, bytes).expect("the file is written");
}

pub(crate) fn color_of(column: usize, row: usize) -> usize {
    (column * 7 + row * 5 + column * row) % COLORS.len()
}
