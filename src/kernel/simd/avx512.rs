//! AVX-512: sixteen numbers.
#![expect(unsafe_code, reason = "calling what only some processors have, with a proof that this one does")]

use super::{Simd, StripOf, Work};
use std::arch::x86_64::{
    __m512, _CMP_NLE_UQ, _mm256_add_ps, _mm256_castpd_ps, _mm256_setzero_ps, _mm512_add_epi32, _mm512_add_ps,
    _mm512_castps_pd, _mm512_castps_si512, _mm512_castps512_ps256, _mm512_castsi512_ps, _mm512_cmp_ps_mask,
    _mm512_extractf64x4_pd, _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
    _mm512_rcp14_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_slli_epi32, _mm512_storeu_ps,
    _mm512_sub_ps,
};

/// The proof that the processor has AVX-512.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// Does work that is compiled for these instructions.
///
/// # Safety
/// The processor must have AVX-512, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn run<W: Work>(work: W) -> W::Output {
    work.run(Avx512(()))
}

// SAFETY of every block: `self` exists only where `run` was called, on a processor that has these instructions.
impl Simd for Avx512 {
    const LANES: usize = 16;
    const OUTER_ROWS: usize = 8;

    // 28 sums, two vectors of weights and a broadcast number make 31 of 32 registers.
    type Strip = StripOf<14, 32>;
    type NarrowStrip = StripOf<14, 16>;
    // 24 sums, four vectors of weights and a broadcast number make 29.
    type SparseStrip = StripOf<6, 64>;
    type Vector = __m512;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: as above, and as the caller promises.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, vector: __m512, to: *mut f32) {
        // SAFETY: as above, and as the caller promises.
        unsafe { _mm512_storeu_ps(to, vector) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, sum: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_fmadd_ps(a, b, sum) }
    }

    #[inline(always)]
    fn positive(self, a: __m512) -> u32 {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(a, _mm512_setzero_ps()).into() }
    }

    #[inline(always)]
    fn power_of_two(self, a: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe {
            let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(a));
            _mm512_castsi512_ps(_mm512_add_epi32(exponent, _mm512_set1_epi32(127 << 23)))
        }
    }

    /// A division of sixteen numbers takes as long as eight sums.
    #[inline(always)]
    fn quotient(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe {
            let about = _mm512_rcp14_ps(b);
            let inverse = _mm512_fmadd_ps(about, _mm512_fnmadd_ps(b, about, _mm512_set1_ps(1.0)), about);
            _mm512_mul_ps(a, inverse)
        }
    }

    #[inline(always)]
    fn sums(self, vectors: [__m512; 4]) -> [f32; 4] {
        // SAFETY: as above.
        let mut halves = [unsafe { _mm256_setzero_ps() }; 4];
        for (half, vector) in halves.iter_mut().zip(vectors) {
            // SAFETY: as above.
            unsafe {
                let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(vector)));
                *half = _mm256_add_ps(_mm512_castps512_ps256(vector), upper);
            }
        }
        // SAFETY: as above.
        unsafe { super::avx2::sums(halves) }
    }
}
