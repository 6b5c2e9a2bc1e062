//! The invention map: it is computed of the function, so every window sees parts of one map, and where detail is known to
//! have been removed it ranks regions as the true error does.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]
#![expect(clippy::print_stdout, reason = "figures are for whoever measures")]

#[path = "common/function.rs"]
mod function;

use function::{recipe, whole};
use zoomfield::error::Error;
use zoomfield::geometry::{SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::metrics::{color_distance, lab_of_srgb};
use zoomfield::picture::resample::resize_bicubic_u8;
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::Source;
use zoomfield::render::{Invention, InventionLayer, LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::Builtin;

/// Output pixels along a side of a region.
const REGION: usize = 16;

/// By how much pictures are shrunk, and enlarged again.
const SCALE: usize = 4;

/// The least rank correlation of the map with the true error.
const LEAST: f64 = 0.6;

/// How many of the pictures are photographs; they come first.
const PHOTOGRAPHS: usize = 4;

const LAYERS: [InventionLayer; 3] = [InventionLayer::Departure, InventionLayer::Disagreement, InventionLayer::Both];

fn rgb(picture: &Picture) -> &[u8] {
    let Samples::U8(rgb) = &picture.rgb else { panic!("8 bits") };
    rgb
}

/// A part of the photograph.
fn chelsea(at: [usize; 2], size: Size) -> Picture {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png");
    let whole = Picture::open(path.as_ref()).unwrap();
    let rows = (at[1]..at[1] + size.height).map(|y| 3 * (y * whole.size.width + at[0]));
    Picture::from_rgb8(size, rows.flat_map(|row| rgb(&whole)[row..row + 3 * size.width].to_vec()).collect())
}

fn drawn(size: Size, color: impl Fn(f64, f64) -> [f64; 3]) -> Picture {
    let pixel = |i: usize| color((i % size.width) as f64, (i / size.width) as f64);
    let bytes = (0..size.area()).flat_map(pixel).map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8);
    Picture::from_rgb8(size, bytes.collect())
}

/// Numbers in [0, 1) without order, the same every time.
fn noise(x: f64, y: f64) -> f64 {
    let mixed = (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (y as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed ^ (mixed >> 32)) & 0xFFFF) as f64 / 65_536.0
}

/// Drawn pictures that hold more than a quarter of their pixels can say: rings that grow finer, bars of many widths and
/// directions, grain that grows stronger, strokes like print.
fn hard(size: Size) -> [Picture; 4] {
    let (width, height) = (size.width as f64, size.height as f64);
    [
        drawn(size, |x, y| [0.5 + 0.45 * ((x * x + y * y) / width * 1.2).cos(); 3]),
        drawn(size, |x, y| {
            let (turn, wide) = ((y / 48.0).floor() * 0.5, 1.5 + 10.0 * (x / width));
            let wave = ((x * turn.cos() + y * turn.sin()) / wide).sin();
            [0.5 + 0.4 * wave.signum(), 0.5 + 0.3 * wave, 0.6]
        }),
        drawn(size, |x, y| {
            let (amount, base) = (0.6 * (x / width).powi(2), 0.3 + 0.4 * y / height);
            [base + amount * (noise(x, y) - 0.5), base + amount * (noise(x + 999.0, y) - 0.5), 0.5]
        }),
        drawn(size, |x, y| {
            let cell = [(x / 12.0).floor(), (y / 20.0).floor()];
            let [u, v] = [(x % 12.0) / 12.0, (y % 20.0) / 20.0];
            let kind = noise(cell[0], cell[1]);
            let is_ink = kind > 0.35 && v > 0.2 && ((u - kind).abs() < 0.12 || (v - 0.8 * kind).abs() < 0.07);
            let ink = if is_ink { 0.1 } else { 0.92 };
            [ink, ink, ink * 0.95]
        }),
    ]
}

fn originals() -> Vec<Picture> {
    let size = Size::new(224, 144);
    let parts = [[0, 0], [226, 0], [0, 150], [226, 150]].map(|at| chelsea(at, size));
    parts.into_iter().chain(hard(size)).collect()
}

fn shrunk(original: &Picture) -> Picture {
    let size = Size::new(original.size.width / SCALE, original.size.height / SCALE);
    Picture::from_rgb8(size, resize_bicubic_u8(rgb(original), 3, original.size, size))
}

fn live() -> LoadedModel {
    LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap()
}

fn map(picture: &Picture, model: &LoadedModel, grid: &SampleGrid, text: &str) -> Invention {
    Renderer::new(RenderOptions::EXPORT).invention(picture, model, grid, recipe(text), NEVER).unwrap()
}

/// Root mean squares of values over the whole regions of a picture.
fn by_region(values: &[f32], size: Size) -> Vec<f64> {
    let (columns, rows) = (size.width / REGION, size.height / REGION);
    let region = |i: usize| {
        let (top, left) = (i / columns * REGION, i % columns * REGION);
        let inside = (top..top + REGION).flat_map(|y| &values[y * size.width + left..][..REGION]);
        (inside.map(|value| f64::from(*value).powi(2)).sum::<f64>() / (REGION * REGION) as f64).sqrt()
    };
    (0..columns * rows).map(region).collect()
}

/// Ranks from 0; equal values share their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for same in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        for i in same {
            ranks[*i] = start as f64 + (same.len() - 1) as f64 / 2.0;
        }
        start += same.len();
    }
    ranks
}

