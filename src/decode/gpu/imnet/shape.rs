//! What the shader's text depends on: the model's widths and the device's limits.

use crate::decode::DecodeParams;
use crate::gpu::{Capacity, ElementType, GpuError, GpuResult, THREAD_ROWS, Variant, expand_marks, to_bytes};
use crate::kernel::Layer;

/// Sizes of `shaders/decode.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DecodeShape {
    /// Quads of the widest hidden layer: all are filled up to it.
    pub(super) columns: usize,
    /// Quads that a thread computes.
    lane_quads: usize,
    /// Queries of a workgroup.
    pub(super) rows: usize,
    /// Hidden layers after the first.
    pub(super) layers: usize,
    pub(super) element: ElementType,
    pub(super) variant: Variant,
    /// The variant's words in the text.
    words: &'static [&'static str],
}

impl DecodeShape {
    /// For a model on a device of `capacity`, in `variant` or what stands in for it there ([`Capacity::resolve`]): as many
    /// rows as its workgroup memory and invocations hold.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if they do not hold eight.
    pub(super) fn new(
        params: &DecodeParams,
        element: ElementType,
        variant: Variant,
        capacity: &Capacity,
    ) -> GpuResult<Self> {
        let hidden = params.mlp.hidden();
        let widest = hidden.iter().map(Layer::outputs).fold(params.width(), usize::max);
        let columns = widest.div_ceil(4);
        let (variant, lane_quads) = capacity.resolve(variant, columns);
        let lanes = columns / lane_quads;
        let sums = if element == ElementType::F16 { ElementType::F32.quad_bytes() } else { 0 };
        let row_bytes = columns * element.quad_bytes() + sums;
        let weight_bytes = |variant| match variant {
            Variant::Shared => 4 * unroll(columns, variant) * columns * element.quad_bytes(),
            _ => 0,
        };
        let groups = |variant| {
            let by_memory = capacity.bytes().saturating_sub(weight_bytes(variant)) / (THREAD_ROWS * row_bytes);
            by_memory.min(capacity.threads() / lanes).min(16)
        };
        // Where the weights leave no room for eight queries, they stay where they are.
        let variant = if groups(variant) == 0 && variant == Variant::Shared { Variant::Wide } else { variant };
        match capacity.whole_groups(variant, groups(variant), lanes) {
            (_, 0) => Err(GpuError::Unfit(format!("its workgroups are too small for layers of {widest} values"))),
            (variant, groups) => {
                let words = variant.words(lanes, capacity);
                let (rows, layers) = (groups * THREAD_ROWS, hidden.len());
                Ok(Self { columns, lane_quads, rows, layers, element, variant, words })
            }
        }
    }

    /// Invocations of a workgroup.
    pub(super) fn threads(self) -> usize {
        self.rows / THREAD_ROWS * self.columns / self.lane_quads
    }

    /// The shader.
    pub(super) fn text(self) -> String {
        let (threads, unroll) = (self.threads(), unroll(self.columns, self.variant));
        let constants = [
            ("ROWS", self.rows),
            ("COLUMNS", self.columns),
            ("LANES", self.columns / self.lane_quads),
            ("THREADS", threads),
            ("LAYERS", self.layers),
            ("UNROLL", unroll),
        ];
        let marks = [("{j}", self.lane_quads), ("{w}", (4 * unroll * self.columns).div_ceil(threads))];
        let text = include_str!("../../../../shaders/decode.wgsl");
        expand_marks(text, self.element, &constants, &marks, self.words)
    }

    /// Multiply-adds of a query.
    pub(super) fn macs(self) -> f64 {
        let width = 4 * self.columns;
        (self.layers * width * width + 5 * width) as f64
    }

    /// Quads in front of the codes: the first layer's bias and `rel_coord` columns, hidden biases, the last bias.
    pub(super) fn vector_quads(self) -> usize {
        (3 + self.layers) * self.columns + 1
    }

    /// The weights of all layers but the first, as the shader reads them.
    pub(super) fn pack_weights(self, params: &DecodeParams) -> Vec<u8> {
        let width = 4 * self.columns;
        let mut values = Vec::with_capacity((self.layers * width + 3) * width);
        for layer in params.mlp.hidden() {
            let start = values.len();
            values.resize(start + width * width, 0.0);
            let rows = values[start..].chunks_exact_mut(width);
            for (to, from) in rows.zip(layer.weight.chunks_exact(layer.outputs())) {
                to[..from.len()].copy_from_slice(from);
            }
        }
        for row in params.mlp.last().0 {
            values.extend(self.padded(row));
        }
        to_bytes(&values, self.element).into_owned()
    }

    /// The vectors in front of the codes, for samples of `cell` (y, x) source pixels.
    pub(super) fn pack_vectors(self, params: &DecodeParams, cell: [f64; 2]) -> Vec<f32> {
        let [rel_y, rel_x] = &params.rel_coord;
        let hidden = params.mlp.hidden().iter().map(|layer| &layer.bias);
        let mut values: Vec<f32> = self.padded(&params.bias_for(cell)).collect();
        for vector in [rel_y, rel_x].into_iter().chain(hidden) {
            values.extend(self.padded(vector));
        }
        values.extend(params.mlp.last().1);
        values.push(0.0);
        values
    }

    fn padded(self, values: &[f32]) -> impl Iterator<Item = f32> {
        values.iter().copied().chain(std::iter::repeat(0.0)).take(4 * self.columns)
    }
}

/// Quads of a layer's inputs between two looks at the loop: those whose sums are half precision, and whose weights lie in
/// workgroup memory at a time where they do.
fn unroll(columns: usize, variant: Variant) -> usize {
    match variant {
        Variant::Shared if columns.is_multiple_of(2) => 2,
        _ if columns.is_multiple_of(4) && variant != Variant::Shared => 4,
        _ => 1,
    }
}
