//! Products of bfloat16 pairs on AVX-512 (AMD since Zen 4, Intel since Cooper Lake).
//!
//! A pair of a row is spread over sixteen lanes and multiplied by a line of weights.

#![expect(unsafe_code, reason = "vectors are loaded through pointers, on a processor that was checked")]

use super::{Rows, Sums};
use crate::kernel::lines::Line;
use std::arch::x86_64::{
    __m512, __m512bh, _mm_load_ss, _mm512_add_ps, _mm512_broadcastss_ps, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps,
    _mm512_loadu_ps, _mm512_max_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};
use std::mem::transmute;

/// Rows whose sums live in registers together: 28 sums, two lines of weights and a word make 31 of 32 registers.
pub(super) const STRIP: usize = 14;

/// Whole strips of rows by two panels, until `count` rows are done.
///
/// # Safety
/// The processor must have AVX-512 and its BF16 part. `rows` must hold `count` rows, rounded up to whole strips, no more
/// than `sums`, and both panels as many words as a row.
pub(super) unsafe fn multiply(rows: Rows<'_>, count: usize, weights: [&[Line]; 2], sums: &mut Sums) {
    for first in (0..count).step_by(STRIP) {
        // SAFETY: as the caller promises.
        unsafe { strip_of_pairs(rows.from(first), weights, &mut sums.0[first..]) }
    }
}

/// Rows whose addresses are one pointer and no, one or two strides.
const GROUPS: usize = STRIP.div_ceil(3);

/// A strip. Every row is named, as group and place in the group: in a loop over rows the compiler would keep the sums in
/// memory.
macro_rules! strip {
    ($($g:literal $r:literal),*) => {
        #[target_feature(enable = "avx512f,avx512bf16")]
        unsafe fn strip_of_pairs(rows: Rows<'_>, weights: [&[Line]; 2], out: &mut [[f32; 32]]) {
            let mut acc = [[_mm512_setzero_ps(); 2]; 3 * GROUPS];
            let mut lines = weights[0].iter().zip(weights[1]);
            for run in 0..rows.runs {
                let start = rows.data.as_ptr().wrapping_add(run * rows.pitch);
                let mut group: [*const u32; GROUPS] = std::array::from_fn(|g| start.wrapping_add(3 * g * rows.stride));
                for (w0, w1) in lines.by_ref().take(rows.words) {
                    let (w0, w1) = (as_pairs(as_vector(w0)), as_pairs(as_vector(w1)));
                    $(
                        // SAFETY: a word of one of fourteen rows, which are there, as the caller promises.
                        let word = unsafe { _mm_load_ss(group[$g].wrapping_add(rows.stride.wrapping_mul($r)).cast()) };
                        let word = as_pairs(_mm512_broadcastss_ps(word));
                        acc[3 * $g + $r][0] = _mm512_dpbf16_ps(acc[3 * $g + $r][0], word, w0);
                        acc[3 * $g + $r][1] = _mm512_dpbf16_ps(acc[3 * $g + $r][1], word, w1);
                    )*
                    group = group.map(|pointer| pointer.wrapping_add(1));
                }
            }
            for (acc, row) in acc.iter().zip(out).take(STRIP) {
                let (low, high) = row.split_at_mut(16);
                // SAFETY: sixteen sums each.
                unsafe {
                    _mm512_storeu_ps(low.as_mut_ptr(), acc[0]);
                    _mm512_storeu_ps(high.as_mut_ptr(), acc[1]);
                }
            }
        }
    };
}

strip!(0 0, 0 1, 0 2, 1 0, 1 1, 1 2, 2 0, 2 1, 2 2, 3 0, 3 1, 3 2, 4 0, 4 1);

#[target_feature(enable = "avx512f")]
fn as_vector(line: &Line) -> __m512 {
    // SAFETY: both are sixteen words.
    unsafe { transmute::<[u32; 16], __m512>(line.0) }
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn as_pairs(words: __m512) -> __m512bh {
    // SAFETY: both are 512 bits of anything.
    unsafe { transmute::<__m512, __m512bh>(words) }
}

/// `relu(sums + bias)`, rounded to bfloat16, rows `stride` words apart.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) fn to_words(rows: &[[f32; 32]], bias: &[f32; 32], out: &mut [u32], stride: usize) {
    let halves = |values: &[f32; 32]| {
        let (low, high) = values.split_at(16);
        // SAFETY: sixteen values each.
        unsafe { (_mm512_loadu_ps(low.as_ptr()), _mm512_loadu_ps(high.as_ptr())) }
    };
    let (zero, (bias_low, bias_high)) = (_mm512_setzero_ps(), halves(bias));
    for (row, out) in rows.iter().zip(out.chunks_mut(stride)) {
        let (low, high) = halves(row);
        let low = _mm512_max_ps(_mm512_add_ps(low, bias_low), zero);
        let high = _mm512_max_ps(_mm512_add_ps(high, bias_high), zero);
        // SAFETY: a vector of bfloat16 is sixteen words.
        let words = unsafe { transmute::<__m512bh, [u32; 16]>(_mm512_cvtne2ps_pbh(high, low)) };
        out[..16].copy_from_slice(&words);
    }
}

/// Rounds to bfloat16, two a word; what is left of `words` becomes zero.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) fn narrow(values: &[f32], words: &mut [u32]) {
    let (chunks, rest) = values.as_chunks::<32>();
    let (lines, left) = words.split_at_mut(chunks.len() * 16);
    for (from, to) in chunks.iter().zip(lines.as_chunks_mut::<16>().0) {
        // SAFETY: sixteen values each from both halves of a chunk of 32; a vector of bfloat16 is sixteen words.
        unsafe {
            let (low, high) = (_mm512_loadu_ps(from.as_ptr()), _mm512_loadu_ps(from.as_ptr().add(16)));
            *to = transmute::<__m512bh, [u32; 16]>(_mm512_cvtne2ps_pbh(high, low));
        }
    }
    if !left.is_empty() {
        super::twin::narrow(rest, left);
    }
}
