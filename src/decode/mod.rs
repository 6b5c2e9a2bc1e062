//! The fast `query_rgb`: latent codes and a sampling grid to colours. Never sees a candle tensor.

mod axis;
mod cpu;
mod params;

pub use cpu::query_rgb;
pub use params::DecodeParams;
