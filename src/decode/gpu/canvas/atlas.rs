//! Slots of one size in a buffer of a device.

use crate::gpu::{GpuError, GpuResult, guarded};
use wgpu::BufferUsages;

/// What a shader counts in 32 bits: pairs of words.
const MOST_BYTES: u64 = 1 << 34;

/// Slots on a device, which tiles are written into once and drawn from in every frame.
pub struct Atlas {
    slots: usize,
    slot_bytes: usize,
    pub(super) buffer: wgpu::Buffer,
}

impl Atlas {
    /// As many slots of `slot_bytes` (a multiple of 4) as fit `bytes` and the device's limits.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device has no room for a single one, [`GpuError::OutOfMemory`].
    pub(super) fn new(device: &wgpu::Device, slot_bytes: usize, bytes: u64) -> GpuResult<Self> {
        let limits = device.limits();
        let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(bytes).min(MOST_BYTES);
        let slots = most / slot_bytes as u64;
        if slots == 0 {
            return Err(GpuError::Unfit("its buffers have no room for a tile of the canvas".into()));
        }
        let buffer = guarded(device, || buffer(device, slots * slot_bytes as u64, BufferUsages::STORAGE))?;
        Ok(Self { slots: slots as usize, slot_bytes, buffer })
    }

    /// How many tiles it holds.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Bytes of a slot.
    pub fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    /// Writes a tile into a slot; what was there is gone.
    ///
    /// # Panics
    /// If there is no such slot, or the tile is of another size.
    pub fn write(&self, queue: &wgpu::Queue, slot: u32, tile: &[u8]) {
        assert!((slot as usize) < self.slots && tile.len() == self.slot_bytes, "no such slot");
        queue.write_buffer(&self.buffer, u64::from(slot) * self.slot_bytes as u64, tile);
    }
}

pub(super) fn buffer(device: &wgpu::Device, size: u64, usage: BufferUsages) -> wgpu::Buffer {
    let usage = usage | BufferUsages::COPY_DST;
    device.create_buffer(&wgpu::BufferDescriptor { label: Some("canvas"), size, usage, mapped_at_creation: false })
}
