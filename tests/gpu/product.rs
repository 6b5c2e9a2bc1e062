//! The plain product: what a device can do at all is told by a shader whose results are right.

use crate::common::{psnr, worst};
use crate::devices::{element_types, open};
use std::sync::Arc;
use std::time::Duration;
use zoomfield::gpu::{ElementType, Gpu, GpuError, Product};

/// Rows, columns, depth: no two alike.
const SIZES: [usize; 3] = [256, 128, 48];

/// Largest difference in single precision; sums are of 48 products of numbers below 1.
const SINGLE: f32 = 1e-5;
/// In half precision operands and sums of 16 are rounded to 11 bits: in dB of a span of 16.
const HALF_DB: f64 = 60.0;

fn operand(len: usize, step: f32) -> Vec<f32> {
    (0..len).map(|i| (i as f32 * step).sin()).collect()
}

/// `left`, `[depth, rows]`, by `right`, `[depth, columns]`, in double precision.
fn by_definition(left: &[f32], right: &[f32], [rows, columns, depth]: [usize; 3]) -> Vec<f32> {
    let value = |row: usize, column: usize| {
        let of = |k: usize| f64::from(left[k * rows + row]) * f64::from(right[k * columns + column]);
        (0..depth).map(of).sum::<f64>() as f32
    };
    (0..rows * columns).map(|i| value(i / columns, i % columns)).collect()
}

fn on_gpu(gpu: &Arc<Gpu>, product: &Product, left: &[f32], right: &[f32]) -> Vec<f32> {
    let operands = product.operands(gpu, left, right, SIZES).unwrap();
    assert_eq!(operands.macs(), (256 * 128 * 48) as f64);
    let timing = gpu.time(&[operands.dispatch()], Duration::ZERO).unwrap();
    assert!(timing.secs > 0.0 && timing.secs.is_finite());
    operands.result(gpu).unwrap()
}

fn is_close(element: ElementType, ours: &[f32], reference: &[f32]) -> bool {
    let (off, quality) = (worst(ours, reference), psnr(ours, reference, 16.0));
    println!("product {element:?}: off by at most {off}, {quality:.1} dB");
    if element == ElementType::F32 { off <= SINGLE } else { quality >= HALF_DB && off < 0.1 }
}

#[test]
fn the_product_is_the_processors_and_what_is_wrong_is_noticed() {
    let Some(gpu) = open() else { return };
    let [rows, columns, depth] = SIZES;
    let (left, right) = (operand(rows * depth, 0.37), operand(columns * depth, 0.73));
    let reference = by_definition(&left, &right, SIZES);
    for element in element_types(&gpu) {
        let product = Product::new(&gpu, element).unwrap();
        let ours = on_gpu(&gpu, &product, &left, &right);
        assert!(is_close(element, &ours, &reference), "{element:?}");
        // What a trusted module reads or writes outside its buffers, a checked one does not.
        assert_eq!(ours, on_gpu(&gpu, &Product::checked(&gpu, element).unwrap(), &left, &right));
        // The last number of either operand counts, and so does where it lies.
        for (change_left, change_right) in [(1.0, 0.0), (0.0, 1.0)] {
            let (mut left, mut right) = (left.clone(), right.clone());
            left[rows * depth - 1] += change_left;
            right[columns * depth - 1] += change_right;
            let changed = on_gpu(&gpu, &product, &left, &right);
            assert!(!is_close(element, &changed, &reference), "{element:?}: unnoticed");
            assert!(is_close(element, &changed, &by_definition(&left, &right, SIZES)), "{element:?}");
        }
        gpu.faults().compute_wrongly(true);
        assert!(!is_close(element, &on_gpu(&gpu, &product, &left, &right), &reference), "{element:?}: unnoticed");
        gpu.faults().compute_wrongly(false);
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn products_that_are_not_whole_tiles_are_refused() {
    let Some(gpu) = open() else { return };
    let product = Product::new(&gpu, ElementType::F32).unwrap();
    let numbers = vec![0.0; 256 * 256];
    for sizes in [[100, 128, 16], [128, 64, 16], [128, 128, 12], [0, 128, 16], [128, 128, 0], [128, 128, 16]] {
        let refused = product.operands(&gpu, &numbers, &numbers, sizes);
        assert!(matches!(refused, Err(GpuError::Unfit(_))), "{sizes:?}");
    }
    gpu.faults().limit_buffers(1000);
    let numbers = vec![0.0; 128 * 16];
    assert!(matches!(product.operands(&gpu, &numbers, &numbers, [128, 128, 16]), Err(GpuError::OutOfMemory)));
}
