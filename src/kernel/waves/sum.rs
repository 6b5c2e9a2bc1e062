//! Combined rows times the cosines and sines of columns: the pixels.
#![expect(unsafe_code, reason = "vectors are read through pointers; every extent is asserted before")]

use super::{Part, WaveTable, Waves};
use crate::kernel::simd::{self, Simd, Work};

/// Output rows that are computed together.
pub const TOGETHER: usize = 4;

/// Columns that are computed together where they lie between the same source columns.
const COLUMNS: usize = 2;

/// Some output rows and columns.
pub struct RowsOfWaves<'a> {
    /// What [`Waves::combine`] made: `[TOGETHER, columns, amplitudes]`.
    pub combined: &'a [f32],
    /// How many source columns there are.
    pub columns: usize,
    /// Of every output column, between which source columns it lies: counted in `combined`.
    pub between: &'a [[usize; 2]],
    /// The table of the output columns.
    pub table: &'a WaveTable,
    /// Which of its samples is the first output column.
    pub first: usize,
    /// What brightness, blue and red difference add to R, G and B.
    pub rgb: [[f32; 3]; 3],
    /// Colours, `[TOGETHER, between.len()]`.
    pub out: &'a mut [[f32; 3]],
}

/// A number for each row that is computed with others.
type PerRow<T> = [T; TOGETHER];

impl Waves {
    /// Computes the colours of some rows.
    ///
    /// # Panics
    /// If a slice is too short, or an output column lies between source columns that there are not.
    pub fn sum(&self, rows: RowsOfWaves<'_>) {
        simd::run(self.instructions, &mut Sum { waves: self, rows });
    }
}

struct Sum<'a> {
    waves: &'a Waves,
    rows: RowsOfWaves<'a>,
}

// By reference for the same reason as in `combine`.
impl Work for &mut Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Sum { waves, rows: RowsOfWaves { combined, columns, between, table, first, rgb, out } } = self;
        let (amplitudes, entry, parts) = (waves.amplitudes(), waves.entry(), waves.parts());
        let (columns, rgb, entries) = (*columns, *rgb, table.from(*first));
        assert!(combined.len() >= TOGETHER * columns * amplitudes, "too few combined rows");
        assert!(between.iter().flatten().all(|column| *column < columns), "not between source columns");
        assert!(entries.len() >= between.len() * 2 * entry, "too few columns in the table");
        assert!(out.len() >= TOGETHER * between.len(), "too little room");
        assert!(parts.iter().all(|part| (2 * part.waves).is_multiple_of(S::LANES)), "vectors are whole");
        let mut column = 0;
        while column < between.len() {
            let pair = between[column];
            // SAFETY: source columns are there, and so are entries for the output columns, as asserted.
            let from = unsafe {
                let of = |j: usize, row: usize| combined.as_ptr().add((row * columns + j) * amplitudes);
                let rows = pair.map(|j| [of(j, 0), of(j, 1), of(j, 2), of(j, 3)]);
                Between { rows, entry, entries: entries.as_ptr().add(column * 2 * entry) }
            };
            // SAFETY: as above; of the next column there is an entry too where there is that column.
            column += unsafe {
                if between.get(column + 1) == Some(&pair) {
                    pixels::<S, COLUMNS>(simd, from, parts, rgb, between.len(), &mut out[column..]);
                    COLUMNS
                } else {
                    pixels::<S, 1>(simd, from, parts, rgb, between.len(), &mut out[column..]);
                    1
                }
            };
        }
    }
}

/// What pixels between two source columns are made of.
#[derive(Clone, Copy)]
struct Between {
    /// Combined amplitudes of both source columns.
    rows: [PerRow<*const f32>; 2],
    /// Values in an entry of the table.
    entry: usize,
    /// Two entries for each output column.
    entries: *const f32,
}

/// The colours of all rows, `stride` apart, and `C` columns.
///
/// # Safety
/// All source columns must have the amplitudes, and all entries the cosines and sines, of all parts.
#[inline(always)]
unsafe fn pixels<S: Simd, const C: usize>(
    simd: S,
    from: Between,
    parts: [Part; 3],
    rgb: [[f32; 3]; 3],
    stride: usize,
    out: &mut [[f32; 3]],
) {
    let mut found = [[[0.0; TOGETHER]; C]; 3];
    for part in 0..3 {
        // SAFETY: as the caller promises.
        let sums = unsafe { dots::<S, C>(simd, from, parts[part]) };
        for c in 0..C {
            found[part][c] = simd.sums(sums[c]);
        }
    }
    for c in 0..C {
        for row in 0..TOGETHER {
            let mut color = [0.0; 3];
            for i in 0..3 {
                color[i] = rgb[i][0] * found[0][c][row] + rgb[i][1] * found[1][c][row] + rgb[i][2] * found[2][c][row];
            }
            out[row * stride + c] = color;
        }
    }
}

/// The products of one part, not yet added up.
///
/// # Safety
/// As [`pixels`].
#[inline(always)]
unsafe fn dots<S: Simd, const C: usize>(simd: S, from: Between, part: Part) -> [PerRow<S::Vector>; C] {
    let mut sums = [[simd.zero(); TOGETHER]; C];
    for neighbour in 0..2 {
        for n in (0..2 * part.waves).step_by(S::LANES) {
            let mut values = [simd.zero(); TOGETHER];
            for row in 0..TOGETHER {
                // SAFETY: as the caller promises; vectors of a part are whole.
                values[row] = unsafe { simd.load(from.rows[neighbour][row].add(part.amplitudes + n)) };
            }
            for c in 0..C {
                // SAFETY: likewise.
                let wave = unsafe { simd.load(from.entries.add((2 * c + neighbour) * from.entry + part.table + n)) };
                for row in 0..TOGETHER {
                    sums[c][row] = simd.mul_add(values[row], wave, sums[c][row]);
                }
            }
        }
    }
    sums
}
