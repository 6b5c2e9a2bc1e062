//! The fast `query_rgb`: latent codes and a sampling grid to colours. Never sees a candle tensor.

mod axis;
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod lattice;
mod params;
mod query;

pub use cpu::query_rgb;
#[cfg(feature = "gpu")]
pub use gpu::{GpuDecoder, WindowQuery};
pub use params::DecodeParams;
pub use query::sample_points;

/// Where the function is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// At every pixel.
    Exact,
    /// At deep zoom on a lattice, with bicubic interpolation where that is as good (above 55 dB).
    #[default]
    Lattice,
    /// On a sparse lattice, interpolated everywhere: a first impression at a fraction of the work.
    Coarse,
}

impl Sampling {
    /// Lattice points per source pixel, if there is a lattice.
    fn density(self) -> Option<usize> {
        match self {
            Self::Exact => None,
            Self::Lattice => Some(8),
            Self::Coarse => Some(2),
        }
    }

    /// A corner of the ensemble that counts for less is left out; what remains still sums to one.
    fn least_share(self) -> f32 {
        if self == Self::Exact { 0.0 } else { 1.0 / 1024.0 }
    }
}
