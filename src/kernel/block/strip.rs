//! Products in single precision, a strip of rows at a time, on every kind of vectors.
//!
//! A number of a row is spread over all lanes and multiplied by the weights of sixteen outputs or more; the sums of a
//! strip of rows stay in registers for the whole depth. Rows that do not fill a strip are computed by one that begins
//! earlier: the same sums, written twice.
#![expect(unsafe_code, reason = "rows and weights are read through pointers; every extent is asserted before")]

use super::Rows;
use crate::kernel::instructions::Instructions;
use crate::kernel::panels::{PANEL, Panels};
use crate::kernel::simd::{self, Simd, Strip, Work};

/// The most vectors that the outputs of a strip take.
const MOST_VECTORS: usize = 4;

/// What a product adds to its sums, where they go, and what becomes of them.
pub(in crate::kernel) struct Product<'a> {
    /// The left matrix.
    pub(in crate::kernel) rows: Rows<'a>,
    /// How many rows of it.
    pub(in crate::kernel) count: usize,
    /// The right matrix.
    pub(in crate::kernel) panels: &'a Panels,
    /// The first of its panels that counts.
    pub(in crate::kernel) panel: usize,
    /// How many outputs, from that panel on.
    pub(in crate::kernel) outputs: usize,
    /// A value for each output, or none; for whole panels.
    pub(in crate::kernel) bias: Option<&'a [f32]>,
    /// Clamp at zero.
    pub(in crate::kernel) relu: bool,
    /// From the first row's first output on; there is room for whole blocks of two panels in each row.
    pub(in crate::kernel) out: &'a mut [f32],
    /// Values from one row of the result to the next.
    pub(in crate::kernel) stride: usize,
}

/// Computes a product on `instructions`.
///
/// # Panics
/// If the processor lacks them, or a slice is too short.
pub(in crate::kernel) fn multiply(instructions: Instructions, product: Product<'_>) {
    simd::run(instructions, product);
}

/// How many rows the strips of `instructions` do together.
pub(in crate::kernel) fn rows_of_strip(instructions: Instructions) -> usize {
    struct StripRows;
    impl Work for StripRows {
        type Output = usize;

        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> usize {
            S::Strip::ROWS
        }
    }
    simd::run(instructions, StripRows)
}

impl Work for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.compute(simd);
    }
}

impl Product<'_> {
    /// # Panics
    /// If a slice is too short.
    #[inline(always)]
    pub(in crate::kernel) fn compute<S: Simd>(self, simd: S) {
        let Self { rows, count, panels, panel, outputs, bias, relu, out, stride } = self;
        if count == 0 || outputs == 0 {
            return;
        }
        const { assert!(S::Strip::COLUMNS.is_multiple_of(PANEL)) };
        let columns = outputs.next_multiple_of(S::Strip::COLUMNS);
        let needed = (count - 1).checked_mul(stride).and_then(|n| n.checked_add(columns));
        assert!(panel + columns / PANEL <= panels.count(), "the right matrix is too narrow");
        assert!(rows.fit(panels) && rows.extent(count) <= rows.data.len(), "the left matrix is too short");
        assert!(needed.is_some_and(|needed| needed <= out.len()), "the result is too short");
        assert!(bias.is_none_or(|bias| bias.len() >= columns), "the bias is too short");
        let floor = simd.splat(if relu { 0.0 } else { f32::NEG_INFINITY });
        let left = Left { data: rows.data.as_ptr().cast(), rows, places: &[] };
        for column in (0..outputs).step_by(S::Strip::COLUMNS) {
            let weights = panels.panel(panel + column / PANEL).as_ptr().cast::<f32>();
            let bias = bias.map(|bias| bias[column..].as_ptr());
            let right = Right { weights, depth: panels.words(), bias };
            let is_narrow = outputs - column <= S::NarrowStrip::COLUMNS;
            let mut row = 0;
            while row < count {
                // SAFETY: the rows, the panels from the column on, the bias and the room for the result were asserted.
                row = unsafe {
                    let to = out.as_mut_ptr().add(column);
                    if is_narrow {
                        strip_from::<S, S::NarrowStrip, false>(simd, left, row, count, right, floor, to, stride)
                    } else {
                        strip_from::<S, S::Strip, false>(simd, left, row, count, right, floor, to, stride)
                    }
                };
            }
        }
    }
}

/// The rows of the left matrix.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub(super) data: *const f32,
    pub(super) rows: Rows<'a>,
    /// Where rows are not zero, of a product that leaves the rest out.
    pub(super) places: &'a [u32],
}

