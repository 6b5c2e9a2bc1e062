//! The models that are part of the program.

use super::{Weights, store};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// How their addresses begin, where a file could be named as well.
const PREFIX: &str = "builtin:";

/// Short for the address of the reference model.
const REFERENCE: &str = "builtin";

/// A model that is part of the program (see `weights/README.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// EDSR-baseline-LIIF, trained by its authors on DIV2K.
    Liif,
    /// The live network, trained on clean shrinking like LIIF.
    Live,
    /// The live network, trained for photographs as cameras write them: noise, blur and JPEG are undone.
    Photo,
}

impl Builtin {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Liif, Self::Live, Self::Photo];

    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Liif => "liif",
            Self::Live => "live",
            Self::Photo => "photo",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Liif => "built-in",
            Self::Live => "Live",
            Self::Photo => "Live photo",
        }
    }

    /// The model of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|builtin| builtin.name() == name)
    }

    /// Where a file could stand: `builtin:live`.
    pub fn address(self) -> PathBuf {
        PathBuf::from(format!("{PREFIX}{}", self.name()))
    }

    /// The model that an address means; nothing for an address that is a file's.
    ///
    /// # Errors
    /// [`Error::Weights`] if no model that is part of the program has that name.
    pub fn at(address: &Path) -> Option<Result<Self>> {
        let text = address.to_str()?;
        if text == REFERENCE {
            return Some(Ok(Self::Liif));
        }
        let name = text.strip_prefix(PREFIX)?;
        let unknown = || {
            let names = Self::ALL.map(|builtin| format!("{PREFIX}{}", builtin.name())).join(", ");
            Error::weights(address, format!("no model of that name is part of the program; there are {names}"))
        };
        Some(Self::named(name).ok_or_else(unknown))
    }

    /// The title of the model at an address, if it is part of the program.
    pub fn title_at(address: &Path) -> Option<&'static str> {
        Self::at(address)?.ok().map(Self::title)
    }

    /// Its weights.
    ///
    /// # Errors
    /// Never in a correct build.
    pub fn weights(self) -> Result<Weights> {
        let bytes: &[u8] = match self {
            Self::Liif => include_bytes!("../../weights/edsr-baseline-liif.safetensors"),
            Self::Live => include_bytes!("../../weights/live.safetensors"),
            Self::Photo => include_bytes!("../../weights/photo.safetensors"),
        };
        let weights = store::read(bytes).map_err(|reason| Error::weights(&self.address(), reason))?;
        Ok(weights.restoring(self == Self::Photo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_found_by_its_address_and_no_other_is() {
        for builtin in Builtin::ALL {
            assert_eq!(Builtin::at(&builtin.address()).unwrap().unwrap(), builtin);
            let (weights, by_address) = (builtin.weights().unwrap(), Weights::open(&builtin.address()).unwrap());
            assert_eq!(weights.id(), by_address.id());
        }
        assert_eq!(Builtin::at(Path::new("builtin")).unwrap().unwrap(), Builtin::Liif);
        assert!(Builtin::at(Path::new("live.safetensors")).is_none());
        let sentence = Weights::open(Path::new("builtin:lief")).unwrap_err().to_string();
        assert!(sentence.contains("builtin:lief") && sentence.contains("builtin:live"), "{sentence}");
    }

    #[test]
    fn the_live_networks_are_small() {
        for builtin in [Builtin::Live, Builtin::Photo] {
            let weights = builtin.weights().unwrap();
            assert!(weights.config().decoder.field().is_some() && weights.config().encoder.radius() <= 20);
            assert!(2 * weights.parameter_count() <= 1_000_000);
        }
    }
}
