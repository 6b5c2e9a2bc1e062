//! What becomes of a block's sums: bias, ReLU, residual, and the next layer's numbers.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling code compiled for wider vectors, after checking the processor")
)]

use crate::kernel::activation::{Activation, silu};
use crate::kernel::instructions::Instructions;
use crate::kernel::panels::BLOCK_COLUMNS;
use crate::kernel::precision::Precision;
#[cfg(target_arch = "x86_64")]
use crate::kernel::processor;
use crate::kernel::simd::{self, Simd, Work, vectorized};
use std::mem::MaybeUninit;

/// Sums of one row of a block.
type Row = [f32; BLOCK_COLUMNS];

/// What a convolution does to the sums of consecutive pixels.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a> {
    /// One value for every column that counts; the block's other columns are padding.
    pub(crate) bias: &'a [f32],
    /// What they go through after the bias.
    pub(crate) activation: Activation,
    /// Added last: from the first pixel's first column on.
    pub(crate) residual: Option<&'a [f32]>,
    /// Values from one pixel to the next, in the residual and in the result.
    pub(crate) stride: usize,
}

/// `out = activation(sums + bias) + residual` for consecutive pixels; `out` starts at the first pixel's first column.
pub(crate) fn to_pixels(rows: &[Row], finish: Finish<'_>, out: &mut [MaybeUninit<f32>]) {
    simd::run(Instructions::in_use(), ToPixels { rows, finish, out });
}

struct ToPixels<'a> {
    rows: &'a [Row],
    finish: Finish<'a>,
    out: &'a mut [MaybeUninit<f32>],
}

impl Work for ToPixels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { rows, finish: Finish { bias, activation, residual, stride }, out } = self;
        let floor = if activation == Activation::Relu { 0.0 } else { f32::NEG_INFINITY };
        for (i, (row, out)) in rows.iter().zip(out.chunks_mut(stride)).enumerate() {
            let mut row = *row;
            for (sum, bias) in row.iter_mut().zip(bias) {
                *sum = (*sum + bias).max(floor);
            }
            if activation == Activation::Silu {
                for values in row.chunks_exact_mut(S::LANES) {
                    simd.put(silu(simd, simd.get(values)), values);
                }
            }
            let values = row.iter().take(bias.len());
            match residual {
                Some(residual) => {
                    let residual = &residual[i * stride..];
                    values.zip(residual).zip(out).for_each(|((v, r), out)| *out = MaybeUninit::new(v + r));
                }
                None => values.zip(out).for_each(|(v, out)| *out = MaybeUninit::new(*v)),
            }
        }
    }
}

vectorized! {
    /// `relu(sums + bias)`, rows `stride` values apart.
    pub(crate) fn to_values(rows: &[Row], bias: &Row, out: &mut [f32], stride: usize) {
        for (row, out) in rows.iter().zip(out.chunks_mut(stride)) {
            for ((out, sum), bias) in out.iter_mut().zip(row).zip(bias) {
                *out = (sum + bias).max(0.0);
            }
        }
    }
}

/// `relu(sums + bias)`, narrowed to the words of `precision`, rows `stride` words apart.
pub(crate) fn to_words(precision: Precision, rows: &[Row], bias: &Row, out: &mut [u32], stride: usize) {
    #[cfg(target_arch = "x86_64")]
    if processor::has_bf16_vectors() && precision.is_bf16() {
        // SAFETY: the processor was just checked.
        return unsafe { super::pairs::to_words(rows, bias, out, stride) };
    }
    for (row, out) in rows.iter().zip(out.chunks_mut(stride)) {
        let values: Row = std::array::from_fn(|i| (row[i] + bias[i]).max(0.0));
        super::narrow(precision, &values, &mut out[..BLOCK_COLUMNS / precision.values_per_word()]);
    }
}
