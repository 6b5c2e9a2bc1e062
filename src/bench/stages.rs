//! The stages by themselves: products, encoding, decoding, deep zoom, and what a second thread is worth.

use super::{BenchStage, Measurement};
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureWindow};
use crate::geometry::{PixelRect, Region, SampleGrid, Size};
use crate::kernel::{Lhs, Matrix, Precision};
use crate::picture::Picture;
use crate::recipe::Sampling;
use crate::render::{LoadedModel, TILES_PER_THREAD, sample};
use crate::task::NEVER;
use crate::weights::Weights;
use rayon::prelude::*;

const RUNS: usize = 5;

/// A stage on this pool of threads, and its work, over and over.
pub(super) type Prepared<'a> = (BenchStage, Box<dyn FnMut() -> Result<()> + Send + 'a>);

/// The rate of large products on all threads: what the processor can do in single precision.
pub(super) fn product() -> Result<Measurement> {
    let (stage, work) = products();
    stage.measure(RUNS, work)
}

/// Large products, one to a thread.
pub(super) fn products() -> Prepared<'static> {
    const ROWS: usize = 1024;
    const DEPTH: usize = 256;
    const OUTPUTS: usize = 1024;
    let threads = rayon::current_num_threads();
    let (rows, matrix) = (vec![0.5; ROWS * DEPTH], Matrix::new(DEPTH, &[0.0; OUTPUTS], |_, _| 0.25));
    let mut results = vec![vec![0.0; ROWS * OUTPUTS]; threads];
    let flop = 2.0 * (ROWS * DEPTH * OUTPUTS * threads) as f64;
    let name = format!("matrix product {ROWS}×{DEPTH}×{OUTPUTS} per thread");
    let work = move || {
        results.par_iter_mut().for_each(|out| matrix.multiply(Lhs::rows(&rows, DEPTH), ROWS, false, out));
        Ok(())
    };
    (BenchStage { name, precision: Precision::F32, pixels: 0, flop }, Box::new(work))
}

/// Encoding, exact decoding and the crop at ×30 in one precision.
pub(super) fn run(
    weights: &Weights,
    picture: &Picture,
    crop: Option<Region>,
    precision: Precision,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    let model = LoadedModel::on_cpu(weights, precision)?;
    report(&encode(&model, picture, precision)?);
    report(&decode(&model, &cut(picture, square(picture)), precision, 1024)?);
    report(&zoom(&model, picture, crop, precision)?);
    Ok(())
}

/// The part that is encoded: 256 pixels square, or what the picture has of it.
pub(super) fn square(picture: &Picture) -> PixelRect {
    let side = |n: usize| n.min(256);
    PixelRect { x: 0, y: 0, width: side(picture.size.width), height: side(picture.size.height) }
}

pub(super) fn cut(picture: &Picture, rect: PixelRect) -> Picture {
    let planes = picture.planes(rect);
    let value = |i: usize| (planes[i % 3 * rect.area() + i / 3] * 255.0).round() as u8;
    Picture::from_rgb8(Size::new(rect.width, rect.height), (0..3 * rect.area()).map(value).collect())
}

fn encode(model: &LoadedModel, picture: &Picture, precision: Precision) -> Result<Measurement> {
    let (stage, work) = encoding(model, picture, square(picture), precision);
    stage.measure(RUNS, work)
}

/// Encoding a part of a picture by itself.
pub(super) fn encoding<'a>(
    model: &'a LoadedModel,
    picture: &Picture,
    rect: PixelRect,
    precision: Precision,
) -> Prepared<'a> {
    let picture = cut(picture, rect);
    let flop = 2.0 * model.config.macs().per_source_pixel * picture.size.area() as f64;
    let stage = BenchStage { name: format!("encode {}", picture.size), precision, pixels: picture.size.area(), flop };
    (stage, Box::new(move || model.encoder.encode(&picture, picture.size.rect(), NEVER).map(drop)))
}

/// A picture's features, as a window over what is evaluated.
fn window(model: &LoadedModel, picture: &Picture, grid: &SampleGrid, sampling: Sampling) -> Result<FeatureWindow> {
    let pixels = sample::pixels_for(model, picture.size, grid, sampling);
    let features = model.encode_exactly(picture, pixels, FeaturePrecision::Half, NEVER)?;
    Ok(sample::window(model, picture.size, grid, sampling, &[features.into()]))
}

/// Decoding every pixel of a picture enlarged to `side`×`side`.
fn decode(model: &LoadedModel, picture: &Picture, precision: Precision, side: usize) -> Result<Measurement> {
    let (stage, work) = decoding(model, picture, precision, side, 1)?;
    stage.measure(RUNS.min(3), work)
}

/// The same for so many pictures, side by side as many as a view has made at a time of tiles that take no time.
pub(super) fn decoding<'a>(
    model: &'a LoadedModel,
    picture: &Picture,
    precision: Precision,
    side: usize,
    count: usize,
) -> Result<Prepared<'a>> {
    let size = picture.size;
    let grid = SampleGrid::spanning(Region::whole(size), Size::new(side, side));
    let window = window(model, picture, &grid, Sampling::Exact)?;
    let pixels = count * side * side;
    let each = if count == 1 { String::new() } else { format!("{count} times ") };
    let name = format!("decode {each}{size} → {side}×{side}");
    let stage =
        BenchStage { name, precision, pixels, flop: 2.0 * model.config.macs().per_output_pixel * pixels as f64 };
    let one = move || model.decoder.query(&window, size, &grid, Sampling::Exact, NEVER).map(drop);
    let at_a_time = TILES_PER_THREAD * rayon::current_num_threads();
    let some = move |first: usize| (first..(first + at_a_time).min(count)).into_par_iter().try_for_each(|_| one());
    Ok((stage, Box::new(move || (0..count).step_by(at_a_time).try_for_each(&some))))
}

/// The crop at ×30 in default quality, its features being there.
fn zoom(model: &LoadedModel, picture: &Picture, crop: Option<Region>, precision: Precision) -> Result<Measurement> {
    let middle = |n: usize| (n as f64 / 2.0 - 24.0).max(0.0).floor();
    let (x, y) = (middle(picture.size.width), middle(picture.size.height));
    let crop = crop.unwrap_or(Region { x, y, width: 48.0, height: 48.0 });
    let side = |n: f64| (30.0 * n).round() as usize;
    let grid = SampleGrid::spanning(crop, Size::new(side(crop.width), side(crop.height)));
    let window = window(model, picture, &grid, Sampling::Lattice)?;
    let name = format!("×30: {crop} → {}", grid.size());
    BenchStage { name, precision, pixels: grid.size().area(), flop: 0.0 }
        .measure(RUNS, || model.decoder.query(&window, picture.size, &grid, Sampling::Lattice, NEVER).map(drop))
}
