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

mod forward;
mod gradients;

use rayon::prelude::*;
use std::time::Instant;
use zoomfield::kernel::{Instructions, Lhs, Matrix, Precision};

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
        kernels.extend(forward::all(precision));
    }
    kernels.push(forward::mlp_by_gemm());
    kernels.extend(gradients::all());
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
