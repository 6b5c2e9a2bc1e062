//! What is done to pixels of the network, and how much of it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How much of the network's detail is shown, in percent: 0 is bicubic, 100 the function as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Strength(u8);

impl Strength {
    /// Bicubic.
    pub const NONE: Self = Self(0);
    /// The function as it is.
    pub const FULL: Self = Self(100);

    /// A strength in percent; more than 100 is 100.
    pub fn percent(percent: u8) -> Self {
        Self(percent.min(100))
    }

    /// In percent.
    pub fn as_percent(self) -> u8 {
        self.0
    }

    /// The function's share of the colours, in [0, 1].
    pub fn share(self) -> f32 {
        f32::from(self.0) / 100.0
    }
}

/// Of how many views of a picture the function is the mean (geometric self-ensemble): as it is, or turned and mirrored too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ensemble {
    /// The picture as it is.
    #[default]
    One,
    /// Its four turns.
    Four,
    /// The same mirrored too.
    Eight,
}

impl Ensemble {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::One, Self::Four, Self::Eight];

    /// How many views.
    pub const fn members(self) -> usize {
        match self {
            Self::One => 1,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

impl FromStr for Ensemble {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|ensemble| ensemble.members().to_string() == text);
        named.ok_or_else(|| format!("`{text}` is no ensemble; choose 1, 4 or 8"))
    }
}

/// The one stage of its kind, in text.
const CLAMPED_CELL: &str = "cell:clamped";

/// Something that is done to pixels of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The network is told no smaller pixels than those of the scales that it was trained at, for comparison: the paper tells
    /// it the true ones.
    ClampedCell,
    /// The mean of several views.
    Ensemble(Ensemble),
    /// Corrected so that, shrunk to the source's grid, they are the source: by so much of what is missing.
    Lock(Strength),
    /// Mixed with the bicubic picture.
    Strength(Strength),
}

impl Stage {
    /// Its place among the others.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::ClampedCell => 0,
            Self::Ensemble(_) => 1,
            Self::Lock(_) => 2,
            Self::Strength(_) => 3,
        }
    }

    pub(super) fn is_like(self, other: Self) -> bool {
        self.rank() == other.rank()
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == CLAMPED_CELL {
            return Ok(Self::ClampedCell);
        }
        let (name, percent) = text.split_once(':').unwrap_or((text, "100"));
        if name == "ensemble" && name != text {
            return percent.parse().map(Self::Ensemble);
        }
        let stage = match name {
            "lock" => Self::Lock,
            "strength" if name != text => Self::Strength,
            _ => {
                return Err(format!(
                    "`{text}` is nothing that is done to pixels; choose cell:clamped, ensemble:4, ensemble:8, lock, lock:PERCENT or strength:PERCENT, like strength:40"
                ));
            }
        };
        let strength = percent.parse::<u8>().ok().filter(|percent| *percent <= 100).map(Strength);
        strength.map(stage).ok_or_else(|| format!("`{percent}` is no strength; give percent from 0 to 100"))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClampedCell => f.write_str(CLAMPED_CELL),
            Self::Ensemble(ensemble) => write!(f, "ensemble:{}", ensemble.members()),
            Self::Lock(Strength::FULL) => f.write_str("lock"),
            Self::Lock(share) => write!(f, "lock:{}", share.0),
            Self::Strength(strength) => write!(f, "strength:{}", strength.0),
        }
    }
}
