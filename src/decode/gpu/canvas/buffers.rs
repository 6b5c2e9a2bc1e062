//! A frame's tables on the device.

use super::atlas::buffer;
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
}

/// A picture's table of colours on the device, if it has one.
struct Colors {
    table: Option<Arc<ColorTable>>,
    buffer: wgpu::Buffer,
}

impl FrameBuffers {
    /// Takes in a frame, always for the same painter.
    pub fn load(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, painter: &CanvasPainter, frame: &CanvasFrame) {
        let uniform = [frame.uniform];
        let parts: [&[u8]; 4] =
            [cast_slice(&uniform), cast_slice(&frame.slots), cast_slice(&frame.lines), cast_slice(&frame.turns)];
        let fits = self.buffers.len() == parts.len()
            && self.buffers.iter().zip(parts).all(|(buffer, part)| part.len() as u64 <= buffer.size());
        if !fits {
            let usage = |i: usize| if i == 0 { BufferUsages::UNIFORM } else { BufferUsages::STORAGE };
            let sized = |(i, part): (usize, &[u8])| buffer(device, room_for(part.len()), usage(i));
            self.buffers = parts.into_iter().enumerate().map(sized).collect();
            self.group = None;
        }
        for (buffer, part) in self.buffers.iter().zip(parts) {
            queue.write_buffer(buffer, 0, part);
        }
        let colors = self.colors.take().filter(|colors| colors.is_of(frame.colors.as_ref()));
        if colors.is_none() {
            self.group = None;
        }
        let colors = colors.unwrap_or_else(|| Colors::new(device, queue, frame.colors.clone()));
        if self.group.is_none() {
            let [uniform, slots, lines, turns] = [0, 1, 2, 3].map(|i| &self.buffers[i]);
            let (source, cells) = (&painter.source.buffer, &painter.cells.buffer);
            let bound = (0..).zip([uniform, source, cells, slots, lines, turns, &colors.buffer]);
            let entries: Vec<_> = bound
                .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &painter.layout, entries: &entries };
            self.group = Some(device.create_bind_group(&descriptor));
        }
        self.colors = Some(colors);
    }
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
