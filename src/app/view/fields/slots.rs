//! Which tiles lie in which slots of an atlas.

use crate::geometry::MipTile;
use std::collections::{HashMap, HashSet, VecDeque};

/// A tile in the atlas.
struct Held {
    slot: u32,
    /// When it was last looked at.
    used: u64,
}

/// An atlas's slots, as far as the window's thread knows them; `T` is what is written into them.
pub(super) struct Slots<T> {
    count: usize,
    held: HashMap<MipTile, Held>,
    free: Vec<u32>,
    arrived: VecDeque<(MipTile, T)>,
    /// What this frame and the last one read.
    seen: [HashSet<MipTile>; 2],
    now: u64,
    state: u64,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            count: 0,
            held: HashMap::new(),
            free: Vec::new(),
            arrived: VecDeque::new(),
            seen: [HashSet::new(), HashSet::new()],
            now: 0,
            state: 0,
        }
    }
}

impl<T> Slots<T> {
    /// Takes over another atlas.
    pub(super) fn resize(&mut self, count: usize) {
        self.count = count;
        self.clear();
    }

    /// Forgets all tiles.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.arrived.clear();
        self.free = (0..self.count as u32).rev().collect();
        self.state += 1;
    }

    /// How many tiles there is room for.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Another number whenever tiles have come or gone.
    pub(super) fn state(&self) -> u64 {
        self.state
    }

    /// Where a tile is.
    pub(super) fn slot(&self, tile: MipTile) -> Option<u32> {
        self.held.get(&tile).map(|held| held.slot)
    }

    /// Whether all of these tiles are there.
    pub(super) fn has_all(&self, mut tiles: impl Iterator<Item = MipTile>) -> bool {
        tiles.all(|tile| self.held.contains_key(&tile))
    }

    /// How many tiles are there.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether tiles wait for being uploaded.
    pub(super) fn are_waiting(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// Takes in a tile; it waits for a frame that uploads it.
    pub(super) fn take(&mut self, tile: MipTile, content: T) {
        if self.arrived.len() < self.count {
            self.arrived.push_back((tile, content));
        }
    }

    /// What is missing of tiles that are wanted, the first ones first: no more than there is room for. A quarter of the slots
    /// stays as it is, for where one was before, unless the first `needed` take it.
    pub(super) fn missing(&self, wanted: impl IntoIterator<Item = MipTile>, needed: usize) -> Vec<MipTile> {
        let most = self.count.min(needed.max(3 * self.count / 4));
        let arrived: HashSet<MipTile> = self.arrived.iter().map(|(tile, _)| *tile).collect();
        let mut known = HashSet::new();
        let mut wanted: Vec<MipTile> = wanted.into_iter().filter(|tile| known.insert(*tile)).take(most).collect();
        wanted.retain(|tile| !self.held.contains_key(tile) && !arrived.contains(tile));
        wanted
    }

    /// Another frame begins.
    pub(super) fn begin_frame(&mut self) {
        self.now += 1;
        self.seen.swap(0, 1);
        self.seen[0].clear();
    }

    /// Takes note that this frame reads these tiles.
    pub(super) fn look_at(&mut self, tiles: impl Iterator<Item = MipTile>) {
        for tile in tiles {
            self.seen[0].insert(tile);
            if let Some(held) = self.held.get_mut(&tile) {
                held.used = self.now;
            }
        }
    }

    /// Gives slots to tiles that have arrived, `most` of them, those first that the last frames read: what is to be written
    /// where. The longest unused ones make room; where none does, nothing more is taken in.
    pub(super) fn uploads(&mut self, most: usize) -> Vec<(u32, T)> {
        let is_seen = |(tile, _): &(MipTile, T)| self.seen.iter().any(|seen| seen.contains(tile));
        let (mut first, rest): (Vec<_>, Vec<_>) = self.arrived.drain(..).partition(is_seen);
        first.extend(rest);
        self.arrived = first.split_off(most.min(first.len())).into();
        let mut unused = self.unused(first.len());
        let mut uploads = Vec::with_capacity(first.len());
        for (tile, content) in first {
            let slot = self.slot(tile).or_else(|| self.free.pop()).or_else(|| {
                let held = self.held.remove(&unused.pop()?);
                held.map(|held| held.slot)
            });
            let Some(slot) = slot else { continue };
            self.held.insert(tile, Held { slot, used: self.now });
            self.state += 1;
            uploads.push((slot, content));
        }
        uploads
    }

    /// The tiles that were not looked at for longest, the longest last: as many as `count` others need.
    fn unused(&self, count: usize) -> Vec<MipTile> {
        if self.free.len() >= count {
            return Vec::new();
        }
        let is_old = |held: &Held| held.used + 1 < self.now;
        let old = self.held.iter().filter(|(_, held)| is_old(held));
        let mut old: Vec<(u64, MipTile)> = old.map(|(tile, held)| (held.used, *tile)).collect();
        old.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        old.into_iter().map(|(_, tile)| tile).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(column: usize) -> MipTile {
        MipTile { level: 0, column, row: 0 }
    }

    fn slots(held: std::ops::Range<usize>, count: usize) -> Slots<usize> {
        let mut slots = Slots::default();
        slots.resize(count);
        held.for_each(|i| slots.take(tile(i), i));
        slots.uploads(count);
        slots
    }

    #[test]
    fn the_longest_unused_make_room_and_what_is_seen_stays() {
        let mut slots = slots(0..4, 4);
        slots.begin_frame();
        slots.begin_frame();
        slots.look_at((0..3).map(tile));
        slots.begin_frame();
        slots.look_at((0..2).map(tile));
        slots.take(tile(7), 7);
        slots.take(tile(8), 8);
        let before = slots.state();
        assert_eq!(slots.uploads(8).iter().map(|(_, content)| *content).collect::<Vec<_>>(), [7]);
        assert!(slots.has_all([0, 1, 2, 7].map(tile).into_iter()) && slots.slot(tile(3)).is_none());
        assert!(slots.state() != before && !slots.are_waiting());
    }

    #[test]
    fn what_a_frame_reads_is_uploaded_first() {
        let mut slots = slots(0..0, 4);
        slots.begin_frame();
        slots.look_at(std::iter::once(tile(2)));
        slots.begin_frame();
        (0..3).for_each(|i| slots.take(tile(i), i));
        assert_eq!(slots.uploads(1)[0].1, 2);
        assert_eq!((slots.uploads(1)[0].1, slots.are_waiting()), (0, true));
    }

    #[test]
    fn no_more_is_missing_than_there_is_room_for() {
        let mut slots = slots(0..2, 8);
        slots.take(tile(2), 2);
        let all = || (0..20).map(tile);
        assert_eq!(slots.missing(all(), 0), [3, 4, 5].map(tile));
        assert_eq!(slots.missing(all(), 7), [3, 4, 5, 6].map(tile));
        assert_eq!(slots.missing(all(), 20).len(), 5);
        assert_eq!(slots.missing([9, 9, 1].map(tile), 0), [tile(9)]);
    }
}
