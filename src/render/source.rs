//! Pixels that are made of source pixels alone.

use crate::geometry::{AxisGrid, PixelRect, SampleGrid};
use crate::picture::{Picture, Raster, resample};
use crate::recipe::Source;
use std::ops::Range;

/// The picture on `grid` without the network: squares for [`Source::Nearest`], else bicubic; area-averaged where it is
/// reduced. 3 channels, 4 if the picture has opacity.
pub fn render_source(picture: &Picture, grid: &SampleGrid, source: Source) -> Raster {
    if source == Source::Nearest && !grid.is_reduction() {
        nearest(picture, grid)
    } else {
        resample::resample_region(picture, grid)
    }
}

/// The same for a view: a picture that is not in memory and is reduced may be shown by a smaller version of it.
pub(super) fn render_view_source(picture: &Picture, grid: &SampleGrid, source: Source) -> Raster {
    match picture.smaller_for(grid).filter(|_| grid.is_reduction()) {
        Some((smaller, grid)) => resample::resample_region(smaller, &grid),
        None => render_source(picture, grid, source),
    }
}

fn nearest(picture: &Picture, grid: &SampleGrid) -> Raster {
    let rows = pixels_under(&grid.y, picture.size.height);
    let columns = pixels_under(&grid.x, picture.size.width);
    let mut raster = Raster::new(grid.size(), picture.channels());
    let (Some(under_rows), Some(under_columns)) = (span(&rows), span(&columns)) else { return raster };
    let (x, y) = (under_columns.start, under_rows.start);
    let patch = picture.patch(PixelRect { x, y, width: under_columns.len(), height: under_rows.len() });
    let at = rows.iter().flat_map(|y| columns.iter().map(|x| patch.pixels(*y, *x..*x + 1).start));
    for (pixel, at) in raster.data.chunks_exact_mut(raster.channels).zip(at) {
        (0..3).for_each(|c| pixel[c] = patch.rgb.unit(3 * at + c));
        if let (Some(opacity), Some(alpha)) = (pixel.get_mut(3), &patch.alpha) {
            *opacity = alpha.unit(at);
        }
    }
    raster
}

/// From the first of increasing indices to the last.
fn span(indices: &[usize]) -> Option<Range<usize>> {
    Some(*indices.first()?..indices.last()? + 1)
}

/// The source pixel under the centre of every sample of an axis of `n` pixels.
fn pixels_under(axis: &AxisGrid, n: usize) -> Vec<usize> {
    let under = |i: usize| (axis.origin + (i as f64 + 0.5) * axis.pitch).max(0.0) as usize;
    (0..axis.len).map(|i| under(i).min(n - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Region, Size};
    use crate::picture::Samples;

    #[test]
    fn source_pixels_become_squares() {
        let rgb = vec![0, 51, 102, 153, 204, 255];
        let alpha = Some(Samples::U8(vec![255, 0]));
        let picture = Picture::from_samples(Size::new(2, 1), Samples::U8(rgb), alpha);
        let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(5, 2));
        let raster = render_source(&picture, &grid, Source::Nearest);
        assert_eq!((raster.size, raster.channels), (Size::new(5, 2), 4));
        let row: Vec<u8> = raster.to_rgba8()[..20].to_vec();
        let (left, right) = ([0, 51, 102, 255], [153, 204, 255, 0]);
        assert_eq!(row, [left, left, right, right, right].concat());
    }

    #[test]
    fn a_reduction_is_averaged_whatever_is_asked() {
        let picture = Picture::from_rgb8(Size::new(2, 1), vec![0, 0, 0, 255, 255, 255]);
        let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(1, 1));
        let gray = f64::from(render_source(&picture, &grid, Source::Nearest).data[0]);
        assert!((gray - 0.5).abs() < 1e-3);
    }
}
