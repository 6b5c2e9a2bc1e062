//! The 3×3 convolution with zero padding: rows of the image become columns of a matrix, one product per band of rows.
//!
//! A band holds as many rows as give the product a good width; the column buffer of a band stays in the L2 cache.
//! Bias, ReLU and residual are applied while the band is still there.
#![expect(unsafe_code, reason = "bands of one output plane are written by different threads; the plane is one slice")]

use super::gemm::raw_gemm;
use rayon::prelude::*;

/// Columns of a band's product: enough for the product to run at full speed, few enough to stay in the cache.
const BAND_COLUMNS: usize = 256;

/// What is done beside the convolution itself.
#[derive(Clone, Copy)]
pub struct Conv3x3<'a> {
    /// `[out_channels, in_channels * 9]`, the layout of PyTorch's `[out, in, 3, 3]`.
    pub weight: &'a [f32],
    /// `[out_channels]`.
    pub bias: &'a [f32],
    /// Clamp at zero, after the bias.
    pub relu: bool,
    /// Added after all else, `[out_channels, height, width]`.
    pub residual: Option<&'a [f32]>,
}

/// Where the band's rows go: planes of one output that other threads write other rows of.
struct Planes(*mut f32);

// SAFETY: every thread writes only the rows of its own bands (see `convolve_band`), and bands do not overlap.
unsafe impl Sync for Planes {}

/// Convolves `input [in_channels, height, width]` and returns `[out_channels, height, width]`.
///
/// # Panics
/// If a slice does not have the size that its shape asks for.
pub fn conv3x3(input: &[f32], in_channels: usize, height: usize, width: usize, conv: Conv3x3<'_>) -> Vec<f32> {
    let (area, out_channels) = (height * width, conv.bias.len());
    assert_eq!(input.len(), in_channels * area, "input does not fit its shape");
    assert_eq!(conv.weight.len(), out_channels * in_channels * 9, "weight does not fit its shape");
    assert!(conv.residual.is_none_or(|r| r.len() == out_channels * area), "residual does not fit its shape");
    let mut output = vec![0.0; out_channels * area];
    let planes = Planes(output.as_mut_ptr());
    let band_rows = (BAND_COLUMNS / width.max(1)).clamp(1, height.max(1));
    (0..height.div_ceil(band_rows)).into_par_iter().for_each_init(Vec::new, |columns, band| {
        let rows = band * band_rows..((band + 1) * band_rows).min(height);
        gather_columns(input, in_channels, height, width, rows.clone(), columns);
        convolve_band(&planes, area, width, rows, columns, in_channels * 9, conv);
    });
    output
}

/// Fills `columns [in_channels * 9, rows * width]` with the shifted rows that every tap reads.
fn gather_columns(
    input: &[f32],
    channels: usize,
    height: usize,
    width: usize,
    rows: std::ops::Range<usize>,
    columns: &mut Vec<f32>,
) {
    columns.resize(channels * 9 * rows.len() * width, 0.0);
    let mut segments = columns.chunks_exact_mut(width.max(1));
    for plane in input.chunks_exact((height * width).max(1)) {
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
    depth: usize,
    conv: Conv3x3<'_>,
) {
    let (count, start) = (rows.len() * width, rows.start * width);
    // SAFETY: `out_channels` planes of `area` values lie behind the pointer (asserted by the caller); the product
    // writes `count` values from `start` of each, which belong to these rows alone; `columns` holds
    // `depth × count` values and the weight `out_channels × depth`.
    unsafe {
        let out = planes.0.add(start);
        raw_gemm(conv.bias.len(), count, depth, conv.weight.as_ptr(), depth, columns.as_ptr(), count, out, area, false);
    }
    for (channel, bias) in conv.bias.iter().enumerate() {
        let at = channel * area + start;
        // SAFETY: the same values as above, which only this thread touches.
        let values = unsafe { std::slice::from_raw_parts_mut(planes.0.add(at), count) };
        if conv.relu {
            for v in values.iter_mut() {
                *v = (*v + bias).max(0.0);
            }
        } else {
            for v in values.iter_mut() {
                *v += bias;
            }
        }
        if let Some(residual) = conv.residual {
            values.iter_mut().zip(&residual[at..at + count]).for_each(|(v, r)| *v += r);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, one sum at a time.
    fn direct(input: &[f32], c: usize, h: usize, w: usize, conv: Conv3x3<'_>) -> Vec<f32> {
        let at = |k: usize, y: isize, x: isize| {
            let inside = (0..h as isize).contains(&y) && (0..w as isize).contains(&x);
            if inside { f64::from(input[(k * h + y as usize) * w + x as usize]) } else { 0.0 }
        };
        let mut out = Vec::new();
        for (o, bias) in conv.bias.iter().enumerate() {
            for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
                let mut sum = f64::from(*bias);
                for (k, tap) in (0..c).flat_map(|k| (0..9).map(move |tap| (k, tap))) {
                    let weight = f64::from(conv.weight[(o * c + k) * 9 + tap]);
                    sum += weight * at(k, (y + tap / 3) as isize - 1, (x + tap % 3) as isize - 1);
                }
                let value = if conv.relu { sum.max(0.0) } else { sum };
                out.push((value + conv.residual.map_or(0.0, |r| f64::from(r[out.len()]))) as f32);
            }
        }
        out
    }

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    }

    #[test]
    fn matches_the_definition_for_odd_shapes() {
        for (c, o, h, w) in [(3, 5, 7, 11), (1, 1, 1, 1), (4, 8, 1, 300), (2, 3, 300, 1), (8, 4, 33, 20)] {
            let (input, weight, bias) = (noise(c * h * w, 1), noise(o * c * 9, 2), noise(o, 3));
            let residual = noise(o * h * w, 4);
            for (relu, residual) in [(false, None), (true, None), (true, Some(&residual[..]))] {
                let conv = Conv3x3 { weight: &weight, bias: &bias, relu, residual };
                let (fast, slow) = (conv3x3(&input, c, h, w, conv), direct(&input, c, h, w, conv));
                let worst = fast.iter().zip(&slow).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-4, "{c}→{o} {h}×{w}: {worst}");
            }
        }
    }
}
