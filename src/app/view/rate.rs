//! How fast the view is computed, measured on the tiles themselves.

/// Measured work: output pixels that the network made, and how long that took. Older tiles count less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    pixels: f64,
    secs: f64,
}

/// How much of what was counted before stays with every tile: the last twenty or so matter.
const MEMORY: f64 = 0.95;

impl Rate {
    /// Counts a tile.
    pub fn count(&mut self, pixels: usize, secs: f64) {
        self.pixels = self.pixels * MEMORY + pixels as f64;
        self.secs = self.secs * MEMORY + secs;
    }

    /// Millions of output pixels a second, encoding included; nothing before the first tile.
    pub fn megapixels_per_sec(&self) -> Option<f64> {
        (self.secs > 0.0).then(|| self.pixels / self.secs / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_newest_tiles() {
        let mut rate = Rate::default();
        assert_eq!(rate.megapixels_per_sec(), None);
        rate.count(1_000_000, 2.0);
        assert_eq!(rate.megapixels_per_sec(), Some(0.5));
        (0..200).for_each(|_| rate.count(65_536, 0.032_768));
        assert!((rate.megapixels_per_sec().unwrap() - 2.0).abs() < 0.01);
    }
}
