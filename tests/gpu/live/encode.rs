//! Features.

use super::{NETWORKS, changed, features, live, network, off, pixel_by_pixel};
use crate::TOLERANCE;
use crate::common::textured;
use crate::devices::{element_types, open};
use zoomfield::encode::{GpuEncoder, PictureEncoder};
use zoomfield::geometry::PixelRect;
use zoomfield::gpu::{ElementType, GpuError};
use zoomfield::kernel::Precision;
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

#[test]
fn features_match_the_definition_and_the_processors() {
    let Some(gpu) = open() else { return };
    let picture = textured(37, 29);
    let rect = picture.size.rect();
    for (sizes, waves) in NETWORKS {
        let weights = network(sizes, waves);
        let reference = pixel_by_pixel(&features(&weights, &picture));
        let (processors, _) =
            PictureEncoder::on_cpu(&weights, Precision::F32).unwrap().encode(&picture, rect, NEVER).unwrap();
        let encode = |weights: &Weights, element| {
            let before = gpu.dispatches();
            let encoder = GpuEncoder::new(gpu.clone(), weights, element).unwrap();
            let (codes, from) = encoder.encode(&picture, rect, NEVER).unwrap();
            assert!(from == rect && gpu.dispatches() > before, "the graphics card did nothing");
            codes
        };
        for element in element_types(&gpu) {
            let ours = encode(&weights, element);
            let (of_definition, of_processor) = (off(&ours, &reference), off(&ours, &processors));
            println!("{sizes:?} {element:?}: off by {of_definition}, {of_processor}");
            let most = if element == ElementType::F32 { TOLERANCE } else { 1e-2 };
            assert!(of_definition < most && of_processor < most, "{sizes:?} {element:?}");
        }
        for (name, by) in [("head.bias", 0.01), ("blocks.0.0.weight", 0.5), ("tail.weight", 0.05)] {
            let ours = encode(&changed(&weights, &format!("encoder.{name}"), by), ElementType::F32);
            assert!(off(&ours, &reference) > TOLERANCE, "{sizes:?}: {name} unnoticed");
        }
    }
}

#[test]
fn parts_of_a_picture_have_the_same_features_also_with_little_memory() {
    let Some(gpu) = open() else { return };
    let (picture, weights) = (textured(61, 47), live());
    let encoder = GpuEncoder::new(gpu.clone(), &weights, ElementType::F32).unwrap();
    let whole = encoder.encode(&picture, picture.size.rect(), NEVER).unwrap().0;
    let rect = PixelRect { x: 23, y: 0, width: 29, height: 23 };
    // Those inside `rect`, of codes over `from`.
    let inside = |codes: &[f32], from: PixelRect| -> Vec<f32> {
        let at = |i: usize| (rect.y - from.y + i / rect.width) * from.width + rect.x - from.x + i % rect.width;
        (0..rect.area()).flat_map(|i| codes[at(i) * 32..][..32].to_vec()).collect()
    };
    let reference = inside(&whole, picture.size.rect());
    let (part, from) = encoder.encode(&picture, rect, NEVER).unwrap();
    assert!(off(&inside(&part, from), &reference) < TOLERANCE);
    // 33 quads a pixel are needed.
    gpu.faults().limit_buffers(from.area() as u64 * 16 * 32);
    let before = gpu.dispatches();
    let (halves, from) = encoder.encode(&picture, rect, NEVER).unwrap();
    assert!(from == rect && gpu.dispatches() >= before + 2 * 18, "not divided");
    assert!(off(&halves, &reference) < TOLERANCE);
    gpu.faults().limit_buffers(64);
    assert_eq!(encoder.encode(&picture, rect, NEVER), Err(GpuError::OutOfMemory));
    gpu.faults().limit_buffers(u64::MAX);
    assert_eq!(encoder.encode(&picture, rect, &|| true), Err(GpuError::Cancelled));
}
