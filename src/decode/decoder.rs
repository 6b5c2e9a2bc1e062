//! The decoder of either family, on the CPU.

use super::field::{self, FieldParams};
use super::query::{WindowQuery, coarsest_lattice};
use super::{DecodeParams, Sampling, cpu};
use crate::error::Result;
use crate::feature::FeatureWindow;
use crate::geometry::{SampleGrid, Size};
use crate::kernel::Precision;
use crate::task::Interrupt;
use crate::weights::{DecoderConfig, Weights};

/// Features to colours.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// LIIF's: it answers with normalised colours.
    Imnet(Box<DecodeParams>),
    /// A field of waves: it answers with what is added to the bicubic picture, in normalised colours.
    Field(FieldParams),
}

impl Decoder {
    /// Prepares the weights, for hidden layers in `precision`.
    pub fn new(weights: &Weights, precision: Precision) -> Self {
        match weights.config().decoder {
            DecoderConfig::Imnet(_) => Self::Imnet(Box::new(DecodeParams::new(weights, precision))),
            DecoderConfig::Field(_) => Self::Field(FieldParams::new(weights)),
        }
    }

    /// Values in a latent code.
    pub fn channels(&self) -> usize {
        match self {
            Self::Imnet(params) => params.channels,
            Self::Field(params) => params.channels(),
        }
    }

    /// Codes around a queried one that decoding reads.
    pub fn margin(&self) -> usize {
        match self {
            Self::Imnet(params) => params.margin(),
            Self::Field(_) => 0,
        }
    }

    /// How it is sampled if `asked` so: a field is cheap enough to be evaluated at every pixel.
    pub fn sampling(&self, asked: Sampling) -> Sampling {
        match self {
            Self::Imnet(_) => asked,
            Self::Field(_) => Sampling::Exact,
        }
    }

    /// How many points of a source pixel it is evaluated at, before it is known where more are needed, for pixels of `cell` (y, x)
    /// source pixels; none if it is evaluated at the pixels alone.
    pub fn lattice(&self, cell: [f64; 2], asked: Sampling) -> Option<usize> {
        match self {
            Self::Imnet(params) if params.local_ensemble => coarsest_lattice(cell, asked),
            _ => None,
        }
    }

    /// What it answers at every sample of `grid`, `[grid.y.len, grid.x.len, 3]`, not clamped; see
    /// [`query_rgb`](super::query_rgb).
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] between two blocks.
    ///
    /// # Panics
    /// If the window does not hold the codes that the grid needs.
    pub fn query(
        &self,
        window: &FeatureWindow,
        picture: Size,
        grid: &SampleGrid,
        sampling: Sampling,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<f32>> {
        self.answer(WindowQuery::new(window, picture, grid, sampling), interrupt)
    }

    /// As [`Self::query`], with samples that stand for pixels of any size.
    ///
    /// # Errors
    /// As [`Self::query`].
    ///
    /// # Panics
    /// As [`Self::query`].
    pub fn answer(&self, query: WindowQuery<'_>, interrupt: Interrupt<'_>) -> Result<Vec<f32>> {
        match self {
            Self::Imnet(params) => cpu::answer(params, query, interrupt),
            Self::Field(params) => field::answer(params, query, interrupt),
        }
    }
}
