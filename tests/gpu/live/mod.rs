//! Live networks: features and fields of waves against the definition and the processor, and what happens when the device
//! fails.

mod decode;
mod encode;
mod whole;

use crate::common::{psnr, textured, worst};
use crate::{HALF_PSNR, TOLERANCE};
use candle_core::{Device, Tensor};
use std::f64::consts::PI;
use std::sync::Arc;
use zoomfield::decode::{Decoder, GpuDecoder, Sampling, WindowQuery};
use zoomfield::feature::FeatureWindow;
use zoomfield::geometry::{Region, SampleGrid, Size, codes_for};
use zoomfield::gpu::{ElementType, Gpu, GpuError};
use zoomfield::kernel::Precision;
use zoomfield::model::{Live, Query};
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;
use zoomfield::train::untrained;
use zoomfield::weights::{EncoderConfig, FieldConfig, ModelConfig, Normalization, Weights};

/// Blocks, convolutions, features; waves of the brightness, of the colour differences. The first has what one would train,
/// the others have nothing in fours, blocks of one convolution, and many features.
const NETWORKS: [([usize; 3], [usize; 2]); 4] =
    [([4, 4, 32], [32, 8]), ([2, 1, 8], [4, 4]), ([2, 3, 21], [5, 3]), ([1, 2, 64], [9, 1])];

/// The fastest waves, in radians per source pixel.
const FASTEST: f64 = 2.2 * PI;

/// What the field of an untrained network is scaled to, at the most.
const STRENGTH: f32 = 0.3;

/// A network that has learnt nothing, with waves of every length.
fn network([blocks, convs, features]: [usize; 3], [luma_waves, chroma_waves]: [usize; 2]) -> Weights {
    let (encoder, normalization) = (EncoderConfig::Plain { blocks, convs, features }, Normalization::LIIF);
    let config = ModelConfig { encoder, decoder: FieldConfig { luma_waves, chroma_waves }.into(), normalization };
    let mut arrays = untrained(&config, 7).unwrap().arrays().clone();
    let mut spread = (1..).map(|i| ((f64::from(i) * 0.618_033_988_749_895).fract() * 2.0 - 1.0) * FASTEST);
    for name in ["field.luma_waves", "field.chroma_waves"] {
        arrays.get_mut(name).unwrap().data.fill_with(|| spread.next().unwrap() as f32);
    }
    for name in ["field.amplitudes.weight", "field.amplitudes.bias"] {
        arrays.get_mut(name).unwrap().data.fill_with(|| (spread.next().unwrap() / FASTEST) as f32);
    }
    arrays.get_mut("field.kappa").unwrap().data = vec![0.06];
    // So much that what a block adds is more than a trifle.
    let of_blocks = arrays.iter_mut().filter(|(name, _)| name.starts_with("encoder.blocks."));
    of_blocks.for_each(|(_, array)| array.data.iter_mut().for_each(|value| *value *= 2.5));
    let weights = Weights::new(config.clone(), arrays.clone()).unwrap();
    let case = Case::new(&weights);
    let values = case.by_processor(&case.grid([0.0, 0.0, 23.0, 17.0], [69, 51]));
    let factor = STRENGTH / values.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    for name in ["field.amplitudes.weight", "field.amplitudes.bias"] {
        arrays.get_mut(name).unwrap().data.iter_mut().for_each(|value| *value *= factor);
    }
    Weights::new(config, arrays).unwrap()
}

pub(crate) fn live() -> Weights {
    let (encoder, waves) = NETWORKS[0];
    network(encoder, waves)
}

/// The same but for one number.
fn changed(weights: &Weights, name: &str, by: f32) -> Weights {
    let mut arrays = weights.arrays().clone();
    arrays.get_mut(name).unwrap().data[1] += by;
    Weights::new(weights.config().clone(), arrays).unwrap()
}

