//! What is computed forward: convolutions, imnet, sums of waves, whole encoders.

use super::{Kernel, noise};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use zoomfield::decode::{Decoder, Sampling};
use zoomfield::encode::PictureEncoder;
use zoomfield::feature::FeatureWindow;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::kernel::{After, Conv1x1, Conv3x3, Image, Joined, Layer, Mlp, MlpScratch, Order, Precision};
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;
use zoomfield::weights::{Array, Builtin, EncoderConfig, ImnetConfig, ModelConfig, Normalization, Weights};

/// Rows of imnet in a block, and how many blocks.
const ROWS: usize = 256;
const BLOCKS: usize = 512;

/// All of them, in one precision.
pub(super) fn all(precision: Precision) -> Vec<Kernel> {
    let mut kernels: Vec<Kernel> = [(64, 256), (64, 132), (32, 256), (40, 256), (48, 256)]
        .map(|(channels, side)| convolution(precision, channels, side))
        .into();
    if precision == Precision::F32 {
        kernels.push(first_convolution());
    }
    kernels.push(pointwise(precision));
    kernels.extend([mlp(precision, false), mlp(precision, true), waves(precision)]);
    let edsr = EncoderConfig::Edsr { blocks: 4, features: 64, res_scale: 1.0 };
    let rdn = EncoderConfig::Rdn { blocks: 2, convs: 8, growth: 64, features: 64 };
    kernels.extend([encoder("EDSR", edsr, precision), encoder("RDN", rdn, precision)]);
    kernels
}

/// As many channels as go in, with a residual, eight times over.
fn convolution(precision: Precision, channels: usize, side: usize) -> Kernel {
    const TIMES: usize = 8;
    let weight: Vec<f32> = noise(channels * channels * 9).iter().map(|w| 0.05 * w).collect();
    let conv = Conv3x3::new(&weight, &noise(channels), precision);
    let input = noise(channels * side * side);
    let name = format!("3×3 convolution {conv:?}, {side}², {precision}");
    let flop = 2.0 * (channels * channels * 9 * side * side * TIMES) as f64;
    let work = move || {
        for _ in 0..TIMES {
            let image = Image { values: &input, order: Order::ChannelsLast, height: side, width: side };
            std::hint::black_box(conv.forward(image, After { residual: Some(&input), ..After::default() }));
        }
    };
    // The image, the residual and the result; the weights.
    let bytes = (size_of::<f32>() * TIMES * (3 * channels * side * side + 9 * channels * channels)) as f64;
    Kernel { name, flop, bytes, run: Box::new(work) }
}

/// What sees the picture: three channels, which no Winograd suits.
fn first_convolution() -> Kernel {
    const SIDE: usize = 256;
    const OUTPUTS: usize = 64;
    const TIMES: usize = 8;
    let conv = Conv3x3::new(&noise(OUTPUTS * 3 * 9), &noise(OUTPUTS), Precision::F32);
    let input = noise(3 * SIDE * SIDE);
    let name = format!("3×3 convolution {conv:?}, {SIDE}²");
    let flop = 2.0 * (OUTPUTS * 3 * 9 * SIDE * SIDE * TIMES) as f64;
    let bytes = (size_of::<f32>() * TIMES * ((3 + OUTPUTS) * SIDE * SIDE + 9 * 3 * OUTPUTS)) as f64;
    let work = move || {
        for _ in 0..TIMES {
            let image = Image { values: &input, order: Order::ChannelsLast, height: SIDE, width: SIDE };
            std::hint::black_box(conv.forward(image, After::default()));
        }
    };
    Kernel { name, flop, bytes, run: Box::new(work) }
}

/// What ends one of RDN's dense blocks.
fn pointwise(precision: Precision) -> Kernel {
    const SIDE: usize = 128;
    const INPUTS: usize = 576;
    const OUTPUTS: usize = 64;
    let conv = Conv1x1::new(&noise(INPUTS * OUTPUTS), &noise(OUTPUTS), precision);
    let parts: Vec<Vec<f32>> = (0..INPUTS / 64).map(|_| noise(64 * SIDE * SIDE)).collect();
    let name = format!("convolution {conv:?}, {SIDE}²");
    let flop = 2.0 * (INPUTS * OUTPUTS * SIDE * SIDE) as f64;
    let bytes = (size_of::<f32>() * ((INPUTS + OUTPUTS) * SIDE * SIDE + INPUTS * OUTPUTS)) as f64;
    let work = move || {
        let parts: Vec<&[f32]> = parts.iter().map(Vec::as_slice).collect();
        let joined = Joined { parts: &parts, order: Order::ChannelsLast, height: SIDE, width: SIDE };
        std::hint::black_box(conv.forward_joined(joined, After::default(), Vec::new()));
    };
    Kernel { name, flop, bytes, run: Box::new(work) }
}

