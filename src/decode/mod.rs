//! The fast `query_rgb`: latent codes and a sampling grid to colours. Never sees a candle tensor.

mod axis;
mod cpu;
mod decoder;
mod field;
#[cfg(feature = "gpu")]
mod gpu;
mod lattice;
mod params;
mod query;

pub use crate::recipe::Sampling;
pub use cpu::query_rgb;
pub use decoder::Decoder;
pub use field::{FieldParams, query_field};
#[cfg(feature = "gpu")]
pub use gpu::{
    Atlas, CanvasFrame, CanvasPainter, CanvasSpeed, CanvasView, FieldCells, FieldPacker, FrameBuffers, GpuDecoder,
    GpuField, GpuImnet, ReducedFrame, Stretch,
};
pub use params::DecodeParams;
pub use query::{WindowQuery, sample_points};

/// From which scale on the lattice is twice as dense.
const DEEP_SCALE: f64 = 90.0;

impl Sampling {
    /// Lattice points per source pixel along an axis of `pitch` source pixels a sample, if there is a lattice. Deeper in,
    /// a denser one pays: fewer pixels are left to be decoded one by one.
    fn density(self, pitch: f64) -> Option<usize> {
        match self {
            Self::Exact => None,
            Self::Coarse => Some(2),
            Self::Lattice if pitch * DEEP_SCALE > 1.0 => Some(8),
            Self::Lattice => Some(16),
        }
    }

    /// A corner of the ensemble that counts for less is left out; what remains still sums to one.
    fn least_share(self) -> f32 {
        if self == Self::Exact { 0.0 } else { 1.0 / 1024.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lattice_is_denser_deep_in() {
        let density = |scale: f64| Sampling::Lattice.density(1.0 / scale);
        assert_eq!([30.0, 89.9, 90.0, 100.0].map(density), [Some(8), Some(8), Some(16), Some(16)]);
        assert_eq!((Sampling::Exact.density(0.01), Sampling::Coarse.density(0.01)), (None, Some(2)));
    }
}
