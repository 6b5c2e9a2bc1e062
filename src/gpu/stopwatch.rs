//! How long dispatches take, for those who measure.

use super::device::Gpu;
use super::error::GpuResult;
use super::pipeline::Dispatch;
use std::time::{Duration, Instant};

/// What a pass should take, in seconds: every clock can tell it, the device's own is still believed, no desktop stutters
/// for long.
const PASS_SECS: f64 = 0.03;

/// Passes of which the median counts.
const PASSES: usize = 15;

/// A dispatch is put into a pass at most this often.
const MOST_TIMES: f64 = 2048.0;

/// How long something took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// In seconds.
    pub secs: f64,
    /// Whether the device's own clock says so. By the wall's clock, handing over and waiting are in it.
    pub is_by_device: bool,
}

/// Dispatches that do the same work at the same place of a network.
pub struct DispatchKind<'a> {
    /// What they do.
    pub name: String,
    /// How many of them one run of the network has.
    pub count: usize,
    /// Useful multiply-adds of `dispatches`.
    pub macs: f64,
    /// One run of one of them.
    pub dispatches: Vec<Dispatch<'a>>,
}

impl Gpu {
    /// How long carrying out `dispatches` in order takes: the median of several passes after a warm-up, in which they
    /// are repeated until a pass takes 30 ms. Ends `limit` after it began, but has measured once even then.
    ///
    /// # Errors
    /// [`super::GpuError::Lost`] or [`super::GpuError::OutOfMemory`].
    pub fn time(&self, dispatches: &[Dispatch<'_>], limit: Duration) -> GpuResult<Timing> {
        let start = Instant::now();
        // What is compiled late is compiled now.
        self.pass(dispatches, 1)?;
        let mut times = 1;
        let mut passes = vec![self.pass(dispatches, times)?];
        while start.elapsed() < limit && passes.len() < PASSES {
            let next = repetitions(times, passes[0].secs);
            if next > times {
                times = next;
                passes.clear();
            }
            passes.push(self.pass(dispatches, times)?);
        }
        let median = median(&mut passes);
        Ok(Timing { secs: median.secs / times as f64, ..median })
    }
}

/// How often to repeat what took `secs` for `times` times.
fn repetitions(times: usize, secs: f64) -> usize {
    if secs > PASS_SECS / 2.0 {
        return times;
    }
    // A first guess may be far off: what is started costs as much as what is done.
    let factor = (PASS_SECS / secs.max(1e-9)).min(8.0);
    (times as f64 * factor).min(MOST_TIMES) as usize
}

fn median(passes: &mut [Timing]) -> Timing {
    passes.sort_by(|a, b| a.secs.total_cmp(&b.secs));
    passes[passes.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_work_is_repeated_until_it_can_be_timed_and_long_work_is_not() {
        assert_eq!(repetitions(1, 0.02), 1);
        assert_eq!(repetitions(1, 2.0), 1);
        assert_eq!(repetitions(4, 0.01), 12);
        assert_eq!(repetitions(1, 1e-5), 8);
        assert_eq!(repetitions(2000, 0.0), 2048);
        // It ends: once there, it stays.
        assert_eq!(repetitions(2048, 1e-3), 2048);
    }

    #[test]
    fn the_median_says_whose_clock_it_is_by() {
        let timing = |secs, is_by_device| Timing { secs, is_by_device };
        let mut passes = [timing(3.0, true), timing(1.0, true), timing(2.0, false)];
        assert_eq!(median(&mut passes), timing(2.0, false));
    }
}
