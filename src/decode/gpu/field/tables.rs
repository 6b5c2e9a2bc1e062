//! What the shader reads of rows and columns: computed in double precision, once for each.

use super::shape::FieldShape;
use crate::decode::FieldParams;
use crate::decode::axis::{Neighbours, neighbours};
use crate::decode::query::WindowQuery;
use crate::geometry::{AxisGrid, SampleGrid};
use crate::weights::FieldConfig;
use rayon::prelude::*;
use std::ops::Range;

/// The shader's tables, and where their parts begin.
pub(super) struct FieldTables {
    /// Rows, then columns: see the shader.
    pub(super) places: Vec<[u32; 2]>,
    /// `[quads of waves, two neighbours, (cos, sin), samples, 4]` of rows, then of columns.
    pub(super) turns: Vec<f32>,
    /// Where those of columns begin, in quads.
    pub(super) columns: usize,
}

impl FieldTables {
    /// For the samples of a query; none if the window does not hold the codes that they need.
    pub(super) fn new(params: &FieldParams, shape: FieldShape, query: WindowQuery<'_>) -> Option<Self> {
        let WindowQuery { window, picture, grid, cell, .. } = query;
        let (rect, stride) = (window.rect, shape.amplitudes());
        let (rows, columns) = (neighbours(&grid.y, picture.height, true), neighbours(&grid.x, picture.width, true));
        let mut places = places(&rows, rect.y..rect.bottom(), rect.width * stride)?;
        places.extend(self::places(&columns, rect.x..rect.right(), stride)?);
        let (turns, columns) = turns(params, (grid, cell), [&rows, &columns], true);
        Some(Self { places, turns, columns })
    }
}

/// Where the amplitudes of each sample's neighbours begin, `step` quads from code to code; none if a code is not one of
/// `codes`.
fn places(samples: &[Neighbours], codes: Range<usize>, step: usize) -> Option<Vec<[u32; 2]>> {
    let place = |sample: &Neighbours| {
        let both = sample.between();
        let is_held = both.iter().all(|index| codes.contains(index));
        is_held.then(|| both.map(|index| ((index - codes.start) * step) as u32))
    };
    samples.iter().map(place).collect()
}

/// For every wave and sample of rows (y) and columns (x) of a grid, cosines and sines from each of its neighbours, times their
/// share and what is left of the wave there: `[quads of waves, two neighbours, (cos, sin), samples, 4]` of rows, then of columns;
/// and where those of columns begin, in quads. A neighbour that is not there has none. Without `shared`, on this thread: in
/// the middle of a frame nobody waits for others.
pub(in crate::decode::gpu) fn turns(
    params: &FieldParams,
    (grid, cell): (&SampleGrid, [f64; 2]),
    [rows, columns]: [&[Neighbours]; 2],
    shared: bool,
) -> (Vec<f32>, usize) {
    let (luma, chroma) = params.waves.split_at(params.config.luma_waves);
    let quads: Vec<&[[f32; 2]]> = luma.chunks(4).chain(chroma.chunks(4)).collect();
    let start = 16 * quads.len() * rows.len();
    let mut turns = vec![0.0; start + 16 * quads.len() * columns.len()];
    let (of_rows, of_columns) = turns.split_at_mut(start);
    let presence = FieldConfig::presence(cell);
    for (axis, line, samples, presence, out) in
        [(0, &grid.y, rows, presence, of_rows), (1, &grid.x, columns, 1.0, of_columns)]
    {
        let part = (16 * samples.len()).max(1);
        let fill = |(out, waves): (&mut [f32], &&[[f32; 2]])| {
            turns_of_quad(params, (axis, waves), (line, cell[axis]), samples, presence, out);
        };
        if shared {
            out.par_chunks_exact_mut(part).zip(&quads).for_each(fill);
        } else {
            out.chunks_exact_mut(part).zip(&quads).for_each(fill);
        }
    }
    (turns, start / 4)
}

/// Of four waves, `[two neighbours, (cos, sin), samples, 4]`.
fn turns_of_quad(
    params: &FieldParams,
    (axis, waves): (usize, &[[f32; 2]]),
    (grid, cell): (&AxisGrid, f64),
    samples: &[Neighbours],
    presence: f64,
    out: &mut [f32],
) {
    let part = 4 * samples.len();
    for (lane, wave) in waves.iter().enumerate() {
        let wave = f64::from(wave[axis]);
        let fade = presence * (-f64::from(params.kappa) * (wave * cell).powi(2)).exp();
        let (sin_of_one, cos_of_one) = wave.sin_cos();
        for (i, sample) in samples.iter().enumerate() {
            let read = sample.as_slice();
            let (sin, cos) = (wave * (grid.latent_position(i) - read[0].index as f64)).sin_cos();
            let mut put = |neighbour: usize, cos: f64, sin: f64| {
                let (at, share) = (2 * neighbour * part + 4 * i + lane, fade * f64::from(read[neighbour].weight));
                (out[at], out[at + part]) = ((share * cos) as f32, (share * sin) as f32);
            };
            put(0, cos, sin);
            if read.len() == 2 {
                // The next code lies one source pixel further on.
                put(1, cos * cos_of_one + sin * sin_of_one, sin * cos_of_one - cos * sin_of_one);
            }
        }
    }
}
