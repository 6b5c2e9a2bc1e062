//! What a frame's lock is computed from (`shaders/lock.wgsl`): tables of rows and columns.

use super::view::CanvasView;
use crate::decode::FieldParams;
use crate::decode::axis::neighbours;
use crate::geometry::PixelRect;
use crate::picture::resample::{BackProjection, mip_taps};
use crate::weights::FieldConfig;
use bytemuck::{Pod, Zeroable};

/// Cells along an axis that a source pixel's shrunk field is made of, the pixel's own in their middle.
const SPAN: usize = 5;

/// Source pixels along an axis that the bicubic picture, shrunk, is made of there.
const TAPS: usize = 7;

/// Rows and columns at each side of the picture that its edge changes something for.
const EDGE: usize = 3;

/// Source pixels of a frame that are locked, at most; of more it is shown as the network has it, until tiles come. They take
/// 16 MiB on the device and three billion operations, and are what a canvas of 1280×800 shows above ×1, and one of 3840×2160
/// from ×2.9 on.
const MOST_PIXELS: usize = 1 << 20;

/// The parameters of `shaders/lock.wgsl`, where each is explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct LockUniform {
    pub(super) rect: [u32; 4],
    tiles: [u32; 4],
    field_tiles: [u32; 4],
    size: [u32; 2],
    kinds: [u32; 2],
    deviation: [f32; 3],
    field_slots: u32,
    inverse: [[f32; 4]; 2],
    columns: u32,
    padding: [u32; 3],
}

/// A frame's lock, ready for the device.
pub(super) struct LockFrame {
    pub(super) uniform: LockUniform,
    pub(super) tables: Vec<f32>,
}

impl LockFrame {
    /// Of a view; none where there is no field, or too much of it. `tiles` of the source and of the field are those that the
    /// frame knows, the latter from `field_slots` on.
    pub(super) fn new(
        params: &FieldParams,
        view: &CanvasView,
        ([tiles, field_tiles], field_slots): ([[u32; 4]; 2], u32),
    ) -> Option<Self> {
        let CanvasView { grid, picture, .. } = view;
        let cell = [grid.y.pitch, grid.x.pitch];
        let projection = BackProjection::new(cell, *picture);
        let rect = projection.compares(grid);
        if view.lock == 0.0 || view.level > 0 || rect.area() > MOST_PIXELS {
            return None;
        }
        let sides = [picture.height, picture.width];
        let presence = FieldConfig::presence(cell);
        let [mut tables, columns] = [(0, presence), (1, 1.0)].map(|(axis, presence)| {
            let side = Side { axis, n: sides[axis], cell: cell[axis], presence };
            kinds(side.n).flat_map(|i| side.table(params, &projection, i)).collect::<Vec<f32>>()
        });
        let start = tables.len() / 4;
        tables.extend(columns);
        let inverse = |axis: usize| {
            let [own, next, outermost] = projection.inverse(axis);
            [own, next, outermost, 0.0]
        };
        let uniform = LockUniform {
            rect: rect_of(rect),
            tiles,
            field_tiles,
            size: [picture.width, picture.height].map(|side| side as u32),
            kinds: [picture.width, picture.height].map(|n| kinds(n).count() as u32),
            deviation: view.deviation,
            field_slots,
            inverse: [inverse(1), inverse(0)],
            columns: start as u32,
            ..LockUniform::default()
        };
        Some(Self { uniform, tables })
    }

    /// How many source pixels have a residual.
    pub(super) fn pixels(&self) -> usize {
        let [.., width, height] = self.uniform.rect.map(|side| side as usize);
        width * height
    }
}

fn rect_of(rect: PixelRect) -> [u32; 4] {
    [rect.x, rect.y, rect.width, rect.height].map(|v| v as u32)
}

/// A row or column of each kind, of `n`.
fn kinds(n: usize) -> impl Iterator<Item = usize> {
    let count = n.min(2 * EDGE + 1);
    (0..count).map(move |kind| if kind <= EDGE { kind } else { n - (count - kind) })
}

/// A picture along one axis.
struct Side {
    /// 0: y, 1: x.
    axis: usize,
    /// Its pixels.
    n: usize,
    /// Of a sample, in source pixels.
    cell: f64,
    /// What is left of all waves.
    presence: f64,
}