/// The panels of a strip, one behind the other, as deep as `depth`.
#[derive(Clone, Copy)]
pub(super) struct Right {
    pub(super) weights: *const f32,
    pub(super) depth: usize,
    pub(super) bias: Option<*const f32>,
}

/// The first row of the strip that does row `row` of `count`, and how many rows it does.
#[inline(always)]
pub(super) fn strip_at<T: Strip>(row: usize, count: usize) -> (usize, usize) {
    let few = T::ROWS.min(4);
    let rows = if count >= T::ROWS {
        T::ROWS
    } else if count >= few {
        few
    } else {
        1
    };
    (row.min(count - rows), rows)
}

/// The strip that does row `row` of `count`, and those after it that fit; tells which row is next.
///
/// # Safety
/// As [`strip_14`] for the outputs of `T` and rows up to `count`, of a result whose first row begins at `out`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a strip is its place, its operands and its result")]
pub(super) unsafe fn strip_from<S: Simd, T: Strip, const SPARSE: bool>(
    simd: S,
    left: Left<'_>,
    row: usize,
    count: usize,
    right: Right,
    floor: S::Vector,
    out: *mut f32,
    stride: usize,
) -> usize {
    let (row, rows) = strip_at::<T>(row, count);
    let left = Left { data: left.data.wrapping_add(row * left.rows.stride), ..left };
    let out = out.wrapping_add(row * stride);
    // SAFETY: as the caller promises: rows `row .. row + rows` are among the first `count`.
    unsafe {
        // The conditions are constants: what `T` never has is not compiled.
        match rows {
            14 if T::ROWS == 14 => strip_14::<S, T, SPARSE>(simd, left, right, floor, out, stride),
            10 if T::ROWS == 10 => strip_10::<S, T, SPARSE>(simd, left, right, floor, out, stride),
            6 if T::ROWS == 6 => strip_6::<S, T, SPARSE>(simd, left, right, floor, out, stride),
            4 if T::ROWS > 4 => strip_4::<S, T, SPARSE>(simd, left, right, floor, out, stride),
            2 if T::ROWS == 2 => strip_2::<S, T, SPARSE>(simd, left, right, floor, out, stride),
            _ => strip_1::<S, T, SPARSE>(simd, left, right, floor, out, stride),
        }
    }
    row + rows
}

/// The vectors of a strip: those of the first sixteen outputs, then those of the next panel.
const fn vectors<S: Simd, T: Strip>() -> usize {
    const {
        assert!(T::COLUMNS.is_multiple_of(S::LANES) && T::COLUMNS / S::LANES <= MOST_VECTORS);
        T::COLUMNS / S::LANES
    }
}

/// In which panel vector `v` of a strip is, and where in a line of it.
#[inline(always)]
fn place<S: Simd>(v: usize) -> (usize, usize) {
    (v.wrapping_mul(S::LANES) / PANEL, v.wrapping_mul(S::LANES) % PANEL)
}

/// A strip. Every row is named, as group and place in the group: in a loop over rows the compiler would keep the sums in
/// memory. Rows of a group have one pointer and no, one or two strides.
macro_rules! strip {
    ($name:ident, $rows:literal, $groups:literal, $($g:literal $r:literal),*) => {
        /// Sums of so many rows; where `SPARSE`, of one stretch at the left's places only.
        ///
        /// # Safety
        /// The rows must be readable, at least as long as the places tell, and so must the panels that hold the
        /// outputs of `T`, and a value of the bias for each, if there is one; as many must be writable in each row of
        /// the result.
        #[inline(always)]
        unsafe fn $name<S: Simd, T: Strip, const SPARSE: bool>(
            simd: S,
            left: Left<'_>,
            right: Right,
            floor: S::Vector,
            out: *mut f32,
            stride: usize,
        ) {
            let Rows { stride: step, pitch, .. } = left.rows;
            // Places are stretches of one number each.
            let (runs, words) = if SPARSE { (left.places.len(), 1) } else { (left.rows.runs, left.rows.words) };
            let next_panel = right.depth.wrapping_mul(PANEL);
            let mut start = [simd.zero(); MOST_VECTORS];
            if let Some(bias) = right.bias {
                for v in 0..MOST_VECTORS {
                    if v < vectors::<S, T>() {
                        // SAFETY: the bias has a value for each output of the strip.
                        start[v] = unsafe { simd.load(bias.wrapping_add(v.wrapping_mul(S::LANES))) };
                    }
                }
            }
            let mut sums = [start; $rows];
            for run in 0..runs {
                let (in_row, line) = if SPARSE {
                    let place = left.places[run] as usize;
                    (place, place)
                } else {
                    (run * pitch, run * words)
                };
                let begin = left.data.wrapping_add(in_row);
                let mut weights = right.weights.wrapping_add(line * PANEL);
                let mut group: [*const f32; $groups] = [begin; $groups];
                $(
                    if $r == 0 {
                        group[$g] = begin.wrapping_add(3 * $g * step);
                    }
                )*
                for _ in 0..words {
                    let mut lines = [simd.zero(); MOST_VECTORS];
                    for v in 0..MOST_VECTORS {
                        if v < vectors::<S, T>() {
                            let (panel, lane) = place::<S>(v);
                            let line = weights.wrapping_add(panel.wrapping_mul(next_panel).wrapping_add(lane));
                            // SAFETY: a line of each panel, as deep as the rows are long.
                            lines[v] = unsafe { simd.load(line) };
                        }
                    }
                    $(
                        // SAFETY: a number of one of the rows, which are there.
                        let number = simd.splat(unsafe { *group[$g].wrapping_add(step.wrapping_mul($r)) });
                        for v in 0..MOST_VECTORS {
                            if v < vectors::<S, T>() {
                                sums[3 * $g + $r][v] = simd.mul_add(number, lines[v], sums[3 * $g + $r][v]);
                            }
                        }
                    )*
                    for pointer in &mut group {
                        *pointer = pointer.wrapping_add(1);
                    }
                    weights = weights.wrapping_add(PANEL);
                }
            }
            $(
                for v in 0..MOST_VECTORS {
                    if v < vectors::<S, T>() {
                        let to = out.wrapping_add(stride.wrapping_mul(3 * $g + $r).wrapping_add(v.wrapping_mul(S::LANES)));
                        // SAFETY: a vector of the strip's outputs in one of its rows.
                        unsafe { simd.store(simd.max(floor, sums[3 * $g + $r][v]), to) };
                    }
                }
            )*
        }
    };
}

