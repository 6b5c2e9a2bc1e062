//! Named arrays and the configuration of the model they belong to.
//!
//! Array names are those of the original checkpoints (`encoder.head.0.weight`, `imnet.layers.0.weight`, …). The
//! native file is safetensors with the configuration in its header; `.pth` checkpoints of the original authors and of
//! mmagic are read without running the pickle inside them.

mod builtin;
mod checkpoint;
mod config;
mod decoder;
mod infer;
mod mmagic;
mod pth;
mod store;
mod symmetry;
mod unpickle;

pub use builtin::Builtin;
pub use checkpoint::{AdamState, Checkpoint, Moments};
pub use config::{EncoderConfig, Macs, ModelConfig, Normalization};
pub use decoder::{DecoderConfig, FieldConfig, ImnetConfig};
pub use symmetry::Symmetry;

use crate::error::{Error, Result};
use crate::key::{DecoderId, EncoderId, ModelId};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The largest weights file that is read: far above the largest LIIF (RDN, 256 MB with its optimizer).
pub const MAX_FILE_BYTES: u64 = 2 << 30;

/// A row-major array of 32-bit floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its extents.
    pub shape: Vec<usize>,
    /// As many values as the extents multiply to.
    pub data: Vec<f32>,
}

/// The arrays of one model, complete and of the right shapes. Clones share them.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    config: ModelConfig,
    arrays: Arc<BTreeMap<String, Array>>,
    restores: bool,
}

impl Weights {
    /// Checks that `arrays` are exactly what `config` needs; arrays that it does not need are dropped.
    ///
    /// # Errors
    /// The reason alone, for [`Error::Weights`]: a missing array, another shape, or a value that is not finite.
    pub fn new(config: ModelConfig, mut arrays: BTreeMap<String, Array>) -> Result<Self, String> {
        config.check()?;
        let mut kept = BTreeMap::new();
        for (name, shape) in config.expected_arrays() {
            let Some(array) = arrays.remove(&name) else {
                return Err(format!("`{name}` is missing; the file is incomplete or of another model"));
            };
            if array.shape != shape {
                return Err(format!("`{name}` has the shape {:?}, the model needs {shape:?}", array.shape));
            }
            let (have, need) = (array.data.len(), shape.iter().product::<usize>());
            if have != need {
                return Err(format!("`{name}` holds {have} numbers where {need} belong; the file is damaged"));
            }
            if let Some(at) = array.data.iter().position(|v| !v.is_finite()) {
                return Err(format!("`{name}` holds {} at index {at}; the file is damaged", array.data[at]));
            }
            kept.insert(name, array);
        }
        Ok(Self { config, arrays: Arc::new(kept), restores: false })
    }

    /// From arrays with the original's names and the original's spec, `{"name": "liif", "args": {…}}`.
    ///
    /// # Errors
    /// The reason alone, for [`Error::Weights`].
    pub fn from_original(arrays: BTreeMap<String, Array>, spec: &serde_json::Value) -> Result<Self, String> {
        let config = infer::config_of(&arrays, Some(spec))?;
        Self::new(config, arrays)
    }

    /// EDSR-baseline-LIIF, which is part of the program: the reference.
    ///
    /// # Errors
    /// Never in a correct build.
    pub fn builtin() -> Result<Self> {
        Builtin::Liif.weights()
    }

