//! The field on the CPU.

use super::FieldParams;
use crate::decode::axis::neighbours;
use crate::error::Result;
use crate::feature::FeatureWindow;
use crate::geometry::{SampleGrid, Size};
use crate::kernel::Lhs;
use crate::model::RGB_OF_YCBCR;
use crate::task::{Interrupt, check};
use rayon::prelude::*;

/// What the field adds to the bicubic picture at every sample of `grid`, in normalised RGB: `[grid.y.len, grid.x.len, 3]`.
///
/// `window` holds the codes that [`codes_for`](crate::geometry::codes_for) names for `grid`; `picture` is the size of the
/// whole feature map.
///
/// # Errors
/// [`crate::error::Error::Cancelled`] between two rows.
///
/// # Panics
/// If the window does not hold the codes that the grid needs.
pub fn query_field(
    params: &FieldParams,
    window: &FeatureWindow,
    picture: Size,
    grid: &SampleGrid,
    interrupt: Interrupt<'_>,
) -> Result<Vec<f32>> {
    let (rect, count) = (window.rect, params.config.amplitudes());
    let mut amplitudes = vec![0.0; rect.area() * count];
    let stride = (rect.width + 2 * window.margin) * window.channels;
    for (y, out) in amplitudes.chunks_exact_mut(rect.width * count).enumerate() {
        let codes = &window.codes[(y + window.margin) * stride + window.margin * window.channels..];
        params.amplitudes.multiply(Lhs::rows(codes, window.channels), rect.width, false, out);
    }
    let fade = params.fade([grid.y.pitch, grid.x.pitch]);
    let (rows, columns) = (neighbours(&grid.y, picture.height, true), neighbours(&grid.x, picture.width, true));
    let mut rgb = vec![0.0; grid.size().area() * 3];
    rgb.par_chunks_exact_mut(grid.x.len * 3).zip(&rows).try_for_each(|(out, row)| {
        check(interrupt)?;
        for (pixel, column) in out.as_chunks_mut::<3>().0.iter_mut().zip(&columns) {
            let mut ycbcr = [0.0; 3];
            for (y, x) in row.as_slice().iter().flat_map(|y| column.as_slice().iter().map(move |x| (y, x))) {
                let at = (y.index - rect.y) * rect.width + x.index - rect.x;
                let offset = [y.rel_coord / 2.0, x.rel_coord / 2.0];
                let found = sum(params, &amplitudes[at * count..(at + 1) * count], &fade, offset);
                (0..3).for_each(|c| ycbcr[c] += y.weight * x.weight * found[c]);
            }
            *pixel = RGB_OF_YCBCR.map(|row| (0..3).map(|c| row[c] * ycbcr[c]).sum());
        }
        Ok(())
    })?;
    Ok(rgb)
}

/// The field of one source pixel at an offset from it.
fn sum(params: &FieldParams, amplitudes: &[f32], fade: &[f32], offset: [f32; 2]) -> [f32; 3] {
    let (luma, chroma) = (params.config.luma_waves, params.config.chroma_waves);
    let of = |first: usize, wave: usize, count: usize| -> f32 {
        let part = |k: usize| {
            let [y, x] = params.waves[wave + k];
            let (sin, cos) = (y * offset[0] + x * offset[1]).sin_cos();
            fade[wave + k] * (amplitudes[first + k] * cos + amplitudes[first + count + k] * sin)
        };
        (0..count).map(part).sum()
    };
    [of(0, 0, luma), of(2 * luma, luma, chroma), of(2 * luma + 2 * chroma, luma, chroma)]
}
