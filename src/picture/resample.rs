//! Resampling: Pillow's bicubic to the bit, and regions of a picture at any scale.

use super::{Picture, Raster};
use crate::geometry::{SampleGrid, Size};

/// Resizes interleaved 8-bit samples exactly as Pillow's `resize(size, BICUBIC)` does.
pub fn resize_bicubic_u8(_samples: &[u8], _channels: usize, _from: Size, _to: Size) -> Vec<u8> {
    unimplemented!()
}

/// Samples the source itself on `grid`: bicubic (a = -0.5) along enlarged axes, area average along reduced ones.
pub fn resample_region(_picture: &Picture, _grid: &SampleGrid) -> Raster {
    unimplemented!()
}

/// Opacity alone.
pub fn alpha_region(_picture: &Picture, _grid: &SampleGrid) -> Option<Vec<f32>> {
    None
}
