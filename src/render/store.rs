//! One store of features for everybody: what the encoder made for the view an export or a copy does not make again.
//!
//! What is looked at is not pushed out by an export: work beside the view has a partition of its own, in which it puts what
//! it had to encode itself, and which is cleared when that work is done.

use crate::feature::FeatureTile;
use crate::key::{EncodedBy, FeatureKey, PictureId};
use crate::lru::ByteLru;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type FeatureLru = ByteLru<FeatureKey, Arc<FeatureTile>>;

/// Features by name. Clones share them; the lock inside is held for look-ups alone.
#[derive(Clone)]
pub struct FeatureStore(Arc<Mutex<Partitions>>);

struct Partitions {
    view: FeatureLru,
    /// For all work beside the view together, its budget the sum of theirs.
    beside: FeatureLru,
}

impl Default for FeatureStore {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Partitions { view: ByteLru::new(0), beside: ByteLru::new(0) })))
    }
}

impl fmt::Debug for FeatureStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "features of {} bytes", self.used_bytes())
    }
}

impl FeatureStore {
    /// Bytes that all features take.
    pub fn used_bytes(&self) -> usize {
        let partitions = self.lock();
        partitions.view.used_bytes() + partitions.beside.used_bytes()
    }

    /// Held for look-ups and moves, never while something is encoded.
    fn lock(&self) -> MutexGuard<'_, Partitions> {
        // Whoever panics while holding it has put in or taken out a whole tile, or none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For whom features are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// For the view: they stay until it needs the room itself.
    View,
    /// For work beside the view, as long as that lasts.
    Beside,
}

/// One user's place at a store. Dropping that of work beside the view gives its memory back.
pub(super) struct FeatureAccess {
    store: FeatureStore,
    keeping: Keeping,
    budget_bytes: usize,
}

/// What was found of the features that are needed, and the tiles (column, row) that are missing.
pub(super) struct FoundFeatures {
    pub(super) tiles: Vec<Arc<FeatureTile>>,
    pub(super) missing: Vec<(usize, usize)>,
}

impl FeatureAccess {
    pub(super) fn new(store: FeatureStore, keeping: Keeping, budget_bytes: usize) -> Self {
        let evicted = store.lock().change_budget(keeping, 0, budget_bytes);
        drop(evicted);
        Self { store, keeping, budget_bytes }
    }

    /// Takes over another budget.
    pub(super) fn set_budget(&mut self, budget_bytes: usize) {
        if budget_bytes == self.budget_bytes {
            return;
        }
        let evicted = self.store.lock().change_budget(self.keeping, self.budget_bytes, budget_bytes);
        self.budget_bytes = budget_bytes;
        drop(evicted);
    }

    /// Looks feature tiles of a picture up, each once, under the first of these names that it has.
    pub(super) fn find(
        &self,
        picture: PictureId,
        names: &[EncodedBy],
        tiles: impl Iterator<Item = (usize, usize)>,
    ) -> FoundFeatures {
        let mut partitions = self.store.lock();
        let mut found = FoundFeatures { tiles: Vec::new(), missing: Vec::new() };
        for tile in tiles {
            let mut keys = names.iter().map(|by| FeatureKey { picture, by: *by, tile });
            match keys.find_map(|key| partitions.get(&key, self.keeping)) {
                Some(features) => found.tiles.push(features),
                None => found.missing.push(tile),
            }
        }
        found
    }

    /// What [`Self::find`] would miss; does not count as a use.
    pub(super) fn missing(
        &self,
        picture: PictureId,
        names: &[EncodedBy],
        tiles: impl Iterator<Item = (usize, usize)>,
    ) -> Vec<(usize, usize)> {
        let partitions = self.store.lock();
        let has = |tile| names.iter().any(|by| partitions.contains(&FeatureKey { picture, by: *by, tile }));
        tiles.filter(|tile| !has(*tile)).collect()
    }

    /// Keeps features that were encoded.
    pub(super) fn keep(&self, encoded: impl Iterator<Item = (FeatureKey, Arc<FeatureTile>)>) {
        let mut evicted = Vec::new();
        let mut partitions = self.store.lock();
        let partition = if self.keeping == Keeping::View { &mut partitions.view } else { &mut partitions.beside };
        for (key, features) in encoded {
            let bytes = features.byte_len();
            // Without a budget one tile would stay all the same.
            if self.budget_bytes > 0 {
                evicted.extend(partition.insert(key, features, bytes));
            }
        }
        // Giving megabytes back takes longer than a look-up.
        drop(partitions);
        drop(evicted);
    }

    /// The tiles (column, row) of a picture that are kept for the view under one of these names.
    pub(super) fn of_view(&self, picture: PictureId, names: &[EncodedBy]) -> Vec<(usize, usize)> {
        let partitions = self.store.lock();
        let is_of = |key: &&FeatureKey| key.picture == picture && names.contains(&key.by);
        partitions.view.iter().map(|(key, _)| key).filter(is_of).map(|key| key.tile).collect()
    }

    pub(super) fn used_bytes(&self) -> usize {
        self.store.used_bytes()
    }
}

