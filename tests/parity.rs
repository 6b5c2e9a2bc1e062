//! The model and the fast decoder against numbers that the original implementation produced
//! (`tests/fixtures/README.md`).

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use candle_core::{Device, Tensor};
use common::{Arrays, psnr, worst};
use zoomfield::decode::{self, DecodeParams, Sampling};
use zoomfield::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use zoomfield::geometry::{AxisGrid, Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::model::{self, ConvKernel, Encoder, Liif, Query};
use zoomfield::task::NEVER;
use zoomfield::weights::{Array, Weights};

const TOLERANCE: f32 = 1e-4;

const TINY: [&str; 7] = [
    "liif_edsr_tiny",
    "liif_edsr_tiny_no_cell_decode",
    "liif_edsr_tiny_no_feat_unfold",
    "liif_edsr_tiny_no_local_ensemble",
    "liif_edsr_tiny_shallow",
    "liif_edsr_tiny_none",
    "liif_rdn_tiny",
];

fn tensor(array: &Array) -> Tensor {
    Tensor::from_slice(&array.data, array.shape.as_slice(), &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn whole(size: Size, height: usize, width: usize) -> SampleGrid {
    SampleGrid::spanning(Region::whole(size), Size::new(width, height))
}

/// Asks the fast decoder in single precision, with the reference's feature map.
fn fast(weights: &Weights, feat: &Array, grid: &SampleGrid, precision: FeaturePrecision) -> Vec<f32> {
    fast_in(Precision::F32, weights, feat, grid, precision)
}

fn fast_in(
    arithmetic: Precision,
    weights: &Weights,
    feat: &Array,
    grid: &SampleGrid,
    precision: FeaturePrecision,
) -> Vec<f32> {
    let size = Size::new(feat.shape[3], feat.shape[2]);
    let codes = values(&tensor(feat).permute((0, 2, 3, 1)).unwrap());
    let tile = FeatureTile::cut(&codes, size.rect(), size.rect(), precision);
    let params = DecodeParams::new(weights, arithmetic);
    let window = FeatureWindow::assemble(&[tile.into()], size.rect(), params.margin());
    decode::query_rgb(&params, &window, size, grid, Sampling::Exact, NEVER).unwrap()
}

/// Every full-size reference in a fixture: name, height, width.
fn outputs(arrays: &Arrays) -> Vec<(String, usize, usize)> {
    let parse = |name: &String| {
        let (height, width) = name.strip_prefix("rgb_")?.split_once('x')?;
        Some((name.clone(), height.parse().ok()?, width.parse().ok()?))
    };
    arrays.arrays.keys().filter_map(parse).collect()
}

fn compare(name: &str, ours: &[f32], reference: &Array) {
    let difference = worst(ours, &reference.data);
    assert!(difference < TOLERANCE, "{name}: off by {difference}");
}

/// Without the ensemble the function jumps halfway between two codes, and which side a sample exactly there falls on
/// is decided by rounding errors of single precision in the original: those rows and columns are not compared.
fn blank_ties(rgb: &mut [f32], grid: &SampleGrid) {
    let is_tie = |axis: &AxisGrid, i: usize| (axis.latent_position(i).rem_euclid(1.0) - 0.5).abs() < 1e-6;
    for (i, pixel) in rgb.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        if is_tie(&grid.y, i / grid.x.len) || is_tie(&grid.x, i % grid.x.len) {
            *pixel = [0.0; 3];
        }
    }
}

#[test]
fn tiny_variants_match_with_every_flag_and_encoder() {
    for name in TINY {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let weights = arrays.weights("model.");
        let liif = Liif::oracle(&weights).unwrap();
        let feat = liif.gen_feat(&tensor(arrays.get("input"))).unwrap();
        compare(&format!("{name} features"), &values(&feat), arrays.get("feature_map"));
        let fused = encode(Precision::F32, &arrays, &weights);
        compare(&format!("{name} features, fused"), &values(&fused), arrays.get("feature_map"));
        let size = Size::new(20, 24);
        for (output, height, width) in outputs(&arrays) {
            let grid = whole(size, height, width);
            let mut reference = arrays.get(&output).clone();
            let mut oracle = values(&liif.query_rgb(&feat, &Query::grid(&grid)).unwrap());
            let mut fast = fast(&weights, arrays.get("feature_map"), &grid, FeaturePrecision::Single);
            if !weights.config().local_ensemble {
                for rgb in [&mut reference.data, &mut oracle, &mut fast] {
                    blank_ties(rgb, &grid);
                }
            }
            compare(&format!("{name} {output} oracle"), &oracle, &reference);
            compare(&format!("{name} {output} decoder"), &fast, &reference);
        }
    }
}

#[test]
fn the_official_model_matches_from_the_picture_to_the_pixels() {
    let arrays = Arrays::load("liif_edsr_official.safetensors");
    let weights = Weights::builtin().unwrap();
    let liif = Liif::oracle(&weights).unwrap();
    let feat = liif.gen_feat(&tensor(arrays.get("input"))).unwrap();
    compare("features", &values(&feat), arrays.get("feature_map"));
    for (name, height, width) in outputs(&arrays) {
        let grid = whole(Size::new(20, 24), height, width);
        let reference = arrays.get(&name);
        let oracle = values(&liif.query_rgb(&feat, &Query::grid(&grid)).unwrap());
        compare(&format!("{name} oracle"), &oracle, reference);
        let single = fast(&weights, arrays.get("feature_map"), &grid, FeaturePrecision::Single);
        compare(&format!("{name} decoder"), &single, reference);
        let half = fast(&weights, arrays.get("feature_map"), &grid, FeaturePrecision::Half);
        let (difference, quality) = (worst(&half, &reference.data), psnr(&half, &reference.data, 2.0));
        assert!(difference <= 3e-4 && quality >= 95.0, "{name} from half features: {difference}, {quality} dB");
    }
}

#[test]
fn random_points_with_their_own_cells_match() {
    let arrays = Arrays::load("liif_edsr_official.safetensors");
    let weights = Weights::builtin().unwrap();
    let pairs = |name: &str| arrays.get(name).data.as_chunks::<2>().0.to_vec();
    let (coord, cell) = (pairs("query_coord"), pairs("query_cell"));
    let query = Query::from_coords(&coord, &cell, 24, 20);
    let reference = arrays.get("query_rgb");
    let liif = Liif::oracle(&weights).unwrap();
    let oracle = values(&liif.query_rgb(&tensor(arrays.get("feature_map")), &query).unwrap());
    compare("oracle", &oracle, reference);
    let axis = |position: f64, rel_cell: f64| {
        let pitch = rel_cell / 2.0;
        AxisGrid { origin: position + 0.5 - 0.5 * pitch, pitch, len: 1 }
    };
    for (i, (position, cell)) in query.position.iter().zip(&query.rel_cell).enumerate() {
        let grid = SampleGrid { y: axis(position[0], cell[0]), x: axis(position[1], cell[1]) };
        let ours = fast(&weights, arrays.get("feature_map"), &grid, FeaturePrecision::Single);
        assert!(worst(&ours, &reference.data[i * 3..i * 3 + 3]) < TOLERANCE, "point {i}");
    }
}

#[test]
fn a_window_at_x200_matches_double_precision() {
    let arrays = Arrays::load("liif_edsr_official.safetensors");
    let weights = Weights::builtin().unwrap();
    let region = Region { x: 7.9, y: 11.3, width: 64.0 / 200.0, height: 64.0 / 200.0 };
    let grid = SampleGrid::spanning(region, Size::new(64, 64));
    let reference = arrays.get("rgb_zoom200_y11.3_x7.9_64x64_f64");
    let liif = Liif::oracle(&weights).unwrap();
    let oracle = values(&liif.query_rgb(&tensor(arrays.get("feature_map")), &Query::grid(&grid)).unwrap());
    compare("oracle", &oracle, reference);
    compare("decoder", &fast(&weights, arrays.get("feature_map"), &grid, FeaturePrecision::Single), reference);
}

#[test]
fn the_comparison_fails_on_one_changed_weight_or_one_shifted_sample() {
    let arrays = Arrays::load("liif_edsr_tiny.safetensors");
    let reference = &arrays.get("rgb_61x53").data;
    let grid = whole(Size::new(20, 24), 61, 53);
    let mut changed = Arrays::load("liif_edsr_tiny.safetensors");
    changed.arrays.get_mut("model.imnet.layers.4.weight").unwrap().data[5] += 0.05;
    let other = fast(&changed.weights("model."), arrays.get("feature_map"), &grid, FeaturePrecision::Single);
    assert!(worst(&other, reference) > TOLERANCE);
    let shifted = SampleGrid { x: AxisGrid { origin: 0.01, ..grid.x }, ..grid };
    let other = fast(&arrays.weights("model."), arrays.get("feature_map"), &shifted, FeaturePrecision::Single);
    assert!(worst(&other, reference) > TOLERANCE);
}

/// Every way of computing, from the picture to the pixels: features by the encoder's own kernels, colours by the
/// decoder. Returns the worst difference and the PSNR over all of a fixture's references.
fn through_every_kernel(arithmetic: Precision, arrays: &Arrays, weights: &Weights) -> (f32, f64) {
    let feat = Array { data: values(&encode(arithmetic, arrays, weights)), ..arrays.get("feature_map").clone() };
    let of = |(name, height, width): (String, usize, usize)| {
        let grid = whole(Size::new(20, 24), height, width);
        let ours = fast_in(arithmetic, weights, &feat, &grid, FeaturePrecision::Single);
        let reference = &arrays.get(&name).data;
        (worst(&ours, reference), psnr(&ours, reference, 2.0))
    };
    let found: Vec<(f32, f64)> = outputs(arrays).into_iter().map(of).collect();
    assert!(found.len() > 1 && found.iter().all(|(off, quality)| off.is_finite() && quality.is_finite()));
    found.into_iter().fold((0.0, f64::INFINITY), |a, b| (a.0.max(b.0), a.1.min(b.1)))
}

fn encode(arithmetic: Precision, arrays: &Arrays, weights: &Weights) -> Tensor {
    let constants = model::constants(weights, &Device::Cpu).unwrap();
    let encoder = Encoder::load(&constants, &weights.config().encoder, ConvKernel::Fused(arithmetic)).unwrap();
    encoder.forward(&tensor(arrays.get("input")), &|| Ok(())).unwrap().contiguous().unwrap()
}

#[test]
fn every_kernel_keeps_the_picture() {
    let arrays = Arrays::load("liif_edsr_official.safetensors");
    let weights = Weights::builtin().unwrap();
    let keeps = |arithmetic: Precision, weights: &Weights| {
        let (difference, quality) = through_every_kernel(arithmetic, &arrays, weights);
        println!("{arithmetic}: off by at most {difference}, {quality:.1} dB");
        if arithmetic.is_bf16() { quality >= 70.0 } else { difference <= TOLERANCE }
    };
    // One weight, moved as far as the largest ones go: the comparison must notice it in either network.
    let perturbed = |name: &str| {
        let mut changed = weights.arrays().clone();
        changed.get_mut(name).unwrap().data[1234] += 0.5;
        Weights::new(weights.config().clone(), changed).unwrap()
    };
    for arithmetic in Precision::ALL {
        if !arithmetic.is_available() {
            println!("skipped: this processor has no {arithmetic}");
            continue;
        }
        assert!(keeps(arithmetic, &weights), "{arithmetic}");
        for name in ["imnet.layers.4.weight", "encoder.body.7.body.2.weight"] {
            assert!(!keeps(arithmetic, &perturbed(name)), "{arithmetic} does not notice a change of {name}");
        }
    }
}
