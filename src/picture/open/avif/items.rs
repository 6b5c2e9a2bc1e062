//! What an AVIF file is made of (ISO/IEC 14496-12, 23008-12): items, where their bytes are, what they are to each other, and
//! their properties. Only what leads to the picture is looked at.

use crate::picture::boxes::{BoxPlace, boxes, boxes_of_file};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, SeekFrom};

/// The most that the directory of items, with properties and colour profile, or that of tracks may hold.
pub(super) const MAX_DIRECTORY_BYTES: u64 = 16 << 20;

/// Entries of one list; a picture of many tiles has some hundreds.
const MAX_ENTRIES: u64 = 1 << 16;

/// The directory of a file.
#[derive(Default)]
pub(super) struct Items {
    pub(super) primary: u32,
    kinds: BTreeMap<u32, [u8; 4]>,
    /// Of items that are of a kind of the Internet's: which.
    media_types: BTreeMap<u32, Vec<u8>>,
    places: BTreeMap<u32, Place>,
    references: Vec<Reference>,
    properties: Vec<Property>,
    /// Of each item: numbers of its properties, counted from 1, and whether it cannot be read without.
    associations: BTreeMap<u32, Vec<(usize, bool)>>,
    /// Bytes of items in the directory itself.
    inside: Vec<u8>,
}

/// A box that says something about an item.
pub(super) struct Property {
    pub(super) kind: [u8; 4],
    pub(super) body: Vec<u8>,
}

#[derive(Default)]
struct Place {
    is_inside: bool,
    /// Start and length; a length of 0 reaches to the end.
    extents: Vec<(u64, u64)>,
}

struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// Numbers out of bytes, the highest byte first.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    /// A number of so many bytes, of which there may be none.
    pub(super) fn number(&mut self, bytes: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn small(&mut self, bytes: usize) -> Option<u32> {
        self.number(bytes).and_then(|number| u32::try_from(number).ok())
    }

    fn letters(&mut self) -> Option<[u8; 4]> {
        let (letters, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*letters)
    }

    /// Version and flags.
    pub(super) fn version(&mut self) -> Option<(u64, u64)> {
        Some((self.number(1)?, self.number(3)?))
    }

    /// How many entries follow.
    pub(super) fn count(&mut self, bytes: usize) -> Option<u64> {
        self.number(bytes).filter(|count| *count <= MAX_ENTRIES)
    }
}