/// Spearman's rank correlation.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let [a, b] = [a, b].map(ranks);
    let mean = (a.len() - 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// Distances of what is shown from the original, `height * width`.
fn true_error(original: &Picture, picture: &Picture, model: &LoadedModel, text: &str) -> Vec<f32> {
    let grid = whole(picture, SCALE as f64);
    let shown = Renderer::new(RenderOptions::EXPORT).render(picture, model, &grid, recipe(text), NEVER).unwrap();
    let truth = |i: usize| lab_of_srgb([0, 1, 2].map(|c| original.rgb.unit(3 * i + c)));
    let pixels = shown.data.as_chunks::<3>().0.iter().enumerate();
    pixels.map(|(i, pixel)| color_distance(lab_of_srgb(*pixel), truth(i))).collect()
}

/// By regions: the true error and the map's layers, of a picture.
fn compared(original: &Picture, model: &LoadedModel, text: &str) -> (Vec<f64>, [Vec<f64>; 3]) {
    let picture = shrunk(original);
    let found = map(&picture, model, &whole(&picture, SCALE as f64), text);
    let error = by_region(&true_error(original, &picture, model, text), original.size);
    (error, LAYERS.map(|layer| by_region(&found.layer(layer), original.size)))
}

/// The same values in other places.
fn shuffled(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| noise(*a as f64, 7.0).total_cmp(&noise(*b as f64, 7.0)));
    order.into_iter().map(|i| values[i]).collect()
}

/// The mean over pictures of the rank correlations of a layer with the true error, and that over the regions of all of them.
fn figures(pictures: &[(Vec<f64>, [Vec<f64>; 3])], layer: usize, of: impl Fn(&[f64]) -> Vec<f64>) -> [f64; 2] {
    let own = pictures.iter().map(|(error, layers)| spearman(&of(&layers[layer]), error));
    let [errors, values] = [0, 1].map(|side| {
        let side = |(error, layers): &(Vec<f64>, [Vec<f64>; 3])| [error.clone(), layers[layer].clone()][side].clone();
        pictures.iter().flat_map(side).collect::<Vec<f64>>()
    });
    [own.sum::<f64>() / pictures.len() as f64, spearman(&of(&values), &errors)]
}

/// In the mean of all pictures, the rings too, whose finest no map can know of: they have left no trace in the small picture.
/// Over the regions of all photographs taken together as well; drawn ones are no scale for each other.
#[test]
fn regions_rank_as_the_true_error_does() {
    let model = live();
    for text in ["neural", "neural+ensemble:8+lock"] {
        let pictures: Vec<_> = originals().iter().map(|original| compared(original, &model, text)).collect();
        for (i, (error, layers)) in pictures.iter().enumerate() {
            println!("{text}, picture {i}: {:.3?}", layers.each_ref().map(|layer| spearman(layer, error)));
        }
        for (i, layer) in LAYERS.iter().enumerate() {
            let [mean, pooled] = figures(&pictures, i, <[f64]>::to_vec);
            let [_, photographs] = figures(&pictures[..PHOTOGRAPHS], i, <[f64]>::to_vec);
            println!("{text}, {layer:?}: mean {mean:.3}, photographs {photographs:.3}, all regions pooled {pooled:.3}");
            assert!(mean >= LEAST && photographs >= LEAST, "{text}, {layer:?}: {mean:.3}, {photographs:.3}");
            let [mean, _] = figures(&pictures, i, shuffled);
            let [_, photographs] = figures(&pictures[..PHOTOGRAPHS], i, shuffled);
            println!("    shuffled: {mean:.3}, {photographs:.3}");
            assert!(mean.abs().max(photographs.abs()) < LEAST / 2.0, "a shuffled map is not noticed");
        }
    }
}