impl Drop for FeatureAccess {
    fn drop(&mut self) {
        if self.keeping == Keeping::Beside {
            let mut partitions = self.store.lock();
            let mut evicted = partitions.change_budget(Keeping::Beside, self.budget_bytes, 0);
            // The last one out leaves nothing behind.
            if partitions.beside.budget_bytes() == 0 {
                evicted.extend(partitions.beside.clear());
            }
            drop(partitions);
            drop(evicted);
        }
    }
}

impl Partitions {
    /// Gives one user another budget than before. Returns what was evicted: giving megabytes back takes longer than a
    /// look-up, so that is for when the lock is open again.
    fn change_budget(&mut self, keeping: Keeping, before: usize, after: usize) -> Vec<Arc<FeatureTile>> {
        match keeping {
            Keeping::View => self.view.set_budget(after),
            Keeping::Beside => {
                let others = self.beside.budget_bytes().saturating_sub(before);
                self.beside.set_budget(others + after)
            }
        }
    }

    /// Features, used by the view or by work beside it. What the view uses moves to its partition; of what others use there
    /// nothing is to be seen, so that a large export does not make its features seem the most wanted ones.
    fn get(&mut self, key: &FeatureKey, keeping: Keeping) -> Option<Arc<FeatureTile>> {
        match keeping {
            Keeping::View => {
                if let Some(features) = self.view.get(key) {
                    return Some(features.clone());
                }
                let features = self.beside.remove(key)?;
                let bytes = features.byte_len();
                // What it pushes out is dropped here: that happens when a view first meets what an export has made.
                drop(self.view.insert(*key, features.clone(), bytes));
                Some(features)
            }
            Keeping::Beside => self.view.peek(key).cloned().or_else(|| self.beside.get(key).cloned()),
        }
    }

    fn contains(&self, key: &FeatureKey) -> bool {
        self.view.contains(key) || self.beside.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::FeaturePrecision;
    use crate::geometry::PixelRect;
    use crate::key::{ArithmeticId, EncoderId};

    const TILE_BYTES: usize = 16 * 2;

    fn by(name: &str) -> EncodedBy {
        EncodedBy { encoder: EncoderId::of([&b"e"[..]]), arithmetic: ArithmeticId::of([name.as_bytes()]) }
    }

    fn tile(column: usize) -> (FeatureKey, Arc<FeatureTile>) {
        let rect = PixelRect { x: 4 * column, y: 0, width: 4, height: 4 };
        let features = FeatureTile::cut(&[0.5; 16], rect, rect, FeaturePrecision::Half);
        (FeatureKey { picture: PictureId::of([]), by: by("device"), tile: (column, 0) }, features.into())
    }

    fn missing(place: &FeatureAccess, columns: std::ops::Range<usize>) -> Vec<usize> {
        let found = place.find(PictureId::of([]), &[by("device")], columns.map(|column| (column, 0)));
        found.missing.into_iter().map(|(column, _)| column).collect()
    }

    #[test]
    fn an_export_uses_what_the_view_has_and_pushes_nothing_of_it_out() {
        let store = FeatureStore::default();
        let view = FeatureAccess::new(store.clone(), Keeping::View, 4 * TILE_BYTES);
        view.keep((0..4).map(tile));
        let export = FeatureAccess::new(store.clone(), Keeping::Beside, 2 * TILE_BYTES);
        assert_eq!(missing(&export, 0..6), [4, 5]);
        export.keep((4..20).map(tile));
        assert_eq!(missing(&view, 0..4), [] as [usize; 0]);
        assert_eq!((missing(&export, 4..20).len(), store.used_bytes()), (14, 6 * TILE_BYTES));
        // What the view then needs of it is the view's.
        assert_eq!(missing(&view, 19..20), [] as [usize; 0]);
        drop(export);
        assert_eq!((missing(&view, 18..20), store.used_bytes()), (vec![18], 4 * TILE_BYTES));
    }

    #[test]
    fn several_users_beside_the_view_have_their_budgets_together() {
        let store = FeatureStore::default();
        let first = FeatureAccess::new(store.clone(), Keeping::Beside, 2 * TILE_BYTES);
        let mut second = FeatureAccess::new(store.clone(), Keeping::Beside, 0);
        second.keep((0..1).map(tile));
        assert_eq!(store.used_bytes(), 0, "no budget, nothing kept");
        second.set_budget(TILE_BYTES);
        first.keep((0..9).map(tile));
        assert_eq!(store.used_bytes(), 3 * TILE_BYTES);
        drop(second);
        assert_eq!(store.used_bytes(), 2 * TILE_BYTES);
        drop(first);
        assert_eq!(store.used_bytes(), 0);
    }

    #[test]
    fn features_are_found_under_every_name_that_is_asked_for_and_no_other() {
        let store = FeatureStore::default();
        let view = FeatureAccess::new(store, Keeping::View, 9 * TILE_BYTES);
        view.keep((0..2).map(tile));
        let found = |names: &[EncodedBy]| view.find(PictureId::of([]), names, (0..2).map(|column| (column, 0)));
        assert_eq!(found(&[by("processor"), by("device")]).tiles.len(), 2);
        assert_eq!(found(&[by("processor")]).missing.len(), 2);
        assert_eq!(view.missing(PictureId::of([]), &[by("processor")], (0..3).map(|column| (column, 0))).len(), 3);
        assert_eq!(view.of_view(PictureId::of([]), &[by("device")]).len(), 2);
    }
}
