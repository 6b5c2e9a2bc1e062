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
pub use query::{KnownPoints, WindowQuery, sample_points};

/// From which scale on there is a lattice, and how many points of a source pixel it has. Deeper in, a denser one pays: fewer
/// pixels are left to be decoded one by one.
const LATTICES: [(f64, usize); 4] = [(6.0, 4), (10.0, 8), (24.0, 16), (80.0, 32)];

impl Sampling {
    /// Lattice points per source pixel along an axis of `pitch` source pixels a sample, if there is a lattice.
    fn density(self, pitch: f64) -> Option<usize> {
        let is_reached = |(scale, _): &&(f64, usize)| pitch * scale <= 1.0 + 1e-9;
        match self {
            Self::Exact => None,
            Self::Coarse => Some(2),
            Self::Lattice => LATTICES.iter().rev().find(is_reached).map(|(_, density)| *density),
        }
    }

    /// The density of the lattice from which points of a lattice are interpolated in turn.
    fn coarser(density: usize) -> Option<usize> {
        (density > LATTICES[0].1).then_some(density / 2)
    }

    /// The densities of all lattices from which such an axis is interpolated, the densest first.
    fn densities(self, pitch: f64) -> impl Iterator<Item = usize> {
        std::iter::successors(self.density(pitch), |density| Self::coarser(*density))
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
        assert_eq!([5.9, 6.0, 9.9, 10.0].map(density), [None, Some(4), Some(4), Some(8)]);
        assert_eq!([23.9, 24.0, 80.0].map(density), [Some(8), Some(16), Some(32)]);
        assert_eq!([32, 8, 4, 2].map(Sampling::coarser), [Some(16), Some(4), None, None]);
        assert_eq!((Sampling::Exact.density(0.01), Sampling::Coarse.density(0.01)), (None, Some(2)));
    }
}
