//! Colours: what the original decoded, and what the processor does.

use crate::common::{Arrays, worst};
use crate::{TINY, TOLERANCE, assert_close, choice, numbers, open};
use std::sync::Arc;
use zoomfield::decode::{self, DecodeParams, GpuDecoder, Sampling, WindowQuery};
use zoomfield::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use zoomfield::geometry::{AxisGrid, Region, SampleGrid, Size};
use zoomfield::gpu::{Failure, Gpu, Number};
use zoomfield::kernel::Precision;
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

/// A fixture's model and feature map.
struct Case {
    arrays: Arrays,
    params: DecodeParams,
    window: FeatureWindow,
    size: Size,
}

impl Case {
    fn new(name: &str, weights: Option<Weights>) -> Self {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let weights = weights.unwrap_or_else(|| arrays.weights("model."));
        let params = DecodeParams::new(&weights, Precision::F32);
        let feat = arrays.get("feature_map");
        let (channels, size) = (feat.shape[1], Size::new(feat.shape[3], feat.shape[2]));
        let value = |i: usize| feat.data[i % channels * size.area() + i / channels];
        let codes: Vec<f32> = (0..channels * size.area()).map(value).collect();
        let tile = FeatureTile::cut(&codes, size.rect(), size.rect(), FeaturePrecision::Single);
        let window = FeatureWindow::assemble(&[tile.into()], size.rect(), params.margin());
        Self { arrays, params, window, size }
    }

    fn official() -> Self {
        Self::new("liif_edsr_official", Some(Weights::builtin().unwrap()))
    }

    fn on_gpu(&self, decoder: &GpuDecoder, grid: &SampleGrid, sampling: Sampling) -> Vec<f32> {
        let asked = WindowQuery { window: &self.window, picture: self.size, grid, sampling };
        decoder.query_rgb(asked, NEVER).unwrap()
    }

    fn on_cpu(&self, grid: &SampleGrid, sampling: Sampling) -> Vec<f32> {
        decode::query_rgb(&self.params, &self.window, self.size, grid, sampling, NEVER).unwrap()
    }

    /// Every full-size reference: grid and colours.
    fn references(&self) -> Vec<(SampleGrid, &[f32])> {
        let parse = |name: &str| {
            let (height, width) = name.strip_prefix("rgb_")?.split_once('x')?;
            Some(Size::new(width.parse().ok()?, height.parse().ok()?))
        };
        let whole = |size| SampleGrid::spanning(Region::whole(self.size), size);
        let arrays = self.arrays.arrays.iter();
        arrays.filter_map(|(name, array)| Some((whole(parse(name)?), array.data.as_slice()))).collect()
    }
}

/// Without the ensemble the function jumps halfway between two codes, and in the original rounding errors decide.
fn is_tie(grid: &SampleGrid, i: usize) -> bool {
    let is_tie = |axis: &AxisGrid, i: usize| (axis.latent_position(i).rem_euclid(1.0) - 0.5).abs() < 1e-6;
    is_tie(&grid.y, i / grid.x.len) || is_tie(&grid.x, i % grid.x.len)
}

