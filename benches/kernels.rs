//! The kernels, and whole encoders, beside what this machine can do at most: `cargo bench --bench kernels`. Words choose
//! those rows whose names contain one of them: `cargo bench --bench kernels -- encode f32`.
//!
//! Rates are useful floating-point operations (two per multiply-add), medians of several runs, all threads. Products
//! and kernels alternate, so that a busy moment falls on both.
//!
//! The roof (Williams, Waterman and Patterson, CACM 2009) of a kernel is the rate of a large product of ours, or what the
//! memory can bring for it, whichever is lower. Its bytes are what goes in and comes out, each once: the least that any
//! way of computing moves. A convolution by Winograd takes fewer products than it is counted for, so it may pass the roof.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use rayon::prelude::*;
use std::time::Instant;
use zoomfield::decode::{Decoder, Sampling};
use zoomfield::encode::PictureEncoder;
use zoomfield::feature::FeatureWindow;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::kernel::{
    After, Conv3x3, Image, ImageBatch, ImageGradient, Instructions, Layer, Lhs, Matrix, Mlp, MlpScratch, Order,
    Precision, ResultGradient, convolve_batch_backward,
};
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;
use zoomfield::weights::{Array, Builtin, EncoderConfig, ImnetConfig, ModelConfig, Normalization, Weights};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 9;

/// Something that is timed.
struct Kernel {
    name: String,
    /// Useful operations of a run.
    flop: f64,
    /// Bytes that go in and come out in a run, each counted once; 0 if nobody counted them.
    bytes: f64,
    run: Box<dyn FnMut()>,
}

/// What a machine can do at most: operations and bytes a second.
struct Roof {
    flop_rate: f64,
    byte_rate: f64,
}

impl Roof {
    /// The most operations a second that a kernel could carry out.
    fn of(&self, kernel: &Kernel) -> f64 {
        if kernel.bytes > 0.0 {
            self.flop_rate.min(kernel.flop / kernel.bytes * self.byte_rate)
        } else {
            self.flop_rate
        }
    }
}

fn main() {
    let mut kernels = vec![product(), copy()];
    for precision in Precision::ALL.into_iter().filter(|precision| precision.is_available()) {
        for (channels, side) in [(64, 256), (64, 132), (32, 256), (40, 256), (48, 256)] {
            kernels.push(convolution(precision, channels, side));
        }
        kernels.push(mlp(precision, false));
        kernels.push(mlp(precision, true));
        kernels.push(waves(precision));
        let edsr = EncoderConfig::Edsr { blocks: 4, features: 64, res_scale: 1.0 };
        let rdn = EncoderConfig::Rdn { blocks: 2, convs: 8, growth: 64, features: 64 };
        kernels.push(encoder("EDSR", edsr, precision));
        kernels.push(encoder("RDN", rdn, precision));
    }
    kernels.push(gradients_of_a_batch());
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let rest = kernels.split_off(2);
    kernels.extend(rest.into_iter().filter(|kernel| is_asked(&kernel.name)));
    let secs = medians(&mut kernels);
    let roof = Roof { flop_rate: kernels[0].flop / secs[0], byte_rate: kernels[1].bytes / secs[1] };
    println!("{}: {:.0} GFLOP/s", kernels[0].name, roof.flop_rate / 1e9);
    println!("{}: {:.1} GB/s\n", kernels[1].name, roof.byte_rate / 1e9);
    println!(
        "{:<44} {:>9} {:>9} {:>7} {:>9} {:>9} {:>8}",
        "", "GFLOP", "MB", "FLOP/B", "GFLOP/s", "× product", "of roof"
    );
    for (kernel, secs) in kernels.iter().zip(&secs).skip(2) {
        println!("{}", row(kernel, kernel.flop / secs, &roof));
    }
}

/// The median time of each kernel, in seconds; they take turns.
fn medians(kernels: &mut [Kernel]) -> Vec<f64> {
    let mut secs = vec![Vec::new(); kernels.len()];
    for run in 0..=RUNS {
        for (kernel, secs) in kernels.iter_mut().zip(&mut secs) {
            let start = Instant::now();
            (kernel.run)();
            if run > 0 {
                secs.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let median = |mut secs: Vec<f64>| {
        secs.sort_by(f64::total_cmp);
        secs[secs.len() / 2]
    };
    secs.into_iter().map(median).collect()
}

/// What the table says of a kernel that carries out `rate` operations a second.
fn row(kernel: &Kernel, rate: f64, roof: &Roof) -> String {
    let counted = |value: f64, digits: usize| {
        if kernel.bytes > 0.0 { format!("{value:.digits$}") } else { "–".to_owned() }
    };
    format!(
        "{:<44} {:>9.2} {:>9} {:>7} {:>9.0} {:>9.2} {:>8}",
        kernel.name,
        kernel.flop / 1e9,
        counted(kernel.bytes / 1e6, 1),
        counted(kernel.flop / kernel.bytes, 0),
        rate / 1e9,
        rate / roof.flop_rate,
        counted(rate / roof.of(kernel), 2),
    )
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
    let name = format!("product {ROWS}×{DEPTH}×{OUTPUTS} per thread, f32, {}", Instructions::in_use());
    Kernel { name, flop, bytes: 0.0, run: Box::new(work) }
}

/// Copying what no cache holds.
fn copy() -> Kernel {
    const LENGTH: usize = 16 << 20;
    let threads = rayon::current_num_threads();
    let mut pairs = vec![(vec![1.0_f32; LENGTH], vec![0.0_f32; LENGTH]); threads];
    let bytes = (2 * size_of::<f32>() * LENGTH * threads) as f64;
    let work = move || pairs.par_iter_mut().for_each(|(from, to)| to.copy_from_slice(from));
    Kernel { name: "copying 64 MiB per thread".to_owned(), flop: 0.0, bytes, run: Box::new(work) }
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
    Kernel { name: format!("encode {SIDE}² by {name}, {precision}"), flop, bytes: 0.0, run: Box::new(work) }
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
    // Images and gradients are read, and the images' gradients written; the weights and their gradients.
    let bytes = (size_of::<f32>() * (3 * IMAGES * 64 * SIDE * SIDE + 2 * 9 * 64 * 64)) as f64;
    Kernel { name: "3×3 gradients 64→64, 16 × 48², f32".to_owned(), flop, bytes, run: Box::new(work) }
}

/// Three hidden layers of 256 and the last one, on blocks of 256 rows; half of what goes into a layer is zero, or nothing.
fn mlp(precision: Precision, is_dense: bool) -> Kernel {
    const ROWS: usize = 256;
    const BLOCKS: usize = 512;
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
