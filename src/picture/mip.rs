//! The source at mip levels, tile by tile: made from the picture itself, so that no level is ever held as a whole.

use super::resample::resample_region;
use super::{Patch, Picture, Raster, Samples};
use crate::geometry::{AxisGrid, MIP_TILE, MipTile, PixelRect, SampleGrid};
use std::ops::Range;

/// The pixels of a mip tile.
#[derive(Clone, Debug, PartialEq)]
pub struct MipPixels {
    /// Which tile.
    pub tile: MipTile,
    /// `[MIP_TILE, MIP_TILE]` straight colours and opacities, 16-bit fractions: means of opacity, and of colour weighed by
    /// it. What lies beyond the picture is zero.
    pub rgba: Vec<[u16; 4]>,
}

/// Sums of a pixel: red, green and blue times opacity, then opacity, each of 16 bits.
type Sums = [u64; 4];

impl Picture {
    /// A tile of a mip level. On this thread. Of a picture that is not in memory it may be made of a smaller version.
    pub fn mip_tile(&self, tile: MipTile) -> MipPixels {
        let mut rgba = vec![[0; 4]; MIP_TILE * MIP_TILE];
        let Some(rect) = tile.rect(self.size) else { return MipPixels { tile, rgba } };
        if let Some((smaller, grid)) = self.smaller_for(&pixels_of(rect, tile.level)) {
            put(&resample_region(smaller, &grid), &mut rgba);
            return MipPixels { tile, rgba };
        }
        let (x, y) = (rect.x << tile.level, rect.y << tile.level);
        let far = |end: usize, side: usize| (end << tile.level).min(side);
        let (right, bottom) = (far(rect.right(), self.size.width), far(rect.bottom(), self.size.height));
        let patch = self.patch(PixelRect { x, y, width: right - x, height: bottom - y });
        let mut sums = vec![[0; 4]; rect.width];
        for (y, row) in (rect.y..).zip(rgba.chunks_exact_mut(MIP_TILE).take(rect.height)) {
            sums.fill([0; 4]);
            let lines = y << tile.level..((y + 1) << tile.level).min(self.size.height);
            lines.clone().for_each(|line| add_line(&patch, patch.pixels(line, x..right), tile.level, &mut sums));
            for ((x, sum), pixel) in (rect.x..).zip(&sums).zip(row) {
                let columns = ((x + 1) << tile.level).min(self.size.width) - (x << tile.level);
                *pixel = mean(*sum, (columns * lines.len()) as u64);
            }
        }
        MipPixels { tile, rgba }
    }
}

/// The pixels of a level, a sample each.
fn pixels_of(rect: PixelRect, level: u32) -> SampleGrid {
    let side = (1_usize << level) as f64;
    let axis = |start: usize, len: usize| AxisGrid { origin: start as f64 * side, pitch: side, len };
    SampleGrid { y: axis(rect.y, rect.height), x: axis(rect.x, rect.width) }
}

/// Puts colours, with opacity or without, at the beginning of a tile.
fn put(raster: &Raster, rgba: &mut [[u16; 4]]) {
    let rounded = |value: f32| (value * f32::from(u16::MAX) + 0.5) as u16;
    let rows = raster.data.chunks_exact(raster.size.width * raster.channels).zip(rgba.chunks_exact_mut(MIP_TILE));
    for (pixel, out) in rows.flat_map(|(row, out)| row.chunks_exact(raster.channels).zip(out)) {
        *out = [0, 1, 2, 3].map(|c| rounded(pixel.get(c).copied().unwrap_or(1.0)));
    }
}

/// Adds a line of the source to the sums of the pixels of a level that it belongs to.
fn add_line(patch: &Patch<'_>, pixels: Range<usize>, level: u32, sums: &mut [Sums]) {
    match (&*patch.rgb, patch.alpha.as_deref()) {
        (Samples::U8(rgb), None) => add(sums, &rgb[thrice(&pixels)], level, None::<&[u8]>),
        (Samples::U16(rgb), None) => add(sums, &rgb[thrice(&pixels)], level, None::<&[u8]>),
        (Samples::U8(rgb), Some(Samples::U8(a))) => add(sums, &rgb[thrice(&pixels)], level, Some(&a[pixels])),
        (Samples::U8(rgb), Some(Samples::U16(a))) => add(sums, &rgb[thrice(&pixels)], level, Some(&a[pixels])),
        (Samples::U16(rgb), Some(Samples::U8(a))) => add(sums, &rgb[thrice(&pixels)], level, Some(&a[pixels])),
        (Samples::U16(rgb), Some(Samples::U16(a))) => add(sums, &rgb[thrice(&pixels)], level, Some(&a[pixels])),
    }
}

