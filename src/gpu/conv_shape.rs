//! What a convolution's shader depends on: how much of it a workgroup and a thread compute, and from which memory.

use super::element_type::{ElementType, to_bytes};
use super::template::{THREAD_ROWS, expand_marks};
use super::variant::{Capacity, Variant};

/// Quads of channels that a workgroup computes at most.
const MOST_COLUMNS: usize = 64;

/// As [`MOST_COLUMNS`], where the weights of all of them lie in workgroup memory.
const MOST_SHARED_COLUMNS: usize = 32;

/// Groups of eight pixels that a workgroup computes at most.
const MOST_GROUPS: usize = 16;

impl Variant {
    /// This one, or one whose workgroups compute all of `outputs` channels, up to 256: what a convolution writes where it
    /// reads, no other workgroup may still have to read.
    #[must_use]
    pub fn in_place(self, outputs: usize) -> Self {
        if self == Self::Shared && outputs.div_ceil(4) > MOST_SHARED_COLUMNS { Self::Wide } else { self }
    }
}

/// What a convolution's text depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvShape {
    /// Quads of output channels that a workgroup computes.
    pub(super) columns: usize,
    /// Quads of output channels that a thread computes.
    lane_quads: usize,
    /// Quads of input channels in workgroup memory.
    pub(super) depth: usize,
    /// Output pixels that a workgroup computes.
    pub(super) rows: usize,
    pub(super) element: ElementType,
    variant: Variant,
    /// Its words in the text.
    words: &'static [&'static str],
}

impl ConvShape {
    /// For `inputs` and `outputs` channels on a device of `capacity`, in `variant` or what stands in for it there
    /// (`Capacity::resolve`).
    pub fn new(inputs: usize, outputs: usize, element: ElementType, variant: Variant, capacity: &Capacity) -> Self {
        let columns = |variant| {
            outputs.div_ceil(4).min(if variant == Variant::Shared { MOST_SHARED_COLUMNS } else { MOST_COLUMNS })
        };
        let (variant, lane_quads) = capacity.resolve(variant, columns(variant));
        let (columns, is_shared) = (columns(variant), variant == Variant::Shared);
        let lanes = columns / lane_quads;
        // Half of the workgroup memory, so that two workgroups find room at a time.
        let memory = capacity.bytes() / 2 / element.quad_bytes();
        let weights = |depth: usize| if is_shared { 4 * depth * columns } else { 0 };
        let depths: &[usize] = if is_shared { &[4, 2] } else { &[8, 4, 2] };
        let fits = |depth: &usize| inputs.div_ceil(4).is_multiple_of(*depth) && weights(*depth) <= memory / 2;
        let depth = depths.iter().copied().find(fits).unwrap_or(1);
        let by_memory = memory.saturating_sub(weights(depth)) / depth / THREAD_ROWS;
        let most = (capacity.threads() / lanes).min(by_memory).clamp(1, MOST_GROUPS);
        let (variant, groups) = capacity.whole_groups(variant, most, lanes);
        let words = variant.words(lanes, capacity);
        Self { columns, lane_quads, depth, rows: groups * THREAD_ROWS, element, variant, words }
    }

    /// How a thread computes.
    pub fn variant(self) -> Variant {
        self.variant
    }

    /// Quads from row to row of the weights, which are filled up with zeros.
    pub fn weight_stride(self, outputs: usize) -> usize {
        outputs.div_ceil(4).next_multiple_of(self.columns)
    }

    /// Invocations of a workgroup.
    pub(super) fn threads(self) -> usize {
        self.rows / THREAD_ROWS * self.columns / self.lane_quads
    }

    /// The shader.
    pub fn text(self) -> String {
        let threads = self.threads();
        let constants = [
            ("ROWS", self.rows),
            ("COLUMNS", self.columns),
            ("LANES", self.columns / self.lane_quads),
            ("DEPTH", self.depth),
            ("THREADS", threads),
        ];
        let loads = (self.rows * self.depth).div_ceil(threads);
        let weight_loads = (4 * self.depth * self.columns).div_ceil(threads);
        let marks = [("{e}", loads), ("{j}", self.lane_quads), ("{w}", weight_loads)];
        expand_marks(include_str!("../../shaders/convolution.wgsl"), self.element, &constants, &marks, self.words)
    }

    /// Weights `[taps, inputs, outputs]`, padded to whole quads, then the bias, in the device's element type.
    pub fn pack(self, weight: &[f32], bias: &[f32], inputs: usize) -> Vec<u8> {
        let (outputs, stride, depth) = (bias.len(), self.weight_stride(bias.len()) * 4, inputs.next_multiple_of(4));
        let taps = weight.len() / (inputs * outputs);
        let mut values = vec![0.0; (taps * depth + 1) * stride];
        for (row, from) in weight.chunks_exact(outputs).enumerate() {
            let at = (row / inputs * depth + row % inputs) * stride;
            values[at..at + outputs].copy_from_slice(from);
        }
        let at = taps * depth * stride;
        values[at..at + outputs].copy_from_slice(bias);
        to_bytes(&values, self.element).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::variant::Subgroups;
    use super::*;

    #[test]
    fn weights_are_packed_in_rows_of_whole_quads() {
        let capacity = Capacity::without_subgroups(wgpu::Limits::downlevel_defaults());
        let shape = ConvShape::new(2, 3, ElementType::F32, Variant::Narrow, &capacity);
        let packed = shape.pack(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[7.0, 8.0, 9.0], 2);
        let values: &[f32] = bytemuck::cast_slice(&packed);
        assert_eq!(values[..8], [1.0, 2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 0.0]);
        assert_eq!(values[16..], [7.0, 8.0, 9.0, 0.0]);
    }

    #[test]
    fn threads_take_two_quads_where_those_are_in_pairs() {
        let limits =
            wgpu::Limits { max_compute_workgroup_storage_size: 32 << 10, ..wgpu::Limits::downlevel_defaults() };
        let capacity = Capacity { limits, subgroups: Some(Subgroups { least: 32, most: 32 }) };
        let of = |outputs, variant| ConvShape::new(64, outputs, ElementType::F32, variant, &capacity);
        for variant in Variant::ALL {
            assert_eq!(of(64, variant).variant(), variant);
            assert_eq!(of(12, variant).variant(), Variant::Narrow);
            // Enough of them to hide the latency, as few as that takes.
            assert!((64..=256).contains(&of(64, variant).threads()) && of(256, variant).threads() == 256);
        }
        assert_eq!([of(64, Variant::Shared).columns, of(256, Variant::Shared).columns], [16, 32]);
    }
}
