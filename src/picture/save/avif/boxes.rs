//! The boxes around coded tiles (ISO/IEC 14496-12, 23008-12, 23000-22).

use crate::geometry::Size;
use crate::picture::boxes::{boxed, full_box};
use std::io::{self, Write};

/// What is said of a picture.
pub(super) struct Described {
    pub(super) size: Size,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) exif: Option<Vec<u8>>,
    pub(super) xmp: Option<Vec<u8>>,
}

/// Coded tiles of one size, row by row: colour or opacity.
pub(super) struct Item {
    pub(super) tiles: Vec<Vec<u8>>,
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) tile: Size,
}

/// An item of the file.
struct Entry {
    kind: [u8; 4],
    /// What stands behind its kind and name.
    detail: &'static [u8],
    bytes: Vec<u8>,
    /// To which items it refers, counted from 1, and how.
    refers: Vec<([u8; 4], Vec<u16>)>,
    /// Which properties it has, counted from 1, and whether a reader must know them.
    properties: Vec<(u8, bool)>,
    /// Whether it is only a part of another.
    is_part: bool,
}

/// Properties by their numbers, in the order in which [`properties`] writes them.
const SIZE_OF_PICTURE: u8 = 1;
const SIZE_OF_TILE: u8 = 2;
const BITS_OF_COLOR: u8 = 3;
const CODE_OF_COLOR: u8 = 4;
const MEANING: u8 = 5;
const BITS_OF_OPACITY: u8 = 6;
const CODE_OF_OPACITY: u8 = 7;
const IS_OPACITY: u8 = 8;
const PROFILE: u8 = 9;

/// Writes the file.
///
/// # Errors
/// Those of `out`; one that says so if the file would be longer than its boxes can count.
pub(super) fn write(out: &mut impl Write, described: &Described, color: Item, opacity: Option<Item>) -> io::Result<()> {
    let tile = color.tile;
    let entries = entries(described, color, opacity);
    let head = boxed(*b"ftyp", &[b"avif".as_slice(), &[0; 4], b"avifmif1miaf"].concat());
    // Where bytes begin depends on how long the boxes before them are, and that not on where they begin.
    let start = head.len() + meta(&entries, described, tile, 0).len() + 8;
    let len = 8 + entries.iter().map(|entry| entry.bytes.len()).sum::<usize>();
    let (Ok(start), Ok(len), Ok(_)) = (u32::try_from(start), u32::try_from(len), u32::try_from(start + len)) else {
        return Err(io::Error::other("the file would be longer than 4 GiB; use .png or .tif"));
    };
    out.write_all(&head)?;
    out.write_all(&meta(&entries, described, tile, start))?;
    out.write_all(&len.to_be_bytes())?;
    out.write_all(b"mdat")?;
    entries.iter().try_for_each(|entry| out.write_all(&entry.bytes))
}

/// All items; the first is the picture.
fn entries(described: &Described, color: Item, opacity: Option<Item>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut of_color = vec![(BITS_OF_COLOR, false), (MEANING, false)];
    of_color.extend(described.profile.as_ref().map(|_| (PROFILE, false)));
    push_coded(&mut entries, color, described.size, &of_color, CODE_OF_COLOR);
    if let Some(opacity) = opacity {
        let at = entries.len();
        let of_opacity = [(BITS_OF_OPACITY, false), (IS_OPACITY, true)];
        push_coded(&mut entries, opacity, described.size, &of_opacity, CODE_OF_OPACITY);
        entries[at].refers.push((*b"auxl", vec![1]));
    }
    let mut push_text = |kind, detail, bytes| {
        let refers = vec![(*b"cdsc", vec![1])];
        entries.push(Entry { kind, detail, bytes, refers, properties: Vec::new(), is_part: false });
    };
    if let Some(exif) = &described.exif {
        // First, where the block begins behind these four bytes.
        push_text(*b"Exif", b"", [&[0; 4], exif.as_slice()].concat());
    }
    if let Some(packet) = &described.xmp {
        push_text(*b"mime", b"application/rdf+xml\0", packet.clone());
    }
    entries
}

