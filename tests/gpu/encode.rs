//! Features: what the original encoded, and what the processor does.

use crate::TOLERANCE;
use crate::common::{Arrays, TINY, fixture, textured, worst};
use crate::devices::{choice, element_types, open};
use std::sync::Arc;
use zoomfield::encode::{GpuEncoder, PictureEncoder};
use zoomfield::geometry::PixelRect;
use zoomfield::gpu::{ElementType, Gpu, GpuError};
use zoomfield::kernel::Precision;
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

/// Codes `[h, w, c]` of the whole of the fixtures' picture, as planes `[c, h, w]`.
fn planes(codes: &[f32], area: usize) -> Vec<f32> {
    let channels = codes.len() / area;
    (0..channels).flat_map(|c| (0..area).map(move |i| codes[i * channels + c])).collect()
}

/// How far codes are off, as a part of the largest.
fn off(ours: &[f32], reference: &[f32]) -> f32 {
    worst(ours, reference) / reference.iter().fold(1.0, |a: f32, b| a.max(b.abs()))
}

/// How far codes may be from the original's, in single precision: nothing is transformed there as on the processor.
const SINGLE: f32 = 4e-6;

#[test]
fn features_match_the_originals() {
    let Some(gpu) = open() else { return };
    let picture = Picture::open(&fixture("lr_24x20.png")).unwrap();
    let rect = picture.size.rect();
    for name in TINY.into_iter().chain(["liif_edsr_official"]) {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let weights = if name.ends_with("official") { Weights::builtin().unwrap() } else { arrays.weights("model.") };
        let seen: Vec<f32> = picture.planes(rect).iter().map(|v| (v - 0.5) / 0.5).collect();
        assert!(worst(&seen, &arrays.get("input").data) < 1e-6, "{name}: another picture");
        for element in element_types(&gpu) {
            let encoder = GpuEncoder::new(gpu.clone(), &weights, element).unwrap();
            let (codes, from) = encoder.encode(&picture, rect, NEVER).unwrap();
            assert_eq!(from, rect);
            let off = off(&planes(&codes, rect.area()), &arrays.get("feature_map").data);
            println!("{name} {element:?}: off by {off}");
            assert!(off < if element == ElementType::F32 { SINGLE } else { 1e-2 }, "{name} {element:?}: {off}");
        }
        let mut changed = weights.arrays().clone();
        let first = if name.contains("rdn") { "encoder.RDBs.1.LFF.bias" } else { "encoder.body.1.body.2.bias" };
        changed.get_mut(first).unwrap().data[1] += 0.05;
        let changed = Weights::new(weights.config().clone(), changed).unwrap();
        let encoder = GpuEncoder::new(gpu.clone(), &changed, ElementType::F32).unwrap();
        let (codes, _) = encoder.encode(&picture, rect, NEVER).unwrap();
        assert!(off(&planes(&codes, rect.area()), &arrays.get("feature_map").data) > TOLERANCE, "{name}: unnoticed");
        // One pixel that is a little lighter.
        let mut rgb: Vec<u8> = (0..3 * rect.area()).map(|i| (picture.rgb.unit(i) * 255.0).round() as u8).collect();
        (0..3).for_each(|c| rgb[3 * 100 + c] ^= 16);
        let encoder = GpuEncoder::new(gpu.clone(), &weights, ElementType::F32).unwrap();
        let (codes, _) = encoder.encode(&Picture::from_rgb8(picture.size, rgb), rect, NEVER).unwrap();
        assert!(off(&planes(&codes, rect.area()), &arrays.get("feature_map").data) > TOLERANCE, "{name}: unnoticed");
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn parts_of_a_picture_match_the_processors_also_with_little_memory() {
    let Some(gpu) = open() else { return };
    let least = Arc::new(Gpu::open_least(&choice().unwrap()).unwrap());
    // Every pipeline of the built-in model builds there too.
    GpuEncoder::new(least.clone(), &Weights::builtin().unwrap(), ElementType::F32).unwrap();
    let picture = textured(61, 47);
    let rect = PixelRect { x: 23, y: 0, width: 29, height: 31 };
    for name in ["liif_edsr_tiny", "liif_rdn_tiny"] {
        let weights = Arrays::load(&format!("{name}.safetensors")).weights("model.");
        let (reference, from) =
            PictureEncoder::on_cpu(&weights, Precision::F32).unwrap().encode(&picture, rect, NEVER).unwrap();
        let encoder = GpuEncoder::new(gpu.clone(), &weights, ElementType::F32).unwrap();
        let (codes, same) = encoder.encode(&picture, rect, NEVER).unwrap();
        assert_eq!(same, from);
        assert!(off(&codes, &reference) < TOLERANCE, "{name}");
        let on_least = GpuEncoder::new(least.clone(), &weights, ElementType::F32).unwrap();
        assert!(
            off(&on_least.encode(&picture, rect, NEVER).unwrap().0, &reference) < TOLERANCE,
            "{name}: least limits"
        );
        // Less than the whole takes: halves, whose codes are those of the rectangle alone.
        let whole = gpu.dispatches();
        let quads = if name.contains("rdn") { 10 } else { 5 };
        gpu.faults().limit_buffers(from.area() as u64 * 16 * quads);
        let (codes, inner) = encoder.encode(&picture, rect, NEVER).unwrap();
        assert!(inner == rect && gpu.dispatches() > whole + 2, "{name}: not divided");
        let channels = codes.len() / rect.area();
        let at = |i: usize| (rect.y - from.y + i / rect.width) * from.width + rect.x - from.x + i % rect.width;
        let inside: Vec<f32> =
            (0..rect.area()).flat_map(|i| reference[at(i) * channels..][..channels].to_vec()).collect();
        assert!(off(&codes, &inside) < TOLERANCE, "{name}: halves");
        gpu.faults().limit_buffers(64);
        assert_eq!(encoder.encode(&picture, rect, NEVER), Err(GpuError::OutOfMemory));
        gpu.faults().limit_buffers(u64::MAX);
        assert_eq!(encoder.encode(&picture, rect, &|| true), Err(GpuError::Cancelled));
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}
