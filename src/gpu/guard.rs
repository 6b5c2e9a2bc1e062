//! What a device says about commands, turned into errors.

use super::adapter::ready;
use super::error::{GpuError, GpuResult};

/// Runs `work` on a device, and turns what the device says about it into failures.
///
/// # Errors
/// [`GpuError::OutOfMemory`], or [`GpuError::Unfit`] for what it refuses.
pub fn guarded<T>(device: &wgpu::Device, work: impl FnOnce() -> T) -> GpuResult<T> {
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
    let value = work();
    let (internal, validation, memory) = (ready(internal.pop()), ready(validation.pop()), ready(memory.pop()));
    match (memory, validation.or(internal)) {
        (Some(_), _) => Err(GpuError::OutOfMemory),
        (_, Some(error)) => Err(GpuError::Unfit(format!("it refuses a command: {error}"))),
        (None, None) => Ok(value),
    }
}

/// Whether a device is still there: whether it lends a buffer. Nothing is given to it to be done.
pub fn is_alive(device: &wgpu::Device) -> bool {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("asked for"),
        size: wgpu::MAP_ALIGNMENT,
        usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    buffer.map_async(wgpu::MapMode::Write, .., move |lent| {
        let _ = sender.try_send(lent.is_ok());
    });
    let outcome = device.poll(wgpu::PollType::Poll);
    outcome.is_ok() && receiver.try_recv() == Ok(true)
}
