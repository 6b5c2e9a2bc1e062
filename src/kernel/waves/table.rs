//! Cosines and sines along one axis.
#![expect(unsafe_code, reason = "vectors are read through pointers; every extent is asserted before")]

use super::{WAVES, Waves};
use crate::kernel::lines::{LINE_WORDS, Line};
use crate::kernel::simd::{self, Simd, Work};
use rayon::prelude::*;

/// Samples whose entries are made together.
const BLOCK: usize = 32;

/// One sample along an axis: from each of two neighbours to it in source pixels, and their shares. A share of zero stands
/// for no neighbour.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// Offsets.
    pub offset: [f32; 2],
    /// Shares.
    pub share: [f32; 2],
}

/// For every sample along an axis and both of its neighbours: cosines and sines of the brightness' waves there, then
/// those of the colour differences', times the neighbour's share and what is left of the wave.
pub struct WaveTable {
    lines: Vec<Line>,
    /// Lines of a sample.
    stride: usize,
}

/// What a value of an entry is made of.
struct Terms {
    /// Radians per source pixel.
    wave: Vec<f32>,
    /// In half turns, what makes a sine what it is: a half for a cosine.
    ahead: Vec<f32>,
    /// What it is multiplied by.
    gain: Vec<f32>,
}

impl Waves {
    /// The table of `places`, for waves of so many radians per source pixel along this axis of which `gain` is left, those
    /// of the brightness first.
    ///
    /// # Panics
    /// If there are more or fewer waves, or gains, than there should be.
    pub fn table(&self, waves: &[f32], gain: &[f32], places: &[Places]) -> WaveTable {
        let terms = self.terms(waves, gain);
        let stride = 2 * self.entry() / LINE_WORDS;
        let mut lines = vec![Line([0; LINE_WORDS]); places.len() * stride];
        let blocks = lines.par_chunks_mut(BLOCK * stride).zip(places.par_chunks(BLOCK));
        blocks.for_each(|(lines, places)| {
            let out = bytemuck::cast_slice_mut(lines);
            simd::run(self.instructions, Fill { terms: &terms, places, out });
        });
        WaveTable { lines, stride }
    }

    fn terms(&self, waves: &[f32], gain: &[f32]) -> Terms {
        assert!([waves, gain].iter().all(|list| list.len() == self.counts.iter().sum::<usize>()), "one for every wave");
        let mut terms = Terms { wave: Vec::new(), ahead: Vec::new(), gain: Vec::new() };
        for (first, count) in [(0, self.counts[0]), (self.counts[0], self.counts[1])] {
            let padded = count.next_multiple_of(WAVES);
            for ahead in [0.5, 0.0] {
                for (to, from) in [(&mut terms.wave, waves), (&mut terms.gain, gain)] {
                    to.extend(&from[first..first + count]);
                    to.resize(to.len() + padded - count, 0.0);
                }
                terms.ahead.resize(terms.wave.len(), ahead);
            }
        }
        terms
    }
}

impl WaveTable {
    /// The entries of sample `i`: for one neighbour, then for the other.
    pub(super) fn sample(&self, i: usize) -> &[f32] {
        bytemuck::cast_slice(&self.lines[i * self.stride..(i + 1) * self.stride])
    }

    /// The entries of the samples from `first` on.
    pub(super) fn from(&self, first: usize) -> &[f32] {
        bytemuck::cast_slice(&self.lines[first * self.stride..])
    }
}

/// Entries of some samples.
struct Fill<'a> {
    terms: &'a Terms,
    places: &'a [Places],
    out: &'a mut [f32],
}

impl Work for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { terms, places, out } = self;
        let entry = terms.wave.len();
        assert!(entry.is_multiple_of(S::LANES) && terms.ahead.len() == entry && terms.gain.len() == entry);
        assert!(places.len() * 2 * entry <= out.len(), "the table is too short");
        for (i, places) in places.iter().enumerate() {
            for neighbour in 0..2 {
                let (offset, share) = (simd.splat(places.offset[neighbour]), simd.splat(places.share[neighbour]));
                for n in (0..entry).step_by(S::LANES) {
                    // SAFETY: `n` and a vector behind it lie in an entry, and all entries in `out`, as asserted.
                    unsafe {
                        let wave = simd.load(terms.wave.as_ptr().add(n));
                        let value = sine(simd, wave, offset, simd.load(terms.ahead.as_ptr().add(n)));
                        let gain = simd.mul(simd.load(terms.gain.as_ptr().add(n)), share);
                        simd.store(simd.mul(value, gain), out.as_mut_ptr().add((2 * i + neighbour) * entry + n));
                    }
                }
            }
        }
    }
}

