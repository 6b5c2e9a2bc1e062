//! What the person wants to see.

use serde::{Deserialize, Serialize};

/// What the person wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The network for photographs, squares for pixel art and screenshots.
    #[default]
    Auto,
    /// The network.
    Neural,
    /// Bicubic interpolation.
    Bicubic,
    /// Source pixels as squares.
    Nearest,
}

impl Mode {
    /// All of them, in the order of the key that goes through them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Neural, Self::Bicubic, Self::Nearest];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|mode| *mode == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Neural => "Neural",
            Self::Bicubic => "Bicubic",
            Self::Nearest => "Nearest",
        }
    }
}