/// Windows of any place see parts of one map, whatever is evaluated together.
#[test]
fn every_window_sees_a_part_of_one_map() {
    let (picture, model) = (chelsea([150, 90], Size::new(90, 70)), live());
    for (text, scale) in [("neural", 4.0), ("neural:exact+ensemble:8+lock:70+strength:80", 3.3)] {
        let grid = whole(&picture, scale);
        let expected = map(&picture, &model, &grid, text);
        let mut renderer = Renderer::new(RenderOptions::VIEW);
        for (top, left, height, width) in [(0, 0, 40, 50), (100, 120, 33, 90), (160, 200, 71, 64), (31, 77, 1, 1)] {
            let window = grid.slice(top..top + height, left..left + width);
            let found = renderer.invention(&picture, &model, &window, recipe(text), NEVER).unwrap();
            for layer in LAYERS {
                let (all, part) = (expected.layer(layer), found.layer(layer));
                let row = |y: usize| all[y * expected.size.width + left..][..width].to_vec();
                let off = (top..top + height).flat_map(row).zip(part).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                println!("{text}, a window at {top}, {left}: {layer:?} off by {off}");
                assert!(off < 0.02, "{text}, {layer:?}: a window at {top}, {left} is off by {off}");
            }
        }
        assert!(expected.departure.iter().any(|value| *value > 1.0) && expected.disagreement.iter().any(|v| *v > 0.5));
    }
}

/// What was encoded for a map, of every member, is kept: nothing is encoded for the same map again, nor for the ensemble.
#[test]
fn features_come_from_the_store() {
    let (picture, model) = (chelsea([150, 90], Size::new(90, 70)), live());
    let grid = whole(&picture, 4.0);
    let encoded = || model.encoded() + model.others(7).unwrap().iter().map(LoadedModel::encoded).sum::<u64>();
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    renderer.encode_for_invention(&picture, &model, &grid, recipe("neural"), NEVER).unwrap();
    let before = encoded();
    assert!(before >= 8);
    renderer.invention(&picture, &model, &grid, recipe("neural"), NEVER).unwrap();
    renderer.render(&picture, &model, &grid, recipe("neural+ensemble:8"), NEVER).unwrap();
    assert_eq!(encoded(), before);
}

/// Nothing is invented where no network takes part, where nothing is there to be told apart, or where nobody sees.
#[test]
fn nothing_is_invented_where_there_is_nothing() {
    let (picture, model) = (chelsea([150, 90], Size::new(40, 30)), live());
    let is_zero = |map: &Invention| map.layer(InventionLayer::Both).iter().all(|value| *value == 0.0);
    assert!(is_zero(&map(&picture, &model, &whole(&picture, 4.0), "bicubic")));
    assert!(is_zero(&map(&picture, &model, &whole(&picture, 0.5), "neural")));
    let flat = drawn(Size::new(40, 30), |_, _| [0.4, 0.5, 0.6]);
    let found = map(&flat, &model, &whole(&flat, 4.0), "neural").layer(InventionLayer::Both);
    assert!(found.iter().all(|value| *value < 1.0), "{:?}", found.iter().copied().fold(0.0, f32::max));
    let clear = Picture::from_samples(picture.size, picture.rgb.clone(), Some(Samples::U8(vec![0; 1200])));
    assert!(is_zero(&map(&clear, &model, &whole(&clear, 4.0), "neural")));
}

/// Half the strength departs by half as far, and the network disagrees with itself as much.
#[test]
fn strength_is_seen_in_the_departure() {
    let (picture, model) = (chelsea([150, 90], Size::new(40, 30)), live());
    let [full, half] = ["neural", "neural+strength:50"].map(|text| map(&picture, &model, &whole(&picture, 4.0), text));
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let share = mean(&half.departure) / mean(&full.departure);
    assert!((0.45..0.55).contains(&share), "{share}");
    assert_eq!(full.disagreement, half.disagreement);
}

#[test]
fn it_can_be_interrupted() {
    let (picture, model) = (chelsea([150, 90], Size::new(40, 30)), live());
    let grid = whole(&picture, 4.0);
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    let outcome = renderer.invention(&picture, &model, &grid, Source::NEURAL.into(), &|| true);
    assert!(matches!(outcome, Err(Error::Cancelled)));
}
