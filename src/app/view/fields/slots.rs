//! Which fields lie in which slots of the atlas.

use crate::decode::FieldCells;
use crate::geometry::{FEATURE_TILE, PixelRect};
use crate::render::FieldRequest;
use std::collections::{HashMap, HashSet, VecDeque};

/// A feature tile's place (column, row).
type Place = (usize, usize);

/// A tile in the atlas.
struct Held {
    slot: u32,
    /// When it was last looked at.
    used: u64,
}

/// The atlas's slots, as far as the window's thread knows them.
#[derive(Default)]
pub(super) struct Slots {
    count: usize,
    held: HashMap<Place, Held>,
    free: Vec<u32>,
    arrived: VecDeque<FieldCells>,
    seen: Option<PixelRect>,
    now: u64,
    state: u64,
}

impl Slots {
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

    /// Another number whenever tiles have come or gone.
    pub(super) fn state(&self) -> u64 {
        self.state
    }

    /// Where a tile is.
    pub(super) fn slot(&self, place: Place) -> Option<u32> {
        self.held.get(&place).map(|held| held.slot)
    }

    /// Whether all of these tiles are there.
    pub(super) fn has_all(&self, tiles: PixelRect) -> bool {
        tiles.places().all(|place| self.held.contains_key(&place))
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
    pub(super) fn take(&mut self, cells: FieldCells) {
        if self.arrived.len() < self.count {
            self.arrived.push_back(cells);
        }
    }

    /// What is missing of the tiles that a view reads and of those around it, the nearest to `center` (x, y in source
    /// pixels) first: no more than the atlas holds.
    pub(super) fn request(&self, seen: Option<PixelRect>, around: Option<PixelRect>, center: [f64; 2]) -> FieldRequest {
        let side = FEATURE_TILE as f64;
        let distance = |(x, y): &Place| {
            let off = [(*x as f64 + 0.5) * side - center[0], (*y as f64 + 0.5) * side - center[1]];
            off[0].hypot(off[1])
        };
        let sorted = |rect: Option<PixelRect>| {
            let mut places: Vec<Place> = rect.into_iter().flat_map(PixelRect::places).collect();
            places.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
            places
        };
        let arrived: HashSet<Place> = self.arrived.iter().map(FieldCells::place).collect();
        let is_missing = |place: &Place| !self.held.contains_key(place) && !arrived.contains(place);
        let mut view = sorted(seen);
        view.truncate(self.count);
        let mut ahead = sorted(around);
        ahead.retain(|place| !seen.is_some_and(|seen| seen.contains(PixelRect::at(*place))));
        // A rest of the slots stays as it is, for where one was before.
        ahead.truncate((3 * self.count / 4).saturating_sub(view.len()));
        view.retain(is_missing);
        ahead.retain(is_missing);
        FieldRequest { by: None, view, ahead }
    }

    /// Takes note that a frame reads these tiles.
    pub(super) fn look_at(&mut self, tiles: PixelRect) {
        self.now += 1;
        self.seen = Some(tiles);
        for place in tiles.places() {
            if let Some(held) = self.held.get_mut(&place) {
                held.used = self.now;
            }
        }
    }

    /// Gives slots to tiles that have arrived, `most` bytes of them, those first that the last frame reads: what is to be
    /// written where. The longest unused ones make room; where none does, nothing more is taken in.
    pub(super) fn uploads(&mut self, bytes: usize, most: usize) -> Vec<(u32, FieldCells)> {
        let seen = self.seen;
        let is_seen = |cells: &FieldCells| seen.is_some_and(|seen| seen.contains(PixelRect::at(cells.place())));
        let mut uploads = Vec::new();
        while uploads.len() < (most / bytes.max(1)).max(1) {
            let first = self.arrived.iter().position(is_seen).unwrap_or(0);
            let Some(cells) = self.arrived.remove(first) else { break };
            let Some(slot) = self.room_for(cells.place()) else { continue };
            self.held.insert(cells.place(), Held { slot, used: self.now });
            self.state += 1;
            uploads.push((slot, cells));
        }
        uploads
    }

    fn room_for(&mut self, place: Place) -> Option<u32> {
        if let Some(held) = self.held.get(&place) {
            return Some(held.slot);
        }
        self.free.pop().or_else(|| {
            let oldest = self.held.iter().filter(|(_, held)| held.used < self.now);
            let oldest = oldest.min_by_key(|(_, held)| held.used).map(|(place, _)| *place)?;
            self.held.remove(&oldest).map(|held| held.slot)
        })
    }
}
