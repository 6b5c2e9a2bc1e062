//! A frame's tables on the device.

use super::atlas::buffer;
use super::{CanvasFrame, CanvasPainter};
use bytemuck::cast_slice;
use wgpu::BufferUsages;

/// A frame's tables on the device, used again from frame to frame.
#[derive(Default)]
pub struct FrameBuffers {
    buffers: Vec<wgpu::Buffer>,
    pub(super) group: Option<wgpu::BindGroup>,
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
        if self.group.is_none() {
            let [uniform, slots, lines, turns] = [0, 1, 2, 3].map(|i| &self.buffers[i]);
            let bound = (0..).zip([uniform, &painter.source.buffer, &painter.cells.buffer, slots, lines, turns]);
            let entries: Vec<_> = bound
                .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &painter.layout, entries: &entries };
            self.group = Some(device.create_bind_group(&descriptor));
        }
    }
}

/// Room for a table that grows now and then.
fn room_for(bytes: usize) -> u64 {
    (bytes.max(256) as u64).next_power_of_two()
}
