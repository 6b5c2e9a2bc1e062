//! The sequence header of HEVC, read as far as it says what the numbers of a picture mean (ITU-T H.265, 7.3.2.2 and E.2.1).

/// The most sets of reference pictures; a still picture has none.
const MOST_SETS: u32 = 64;

/// What a sequence header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    /// Width and height of what is coded, of which a part may be shown.
    pub(super) coded: [usize; 2],
    /// Bits of brightness and of colours.
    pub(super) depths: [u8; 2],
    pub(super) signal: Signal,
}

/// What a header says of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture::open::avif) struct Signal {
    /// Numbers of primaries, curve and matrix (ITU-T H.273).
    pub(in crate::picture::open::avif) cicp: [u16; 3],
    pub(in crate::picture::open::avif) is_full_range: bool,
    /// Where colours are sampled, as AV1 counts it.
    pub(in crate::picture::open::avif) position: u8,
}

impl Default for Signal {
    /// Nothing is specified; colours lie beside the left one of two pixels, between two rows.
    fn default() -> Self {
        Self { cicp: [2; 3], is_full_range: false, position: 1 }
    }
}

/// Reads a sequence header; nothing if it cannot be followed.
pub(super) fn sequence_of(header: &[u8]) -> Option<Sequence> {
    // Two bytes say what it is.
    let mut bits = Bits::new(header.get(2..)?);
    bits.skip(4)?;
    let layers = bits.number(3)?;
    bits.skip(1)?;
    profile(&mut bits, layers)?;
    bits.count()?;
    let (coded, depths) = size(&mut bits)?;
    let poc_bits = coding(&mut bits, layers)?;
    references(&mut bits, poc_bits)?;
    bits.skip(2)?;
    let signal = if bits.flag()? { usability(&mut bits)? } else { Signal::default() };
    Some(Sequence { coded, depths, signal })
}

/// Profile and level, of the whole and of `layers` parts of it.
fn profile(bits: &mut Bits, layers: u32) -> Option<()> {
    bits.skip(88 + 8)?;
    let parts: Vec<(bool, bool)> = (0..layers).map(|_| Some((bits.flag()?, bits.flag()?))).collect::<Option<_>>()?;
    if layers > 0 {
        bits.skip(2 * (8 - layers as usize))?;
    }
    for (has_profile, has_level) in parts {
        bits.skip(88 * usize::from(has_profile) + 8 * usize::from(has_level))?;
    }
    Some(())
}

/// Width and height, and bits of brightness and of colours.
fn size(bits: &mut Bits) -> Option<([usize; 2], [u8; 2])> {
    if bits.count()? == 3 {
        bits.skip(1)?;
    }
    let coded = [bits.count()? as usize, bits.count()? as usize];
    if bits.flag()? {
        bits.counts(4)?;
    }
    let mut depth = || bits.count().filter(|more| *more <= 8).map(|more| more as u8 + 8);
    Some((coded, [depth()?, depth()?]))
}

/// How pictures are divided and predicted. Gives the length of pictures' numbers.
fn coding(bits: &mut Bits, layers: u32) -> Option<usize> {
    let poc_bits = bits.count()? as usize + 4;
    let listed = if bits.flag()? { layers + 1 } else { 1 };
    bits.counts(3 * listed as usize + 6)?;
    if bits.flag()? && bits.flag()? {
        scaling_lists(bits)?;
    }
    bits.skip(2)?;
    if bits.flag()? {
        bits.skip(8)?;
        bits.counts(2)?;
        bits.skip(1)?;
    }
    Some(poc_bits)
}

fn scaling_lists(bits: &mut Bits) -> Option<()> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if bits.flag()? {
                let coefficients = if size == 0 { 16 } else { 64 };
                bits.counts(coefficients + usize::from(size > 1))?;
            } else {
                bits.count()?;
            }
        }
    }
    Some(())
}

/// Sets of pictures that others refer to.
fn references(bits: &mut Bits, poc_bits: usize) -> Option<()> {
    let sets = bits.count().filter(|sets| *sets <= MOST_SETS)?;
    let mut pictures = 0;
    for set in 0..sets {
        if set > 0 && bits.flag()? {
            bits.skip(1)?;
            bits.count()?;
            // Those of the set before that are used, directly or for what follows.
            let mut kept = 0;
            for _ in 0..=pictures {
                kept += u32::from(bits.flag()? || bits.flag()?);
            }
            pictures = kept;
        } else {
            pictures = bits.count()?.checked_add(bits.count()?).filter(|pictures| *pictures <= MOST_SETS)?;
            for _ in 0..pictures {
                bits.count()?;
                bits.skip(1)?;
            }
        }
    }
    if bits.flag()? {
        let pictures = bits.count().filter(|pictures| *pictures <= MOST_SETS)?;
        bits.skip(pictures as usize * (poc_bits + 1))?;
    }
    Some(())
}

/// How the picture is to be shown.
fn usability(bits: &mut Bits) -> Option<Signal> {
    let mut signal = Signal::default();
    // The shape of pixels: a number, of which 255 announces two more.
    if bits.flag()? && bits.number(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.flag()? {
        bits.skip(1)?;
    }
    if bits.flag()? {
        bits.skip(3)?;
        signal.is_full_range = bits.flag()?;
        if bits.flag()? {
            signal.cicp = [bits.number(8)? as u16, bits.number(8)? as u16, bits.number(8)? as u16];
        }
    }
    if bits.flag()? {
        // Of its first field: left, in the middle, at the corner, and places that AV1 does not know.
        signal.position = match bits.count()? {
            1 => 0,
            2 => 2,
            _ => 1,
        };
    }
    Some(signal)
}

/// Bits of a header, the highest first.
struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    /// Without the bytes that keep a header from looking like the beginning of one.
    fn new(header: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(header.len());
        let mut zeros = 0;
        for byte in header {
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            bytes.push(*byte);
        }
        Self { bytes, at: 0 }
    }

    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        self.at += 1;
        Some(byte >> (7 - (self.at - 1) % 8) & 1 == 1)
    }

    fn skip(&mut self, bits: usize) -> Option<()> {
        self.at += bits;
        (self.at <= 8 * self.bytes.len()).then_some(())
    }

    /// A number of up to 32 bits.
    fn number(&mut self, bits: usize) -> Option<u32> {
        (0..bits).try_fold(0, |sum, _| Some(sum << 1 | u32::from(self.flag()?)))
    }

    /// A number as long as it needs to be (Exp-Golomb, 9.2).
    fn count(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }

    fn counts(&mut self, many: usize) -> Option<()> {
        (0..many).try_for_each(|_| self.count().map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        // 0, 1, 2, 6.
        let mut bits = Bits::new(&[0b1010_0110, 0b0111_0000]);
        assert_eq!([(); 4].map(|()| bits.count()), [Some(0), Some(1), Some(2), Some(6)]);
        assert_eq!(Bits::new(&[0; 9]).count(), None);
        assert_eq!(Bits::new(&[1, 0, 0, 3, 1, 0, 0, 2]).bytes, [1, 0, 0, 1, 0, 0, 2]);
    }

    #[test]
    fn damaged_headers_say_nothing() {
        for header in [&[][..], &[0x42, 1], &[0x42, 1, 0xff, 0xff, 0xff], &[0; 200], &[0xff; 200]] {
            assert_eq!(sequence_of(header), None);
        }
    }
}
