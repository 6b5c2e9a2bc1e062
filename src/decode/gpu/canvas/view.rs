//! What a frame of the canvas shows.

use crate::geometry::{AxisGrid, MipTile, PixelRect, SampleGrid, Size, feature_tiles_over, mip_rect};

/// What is drawn, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanvasView {
    /// The samples, inside the picture.
    pub grid: SampleGrid,
    /// The picture's size.
    pub picture: Size,
    /// The mip level that is read: of samples of at most ten of its pixels.
    pub level: u32,
    /// Whether pixels are shown as squares, where they are enlarged.
    pub has_squares: bool,
    /// How much of the field is shown, in [0, 1]; it is nowhere to be seen at ×1 and below, and in squares.
    pub strength: f32,
    /// How much of the lock's residual is added to the field, in [0, 1].
    pub lock: f32,
    /// From normalised RGB to RGB.
    pub deviation: [f32; 3],
    /// Whether the picture has no colours, so that the field gives it none.
    pub is_grey: bool,
    /// The first sample's pixel on the target, (x, y).
    pub at: [u32; 2],
}

impl CanvasView {
    /// The source pixels beyond a view that its lock reads: two that the residual is interpolated from, two of the inverse,
    /// three of what a pixel is shrunk from; and one more.
    pub const LOCK_REACH: f64 = 8.0;

    /// All of a field, locked, on a grid of a picture, out of a mip level of it.
    pub fn new(grid: SampleGrid, picture: Size, level: u32) -> Self {
        Self {
            grid,
            picture,
            level,
            has_squares: false,
            strength: 1.0,
            lock: 1.0,
            deviation: [0.5; 3],
            is_grey: false,
            at: [0; 2],
        }
    }

    /// The source pixels that it reads, and some around them.
    pub fn pixels(&self) -> PixelRect {
        let reach = f64::from(2_u32 << self.level).max(if self.lock > 0.0 { Self::LOCK_REACH } else { 0.0 });
        let span = |axis: &AxisGrid, n: usize| {
            let (first, last) = (axis.origin - reach, axis.origin + axis.len as f64 * axis.pitch + reach);
            let start = (first.max(0.0) as usize).min(n - 1);
            start..(last.max(0.0).ceil() as usize).clamp(start + 1, n)
        };
        let (rows, columns) = (span(&self.grid.y, self.picture.height), span(&self.grid.x, self.picture.width));
        PixelRect { x: columns.start, y: rows.start, width: columns.len(), height: rows.len() }
    }

    /// The tiles of its mip level that it reads, row by row.
    pub fn source_tiles(&self) -> impl Iterator<Item = MipTile> {
        MipTile::over(self.level, mip_rect(self.pixels(), self.level))
    }

    /// Whether it has something of the field.
    pub fn has_field(&self) -> bool {
        self.strength > 0.0 && !self.has_squares && !self.grid.is_reduction()
    }

    /// The feature tiles (columns and rows of them) whose fields it reads.
    pub fn field_tiles(&self) -> PixelRect {
        feature_tiles_over(self.pixels())
    }
}
