//! A field of waves in every source pixel: what a live network adds to the bicubic picture (see
//! [`Live`](crate::model::Live) for the mathematics).

mod cpu;
mod tables;

pub(super) use cpu::answer;
pub use cpu::query_field;

use crate::kernel::{Instructions, Matrix, Waves};
use crate::weights::{FieldConfig, Weights};

/// What decoding needs of the weights.
#[derive(Clone, Debug)]
pub struct FieldParams {
    /// How many waves there are.
    pub config: FieldConfig,
    /// Latent codes to amplitudes: `[amplitudes, channels]`.
    pub weight: Vec<f32>,
    /// What is added to them, `[amplitudes]`.
    pub bias: Vec<f32>,
    /// (y, x) of every wave in radians per source pixel: those of the brightness, then those of the colour differences.
    pub waves: Vec<[f32; 2]>,
    /// How soon waves fade as pixels grow.
    pub kappa: f32,
    /// Latent codes to amplitudes, as the kernel wants them.
    amplitudes: Matrix,
    kernel: Waves,
}

impl FieldParams {
    /// Prepares the weights.
    ///
    /// # Panics
    /// If they are of another family.
    pub fn new(weights: &Weights) -> Self {
        Self::on(Instructions::in_use(), weights)
    }

    /// The same on other instructions than those in use.
    fn on(instructions: Instructions, weights: &Weights) -> Self {
        let config = weights.config().decoder.field().expect("a field of waves").clone();
        let weight = weights.array("field.amplitudes.weight");
        let channels = weight.shape[1];
        let waves = ["field.luma_waves", "field.chroma_waves"].map(|name| weights.array(name).data.as_chunks().0);
        let bias = &weights.array("field.amplitudes.bias").data;
        let kernel = Waves::new(instructions, [config.luma_waves, config.chroma_waves]);
        Self {
            amplitudes: kernel.matrix(channels, bias, |k, o| weight.data[o * channels + k]),
            weight: weight.data.clone(),
            bias: bias.clone(),
            waves: waves.concat(),
            kappa: weights.array("field.kappa").data[0],
            kernel,
            config,
        }
    }

    /// Values in a latent code.
    pub fn channels(&self) -> usize {
        self.amplitudes.depth()
    }