impl Side {
    /// What pixel `i` shrunk is made of, as the shader reads it.
    fn table(&self, params: &FieldParams, projection: &BackProjection, i: usize) -> Vec<f32> {
        let (samples, weights) = projection.shrinks(self.axis, i);
        let read = neighbours(&samples, self.n, true);
        let (luma, chroma) = params.waves.split_at(params.config.luma_waves);
        let mut table = Vec::new();
        for waves in luma.chunks(4).chain(chroma.chunks(4)) {
            let mut quad = [[[0.0_f64; 4]; 2]; SPAN];
            for (lane, wave) in waves.iter().enumerate() {
                let wave = f64::from(wave[self.axis]);
                let fade = self.presence * (-f64::from(params.kappa) * (wave * self.cell).powi(2)).exp();
                for ((k, read), weight) in read.iter().enumerate().zip(&weights) {
                    let position = samples.latent_position(k);
                    for code in read.as_slice() {
                        let (sin, cos) = (wave * (position - code.index as f64)).sin_cos();
                        let share = fade * f64::from(code.weight) * f64::from(*weight);
                        let [cosine, sine] = &mut quad[code.index + SPAN / 2 - i];
                        cosine[lane] += share * cos;
                        sine[lane] += share * sin;
                    }
                }
            }
            table.extend(quad.as_flattened().as_flattened().iter().map(|value| *value as f32));
        }
        let mut taps = [0.0; (TAPS).next_multiple_of(4)];
        for ((first, of_sample), weight) in mip_taps(&samples, self.n, 0).into_iter().zip(&weights) {
            let at = first + TAPS / 2 - i;
            taps[at..].iter_mut().zip(&of_sample).for_each(|(tap, share)| *tap += weight * share);
        }
        table.extend(taps);
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::gpu::canvas::pipeline::lock_text;
    use crate::decode::gpu::field::FieldShape;
    use crate::geometry::Size;
    use crate::gpu::ElementType;
    use crate::gpu::reflect::{assert_shader, offsets, workgroup_bytes};

    #[test]
    fn the_shader_is_valid_for_every_number_of_waves() {
        let fields = offsets!(LockUniform: rect tiles field_tiles size kinds deviation field_slots inverse columns);
        for (luma_waves, chroma_waves) in [(32, 8), (1, 1), (5, 3), (64, 16), (0, 0)] {
            let shape = FieldShape::new(&FieldConfig { luma_waves, chroma_waves }, ElementType::F32);
            let text = lock_text(shape);
            assert_shader(&text, &fields, size_of::<LockUniform>());
            // What every device has.
            assert!(workgroup_bytes(&text) <= 16 << 10);
        }
    }

    /// What the edge changes, it changes for the outermost rows alone; a small picture has no others.
    #[test]
    fn rows_of_a_kind_are_alike() {
        assert!(kinds(4).eq(0..4) && kinds(7).eq(0..7) && kinds(1).eq(0..1));
        assert!(kinds(30).eq([0, 1, 2, 3, 27, 28, 29]));
        let size = Size::new(30, 30);
        for cell in [0.7, 0.5, 0.4, 0.1] {
            let projection = BackProjection::new([cell; 2], size);
            // The shares of cells, then of pixels.
            let of = |i: usize| {
                let (samples, weights) = projection.shrinks(0, i);
                let mut shares = [0.0; SPAN + TAPS];
                for (read, weight) in neighbours(&samples, size.height, true).iter().zip(&weights) {
                    read.as_slice().iter().for_each(|code| shares[code.index + SPAN / 2 - i] += code.weight * weight);
                }
                for ((first, taps), weight) in mip_taps(&samples, size.height, 0).iter().zip(&weights) {
                    let own = &mut shares[SPAN + first + TAPS / 2 - i..];
                    own.iter_mut().zip(taps).for_each(|(share, tap)| *share += tap * weight);
                }
                shares
            };
            let off = |i: usize| of(i).iter().zip(of(EDGE)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!((EDGE..30 - EDGE).all(|i| off(i) < 1e-6), "a row inside differs");
            assert!((0..EDGE).chain(30 - EDGE..30).all(|i| off(i) > 1e-4), "an edge makes no difference");
        }
    }
}
