//! What the canvas's shader reads of a feature tile, packed so that every device can read it: amplitudes in half precision,
//! in pairs of words.

use crate::decode::FieldParams;
use crate::decode::gpu::field::FieldShape;
use crate::feature::FeatureTile;
use crate::geometry::{FEATURE_TILE, PixelRect};
use crate::gpu::ElementType;
use crate::kernel::{Lhs, Matrix};
use half::f16;
use half::slice::HalfFloatSliceExt;

/// Cells of a tile.
const CELLS: usize = FEATURE_TILE * FEATURE_TILE;

/// A feature tile's cells (`shaders/canvas.wgsl`), as many as a whole tile has: those beyond a smaller one are zero.
pub struct FieldCells {
    /// The source pixels that it has.
    pub rect: PixelRect,
    /// `[FEATURE_TILE, FEATURE_TILE, stride]` pairs of words.
    pub(super) words: Vec<[u32; 2]>,
}

impl FieldCells {
    /// Bytes of a tile, for a shape.
    pub(super) fn bytes(shape: FieldShape) -> usize {
        CELLS * stride(shape) * size_of::<[u32; 2]>()
    }

    /// Its place among the feature tiles (column, row).
    pub fn place(&self) -> (usize, usize) {
        (self.rect.x / FEATURE_TILE, self.rect.y / FEATURE_TILE)
    }

    /// As they lie in a slot.
    pub fn as_bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }
}

/// Pairs of words of a cell.
pub(super) fn stride(shape: FieldShape) -> usize {
    shape.amplitudes()
}

/// Latent codes to cells.
pub struct FieldPacker {
    shape: FieldShape,
    amplitudes: Matrix,
}

impl FieldPacker {
    /// For a model's field.
    pub fn new(params: &FieldParams) -> Self {
        let (shape, channels) = (FieldShape::new(&params.config, ElementType::F32), params.channels());
        let order = shape.order(&params.config);
        let bias: Vec<f32> = order.iter().map(|row| row.map_or(0.0, |row| params.bias[row])).collect();
        let at = |k: usize, o: usize| order[o].map_or(0.0, |row| params.weight[row * channels + k]);
        Self { shape, amplitudes: Matrix::new(channels, &bias, at) }
    }

    /// The cells of a tile. On this thread.
    ///
    /// # Panics
    /// If the tile is none of this model.
    pub fn pack(&self, features: &FeatureTile) -> FieldCells {
        let (rect, channels, outputs) = (features.rect(), features.channels(), self.amplitudes.outputs());
        let mut codes = vec![0.0; rect.area() * channels];
        features.read(0, &mut codes);
        let mut amplitudes = vec![0.0; rect.area() * outputs];
        self.amplitudes.multiply(Lhs::rows(&codes, channels), rect.area(), false, &mut amplitudes);
        let mut words = vec![[0; 2]; CELLS * stride(self.shape)];
        let rows = words.chunks_exact_mut(FEATURE_TILE * stride(self.shape));
        for (row, amplitudes) in rows.zip(amplitudes.chunks_exact(rect.width * outputs)) {
            let halves: &mut [f16] = bytemuck::cast_slice_mut(row);
            halves[..amplitudes.len()].convert_from_f32_slice(amplitudes);
        }
        FieldCells { rect, words }
    }
}
