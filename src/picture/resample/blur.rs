//! Gaussian blur, for pictures that are to look worse than they are.

use crate::geometry::Size;

/// Blurs interleaved 8-bit samples by a Gaussian of standard deviation `sigma` pixels; edges are repeated outwards.
///
/// # Panics
/// If the number of samples does not fit `size`.
pub fn blur_u8(samples: &[u8], channels: usize, size: Size, sigma: f64) -> Vec<u8> {
    assert_eq!(samples.len(), size.area() * channels, "samples do not fit {size}");
    let radius = (3.0 * sigma).ceil() as isize;
    let weights: Vec<f32> =
        (-radius..=radius).map(|x| (-((x * x) as f64) / (2.0 * sigma * sigma)).exp() as f32).collect();
    let total: f32 = weights.iter().sum();
    let weights: Vec<f32> = weights.iter().map(|w| w / total).collect();
    let sum = |values: &dyn Fn(isize) -> f32, at: usize, n: usize| -> f32 {
        let tap = |i: usize| values((at as isize + i as isize - radius).clamp(0, n as isize - 1));
        weights.iter().enumerate().map(|(i, w)| w * tap(i)).sum()
    };
    let row = size.width * channels;
    let mut narrow = Vec::with_capacity(samples.len());
    for (line, x, c) in (0..size.height).flat_map(|y| (0..row).map(move |i| (y * row, i / channels, i % channels))) {
        narrow.push(sum(&|x| f32::from(samples[line + x as usize * channels + c]), x, size.width));
    }
    let at = |i: usize| sum(&|y| narrow[y as usize * row + i % row], i / row, size.height);
    (0..narrow.len()).map(|i| (at(i) + 0.5).clamp(0.0, 255.0) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_becomes_a_bell_and_flat_stays_flat() {
        let size = Size::new(9, 7);
        assert_eq!(blur_u8(&[77; 63 * 3], 3, size, 1.1), vec![77; 63 * 3]);
        let mut point = vec![0; 63];
        point[3 * 9 + 4] = 255;
        let bell = blur_u8(&point, 1, size, 1.0);
        let at = |y: usize, x: usize| bell[y * 9 + x];
        // exp(-1/2) of the middle one pixel away, and the same in both directions.
        assert_eq!(at(3, 4), 41);
        assert!(at(3, 3) == 25 && at(2, 4) == 25 && at(3, 5) == 25 && at(3, 0) == 0);
    }
}
