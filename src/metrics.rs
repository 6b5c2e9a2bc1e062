//! PSNR and SSIM under the rules of super-resolution benchmarks: which channels count, and how much border does not; and
//! distances between colours.
//!
//! Values are compared as they are, in [0, 1]: predictions are not rounded to 8 bits. SSIM is that of Wang et al.,
//! "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004.

mod lab;

pub use lab::{color_distance, lab_of_srgb};

use crate::raster::Raster;
use rayon::prelude::*;

/// Which values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red, green and blue.
    Rgb,
    /// BT.601 luma in studio range: `(65.738 R + 129.057 G + 25.064 B) / 256 + 16 / 255`.
    Luma,
}

impl Channels {
    fn count(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Luma => 1,
        }
    }

    /// Value `channel` of a pixel, of which only the first three samples are looked at.
    fn value(self, pixel: &[f32], channel: usize) -> f64 {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
        match self {
            Self::Rgb => f64::from(pixel[channel]),
            Self::Luma => (65.738 * r + 129.057 * g + 25.064 * b) / 256.0 + 16.0 / 255.0,
        }
    }
}

/// Peak signal-to-noise ratio in decibels over all compared values, `shave` pixels of every side left out.
///
/// Infinite for identical images, `None` if nothing is left to compare.
///
/// # Panics
/// If the sizes differ.
pub fn psnr(prediction: &Raster, truth: &Raster, channels: Channels, shave: usize) -> Option<f64> {
    mean_squared_error(prediction, truth, channels, shave).map(decibels)
}

/// The PSNR of a mean squared error of values in [0, 1], in decibels.
pub fn decibels(mean_squared_error: f64) -> f64 {
    -10.0 * mean_squared_error.log10()
}

/// The mean of the squared differences of all compared values; `None` if nothing is left to compare.
///
/// # Panics
/// If the sizes differ.
pub fn mean_squared_error(prediction: &Raster, truth: &Raster, channels: Channels, shave: usize) -> Option<f64> {
    let (width, height) = shaved_size(prediction, truth, shave)?;
    // Row sums are added in order, so that the result does not depend on how many threads there are.
    let rows: Vec<f64> = (0..height)
        .into_par_iter()
        .map(|y| {
            let pixels = shaved_row(prediction, y, width, shave).zip(shaved_row(truth, y, width, shave));
            pixels.map(|(a, b)| squared_error(a, b, channels)).sum()
        })
        .collect();
    Some(rows.iter().sum::<f64>() / (width * height * channels.count()) as f64)
}

fn squared_error(a: &[f32], b: &[f32], channels: Channels) -> f64 {
    (0..channels.count()).map(|c| (channels.value(a, c) - channels.value(b, c)).powi(2)).sum()
}

/// What is left after shaving, if anything.
fn shaved_size(a: &Raster, b: &Raster, shave: usize) -> Option<(usize, usize)> {
    assert_eq!(a.size, b.size, "images of different sizes cannot be compared");
    let left = |n: usize| n.checked_sub(2 * shave).filter(|n| *n > 0);
    Some((left(a.size.width)?, left(a.size.height)?))
}

fn shaved_row(raster: &Raster, y: usize, width: usize, shave: usize) -> impl Iterator<Item = &[f32]> {
    let start = (y + shave) * raster.size.width + shave;
    raster.data[start * raster.channels..(start + width) * raster.channels].chunks_exact(raster.channels)
}

/// Side of SSIM's window.
const WINDOW: usize = 11;

/// Mean structural similarity: an 11×11 Gaussian window of σ 1.5, K1 = 0.01, K2 = 0.03, a range of 1, windows inside
/// the image only, averaged over the channels. `shave` pixels of every side are left out.
///
/// `None` if fewer than 11 pixels are left on a side.
///
/// # Panics
/// If the sizes differ.
pub fn ssim(prediction: &Raster, truth: &Raster, channels: Channels, shave: usize) -> Option<f64> {
    let (width, height) = shaved_size(prediction, truth, shave)?;
    let (columns, rows) = (width.checked_sub(WINDOW - 1)?, height.checked_sub(WINDOW - 1)?);
    if columns == 0 || rows == 0 {
        return None;
    }
    let weights = gaussian();
    let mut total = 0.0;
    for channel in 0..channels.count() {
        let plane = |raster| plane(raster, channels, channel, (width, height), shave);
        let (a, b) = (plane(prediction), plane(truth));
        let sums: Vec<f64> = (0..rows)
            .into_par_iter()
            .map(|y| {
                let window = y * width..(y + WINDOW) * width;
                row_similarity(&a[window.clone()], &b[window], width, &weights)
            })
            .collect();
        total += sums.iter().sum::<f64>() / (columns * rows) as f64;
    }
    Some(total / channels.count() as f64)
}

fn plane(raster: &Raster, channels: Channels, channel: usize, size: (usize, usize), shave: usize) -> Vec<f64> {
    (0..size.1)
        .flat_map(|y| shaved_row(raster, y, size.0, shave).map(move |pixel| channels.value(pixel, channel)))
        .collect()
}