impl Items {
    /// Reads the directory; nothing if there is none, or it cannot be followed.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Option<Self> {
        let directory = boxes_of_file(file).into_iter().find(|found| &found.kind == b"meta")?;
        let bytes = directory.body(file, 4, MAX_DIRECTORY_BYTES)?;
        let mut items = Self::default();
        for (kind, body) in inner(&bytes) {
            let mut fields = Fields(body);
            match &kind {
                b"pitm" => {
                    let (version, _) = fields.version()?;
                    items.primary = fields.small(if version == 0 { 2 } else { 4 })?;
                }
                b"iinf" => items.read_kinds(body)?,
                b"iloc" => items.read_places(fields)?,
                b"iref" => items.read_references(body)?,
                b"iprp" => items.read_properties(body)?,
                b"idat" => items.inside = body.to_vec(),
                _ => {}
            }
        }
        Some(items)
    }

    fn read_kinds(&mut self, body: &[u8]) -> Option<()> {
        let (version, _) = Fields(body).version()?;
        let entries = body.get(if version == 0 { 6 } else { 8 }..)?;
        for (_, body) in inner(entries).into_iter().filter(|(kind, _)| kind == b"infe") {
            let mut fields = Fields(body);
            let (version, _) = fields.version()?;
            let id = fields.small(if version < 3 { 2 } else { 4 })?;
            fields.number(2)?;
            let kind = fields.letters()?;
            self.kinds.insert(id, kind);
            // A name, then the type; each ends with a zero.
            if let Some(media_type) = fields.0.split(|byte| *byte == 0).nth(1).filter(|_| &kind == b"mime") {
                self.media_types.insert(id, media_type.to_vec());
            }
        }
        Some(())
    }

    fn read_places(&mut self, mut fields: Fields<'_>) -> Option<()> {
        let (version, _) = fields.version()?;
        let widths = fields.number(2)?;
        let width = |at: u64| (widths >> at & 15) as usize;
        let (offset, length, base, index) = (width(12), width(8), width(4), if version > 0 { width(0) } else { 0 });
        if [offset, length, base, index].into_iter().any(|width| width > 8) {
            return None;
        }
        let wide = if version < 2 { 2 } else { 4 };
        for _ in 0..fields.count(wide)? {
            let id = fields.small(wide)?;
            let method = if version > 0 { fields.number(2)? & 15 } else { 0 };
            fields.number(2)?;
            let start = fields.number(base)?;
            let mut place = Place { is_inside: method == 1, extents: Vec::new() };
            for _ in 0..fields.count(2)? {
                fields.number(index)?;
                place.extents.push((start.checked_add(fields.number(offset)?)?, fields.number(length)?));
            }
            // The third method takes bytes out of other items.
            if method < 2 {
                self.places.insert(id, place);
            }
        }
        Some(())
    }

    fn read_references(&mut self, body: &[u8]) -> Option<()> {
        let (version, _) = Fields(body).version()?;
        let wide = if version == 0 { 2 } else { 4 };
        for (kind, body) in inner(&body[4..]) {
            let mut fields = Fields(body);
            let from = fields.small(wide)?;
            let to = (0..fields.number(2)?).map(|_| fields.small(wide)).collect::<Option<_>>()?;
            self.references.push(Reference { kind, from, to });
        }
        Some(())
    }

    fn read_properties(&mut self, body: &[u8]) -> Option<()> {
        for (kind, body) in inner(body) {
            if &kind == b"ipco" {
                let found = inner(body).into_iter().map(|(kind, body)| Property { kind, body: body.to_vec() });
                self.properties.extend(found);
            } else if &kind == b"ipma" {
                let mut fields = Fields(body);
                let (version, flags) = fields.version()?;
                let wide = if flags & 1 == 0 { 1 } else { 2 };
                for _ in 0..fields.count(4)? {
                    let id = fields.small(if version == 0 { 2 } else { 4 })?;
                    let of_item = (0..fields.number(1)?).map(|_| {
                        let entry = fields.number(wide)?;
                        let essential = 1 << (8 * wide - 1);
                        Some(((entry & (essential - 1)) as usize, entry & essential != 0))
                    });
                    let of_item: Vec<_> = of_item.collect::<Option<_>>()?;
                    self.associations.entry(id).or_default().extend(of_item);
                }
            }
        }
        Some(())
    }

    pub(super) fn kind(&self, id: u32) -> Option<[u8; 4]> {
        self.kinds.get(&id).copied()
    }

    /// The type of an item that is of the Internet's.
    pub(super) fn media_type(&self, id: u32) -> Option<&[u8]> {
        self.media_types.get(&id).map(Vec::as_slice)
    }

    /// An item's properties, and whether it cannot be read without.
    pub(super) fn properties(&self, id: u32) -> impl Iterator<Item = (&Property, bool)> {
        let numbers = self.associations.get(&id).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|(number, needed)| Some((self.properties.get(number.checked_sub(1)?)?, *needed)))
    }

    /// An item's first property of a kind.
    pub(super) fn property(&self, id: u32, kind: [u8; 4]) -> Option<&[u8]> {
        self.properties(id).find(|(property, _)| property.kind == kind).map(|(property, _)| property.body.as_slice())
    }

    /// What an item points at.
    pub(super) fn pointed_at(&self, id: u32, kind: [u8; 4]) -> Vec<u32> {
        let from = self.references.iter().filter(|reference| reference.from == id && reference.kind == kind);
        from.flat_map(|reference| reference.to.iter().copied()).collect()
    }

    /// The items that point at one.
    pub(super) fn pointing_at(&self, id: u32, kind: [u8; 4]) -> impl Iterator<Item = u32> {
        let pointing = self.references.iter().filter(move |found| found.kind == kind && found.to.contains(&id));
        pointing.map(|reference| reference.from)
    }

    /// The bytes of an item; nothing if they are not all there, or more than `most`.
    pub(super) fn bytes(&self, id: u32, file: &mut (impl Read + Seek), most: u64) -> Option<Vec<u8>> {
        let place = self.places.get(&id)?;
        let mut bytes = Vec::new();
        for (start, length) in &place.extents {
            // No byte of a file is needed twice.
            let left = most.checked_sub(bytes.len() as u64)?;
            let wanted = if *length == 0 { left } else { *length };
            let before = bytes.len();
            if place.is_inside {
                let from = self.inside.get(usize::try_from(*start).ok()?..)?;
                bytes.extend_from_slice(from.get(..(wanted as usize).min(from.len()))?);
            } else {
                file.seek(SeekFrom::Start(*start)).ok()?;
                file.by_ref().take(wanted.min(left)).read_to_end(&mut bytes).ok()?;
            }
            if *length != 0 && (bytes.len() - before) as u64 != *length || bytes.len() as u64 > most {
                return None;
            }
        }
        Some(bytes)
    }
}

/// The boxes in a body.
pub(super) fn inner(body: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let found = boxes(&mut Cursor::new(body), 0, body.len() as u64);
    found.into_iter().map(|BoxPlace { kind, start, end }| (kind, &body[start as usize..end as usize])).collect()
}
