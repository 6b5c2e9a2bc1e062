//! Two rows of source pixels become one that stands for an output row.
#![expect(unsafe_code, reason = "vectors are read through pointers; every extent is asserted before")]

use super::{Part, WAVES, WaveTable, Waves};
use crate::kernel::instructions::Instructions;
use crate::kernel::simd::{self, Simd, Work};

/// Rows, a table's sample, and where the result goes.
struct Combine<'a> {
    waves: &'a Waves,
    rows: [&'a [f32]; 2],
    entries: &'a [f32],
    columns: usize,
    out: &'a mut [f32],
}

impl Waves {
    /// Combines the amplitudes `[columns, amplitudes]` of both rows that sample `sample` of the table lies between.
    ///
    /// # Panics
    /// If a slice is too short.
    pub fn combine(&self, table: &WaveTable, sample: usize, rows: [&[f32]; 2], columns: usize, out: &mut [f32]) {
        // Amplitudes of cosines and of sines have whole vectors of eight.
        let instructions = match self.instructions {
            Instructions::Avx512 => Instructions::Avx2,
            other => other,
        };
        let mut work = Combine { waves: self, rows, entries: table.sample(sample), columns, out };
        simd::run(instructions, &mut work);
    }
}

// By reference, which travels in a register: a copy of all fields, read before they left the store buffer, would wait for
// every pixel written before.
impl Work for &mut Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Combine { waves, rows, entries, columns, out } = self;
        let (rows, columns) = (*rows, *columns);
        let (stride, entry) = (waves.amplitudes(), waves.entry());
        assert!(WAVES.is_multiple_of(S::LANES) && entries.len() >= 2 * entry, "an entry for each row");
        assert!(columns * stride <= rows[0].len().min(rows[1].len()).min(out.len()), "rows are too short");
        let (rows, out) = (rows.map(<[f32]>::as_ptr), out.as_mut_ptr());
        for Part { amplitudes, table, waves } in waves.parts() {
            for n in (0..waves).step_by(S::LANES) {
                let tables = [&entries[table + n..entry], &entries[entry + table + n..]];
                let (cos, sin) = (tables, tables.map(|table| &table[waves..]));
                let (cos, sin) = ([simd.get(cos[0]), simd.get(cos[1])], [simd.get(sin[0]), simd.get(sin[1])]);
                let minus = [simd.sub(simd.zero(), sin[0]), simd.sub(simd.zero(), sin[1])];
                for column in 0..columns {
                    let at = column * stride + amplitudes + n;
                    // SAFETY: the amplitudes of every part lie in those of a source pixel, and all source pixels in both rows
                    // and in the result, as asserted; vectors of a part are whole.
                    unsafe {
                        let p = [simd.load(rows[0].add(at)), simd.load(rows[1].add(at))];
                        let q = [simd.load(rows[0].add(at + waves)), simd.load(rows[1].add(at + waves))];
                        let a = simd.mul_add(p[1], cos[1], simd.mul(q[1], sin[1]));
                        let b = simd.mul_add(q[1], cos[1], simd.mul(p[1], minus[1]));
                        let a = simd.mul_add(p[0], cos[0], simd.mul_add(q[0], sin[0], a));
                        let b = simd.mul_add(q[0], cos[0], simd.mul_add(p[0], minus[0], b));
                        simd.store(a, out.add(at));
                        simd.store(b, out.add(at + waves));
                    }
                }
            }
        }
    }
}
