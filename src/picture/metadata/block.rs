//! Changing an EXIF block in place: offsets stay, so that makers' private notes, which count from its start, do too.

use crate::geometry::Size;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

const PREFIX: &[u8] = b"Exif\0\0";

/// Thousandths of a dot per inch, which is finer than any format keeps.
const DPI_PARTS: u32 = 1000;

/// Makes a block true of an export: the output's size and resolution, and no thumbnail, which would show the whole
/// picture where only a part of it was exported. A block that cannot be followed is left as it is.
pub(in crate::picture) fn adapt(block: &mut [u8], size: Size, dpi: Option<f64>) {
    let Some(mut block) = Block::new(block) else { return };
    let Some(first) = block.long(4) else { return };
    let (width, height) = (size.width as u32, size.height as u32);
    block.set_integer(first, 0x100, width);
    block.set_integer(first, 0x101, height);
    if let Some(dpi) = dpi {
        block.set_rational(first, 0x11a, (dpi * f64::from(DPI_PARTS)) as u32, DPI_PARTS);
        block.set_rational(first, 0x11b, (dpi * f64::from(DPI_PARTS)) as u32, DPI_PARTS);
        block.set_integer(first, 0x128, 2); // inches
    }
    if let Some(exif) = block.integer(first, 0x8769) {
        block.set_integer(exif, 0xa002, width);
        block.set_integer(exif, 0xa003, height);
    }
    block.remove_thumbnail(first);
}

/// A block as it stands in a JPEG, without the letters in front of it that some programs copy into other formats.
pub(in crate::picture) fn without_prefix(mut block: Vec<u8>) -> Vec<u8> {
    if block.starts_with(PREFIX) {
        block.drain(..PREFIX.len());
    }
    block
}

struct Block<'a> {
    bytes: &'a mut [u8],
    is_little: bool,
}

impl<'a> Block<'a> {
    fn new(bytes: &'a mut [u8]) -> Option<Self> {
        let is_little = match bytes.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self { bytes, is_little })
    }

    fn short(&self, at: u32) -> Option<u16> {
        let bytes = *self.bytes.get(at as usize..)?.first_chunk::<2>()?;
        Some(if self.is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: u32) -> Option<u32> {
        let bytes = *self.bytes.get(at as usize..)?.first_chunk::<4>()?;
        Some(if self.is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn set_short(&mut self, at: u32, value: u16) {
        let bytes = if self.is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        self.put(at, &bytes);
    }

    fn set_long(&mut self, at: u32, value: u32) {
        let bytes = if self.is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        self.put(at, &bytes);
    }

    fn put(&mut self, at: u32, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at as usize..at as usize + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Where the entry of a tag is, in the directory at `directory`.
    fn entry(&self, directory: u32, tag: u16) -> Option<u32> {
        let count = u32::from(self.short(directory)?);
        let mut entries = (0..count).map(|i| directory.saturating_add(2 + i * 12));
        entries.find(|at| self.short(*at) == Some(tag))
    }

    /// The whole number of a tag.
    fn integer(&self, directory: u32, tag: u16) -> Option<u32> {
        let at = self.entry(directory, tag)?;
        match self.short(at + 2)? {
            SHORT => self.short(at + 8).map(u32::from),
            LONG => self.long(at + 8),
            _ => None,
        }
    }

    /// Sets a single whole number where the tag exists. A number that outgrows its 16 bits takes the 32 there are.
    fn set_integer(&mut self, directory: u32, tag: u16, value: u32) {
        let Some(at) = self.entry(directory, tag).filter(|at| self.long(at + 4) == Some(1)) else { return };
        match (self.short(at + 2), u16::try_from(value)) {
            (Some(SHORT), Ok(value)) => self.set_short(at + 8, value),
            (Some(SHORT | LONG), _) => {
                self.set_short(at + 2, LONG);
                self.set_long(at + 8, value);
            }
            _ => {}
        }
    }

    fn set_rational(&mut self, directory: u32, tag: u16, numerator: u32, denominator: u32) {
        let Some(at) = self.entry(directory, tag).filter(|at| self.short(at + 2) == Some(RATIONAL)) else { return };
        if let Some(value) = self.long(at + 8) {
            self.set_long(value, numerator);
            self.set_long(value.saturating_add(4), denominator);
        }
    }

    fn remove_thumbnail(&mut self, first: u32) {
        let Some(count) = self.short(first) else { return };
        let next = first.saturating_add(2 + u32::from(count) * 12);
        let Some(second) = self.long(next).filter(|at| *at != 0) else { return };
        let (start, len) = (self.integer(second, 0x201), self.integer(second, 0x202));
        if let (Some(start), Some(len)) = (start, len)
            && let Some(thumbnail) = self.bytes.get_mut(start as usize..(start as usize).saturating_add(len as usize))
        {
            thumbnail.fill(0);
        }
        self.set_long(next, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with width and resolution, and a second one with a thumbnail of two bytes, big-endian.
    fn block() -> Vec<u8> {
        let mut bytes = b"MM\0*\0\0\0\x08\0\x02".to_vec();
        bytes.extend([1, 0, 0, 3, 0, 0, 0, 1, 0, 50, 0, 0]); // 10: ImageWidth
        bytes.extend([1, 0x1a, 0, 5, 0, 0, 0, 1, 0, 0, 0, 68]); // 22: XResolution at 68
        bytes.extend([0, 0, 0, 38]); // 34: the next directory
        bytes.extend([0, 2, 2, 1, 0, 4, 0, 0, 0, 1, 0, 0, 0, 76]); // 38
        bytes.extend([2, 2, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]); // 52
        bytes.extend([0, 0, 0, 72, 0, 0, 0, 1]); // 68
        bytes.extend([0xff, 0xd8]); // 76
        bytes
    }

    #[test]
    fn size_and_resolution_become_true_and_the_thumbnail_goes() {
        let mut bytes = block();
        adapt(&mut bytes, Size::new(70_000, 3), Some(300.0));
        let read = Block::new(&mut bytes).unwrap();
        assert_eq!(read.integer(8, 0x100), Some(70_000));
        assert_eq!((read.long(68), read.long(72)), (Some(300_000), Some(1000)));
        assert_eq!(read.long(34), Some(0));
        assert_eq!(bytes[76..], [0, 0]);
    }

    #[test]
    fn a_damaged_block_does_no_harm() {
        for end in 0..block().len() {
            adapt(&mut block()[..end], Size::new(9, 9), Some(72.0));
        }
        for at in 4..block().len() {
            let mut bytes = block();
            bytes[at] = 0xff;
            adapt(&mut bytes, Size::new(9, 9), Some(72.0));
        }
    }
}