/// Appends a picture: coded in one piece, or a grid and its tiles.
fn push_coded(entries: &mut Vec<Entry>, item: Item, size: Size, meaning: &[(u8, bool)], code: u8) {
    let coded = |bytes, size_of: u8, is_part| {
        let mut properties = vec![(size_of, false), (code, true)];
        properties.extend(meaning);
        Entry { kind: *b"av01", detail: b"", bytes, refers: Vec::new(), properties, is_part }
    };
    if item.tile == size {
        entries.extend(item.tiles.into_iter().map(|bytes| coded(bytes, SIZE_OF_PICTURE, false)));
        return;
    }
    let first = entries.len() as u16 + 2;
    let parts = (first..first + item.tiles.len() as u16).collect();
    // Version, 32-bit sides, how many rows and columns.
    let mut bytes = vec![0, 1, (item.rows - 1) as u8, (item.columns - 1) as u8];
    bytes.extend([size.width, size.height].map(|side| (side as u32).to_be_bytes()).concat());
    let mut properties = vec![(SIZE_OF_PICTURE, false)];
    properties.extend(meaning);
    let refers = vec![(*b"dimg", parts)];
    entries.push(Entry { kind: *b"grid", detail: b"", bytes, refers, properties, is_part: false });
    entries.extend(item.tiles.into_iter().map(|bytes| coded(bytes, SIZE_OF_TILE, true)));
}

/// The directory; items' bytes lie one after the other from `start` on.
fn meta(entries: &[Entry], described: &Described, tile: Size, start: u32) -> Vec<u8> {
    let count = (entries.len() as u16).to_be_bytes();
    let ids = || (1..=entries.len() as u16).map(u16::to_be_bytes).zip(entries);
    let handler = full_box(*b"hdlr", 0, &[&[0; 4], b"pict".as_slice(), &[0; 13]].concat());
    let mut kinds = count.to_vec();
    for (id, entry) in ids() {
        let body = [id.as_slice(), &[0; 2], &entry.kind, &[0], entry.detail].concat();
        // Version 2; the lowest flag hides it.
        kinds.extend(full_box(*b"infe", 2 << 24 | u32::from(entry.is_part), &body));
    }
    // Four bytes for where they begin, four for how many there are.
    let (mut places, mut at) = ([&[0x44, 0], count.as_slice()].concat(), start);
    for (id, entry) in ids() {
        let len = entry.bytes.len() as u32;
        places.extend([id.as_slice(), &[0, 0, 0, 1], &at.to_be_bytes(), &len.to_be_bytes()].concat());
        at = at.wrapping_add(len);
    }
    let mut references = Vec::new();
    for (id, entry) in ids() {
        for (kind, to) in &entry.refers {
            let to: Vec<u8> = [to.len() as u16].iter().chain(to).flat_map(|to| to.to_be_bytes()).collect();
            references.extend(boxed(*kind, &[id.as_slice(), &to].concat()));
        }
    }
    let associated: Vec<_> = ids().filter(|(_, entry)| !entry.properties.is_empty()).collect();
    let mut association = (associated.len() as u32).to_be_bytes().to_vec();
    for (id, entry) in associated {
        association.extend([id[0], id[1], entry.properties.len() as u8]);
        association.extend(entry.properties.iter().map(|(number, needed)| number | u8::from(*needed) << 7));
    }
    let properties = [boxed(*b"ipco", &properties(described, tile)), full_box(*b"ipma", 0, &association)].concat();
    let mut parts =
        vec![handler, full_box(*b"pitm", 0, &[0, 1]), full_box(*b"iloc", 0, &places), full_box(*b"iinf", 0, &kinds)];
    if !references.is_empty() {
        parts.push(full_box(*b"iref", 0, &references));
    }
    parts.push(boxed(*b"iprp", &properties));
    full_box(*b"meta", 0, &parts.concat())
}

/// All properties, used or not.
fn properties(described: &Described, tile: Size) -> Vec<u8> {
    let side = |size: Size| [size.width, size.height].map(|side| (side as u32).to_be_bytes()).concat();
    // AV1's profile and level ("any"), then: 10 bits; of opacity, brightness alone, which counts as colour of a quarter.
    let code = |profile: u8, kind: u8| boxed(*b"av1C", &[0x81, profile << 5 | 31, kind, 0]);
    // Primaries and curve of sRGB, or none where a profile says what the numbers mean; BT.601's matrix, full range.
    let (primaries, curve) = if described.profile.is_some() { (2, 2) } else { (1, 13) };
    let meaning = [b"nclx".as_slice(), &[0, primaries, 0, curve, 0, 6, 0x80]].concat();
    let mut properties = [
        full_box(*b"ispe", 0, &side(described.size)),
        full_box(*b"ispe", 0, &side(tile)),
        full_box(*b"pixi", 0, &[3, 10, 10, 10]),
        code(1, 0x40),
        boxed(*b"colr", &meaning),
        full_box(*b"pixi", 0, &[1, 10]),
        code(0, 0x40 | 0x10 | 0x0c),
        full_box(*b"auxC", 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"),
    ]
    .concat();
    if let Some(profile) = &described.profile {
        properties.extend(boxed(*b"colr", &[b"prof", profile.as_slice()].concat()));
    }
    properties
}
