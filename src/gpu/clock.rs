//! How long a compute pass took by the device's own clock, where it has one.
//!
//! The wall's clock also counts what a band waits for: the one before it, the window's frames, other programs. Bands
//! sized by it are smaller than they may be. Devices' clocks are not trusted blindly: some count nothing, some wrap.

use std::sync::{Mutex, PoisonError};
use wgpu::{BufferUsages, Features};

/// The beginning and the end of a pass, in bytes.
const TIMES_BYTES: u64 = 16;

/// What a person has waited for this long has taken long, in seconds, whatever the device says.
const LONGEST_SECS: f64 = 0.25;

/// The device's clock.
pub(super) struct Clock {
    /// Nanoseconds of a tick.
    period: f32,
    /// Those that nobody uses at present.
    idle: Mutex<Vec<GpuTimer>>,
}

/// Two moments of a pass on the device, and the memory by which they are read.
pub(super) struct GpuTimer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    staging: wgpu::Buffer,
}

impl Clock {
    /// The features that it needs.
    pub(super) const FEATURES: Features = Features::TIMESTAMP_QUERY;

    /// The clock of a device, if it was opened with one.
    pub(super) fn of(device: &wgpu::Device, queue: &wgpu::Queue) -> Option<Self> {
        let has_clock = device.features().contains(Self::FEATURES);
        has_clock.then(|| Self { period: queue.get_timestamp_period(), idle: Mutex::default() })
    }

    /// A timer that nobody uses at present, if there is one.
    pub(super) fn idle(&self) -> Option<GpuTimer> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Takes back a timer whose pass has ended: the seconds that it took, if they can be believed, `wall_secs` after
    /// it was submitted.
    pub(super) fn read(&self, timer: GpuTimer, wall_secs: f64) -> Option<f64> {
        let times = timer.times()?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(timer);
        believable_secs(times, self.period, wall_secs)
    }
}

impl GpuTimer {
    /// One more.
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let buffer = |usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("times"),
                size: TIMES_BYTES,
                usage,
                mapped_at_creation: false,
            })
        };
        Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("times"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer(BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC),
            staging: buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST),
        }
    }

    /// Where a pass writes its times.
    pub(super) fn writes(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }
    }

    /// Has the times brought back, after the pass.
    pub(super) fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.resolve_query_set(&self.queries, 0..2, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, TIMES_BYTES);
    }

    /// Requests them, once the commands are submitted.
    pub(super) fn request(&self) {
        // Whether that works is seen when they are read.
        self.staging.slice(..).map_async(wgpu::MapMode::Read, |_| {});
    }

    fn times(&self) -> Option<[u64; 2]> {
        let bytes: [u8; TIMES_BYTES as usize] = (&*self.staging.slice(..).get_mapped_range().ok()?).try_into().ok()?;
        self.staging.unmap();
        Some(bytemuck::cast(bytes))
    }
}

/// Seconds between two moments in ticks of `period` nanoseconds, unless that is nonsense: no time at all, a clock that
/// has wrapped, more than has passed on the wall, or next to nothing while a person has waited.
fn believable_secs([begin, end]: [u64; 2], period: f32, wall_secs: f64) -> Option<f64> {
    let secs = end.checked_sub(begin)? as f64 * f64::from(period) * 1e-9;
    (secs > 0.0 && secs <= wall_secs && wall_secs <= LONGEST_SECS).then_some(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_not_believed() {
        let secs = |times, period| believable_secs(times, period, 0.01);
        assert_eq!(secs([1_000, 5_001_000], 1.0), Some(0.005));
        assert_eq!(secs([1_000, 51_000], 40.0), Some(0.002));
        for (times, period) in [
            // Nothing is counted.
            ([0, 0], 1.0),
            ([7, 7], 1.0),
            ([0, 1_000], 0.0),
            // Out of order, or wrapped in between.
            ([5_001_000, 1_000], 1.0),
            ([(1 << 36) - 1_000, 4_000_000], 1.0),
            ([u64::MAX, 5], 1.0),
            // More than has passed, or no number.
            ([0, 11_000_000], 1.0),
            ([0, u64::MAX], 1.0),
            ([0, 1_000], f32::NAN),
            ([0, 1_000], -1.0),
            ([0, 1_000], f32::INFINITY),
        ] {
            assert_eq!(secs(times, period), None, "{times:?} of {period} ns");
        }
        // A device that says 10 µs while the wall's clock says a second.
        assert_eq!(believable_secs([0, 10_000], 1.0, 1.0), None);
    }
}
