//! Whether the window's graphics device is still there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// How long work that was given to a device is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watches a device. What is wrong with it is told here instead of ending the process.
pub(super) struct DeviceWatch {
    device: wgpu::Device,
    /// Held, because a device whose queue is gone tells nothing any more: a panic drops the toolkit's.
    _queue: wgpu::Queue,
    losses: Receiver<String>,
}

impl DeviceWatch {
    /// Begins to watch.
    pub(super) fn of(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let (lost, losses) = sync_channel(1);
        let failed = lost.clone();
        // The first reason counts: what follows from it is dropped.
        device.set_device_lost_callback(move |_, reason| drop(lost.try_send(reason)));
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| drop(failed.try_send(error.to_string()))));
        Self { device: device.clone(), _queue: queue.clone(), losses }
    }

    /// Why the device cannot be used any more, if that is so. Never waits.
    pub(super) fn loss(&self) -> Option<String> {
        // A loss is told when the device is asked about its work.
        let outcome = self.device.poll(wgpu::PollType::Poll);
        let reason = self.losses.try_recv().ok().or_else(|| outcome.err().map(|error| error.to_string()))?;
        Some(if reason.is_empty() { "its driver gives no reason".into() } else { reason })
    }

    /// The same of a device that may have work left, which keeps it from telling its loss: waits for that.
    pub(super) fn loss_once_idle(&self) -> Option<String> {
        drop(self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(PATIENCE) }));
        self.loss()
    }
}
