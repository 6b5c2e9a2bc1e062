//! A view by a graphics device and by the processor: the same.

use crate::HALF_PSNR;
use crate::common::{Arrays, psnr, textured, worst};
use crate::devices::open;
use std::sync::Arc;
use std::time::Duration;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::gpu::Gpu;
use zoomfield::kernel::Precision;
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

pub(crate) fn weights() -> Weights {
    Arrays::load("liif_edsr_tiny.safetensors").weights("model.")
}

pub(crate) fn on_cpu() -> LoadedModel {
    LoadedModel::on_cpu(&weights(), Precision::F32).unwrap()
}

pub(crate) fn on_gpu(gpu: &Arc<Gpu>) -> LoadedModel {
    let model = LoadedModel::on_gpu(&weights(), gpu.clone(), Precision::F32, false).unwrap();
    // However slow the machine is, what is lost stays lost.
    model.retrying_after(Duration::from_hours(1))
}

/// Four tiles of a view, one after the other.
pub(crate) fn view(model: &LoadedModel) -> Vec<f32> {
    tiles(model, &[(0.0, 0.0), (20.0, 0.0), (0.0, 15.0), (20.0, 15.0)])
}

pub(crate) fn tiles(model: &LoadedModel, corners: &[(f64, f64)]) -> Vec<f32> {
    let picture = textured(40, 30);
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    let render = |(x, y): &(f64, f64)| {
        let grid = SampleGrid::spanning(Region { x: *x, y: *y, width: 20.0, height: 15.0 }, Size::new(50, 40));
        renderer.render(&picture, model, &grid, Source::NEURAL, NEVER).unwrap().data
    };
    corners.iter().flat_map(render).collect()
}

#[test]
fn a_view_is_the_same_on_the_graphics_device() {
    let Some(gpu) = open() else { return };
    let (model, reference) = (on_gpu(&gpu), view(&on_cpu()));
    assert!(model.adapter().is_some_and(|name| name.contains(&gpu.description().name)));
    let before = gpu.dispatches();
    // Features in half precision differ where rounding falls to the other side.
    assert!(worst(&view(&model), &reference) < 5e-3 && psnr(&view(&model), &reference, 1.0) > 80.0);
    assert!(gpu.dispatches() > before && model.dispatches() == gpu.dispatches(), "the graphics card did nothing");
    assert!(model.take_warning().is_none());
    let half = LoadedModel::on_gpu(&weights(), gpu.clone(), Precision::F32, true).unwrap();
    assert_eq!(half.arithmetic(), if gpu.has_f16() { "f16" } else { "f32" });
    assert!(psnr(&view(&half), &reference, 1.0) >= HALF_PSNR);
    assert!(half.key() != on_cpu().key() || !gpu.has_f16());
}
