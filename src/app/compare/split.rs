//! Two sides of one view, and where the line between them is.

use crate::recipe::{Sampling, Source};

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The view's own model, if the network makes the pixels.
    Own(Source),
    /// The network with the other model's weights.
    OtherModel,
}

impl Side {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Source::kinds().map(Self::Own).chain([Self::OtherModel])
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own(source) => source.name(),
            Self::OtherModel => "Other model",
        }
    }

    /// What its pixels come from, the function sampled as the settings say.
    pub fn source(self, sampling: Sampling) -> Source {
        match self {
            Self::Own(source) => source.sampled(sampling),
            Self::OtherModel => Source::Liif(sampling),
        }
    }
}

/// A comparison: two sides of one view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// What is left of the line.
    pub left: Side,
    /// What is right of it.
    pub right: Side,
    /// Where the line is, as a part of the canvas's width in [0, 1].
    pub at: f64,
}

impl Default for Split {
    fn default() -> Self {
        Self { left: Side::Own(Source::Bicubic), right: Side::Own(Source::NEURAL), at: 0.5 }
    }
}

impl Split {
    /// The columns of a canvas that are left of the line.
    pub fn left_columns(&self, width: usize) -> usize {
        ((self.at * width as f64).round().max(0.0) as usize).min(width)
    }
}
