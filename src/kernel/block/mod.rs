//! One block of a matrix product: up to 32 rows that are read where they lie, by 32 outputs of packed weights.
//!
//! A row is `runs` stretches of consecutive words: one for a row of a matrix, three for a pixel of an image whose
//! neighbourhood is three stretches in three rows. Neither is ever copied together. The same block is computed on
//! matrix tiles or on vectors.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling what only some processors have, after checking")
)]

mod finish;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod tiles;
#[cfg(target_arch = "x86_64")]
mod vectors;

pub(super) use finish::{Finish, to_pixels, to_values, to_words};

use super::panels::{BLOCK_COLUMNS, Panels};
use super::precision::Precision;
#[cfg(target_arch = "x86_64")]
use super::processor::has_bf16_vectors;
use super::processor::has_f32_vectors;

/// Rows of the largest block.
pub(super) const MAX_ROWS: usize = 32;

/// Rows that vectors do together.
#[cfg(target_arch = "x86_64")]
const STRIP: usize = vectors::STRIP;
#[cfg(not(target_arch = "x86_64"))]
const STRIP: usize = 1;

/// The sums of a block, `[rows, 32]`; rows beyond the requested ones are undefined.
#[repr(C, align(64))]
pub(super) struct Sums(pub(super) [[f32; BLOCK_COLUMNS]; MAX_ROWS]);

impl Sums {
    pub(super) fn zero() -> Self {
        Self([[0.0; BLOCK_COLUMNS]; MAX_ROWS])
    }
}

/// Rows of words: row `r` is the stretches `r * stride + run * pitch .. + words` for every run.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Words of 32 bits, from the first row on; on a cache line for tiles.
    pub(super) data: &'a [u32],
    /// Words from one row to the next.
    pub(super) stride: usize,
    /// Stretches of a row.
    pub(super) runs: usize,
    /// Words from one stretch to the next.
    pub(super) pitch: usize,
    /// Words in a stretch.
    pub(super) words: usize,
}

impl Rows<'_> {
    /// Words that reading `rows` rows touches: more than there can be if that overflows.
    fn extent(&self, rows: usize) -> usize {
        let (rows, runs) = ((rows - 1).checked_mul(self.stride), (self.runs - 1).checked_mul(self.pitch));
        rows.zip(runs).and_then(|(a, b)| a.checked_add(b)?.checked_add(self.words)).unwrap_or(usize::MAX)
    }

    /// Whether there is anything to multiply, as long as the weights are deep.
    fn fit(&self, panels: &Panels) -> bool {
        self.words > 0 && self.runs.checked_mul(self.words) == Some(panels.words())
    }

    /// The rows from `first` on.
    pub(super) fn from(self, first: usize) -> Self {
        Self { data: &self.data[first * self.stride..], ..self }
    }
}

/// A thread's permission to multiply in one precision; matrix tiles are set up while it lives. One at a time on a thread,
/// and no work is handed to rayon while it lives: another task on this thread would find, or give back, its tiles.
pub(super) struct Multiplier {
    precision: Precision,
    /// Tiles belong to a thread.
    _stays: std::marker::PhantomData<*const ()>,
}

impl Multiplier {
    /// # Panics
    /// If the processor has no blocks in `precision` (see [`is_blocked`]).
    pub(super) fn new(precision: Precision) -> Self {
        assert!(is_blocked(precision), "this processor has no blocks in {precision}");
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if precision == Precision::Bf16Tiles {
            tiles::configure();
        }
        Self { precision, _stays: std::marker::PhantomData }
    }

    /// The most rows that one call should ask for.
    pub(super) fn rows_of_block(&self) -> usize {
        if self.precision == Precision::Bf16Tiles { MAX_ROWS } else { 2 * STRIP }
    }

