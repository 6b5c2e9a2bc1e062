//! Memory on the device: in, and out again.

use super::device::Gpu;
use super::element_type::{ElementType, from_bytes};
use super::error::{GpuError, GpuResult};
use bytemuck::Pod;
use wgpu::BufferUsages;

impl Gpu {
    /// A buffer for shaders to read and write, of `bytes` (rounded up to a multiple of 4). What it holds is undefined.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`], also if it is larger than the device can bind.
    pub fn storage(&self, bytes: usize) -> GpuResult<wgpu::Buffer> {
        self.buffer(bytes, BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST)
    }

    /// A buffer for shaders to read that holds `values`.
    ///
    /// # Errors
    /// As [`Self::storage`].
    pub fn upload<T: Pod>(&self, values: &[T]) -> GpuResult<wgpu::Buffer> {
        let buffer = self.storage(size_of_val(values))?;
        self.write(&buffer, 0, values)?;
        Ok(buffer)
    }

    /// A buffer of one uniform structure after another, each at a multiple of [`Self::uniform_stride`].
    ///
    /// # Errors
    /// As [`Self::storage`].
    pub fn uniforms<T: Pod>(&self, values: &[T]) -> GpuResult<wgpu::Buffer> {
        let stride = self.uniform_stride::<T>();
        let mut bytes = vec![0; stride * values.len()];
        for (to, value) in bytes.chunks_exact_mut(stride).zip(values) {
            to[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(value));
        }
        let buffer = self.buffer(bytes.len(), BufferUsages::UNIFORM | BufferUsages::COPY_DST)?;
        self.write(&buffer, 0, &bytes)?;
        Ok(buffer)
    }

    /// Bytes between two uniform structures of a buffer.
    pub fn uniform_stride<T>(&self) -> usize {
        size_of::<T>().next_multiple_of(self.device.limits().min_uniform_buffer_offset_alignment as usize)
    }

    /// Writes `values` at byte `offset` of a buffer; both are multiples of 4 bytes.
    ///
    /// # Errors
    /// [`GpuError::Lost`] or [`GpuError::OutOfMemory`].
    pub fn write<T: Pod>(&self, buffer: &wgpu::Buffer, offset: usize, values: &[T]) -> GpuResult<()> {
        self.attempt(|| self.queue.write_buffer(buffer, offset as u64, bytemuck::cast_slice(values)))
    }

    /// Hands over what was written, and waits until the device has it.
    ///
    /// # Errors
    /// [`GpuError::Lost`].
    pub fn settle(&self) -> GpuResult<()> {
        let descriptor = wgpu::CommandEncoderDescriptor::default();
        let submission = self.attempt(|| self.submit(self.device.create_command_encoder(&descriptor)))?;
        self.wait_for(submission)
    }

    fn buffer(&self, bytes: usize, usage: BufferUsages) -> GpuResult<wgpu::Buffer> {
        self.check_alive()?;
        let size = bytes.max(16).next_multiple_of(4) as u64;
        let limits = self.device.limits();
        let most = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        if size > most.min(self.faults().largest_buffer()) {
            return Err(GpuError::OutOfMemory);
        }
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        self.attempt(|| self.device.create_buffer(&descriptor))
    }

    /// The `len` numbers from number `start` on; `start` numbers are a multiple of 4 bytes.
    ///
    /// # Errors
    /// [`GpuError::Lost`] or [`GpuError::OutOfMemory`].
    pub fn read(&self, buffer: &wgpu::Buffer, start: usize, len: usize, element: ElementType) -> GpuResult<Vec<f32>> {
        let (from, size) = (start * element.quad_bytes() / 4, len * element.quad_bytes() / 4);
        let staging = self.buffer(size, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
        let whole = staging.slice(..);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let submission = self.attempt(|| {
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(buffer, from as u64, &staging, 0, size.next_multiple_of(4) as u64);
            let submission = self.submit(encoder);
            whole.map_async(wgpu::MapMode::Read, move |result| {
                // Whoever asked waits for it, or has gone because the device is lost.
                let _ = tell.try_send(result.is_ok());
            });
            submission
        })?;
        self.wait_for(submission)?;
        if told.try_recv() != Ok(true) {
            return Err(GpuError::Lost("its memory cannot be read".into()));
        }
        let bytes = whole.get_mapped_range().map_err(|error| GpuError::Unfit(error.to_string()))?;
        let mut values = from_bytes(&bytes[..size], element);
        if self.faults().is_wrong() {
            for value in &mut values {
                *value += 0.25;
            }
        }
        Ok(values)
    }
}
