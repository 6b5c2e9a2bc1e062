//! What a frozen encoder makes of small pictures that come again: computed once, kept in half precision.

use super::batch::Batch;
use crate::error::Result;
use crate::weights::ModelConfig;
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How many different batches a training has whose feature maps fit into `bytes`; at least one.
pub(super) fn batches_within(bytes: usize, config: &ModelConfig, batch: usize, patch: usize) -> u64 {
    let one = batch * patch * patch * config.encoder.features() * size_of::<f16>();
    (bytes / one.max(1)).max(1) as u64
}

/// Feature maps `[n, patch, patch, c]` by the number of their batch. As many as the training has different batches.
#[derive(Default)]
pub(super) struct FrozenFeatures(BTreeMap<u64, Vec<f16>>);

impl FrozenFeatures {
    /// Those of a batch that comes again, kept or computed now; none for any other batch.
    ///
    /// Values that were just computed go through half precision too: a resumed training, which computes them once more,
    /// takes the same steps.
    ///
    /// # Errors
    /// Those of `compute`.
    pub(super) fn of(&mut self, batch: &Batch, compute: impl FnOnce() -> Result<Vec<f32>>) -> Result<Option<Vec<f32>>> {
        let Some(number) = batch.again else { return Ok(None) };
        let halves = match self.0.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let values = compute()?;
                let mut halves = vec![f16::ZERO; values.len()];
                halves.convert_from_f32_slice(&values);
                place.insert(halves)
            }
        };
        let mut values = vec![0.0; halves.len()];
        halves.convert_to_f32_slice(&mut values);
        Ok(Some(values))
    }
}
