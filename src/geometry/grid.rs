//! Where the continuous image is sampled.

use super::{Region, Size};

/// Equally spaced sample positions along one axis, in image space.
///
/// Sample `i` is the centre of an output pixel that covers
/// `[origin + i * pitch, origin + (i + 1) * pitch)` source pixels. LIIF's `cell` of that pixel is `2 * pitch / n`
/// for an axis of `n` source pixels, and its `rel_cell` is therefore `2 * pitch`, whatever the picture's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisGrid {
    /// Where the first output pixel begins, in source pixels.
    pub origin: f64,
    /// Source pixels per output pixel (the reciprocal of the scale).
    pub pitch: f64,
    /// How many samples.
    pub len: usize,
}

impl AxisGrid {
    /// `len` samples that span `[start, start + extent)` exactly.
    pub fn spanning(start: f64, extent: f64, len: usize) -> Self {
        Self { origin: start, pitch: extent / len as f64, len }
    }

    /// Position of sample `i` counted in latent codes: code `k` sits at `k`, that is at `k + 0.5` in image space.
    ///
    /// This is `u` of the pixel-space form of `query_rgb`; its floor is the first of the two neighbouring codes.
    pub fn latent_position(&self, i: usize) -> f64 {
        self.origin + (i as f64 + 0.5) * self.pitch - 0.5
    }

    /// The samples `start .. start + len` of this grid. Their positions are the same but for the rounding of the new
    /// origin, so not always to the bit.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        Self { origin: self.origin + start as f64 * self.pitch, pitch: self.pitch, len }
    }

    /// First and one-past-last latent code that samples of this grid can touch, inside an axis of `n` codes.
    ///
    /// With the local ensemble a sample reads `floor(u)` and `floor(u) + 1`, clamped; the nearest code is one of them.
    pub fn code_range(&self, n: usize) -> std::ops::Range<usize> {
        let last = n - 1;
        let clamp = |u: f64| (u.max(0.0) as usize).min(last);
        let first = clamp(self.latent_position(0).floor());
        let end = clamp(self.latent_position(self.len.saturating_sub(1)).floor() + 1.0) + 1;
        first..end
    }
}

/// Sample positions of an output image: rows and columns, each with its own scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleGrid {
    /// Rows.
    pub y: AxisGrid,
    /// Columns.
    pub x: AxisGrid,
}

impl SampleGrid {
    /// A grid of `output` pixels that spans `region` exactly: pitch and cell are `region / output` per axis.
    pub fn spanning(region: Region, output: Size) -> Self {
        Self {
            y: AxisGrid::spanning(region.y, region.height, output.height),
            x: AxisGrid::spanning(region.x, region.width, output.width),
        }
    }

    /// How many samples it has per axis.
    pub fn size(&self) -> Size {
        Size::new(self.x.len, self.y.len)
    }

    /// Whether the source holds all there is to show: no axis is enlarged, or one is reduced by so much that single
    /// samples of a function would leave out pixels between them.
    pub fn is_reduction(&self) -> bool {
        // A scale of exactly 1 may come back from a division as 1 ± 1e-16.
        const ONE: f64 = 1.0 - 1e-9;
        const MOST_SAMPLED: f64 = 1.5;
        let (least, most) = (self.y.pitch.min(self.x.pitch), self.y.pitch.max(self.x.pitch));
        least >= ONE || most > MOST_SAMPLED
    }

    /// The part of the grid in which rows and columns fall into the given ranges.
    #[must_use]
    pub fn slice(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Self {
        Self { y: self.y.slice(rows.start, rows.len()), x: self.x.slice(columns.start, columns.len()) }
    }
}

/// The latent code nearest to a position; halfway between two the even one, as `grid_sample` rounds.
pub fn nearest_code(position: f64) -> f64 {
    // A position computed as halfway may miss it by rounding; all such ties must fall the same way.
    let halves = (position * 2.0).round();
    let position = if (position * 2.0 - halves).abs() < 1e-9 { halves / 2.0 } else { position };
    position.round_ties_even()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_that_is_reduced_much_makes_a_reduction() {
        let of = |width, height| {
            SampleGrid::spanning(Region { x: 0.0, y: 0.0, width: 100.0, height: 100.0 }, Size::new(width, height))
                .is_reduction()
        };
        assert!(of(100, 100) && of(50, 70) && of(400, 10));
        assert!(!of(400, 400) && !of(400, 100) && !of(400, 90));
    }

    #[test]
    fn positions_are_those_of_make_coord() {
        // make_coord: -1 + 1/n + 2i/n in [-1, 1]; in latent units (coord + 1) * H / 2 - 0.5.
        let grid = AxisGrid::spanning(0.0, 24.0, 61);
        for i in 0..61 {
            let coord = -1.0 + 1.0 / 61.0 + 2.0 / 61.0 * i as f64;
            assert!((grid.latent_position(i) - ((coord + 1.0) * 12.0 - 0.5)).abs() < 1e-12);
        }
    }

    #[test]
    fn slices_keep_their_positions() {
        let grid = AxisGrid::spanning(11.3, 64.0 / 200.0, 64);
        let part = grid.slice(17, 5);
        for i in 0..5 {
            assert!((part.latent_position(i) - grid.latent_position(17 + i)).abs() < 1e-12);
        }
    }

    #[test]
    fn code_range_is_clamped_to_the_picture() {
        assert_eq!(AxisGrid::spanning(0.0, 5.0, 50).code_range(5), 0..5);
        assert_eq!(AxisGrid::spanning(0.0, 1.0, 3).code_range(1), 0..1);
        assert_eq!(AxisGrid::spanning(2.0, 1.0, 2).code_range(9), 1..4);
    }
}