    /// What is left of every wave where a pixel is `pitch` (y, x) source pixels.
    pub fn fade(&self, pitch: [f64; 2]) -> Vec<f32> {
        let presence = FieldConfig::presence(pitch);
        let squares = |wave: &[f32; 2]| -> f64 { (0..2).map(|a| (f64::from(wave[a]) * pitch[a]).powi(2)).sum() };
        self.waves.iter().map(|wave| (presence * (-f64::from(self.kappa) * squares(wave)).exp()) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
    use crate::geometry::{AxisGrid, PixelRect, Region, SampleGrid, Size, codes_for};
    use crate::model::{Live, Query, RGB_OF_YCBCR};
    use crate::task::NEVER;
    use crate::weights::{Array, EncoderConfig, ModelConfig, Normalization};
    use candle_core::{Device, Tensor};
    use std::sync::Arc;

    const KAPPA: f32 = 0.06;

    /// Numbers between -1 and 1, the same everywhere.
    fn noise(n: usize, seed: u32) -> Vec<f32> {
        (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    }

    fn weights(features: usize, luma_waves: usize, chroma_waves: usize, kappa: f32) -> Weights {
        let config = ModelConfig {
            encoder: EncoderConfig::Plain { blocks: 1, convs: 2, features },
            decoder: FieldConfig { luma_waves, chroma_waves }.into(),
            normalization: Normalization { mean: [0.5; 3], std: [0.5; 3] },
        };
        let array = |(i, (name, shape)): (usize, (String, Vec<usize>))| {
            let scale = if name.ends_with("waves") { 2.2 * std::f32::consts::PI } else { 0.3 };
            let mut data: Vec<f32> =
                noise(shape.iter().product(), 1000 * i as u32).iter().map(|value| value * scale).collect();
            if name == "field.kappa" {
                data[0] = kappa;
            }
            (name, Array { shape, data })
        };
        Weights::new(config.clone(), config.expected_arrays().into_iter().enumerate().map(array).collect()).unwrap()
    }

    /// Latent codes of a whole picture.
    struct Map {
        size: Size,
        channels: usize,
        codes: Vec<f32>,
    }

    impl Map {
        fn new(width: usize, height: usize, channels: usize) -> Self {
            Self { size: Size::new(width, height), channels, codes: noise(width * height * channels, 77) }
        }

        fn decode(&self, params: &FieldParams, grid: &SampleGrid, margin: usize) -> Vec<f32> {
            let (whole, rect) = (self.size.rect(), codes_for(grid, self.size));
            let tile = Arc::new(FeatureTile::cut(&self.codes, whole, whole, FeaturePrecision::Single));
            query_field(params, &FeatureWindow::assemble(&[tile], rect, margin), self.size, grid, NEVER).unwrap()
        }

        fn oracle(&self, weights: &Weights, grid: &SampleGrid) -> Vec<f32> {
            let shape = (1, self.size.height, self.size.width, self.channels);
            let feat = Tensor::from_slice(&self.codes, shape, &Device::Cpu).unwrap().permute((0, 3, 1, 2)).unwrap();
            let rgb = Live::oracle(weights).unwrap().field(&feat.contiguous().unwrap(), &Query::grid(grid)).unwrap();
            rgb.flatten_all().unwrap().to_vec1().unwrap()
        }
    }

    /// The definition, in double precision: `code_at` gives the code of a source pixel (y, x).
    fn definition<'a>(
        weights: &Weights,
        size: Size,
        grid: &SampleGrid,
        code_at: impl Fn([usize; 2]) -> &'a [f32],
    ) -> Vec<f32> {
        let [luma, chroma] = ["field.luma_waves", "field.chroma_waves"].map(|name| &weights.array(name).data);
        let (matrix, bias) = (weights.array("field.amplitudes.weight"), weights.array("field.amplitudes.bias"));
        let kappa = f64::from(weights.array("field.kappa").data[0]);
        let presence = (1.0 - (grid.y.pitch.powi(2) + grid.x.pitch.powi(2)).powi(2) / 4.0).max(0.0);
        let amplitude = |code: &[f32], o: usize| {
            let row = &matrix.data[o * code.len()..(o + 1) * code.len()];
            row.iter().zip(code).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() + f64::from(bias.data[o])
        };
        let field = |code: &[f32], offset: [f64; 2]| {
            let mut first = 0;
            [luma, chroma, chroma].map(|waves| {
                let (waves, _) = waves.as_chunks::<2>();
                let part = |(k, wave): (usize, &[f32; 2])| {
                    let along = |axis: usize, by: f64| f64::from(wave[axis]) * by;
                    let fade = along(0, grid.y.pitch).powi(2) + along(1, grid.x.pitch).powi(2);
                    let (sin, cos) = (along(0, offset[0]) + along(1, offset[1])).sin_cos();
                    let (p, q) = (amplitude(code, first + k), amplitude(code, first + waves.len() + k));
                    presence * (-kappa * fade).exp() * (p * cos + q * sin)
                };
                let sum = waves.iter().enumerate().map(part).sum::<f64>();
                first += 2 * waves.len();
                sum
            })
        };
        let mut found = Vec::new();
        for (i, j) in (0..grid.y.len).flat_map(|i| (0..grid.x.len).map(move |j| (i, j))) {
            let position = [grid.y.latent_position(i), grid.x.latent_position(j)];
            let mut ycbcr = [0.0; 3];
            for shift in [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] {
                let lower = position.map(f64::floor);
                let share: f64 = [0, 1].map(|a| 1.0 - (lower[a] + shift[a] - position[a]).abs()).iter().product();
                let last = [size.height, size.width].map(|n| (n - 1) as f64);
                let at = [0, 1].map(|a| (lower[a] + shift[a]).clamp(0.0, last[a]));
                let parts = field(code_at(at.map(|a| a as usize)), [0, 1].map(|a| position[a] - at[a]));
                (0..3).for_each(|c| ycbcr[c] += share * parts[c]);
            }
            found.extend(RGB_OF_YCBCR.map(|row| (0..3).map(|c| f64::from(row[c]) * ycbcr[c]).sum::<f64>() as f32));
        }
        found
    }

    fn worst(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len(), "different sizes");
        let wider = |most: f32, off: f32| if off > most || off.is_nan() { off } else { most };
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, wider)
    }

    fn grid(region: [f64; 4], width: usize, height: usize) -> SampleGrid {
        let [x, y, w, h] = region;
        SampleGrid::spanning(Region { x, y, width: w, height: h }, Size::new(width, height))
    }

    /// Pictures (width, height) and grids on them.
    fn cases() -> Vec<(&'static str, [usize; 2], SampleGrid)> {
        vec![
            ("whole", [37, 21], grid([0.0, 0.0, 37.0, 21.0], 85, 48)),
            ("as many pixels", [9, 7], grid([0.0, 0.0, 9.0, 7.0], 9, 7)),
            ("three times", [9, 7], grid([0.0, 0.0, 9.0, 7.0], 27, 21)),
            ("pixels that are not square", [20, 30], grid([0.0, 0.0, 20.0, 30.0], 71, 33)),
            ("a crop", [37, 21], grid([20.37, 3.91, 4.0, 1.3], 120, 39)),
            ("one row", [37, 21], grid([0.0, 8.2, 37.0, 0.4], 90, 1)),
            ("one column", [37, 21], grid([36.1, 0.0, 0.3, 21.0], 1, 60)),
            ("a single source pixel", [1, 1], grid([0.0, 0.0, 1.0, 1.0], 5, 7)),
            ("a strip", [2, 40], grid([0.0, 0.0, 2.0, 40.0], 9, 90)),
            ("reduced", [90, 40], grid([0.0, 0.0, 90.0, 40.0], 17, 31)),
            ("reduced much", [300, 40], grid([0.0, 0.0, 300.0, 40.0], 3, 2)),
        ]
    }