#[test]
fn tiny_variants_match_the_original_with_every_flag_and_encoder() {
    let Some(gpu) = open() else { return };
    for name in TINY {
        let case = Case::new(name, None);
        for number in numbers(&gpu) {
            let decoder = GpuDecoder::new(gpu.clone(), &case.params, number).unwrap();
            for (grid, reference) in case.references() {
                let mut ours = case.on_gpu(&decoder, &grid, Sampling::Exact);
                let mut reference = reference.to_vec();
                if !case.params.local_ensemble {
                    for i in (0..grid.size().area()).filter(|i| is_tie(&grid, *i)) {
                        ours[3 * i..3 * i + 3].fill(0.0);
                        reference[3 * i..3 * i + 3].fill(0.0);
                    }
                }
                assert_close(&format!("{name} {}", grid.size()), number, &ours, &reference);
            }
        }
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn the_official_model_matches_the_original_at_every_size() {
    let Some(gpu) = open() else { return };
    let case = Case::official();
    for number in numbers(&gpu) {
        let decoder = GpuDecoder::new(gpu.clone(), &case.params, number).unwrap();
        for (grid, reference) in case.references() {
            assert_close(
                &format!("{}", grid.size()),
                number,
                &case.on_gpu(&decoder, &grid, Sampling::Exact),
                reference,
            );
        }
        let region = Region { x: 7.9, y: 11.3, width: 64.0 / 200.0, height: 64.0 / 200.0 };
        let grid = SampleGrid::spanning(region, Size::new(64, 64));
        let reference = &case.arrays.get("rgb_zoom200_y11.3_x7.9_64x64_f64").data;
        assert_close("×200", number, &case.on_gpu(&decoder, &grid, Sampling::Exact), reference);
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn the_lattice_matches_the_processors() {
    let Some(gpu) = open() else { return };
    let case = Case::official();
    let decoder = GpuDecoder::new(gpu.clone(), &case.params, Number::F32).unwrap();
    for (scale, sampling) in [(12.0, Sampling::Lattice), (33.3, Sampling::Lattice), (12.5, Sampling::Coarse)] {
        let region = Region { x: 3.2, y: 0.0, width: 5.0, height: 4.0 };
        let size = Size::new((5.0 * scale) as usize, (4.0 * scale) as usize);
        let grid = SampleGrid::spanning(region, size);
        let (ours, reference) = (case.on_gpu(&decoder, &grid, sampling), case.on_cpu(&grid, sampling));
        assert_close(&format!("×{scale} {sampling:?}"), Number::F32, &ours, &reference);
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn one_changed_weight_or_one_shifted_sample_is_noticed() {
    let Some(gpu) = open() else { return };
    let case = Case::new("liif_edsr_tiny", None);
    let (grid, reference) = case.references().pop().unwrap();
    let mut changed = case.arrays.weights("model.").arrays().clone();
    changed.get_mut("imnet.layers.4.weight").unwrap().data[5] += 0.05;
    let weights = Weights::new(case.arrays.weights("model.").config().clone(), changed).unwrap();
    let params = DecodeParams::new(&weights, Precision::F32);
    let decoder = GpuDecoder::new(gpu.clone(), &params, Number::F32).unwrap();
    assert!(worst(&case.on_gpu(&decoder, &grid, Sampling::Exact), reference) > TOLERANCE);
    let decoder = GpuDecoder::new(gpu.clone(), &case.params, Number::F32).unwrap();
    let shifted = SampleGrid { x: AxisGrid { origin: 0.01, ..grid.x }, ..grid };
    assert!(worst(&case.on_gpu(&decoder, &shifted, Sampling::Exact), reference) > TOLERANCE);
    assert!(worst(&case.on_gpu(&decoder, &grid, Sampling::Exact), reference) < TOLERANCE);
}

#[test]
fn the_least_limits_and_checked_accesses_give_the_same_picture() {
    let Some(gpu) = open() else { return };
    let least = Arc::new(Gpu::open_least(&choice().unwrap()).unwrap());
    for case in [Case::official(), Case::new("liif_rdn_tiny", None)] {
        let grid = SampleGrid::spanning(Region::whole(case.size), Size::new(37, 41));
        let of = |decoder: GpuDecoder| case.on_gpu(&decoder, &grid, Sampling::Exact);
        let usual = of(GpuDecoder::new(gpu.clone(), &case.params, Number::F32).unwrap());
        // What a trusted module reads or writes outside its buffers, a checked one does not.
        assert_eq!(usual, of(GpuDecoder::checked(gpu.clone(), &case.params, Number::F32).unwrap()));
        assert!(worst(&usual, &of(GpuDecoder::new(least.clone(), &case.params, Number::F32).unwrap())) < TOLERANCE);
    }
    assert!(least.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn with_little_memory_less_is_done_at_a_time() {
    let Some(gpu) = open() else { return };
    let case = Case::official();
    let decoder = GpuDecoder::new(gpu.clone(), &case.params, Number::F32).unwrap();
    for sampling in [Sampling::Exact, Sampling::Lattice] {
        let grid = SampleGrid::spanning(Region { x: 0.0, y: 0.0, width: 20.0, height: 24.0 }, Size::new(60, 72));
        let reference = case.on_gpu(&decoder, &grid, sampling);
        gpu.faults().limit_buffers(400_000);
        let before = gpu.dispatches();
        assert!(worst(&case.on_gpu(&decoder, &grid, sampling), &reference) < TOLERANCE);
        assert!(gpu.dispatches() > before + 2, "nothing was divided");
        gpu.faults().limit_buffers(1000);
        let asked = WindowQuery { window: &case.window, picture: case.size, grid: &grid, sampling };
        assert_eq!(decoder.query_rgb(asked, NEVER), Err(Failure::OutOfMemory));
        gpu.faults().limit_buffers(u64::MAX);
    }
}
