//! What a PNG says of its colours beside an ICC profile: the chunks `cICP`, `sRGB`, `gAMA` and `cHRM` (PNG, third edition, 11.3.2).

/// The bodies of the chunks that are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::picture) struct PngColor {
    /// Coding-independent code points of ITU-T H.273: primaries, transfer function, matrix, full range.
    pub(in crate::picture) cicp: Option<[u8; 4]>,
    /// It is sRGB.
    pub(in crate::picture) is_srgb: bool,
    /// The exponent that encodes, in 100,000ths.
    pub(in crate::picture) gamma: Option<u32>,
    /// x and y of white, red, green and blue, in 100,000ths.
    pub(in crate::picture) chromaticities: Option<[u32; 8]>,
}

impl PngColor {
    /// Whether a chunk of this name says something of colours.
    pub(super) fn is_wanted(kind: [u8; 4]) -> bool {
        matches!(&kind, b"cICP" | b"sRGB" | b"gAMA" | b"cHRM")
    }

    /// Takes a chunk of a wanted name; one of another length than it should have says nothing, the first of a name counts.
    pub(super) fn take(&mut self, kind: [u8; 4], body: &[u8]) {
        let number = |at: usize| body.get(at..).and_then(<[u8]>::first_chunk).copied().map(u32::from_be_bytes);
        match (&kind, body.len()) {
            (b"cICP", 4) => self.cicp = self.cicp.or_else(|| body.first_chunk().copied()),
            (b"sRGB", 1) => self.is_srgb = true,
            (b"gAMA", 4) => self.gamma = self.gamma.or_else(|| number(0)),
            (b"cHRM", 32) => {
                let all: [u32; 8] = std::array::from_fn(|i| number(4 * i).unwrap_or_default());
                self.chromaticities.get_or_insert(all);
            }
            _ => {}
        }
    }
}
