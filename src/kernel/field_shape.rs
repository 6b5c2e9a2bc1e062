//! What a field of waves consists of, and what it is asked.

/// The sizes of a field.
///
/// Its parameters are one flat list: the weight of the amplitudes `[amplitudes, channels]` (cosines then sines of the
/// brightness, of the blue difference, of the red one) and their bias, the waves of the brightness `[waves, 2]` (y, x), those
/// of the colour differences, and κ.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldShape {
    /// Values in a latent code.
    pub channels: usize,
    /// Waves of the brightness.
    pub luma_waves: usize,
    /// Waves that both colour differences share.
    pub chroma_waves: usize,
    /// What brightness and both differences add to R, G and B.
    pub rgb: [[f32; 3]; 3],
}

impl FieldShape {
    pub(super) fn amplitudes(&self) -> usize {
        2 * self.luma_waves + 4 * self.chroma_waves
    }

    pub(super) fn waves(&self) -> usize {
        self.luma_waves + self.chroma_waves
    }

    /// How many parameters there are.
    pub fn parameters(&self) -> usize {
        self.amplitudes() * (self.channels + 1) + 2 * self.waves() + 1
    }

    /// Every slot: its channel, its wave, and the amplitudes of its cosine and its sine.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let (luma, chroma) = (self.luma_waves, self.chroma_waves);
        let of = move |channel: usize, wave: usize, first: usize, count: usize| {
            (0..count).map(move |k| Slot { channel, wave: wave + k, cos: first + k, sin: first + count + k })
        };
        let parts = [of(0, 0, 0, luma), of(1, luma, 2 * luma, chroma), of(2, luma, 2 * luma + 2 * chroma, chroma)];
        parts.into_iter().flatten().collect()
    }
}

/// A wave of one channel, and where its amplitudes are.
pub(super) struct Slot {
    pub(super) channel: usize,
    pub(super) wave: usize,
    pub(super) cos: usize,
    pub(super) sin: usize,
}

/// A position, and what is known of it before the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldQuery {
    /// The four nearest pixels: the first, its neighbour to the right, the two below. At a border some are the same.
    pub codes: [u32; 4],
    /// From the first of them to the position, in pixels (y, x).
    pub offset: [f32; 2],
    /// The share of the pixels below, and of those to the right; 0 where they are the same as the others.
    pub share: [f32; 2],
    /// The queried pixel's height and width in source pixels, squared.
    pub pitch: [f32; 2],
    /// How much of the field there is at that size.
    pub presence: f32,
    /// What the field is added to, in RGB.
    pub base: [f32; 3],
}

impl FieldQuery {
    /// Weight of each of the four pixels, and the way from it to the position.
    pub(super) fn corners(&self) -> [(f32, [f32; 2]); 4] {
        let ([down, across], [y, x]) = (self.share, self.offset);
        let (above, left) = (1.0 - down, 1.0 - across);
        [
            (above * left, [y, x]),
            (above * across, [y, x - 1.0]),
            (down * left, [y - 1.0, x]),
            (down * across, [y - 1.0, x - 1.0]),
        ]
    }
}
