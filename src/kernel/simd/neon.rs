//! NEON: four numbers. Every 64-bit ARM processor has it.
#![expect(unsafe_code, reason = "loading and storing through pointers")]
#![allow(unused_unsafe, reason = "compilers differ in which of these are unsafe where every processor has them")]

use super::{Simd, StripOf, Work};
use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vaddq_s32, vdivq_f32, vdupq_n_f32, vdupq_n_s32, vfmaq_f32, vld1q_f32, vmaxq_f32, vmulq_f32,
    vpaddq_f32, vreinterpretq_f32_s32, vreinterpretq_s32_f32, vshlq_n_s32, vst1q_f32, vsubq_f32,
};

/// NEON.
#[derive(Clone, Copy)]
pub(super) struct Neon(());

/// Does work that is compiled for these instructions, as everything is.
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run(Neon(()))
}

// SAFETY of every block: the architecture has NEON.
impl Simd for Neon {
    const LANES: usize = 4;
    const OUTER_ROWS: usize = 8;

    // 24 sums, four vectors of weights and a broadcast number make 29 of 32 registers.
    type Strip = StripOf<6, 16>;
    type NarrowStrip = StripOf<6, 8>;
    type SparseStrip = Self::Strip;
    type Vector = float32x4_t;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: as above, and as the caller promises.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(self, vector: float32x4_t, to: *mut f32) {
        // SAFETY: as above, and as the caller promises.
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vmaxq_f32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: float32x4_t, b: float32x4_t, sum: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vfmaq_f32(sum, a, b) }
    }

    #[inline(always)]
    fn power_of_two(self, a: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe {
            let exponent = vshlq_n_s32::<23>(vreinterpretq_s32_f32(a));
            vreinterpretq_f32_s32(vaddq_s32(exponent, vdupq_n_s32(127 << 23)))
        }
    }

    #[inline(always)]
    fn quotient(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as above.
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    fn sums(self, [a, b, c, d]: [float32x4_t; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        // SAFETY: as above; four numbers have room.
        unsafe { vst1q_f32(sums.as_mut_ptr(), vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d))) };
        sums
    }
}
