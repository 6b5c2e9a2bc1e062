//! Pillow's `resize(size, BICUBIC)` for 8-bit samples, bit for bit.
//!
//! Benchmarks and training both make their small pictures with it, so "almost the same" would show in the second
//! decimal of every PSNR. The arithmetic follows Pillow's `Resample.c`: coefficients in f64 rounded to 22-bit fixed
//! point, rows first, 8 bits between the passes, and a pass that changes nothing is left out.

use super::cubic;
use crate::geometry::Size;
use rayon::prelude::*;

const PRECISION_BITS: u32 = 22;
const SUPPORT: f64 = 2.0;

/// The source samples of one output sample and their weights.
struct TapWindow {
    first: usize,
    weights: Vec<i32>,
}

/// Resizes interleaved 8-bit samples exactly as Pillow's `resize(size, BICUBIC)` does.
///
/// `samples` are `from.height * from.width * channels`, the result `to.height * to.width * channels`.
///
/// # Panics
/// If the number of samples does not fit `from`, or a size is zero.
pub fn resize_bicubic_u8(samples: &[u8], channels: usize, from: Size, to: Size) -> Vec<u8> {
    assert_eq!(samples.len(), from.area() * channels, "samples do not fit {from}");
    assert!(from.area() > 0 && to.area() > 0, "nothing to resize: {from} to {to}");
    let narrowed = (from.width != to.width).then(|| resize_rows(samples, channels, from, to.width));
    let samples = narrowed.as_deref().unwrap_or(samples);
    if from.height == to.height {
        return samples.to_vec();
    }
    resize_columns(samples, to.width * channels, &windows(from.height, to.height))
}

fn resize_rows(samples: &[u8], channels: usize, from: Size, width: usize) -> Vec<u8> {
    let windows = windows(from.width, width);
    let mut out = vec![0; from.height * width * channels];
    out.par_chunks_mut(width * channels).zip(samples.par_chunks(from.width * channels)).for_each(|(out, row)| {
        for (pixel, window) in out.chunks_exact_mut(channels).zip(&windows) {
            let source = &row[window.first * channels..];
            for (channel, value) in pixel.iter_mut().enumerate() {
                let taps = source[channel..].iter().step_by(channels);
                *value = clip(taps.zip(&window.weights).map(|(v, w)| i32::from(*v) * w).sum());
            }
        }
    });
    out
}

fn resize_columns(samples: &[u8], stride: usize, windows: &[TapWindow]) -> Vec<u8> {
    let mut out = vec![0; windows.len() * stride];
    out.par_chunks_mut(stride).zip(windows).for_each_init(
        || vec![0; stride],
        |sums, (out, window)| {
            sums.fill(0);
            for (row, weight) in samples[window.first * stride..].chunks_exact(stride).zip(&window.weights) {
                sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += i32::from(*v) * weight);
            }
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = clip(*sum));
        },
    );
    out
}

fn clip(sum: i32) -> u8 {
    ((sum + (1 << (PRECISION_BITS - 1))) >> PRECISION_BITS).clamp(0, 255) as u8
}

/// The windows of an axis of `from` samples resized to `to`.
fn windows(from: usize, to: usize) -> Vec<TapWindow> {
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    let support = SUPPORT * stretch;
    let inverse = 1.0 / stretch;
    (0..to)
        .map(|i| {
            let center = (i as f64 + 0.5) * scale;
            let first = (center - support + 0.5).max(0.0) as usize;
            let end = ((center + support + 0.5) as usize).min(from);
            let weights: Vec<f64> = (first..end).map(|x| cubic((x as f64 - center + 0.5) * inverse)).collect();
            let total: f64 = weights.iter().sum();
            TapWindow { first, weights: weights.iter().map(|w| fixed_point(w / total)).collect() }
        })
        .collect()
}

fn fixed_point(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << PRECISION_BITS);
    (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_do_changes_nothing() {
        let samples: Vec<u8> = (0..60).collect();
        assert_eq!(resize_bicubic_u8(&samples, 3, Size::new(5, 4), Size::new(5, 4)), samples);
    }

    #[test]
    fn flat_stays_flat() {
        let flat = vec![200; 9 * 7];
        let resized = resize_bicubic_u8(&flat, 1, Size::new(9, 7), Size::new(31, 3));
        assert!(resized.len() == 93 && resized.iter().all(|v| *v == 200));
    }
}
