//! Products in single precision that leave out what is zero: after a ReLU that is half of all values, and rows that lie
//! close together in a picture have their zeros in the same places.
//!
//! Where all rows of a strip are zero, nothing is multiplied. What is left out would have added zero, so that results are
//! those of the whole product to the bit.
#![expect(unsafe_code, reason = "rows and weights are read through pointers; every extent is asserted before")]

use super::Rows;
use super::strip::{Left, Right, strip_at, strip_from};
use crate::kernel::instructions::Instructions;
use crate::kernel::panels::{PANEL, Panels};
use crate::kernel::simd::{self, Simd, Strip, Work};

/// Outputs come in multiples of so many, whatever the instructions.
pub(in crate::kernel) const SPARSE_COLUMNS: usize = 64;

/// Lists of one thread.
#[derive(Default)]
pub(in crate::kernel) struct SparseScratch {
    /// Where the rows of each strip are not zero, strip by strip.
    places: Vec<u32>,
    /// Where each strip's places end.
    ends: Vec<usize>,
}

/// `out = relu(rows · matrix + bias)` for rows without negative values.
pub(in crate::kernel) struct SparseProduct<'a> {
    /// `[count, depth]` without gaps, none below zero.
    pub(in crate::kernel) rows: &'a [f32],
    /// How many rows.
    pub(in crate::kernel) count: usize,
    /// The right matrix.
    pub(in crate::kernel) panels: &'a Panels,
    /// A value for each output, of which there is a multiple of [`SPARSE_COLUMNS`].
    pub(in crate::kernel) bias: &'a [f32],
    /// `[count, outputs]`, as many outputs as the bias has.
    pub(in crate::kernel) out: &'a mut [f32],
    /// Buffers.
    pub(in crate::kernel) scratch: &'a mut SparseScratch,
}

/// Computes a product on `instructions`.
///
/// # Panics
/// If the processor lacks them, or a slice is too short.
pub(in crate::kernel) fn multiply_sparse(instructions: Instructions, product: SparseProduct<'_>) {
    simd::run(instructions, product);
}

impl Work for SparseProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { rows, count, panels, bias, out, scratch } = self;
        let (depth, outputs) = (panels.words(), bias.len());
        if count == 0 {
            return;
        }
        assert!(count * depth <= rows.len() && count * outputs <= out.len(), "too few rows");
        const { assert!(SPARSE_COLUMNS.is_multiple_of(S::SparseStrip::COLUMNS)) };
        assert!(outputs == panels.count() * PANEL, "a bias for each output");
        assert!(outputs.is_multiple_of(SPARSE_COLUMNS), "outputs for whole strips");
        scratch.find::<S>(simd, rows, count, depth);
        let floor = simd.zero();
        for column in (0..outputs).step_by(S::SparseStrip::COLUMNS) {
            let weights = panels.panel(column / PANEL).as_ptr().cast::<f32>();
            let right = Right { weights, depth, bias: Some(bias[column..].as_ptr()) };
            let (mut row, mut begin) = (0, 0);
            for end in &scratch.ends {
                let places = &scratch.places[begin..*end];
                let left = Left { data: rows.as_ptr(), rows: Rows::of_matrix(rows, depth, depth), places };
                // SAFETY: places lie within the depth; the rows, the panels and the room for the result were asserted.
                row = unsafe {
                    let to = out.as_mut_ptr().add(column);
                    strip_from::<S, S::SparseStrip, true>(simd, left, row, count, right, floor, to, outputs)
                };
                begin = *end;
            }
        }
    }
}

impl SparseScratch {
    /// Lists where the rows of each strip are not zero.
    #[inline(always)]
    fn find<S: Simd>(&mut self, simd: S, rows: &[f32], count: usize, depth: usize) {
        self.ends.clear();
        self.places.resize(self.places.len().max(count * depth), 0);
        let (mut row, mut end) = (0, 0);
        while row < count {
            let (first, in_strip) = strip_at::<S::SparseStrip>(row, count);
            for place in (0..depth).step_by(S::LANES) {
                let across = S::LANES.min(depth - place);
                let mut largest = simd.zero();
                for r in first..first + in_strip {
                    largest = simd.max(largest, simd.get(&rows[r * depth + place..][..across]));
                }
                let mut mask = simd.positive(largest);
                while mask != 0 {
                    self.places[end] = place as u32 + mask.trailing_zeros();
                    end += 1;
                    mask &= mask - 1;
                }
            }
            self.ends.push(end);
            row = first + in_strip;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::strip::{Product, multiply};
    use super::*;
    use crate::kernel::precision::Precision;
    use crate::kernel::tests::noise;

    #[test]
    fn what_is_left_out_changes_nothing() {
        let (depth, outputs) = (45, 64);
        let (weight, bias) = (noise(depth * outputs, 2), noise(outputs, 3));
        let panels = Panels::pack(depth, outputs, Precision::F32, |k, o| weight[k * outputs + o]);
        for count in [1, 3, 4, 5, 6, 7, 13, 14, 15, 84] {
            // A third of the places is zero everywhere, another where the value happens to be negative.
            let value = |(i, v): (usize, f32)| if i % depth % 3 == 0 { 0.0 } else { v.max(0.0) };
            let rows: Vec<f32> = noise(count * depth, 1).into_iter().enumerate().map(value).collect();
            for instructions in Instructions::available() {
                let (mut whole, mut sparse) = (vec![7.0; count * outputs], vec![8.0; count * outputs]);
                let (left, panels, some_bias) = (Rows::of_matrix(&rows, depth, depth), &panels, Some(&bias[..]));
                let (panel, relu, stride, out) = (0, true, outputs, &mut whole[..]);
                let product = Product { rows: left, count, panels, panel, outputs, bias: some_bias, relu, out, stride };
                multiply(instructions, product);
                let (rows, bias, scratch) = (&rows[..], &bias[..], &mut SparseScratch::default());
                multiply_sparse(instructions, SparseProduct { rows, count, panels, bias, out: &mut sparse, scratch });
                assert!(sparse == whole, "{instructions}, {count} rows");
                assert!(scratch.ends.last().unwrap() * 10 <= 7 * count * depth, "nothing was left out");
                assert!(whole.iter().any(|v| *v > 0.0));
            }
        }
    }
}
