//! The model and the fast decoder against numbers that the original implementation produced
//! (`tests/fixtures/README.md`).

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use candle_core::{Device, Tensor};
use common::{Arrays, TINY, psnr, worst};
use zoomfield::decode::{self, DecodeParams, Sampling};
use zoomfield::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use zoomfield::geometry::{AxisGrid, Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::model::{self, ConvKernel, Encoder, Liif, Query};
use zoomfield::task::NEVER;
use zoomfield::weights::{Array, EncoderConfig, ImnetConfig, ModelConfig, Weights};

/// Of what is computed as it is defined, and of what goes through Winograd's convolutions.
const TOLERANCE: f32 = 4e-6;
const TOLERANCE_BY_WINOGRAD: f32 = 1e-4;

fn tensor(array: &Array) -> Tensor {
    Tensor::from_slice(&array.data, array.shape.as_slice(), &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn whole(size: Size, height: usize, width: usize) -> SampleGrid {
    SampleGrid::spanning(Region::whole(size), Size::new(width, height))
}

/// Queries the fast decoder in single precision, with the reference's feature map.
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

fn compare(name: &str, ours: &[f32], reference: &Array, most: f32) {
    let difference = worst(ours, &reference.data);
    println!("{name}: off by {difference:.1e} of {most:.0e}");
    assert!(difference < most, "{name}: off by {difference}");
}

#[test]
fn features_of_tiny_variants_match_with_either_encoder() {
    for name in TINY {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let weights = arrays.weights("model.");
        let feat = Liif::oracle(&weights).unwrap().gen_feat(&tensor(arrays.get("input"))).unwrap();
        compare(&format!("{name} features"), &values(&feat), arrays.get("feature_map"), TOLERANCE);
        let fused = encode(Precision::F32, arrays.get("input"), &weights);
        compare(&format!("{name} features, fused"), &fused, arrays.get("feature_map"), TOLERANCE_BY_WINOGRAD);
    }
}

#[test]
fn the_official_models_features_match_and_may_be_kept_in_half_precision() {
    let arrays = Arrays::load("liif_edsr_official.safetensors");
    let weights = Weights::builtin().unwrap();
    let feat = Liif::oracle(&weights).unwrap().gen_feat(&tensor(arrays.get("input"))).unwrap();
    compare("features", &values(&feat), arrays.get("feature_map"), TOLERANCE);
    for (name, height, width) in outputs(&arrays) {
        let (grid, reference) = (whole(Size::new(20, 24), height, width), arrays.get(&name));
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
    compare("oracle", &oracle, reference, TOLERANCE);
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

/// Every way of computing, from the picture to the pixels: features by the encoder's own kernels, colours by the
/// decoder. Returns the worst difference and the PSNR over all of a fixture's references.
fn through_every_kernel(arithmetic: Precision, arrays: &Arrays, weights: &Weights) -> (f32, f64) {
    let feat = Array { data: encode(arithmetic, arrays.get("input"), weights), ..arrays.get("feature_map").clone() };
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

/// The feature map `[channels, height, width]` of `input [1, 3, height, width]`, by our own kernels.
fn encode(arithmetic: Precision, input: &Array, weights: &Weights) -> Vec<f32> {
    let encoder = encoder(ConvKernel::Fused(arithmetic), weights);
    let (size, planes) = ([input.shape[2], input.shape[3]], input.data.clone());
    let found = encoder.forward_planes(planes, size, &|| Ok(())).unwrap();
    let channels = found.len() / (size[0] * size[1]);
    (0..channels).flat_map(|c| found.iter().skip(c).step_by(channels).copied()).collect()
}

fn encoder(kernel: ConvKernel, weights: &Weights) -> Encoder {
    let constants = model::constants(weights, &Device::Cpu).unwrap();
    Encoder::load(&constants, &weights.config().encoder, kernel).unwrap()
}

/// Numbers between -1 and 1, the same everywhere.
fn noise(n: usize, seed: u32) -> Vec<f32> {
    (0..n as u32).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// RDN with the paper's widths and random weights: the fixtures' is tiny, and its kernels others.
fn wide_rdn() -> Weights {
    let config = ModelConfig {
        encoder: EncoderConfig::Rdn { blocks: 2, convs: 8, growth: 64, features: 64 },
        decoder: ImnetConfig::new(vec![32]).into(),
        ..Weights::builtin().unwrap().config().clone()
    };
    let random = |(i, (name, shape)): (usize, (String, Vec<usize>))| {
        let depth: usize = shape[1..].iter().product();
        let data = noise(shape.iter().product(), i as u32).iter().map(|w| w / (depth as f32).sqrt()).collect();
        (name, Array { shape, data })
    };
    let arrays = config.expected_arrays().into_iter().enumerate().map(random).collect();
    Weights::new(config, arrays).unwrap()
}

#[test]
fn a_wide_rdn_is_the_same_by_every_kernel() {
    let (weights, input) = (wide_rdn(), Array { shape: vec![1, 3, 19, 37], data: noise(3 * 19 * 37, 5) });
    let reference = values(&encoder(ConvKernel::Candle, &weights).forward(&tensor(&input), &|| Ok(())).unwrap());
    let mut changed = weights.arrays().clone();
    changed.get_mut("encoder.RDBs.1.convs.7.conv.0.weight").unwrap().data[9 * 300 + 4] += 20.0;
    let changed = Weights::new(weights.config().clone(), changed).unwrap();
    let strength = (reference.iter().map(|v| v * v).sum::<f32>() / reference.len() as f32).sqrt();
    for arithmetic in Precision::ALL.into_iter().filter(|arithmetic| arithmetic.is_available()) {
        let quality = |weights| {
            let ours = encode(arithmetic, &input, weights);
            psnr(&ours, &reference, f64::from(strength))
        };
        let (least, right, wrong) =
            (if arithmetic.is_bf16() { 50.0 } else { 100.0 }, quality(&weights), quality(&changed));
        println!("{arithmetic}: {right:.1} dB, {wrong:.1} dB with another weight");
        assert!(right >= least && wrong < least, "{arithmetic}: {right} dB, {wrong} dB with another weight");
    }
}

#[test]
fn every_kernel_keeps_the_picture() {
    let arrays = Arrays::load("liif_edsr_official.safetensors");
    let weights = Weights::builtin().unwrap();
    let keeps = |arithmetic: Precision, weights: &Weights| {
        let (difference, quality) = through_every_kernel(arithmetic, &arrays, weights);
        println!("{arithmetic}: off by at most {difference}, {quality:.1} dB");
        if arithmetic.is_bf16() { quality >= 70.0 } else { difference <= TOLERANCE_BY_WINOGRAD }
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
