//! Failures on purpose, for tests of what happens then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Switches that make a device fail. All are off in a new device.
#[derive(Debug)]
pub struct Faults {
    submissions_left: AtomicU64,
    largest_buffer: AtomicU64,
    is_wrong: AtomicBool,
    is_without_clock: AtomicBool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            submissions_left: AtomicU64::new(u64::MAX),
            largest_buffer: AtomicU64::new(u64::MAX),
            is_wrong: AtomicBool::new(false),
            is_without_clock: AtomicBool::new(false),
        }
    }
}

impl Faults {
    /// The device is destroyed after this many more submissions.
    pub fn lose_after(&self, submissions: u64) {
        self.submissions_left.store(submissions, Ordering::Relaxed);
    }

    /// Larger buffers find no memory.
    pub fn limit_buffers(&self, bytes: u64) {
        self.largest_buffer.store(bytes, Ordering::Relaxed);
    }

    /// Whether results are off from now on.
    pub fn compute_wrongly(&self, is_wrong: bool) {
        self.is_wrong.store(is_wrong, Ordering::Relaxed);
    }

    /// It has no clock from now on.
    pub fn stop_clock(&self) {
        self.is_without_clock.store(true, Ordering::Relaxed);
    }

    /// Counts a submission; whether the device is to be destroyed now.
    pub(super) fn is_time_to_fail(&self) -> bool {
        let left = self.submissions_left.load(Ordering::Relaxed);
        if left != u64::MAX {
            self.submissions_left.store(left.saturating_sub(1), Ordering::Relaxed);
        }
        left == 0
    }

    pub(super) fn largest_buffer(&self) -> u64 {
        self.largest_buffer.load(Ordering::Relaxed)
    }

    pub(super) fn is_without_clock(&self) -> bool {
        self.is_without_clock.load(Ordering::Relaxed)
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.is_wrong.load(Ordering::Relaxed)
    }
}
