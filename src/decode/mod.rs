//! The fast `query_rgb`: latent codes and a sampling grid to colours. Never sees a candle tensor.

mod axis;
mod cpu;
mod lattice;
mod params;

pub use cpu::{query_rgb, sample_points};
pub use params::DecodeParams;

/// Where the function is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// At every pixel.
    Exact,
    /// At deep zoom on a lattice, with bicubic interpolation where that is as good (above 55 dB).
    #[default]
    Lattice,
}