/// `sin(wave * offset + ahead π)`, where `ahead` is a multiple of a half and the phase at most some thousand turns: off by
/// at most 2e-7 and what rounding the product, where it is rounded, costs.
#[inline(always)]
fn sine<S: Simd>(simd: S, wave: S::Vector, offset: S::Vector, ahead: S::Vector) -> S::Vector {
    /// The first bits of π, so few that a product with a small number is exact, and the rest.
    const PI: [f32; 2] = [3.140_625, 9.676_536e-4];
    /// `1 / n!` with alternating signs for n = 13, 11, … 3.
    const SERIES: [f32; 6] =
        [1.605_904_4e-10, -2.505_210_8e-8, 2.755_732e-6, -1.984_127e-4, 8.333_334e-3, -1.666_666_7e-1];
    let halves = round(simd, simd.add_scaled(ahead, simd.mul(wave, offset), std::f32::consts::FRAC_1_PI));
    let turns = simd.sub(ahead, halves);
    // The phase less a whole number of half turns: within a quarter turn of zero.
    let rest = simd.mul_add(wave, offset, simd.mul(turns, simd.splat(PI[0])));
    let rest = simd.add_scaled(rest, turns, PI[1]);
    let odd = simd.sub(halves, simd.mul(simd.splat(2.0), round(simd, simd.mul(halves, simd.splat(0.5)))));
    let sign = simd.add_scaled(simd.splat(1.0), simd.mul(odd, odd), -2.0);
    let square = simd.mul(rest, rest);
    let mut series = simd.splat(SERIES[0]);
    for term in 1..SERIES.len() {
        series = simd.mul_add(series, square, simd.splat(SERIES[term]));
    }
    let cubic = simd.mul(rest, square);
    simd.mul(sign, simd.mul_add(series, cubic, rest))
}

/// The nearest whole number, the even one of two.
#[inline(always)]
fn round<S: Simd>(simd: S, value: S::Vector) -> S::Vector {
    /// Numbers as large have no fraction.
    const LARGE: f32 = 12_582_912.0;
    simd.sub(simd.add(value, simd.splat(LARGE)), simd.splat(LARGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Instructions;

    #[test]
    fn entries_are_cosines_and_sines() {
        let waves: Vec<f32> = (0..14).map(|k| 1.7 * k as f32 - 9.0).collect();
        let gain: Vec<f32> = (0..14).map(|k| 1.0 - 0.05 * k as f32).collect();
        let offset = |i: usize| [i as f32 / 100.0 - 2.0, 3.0 - i as f32 / 70.0];
        let places: Vec<Places> = (0..400).map(|i| Places { offset: offset(i), share: [0.25, 0.5] }).collect();
        for instructions in Instructions::available() {
            let table = Waves::new(instructions, [9, 5]).table(&waves, &gain, &places);
            for (i, place) in places.iter().enumerate() {
                let entries = table.sample(i);
                assert_eq!(entries.len(), 2 * 2 * (16 + 8));
                // Where the cosines of each wave are; its sines follow.
                for (k, at, padded) in (0..14).map(|k| if k < 9 { (k, k, 16) } else { (k, 32 + k - 9, 8) }) {
                    for neighbour in 0..2 {
                        let (sin, cos) = (f64::from(waves[k]) * f64::from(place.offset[neighbour])).sin_cos();
                        let weight = f64::from(gain[k]) * f64::from(place.share[neighbour]);
                        for (value, at) in [(cos, at), (sin, at + padded)] {
                            let off = (f64::from(entries[neighbour * 48 + at]) - weight * value).abs();
                            assert!(off < 1e-6, "{instructions}, sample {i}, wave {k}: off by {off}");
                        }
                    }
                }
                assert!([9, 15, 25, 31, 37, 47].iter().all(|at| entries[*at] == 0.0), "padding has weight");
            }
        }
    }
}
