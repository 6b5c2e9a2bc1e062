//! The source itself on any grid: what the view shows below ×1 and before the network has answered.
//!
//! Each output row first gathers its source rows, then its columns; a source row is read once or twice, and only the
//! columns that the grid touches. Colours of pictures with opacity are averaged multiplied by it and divided back, so
//! that what a transparent pixel hides does not bleed out.

use super::taps::AxisTaps;
use crate::geometry::{PixelRect, SampleGrid};
use crate::picture::{Patch, Picture, Raster, Samples};
use rayon::prelude::*;
use std::ops::Range;

/// Below this opacity no colour can be recovered: the pixel becomes black, which nobody sees.
const TRANSPARENT: f32 = 1e-6;

/// Samples the source itself on `grid`: bicubic (a = -0.5) along enlarged axes, area average along reduced ones.
///
/// The raster has 4 channels if the picture has opacity, else 3; values are clamped to [0, 1]. Samples beyond the
/// picture repeat its edge.
pub fn resample_region(picture: &Picture, grid: &SampleGrid) -> Raster {
    let (mut data, channels) = colors_and_opacity(picture, grid);
    data.par_iter_mut().with_min_len(1 << 14).for_each(|v| *v = v.clamp(0.0, 1.0));
    Raster { size: grid.size(), channels, data }
}

/// The colours alone, `[rows, columns, 3]`, as they come: bicubic interpolation leaves [0, 1] beside edges.
pub fn bicubic_region(picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
    let (data, channels) = colors_and_opacity(picture, grid);
    if channels == 3 {
        data
    } else {
        data.as_chunks::<4>().0.iter().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }
}

/// Not clamped; 4 channels if the picture has opacity, else 3.
fn colors_and_opacity(picture: &Picture, grid: &SampleGrid) -> (Vec<f32>, usize) {
    let white = white(&picture.rgb);
    if picture.alpha.is_none() {
        let mut data = gather::<3>(picture, grid, &|patch, sums, pixels, weight| {
            add_samples(sums, &patch.rgb, pixels.start * 3..pixels.end * 3, weight);
        });
        for_each_pixel::<3>(&mut data, |pixel| *pixel = pixel.map(|v| v / white));
        return (data, 3);
    }
    let mut data = gather::<4>(picture, grid, &|patch, sums, pixels, weight| {
        if let Some(alpha) = &patch.alpha {
            add_premultiplied(sums, &patch.rgb, alpha, pixels, weight);
        }
    });
    for_each_pixel::<4>(&mut data, |pixel| {
        let opacity = pixel[3];
        let scale = white * opacity;
        *pixel = pixel.map(|v| if opacity > TRANSPARENT { v / scale } else { 0.0 });
        pixel[3] = opacity;
    });
    (data, 4)
}

/// The opacity alone, sampled like [`resample_region`]: `height * width` values in [0, 1], `None` if the picture is
/// opaque. It goes beside the network's colours.
pub fn alpha_region(picture: &Picture, grid: &SampleGrid) -> Option<Vec<f32>> {
    let white = white(picture.alpha.as_ref()?);
    let mut data = gather::<1>(picture, grid, &|patch, sums, pixels, weight| {
        if let Some(alpha) = &patch.alpha {
            add_samples(sums, alpha, pixels, weight);
        }
    });
    for_each_pixel::<1>(&mut data, |pixel| *pixel = pixel.map(|v| (v / white).clamp(0.0, 1.0)));
    Some(data)
}

