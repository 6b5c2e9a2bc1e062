//! A model ready to render.

use crate::error::Result;
use crate::key::ModelId;
use std::path::Path;

/// Weights, loaded into an encoder and a decoder.
pub struct LoadedModel {
    /// Name of its configuration and weights.
    pub id: ModelId,
}

impl LoadedModel {
    /// The model that is part of the program: EDSR-baseline-LIIF.
    ///
    /// # Errors
    /// Never in a correct build.
    pub fn builtin() -> Result<Self> {
        unimplemented!()
    }

    /// A model from a safetensors or `.pth` file.
    ///
    /// # Errors
    /// [`crate::error::Error::Weights`].
    pub fn from_file(_path: &Path) -> Result<Self> {
        unimplemented!()
    }
}