fn thrice(pixels: &Range<usize>) -> Range<usize> {
    3 * pixels.start..3 * pixels.end
}

/// A sample of 8 or 16 bits.
trait Sample: Copy {
    /// As a fraction of 16 bits.
    fn fraction(self) -> u64;
}

impl Sample for u8 {
    fn fraction(self) -> u64 {
        u64::from(self) * 257
    }
}

impl Sample for u16 {
    fn fraction(self) -> u64 {
        u64::from(self)
    }
}

const OPAQUE: u64 = 0xffff;

/// Adds consecutive pixels, 2^level of them to each sum.
fn add<T: Sample, A: Sample>(sums: &mut [Sums], rgb: &[T], level: u32, alpha: Option<&[A]>) {
    let pixels = rgb.as_chunks::<3>().0;
    for (i, (sum, pixels)) in sums.iter_mut().zip(pixels.chunks(1 << level)).enumerate() {
        for (j, pixel) in (i << level..).zip(pixels) {
            let opacity = alpha.map_or(OPAQUE, |alpha| alpha[j].fraction());
            (0..3).for_each(|c| sum[c] += pixel[c].fraction() * opacity);
            sum[3] += opacity;
        }
    }
}

/// The colour and opacity of so many pixels together.
fn mean([red, green, blue, opacity]: Sums, count: u64) -> [u16; 4] {
    let rounded = |sum: u64, by: u64| ((sum + by / 2) / by) as u16;
    let color = |sum: u64| if opacity == 0 { 0 } else { rounded(sum, opacity) };
    [color(red), color(green), color(blue), rounded(opacity, count)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn at(pixels: &MipPixels, x: usize, y: usize) -> [u16; 4] {
        pixels.rgba[y * MIP_TILE + x]
    }

    #[test]
    fn level_0_is_the_source_and_the_next_ones_are_means() {
        let size = Size::new(131, 3);
        let rgb: Vec<u8> = (0..size.area() * 3).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Picture::from_rgb8(size, rgb.clone());
        let value = |x: usize, y: usize, c: usize| u32::from(rgb[3 * (y * size.width + x) + c]);
        let tile = picture.mip_tile(MipTile { level: 0, column: 1, row: 0 });
        assert_eq!(
            at(&tile, 5, 2),
            [0, 1, 2].map(|c| value(69, 2, c) as u16 * 257).into_iter().chain([0xffff]).collect::<Vec<_>>()[..]
        );
        assert_eq!(at(&tile, 5, 3), [0; 4], "beyond the picture");
        let tile = picture.mip_tile(MipTile { level: 1, column: 0, row: 0 });
        let four = value(8, 0, 1) + value(9, 0, 1) + value(8, 1, 1) + value(9, 1, 1);
        assert!(u32::from(at(&tile, 4, 0)[1]).abs_diff(four * 257 / 4) <= 1);
        // Of the last pixel there is one column and one row.
        let tile = picture.mip_tile(MipTile { level: 1, column: 1, row: 0 });
        assert_eq!((at(&tile, 1, 1)[0], at(&tile, 1, 1)[3]), (value(130, 2, 0) as u16 * 257, 0xffff));
    }

    #[test]
    fn what_is_transparent_has_no_share_in_the_colour() {
        let rgb = Samples::U16(vec![60000, 0, 0, 0, 60000, 0, 0, 0, 60000, 0, 0, 60000]);
        let alpha = Some(Samples::U8(vec![255, 0, 0, 0]));
        let picture = Picture::from_samples(Size::new(2, 2), rgb, alpha);
        let tile = picture.mip_tile(MipTile { level: 1, column: 0, row: 0 });
        assert_eq!(at(&tile, 0, 0), [60000, 0, 0, 16384]);
    }
}
