//! How much to hand to a device at a time, so that neither the desktop stutters nor the driver loses patience.

use std::sync::atomic::{AtomicU64, Ordering};

/// How long a band should take, in seconds.
const BAND_SECS: f64 = 0.010;

/// The first band, before anything was measured: 10 ms of 50 billion multiply-adds a second.
const FIRST_UNITS: f64 = 5e8;

/// A band grows by at most this factor from one to the next.
const MOST_GROWTH: f64 = 4.0;

/// The most workgroups of a dispatch along an axis, which every device has.
const MOST_GROUPS: u32 = 65_535;

/// The size of the next band in units of work (multiply-adds), by what the last one took.
#[derive(Debug)]
pub struct Pace(AtomicU64);

impl Default for Pace {
    fn default() -> Self {
        Self(AtomicU64::new(FIRST_UNITS.to_bits()))
    }
}

/// A stretch of equal units of work, to be dispatched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Whose it is.
    pub job: usize,
    /// The first unit.
    pub start: u32,
    /// The one after the last.
    pub end: u32,
    /// Units of a workgroup.
    pub grain: u32,
    /// Multiply-adds of a unit.
    pub cost: f64,
}

impl Span {
    /// Workgroups that compute it.
    pub fn groups(&self) -> u32 {
        (self.end - self.start).div_ceil(self.grain)
    }

    /// Multiply-adds of all its units.
    pub fn macs(&self) -> f64 {
        f64::from(self.end - self.start) * self.cost
    }
}

impl Pace {
    /// Takes the next band off the end of `rest`: as many spans as take 10 ms, the last cut where necessary, and at
    /// least one workgroup. With it come its multiply-adds.
    pub fn take(&self, rest: &mut Vec<Span>) -> (Vec<Span>, f64) {
        let (budget, mut band, mut macs) = (self.units(), Vec::new(), 0.0);
        while let Some(span) = rest.pop() {
            let fits = ((budget - macs) / span.cost) as u32 / span.grain * span.grain;
            let most = fits.max(if band.is_empty() { span.grain } else { 0 }).min(MOST_GROUPS * span.grain);
            let middle = span.start.saturating_add(most).min(span.end);
            if middle > span.start {
                macs += span.cost * f64::from(middle - span.start);
                band.push(Span { end: middle, ..span });
            }
            if middle < span.end {
                rest.push(Span { start: middle, ..span });
                break;
            }
        }
        (band, macs)
    }

    /// Units of work that take about 10 ms.
    pub fn units(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Learns from a band.
    pub fn record(&self, units: f64, secs: f64) {
        let now = self.units();
        // A small band says little: starting it is most of what it takes.
        if units < now / 4.0 && secs < BAND_SECS {
            return;
        }
        let next = (units * BAND_SECS / secs.max(1e-6)).clamp(1e6, now * MOST_GROWTH);
        self.0.store(next.to_bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_approach_ten_milliseconds_from_either_side() {
        for rate in [1e9, 1e11, 5e12] {
            let pace = Pace::default();
            for _ in 0..12 {
                let units = pace.units();
                pace.record(units, units / rate);
            }
            let secs = pace.units() / rate;
            assert!((0.009..0.011).contains(&secs), "{rate}: {secs} s");
        }
    }

    #[test]
    fn bands_cover_every_unit_once_and_keep_to_the_budget() {
        let pace = Pace::default();
        let span = |job, end, cost| Span { job, start: 0, end, grain: 32, cost };
        let mut rest = vec![span(2, 70, 1e4), span(1, 1_000_000, 1e4), span(0, 5, 1e3)];
        let mut done = [0; 3];
        while !rest.is_empty() {
            let (band, macs) = pace.take(&mut rest);
            assert!(!band.is_empty() && macs <= FIRST_UNITS);
            for Span { job, start, end, .. } in band {
                assert_eq!(start, done[job]);
                done[job] = end;
            }
        }
        assert_eq!(done, [5, 1_000_000, 70]);
        // One workgroup is the least, however long it takes.
        let (band, _) = pace.take(&mut vec![span(0, 100, 1e12)]);
        assert_eq!(band, [Span { end: 32, ..span(0, 100, 1e12) }]);
    }

    #[test]
    fn the_rest_of_a_picture_does_not_change_the_pace() {
        let pace = Pace::default();
        let before = pace.units();
        pace.record(before / 100.0, 0.001);
        assert_eq!(pace.units(), before);
    }
}