    /// The first `count` rows by block `index` of the weights. Rows beyond are read (and their sums overwritten) until
    /// [`rows_read`] of them are done.
    ///
    /// # Panics
    /// If the rows are too few, their words do not match the weights', or tiles get anything off a cache line.
    pub(super) fn multiply(&self, rows: Rows<'_>, count: usize, panels: &Panels, index: usize, sums: &mut Sums) {
        let (weights, read) = (panels.block(index), rows_read(self.precision, count));
        assert!(rows.fit(panels), "rows do not fit the weights");
        assert!((1..=MAX_ROWS).contains(&read) && rows.extent(read) <= rows.data.len(), "too few rows");
        match self.precision {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Precision::Bf16Tiles => {
                let is_whole = |n: usize| n.is_multiple_of(super::lines::LINE_WORDS);
                assert!([rows.stride, rows.pitch, rows.words].into_iter().all(is_whole), "tiles want whole lines");
                // SAFETY: `self` exists only where tiles do, and configured them; the extents were just checked.
                unsafe { tiles::multiply(rows, weights, sums) }
            }
            #[cfg(target_arch = "x86_64")]
            _ => {
                let out = Out { values: sums.0.as_flattened_mut(), stride: BLOCK_COLUMNS };
                // SAFETY: `self` exists only where the vectors do; the extents were just checked.
                unsafe { vectors::multiply(self.precision, rows, count, weights, out) }
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => {
                let _ = (weights, sums);
                unreachable!("no multiplier exists on this processor")
            }
        }
    }
}

/// Where the sums of a block go when they are wanted in rows of a wider matrix: vectors write them there at once.
#[cfg(target_arch = "x86_64")]
pub(super) struct Out<'a> {
    /// From the first row's first column of the block on, up to whole strips of rows.
    pub(super) values: &'a mut [f32],
    /// Values from one row to the next, 32 or more.
    pub(super) stride: usize,
}

/// [`Multiplier::multiply`] in single precision, any number of rows, into a matrix.
///
/// # Panics
/// If the rows or the matrix are too short.
#[cfg(target_arch = "x86_64")]
pub(super) fn multiply_into(rows: Rows<'_>, count: usize, panels: &Panels, index: usize, out: Out<'_>) {
    assert!(has_f32_vectors() && rows.fit(panels), "rows do not fit the weights");
    let read = rows_read(Precision::F32, count);
    assert!(count > 0 && rows.extent(read) <= rows.data.len(), "too few rows");
    assert!(out.stride >= BLOCK_COLUMNS && (read - 1) * out.stride + BLOCK_COLUMNS <= out.values.len(), "no room");
    // SAFETY: the processor was checked, and the extents were just checked.
    unsafe { vectors::multiply(Precision::F32, rows, count, panels.block(index), out) }
}

/// How many rows are read when `count` are asked for.
pub(super) fn rows_read(precision: Precision, count: usize) -> usize {
    count.next_multiple_of(if precision == Precision::Bf16Tiles { MAX_ROWS } else { STRIP })
}

impl Drop for Multiplier {
    fn drop(&mut self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if self.precision == Precision::Bf16Tiles {
            tiles::release();
        }
    }
}

/// Whether products in `precision` run in these blocks here. Single precision does where AVX-512 is, and through the
/// gemm crate elsewhere.
pub(super) fn is_blocked(precision: Precision) -> bool {
    match precision {
        Precision::F32 => has_f32_vectors(),
        other => other.is_available(),
    }
}

/// Narrows `values` to the words of `precision`, which hold as many numbers or more; the rest of them is zero.
pub(super) fn narrow(precision: Precision, values: &[f32], words: &mut [u32]) {
    if precision == Precision::F32 {
        words[..values.len()].copy_from_slice(bytemuck::cast_slice(values));
        words[values.len()..].fill(0);
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if has_bf16_vectors() {
        // SAFETY: the processor was just checked.
        return unsafe { vectors::narrow(values, words) };
    }
    twin::narrow(values, words);
}

/// The same arithmetic in plain loops.
mod twin {
    use half::bf16;

    pub(super) fn narrow(values: &[f32], words: &mut [u32]) {
        words.fill(0);
        let halves: &mut [u16] = bytemuck::cast_slice_mut(words);
        halves.iter_mut().zip(values).for_each(|(half, value)| *half = bf16::from_f32(*value).to_bits());
    }
}
