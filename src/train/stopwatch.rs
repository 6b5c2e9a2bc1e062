//! Time that work takes, pauses left out.

use crate::task::Gate;
use std::time::{Duration, Instant};

/// Time that passes while a gate is not paused.
pub(super) struct Stopwatch {
    start: Instant,
    /// What the gate had been paused before.
    paused: Duration,
    gate: Gate,
}

impl Stopwatch {
    pub(super) fn start(gate: &Gate) -> Self {
        Self { start: Instant::now(), paused: gate.paused_for(), gate: gate.clone() }
    }

    pub(super) fn secs(&self) -> f64 {
        let paused = self.gate.paused_for().saturating_sub(self.paused);
        self.start.elapsed().saturating_sub(paused).as_secs_f64()
    }
}