/// Latent codes by the definition, `[1, c, h, w]`.
fn features(weights: &Weights, picture: &Picture) -> Tensor {
    let size = picture.size;
    let planes: Vec<f32> = picture.planes(size.rect()).iter().map(|v| (v - 0.5) / 0.5).collect();
    let seen = Tensor::from_vec(planes, (1, 3, size.height, size.width), &Device::Cpu).unwrap();
    Live::oracle(weights).unwrap().gen_feat(&seen).unwrap()
}

/// `[1, c, h, w]` as `[h, w, c]`.
fn pixel_by_pixel(feat: &Tensor) -> Vec<f32> {
    feat.squeeze(0).unwrap().permute((1, 2, 0)).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// How far codes are off, as a part of the largest.
fn off(ours: &[f32], reference: &[f32]) -> f32 {
    worst(ours, reference) / reference.iter().fold(0.0, |most: f32, value| most.max(value.abs()))
}

fn is_close(element: ElementType, ours: &[f32], reference: &[f32]) -> bool {
    let (off, quality) = (worst(ours, reference), psnr(ours, reference, 2.0));
    println!("{element:?}: off by at most {off}, {quality:.1} dB");
    match element {
        ElementType::F32 => off <= TOLERANCE,
        ElementType::F16 => quality >= HALF_PSNR,
    }
}

/// A network and the codes of a picture.
struct Case {
    weights: Weights,
    processor: Decoder,
    feat: Tensor,
    window: FeatureWindow,
    size: Size,
}

impl Case {
    fn new(weights: &Weights) -> Self {
        let picture = textured(23, 17);
        let (feat, size) = (features(weights, &picture), picture.size);
        let (channels, codes) = (weights.config().encoder.features(), pixel_by_pixel(&feat));
        let window = FeatureWindow { rect: size.rect(), margin: 0, channels, codes };
        let processor = Decoder::new(weights, Precision::F32);
        Self { weights: weights.clone(), processor, feat, window, size }
    }

    fn grid(&self, [x, y, width, height]: [f64; 4], [columns, rows]: [usize; 2]) -> SampleGrid {
        assert!(x + width <= self.size.width as f64 && y + height <= self.size.height as f64);
        SampleGrid::spanning(Region { x, y, width, height }, Size::new(columns, rows))
    }

    /// Every sample on a code, ×1.3, other scales across and down, single pixels, and ×12 and ×30, borders and corners.
    fn grids(&self) -> Vec<SampleGrid> {
        [
            ([0.0, 0.0, 23.0, 17.0], [23, 17]),
            ([0.0, 0.0, 23.0, 17.0], [30, 22]),
            ([0.0, 0.0, 23.0, 17.0], [53, 29]),
            ([3.3, 0.0, 9.7, 5.1], [71, 43]),
            ([15.2, 11.1, 7.8, 5.9], [94, 71]),
            ([10.0, 8.0, 2.0, 3.0], [60, 90]),
            ([0.0, 4.0, 1.1, 0.2], [33, 1]),
            ([5.1, 5.2, 0.3, 0.4], [1, 9]),
        ]
        .map(|(region, samples)| self.grid(region, samples))
        .to_vec()
    }

    fn by_definition(&self, grid: &SampleGrid) -> Vec<f32> {
        let field = Live::oracle(&self.weights).unwrap().field(&self.feat, &Query::grid(grid)).unwrap();
        field.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn by_processor(&self, grid: &SampleGrid) -> Vec<f32> {
        self.processor.query(&self.window, self.size, grid, Sampling::Exact, NEVER).unwrap()
    }

    /// By the device, of a window that holds no more than it must.
    fn by(&self, decoder: &GpuDecoder, grid: &SampleGrid) -> Result<Vec<f32>, GpuError> {
        let window = self.window.part(codes_for(grid, self.size));
        decoder.query(WindowQuery::new(&window, self.size, grid, Sampling::Exact), NEVER)
    }

    fn decoder(&self, gpu: &Arc<Gpu>, element: ElementType) -> GpuDecoder {
        GpuDecoder::new(gpu.clone(), &self.processor, element).unwrap()
    }
}
