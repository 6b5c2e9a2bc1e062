//! A plain product of large matrices: how fast the device multiplies at all. Nothing but measurements uses it.

use super::device::Gpu;
use super::element_type::{ElementType, to_bytes};
use super::error::{GpuError, GpuResult};
use super::pipeline::{ComputePipeline, Dispatch};
use super::template::{THREAD_ROWS, expand};
use bytemuck::{Pod, Zeroable};

/// Bytes of a thread's part in a line of a tile, times the lines: what lies in workgroup memory at a time.
const LINE_BYTES: usize = 128;

/// The parameters of `shaders/product.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
struct ProductParams {
    rows: u32,
    columns: u32,
    depth: u32,
}

/// What the shader's text depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ProductShape {
    /// Threads along a side of a workgroup's square.
    side: usize,
    element: ElementType,
}

impl ProductShape {
    fn new(element: ElementType, limits: &wgpu::Limits) -> GpuResult<Self> {
        match limits.max_compute_invocations_per_workgroup {
            256.. => Ok(Self { side: 16, element }),
            64.. => Ok(Self { side: 8, element }),
            _ => Err(GpuError::Unfit("its workgroups are too small for a product".into())),
        }
    }

    /// Numbers along a side of a workgroup's square: sides of products are multiples of it.
    fn grain(self) -> usize {
        self.side * THREAD_ROWS
    }

    /// Lines of `k` in workgroup memory.
    fn depth(self) -> usize {
        LINE_BYTES / self.element.quad_bytes()
    }

    fn text(self) -> String {
        let (threads, tile) = (self.side * self.side, self.grain() / 4);
        let constants = [("SIDE", self.side), ("TILE", tile), ("DEPTH", self.depth()), ("THREADS", threads)];
        expand(include_str!("../../shaders/product.wgsl"), self.element, &constants, self.depth() * tile / threads)
    }
}

/// The compiled product.
pub struct Product {
    shape: ProductShape,
    pipeline: ComputePipeline,
}

/// Two matrices on the device, to be multiplied.
pub struct Operands<'a> {
    product: &'a Product,
    group: wgpu::BindGroup,
    result: wgpu::Buffer,
    sizes: [usize; 3],
}

impl Product {
    /// Compiles it for values of type `element`; sums of 16 products of 16-bit floats are 16-bit too, all beyond 32-bit.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device has not the type, is too small or refuses the shader.
    pub fn new(gpu: &Gpu, element: ElementType) -> GpuResult<Self> {
        Self::compile(gpu, element, ComputePipeline::new)
    }

    /// As [`Self::new`], with every access checked by the driver.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(gpu: &Gpu, element: ElementType) -> GpuResult<Self> {
        Self::compile(gpu, element, ComputePipeline::checked)
    }

    fn compile(
        gpu: &Gpu,
        element: ElementType,
        pipeline: fn(&Gpu, &str, &str, usize, &[bool]) -> GpuResult<ComputePipeline>,
    ) -> GpuResult<Self> {
        if element == ElementType::F16 && !gpu.has_f16() {
            return Err(GpuError::Unfit("it does not compute with 16-bit floats".into()));
        }
        let shape = ProductShape::new(element, &gpu.limits())?;
        let writes = [false, false, true];
        let pipeline = pipeline(gpu, "product", &shape.text(), size_of::<ProductParams>(), &writes)?;
        Ok(Self { shape, pipeline })
    }

    /// Puts `left`, `[depth, rows]`, and `right`, `[depth, columns]`, on the device. `rows` and `columns` are multiples of
    /// 128, `depth` is one of 16.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the sizes are others, [`GpuError::OutOfMemory`], [`GpuError::Lost`].
    pub fn operands(&self, gpu: &Gpu, left: &[f32], right: &[f32], sizes: [usize; 3]) -> GpuResult<Operands<'_>> {
        let [rows, columns, depth] = sizes;
        let is_whole = rows.is_multiple_of(self.shape.grain()) && columns.is_multiple_of(self.shape.grain());
        let is_full = left.len() == depth * rows && right.len() == depth * columns;
        // What the shader reads and writes, it reads and writes by these numbers alone.
        if !is_whole || !is_full || !depth.is_multiple_of(self.shape.depth()) || rows * columns * depth == 0 {
            return Err(GpuError::Unfit(format!("a product of {rows}×{columns}×{depth} does not fit its shader")));
        }
        let params = ProductParams { rows: rows as u32 / 4, columns: columns as u32 / 4, depth: depth as u32 };
        let uniforms = gpu.uniforms(&[params])?;
        let upload = |values: &[f32]| gpu.upload(&to_bytes(values, self.shape.element));
        let (left, right) = (upload(left)?, upload(right)?);
        let result = gpu.storage(rows * columns * size_of::<f32>())?;
        let group = self.pipeline.bind(gpu, &uniforms, &[&left, &right, &result])?;
        Ok(Operands { product: self, group, result, sizes })
    }
}

impl Operands<'_> {
    /// The product, once.
    pub fn dispatch(&self) -> Dispatch<'_> {
        let [rows, columns, _] = self.sizes.map(|size| (size / self.product.shape.grain()) as u32);
        Dispatch { pipeline: &self.product.pipeline, group: self.group.clone(), offset: 0, groups: [rows, columns] }
    }

    /// Multiply-adds of the product.
    pub fn macs(&self) -> f64 {
        self.sizes.iter().map(|size| *size as f64).product()
    }

    /// What was computed, `[rows, columns]`.
    ///
    /// # Errors
    /// [`GpuError::Lost`] or [`GpuError::OutOfMemory`].
    pub fn result(&self, gpu: &Gpu) -> GpuResult<Vec<f32>> {
        gpu.read(&self.result, 0, self.sizes[0] * self.sizes[1], ElementType::F32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reflect::{assert_shader, offsets, workgroup_bytes};
    use super::*;

    #[test]
    fn the_shader_is_valid_and_keeps_to_its_memory() {
        let least = wgpu::Limits::downlevel_defaults();
        let small = wgpu::Limits { max_compute_invocations_per_workgroup: 128, ..least.clone() };
        for element in [ElementType::F32, ElementType::F16] {
            for (limits, grain) in [(&least, 128), (&small, 64)] {
                let shape = ProductShape::new(element, limits).unwrap();
                assert_eq!(shape.grain(), grain);
                assert!(16_usize.is_multiple_of(shape.depth()));
                assert_shader(&shape.text(), &offsets!(ProductParams: rows columns depth), size_of::<ProductParams>());
                assert!(workgroup_bytes(&shape.text()) <= least.max_compute_workgroup_storage_size as usize);
            }
        }
        let tiny = wgpu::Limits { max_compute_invocations_per_workgroup: 32, ..least };
        assert!(matches!(ProductShape::new(ElementType::F32, &tiny), Err(GpuError::Unfit(_))));
    }
}
