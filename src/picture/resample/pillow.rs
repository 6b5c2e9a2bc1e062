//! Pillow's `resize(size, BICUBIC)` for 8-bit samples, bit for bit.
//!
//! Benchmarks and training both make their small pictures with it, so "almost the same" would show in the second
//! decimal of every PSNR. The arithmetic follows Pillow's `Resample.c`: coefficients in f64 rounded to 22-bit fixed
//! point, rows first, 8 bits between the passes, and a pass that changes nothing is left out.

use super::cubic;
use crate::geometry::Size;
use crate::raster::Raster;
use rayon::prelude::*;

const PRECISION_BITS: u32 = 22;
const SUPPORT: f64 = 2.0;

/// The source samples of one output sample and their weights.
struct TapWindow<W> {
    first: usize,
    weights: Vec<W>,
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

/// The same filter on values that nobody has rounded, and that are not rounded here: of any range, as many channels as
/// there are. Where an axis shrinks the filter widens with it (it is antialiased).
///
/// # Panics
/// If a size is zero.
pub fn resize_bicubic(raster: &Raster, to: Size) -> Raster {
    let (from, channels) = (raster.size, raster.channels);
    assert!(from.area() > 0 && to.area() > 0, "nothing to resize: {from} to {to}");
    let (columns, rows) = (exact_windows(from.width, to.width), exact_windows(from.height, to.height));
    let mut narrowed = vec![0.0; from.height * to.width * channels];
    narrowed.par_chunks_mut(to.width * channels).zip(raster.data.par_chunks(from.width * channels)).for_each(
        |(out, row)| {
            for (pixel, window) in out.chunks_exact_mut(channels).zip(&columns) {
                for (tap, weight) in row[window.first * channels..].chunks_exact(channels).zip(&window.weights) {
                    pixel.iter_mut().zip(tap).for_each(|(sum, value)| *sum += f64::from(*value) * weight);
                }
            }
        },
    );
    let stride = to.width * channels;
    let mut data = vec![0.0; to.height * stride];
    data.par_chunks_mut(stride).zip(&rows).for_each(|(out, window)| {
        let mut sums = vec![0.0; stride];
        for (row, weight) in narrowed[window.first * stride..].chunks_exact(stride).zip(&window.weights) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * weight);
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum as f32);
    });
    Raster { size: to, channels, data }
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

fn resize_columns(samples: &[u8], stride: usize, windows: &[TapWindow<i32>]) -> Vec<u8> {
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

/// The windows of an axis of `from` samples resized to `to`, in Pillow's fixed point.
fn windows(from: usize, to: usize) -> Vec<TapWindow<i32>> {
    let rounded = |TapWindow { first, weights }: TapWindow<f64>| TapWindow {
        first,
        weights: weights.into_iter().map(fixed_point).collect(),
    };
    exact_windows(from, to).into_iter().map(rounded).collect()
}

/// The same before they are rounded: the weights of a window sum to 1.
fn exact_windows(from: usize, to: usize) -> Vec<TapWindow<f64>> {
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
            TapWindow { first, weights: weights.into_iter().map(|w| w / total).collect() }
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
    fn unrounded_values_follow_the_rounded_ones() {
        let (from, to) = (Size::new(37, 23), Size::new(11, 9));
        let samples: Vec<u8> = (0..from.area() * 3).map(|i| ((i * i) % 251) as u8).collect();
        let data = samples.iter().map(|v| f32::from(*v) / 255.0).collect();
        let off = |to: Size| {
            let exact = resize_bicubic(&Raster { size: from, channels: 3, data: Vec::clone(&data) }, to);
            let rounded = resize_bicubic_u8(&samples, 3, from, Size::new(11, 9));
            let off = |(a, b): (&f32, u8)| (a.clamp(0.0, 1.0) * 255.0 - f32::from(b)).abs();
            exact.data.iter().zip(rounded).map(off).fold(0.0, f32::max)
        };
        // Half a step of the result, and what rounding between the passes leaves of another half.
        assert!(off(to) < 1.5, "{}", off(to));
        assert!(off(Size::new(9, 11)) > 20.0, "another shape is noticed");
    }

    #[test]
    fn flat_stays_flat() {
        let flat = vec![200; 9 * 7];
        let resized = resize_bicubic_u8(&flat, 1, Size::new(9, 7), Size::new(31, 3));
        assert!(resized.len() == 93 && resized.iter().all(|v| *v == 200));
    }
}
