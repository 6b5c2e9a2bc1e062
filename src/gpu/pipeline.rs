//! A compiled shader with its bindings.

use super::device::Gpu;
use super::error::GpuResult;
use super::pace::Span;
use bytemuck::Pod;
use std::num::NonZeroU64;

/// A compute pipeline: binding 0 is a uniform structure with a dynamic offset, then come storage buffers.
pub struct ComputePipeline {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    uniform_bytes: u64,
}

impl ComputePipeline {
    /// Compiles `text`, whose entry point is `main`. `writes` says of each storage buffer whether the shader writes it.
    /// The text must be one whose accesses a test has proved to stay inside its buffers: it runs unchecked.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::Unfit`] if the device's driver refuses it.
    pub fn new(gpu: &Gpu, label: &str, text: &str, uniform_bytes: usize, writes: &[bool]) -> GpuResult<Self> {
        gpu.attempt(|| Self::compile(gpu, label, trusted(gpu, label, text), uniform_bytes as u64, writes))
    }

    /// As [`Self::new`], with the driver's own checks of every access: for the proof.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(gpu: &Gpu, label: &str, text: &str, uniform_bytes: usize, writes: &[bool]) -> GpuResult<Self> {
        let module = |gpu: &Gpu| gpu.device.create_shader_module(descriptor(label, text));
        gpu.attempt(|| Self::compile(gpu, label, module(gpu), uniform_bytes as u64, writes))
    }

    fn compile(gpu: &Gpu, label: &str, module: wgpu::ShaderModule, uniform_bytes: u64, writes: &[bool]) -> Self {
        let device = &gpu.device;
        let entry = |binding: usize, ty, has_dynamic_offset, min_binding_size| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size },
            count: None,
        };
        let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true, NonZeroU64::new(uniform_bytes))];
        for (i, is_written) in writes.iter().enumerate() {
            entries.push(entry(i + 1, wgpu::BufferBindingType::Storage { read_only: !is_written }, false, None));
        }
        let layout =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(label),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Every number in workgroup memory is written before it is read.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        Self { pipeline, layout, uniform_bytes }
    }

    /// Binds a buffer of uniform structures and the storage buffers.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::Lost`].
    pub fn bind(&self, gpu: &Gpu, uniforms: &wgpu::Buffer, storage: &[&wgpu::Buffer]) -> GpuResult<wgpu::BindGroup> {
        let uniform = wgpu::BufferBinding { buffer: uniforms, offset: 0, size: NonZeroU64::new(self.uniform_bytes) };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(uniform) }];
        for (i, buffer) in storage.iter().enumerate() {
            entries.push(wgpu::BindGroupEntry { binding: i as u32 + 1, resource: buffer.as_entire_binding() });
        }
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &self.layout, entries: &entries };
        gpu.attempt(|| gpu.device.create_bind_group(&descriptor))
    }

    /// The spans of a band as dispatches along one axis, each with a uniform structure of its own.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::OutOfMemory`] or [`crate::gpu::GpuError::Lost`].
    pub fn dispatches<T: Pod>(
        &self,
        gpu: &Gpu,
        band: &[Span],
        uniform: impl Fn(&Span) -> T,
        storage: &[&wgpu::Buffer],
    ) -> GpuResult<Vec<Dispatch<'_>>> {
        let uniforms: Vec<T> = band.iter().map(uniform).collect();
        let (buffer, stride) = (gpu.uniforms(&uniforms)?, gpu.uniform_stride::<T>());
        let group = self.bind(gpu, &buffer, storage)?;
        let dispatch = |(i, span): (usize, &Span)| Dispatch {
            pipeline: self,
            group: group.clone(),
            offset: i * stride,
            groups: [span.groups(), 1],
        };
        Ok(band.iter().enumerate().map(dispatch).collect())
    }
}

/// A pipeline, carried out once.
pub struct Dispatch<'a> {
    /// What is carried out.
    pub pipeline: &'a ComputePipeline,
    /// On which buffers.
    pub group: wgpu::BindGroup,
    /// Where its uniform structure begins, in bytes.
    pub offset: usize,
    /// How many workgroups, along two axes.
    pub groups: [u32; 2],
}

impl Dispatch<'_> {
    /// Puts it into a pass.
    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline.pipeline);
        pass.set_bind_group(0, &self.group, &[self.offset as u32]);
        pass.dispatch_workgroups(self.groups[0], self.groups[1], 1);
    }
}

fn descriptor<'a>(label: &'a str, text: &'a str) -> wgpu::ShaderModuleDescriptor<'a> {
    wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(text.into()) }
}

/// A module without the checks that wgpu adds to every access and every loop.
#[expect(unsafe_code, reason = "the checks cost more than the work: every loop gets a second counter")]
fn trusted(gpu: &Gpu, label: &str, text: &str) -> wgpu::ShaderModule {
    // SAFETY: the texts are this crate's own. Their loops end (bounds are uniform or constant), and their accesses
    // stay inside the buffers: before a dispatch `ConvParams::check` verifies the largest index of each buffer and
    // `Tables::stay_in` and `FieldTables::new` those that samples name, the other buffers are made of the size that the same parameters say
    // (`Product::operands` refuses sizes that are not whole tiles), and `tests/gpu` compares with the checked modules.
    unsafe { gpu.device.create_shader_module_trusted(descriptor(label, text), wgpu::ShaderRuntimeChecks::unchecked()) }
}
