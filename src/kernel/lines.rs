//! Memory in cache lines: what vectors and matrix tiles load without crossing one.
#![expect(unsafe_code, reason = "a line is plain bytes, which bytemuck is told here")]

use bytemuck::{Pod, Zeroable};

/// 64 bytes on a cache line of their own: 16 words of 32 bits, each one `f32` or two bfloat16 numbers.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u32; 16]);

/// Words in a line.
pub(super) const LINE_WORDS: usize = 16;

// SAFETY: all zeros are sixteen integers.
unsafe impl Zeroable for Line {}

// SAFETY: sixteen integers of 4 bytes fill 64 bytes with alignment 64: no padding, and any bytes are valid.
unsafe impl Pod for Line {}

/// A growing buffer of lines, reused from call to call; what it holds in between is undefined.
#[derive(Default)]
pub(super) struct Buffer(Vec<Line>);

impl Buffer {
    /// The first `words` words, rounded up to whole lines.
    pub(super) fn words(&mut self, words: usize) -> &mut [u32] {
        let lines = words.div_ceil(LINE_WORDS);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0; LINE_WORDS]));
        }
        bytemuck::cast_slice_mut(&mut self.0[..lines])
    }
}