strip!(strip_14, 14, 5, 0 0, 0 1, 0 2, 1 0, 1 1, 1 2, 2 0, 2 1, 2 2, 3 0, 3 1, 3 2, 4 0, 4 1);
strip!(strip_10, 10, 4, 0 0, 0 1, 0 2, 1 0, 1 1, 1 2, 2 0, 2 1, 2 2, 3 0);
strip!(strip_6, 6, 2, 0 0, 0 1, 0 2, 1 0, 1 1, 1 2);
strip!(strip_4, 4, 2, 0 0, 0 1, 0 2, 1 0);
strip!(strip_2, 2, 1, 0 0, 0 1);
strip!(strip_1, 1, 1, 0 0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::precision::Precision;
    use crate::kernel::tests::{noise, worst};

    /// The definition: rows of three stretches, one after the other.
    fn twin(rows: Rows<'_>, count: usize, weight: &[f32], outputs: usize, bias: &[f32]) -> Vec<f32> {
        let at = |r: usize, k: usize| rows.data[r * rows.stride + k / rows.words * rows.pitch + k % rows.words];
        let depth = rows.runs * rows.words;
        let product =
            |r: usize, k: usize, o: usize| f64::from(f32::from_bits(at(r, k))) * f64::from(weight[k * outputs + o]);
        let sum = |r: usize, o: usize| (0..depth).map(|k| product(r, k, o)).sum::<f64>() + f64::from(bias[o]);
        (0..count * outputs).map(|i| sum(i / outputs, i % outputs).max(0.0) as f32).collect()
    }

    #[test]
    fn every_kind_of_vectors_multiplies_any_number_of_rows() {
        let (outputs, words, pitch, step) = (64, 7, 40, 3);
        let (weight, bias) = (noise(3 * words * outputs, 2), noise(outputs, 3));
        let panels = Panels::pack(3 * words, outputs, Precision::F32, |k, o| weight[k * outputs + o]);
        for count in [1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 29] {
            let data: Vec<u32> = noise(2 * pitch + (count - 1) * step + words, 1).iter().map(|v| v.to_bits()).collect();
            let rows = Rows { data: &data, stride: step, runs: 3, pitch, words };
            let expected = twin(rows, count, &weight, outputs, &bias);
            for instructions in Instructions::available() {
                let mut out = vec![7.0; count * outputs];
                let (panels, bias, out_ref) = (&panels, Some(&bias[..]), &mut out[..]);
                let product =
                    Product { rows, count, panels, panel: 0, outputs, bias, relu: true, out: out_ref, stride: outputs };
                multiply(instructions, product);
                let off = worst(&out, &expected);
                assert!(off < 1e-5, "{instructions}, {count} rows: {off}");
                assert!(worst(&out[1..], &expected[..expected.len() - 1]) > 0.1, "the comparison cannot fail");
            }
        }
    }
}