/// imnet's hidden layers without zeros, of all rows at a time, by candle's products, which are those of the crate `gemm`; `ReLU`
/// in between, bias left out.
pub(super) fn mlp_by_gemm() -> Kernel {
    let tensor = |values: Vec<f32>, rows: usize| {
        Tensor::from_vec(values.into_iter().map(f32::abs).collect::<Vec<_>>(), (rows, 256), &Device::Cpu).expect("fits")
    };
    let input = tensor(noise(ROWS * BLOCKS * 256), ROWS * BLOCKS);
    let weight = tensor(noise(256 * 256).into_iter().map(|w| 0.05 * w).collect(), 256);
    let flop = 2.0 * (3 * 256 * 256 * ROWS * BLOCKS) as f64;
    let work = move || {
        let layer = |x: Tensor, _| x.matmul(&weight)?.relu();
        std::hint::black_box((0..3).try_fold(input.clone(), layer).expect("fits"));
    };
    Kernel { name: "MLP 3 × 256², no zeros, by gemm, f32".to_owned(), flop, bytes: 0.0, run: Box::new(work) }
}

/// An encoder with random weights on a picture of 128×128.
fn encoder(name: &str, encoder: EncoderConfig, precision: Precision) -> Kernel {
    const SIDE: usize = 128;
    let normalization = Normalization::LIIF;
    let config = ModelConfig { encoder, decoder: ImnetConfig::new(vec![64]).into(), normalization };
    let random = |(name, shape): (String, Vec<usize>)| {
        let depth: usize = shape[1..].iter().product();
        let scale = 1.0 / (depth as f32).sqrt();
        let data = noise(shape.iter().product()).iter().map(|w| scale * w).collect();
        (name, Array { shape, data })
    };
    let arrays: Vec<_> = config.expected_arrays().into_iter().map(random).collect();
    // The picture, its latent codes, and all that the model has learnt, a small imnet included.
    let learnt: usize = arrays.iter().map(|(_, array): &(_, Array)| array.data.len()).sum();
    let bytes = (3 * SIDE * SIDE + size_of::<f32>() * (64 * SIDE * SIDE + learnt)) as f64;
    let arrays = arrays.into_iter().collect();
    let flop = 2.0 * config.macs().per_source_pixel * (SIDE * SIDE) as f64;
    let weights = Weights::new(config, arrays).expect("fits");
    let encoder = PictureEncoder::on_cpu(&weights, precision).expect("fits");
    let rgb = noise(SIDE * SIDE * 3).iter().map(|v| (127.0 * (v + 1.0)) as u8).collect();
    let picture = Picture::from_rgb8(Size::new(SIDE, SIDE), rgb);
    let work = move || drop(std::hint::black_box(encoder.encode(&picture, picture.size.rect(), NEVER)));
    Kernel { name: format!("encode {SIDE}² by {name}, {precision}"), flop, bytes, run: Box::new(work) }
}

/// Three hidden layers of 256 and the last one, on blocks of 256 rows; half of what goes into a layer is zero, or nothing.
fn mlp(precision: Precision, is_dense: bool) -> Kernel {
    // Of positive numbers alone nothing is cut off.
    let numbers = |n: usize| noise(n).into_iter().map(|value| if is_dense { value.abs() } else { value });
    let layer = || Layer { weight: numbers(256 * 256).map(|w| 0.05 * w).collect(), bias: numbers(256).collect() };
    let mlp = Mlp::new(vec![layer(), layer(), layer()], &noise(3 * 256), &noise(3), precision);
    let flop = 2.0 * ((3 * 256 + 3) * 256 * ROWS * BLOCKS) as f64;
    let input: Vec<f32> = numbers(ROWS * 256).map(|value| value.max(0.0)).collect();
    let work = move || {
        (0..BLOCKS).into_par_iter().for_each_init(MlpScratch::default, |scratch, _| {
            let mut out = [[0.0; 3]; ROWS];
            scratch.input(ROWS * 256).copy_from_slice(&input);
            mlp.forward(ROWS, scratch, &mut out);
            std::hint::black_box(out);
        });
    };
    let bytes = (size_of::<f32>() * (BLOCKS * ROWS * (256 + 3) + 3 * 256 * 256)) as f64;
    let zeros = if is_dense { "no zeros" } else { "half zeros" };
    Kernel { name: format!("fused MLP 3 × 256², {zeros}, {precision}"), flop, bytes, run: Box::new(work) }
}

/// The live network's decoder: a window of 1280×800 at ×4, its codes being there.
fn waves(precision: Precision) -> Kernel {
    let weights = Builtin::Live.weights().expect("is built in");
    let decoder = Decoder::new(&weights, precision);
    let (picture, shown) = (Size::new(320, 200), Size::new(1280, 800));
    let grid = SampleGrid::spanning(Region::whole(picture), shown);
    let window = FeatureWindow::pattern(picture, decoder.margin(), decoder.channels());
    let flop = 2.0 * weights.config().macs().per_output_pixel * shown.area() as f64;
    let bytes = (size_of::<f32>() * (window.codes.len() + 3 * shown.area())) as f64;
    let work = move || drop(std::hint::black_box(decoder.query(&window, picture, &grid, Sampling::Exact, NEVER)));
    Kernel { name: format!("sums of waves, 1280×800 at ×4, {precision}"), flop, bytes, run: Box::new(work) }
}