    /// Opens safetensors, ours or with the original's names, or a `.pth` checkpoint, by content; or a model that is part of
    /// the program, by its address ([`Builtin::address`]).
    ///
    /// # Errors
    /// [`Error::Weights`] if the file cannot be read, is damaged, foreign or of a wrong shape.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with_card(path).map(|(weights, _)| weights)
    }

    /// As [`Self::open`], with the card that the file's header holds, if it holds one: JSON, whatever it says.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_card(path: &Path) -> Result<(Self, Option<String>)> {
        if let Some(builtin) = Builtin::at(path) {
            return Ok((builtin?.weights()?, None));
        }
        let read = |bytes: &[u8]| {
            if is_zip(bytes) {
                return Ok((pth::read(bytes)?, None));
            }
            let (weights, card) = (store::read(bytes)?, store::card(bytes));
            let restores = card.as_deref().is_some_and(tells_of_damage);
            Ok((weights.restoring(restores), card))
        };
        read_file(path).and_then(|bytes| read(&bytes)).map_err(|reason| Error::weights(path, reason))
    }

    /// As [`Self::open`], with the state of the optimizer that made them if the file is the original's `.pth`; an empty
    /// one for all other files.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_adam(path: &Path) -> Result<(Self, AdamState)> {
        if let Some(builtin) = Builtin::at(path) {
            return Ok((builtin?.weights()?, AdamState::default()));
        }
        let read = |bytes: &[u8]| {
            if is_zip(bytes) {
                return pth::read_with_adam(bytes);
            }
            store::read(bytes).map(|weights| (weights, AdamState::default()))
        };
        read_file(path).and_then(|bytes| read(&bytes)).map_err(|reason| Error::weights(path, reason))
    }

    /// Writes safetensors with the configuration in the header, beside the target first, then renamed.
    ///
    /// # Errors
    /// [`Error::Export`] if the file exists and `overwrite` is false, or cannot be written.
    pub fn save(&self, path: &Path, overwrite: bool) -> Result<()> {
        store::write(self, path, overwrite, None).map_err(|reason| Error::export(path, reason))
    }

    /// As [`Self::save`], every value rounded to half precision: what is read back is not the same to the bit.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_half(&self, path: &Path, overwrite: bool) -> Result<()> {
        store::write_half(self, path, overwrite).map_err(|reason| Error::export(path, reason))
    }

    /// As [`Self::save`], with a card (JSON) in the header that says what is known about the model.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_with_card(&self, path: &Path, overwrite: bool, card: &str) -> Result<()> {
        store::write(self, path, overwrite, Some(card)).map_err(|reason| Error::export(path, reason))
    }

    /// Whether they were trained to undo damage, such as noise or JPEG's blocks: what they make is meant to differ from a source.
    pub fn restores(&self) -> bool {
        self.restores
    }

    fn restoring(self, restores: bool) -> Self {
        Self { restores, ..self }
    }

    /// What model this is.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// All arrays by name.
    pub fn arrays(&self) -> &BTreeMap<String, Array> {
        &self.arrays
    }

    /// An array that the configuration promises.
    ///
    /// # Panics
    /// If no such array is part of the configuration: a mistake of the caller.
    pub fn array(&self, name: &str) -> &Array {
        &self.arrays[name]
    }

    /// How many values all arrays hold.
    pub fn parameter_count(&self) -> usize {
        self.arrays.values().map(|array| array.data.len()).sum()
    }

    /// The name of this model: a hash of its configuration and every array.
    pub fn id(&self) -> ModelId {
        let config = self.config.to_json();
        ModelId::of(std::iter::once(config.as_bytes()).chain(self.parts(|_| true)))
    }

    /// The name of its encoder: a hash of what turns a picture into features. Models that differ in the decoder alone, as
    /// after a training that froze the encoder, share their features.
    pub fn encoder_id(&self) -> EncoderId {
        let ModelConfig { encoder, normalization, .. } = &self.config;
        let config = format!("{encoder:?} {normalization:?}");
        EncoderId::of(std::iter::once(config.as_bytes()).chain(self.parts(is_of_encoder)))
    }

    /// The name of its decoder: a hash of what turns features into colours.
    pub fn decoder_id(&self) -> DecoderId {
        let ModelConfig { decoder, normalization, .. } = &self.config;
        let config = format!("{decoder:?} {normalization:?}");
        DecoderId::of(std::iter::once(config.as_bytes()).chain(self.parts(|name| !is_of_encoder(name))))
    }

    /// Names and values of some arrays.
    fn parts(&self, is_part: impl Fn(&str) -> bool) -> impl Iterator<Item = &[u8]> {
        let arrays = self.arrays.iter().filter(move |(name, _)| is_part(name));
        arrays.flat_map(|(name, array)| [name.as_bytes(), bytemuck::cast_slice(&array.data)])
    }
}

