//! Sums of outer products, `leftᵀ · right`: the gradients of weights, whose depth is the number of samples.
#![expect(unsafe_code, reason = "operands are read through pointers; every extent is asserted before")]

use super::instructions::Instructions;
use super::simd::{self, Simd, Work};

/// Vectors of columns that go together.
const VECTORS: usize = 2;

/// The most rows whose sums live in registers together.
const MOST_ROWS: usize = 8;

/// `sums [rows, columns] += leftᵀ · right`, for `depth` samples.
pub(super) struct Outer<'a> {
    /// `[depth, rows]`.
    pub(super) left: Samples<'a>,
    /// How many values of a left sample count.
    pub(super) rows: usize,
    /// `[depth, columns]`.
    pub(super) right: Samples<'a>,
    /// How many values of a right sample count.
    pub(super) columns: usize,
    /// How many samples.
    pub(super) depth: usize,
    /// `[rows, columns]` without gaps.
    pub(super) sums: &'a mut [f32],
}

/// Samples that lie `stride` values apart.
#[derive(Clone, Copy)]
pub(super) struct Samples<'a> {
    /// From the first sample's first value on.
    pub(super) data: &'a [f32],
    /// Values from one sample to the next; fewer than count, where samples overlap.
    pub(super) stride: usize,
}

/// Samples of one thread, column by column, where they lie far apart.
#[derive(Default)]
pub(super) struct OuterScratch {
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Samples<'_> {
    /// Whether there are `depth` samples of `values` values.
    fn hold(&self, depth: usize, values: usize) -> bool {
        let needed = depth.saturating_sub(1).checked_mul(self.stride).and_then(|n| n.checked_add(values));
        needed.is_some_and(|needed| needed <= self.data.len())
    }

    /// The same from another value on.
    fn from(self, first: usize) -> Self {
        Self { data: &self.data[first..], ..self }
    }

    /// Copies the values from `first` on, `count` of each sample, together.
    fn pack(&self, depth: usize, first: usize, count: usize, to: &mut Vec<f32>) {
        to.resize(depth * count, 0.0);
        for (sample, to) in to.chunks_exact_mut(count).enumerate() {
            to.copy_from_slice(&self.data[sample * self.stride + first..][..count]);
        }
    }
}

/// Adds outer products of samples that lie close together, on `instructions`.
///
/// # Panics
/// If the processor lacks them, or a slice is too short.
pub(super) fn add_outer(instructions: Instructions, outer: Outer<'_>) {
    simd::run(instructions, outer);
}

/// The same for wide samples: those of a few columns are copied together, so that they share no lines of the cache.
///
/// # Panics
/// As [`add_outer`].
pub(super) fn add_outer_packed(instructions: Instructions, outer: Outer<'_>, scratch: &mut OuterScratch) {
    const COLUMNS: usize = 32;
    const ROWS: usize = 32;
    let Outer { left, rows, right, columns, depth, sums } = outer;
    assert!(left.hold(depth, rows) && right.hold(depth, columns), "samples are too short");
    let mut block = [0.0; ROWS * COLUMNS];
    for column in (0..columns).step_by(COLUMNS) {
        let across = (columns - column).min(COLUMNS);
        right.pack(depth, column, across, &mut scratch.right);
        for row in (0..rows).step_by(ROWS) {
            let down = (rows - row).min(ROWS);
            left.pack(depth, row, down, &mut scratch.left);
            let block = &mut block[..down * across];
            block.fill(0.0);
            let left = Samples { data: &scratch.left, stride: down };
            let right = Samples { data: &scratch.right, stride: across };
            add_outer(instructions, Outer { left, rows: down, right, columns: across, depth, sums: block });
            for (r, found) in block.chunks_exact(across).enumerate() {
                let to = &mut sums[(row + r) * columns + column..][..across];
                to.iter_mut().zip(found).for_each(|(sum, found)| *sum += found);
            }
        }
    }
}

impl Work for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.compute(simd);
    }
}

impl Outer<'_> {
    /// # Panics
    /// If a slice is too short.
    #[inline(always)]
    pub(super) fn compute<S: Simd>(self, simd: S) {
        let Self { left, rows, right, columns, depth, sums } = self;
        assert!(left.hold(depth, rows) && right.hold(depth, columns), "samples are too short");
        assert!(sums.len() >= rows * columns, "the result is too short");
        let mut column = 0;
        while column < columns {
            let rest = columns - column;
            let stripe = Stripe { left, rows, right: right.from(column), depth, sums: &mut sums[column..], columns };
            if rest >= VECTORS * S::LANES {
                // SAFETY: two vectors of each right sample count, and both samples were asserted.
                unsafe { stripe.add::<S, VECTORS>(simd, VECTORS * S::LANES) }
                column += VECTORS * S::LANES;
            } else if right.hold(depth, column + S::LANES) {
                // SAFETY: there is a vector of each right sample, whether all of it counts or not, and the left ones were
                // asserted.
                unsafe { stripe.add::<S, 1>(simd, rest.min(S::LANES)) }
                column += S::LANES;
            } else {
                stripe.add_one_by_one(rest);
                column = columns;
            }
        }
    }
}

