//! The two kernels, and whole encoders, beside large matrix products: `cargo bench --bench kernels`. Words choose those
//! rows whose names contain one of them: `cargo bench --bench kernels -- encode f32`.
//!
//! Rates are useful floating-point operations (two per multiply-add), medians of several runs, all threads. Products
//! and kernels alternate, so that a busy moment falls on both.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use rayon::prelude::*;
use std::time::Instant;
use zoomfield::encode::PictureEncoder;
use zoomfield::geometry::Size;
use zoomfield::kernel::{
    After, Conv3x3, Image, ImageBatch, ImageGradient, Instructions, Layer, Lhs, Matrix, Mlp, MlpScratch, Order,
    Precision, ResultGradient, convolve_batch_backward,
};
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;
use zoomfield::weights::{Array, EncoderConfig, ImnetConfig, ModelConfig, Normalization, Weights};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 9;

/// One kernel: its name, how many operations a run has, and a run.
type Kernel = (String, f64, Box<dyn FnMut()>);

fn main() {
    let mut kernels = vec![product()];
    for precision in Precision::ALL.into_iter().filter(|precision| precision.is_available()) {
        for (channels, side) in [(64, 256), (64, 132), (32, 256), (40, 256), (48, 256)] {
            kernels.push(convolution(precision, channels, side));
        }
        kernels.push(mlp(precision));
        let edsr = EncoderConfig::Edsr { blocks: 4, features: 64, res_scale: 1.0 };
        let rdn = EncoderConfig::Rdn { blocks: 2, convs: 8, growth: 64, features: 64 };
        kernels.push(encoder("EDSR", edsr, precision));
        kernels.push(encoder("RDN", rdn, precision));
    }
    kernels.push(gradients_of_a_batch());
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let rest = kernels.split_off(1);
    kernels.extend(rest.into_iter().filter(|(name, ..)| is_asked(name)));
    let mut secs = vec![Vec::new(); kernels.len()];
    for run in 0..=RUNS {
        for ((_, _, work), secs) in kernels.iter_mut().zip(&mut secs) {
            let start = Instant::now();
            work();
            if run > 0 {
                secs.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let median = |secs: &mut Vec<f64>| {
        secs.sort_by(f64::total_cmp);
        secs[secs.len() / 2]
    };
    let rates: Vec<f64> = kernels.iter().zip(&mut secs).map(|((_, flop, _), secs)| flop / median(secs) / 1e9).collect();
    for ((name, ..), rate) in kernels.iter().zip(&rates) {
        println!("{name:<44} {rate:>7.0} GFLOP/s {:>5.2} × the product", rate / rates[0]);
    }
}

fn noise(n: usize) -> Vec<f32> {
    (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// Our own blocks on a large product: what everything else is compared with.
fn product() -> Kernel {
    const ROWS: usize = 1024;
    const DEPTH: usize = 256;
    const OUTPUTS: usize = 1024;
    let (rows, weight) = (noise(ROWS * DEPTH), noise(DEPTH * OUTPUTS));
    let matrix = Matrix::new(DEPTH, &[0.0; OUTPUTS], |k, o| weight[k * OUTPUTS + o]);
    let mut results = vec![vec![0.0; ROWS * OUTPUTS]; rayon::current_num_threads()];
    let flop = 2.0 * (ROWS * DEPTH * OUTPUTS * results.len()) as f64;
    let work = move || {
        results.par_iter_mut().for_each(|out| matrix.multiply(Lhs::rows(&rows, DEPTH), ROWS, false, out));
    };
    (format!("product {ROWS}×{DEPTH}×{OUTPUTS} per thread, f32, {}", Instructions::in_use()), flop, Box::new(work))
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
    (name, flop, Box::new(work))
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
    let arrays = config.expected_arrays().into_iter().map(random).collect();
    let flop = 2.0 * config.macs().per_source_pixel * (SIDE * SIDE) as f64;
    let weights = Weights::new(config, arrays).expect("fits");
    let encoder = PictureEncoder::on_cpu(&weights, precision).expect("fits");
    let rgb = noise(SIDE * SIDE * 3).iter().map(|v| (127.0 * (v + 1.0)) as u8).collect();
    let picture = Picture::from_rgb8(Size::new(SIDE, SIDE), rgb);
    let work = move || drop(std::hint::black_box(encoder.encode(&picture, picture.size.rect(), NEVER)));
    (format!("encode {SIDE}² by {name}, {precision}"), flop, Box::new(work))
}

/// The gradients of 64×64 kernels, and of the images, over sixteen images of 48×48.
fn gradients_of_a_batch() -> Kernel {
    const SIDE: usize = 48;
    const IMAGES: usize = 16;
    let (input, gradient) = (noise(IMAGES * 64 * SIDE * SIDE), noise(IMAGES * 64 * SIDE * SIDE));
    let (weight, mut of_images) = (noise(64 * 64 * 9), vec![0.0; input.len()]);
    let flop = 4.0 * (64 * 64 * 9 * SIDE * SIDE * IMAGES) as f64;
    let work = move || {
        let batch = ImageBatch { values: &input, height: SIDE, width: SIDE, channels: 64 };
        let gradient = ResultGradient::of_sums(&gradient);
        let images = Some(ImageGradient { to: &mut of_images, plus: None });
        std::hint::black_box(convolve_batch_backward(&weight, 64, batch, gradient, images, NEVER));
    };
    ("3×3 gradients 64→64, 16 × 48², f32".to_owned(), flop, Box::new(work))
}

/// Three hidden layers of 256 and the last one, on blocks of 256 rows.
fn mlp(precision: Precision) -> Kernel {
    const ROWS: usize = 256;
    const BLOCKS: usize = 512;
    let layer = || Layer { weight: noise(256 * 256).iter().map(|w| 0.05 * w).collect(), bias: noise(256) };
    let mlp = Mlp::new(vec![layer(), layer(), layer()], &noise(3 * 256), &noise(3), precision);
    let flop = 2.0 * ((3 * 256 + 3) * 256 * ROWS * BLOCKS) as f64;
    let input = noise(ROWS * 256);
    let work = move || {
        (0..BLOCKS).into_par_iter().for_each_init(MlpScratch::default, |scratch, _| {
            let mut out = [[0.0; 3]; ROWS];
            scratch.input(ROWS * 256).copy_from_slice(&input);
            mlp.forward(ROWS, scratch, &mut out);
            std::hint::black_box(out);
        });
    };
    (format!("fused MLP 3 × 256², {precision}"), flop, Box::new(work))
}