fn is_of_encoder(name: &str) -> bool {
    name.starts_with("encoder.")
}

/// A file that may be weights, within limits.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err(if about.is_dir() { "it is a folder; name a file".into() } else { "it is not a file".into() });
    }
    let too_large = || format!("it is larger than {} GiB and cannot be a LIIF model", MAX_FILE_BYTES >> 30);
    if about.len() > MAX_FILE_BYTES {
        return Err(too_large());
    }
    let (file, mut bytes) = (File::open(path).map_err(|e| e.to_string())?, Vec::with_capacity(about.len() as usize));
    // Files can grow while they are read.
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if read as u64 > MAX_FILE_BYTES { Err(too_large()) } else { Ok(bytes) }
}

/// PyTorch's checkpoints are zip archives.
fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether a card is that of a training on damaged pictures (`crate::library::Card`).
fn tells_of_damage(card: &str) -> bool {
    let card: serde_json::Value = serde_json::from_str(card).unwrap_or_default();
    card["origin"]["degradation"].as_str().is_some_and(|degradation| degradation != "clean")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_is_edsr_baseline_liif() {
        let weights = Weights::builtin().unwrap();
        let EncoderConfig::Edsr { blocks, features, .. } = weights.config().encoder else { panic!("not EDSR") };
        assert_eq!((blocks, features), (16, 64));
        assert_eq!(weights.config().decoder, ImnetConfig::new(vec![256; 4]).into());
        // LIIF.md 1.10: 1,567,299 without the frozen mean shifts, which the forward pass never uses.
        assert_eq!(weights.parameter_count(), 1_567_299);
    }

    #[test]
    fn one_changed_weight_is_another_model() {
        let weights = Weights::builtin().unwrap();
        let mut changed = weights.clone();
        Arc::make_mut(&mut changed.arrays).get_mut("imnet.layers.0.bias").unwrap().data[7] += 1e-3;
        assert_ne!(weights.id(), changed.id());
        assert_eq!(weights.id(), weights.clone().id());
        assert!(std::ptr::eq(weights.arrays(), weights.clone().arrays()), "clones share");
        // Its encoder is the same one; of another encoder the decoder is the same.
        assert_eq!(weights.encoder_id(), changed.encoder_id());
        assert_ne!(weights.decoder_id(), changed.decoder_id());
        let mut other = weights.clone();
        Arc::make_mut(&mut other.arrays).get_mut("encoder.head.0.bias").unwrap().data[7] += 1e-3;
        assert_ne!(weights.encoder_id(), other.encoder_id());
        assert_eq!(weights.decoder_id(), other.decoder_id());
    }

    #[test]
    fn incomplete_misshapen_and_damaged_weights_are_refused() {
        let weights = Weights::builtin().unwrap();
        let refuse = |change: &dyn Fn(&mut BTreeMap<String, Array>)| {
            let mut arrays = weights.arrays().clone();
            change(&mut arrays);
            Weights::new(weights.config.clone(), arrays).unwrap_err()
        };
        assert!(refuse(&|a| drop(a.remove("encoder.body.16.bias"))).contains("encoder.body.16.bias"));
        assert!(refuse(&|a| a.get_mut("encoder.head.0.bias").unwrap().shape = vec![32, 2]).contains("shape"));
        assert!(refuse(&|a| a.get_mut("encoder.head.0.bias").unwrap().data[3] = f32::NAN).contains("NaN"));
        assert!(refuse(&|a| a.get_mut("encoder.head.0.bias").unwrap().data.clear()).contains("holds 0 numbers"));
    }
}