/// Some columns of an outer product, all of its rows.
struct Stripe<'a> {
    left: Samples<'a>,
    rows: usize,
    /// From the first of the columns on.
    right: Samples<'a>,
    depth: usize,
    /// Likewise.
    sums: &'a mut [f32],
    /// Of the whole result.
    columns: usize,
}

impl Stripe<'_> {
    /// Adds the products of `count` columns, which are read as `V` vectors.
    ///
    /// # Safety
    /// As many values must be readable in each right sample, and a value for each row in each left one.
    #[inline(always)]
    unsafe fn add<S: Simd, const V: usize>(self, simd: S, count: usize) {
        let Self { left, rows, right, depth, sums, columns } = self;
        let whole = rows / S::OUTER_ROWS * S::OUTER_ROWS;
        for row in (0..whole).step_by(S::OUTER_ROWS) {
            let (left, sums) = (left.from(row), &mut sums[row * columns..]);
            // SAFETY: as the caller promises.
            unsafe {
                match S::OUTER_ROWS {
                    8 => block::<S, 8, V>(simd, left, right, depth, sums, [columns, count]),
                    4 => block::<S, 4, V>(simd, left, right, depth, sums, [columns, count]),
                    _ => block::<S, 2, V>(simd, left, right, depth, sums, [columns, count]),
                }
            }
        }
        for row in whole..rows {
            let (left, sums) = (left.from(row), &mut sums[row * columns..]);
            // SAFETY: as the caller promises.
            unsafe { block::<S, 1, V>(simd, left, right, depth, sums, [columns, count]) }
        }
    }

    /// The same for columns that fill no vector.
    #[inline(always)]
    fn add_one_by_one(self, count: usize) {
        let Self { left, rows, right, depth, sums, columns } = self;
        for row in 0..rows {
            for column in 0..count {
                let mut sum = 0.0;
                for sample in 0..depth {
                    sum += left.data[sample * left.stride + row] * right.data[sample * right.stride + column];
                }
                sums[row * columns + column] += sum;
            }
        }
    }
}

/// Rows by `V` vectors of columns, in registers; `count` columns are added to each row of the sums, which lie `stride`
/// values apart.
///
/// # Safety
/// The samples must be readable, `ROWS` values and as many vectors of each.
#[inline(always)]
unsafe fn block<S: Simd, const ROWS: usize, const V: usize>(
    simd: S,
    left: Samples<'_>,
    right: Samples<'_>,
    depth: usize,
    sums: &mut [f32],
    [stride, count]: [usize; 2],
) {
    const { assert!(ROWS <= MOST_ROWS) };
    let mut block = [[simd.zero(); V]; ROWS];
    let (mut factors, mut lanes) = (left.data.as_ptr(), right.data.as_ptr());
    for _ in 0..depth {
        let mut vectors = [simd.zero(); V];
        for v in 0..V {
            // SAFETY: the vectors of one sample, as the caller promises.
            vectors[v] = unsafe { simd.load(lanes.wrapping_add(v * S::LANES)) };
        }
        for r in 0..ROWS {
            // SAFETY: a value of one sample, as the caller promises.
            let factor = simd.splat(unsafe { *factors.wrapping_add(r) });
            for v in 0..V {
                block[r][v] = simd.mul_add(factor, vectors[v], block[r][v]);
            }
        }
        (factors, lanes) = (factors.wrapping_add(left.stride), lanes.wrapping_add(right.stride));
    }
    for r in 0..ROWS {
        for v in 0..V {
            let to = &mut sums[r * stride..][..count][v * S::LANES..];
            simd.put(simd.add(simd.get(to), block[r][v]), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::{noise, worst};

    #[test]
    fn every_kind_of_vectors_adds_outer_products_of_any_shape() {
        for (rows, columns, depth) in
            [(64, 64, 24), (9, 64, 33), (27, 5, 12), (1, 1, 1), (40, 48, 56), (70, 33, 20), (8, 15, 3), (6, 40, 9)]
        {
            let (left, right) = (noise(depth * (rows + 2), 1), noise(depth * (columns + 1), 2));
            let at = |r: usize, c: usize, n: usize| {
                f64::from(left[n * (rows + 2) + r]) * f64::from(right[n * (columns + 1) + c])
            };
            let sum = |i: usize| (0..depth).map(|n| at(i / columns, i % columns, n)).sum::<f64>() as f32;
            let expected: Vec<f32> = (0..rows * columns).map(|i| 0.5 + sum(i)).collect();
            for instructions in Instructions::available() {
                for is_packed in [false, true] {
                    let mut sums = vec![0.5; rows * columns];
                    let left = Samples { data: &left, stride: rows + 2 };
                    let right = Samples { data: &right, stride: columns + 1 };
                    let outer = Outer { left, rows, right, columns, depth, sums: &mut sums };
                    if is_packed {
                        add_outer_packed(instructions, outer, &mut OuterScratch::default());
                    } else {
                        add_outer(instructions, outer);
                    }
                    let off = worst(&sums, &expected);
                    assert!(off < 1e-5, "{instructions}, {rows}×{columns}, {depth} samples: {off}");
                    let slipped = expected.len() > 1 && worst(&sums[1..], &expected[..expected.len() - 1]) < 0.1;
                    assert!(!slipped, "the comparison cannot fail");
                }
            }
        }
    }
}