    #[test]
    fn every_kind_of_instructions_computes_the_definition() {
        for (features, luma_waves, chroma_waves) in [(8, 5, 3), (12, 32, 8)] {
            for (name, [width, height], grid) in cases() {
                let is_silent = name == "as many pixels" || name.starts_with("reduced");
                let weights = weights(features, luma_waves, chroma_waves, KAPPA);
                let map = Map::new(width, height, features);
                let oracle = map.oracle(&weights, &grid);
                let code = |[y, x]: [usize; 2]| &map.codes[(y * width + x) * features..][..features];
                let exact = definition(&weights, map.size, &grid, code);
                assert!(worst(&oracle, &exact) < 1e-5, "the oracle: {name}");
                let largest = exact.iter().fold(0.0, |most: f32, v| most.max(v.abs()));
                assert!(if is_silent { largest == 0.0 } else { largest > 0.1 }, "{name}: up to {largest}");
                for instructions in Instructions::available() {
                    let found = map.decode(&FieldParams::on(instructions, &weights), &grid, usize::from(width > 20));
                    let off = worst(&found, &exact);
                    assert!(off < 5e-6, "{instructions}, {luma_waves} waves, {name}: off by {off}");
                }
            }
        }
    }

    #[test]
    fn tiles_are_parts_of_the_whole_and_threads_change_nothing() {
        let (weights, map) = (weights(8, 5, 3, KAPPA), Map::new(37, 21, 8));
        let (params, whole) = (FieldParams::new(&weights), grid([0.0, 0.0, 37.0, 21.0], 300, 170));
        let expected = map.decode(&params, &whole, 0);
        for (top, left) in [(0, 0), (0, 256), (128, 128), (101, 77)] {
            let (rows, columns) = (top..(top + 128).min(170), left..(left + 128).min(300));
            let found = map.decode(&params, &whole.slice(rows.clone(), columns.clone()), 0);
            let part: Vec<f32> = rows
                .flat_map(|y| expected[(y * 300 + columns.start) * 3..(y * 300 + columns.end) * 3].to_vec())
                .collect();
            assert!(worst(&found, &part) < 1e-6, "tile at {top}, {left}");
        }
        for threads in [1, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| map.decode(&params, &whole, 0)), expected, "{threads} threads");
        }
    }

    #[test]
    fn far_from_the_corner_deep_in_nothing_is_lost() {
        let (weights, size) = (weights(8, 5, 3, KAPPA), Size::new(40_000, 30_000));
        let axis = |origin: f64| AxisGrid { origin, pitch: 1.0 / 700.0, len: 40 };
        let grid = SampleGrid { y: axis(20_000.489_13), x: axis(33_333.481_77) };
        let rect @ PixelRect { x: left, y: top, width, .. } = codes_for(&grid, size);
        let codes = noise(rect.area() * 8, 5);
        let exact = definition(&weights, size, &grid, |[y, x]| &codes[((y - top) * width + x - left) * 8..][..8]);
        let window = FeatureWindow { rect, margin: 0, channels: 8, codes: codes.clone() };
        let found = query_field(&FieldParams::new(&weights), &window, size, &grid, NEVER).unwrap();
        assert!(worst(&found, &exact) < 5e-6, "off by {}", worst(&found, &exact));
    }

    #[test]
    fn one_changed_weight_is_seen_and_an_interrupt_heard() {
        let (before, map) = (weights(8, 5, 3, KAPPA), Map::new(9, 7, 8));
        let grid = grid([0.0, 0.0, 9.0, 7.0], 20, 16);
        let expected = map.decode(&FieldParams::new(&before), &grid, 0);
        for name in ["amplitudes.weight", "amplitudes.bias", "luma_waves", "chroma_waves", "kappa"] {
            let mut arrays = before.arrays().clone();
            let changed = arrays.get_mut(&format!("field.{name}")).unwrap();
            *changed.data.last_mut().unwrap() += 0.01;
            let params = FieldParams::new(&Weights::new(before.config().clone(), arrays).unwrap());
            let off = worst(&map.decode(&params, &grid, 0), &expected);
            assert!(off > 1e-4, "{name}: {off}");
        }
        let window = FeatureWindow::pattern(map.size, 0, 8);
        let result = query_field(&FieldParams::new(&before), &window, map.size, &grid, &|| true);
        assert!(matches!(result, Err(Error::Cancelled)));
    }
}