fn gaussian() -> [f64; WINDOW] {
    const SIGMA: f64 = 1.5;
    let weights: [f64; WINDOW] = std::array::from_fn(|i| {
        let x = i as f64 - (WINDOW / 2) as f64;
        (-x * x / (2.0 * SIGMA * SIGMA)).exp()
    });
    let total: f64 = weights.iter().sum();
    weights.map(|w| w / total)
}

/// Weighted moments of a window or a column of one: means of a, b, a², b², ab.
type SsimMoments = [f64; 5];

fn add_weighted(sum: &mut SsimMoments, weight: f64, moments: &SsimMoments) {
    sum.iter_mut().zip(moments).for_each(|(sum, m)| *sum += weight * m);
}

/// The similarities of all windows in a band of 11 rows, summed.
fn row_similarity(a: &[f64], b: &[f64], width: usize, weights: &[f64; WINDOW]) -> f64 {
    let mut columns = vec![SsimMoments::default(); width];
    for ((a, b), weight) in a.chunks_exact(width).zip(b.chunks_exact(width)).zip(weights) {
        for ((column, a), b) in columns.iter_mut().zip(a).zip(b) {
            add_weighted(column, *weight, &[*a, *b, a * a, b * b, a * b]);
        }
    }
    columns
        .windows(WINDOW)
        .map(|window| {
            let mut moments = SsimMoments::default();
            window.iter().zip(weights).for_each(|(column, weight)| add_weighted(&mut moments, *weight, column));
            similarity(moments)
        })
        .sum()
}

fn similarity([mean_a, mean_b, square_a, square_b, product]: SsimMoments) -> f64 {
    const C1: f64 = 0.01 * 0.01;
    const C2: f64 = 0.03 * 0.03;
    let (variance_a, variance_b) = (square_a - mean_a * mean_a, square_b - mean_b * mean_b);
    let covariance = product - mean_a * mean_b;
    (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
        / ((mean_a * mean_a + mean_b * mean_b + C1) * (variance_a + variance_b + C2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn filled(size: Size, pixel: [f32; 3]) -> Raster {
        Raster { size, channels: 3, data: pixel.repeat(size.area()) }
    }

    #[test]
    fn psnr_by_hand() {
        let size = Size::new(4, 3);
        let (a, b) = (filled(size, [0.5; 3]), filled(size, [0.6, 0.5, 0.5]));
        // One channel of three is off by 0.1: MSE 0.01 / 3.
        let expected = -10.0 * (0.01f64 / 3.0).log10();
        assert!((psnr(&a, &b, Channels::Rgb, 0).unwrap() - expected).abs() < 1e-5);
        // In luma the same is 65.738 / 256 * 0.1.
        let expected = -20.0 * (65.738f64 / 2560.0).log10();
        assert!((psnr(&a, &b, Channels::Luma, 1).unwrap() - expected).abs() < 1e-5);
    }

    #[test]
    fn the_border_does_not_count() {
        let size = Size::new(5, 5);
        let a = filled(size, [0.2; 3]);
        let mut b = a.clone();
        b.data[..15].fill(0.9);
        assert!(psnr(&a, &b, Channels::Rgb, 0).unwrap().is_finite());
        assert_eq!(psnr(&a, &b, Channels::Rgb, 1), Some(f64::INFINITY));
        assert_eq!(psnr(&a, &b, Channels::Rgb, 3), None);
    }

    #[test]
    fn ssim_of_flat_images_by_hand() {
        let size = Size::new(20, 13);
        let (a, b) = (filled(size, [0.25; 3]), filled(size, [0.75; 3]));
        // No structure: only the means differ.
        let expected = (2.0 * 0.25 * 0.75 + 1e-4) / (0.25 * 0.25 + 0.75 * 0.75 + 1e-4);
        assert!((ssim(&a, &b, Channels::Rgb, 0).unwrap() - expected).abs() < 1e-9);
        assert!((ssim(&a, &a, Channels::Luma, 1).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ssim_of_one_window_by_hand() {
        // Columns 0 and 1 in turns against their negative: equal variances, opposite covariance.
        let size = Size::new(11, 11);
        let stripes = |phase: usize| {
            let data = (0..121).flat_map(|i| [((i % 11 + phase) % 2) as f32; 3]).collect();
            Raster { size, channels: 3, data }
        };
        let weights = gaussian();
        let mean: f64 = weights.iter().skip(1).step_by(2).sum();
        let (other, variance) = (1.0 - mean, mean * (1.0 - mean));
        let expected = (2.0 * mean * other + 1e-4) * (-2.0 * variance + 9e-4)
            / ((mean * mean + other * other + 1e-4) * (2.0 * variance + 9e-4));
        assert!((ssim(&stripes(0), &stripes(1), Channels::Rgb, 0).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn ssim_needs_a_window() {
        let a = filled(Size::new(12, 11), [0.5; 3]);
        assert!(ssim(&a, &a, Channels::Rgb, 0).is_some());
        assert_eq!(ssim(&a, &a, Channels::Rgb, 1), None);
    }
}
