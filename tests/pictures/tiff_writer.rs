//! Writes TIFF files of every kind, uncompressed unless their chunks are given.

/// A value of a directory: bytes, 16 bits each, 32 bits each, or fractions.
#[derive(Clone)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Short(Vec<u16>),
    Long(Vec<u32>),
    Rational(Vec<(u32, u32)>),
}

/// How a page is stored.
#[derive(Clone)]
pub(crate) struct Tiff {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bits: u32,
    /// Samples of a pixel.
    pub(crate) samples: usize,
    pub(crate) photometric: u16,
    pub(crate) compression: u16,
    pub(crate) is_planar: bool,
    /// Width and height of tiles; otherwise strips of three rows.
    pub(crate) tile: Option<(usize, usize)>,
    pub(crate) is_little: bool,
    pub(crate) is_big: bool,
    pub(crate) more: Vec<(u16, Value)>,
}

pub(crate) const STRIP_ROWS: usize = 3;

impl Tiff {
    pub(crate) fn new(size: (usize, usize), bits: u32, samples: usize, photometric: u16) -> Self {
        Self {
            width: size.0,
            height: size.1,
            bits,
            samples,
            photometric,
            compression: 1,
            is_planar: false,
            tile: None,
            is_little: true,
            is_big: false,
            more: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, tag: u16, value: Value) -> Self {
        self.more.push((tag, value));
        self
    }

    /// A file of interleaved samples.
    pub(crate) fn file(&self, samples: &[u64]) -> Vec<u8> {
        self.file_of(&self.chunks(samples))
    }

    /// A file of chunks that are encoded already.
    pub(crate) fn file_of(&self, chunks: &[Vec<u8>]) -> Vec<u8> {
        self.pages(&[chunks.to_vec()])
    }

    /// A file of several pages.
    pub(crate) fn pages(&self, pages: &[Vec<Vec<u8>>]) -> Vec<u8> {
        let mut bytes = if self.is_little { b"II".to_vec() } else { b"MM".to_vec() };
        let mut pointer_at = if self.is_big { 8 } else { 4 };
        if self.is_big {
            bytes.extend([43, 8, 0].into_iter().flat_map(|number| self.number(number, 2)));
            bytes.extend([0; 8]);
        } else {
            bytes.extend(self.number(42, 2));
            bytes.extend([0; 4]);
        }
        for chunks in pages {
            let mut places = Vec::new();
            for chunk in chunks {
                places.push((bytes.len() as u32, chunk.len() as u32));
                bytes.extend(chunk);
            }
            let word = if self.is_big { 8 } else { 4 };
            let start = self.number(bytes.len() as u64, word);
            bytes.splice(pointer_at..pointer_at + word, start);
            pointer_at = self.put_directory(&mut bytes, &places);
        }
        bytes
    }

    /// Adds the directory, and says where it points at the next one.
    fn put_directory(&self, bytes: &mut Vec<u8>, places: &[(u32, u32)]) -> usize {
        let (count_bytes, word) = if self.is_big { (8, 8) } else { (2, 4) };
        let entries = self.entries(places);
        let mut values_at = bytes.len() + count_bytes + entries.len() * (4 + 2 * word) + word;
        let mut values = Vec::new();
        bytes.extend(self.number(entries.len() as u64, count_bytes));
        for (tag, value) in entries {
            let (kind, count, mut data) = self.encode(&value);
            bytes.extend(self.number(u64::from(tag), 2));
            bytes.extend(self.number(kind, 2));
            bytes.extend(self.number(count as u64, word));
            if data.len() <= word {
                data.resize(word, 0);
                bytes.extend(data);
            } else {
                bytes.extend(self.number(values_at as u64, word));
                values_at += data.len();
                values.extend(data);
            }
        }
        let next = bytes.len();
        bytes.extend(vec![0; word]);
        bytes.extend(values);
        next
    }

    fn entries(&self, places: &[(u32, u32)]) -> Vec<(u16, Value)> {
        let short = |value| Value::Short(vec![value]);
        let long = |value: usize| Value::Long(vec![value as u32]);
        let mut entries = vec![
            (256, long(self.width)),
            (257, long(self.height)),
            (258, Value::Short(vec![self.bits as u16; self.samples])),
            (259, short(self.compression)),
            (262, short(self.photometric)),
            (277, short(self.samples as u16)),
            (284, short(if self.is_planar { 2 } else { 1 })),
        ];
        let offsets = Value::Long(places.iter().map(|place| place.0).collect());
        let counts = Value::Long(places.iter().map(|place| place.1).collect());
        if let Some((width, height)) = self.tile {
            entries.extend([(322, long(width)), (323, long(height)), (324, offsets), (325, counts)]);
        } else {
            entries.extend([(273, offsets), (278, long(STRIP_ROWS)), (279, counts)]);
        }
        entries.retain(|(tag, _)| self.more.iter().all(|(other, _)| other != tag));
        entries.extend(self.more.clone());
        entries.sort_by_key(|(tag, _)| *tag);
        entries
    }

    fn encode(&self, value: &Value) -> (u64, usize, Vec<u8>) {
        match value {
            Value::Bytes(v) => (7, v.len(), v.clone()),
            Value::Short(v) => (3, v.len(), v.iter().flat_map(|v| self.number(u64::from(*v), 2)).collect()),
            Value::Long(v) => (4, v.len(), v.iter().flat_map(|v| self.number(u64::from(*v), 4)).collect()),
            Value::Rational(v) => {
                let parts = v.iter().flat_map(|(n, d)| [*n, *d]);
                (5, v.len(), parts.flat_map(|v| self.number(u64::from(v), 4)).collect())
            }
        }
    }

    /// A number in the file's order of bytes.
    fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        let little = &value.to_le_bytes()[..bytes];
        if self.is_little { little.to_vec() } else { little.iter().rev().copied().collect() }
    }

    /// Strips or tiles, plane by plane.
    pub(crate) fn chunks(&self, samples: &[u64]) -> Vec<Vec<u8>> {
        let (across, down) = self.tile.unwrap_or((self.width, STRIP_ROWS));
        let planes: Vec<Vec<usize>> = if self.is_planar {
            (0..self.samples).map(|sample| vec![sample]).collect()
        } else {
            vec![(0..self.samples).collect()]
        };
        let mut chunks = Vec::new();
        for plane in &planes {
            for top in (0..self.height).step_by(down) {
                for left in (0..self.width).step_by(across) {
                    let bottom = if self.tile.is_some() { top + down } else { (top + down).min(self.height) };
                    let rows = (top..bottom).map(|y| self.row(samples, plane, y, left..left + across));
                    chunks.push(rows.flatten().collect());
                }
            }
        }
        chunks
    }

    fn row(&self, samples: &[u64], plane: &[usize], y: usize, columns: std::ops::Range<usize>) -> Vec<u8> {
        let sample = |x: usize, i: usize| {
            let is_inside = x < self.width && y < self.height;
            if is_inside { samples[(y * self.width + x) * self.samples + i] } else { 0 }
        };
        let values = columns.flat_map(|x| plane.iter().map(move |i| sample(x, *i)));
        if self.bits.is_multiple_of(8) {
            return values.flat_map(|value| self.number(value, self.bits as usize / 8)).collect();
        }
        let bits: Vec<u8> = values.flat_map(|v| (0..self.bits).rev().map(move |bit| (v >> bit & 1) as u8)).collect();
        bits.chunks(8).map(|bits| bits.iter().enumerate().map(|(i, bit)| bit << (7 - i)).sum()).collect()
    }
}
