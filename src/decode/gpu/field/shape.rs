//! What the shader's text depends on, and in which order it reads amplitudes.

use crate::gpu::{ElementType, expand};
use crate::model::RGB_OF_YCBCR;
use crate::weights::FieldConfig;

/// Samples of a workgroup along either axis.
pub(super) const SIDE: usize = 8;

/// Sizes of `shaders/field.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode::gpu) struct FieldShape {
    /// Quads of waves, filled up with waves that have no amplitude: of the brightness, of the colour differences.
    pub(in crate::decode::gpu) luma: usize,
    pub(in crate::decode::gpu) chroma: usize,
    pub(in crate::decode::gpu) element: ElementType,
}

impl FieldShape {
    pub(in crate::decode::gpu) fn new(config: &FieldConfig, element: ElementType) -> Self {
        Self { luma: config.luma_waves.div_ceil(4), chroma: config.chroma_waves.div_ceil(4), element }
    }

    /// Quads of a source pixel's amplitudes.
    pub(in crate::decode::gpu) fn amplitudes(self) -> usize {
        2 * self.luma + 4 * self.chroma
    }

    /// Multiply-adds of a sample: two rows and one column of two, for each cosine and sine.
    pub(in crate::decode::gpu) fn macs(self) -> f64 {
        (4 * 10 * self.amplitudes()) as f64
    }

    /// The shader.
    pub(in crate::decode::gpu) fn text(self) -> String {
        let parts = [include_str!("../../../../shaders/waves.wgsl"), include_str!("../../../../shaders/field.wgsl")];
        self.text_of(&parts, &[("SIDE", SIDE)])
    }

    /// A shader of several parts, with its constants and those of every shader that knows waves in front.
    pub(in crate::decode::gpu) fn text_of(self, parts: &[&str], constants: &[(&str, usize)]) -> String {
        // Matrices are written column by column there.
        let of_rgb: Vec<String> = (0..9).map(|i| format!("{:?}", RGB_OF_YCBCR[i % 3][i / 3])).collect();
        let matrix = format!("const RGB_OF_YCBCR = mat3x3<f32>({});\n", of_rgb.join(", "));
        let constants = [&[("LUMA", self.luma), ("CHROMA", self.chroma)], constants].concat();
        expand(&[matrix, parts.concat()].concat(), self.element, &constants, 0)
    }

    /// For each of the numbers that a source pixel has on the device, which of `config`'s amplitudes it is; none: zero.
    pub(in crate::decode::gpu) fn order(self, config: &FieldConfig) -> Vec<Option<usize>> {
        let (luma, chroma) = (config.luma_waves, config.chroma_waves);
        let quad = |first: usize, quad: usize, count: usize| {
            (4 * quad..4 * quad + 4).map(move |k| (k < count).then_some(first + k))
        };
        let of_luma = (0..self.luma).flat_map(|q| [0, luma].into_iter().flat_map(move |first| quad(first, q, luma)));
        let firsts = [0, 1, 2, 3].map(|i| 2 * luma + i * chroma);
        let of_chroma = (0..self.chroma).flat_map(|q| firsts.into_iter().flat_map(move |first| quad(first, q, chroma)));
        of_luma.chain(of_chroma).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amplitude_has_one_place() {
        let config = FieldConfig { luma_waves: 5, chroma_waves: 3 };
        let shape = FieldShape::new(&config, ElementType::F32);
        let order = shape.order(&config);
        assert_eq!(order.len(), 4 * shape.amplitudes());
        let mut found: Vec<usize> = order.iter().flatten().copied().collect();
        found.sort_unstable();
        assert!(found.into_iter().eq(0..config.amplitudes()));
        // The fifth cosine and sine, then the colour differences'.
        assert_eq!((order[8], order[9], order[12]), (Some(4), None, Some(9)));
        assert_eq!((order[16], order[20], order[24], order[28]), (Some(10), Some(13), Some(16), Some(19)));
    }
}
