//! Work that goes to a device in bands: while one runs, the next is put together.

use super::clock::{Clock, GpuTimer};
use super::device::Gpu;
use super::error::{GpuResult, check};
use super::pace::{Pace, Span};
use super::pipeline::Dispatch;
use super::stopwatch::Timing;
use crate::task::Interrupt;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A band that was handed over and may still run.
struct Running {
    submission: wgpu::SubmissionIndex,
    start: Instant,
    timer: Option<GpuTimer>,
    dispatches: usize,
}

impl Gpu {
    /// Carries out `work` in order, in bands by `pace`. `prepare` makes each band's dispatches, while the band before it
    /// runs; every dispatch sees what those before it have written.
    ///
    /// # Errors
    /// [`super::GpuError::Cancelled`] between two bands, [`super::GpuError::Lost`], and those of `prepare`.
    pub fn carry_out<'a>(
        &self,
        mut work: Vec<Span>,
        pace: &Pace,
        interrupt: Interrupt<'_>,
        prepare: impl Fn(&[Span]) -> GpuResult<Vec<Dispatch<'a>>>,
    ) -> GpuResult<()> {
        let mut before: Option<(Running, f64)> = None;
        while !work.is_empty() {
            check(interrupt)?;
            let (band, macs) = pace.take(&mut work);
            let running = self.start(&prepare(&band)?, 1)?;
            if let Some((running, macs)) = before.replace((running, macs)) {
                pace.record(macs, self.finish(running)?.secs);
            }
        }
        if let Some((running, macs)) = before {
            pace.record(macs, self.finish(running)?.secs);
        }
        Ok(())
    }

    /// Hands `band` over, as often as `times` says.
    fn start(&self, band: &[Dispatch<'_>], times: usize) -> GpuResult<Running> {
        self.check_alive()?;
        let timer = self.clock().map(|clock| self.timer(clock)).transpose()?;
        let start = Instant::now();
        let submission = self.attempt(|| {
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let timestamp_writes = timer.as_ref().map(GpuTimer::writes);
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes });
            for dispatch in (0..times).flat_map(|_| band) {
                dispatch.record(&mut pass);
            }
            drop(pass);
            if let Some(timer) = &timer {
                timer.record(&mut encoder);
            }
            let submission = self.submit(encoder);
            if let Some(timer) = &timer {
                timer.request();
            }
            submission
        })?;
        Ok(Running { submission, start, timer, dispatches: times * band.len() })
    }

    /// A timer, for one pass at a time.
    ///
    /// # Errors
    /// [`super::GpuError::OutOfMemory`] or [`super::GpuError::Lost`].
    fn timer(&self, clock: &Clock) -> GpuResult<GpuTimer> {
        clock.idle().map_or_else(|| self.attempt(|| GpuTimer::new(&self.device)), Ok)
    }

    /// Carries out `dispatches` in order, as often as `times` says, in one pass, and waits for it.
    ///
    /// # Errors
    /// [`super::GpuError::Lost`] or [`super::GpuError::OutOfMemory`].
    pub(super) fn pass(&self, dispatches: &[Dispatch<'_>], times: usize) -> GpuResult<Timing> {
        self.finish(self.start(dispatches, times)?)
    }

    /// Waits for a band. Returns how long it took: by the device's clock if that can be believed, else since it was
    /// handed over, what it waited for included.
    fn finish(&self, running: Running) -> GpuResult<Timing> {
        self.wait_for(running.submission)?;
        self.dispatches.fetch_add(running.dispatches as u64, Ordering::Relaxed);
        let wall_secs = running.start.elapsed().as_secs_f64();
        let times = self.clock().zip(running.timer);
        let own_secs = times.and_then(|(clock, timer)| clock.read(timer, wall_secs));
        if own_secs.is_some() {
            self.timed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Timing { secs: own_secs.unwrap_or(wall_secs), is_by_device: own_secs.is_some() })
    }
}
