//! Plain arrays of four: what the compiler makes of them on any processor, and the twin that others are compared with.
#![expect(unsafe_code, reason = "the trait loads and stores through pointers")]

use super::{Simd, StripOf, Work};

/// Four numbers, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Scalar;

/// Does work on plain numbers.
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run(Scalar)
}

impl Simd for Scalar {
    const LANES: usize = 4;
    const OUTER_ROWS: usize = 2;

    // Eight sums, four vectors of weights and a broadcast number make 13 of the 16 registers that SSE2 has.
    type Strip = StripOf<2, 16>;
    type NarrowStrip = StripOf<2, 8>;
    type SparseStrip = Self::Strip;
    type Vector = [f32; 4];

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; 4] {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> [f32; 4] {
        // SAFETY: as the caller promises; an array of numbers is aligned like one of them.
        unsafe { *from.cast() }
    }

    #[inline(always)]
    unsafe fn store(self, vector: [f32; 4], to: *mut f32) {
        // SAFETY: as the caller promises; an array of numbers is aligned like one of them.
        unsafe { *to.cast() = vector }
    }

    #[inline(always)]
    fn add(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
    }

    #[inline(always)]
    fn sub(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
    }

    #[inline(always)]
    fn max(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        let larger = |a: f32, b: f32| if a > b { a } else { b };
        [larger(a[0], b[0]), larger(a[1], b[1]), larger(a[2], b[2]), larger(a[3], b[3])]
    }

    #[inline(always)]
    fn mul(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        [a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]]
    }

    #[inline(always)]
    fn mul_add(self, a: [f32; 4], b: [f32; 4], sum: [f32; 4]) -> [f32; 4] {
        [sum[0] + a[0] * b[0], sum[1] + a[1] * b[1], sum[2] + a[2] * b[2], sum[3] + a[3] * b[3]]
    }

    #[inline(always)]
    fn power_of_two(self, a: [f32; 4]) -> [f32; 4] {
        let power = |a: f32| f32::from_bits((a.to_bits() << 23).wrapping_add(127 << 23));
        [power(a[0]), power(a[1]), power(a[2]), power(a[3])]
    }

    #[inline(always)]
    fn quotient(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        [a[0] / b[0], a[1] / b[1], a[2] / b[2], a[3] / b[3]]
    }
}
