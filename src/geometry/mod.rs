//! Sizes, rectangles, sampling grids and the view transform. All positions are `f64`: `f32` breaks beyond ×100.
//!
//! Two spaces occur everywhere:
//!
//! - **image**: source pixels, continuous, `(0, 0)` at the picture's top-left corner; source pixel `i` covers
//!   `[i, i + 1)` and its centre is at `i + 0.5`.
//! - **screen**: physical screen pixels relative to the canvas's top-left corner.
//!
//! Conventions of LIIF's own `[-1, 1]` coordinates are folded into [`AxisGrid`]; nothing else in the crate uses them.

mod grid;
mod mip;
mod tiles;
mod view;

pub use grid::{AxisGrid, SampleGrid, nearest_code};
pub use mip::{MIP_TILE, MipTile, mip_level, mip_rect, mip_size};
pub use tiles::{FEATURE_TILE, VIEW_TILE, codes_for, feature_tile_rect, feature_tiles_over, merge_tiles};
pub use view::{MAX_ZOOM, View};

use std::fmt;

/// A size in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Size {
    /// A size of `width` columns and `height` rows.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }

    /// How many pixels it holds.
    pub const fn area(self) -> usize {
        self.width * self.height
    }

    /// The rectangle from the origin that covers it.
    pub const fn rect(self) -> PixelRect {
        PixelRect { x: 0, y: 0, width: self.width, height: self.height }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.width, self.height)
    }
}

/// A rectangle of whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl PixelRect {
    /// One past the last column.
    pub const fn right(self) -> usize {
        self.x + self.width
    }

    /// One past the last row.
    pub const fn bottom(self) -> usize {
        self.y + self.height
    }

    /// Its size.
    pub const fn size(self) -> Size {
        Size::new(self.width, self.height)
    }

    /// How many pixels it holds.
    pub const fn area(self) -> usize {
        self.width * self.height
    }

    /// Grown by `margin` on every side, as far as `bounds` goes.
    ///
    /// This is the halo rule: inner edges receive the whole margin, the picture's own edges none, so that zero
    /// padding stays where the reference has it.
    #[must_use]
    pub fn grown_within(self, margin: usize, bounds: Size) -> Self {
        let (x, y) = (self.x.saturating_sub(margin), self.y.saturating_sub(margin));
        Self {
            x,
            y,
            width: (self.right() + margin).min(bounds.width) - x,
            height: (self.bottom() + margin).min(bounds.height) - y,
        }
    }

    /// The one pixel, or tile, of a column and row.
    pub fn at((x, y): (usize, usize)) -> Self {
        Self { x, y, width: 1, height: 1 }
    }

    /// The column and row of everything in it, row by row.
    pub fn places(self) -> impl Iterator<Item = (usize, usize)> {
        (self.y..self.bottom()).flat_map(move |row| (self.x..self.right()).map(move |column| (column, row)))
    }

    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self { x, y, width: self.right().max(other.right()) - x, height: self.bottom().max(other.bottom()) - y }
    }

    /// Whether all of `other` lies in it.
    pub const fn contains(self, other: Self) -> bool {
        self.x <= other.x && self.y <= other.y && self.right() >= other.right() && self.bottom() >= other.bottom()
    }

    /// Grown so that its edges lie on multiples of `step`.
    #[must_use]
    pub fn on_multiples_of(self, step: usize) -> Self {
        let (x, y) = (self.x / step * step, self.y / step * step);
        let (right, bottom) = (self.right().next_multiple_of(step), self.bottom().next_multiple_of(step));
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// A rectangle that holds all of it that `others` leave uncovered; nothing if they cover it. It may hold more where
    /// what is left is no rectangle.
    pub fn uncovered_by(self, others: impl IntoIterator<Item = Self> + Clone) -> Option<Self> {
        let mut left = self;
        loop {
            let before = left;
            for other in others.clone() {
                left = left.without(other)?;
            }
            if left == before {
                return Some(left);
            }
        }
    }

    /// Without `other`, where that cuts off a side or all of it.
    fn without(self, other: Self) -> Option<Self> {
        let Some(shared) = self.intersection(other) else { return Some(self) };
        let cut = |start: usize, len: usize, from: usize, to: usize| {
            if from == start { (to, start + len - to) } else { (start, from - start) }
        };
        let (mut x, mut width, mut y, mut height) = (self.x, self.width, self.y, self.height);
        if shared.height == self.height && (shared.x == self.x || shared.right() == self.right()) {
            (x, width) = cut(self.x, self.width, shared.x, shared.right());
        } else if shared.width == self.width && (shared.y == self.y || shared.bottom() == self.bottom()) {
            (y, height) = cut(self.y, self.height, shared.y, shared.bottom());
        }
        (width > 0 && height > 0).then_some(Self { x, y, width, height })
    }

    /// What both share, if anything.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (right > x && bottom > y).then(|| Self { x, y, width: right - x, height: bottom - y })
    }
}

