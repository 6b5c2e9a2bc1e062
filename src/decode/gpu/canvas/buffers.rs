//! A frame's tables on the device.

use super::atlas::buffer;
use super::lock::{LockFrame, LockUniform};
use super::{CanvasFrame, CanvasPainter};
use crate::picture::ColorTable;
use bytemuck::cast_slice;
use std::sync::Arc;
use wgpu::BufferUsages;

/// A frame's tables on the device, used again from frame to frame.
#[derive(Default)]
pub struct FrameBuffers {
    buffers: Vec<wgpu::Buffer>,
    colors: Option<Colors>,
    pub(super) group: Option<wgpu::BindGroup>,
    /// Of the lock, and how many workgroups of it there are (columns, rows).
    pub(super) lock: Option<(wgpu::BindGroup, [u32; 2])>,
}

/// Pixels of a workgroup of the lock along either axis.
const LOCK_GROUP: u32 = 8;

/// A picture's table of colours on the device, if it has one.
struct Colors {
    table: Option<Arc<ColorTable>>,
    buffer: wgpu::Buffer,
}

impl FrameBuffers {
    /// Takes in a frame, always for the same painter.
    pub fn load(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, painter: &CanvasPainter, frame: &CanvasFrame) {
        let uniforms = ([frame.uniform], [frame.lock.as_ref().map_or_else(LockUniform::default, |lock| lock.uniform)]);
        let tables = frame.lock.as_ref().map_or(&[][..], |lock| &lock.tables);
        let parts: [&[u8]; 6] = [
            cast_slice(&uniforms.0),
            cast_slice(&frame.slots),
            cast_slice(&frame.lines),
            cast_slice(&frame.turns),
            cast_slice(&uniforms.1),
            cast_slice(tables),
        ];
        self.make_room(device, parts.map(<[u8]>::len), frame.lock.as_ref().map_or(0, LockFrame::pixels));
        for (buffer, part) in self.buffers.iter().zip(parts) {
            queue.write_buffer(buffer, 0, part);
        }
        let colors = self.colors.take().filter(|colors| colors.is_of(frame.colors.as_ref()));
        if colors.is_none() {
            self.group = None;
        }
        let colors = colors.unwrap_or_else(|| Colors::new(device, queue, frame.colors.clone()));
        let [uniform, slots, lines, turns, lock, tables, differences, residuals] =
            std::array::from_fn(|i| &self.buffers[i]);
        let (source, cells) = (&painter.source.buffer, &painter.cells.buffer);
        if self.group.is_none() {
            let bound = [uniform, source, cells, slots, lines, turns, &colors.buffer, residuals];
            self.group = Some(bind(device, &painter.layout, &bound));
        }
        self.lock = frame.lock.as_ref().map(|frame| {
            let bound = [lock, source, cells, slots, tables, differences, residuals];
            let [.., width, height] = frame.uniform.rect.map(|side| side.div_ceil(LOCK_GROUP));
            (bind(device, &painter.lock.layout, &bound), [width, height])
        });
        self.colors = Some(colors);
    }

    /// Makes buffers for parts of so many bytes, and for a lock's differences and residuals, if those that are there are too
    /// small.
    fn make_room(&mut self, device: &wgpu::Device, parts: [usize; 6], locked: usize) {
        let lengths: Vec<usize> = parts.into_iter().chain([locked * size_of::<[u32; 2]>(); 2]).collect();
        let fits = self.buffers.len() == lengths.len()
            && self.buffers.iter().zip(&lengths).all(|(buffer, length)| *length as u64 <= buffer.size());
        if !fits {
            let usage = |i: usize| if [0, 4].contains(&i) { BufferUsages::UNIFORM } else { BufferUsages::STORAGE };
            let sized = |(i, length): (usize, usize)| buffer(device, room_for(length), usage(i));
            self.buffers = lengths.into_iter().enumerate().map(sized).collect();
            self.group = None;
        }
    }
}

fn bind(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, bound: &[&wgpu::Buffer]) -> wgpu::BindGroup {
    let entries: Vec<_> = (0..)
        .zip(bound)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

impl Colors {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue, table: Option<Arc<ColorTable>>) -> Self {
        let bytes: &[u8] = table.as_ref().map_or(&[], |table| cast_slice(&table.entries));
        let buffer = buffer(device, room_for(bytes.len()), BufferUsages::STORAGE);
        queue.write_buffer(&buffer, 0, bytes);
        Self { table, buffer }
    }

    fn is_of(&self, table: Option<&Arc<ColorTable>>) -> bool {
        match (&self.table, table) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

/// Room for a table that grows now and then.
fn room_for(bytes: usize) -> u64 {
    (bytes.max(256) as u64).next_power_of_two()
}
