//! Names for derived data, by what it was made from. Nothing is ever invalidated: another input is another key.

use crate::recipe::Recipe;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// 128 bits of a SHA-256: enough that two different contents never share a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
struct Digest128([u8; 16]);

impl Digest128 {
    fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize()[..16]);
        Self(short)
    }
}

impl fmt::Display for Digest128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
        pub struct $name(Digest128);

        impl $name {
            /// The name of the content made of these parts, in this order.
            pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
                Self(Digest128::of(parts))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

identity!(
    /// A decoded picture, by its samples.
    PictureId
);
identity!(
    /// A model, by its configuration and weights.
    ModelId
);

identity!(
    /// What travels beside the pixels of a picture.
    MetadataId
);
identity!(
    /// A file, by its length and its ends.
    FileId
);

identity!(
    /// An encoder, by its configuration and weights.
    EncoderId
);
identity!(
    /// A decoder, by its configuration and weights.
    DecoderId
);
identity!(
    /// What computes, in which arithmetic, and how its results are kept: everything that rounds.
    ArithmeticId
);

/// What made features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EncodedBy {
    /// Which encoder.
    pub encoder: EncoderId,
    /// What really computed it.
    pub arithmetic: ArithmeticId,
}

/// What made pixels of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecodedBy {
    /// What made their features.
    pub features: EncodedBy,
    /// Which decoder.
    pub decoder: DecoderId,
    /// What really computed it.
    pub arithmetic: ArithmeticId,
}

/// A feature tile: the latent codes of one square of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeatureKey {
    /// Of which picture.
    pub picture: PictureId,
    /// By what.
    pub by: EncodedBy,
    /// Tile column and row.
    pub tile: (usize, usize),
}

/// A tile of the view at one exact zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TileKey {
    /// Of which picture.
    pub picture: PictureId,
    /// By what; nothing where the network makes none of it.
    pub model: Option<DecodedBy>,
    /// Bits of the zoom (`f64`) in y and x: tiles of another zoom are other tiles.
    pub scale: (u64, u64),
    /// Tile column.
    pub column: usize,
    /// Tile row.
    pub row: usize,
    /// How it was made.
    pub recipe: Recipe,
}

impl TileKey {
    /// The zoom in y and x, in screen pixels per source pixel.
    pub fn zoom(&self) -> (f64, f64) {
        (f64::from_bits(self.scale.0), f64::from_bits(self.scale.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(ModelId::of([&b"ab"[..], b"c"]), ModelId::of([&b"a"[..], b"bc"]));
        assert_eq!(ModelId::of([&b"ab"[..]]).to_string().len(), 32);
    }
}
