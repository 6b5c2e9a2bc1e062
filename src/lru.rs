//! A least-recently-used cache with a budget in bytes.

use std::collections::HashMap;
use std::hash::Hash;

struct CacheEntry<V> {
    value: V,
    bytes: usize,
    last_use: u64,
}

/// Keeps what was used last, up to a budget of bytes.
pub struct ByteLru<K, V> {
    entries: HashMap<K, CacheEntry<V>>,
    budget_bytes: usize,
    used_bytes: usize,
    clock: u64,
}

impl<K: Eq + Hash + Copy, V> ByteLru<K, V> {
    /// An empty cache.
    pub fn new(budget_bytes: usize) -> Self {
        Self { entries: HashMap::new(), budget_bytes, used_bytes: 0, clock: 0 }
    }

    /// The value of `key`, which counts as a use.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.last_use = self.clock;
        Some(&entry.value)
    }

    /// The value of `key`; does not count as a use.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Whether `key` is there; does not count as a use.
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// Puts a value of `bytes` in, then evicts the least recently used others until the budget holds.
    /// Returns what was evicted or replaced.
    pub fn insert(&mut self, key: K, value: V, bytes: usize) -> Vec<V> {
        self.clock += 1;
        self.used_bytes += bytes;
        let old = self.entries.insert(key, CacheEntry { value, bytes, last_use: self.clock });
        let mut out: Vec<V> = old.map(|entry| self.forget(entry)).into_iter().collect();
        out.extend(self.evict());
        out
    }

    fn evict(&mut self) -> Vec<V> {
        let mut out = Vec::new();
        while self.used_bytes > self.budget_bytes && self.entries.len() > 1 {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, e)| e.last_use).map(|(k, _)| *k) else { break };
            out.extend(self.remove(&oldest));
        }
        out
    }

    fn forget(&mut self, entry: CacheEntry<V>) -> V {
        self.used_bytes -= entry.bytes;
        entry.value
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        Some(self.forget(entry))
    }

    /// Takes everything out.
    pub fn clear(&mut self) -> Vec<V> {
        self.used_bytes = 0;
        self.entries.drain().map(|(_, entry)| entry.value).collect()
    }

    /// Takes over another budget and evicts until it holds. Returns what was evicted.
    pub fn set_budget(&mut self, budget_bytes: usize) -> Vec<V> {
        self.budget_bytes = budget_bytes;
        self.evict()
    }

    /// The budget in bytes.
    pub fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Everything in it, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_holds_and_the_least_used_goes_first() {
        let mut cache = ByteLru::new(100);
        assert!(cache.insert(1, 'a', 40).is_empty());
        assert!(cache.insert(2, 'b', 40).is_empty());
        assert_eq!(cache.get(&1), Some(&'a'));
        assert_eq!(cache.insert(3, 'c', 40), ['b']);
        assert_eq!(cache.insert(3, 'd', 50), ['c']);
        assert_eq!((cache.used_bytes(), cache.contains(&2)), (90, false));
        // A single value beyond the budget is kept: it is what is being looked at.
        assert_eq!(cache.insert(9, 'z', 500).len(), 2);
        assert_eq!(cache.used_bytes(), 500);
        cache.insert(1, 'e', 20);
        cache.insert(2, 'f', 30);
        assert_eq!(cache.set_budget(30), ['e']);
        assert_eq!((cache.used_bytes(), cache.budget_bytes()), (30, 30));
        assert_eq!((cache.clear(), cache.used_bytes()), (vec!['f'], 0));
    }
}
