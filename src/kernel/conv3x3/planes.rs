//! Planes: rows of the image become columns of a matrix, one product per band of rows.
//!
//! A band holds as many rows as give the product a good width; the column buffer of a band stays in the L2 cache.
//! Bias, ReLU and residual are applied while the band is still there.
#![expect(unsafe_code, reason = "bands of one output plane are written by different threads; the plane is one slice")]

use super::{After, Joined};
use crate::kernel::gemm::raw_gemm;
use rayon::prelude::*;

/// Columns of a band's product: enough for the product to run at full speed, few enough to stay in the cache.
const BAND_COLUMNS: usize = 256;

/// Where the band's rows go: planes of one output that other threads write other rows of.
struct Planes(*mut f32);

// SAFETY: every thread writes only the rows of its own bands (`convolve_band`, `finish_band`); bands do not overlap.
unsafe impl Sync for Planes {}

/// Convolves planes, `[in_channels, height, width]` altogether, with `weight [out_channels, in_channels * 9]` and returns
/// `[out_channels, height, width]`.
pub(super) fn forward(input: Joined<'_>, weight: &[f32], bias: &[f32], after: After<'_>) -> Vec<f32> {
    let Joined { height, width, .. } = input;
    let (area, depth) = (height * width, weight.len() / bias.len());
    let mut output = vec![0.0; bias.len() * area];
    let planes = Planes(output.as_mut_ptr());
    let band_rows = (BAND_COLUMNS / width.max(1)).clamp(1, height.max(1));
    (0..height.div_ceil(band_rows)).into_par_iter().for_each_init(Vec::new, |columns, band| {
        let rows = band * band_rows..((band + 1) * band_rows).min(height);
        gather_columns(input, depth / 9, rows.clone(), columns);
        convolve_band(&planes, area, width, rows.clone(), columns, weight, bias.len());
        finish_band(&planes, area, rows.start * width..rows.end * width, bias, after);
    });
    output
}

/// Fills `columns [in_channels * 9, rows * width]` with the shifted rows that every tap reads.
fn gather_columns(input: Joined<'_>, channels: usize, rows: std::ops::Range<usize>, columns: &mut Vec<f32>) {
    let Joined { height, width, .. } = input;
    columns.resize(channels * 9 * rows.len() * width, 0.0);
    let mut segments = columns.chunks_exact_mut(width.max(1));
    for plane in input.parts.iter().flat_map(|part| part.chunks_exact(input.area().max(1))) {
        for tap in 0..9 {
            for row in rows.clone() {
                let Some(segment) = segments.next() else { return };
                match (row + tap / 3).checked_sub(1).filter(|y| *y < height) {
                    Some(y) => shift_row(&plane[y * width..(y + 1) * width], tap % 3, segment),
                    None => segment.fill(0.0),
                }
            }
        }
    }
}

/// Copies a row so that position `x` holds source `x + tap - 1`, zero outside.
fn shift_row(source: &[f32], tap: usize, segment: &mut [f32]) {
    let width = source.len();
    match tap {
        0 => {
            segment[0] = 0.0;
            segment[1..].copy_from_slice(&source[..width - 1]);
        }
        1 => segment.copy_from_slice(source),
        _ => {
            segment[..width - 1].copy_from_slice(&source[1..]);
            segment[width - 1] = 0.0;
        }
    }
}

fn convolve_band(
    planes: &Planes,
    area: usize,
    width: usize,
    rows: std::ops::Range<usize>,
    columns: &[f32],
    weight: &[f32],
    outputs: usize,
) {
    let (count, start, depth) = (rows.len() * width, rows.start * width, weight.len() / outputs);
    // SAFETY: `outputs` planes of `area` values lie behind the pointer (allocated by the caller); the product writes
    // `count` values from `start` of each, which belong to these rows alone; `columns` holds `depth × count` values
    // and the weight `outputs × depth`.
    unsafe {
        let out = planes.0.add(start);
        raw_gemm(outputs, count, depth, weight.as_ptr(), depth, columns.as_ptr(), count, out, area, false);
    }
}

fn finish_band(planes: &Planes, area: usize, pixels: std::ops::Range<usize>, bias: &[f32], after: After<'_>) {
    for (channel, bias) in bias.iter().enumerate() {
        let at = channel * area + pixels.start;
        // SAFETY: values of the band's own rows, which only this thread touches.
        let values = unsafe { std::slice::from_raw_parts_mut(planes.0.add(at), pixels.len()) };
        let floor = if after.relu { 0.0 } else { f32::NEG_INFINITY };
        for v in values.iter_mut() {
            *v = (*v + bias).max(floor);
        }
        if let Some(residual) = after.residual {
            values.iter_mut().zip(&residual[at..at + pixels.len()]).for_each(|(v, r)| *v += r);
        }
    }
}