/// Adds source pixels of one row, times a weight, to as many sums. Pixels are counted through the whole patch.
type AddRow<'a> = &'a (dyn Fn(&Patch<'_>, &mut [f32], Range<usize>, f32) + Sync);

/// Source pixels that are read at once of a picture that is not in memory: an area of more is read in parts.
const READ_PIXELS: usize = 8 << 20;

/// The weighted sums of `C` interleaved channels at every sample of `grid`.
fn gather<const C: usize>(picture: &Picture, grid: &SampleGrid, add_row: AddRow<'_>) -> Vec<f32> {
    let rows = AxisTaps::new(&grid.y, picture.size.height);
    let columns = AxisTaps::new(&grid.x, picture.size.width);
    let span = columns.source_range();
    let mut out = vec![0.0; rows.len() * columns.len() * C];
    let stride = (columns.len() * C).max(1);
    let together = rows_read_together(picture, grid, span.len());
    for (i, out) in out.chunks_mut(stride * together).enumerate() {
        let first = i * together;
        let Some(rect) = read_by(&rows, first..first + out.len() / stride, &span) else { continue };
        let patch = picture.patch(rect);
        out.par_chunks_mut(stride).enumerate().for_each_init(
            || vec![0.0; span.len() * C],
            |sums, (y, out)| {
                sums.fill(0.0);
                let taps = rows.get(first + y);
                for (k, weight) in taps.weights.iter().enumerate() {
                    add_row(&patch, sums, patch.pixels(taps.first + k, span.clone()), *weight);
                }
                gather_columns::<C>(sums, &columns, span.start, out);
            },
        );
    }
    out
}

/// Output rows whose source pixels are read at once: all of a picture in memory.
fn rows_read_together(picture: &Picture, grid: &SampleGrid, columns: usize) -> usize {
    if picture.regions.is_none() {
        return grid.y.len.max(1);
    }
    ((READ_PIXELS / columns.max(1)) as f64 / grid.y.pitch.max(1.0)).max(1.0) as usize
}

/// The source pixels that some output rows read.
fn read_by(rows: &AxisTaps, of: Range<usize>, columns: &Range<usize>) -> Option<PixelRect> {
    let ends = |row: usize| rows.get(row).first..rows.get(row).first + rows.get(row).weights.len();
    let start = of.clone().map(|row| ends(row).start).min()?;
    let end = of.map(|row| ends(row).end).max()?;
    Some(PixelRect { x: columns.start, y: start, width: columns.len(), height: end - start })
}

fn gather_columns<const C: usize>(sums: &[f32], columns: &AxisTaps, start: usize, out: &mut [f32]) {
    let sums = sums.as_chunks::<C>().0;
    for (pixel, taps) in out.as_chunks_mut::<C>().0.iter_mut().zip(columns.iter()) {
        for (weight, values) in taps.weights.iter().zip(&sums[taps.first - start..]) {
            for (sum, value) in pixel.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
    }
}

fn for_each_pixel<const C: usize>(data: &mut [f32], change: impl Fn(&mut [f32; C]) + Sync) {
    data.par_chunks_mut(C << 12).for_each(|values| values.as_chunks_mut::<C>().0.iter_mut().for_each(&change));
}

fn white(samples: &Samples) -> f32 {
    match samples {
        Samples::U8(_) => 255.0,
        Samples::U16(_) => 65535.0,
    }
}

fn add_samples(sums: &mut [f32], samples: &Samples, range: Range<usize>, weight: f32) {
    fn add<T: Copy + Into<f32>>(sums: &mut [f32], values: &[T], weight: f32) {
        sums.iter_mut().zip(values).for_each(|(sum, v)| *sum += weight * (*v).into());
    }
    match samples {
        Samples::U8(values) => add(sums, &values[range], weight),
        Samples::U16(values) => add(sums, &values[range], weight),
    }
}

fn add_premultiplied(sums: &mut [f32], rgb: &Samples, alpha: &Samples, pixels: Range<usize>, weight: f32) {
    fn add<T: Copy + Into<f32>, A: Copy + Into<f32>>(sums: &mut [f32], rgb: &[T], alpha: &[A], white: f32, w: f32) {
        for ((sums, rgb), alpha) in sums.as_chunks_mut::<4>().0.iter_mut().zip(rgb.as_chunks::<3>().0).zip(alpha) {
            let share = w * (*alpha).into() / white;
            for (sum, value) in sums.iter_mut().zip(rgb) {
                *sum += share * (*value).into();
            }
            sums[3] += share;
        }
    }
    let (samples, opaque) = (pixels.start * 3..pixels.end * 3, white(alpha));
    match (rgb, alpha) {
        (Samples::U8(rgb), Samples::U8(a)) => add(sums, &rgb[samples], &a[pixels], opaque, weight),
        (Samples::U8(rgb), Samples::U16(a)) => add(sums, &rgb[samples], &a[pixels], opaque, weight),
        (Samples::U16(rgb), Samples::U8(a)) => add(sums, &rgb[samples], &a[pixels], opaque, weight),
        (Samples::U16(rgb), Samples::U16(a)) => add(sums, &rgb[samples], &a[pixels], opaque, weight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Region, Size};

    fn noise(size: Size) -> Picture {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let rgb = (0..size.area() * 3).map(|_| next()).collect();
        Picture::from_samples(size, Samples::U8(rgb), None)
    }

    fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn at_one_to_one_nothing_changes() {
        let size = Size::new(17, 9);
        let picture = noise(size);
        let raster = resample_region(&picture, &SampleGrid::spanning(Region::whole(size), size));
        for (i, value) in raster.data.iter().enumerate() {
            assert_eq!(*value, picture.rgb.unit(i));
        }
    }

    #[test]
    fn the_average_of_a_constant_is_the_constant() {
        let size = Size::new(40, 30);
        let picture = Picture::from_samples(size, Samples::U16(vec![12345; size.area() * 3]), None);
        for output in [Size::new(7, 11), Size::new(93, 77), Size::new(7, 77)] {
            let raster = resample_region(&picture, &SampleGrid::spanning(Region::whole(size), output));
            assert!(raster.data.iter().all(|v| (v - 12345.0 / 65535.0).abs() < 1e-6));
        }
    }

    #[test]
    fn an_average_weighs_fractions_of_pixels() {
        let picture = Picture::from_rgb8(Size::new(3, 1), [[0; 3], [90; 3], [255; 3]].concat());
        let raster = resample_region(&picture, &SampleGrid::spanning(Region::whole(picture.size), Size::new(2, 1)));
        let expected = [(90.0 * 0.5) / 1.5 / 255.0, (90.0 * 0.5 + 255.0) / 1.5 / 255.0];
        assert!((raster.data[0] - expected[0]).abs() < 1e-6 && (raster.data[3] - expected[1]).abs() < 1e-6);
    }

    #[test]
    fn a_slice_shows_what_the_whole_shows() {
        let size = Size::new(50, 40);
        let picture = noise(size);
        for output in [Size::new(33, 21), Size::new(170, 131), Size::new(33, 131)] {
            let grid = SampleGrid::spanning(Region::whole(size), output);
            let whole = resample_region(&picture, &grid);
            let (rows, columns) = (5..17, 9..30);
            let part = resample_region(&picture, &grid.slice(rows.clone(), columns.clone()));
            for (i, y) in rows.enumerate() {
                let expected = &whole.data[(y * output.width + columns.start) * 3..][..columns.len() * 3];
                let row = &part.data[i * columns.len() * 3..][..columns.len() * 3];
                assert!(largest_difference(row, expected) < 1e-5);
            }
        }
    }

    #[test]
    fn transparent_red_does_not_bleed() {
        let (red, blue) = ([255, 0, 0], [0, 0, 255]);
        let rgb = (0..64).flat_map(|i| if i % 8 < 4 { red } else { blue }).collect();
        let alpha = (0..64).map(|i| if i % 8 < 4 { 0 } else { 255 }).collect();
        let size = Size::new(8, 8);
        let picture = Picture::from_samples(size, Samples::U8(rgb), Some(Samples::U8(alpha)));
        for output in [Size::new(3, 3), Size::new(31, 31), Size::new(8, 8)] {
            let grid = SampleGrid::spanning(Region::whole(size), output);
            let raster = resample_region(&picture, &grid);
            let opacity = alpha_region(&picture, &grid).unwrap();
            assert_eq!((raster.channels, opacity.len()), (4, output.area()));
            for (pixel, opacity) in raster.data.as_chunks::<4>().0.iter().zip(&opacity) {
                assert!(pixel[0] < 1e-6, "red shows: {pixel:?}");
                assert!((pixel[3] - opacity).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn an_opaque_picture_has_no_opacity_to_sample() {
        let picture = noise(Size::new(4, 4));
        assert_eq!(alpha_region(&picture, &SampleGrid::spanning(Region::whole(picture.size), picture.size)), None);
    }
}
