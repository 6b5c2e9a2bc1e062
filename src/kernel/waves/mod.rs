//! Sums of waves: a source pixel has amplitudes for waves in the plane, and a value there is their sum.
//!
//! A wave's phase is the sum of one that depends on the row alone and one that depends on the column alone, a + b:
//!
//! ```text
//! P cos(a + b) + Q sin(a + b) = (P cos a + Q sin a) cos b + (Q cos a - P sin a) sin b
//! ```
//!
//! So both rows of source pixels that an output row lies between are first combined into one ([`Waves::combine`]), and
//! an output pixel is then a sum of products of combined amplitudes with cosines and sines of its column
//! ([`Waves::sum`]). Both take theirs from tables ([`Waves::table`]): no pixel needs a sine.
//!
//! Three fields lie side by side: the brightness, and two colour differences that share their waves. The waves of each
//! are padded to whole vectors; what is added has no weight.

mod combine;
mod sum;
mod table;

pub use sum::{RowsOfWaves, TOGETHER};
pub use table::{Places, WaveTable};

use super::instructions::Instructions;
use super::lines::Buffer;
use super::matrix::Matrix;

/// Waves are padded to a multiple: cosines and sines together are then whole vectors of every kind.
const WAVES: usize = 8;

/// Outputs of a matrix are whole blocks: only those are written where they belong.
const OUTPUTS: usize = 32;

/// How fields are computed: of so many waves, on these instructions.
#[derive(Clone, Copy, Debug)]
pub struct Waves {
    /// Waves of the brightness and of the colour differences, without padding.
    counts: [usize; 2],
    instructions: Instructions,
}

/// One of the three fields.
#[derive(Clone, Copy)]
struct Part {
    /// Where its amplitudes begin: those of the cosines, then those of the sines.
    amplitudes: usize,
    /// Where its cosines begin in an entry of a table; its sines follow.
    table: usize,
    /// How many waves it has, with padding.
    waves: usize,
}

/// Memory of a thread, used again from call to call.
#[derive(Default)]
pub struct WaveScratch(Buffer);

impl Waves {
    /// Fields of so many waves of the brightness and of the colour differences, on these instructions.
    pub fn new(instructions: Instructions, counts: [usize; 2]) -> Self {
        Self { counts, instructions }
    }

    fn padded(&self) -> [usize; 2] {
        self.counts.map(|count| count.next_multiple_of(WAVES))
    }

    /// Amplitudes of a source pixel, with padding.
    pub fn amplitudes(&self) -> usize {
        let [luma, chroma] = self.padded();
        (2 * luma + 4 * chroma).next_multiple_of(OUTPUTS)
    }

    /// Values in an entry of a table.
    fn entry(&self) -> usize {
        2 * self.padded().iter().sum::<usize>()
    }

    /// Brightness, blue difference, red difference.
    fn parts(&self) -> [Part; 3] {
        let [luma, chroma] = self.padded();
        let difference = |amplitudes| Part { amplitudes, table: 2 * luma, waves: chroma };
        [Part { amplitudes: 0, table: 0, waves: luma }, difference(2 * luma), difference(2 * luma + 2 * chroma)]
    }

    /// The layer that makes amplitudes of `depth` values by `at(value, amplitude)` and `bias`. Amplitudes are counted
    /// without padding: cosines then sines of the brightness, of the blue difference, of the red one.
    ///
    /// # Panics
    /// If the bias is not as long as there are amplitudes.
    pub fn matrix(&self, depth: usize, bias: &[f32], at: impl Fn(usize, usize) -> f32) -> Matrix {
        let mut places = vec![None; self.amplitudes()];
        let mut count = 0;
        for (part, kind) in self.parts().into_iter().zip([0, 1, 1]) {
            for first in [part.amplitudes, part.amplitudes + part.waves] {
                for place in &mut places[first..first + self.counts[kind]] {
                    *place = Some(count);
                    count += 1;
                }
            }
        }
        assert_eq!(count, bias.len(), "a bias for every amplitude");
        let padded: Vec<f32> = places.iter().map(|place| place.map_or(0.0, |o| bias[o])).collect();
        Matrix::on(self.instructions, depth, &padded, |k, o| places[o].map_or(0.0, |o| at(k, o)))
    }
}

impl WaveScratch {
    /// Its first values, of the lengths asked for. What they hold is undefined.
    pub fn split<const N: usize>(&mut self, lengths: [usize; N]) -> [&mut [f32]; N] {
        let mut rest: &mut [f32] = bytemuck::cast_slice_mut(self.0.words(lengths.iter().sum()));
        lengths.map(|length| rest.split_off_mut(..length).unwrap_or_default())
    }
}
