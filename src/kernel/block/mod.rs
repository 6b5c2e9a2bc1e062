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
#[cfg(target_arch = "x86_64")]
mod pairs;
mod sparse;
mod strip;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod tiles;

pub(super) use finish::{Finish, to_pixels, to_values, to_words};
pub(super) use sparse::{SPARSE_COLUMNS, SparseProduct, SparseScratch, multiply_sparse};
pub(super) use strip::{Product, multiply};

use super::instructions::Instructions;
use super::panels::{BLOCK_COLUMNS, Panels};
use super::precision::Precision;
#[cfg(target_arch = "x86_64")]
use super::processor::has_bf16_vectors;

/// Rows of the largest block.
pub(super) const MAX_ROWS: usize = 32;

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

    /// Rows of a matrix in single precision, `stride` values apart.
    pub(super) fn of_matrix(data: &[f32], stride: usize, words: usize) -> Rows<'_> {
        Rows { data: bytemuck::cast_slice(data), stride, runs: 1, pitch: 0, words }
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
    /// Of single precision.
    instructions: Instructions,
    /// Tiles belong to a thread.
    _stays: std::marker::PhantomData<*const ()>,
}

impl Multiplier {
    /// In `precision`; if that is single, on `instructions`.
    ///
    /// # Panics
    /// If the processor lacks either.
    pub(super) fn new(precision: Precision, instructions: Instructions) -> Self {
        assert!(precision.is_available(), "this processor has no blocks in {precision}");
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if precision == Precision::Bf16Tiles {
            tiles::configure();
        }
        Self { precision, instructions, _stays: std::marker::PhantomData }
    }

    /// The most rows that one call should ask for.
    pub(super) fn rows_of_block(&self) -> usize {
        let strip = match self.precision {
            Precision::F32 => strip::rows_of_strip(self.instructions),
            other => rows_of_strip(other),
        };
        MAX_ROWS / strip * strip
    }

    /// The first `count` rows by block `index` of the weights. Rows beyond are read (and their sums overwritten) until
    /// [`rows_read`] of them are done.
    ///
    /// # Panics
    /// If the rows are too few, their words do not match the weights', or tiles get anything off a cache line.
    pub(super) fn multiply(&self, rows: Rows<'_>, count: usize, panels: &Panels, index: usize, sums: &mut Sums) {
        let read = rows_read(self.precision, count);
        assert!(rows.fit(panels), "rows do not fit the weights");
        assert!((1..=MAX_ROWS).contains(&read) && rows.extent(read) <= rows.data.len(), "too few rows");
        match self.precision {
            Precision::F32 => {
                let (out, stride) = (sums.0.as_flattened_mut(), BLOCK_COLUMNS);
                let (panel, outputs, bias, relu) = (2 * index, BLOCK_COLUMNS, None, false);
                multiply(self.instructions, Product { rows, count, panels, panel, outputs, bias, relu, out, stride });
            }
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Precision::Bf16Tiles => {
                let is_whole = |n: usize| n.is_multiple_of(super::lines::LINE_WORDS);
                assert!([rows.stride, rows.pitch, rows.words].into_iter().all(is_whole), "tiles want whole lines");
                // SAFETY: `self` exists only where tiles do, and configured them; the extents were just checked.
                unsafe { tiles::multiply(rows, panels.block(index), sums) }
            }
            #[cfg(target_arch = "x86_64")]
            Precision::Bf16Vectors => {
                // SAFETY: `self` exists only where the vectors do; the extents were just checked.
                unsafe { pairs::multiply(rows, count, panels.block(index), sums) }
            }
            #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
            _ => unreachable!("this processor has no blocks in {}", self.precision),
        }
    }
}

/// Rows that are computed together in bfloat16.
fn rows_of_strip(precision: Precision) -> usize {
    match precision {
        Precision::F32 => 1,
        #[cfg(target_arch = "x86_64")]
        Precision::Bf16Vectors => pairs::STRIP,
        _ => MAX_ROWS,
    }
}

/// How many rows are read when `count` are asked for: in bfloat16 whole strips.
pub(super) fn rows_read(precision: Precision, count: usize) -> usize {
    count.next_multiple_of(rows_of_strip(precision))
}

impl Drop for Multiplier {
    fn drop(&mut self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if self.precision == Precision::Bf16Tiles {
            tiles::release();
        }
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
        return unsafe { pairs::narrow(values, words) };
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
