//! A least-recently-used cache with a budget in bytes.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

struct CacheEntry<V> {
    value: V,
    bytes: usize,
    last_use: u64,
}

/// Keeps what was used last, up to a budget of bytes.
pub struct ByteLru<K, V> {
    entries: HashMap<K, CacheEntry<V>>,
    /// The keys by their last use: what goes first is found at once, however many there are.
    by_use: BTreeMap<u64, K>,
    budget_bytes: usize,
    used_bytes: usize,
    clock: u64,
}

impl<K: Eq + Hash + Copy, V> ByteLru<K, V> {
    /// An empty cache.
    pub fn new(budget_bytes: usize) -> Self {
        Self { entries: HashMap::new(), by_use: BTreeMap::new(), budget_bytes, used_bytes: 0, clock: 0 }
    }

    /// The value of `key`, which counts as a use.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        self.by_use.remove(&entry.last_use);
        self.by_use.insert(self.clock, *key);
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
        self.by_use.insert(self.clock, key);
        let mut out: Vec<V> = old.map(|entry| self.forget(entry)).into_iter().collect();
        out.extend(self.evict());
        out
    }

    fn evict(&mut self) -> Vec<V> {
        let mut out = Vec::new();
        while self.used_bytes > self.budget_bytes && self.entries.len() > 1 {
            let Some(oldest) = self.by_use.first_key_value().map(|(_, key)| *key) else { break };
            out.extend(self.remove(&oldest));
        }
        out
    }

    fn forget(&mut self, entry: CacheEntry<V>) -> V {
        self.by_use.remove(&entry.last_use);
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
        self.by_use.clear();
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

    /// Whoever is used or replaced goes later, by whichever way, and nobody is counted twice.
    #[test]
    fn many_go_in_the_order_of_their_last_use() {
        let mut cache = ByteLru::new(1000);
        (0..1000).for_each(|i| drop(cache.insert(i, i, 1)));
        (0..1000).step_by(2).for_each(|i| assert_eq!(cache.get(&i), Some(&i)));
        assert_eq!(cache.remove(&3), Some(3));
        cache.insert(5, 5, 1);
        let gone: Vec<i32> = (1000..1499).flat_map(|i| cache.insert(i, i, 1)).collect();
        let odd = (1..1000).step_by(2).filter(|i| ![3, 5].contains(i));
        assert!(gone.into_iter().eq(odd));
        assert_eq!((cache.insert(1499, 1499, 1), cache.used_bytes()), (vec![0], 1000));
    }
}
