//! Colours with the least limits, with checked accesses, with little memory. `tests/ways.rs` compares them with others'.

use crate::TOLERANCE;
use crate::common::{Arrays, worst};
use crate::devices::{choice, element_types, open};
use std::sync::Arc;
use zoomfield::decode::{Decoder, GpuDecoder, Sampling, WindowQuery};
use zoomfield::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::gpu::{ElementType, Gpu, GpuError, Shader, Variant};
use zoomfield::kernel::Precision;
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

/// A fixture's model and feature map.
struct Case {
    processor: Decoder,
    window: FeatureWindow,
    size: Size,
}

impl Case {
    fn new(name: &str, weights: Option<Weights>) -> Self {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let weights = weights.unwrap_or_else(|| arrays.weights("model."));
        let processor = Decoder::new(&weights, Precision::F32);
        let feat = arrays.get("feature_map");
        let (channels, size) = (feat.shape[1], Size::new(feat.shape[3], feat.shape[2]));
        let value = |i: usize| feat.data[i % channels * size.area() + i / channels];
        let codes: Vec<f32> = (0..channels * size.area()).map(value).collect();
        let tile = FeatureTile::cut(&codes, size.rect(), size.rect(), FeaturePrecision::Single);
        let window = FeatureWindow::assemble(&[tile.into()], size.rect(), processor.margin());
        Self { processor, window, size }
    }

    fn official() -> Self {
        Self::new("liif_edsr_official", Some(Weights::builtin().unwrap()))
    }

    fn on_gpu(&self, decoder: &GpuDecoder, grid: &SampleGrid, sampling: Sampling) -> Vec<f32> {
        let query = WindowQuery::new(&self.window, self.size, grid, sampling);
        decoder.query(query, NEVER).unwrap()
    }
}

#[test]
fn the_least_limits_and_checked_accesses_give_the_same_picture() {
    let Some(gpu) = open() else { return };
    let least = Arc::new(Gpu::open_least(&choice().unwrap()).unwrap());
    for case in [Case::official(), Case::new("liif_rdn_tiny", None)] {
        let grid = SampleGrid::spanning(Region::whole(case.size), Size::new(37, 41));
        let of = |decoder: GpuDecoder| case.on_gpu(&decoder, &grid, Sampling::Exact);
        let usual = of(GpuDecoder::new(gpu.clone(), &case.processor, ElementType::F32).unwrap());
        // What a trusted module reads or writes outside its buffers, a checked one does not.
        assert_eq!(usual, of(GpuDecoder::checked(gpu.clone(), &case.processor, ElementType::F32).unwrap()));
        assert!(
            worst(&usual, &of(GpuDecoder::new(least.clone(), &case.processor, ElementType::F32).unwrap())) < TOLERANCE
        );
    }
    assert!(least.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn every_variant_gives_the_same_picture() {
    let Some(gpu) = open() else { return };
    // In half precision; in single all give the same bits.
    let tolerance = |element| if element == ElementType::F32 { 0.0 } else { 1e-2 };
    for case in [Case::official(), Case::new("liif_rdn_tiny", None)] {
        let grid = SampleGrid::spanning(Region::whole(case.size), Size::new(37, 41));
        for element in element_types(&gpu) {
            let by = |variant, is_checked: bool| {
                let gpu = Arc::new(Gpu::open(&choice().unwrap()).unwrap());
                assert!(gpu.use_variant(Shader::Decode, variant));
                let make = if is_checked { GpuDecoder::checked } else { GpuDecoder::new };
                let decoder = make(gpu, &case.processor, element).unwrap();
                (decoder.variant(), case.on_gpu(&decoder, &grid, Sampling::Exact))
            };
            let mut narrow = None;
            for variant in Variant::ALL {
                let (used, ours) = by(variant, false);
                let narrow = narrow.get_or_insert_with(|| ours.clone());
                let is_official = case.processor.channels() == 64;
                assert!(used == Some(variant) || !is_official || variant == Variant::Broadcast, "{used:?}");
                assert!(worst(&ours, narrow) <= tolerance(element), "{variant:?} {element:?}");
                // What a trusted module reads or writes outside its buffers, a checked one does not.
                assert!(is_official || ours == by(variant, true).1, "{variant:?} {element:?}: unchecked");
            }
        }
    }
}

#[test]
fn with_little_memory_less_is_done_at_a_time() {
    let Some(gpu) = open() else { return };
    let case = Case::official();
    let decoder = GpuDecoder::new(gpu.clone(), &case.processor, ElementType::F32).unwrap();
    for sampling in [Sampling::Exact, Sampling::Lattice] {
        let grid = SampleGrid::spanning(Region { x: 0.0, y: 0.0, width: 20.0, height: 24.0 }, Size::new(60, 72));
        let reference = case.on_gpu(&decoder, &grid, sampling);
        gpu.faults().limit_buffers(400_000);
        let before = gpu.dispatches();
        assert!(worst(&case.on_gpu(&decoder, &grid, sampling), &reference) < TOLERANCE);
        assert!(gpu.dispatches() > before + 2, "nothing was divided");
        gpu.faults().limit_buffers(1000);
        let query = WindowQuery::new(&case.window, case.size, &grid, sampling);
        assert_eq!(decoder.query(query, NEVER), Err(GpuError::OutOfMemory));
        gpu.faults().limit_buffers(u64::MAX);
    }
}
