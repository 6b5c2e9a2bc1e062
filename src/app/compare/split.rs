//! Two sides of one view, and where the line between them is.

use crate::app::view::look::Look;
use crate::key::Strength;

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Source pixels as squares.
    Nearest,
    /// Bicubic interpolation.
    Bicubic,
    /// The network.
    Neural,
    /// The network with the other model's weights.
    OtherModel,
}

impl Side {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nearest, Self::Bicubic, Self::Neural, Self::OtherModel];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "Nearest",
            Self::Bicubic => "Bicubic",
            Self::Neural => "Neural",
            Self::OtherModel => "Other model",
        }
    }

    /// What it comes to.
    pub fn look(self, strength: Strength) -> Look {
        match self {
            Self::Nearest => Look::Nearest,
            Self::Bicubic => Look::Bicubic,
            Self::Neural | Self::OtherModel => Look::Neural(strength),
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
        Self { left: Side::Bicubic, right: Side::Neural, at: 0.5 }
    }
}

impl Split {
    /// The columns of a canvas that are left of the line.
    pub fn left_columns(&self, width: usize) -> usize {
        ((self.at * width as f64).round().max(0.0) as usize).min(width)
    }
}
