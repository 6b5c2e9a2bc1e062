//! The boxes of files that are made of them (ISO/IEC 14496-12, and JPEG 2000, JPEG XL, CR3 after it): a length, four
//! letters, a body.

use std::io::{Read, Seek, SeekFrom};

/// Boxes that are looked at in one place; real files have some dozens.
const MAX_BOXES: usize = 1 << 16;

/// Where the body of a box is in its file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BoxPlace {
    pub(super) kind: [u8; 4],
    pub(super) start: u64,
    pub(super) end: u64,
}

impl BoxPlace {
    pub(super) fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Its body from `skip` on; nothing if that has more bytes than `most`, or is not all there.
    pub(super) fn body(&self, file: &mut (impl Read + Seek), skip: u64, most: u64) -> Option<Vec<u8>> {
        let len = self.len().checked_sub(skip).filter(|len| *len <= most)?;
        file.seek(SeekFrom::Start(self.start + skip)).ok()?;
        let mut body = Vec::new();
        file.take(len).read_to_end(&mut body).ok()?;
        (body.len() as u64 == len).then_some(body)
    }
}

/// The boxes from `start` to `end`, as far as they can be read. The last one may reach to the end without saying so.
pub(super) fn boxes(file: &mut (impl Read + Seek), start: u64, end: u64) -> Vec<BoxPlace> {
    let (mut found, mut at) = (Vec::new(), start);
    while found.len() < MAX_BOXES
        && let Some(place) = box_at(file, at, end)
    {
        found.push(place);
        at = place.end;
    }
    found
}

/// A box of up to 4 GiB, to be written.
pub(super) fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    [&(8 + body.len() as u32).to_be_bytes()[..], &kind, body].concat()
}

/// A box whose body begins with its version (the highest byte) and flags.
pub(super) fn full_box(kind: [u8; 4], version: u32, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&version.to_be_bytes()[..], body].concat())
}

/// All boxes of a file.
pub(super) fn boxes_of_file(file: &mut (impl Read + Seek)) -> Vec<BoxPlace> {
    let end = file.seek(SeekFrom::End(0)).unwrap_or(0);
    boxes(file, 0, end)
}

fn box_at(file: &mut (impl Read + Seek), at: u64, end: u64) -> Option<BoxPlace> {
    if end.checked_sub(at)? < 8 {
        return None;
    }
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut head = [0; 8];
    file.read_exact(&mut head).ok()?;
    let [a, b, c, d, kind @ ..] = head;
    let (head, len) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, end - at),
        1 => {
            let mut len = [0; 8];
            file.read_exact(&mut len).ok()?;
            (16, u64::from_be_bytes(len))
        }
        len => (8, u64::from(len)),
    };
    let (start, stop) = (at + head, at.checked_add(len)?);
    (start <= stop).then(|| BoxPlace { kind, start, end: stop.min(end) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn boxes_are_found_with_every_kind_of_length() {
        let bytes =
            [&b"\0\0\0\x0aabcd\x01\x02"[..], b"\0\0\0\x01long\0\0\0\0\0\0\0\x11\x03", b"\0\0\0\0last\x04\x05\x06"]
                .concat();
        let mut file = Cursor::new(bytes);
        let found = boxes_of_file(&mut file);
        let bodies: Vec<_> = found.iter().map(|place| (place.kind, place.body(&mut file, 0, 9).unwrap())).collect();
        assert_eq!(bodies, [(*b"abcd", vec![1, 2]), (*b"long", vec![3]), (*b"last", vec![4, 5, 6])]);
        assert_eq!((found[2].body(&mut file, 1, 9), found[2].body(&mut file, 0, 2)), (Some(vec![5, 6]), None));
    }

    #[test]
    fn damaged_lengths_end_the_walk() {
        for bytes in [&b"\0\0\0\x07abcd"[..], b"\0\0\0\x01abcd\0\0\0\0\0\0\0\x0f", b"\0\0\0\x08abc"] {
            assert_eq!(boxes_of_file(&mut Cursor::new(bytes)), []);
        }
        let cut = boxes_of_file(&mut Cursor::new(b"\0\0\0\x20abcd\x01"));
        assert_eq!(cut[0].len(), 1, "what is cut off ends where the file does");
        assert_eq!(boxes_of_file(&mut Cursor::new(b"\0\0\0\x08abcd".repeat(9))).len(), 9);
    }
}
