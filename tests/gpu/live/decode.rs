//! Fields, and that a comparison notices what is wrong.

use super::{Case, NETWORKS, changed, is_close, live, network};
use crate::TOLERANCE;
use crate::common::worst;
use crate::devices::{choice, element_types, open};
use std::sync::Arc;
use zoomfield::decode::{Decoder, GpuDecoder, Sampling, WindowQuery};
use zoomfield::encode::GpuEncoder;
use zoomfield::geometry::PixelRect;
use zoomfield::gpu::{ElementType, Gpu, GpuError};
use zoomfield::kernel::Precision;
use zoomfield::task::NEVER;

#[test]
fn fields_match_the_definition_and_the_processors_at_every_scale() {
    let Some(gpu) = open() else { return };
    for (sizes, waves) in NETWORKS {
        let case = Case::new(&network(sizes, waves));
        for element in element_types(&gpu) {
            let decoder = case.decoder(&gpu, element);
            for grid in case.grids() {
                let before = gpu.dispatches();
                let ours = case.by(&decoder, &grid).unwrap();
                assert!(gpu.dispatches() > before, "the graphics card did nothing");
                assert!(is_close(element, &ours, &case.by_definition(&grid)), "{waves:?} at {}", grid.size());
                assert!(is_close(element, &ours, &case.by_processor(&grid)), "{waves:?} at {}", grid.size());
            }
        }
    }
}

#[test]
fn one_changed_weight_of_a_field_is_noticed() {
    let Some(gpu) = open() else { return };
    let case = Case::new(&live());
    let grid = case.grid([3.3, 0.0, 9.7, 5.1], [71, 43]);
    let reference = case.by_definition(&grid);
    for element in element_types(&gpu) {
        assert!(is_close(element, &case.by(&case.decoder(&gpu, element), &grid).unwrap(), &reference));
        let names = ["amplitudes.weight", "amplitudes.bias", "luma_waves", "chroma_waves"];
        for (name, by) in names.into_iter().zip([0.2, 0.02, 0.4, 0.4]) {
            let other = Decoder::new(&changed(&case.weights, &format!("field.{name}"), by), Precision::F32);
            let decoder = GpuDecoder::new(gpu.clone(), &other, element).unwrap();
            assert!(!is_close(element, &case.by(&decoder, &grid).unwrap(), &reference), "{name} is not noticed");
        }
        let shifted = case.grid([3.4, 0.0, 9.7, 5.1], [71, 43]);
        assert!(!is_close(element, &case.by(&case.decoder(&gpu, element), &shifted).unwrap(), &reference));
    }
}

#[test]
fn a_whole_is_its_tiles() {
    let Some(gpu) = open() else { return };
    let case = Case::new(&live());
    for element in element_types(&gpu) {
        let decoder = case.decoder(&gpu, element);
        for grid in case.grids() {
            let (size, whole) = (grid.size(), case.by(&decoder, &grid).unwrap());
            let mut joined = vec![f32::NAN; whole.len()];
            let middle = [size.height.div_ceil(3), size.width.div_ceil(2)];
            for rows in [0..middle[0], middle[0]..size.height].into_iter().filter(|rows| !rows.is_empty()) {
                for columns in [0..middle[1], middle[1]..size.width].into_iter().filter(|columns| !columns.is_empty()) {
                    let tile = case.by(&decoder, &grid.slice(rows.clone(), columns.clone())).unwrap();
                    for (row, values) in rows.clone().zip(tile.chunks_exact(columns.len() * 3)) {
                        let at = (row * size.width + columns.start) * 3;
                        joined[at..at + values.len()].copy_from_slice(values);
                    }
                }
            }
            assert!(worst(&joined, &whole) < 1e-5, "{size} {element:?}");
        }
    }
}

#[test]
fn the_least_limits_and_checked_accesses_give_the_same_field() {
    let Some(gpu) = open() else { return };
    let least = Arc::new(Gpu::open_least(&choice().unwrap()).unwrap());
    for (sizes, waves) in NETWORKS {
        let case = Case::new(&network(sizes, waves));
        GpuEncoder::new(least.clone(), &case.weights, ElementType::F32).unwrap();
        let grid = case.grid([0.0, 0.0, 23.0, 17.0], [53, 29]);
        let usual = case.by(&case.decoder(&gpu, ElementType::F32), &grid).unwrap();
        // What a trusted module reads or writes outside its buffers, a checked one does not.
        let checked = GpuDecoder::checked(gpu.clone(), &case.processor, ElementType::F32).unwrap();
        assert_eq!(usual, case.by(&checked, &grid).unwrap());
        assert!(worst(&usual, &case.by(&case.decoder(&least, ElementType::F32), &grid).unwrap()) < TOLERANCE);
    }
    assert!(least.dispatches() > 0, "the graphics card did nothing");
}

#[test]
fn with_little_memory_less_of_a_field_is_done_at_a_time() {
    let Some(gpu) = open() else { return };
    let case = Case::new(&live());
    let decoder = case.decoder(&gpu, ElementType::F32);
    let grid = case.grid([0.0, 0.0, 23.0, 17.0], [60, 72]);
    let reference = case.by(&decoder, &grid).unwrap();
    // Tables take 640 bytes a row or column, codes and amplitudes 512 bytes a code.
    gpu.faults().limit_buffers(65_000);
    let before = gpu.dispatches();
    assert!(worst(&case.by(&decoder, &grid).unwrap(), &reference) < TOLERANCE);
    assert!(gpu.dispatches() > before + 2, "nothing was divided");
    gpu.faults().limit_buffers(1000);
    assert_eq!(case.by(&decoder, &grid), Err(GpuError::OutOfMemory));
    gpu.faults().limit_buffers(u64::MAX);
    let query = WindowQuery::new(&case.window, case.size, &grid, Sampling::Exact);
    assert_eq!(decoder.query(query, &|| true), Err(GpuError::Cancelled));
    // A window that lacks what is needed is an answer, not an access.
    let window = case.window.part(PixelRect { x: 0, y: 0, width: 20, height: 17 });
    assert!(matches!(decoder.query(WindowQuery { window: &window, ..query }, NEVER), Err(GpuError::Unfit(_))));
}
