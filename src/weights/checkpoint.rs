//! Checkpoints of our own training: weights, the optimizer's state and notes in one safetensors file.
//!
//! The file is a weights file like any other, with more arrays: whoever wants the weights alone opens it as such.

use super::{Array, Weights, store};
use crate::atomic;
use crate::error::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The header's entry that holds the notes.
const NOTES_KEY: &str = "zoomfield.training";

const FIRST: &str = "adam.first.";
const SECOND: &str = "adam.second.";
const MOVING: &str = "moving.";
const BEST: &str = "best.";
const CARRIED: &str = "carried.";

/// Adam's state of one array.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// The running mean of its gradients.
    pub first: Vec<f32>,
    /// The running mean of their squares.
    pub second: Vec<f32>,
}

/// Adam's state of all arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdamState {
    /// Steps taken.
    pub step: u64,
    /// By array; none before an array's first step.
    pub moments: BTreeMap<String, Moments>,
}

/// What training needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The weights as they are, or their average.
    pub weights: Weights,
    /// The weights that steps move, if `weights` is their average.
    pub moving: Option<Weights>,
    /// The best weights so far, if they were compared.
    pub best: Option<Weights>,
    /// Weights that were better by a comparison that could not be kept, if there are any.
    pub carried: Option<Weights>,
    /// The optimizer's state by array.
    pub moments: BTreeMap<String, Moments>,
    /// Whatever the trainer wrote down, as JSON.
    pub notes: String,
}

impl Checkpoint {
    /// Writes the file beside its place first, then renames; an older one is replaced. Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::Export`] if it cannot be written; an older one is then still whole.
    pub fn save(&self, path: &Path) -> Result<u64> {
        self.bytes()
            .and_then(|bytes| atomic::write(path, true, &bytes).map(|()| bytes.len() as u64))
            .map_err(|reason| Error::export(path, reason))
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let mut views = store::views(&self.weights, "")?;
        for (weights, prefix) in [(&self.moving, MOVING), (&self.best, BEST), (&self.carried, CARRIED)] {
            if let Some(weights) = weights {
                views.extend(store::views(weights, prefix)?);
            }
        }
        for (name, Moments { first, second }) in &self.moments {
            views.push((format!("{FIRST}{name}"), list(first)?));
            views.push((format!("{SECOND}{name}"), list(second)?));
        }
        let header = HashMap::from([
            (store::CONFIG_KEY.to_owned(), self.weights.config().to_json()),
            (NOTES_KEY.to_owned(), self.notes.clone()),
        ]);
        safetensors::serialize(views, Some(header)).map_err(|e| e.to_string())
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// [`Error::Weights`] if it is damaged, or no checkpoint of a training.
    pub fn open(path: &Path) -> Result<Self> {
        let read = super::read_file(path).and_then(|bytes| Self::from_bytes(&bytes));
        read.map_err(|reason| Error::weights(path, reason))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        const NONE: &str = "it is no checkpoint of a training (weights alone start one: use --from)";
        let weights = store::read(bytes)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let notes = header.metadata().as_ref().and_then(|metadata| metadata.get(NOTES_KEY)).ok_or(NONE)?.clone();
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let (mut moving, mut best, mut carried) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut moments = BTreeMap::<String, Moments>::new();
        for (name, view) in file.iter() {
            let values = || store::array(name, &view);
            if let Some(name) = name.strip_prefix(MOVING) {
                moving.insert(name.to_owned(), values()?);
            } else if let Some(name) = name.strip_prefix(BEST) {
                best.insert(name.to_owned(), values()?);
            } else if let Some(name) = name.strip_prefix(CARRIED) {
                carried.insert(name.to_owned(), values()?);
            } else if let Some(name) = name.strip_prefix(FIRST) {
                moments.entry(name.to_owned()).or_default().first = values()?.data;
            } else if let Some(name) = name.strip_prefix(SECOND) {
                moments.entry(name.to_owned()).or_default().second = values()?.data;
            }
        }
        let fits = |(name, m): (&String, &Moments)| {
            let len = weights.arrays().get(name).map(|array: &Array| array.data.len());
            len == Some(m.first.len()) && len == Some(m.second.len())
        };
        if !moments.iter().all(fits) {
            return Err("the optimizer's state in it does not fit its weights; it is damaged".into());
        }
        let others = |arrays: BTreeMap<String, Array>| {
            let is_there = !arrays.is_empty();
            is_there.then(|| Weights::new(weights.config().clone(), arrays)).transpose()
        };
        let (moving, best, carried) = (others(moving)?, others(best)?, others(carried)?);
        Ok(Self { weights, moving, best, carried, moments, notes })
    }
}

fn list(values: &[f32]) -> Result<TensorView<'_>, String> {
    TensorView::new(Dtype::F32, vec![values.len()], bytemuck::cast_slice(values)).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_comes_back_and_is_a_weights_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let weights = Weights::builtin().unwrap();
        let moments = weights.arrays().iter().map(|(name, array)| {
            let moments = Moments { first: array.data.clone(), second: vec![0.5; array.data.len()] };
            (name.clone(), moments)
        });
        let checkpoint = Checkpoint {
            weights: weights.clone(),
            moving: Some(weights.clone()),
            best: Some(weights.clone()),
            carried: Some(weights.clone()),
            moments: moments.collect(),
            notes: "{\"step\":7}".into(),
        };
        checkpoint.save(&path).unwrap();
        assert!(Checkpoint::open(&path).unwrap() == checkpoint);
        assert_eq!(Weights::open(&path).unwrap().id(), weights.id());
        weights.save(&path, true).unwrap();
        assert!(Checkpoint::open(&path).unwrap_err().to_string().contains("no checkpoint"));
    }
}