/// A rectangle in image space, in source pixels; fractions are meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Region {
    /// The whole of a picture.
    pub fn whole(size: Size) -> Self {
        Self { x: 0.0, y: 0.0, width: size.width as f64, height: size.height as f64 }
    }

    /// Whether it is a proper rectangle that lies inside a picture of `size`.
    ///
    /// A thousandth of a source pixel of overhang is forgiven: it comes from writing a position with a few decimals.
    pub fn is_inside(self, size: Size) -> bool {
        const SLACK: f64 = 1e-3;
        let all = [self.x, self.y, self.width, self.height];
        all.iter().all(|v| v.is_finite())
            && self.width > 0.0
            && self.height > 0.0
            && self.x >= -SLACK
            && self.y >= -SLACK
            && self.x + self.width <= size.width as f64 + SLACK
            && self.y + self.height <= size.height as f64 + SLACK
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.x, self.y, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halo_stops_at_the_pictures_edge_only() {
        let bounds = Size::new(300, 200);
        let inner = PixelRect { x: 128, y: 0, width: 128, height: 128 };
        let grown = inner.grown_within(34, bounds);
        assert_eq!(grown, PixelRect { x: 94, y: 0, width: 196, height: 162 });
    }

    #[test]
    fn what_is_left_uncovered_is_found() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        let whole = rect(128, 0, 128, 96);
        assert_eq!(whole.uncovered_by([]), Some(whole));
        assert_eq!(whole.uncovered_by([rect(128, 0, 32, 96)]), Some(rect(160, 0, 96, 96)));
        assert_eq!(whole.uncovered_by([rect(200, 0, 99, 128)]), Some(rect(128, 0, 72, 96)));
        assert_eq!(whole.uncovered_by([rect(160, 0, 96, 64), rect(128, 0, 32, 96)]), Some(rect(160, 64, 96, 32)));
        assert_eq!(whole.uncovered_by([rect(160, 0, 96, 96), rect(128, 0, 32, 96)]), None);
        // A corner or the middle leaves no rectangle.
        assert_eq!(whole.uncovered_by([rect(128, 0, 32, 32), rect(160, 32, 9, 9)]), Some(whole));
        assert_eq!(rect(37, 5, 100, 59).on_multiples_of(32), rect(32, 0, 128, 64));
    }

    #[test]
    fn a_region_outside_is_refused() {
        let size = Size::new(10, 10);
        assert!(Region::whole(size).is_inside(size));
        for (x, y, width, height) in
            [(0.5, 0.0, 10.0, 1.0), (0.0, 0.0, 0.0, 1.0), (f64::NAN, 0.0, 1.0, 1.0), (-1.0, 0.0, 2.0, 2.0)]
        {
            assert!(!Region { x, y, width, height }.is_inside(size));
        }
    }
}
