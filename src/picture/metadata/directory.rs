//! The header and the image file directory (IFD) of TIFF 6.0 and BigTIFF, little-endian.

use tiff::tags::Tag;

/// An entry of a directory, as another file has it.
#[derive(Debug)]
pub(in crate::picture) struct TiffEntry {
    pub(in crate::picture) tag: u16,
    /// The field type's number.
    pub(in crate::picture) kind: u16,
    /// How many values.
    pub(in crate::picture) count: u64,
    /// Little-endian.
    pub(in crate::picture) bytes: Vec<u8>,
}

impl TiffEntry {
    /// What it says if it is a single offset.
    pub(in crate::picture) fn offset(&self) -> Option<u64> {
        let mut value = [0; 8];
        value.get_mut(..self.bytes.len())?.copy_from_slice(&self.bytes);
        Some(u64::from_le_bytes(value))
    }
}

impl TiffEntry {
    /// The offsets that it lists.
    pub(in crate::picture) fn offsets(&self) -> Vec<u64> {
        let width = if matches!(self.kind, 16..=18) { 8 } else { 4 };
        let offset = |bytes: &[u8]| bytes.iter().rev().fold(0, |offset, byte| offset << 8 | u64::from(*byte));
        self.bytes.chunks_exact(width).map(offset).collect()
    }
}

/// The first bytes of a file whose directory is at `directory`.
pub(in crate::picture) fn header(is_big: bool, directory: u64) -> Vec<u8> {
    let mut bytes = b"II".to_vec();
    if is_big {
        bytes.extend([43, 0, 8, 0, 0, 0]);
        bytes.extend(directory.to_le_bytes());
    } else {
        bytes.extend([42, 0]);
        bytes.extend((directory as u32).to_le_bytes());
    }
    bytes
}

/// The values of one entry.
pub(in crate::picture) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    /// 32 bits each, 64 in a BigTIFF.
    Offset(Vec<u64>),
    Rational(u32, u32),
    Undefined(Vec<u8>),
    /// Of any type: its number, how many values, and their bytes.
    Foreign(u16, u64, Vec<u8>),
}

impl Value {
    /// The field type's number, how many values, and their bytes.
    fn encode(&self, is_big: bool) -> (u16, u64, Vec<u8>) {
        match self {
            Self::Short(values) => (3, values.len() as u64, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Long(values) => (4, values.len() as u64, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Offset(values) if is_big => {
                (16, values.len() as u64, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            Self::Offset(values) => {
                (4, values.len() as u64, values.iter().flat_map(|v| (*v as u32).to_le_bytes()).collect())
            }
            Self::Rational(n, d) => (5, 1, [n.to_le_bytes(), d.to_le_bytes()].concat()),
            Self::Undefined(bytes) => (7, bytes.len() as u64, bytes.clone()),
            Self::Foreign(kind, count, bytes) => (*kind, *count, bytes.clone()),
        }
    }
}

/// Entries in ascending order of their tags, as the format wants them.
pub(in crate::picture) struct Directory {
    is_big: bool,
    entries: Vec<(u16, Value)>,
}

impl Directory {
    pub(in crate::picture) fn new(is_big: bool) -> Self {
        Self { is_big, entries: Vec::new() }
    }

    pub(in crate::picture) fn add(&mut self, tag: Tag, value: Value) {
        self.entries.push((tag.to_u16(), value));
    }

    /// Adds what another file said, as it said it.
    pub(in crate::picture) fn add_entries(&mut self, entries: Vec<TiffEntry>) {
        // The field types from 16 on are BigTIFF's.
        let fitting = entries.into_iter().filter(|entry| self.is_big || entry.kind < 16);
        let foreign = |entry: TiffEntry| (entry.tag, Value::Foreign(entry.kind, entry.count, entry.bytes));
        self.entries.extend(fitting.map(foreign));
    }

    /// The directory's bytes if it begins at `start`, followed by the values that do not fit into their entries.
    pub(in crate::picture) fn encode(mut self, start: u64) -> Vec<u8> {
        self.entries.sort_by_key(|(tag, _)| *tag);
        let (count_bytes, word) = if self.is_big { (8, 8) } else { (2, 4) };
        let entry_bytes = 4 + 2 * word;
        let values_at = start + (count_bytes + self.entries.len() * entry_bytes + word) as u64;
        let mut bytes = (self.entries.len() as u64).to_le_bytes()[..count_bytes].to_vec();
        let mut values = Vec::new();
        for (tag, value) in &self.entries {
            let (kind, count, mut data) = value.encode(self.is_big);
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(&count.to_le_bytes()[..word]);
            if data.len() <= word {
                data.resize(word, 0);
                bytes.extend(data);
            } else {
                bytes.extend(&(values_at + values.len() as u64).to_le_bytes()[..word]);
                values.extend(data);
                values.resize(values.len().next_multiple_of(8), 0);
            }
        }
        bytes.resize(bytes.len() + word, 0); // no further directory
        bytes.extend(values);
        bytes
    }
}
