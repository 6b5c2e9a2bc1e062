//! Views, files and measurements.

use super::live;
use crate::HALF_PSNR;
use crate::common::{program, psnr, textured, worst, write_ppm};
use crate::devices::{choice, element_types, open};
use std::sync::Arc;
use std::time::Duration;
use zoomfield::decode::{Decoder, GpuDecoder};
use zoomfield::encode::GpuEncoder;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::gpu::{AdapterChoice, Gpu};
use zoomfield::kernel::Precision;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;

/// Two tiles of a view of a live network, one after the other.
fn view(model: &LoadedModel) -> Vec<f32> {
    let picture = textured(40, 30);
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    let render = |x: f64| {
        let grid = SampleGrid::spanning(Region { x, y: 5.0, width: 20.0, height: 15.0 }, Size::new(50, 40));
        renderer.render(&picture, model, &grid, Source::NEURAL, NEVER).unwrap().data
    };
    [0.0, 20.0].into_iter().flat_map(render).collect()
}

#[test]
fn a_view_is_the_same_and_a_lost_card_warned_of() {
    let Some(choice) = choice() else { return };
    let weights = live();
    let reference = view(&LoadedModel::on_cpu(&weights, Precision::F32).unwrap());
    let open = || Arc::new(Gpu::open(&choice).unwrap());
    let on = |gpu: &Arc<Gpu>, half: bool| {
        let model = LoadedModel::on_gpu(&weights, gpu.clone(), Precision::F32, half).unwrap();
        model.retrying_after(Duration::from_hours(1))
    };
    let gpu = open();
    for half in [false, true] {
        let (model, before) = (on(&gpu, half), gpu.dispatches());
        assert_eq!(model.arithmetic(), if half && gpu.has_f16() { "f16" } else { "f32" });
        let quality = psnr(&view(&model), &reference, 1.0);
        println!("a view in {}: {quality:.1} dB", model.arithmetic());
        assert!(quality >= if half { HALF_PSNR } else { 80.0 });
        assert!(gpu.dispatches() > before && model.adapter().is_some(), "the graphics card did nothing");
        assert!(model.take_warning().is_none());
    }
    for submissions in [0, 1, 3, 5] {
        let gpu = open();
        let model = on(&gpu, false);
        gpu.faults().lose_after(submissions);
        assert!(psnr(&view(&model), &reference, 1.0) > 80.0, "lost after {submissions}");
        assert!(gpu.loss().is_some() && model.adapter().is_none(), "not lost after {submissions}");
        assert!(model.take_warning().unwrap().contains("the processor goes on"));
    }
    gpu.faults().compute_wrongly(true);
    let refused = LoadedModel::on_gpu(&weights, gpu, Precision::F32, true).err().expect("is refused").to_string();
    assert!(refused.contains("self-test"), "{refused}");
}

#[test]
fn the_command_line_exports_with_a_live_network() {
    let Some(AdapterChoice::Named(name)) = choice() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [input, model] = ["in.ppm", "live.safetensors"].map(|name| folder.path().join(name));
    write_ppm(&input, 24, 20);
    live().save(&model, false).unwrap();
    let export = |words: &[&str], out: &str| {
        let mut command = program();
        command.arg("export").arg(&input).arg("--model").arg(&model).arg("-o").arg(folder.path().join(out));
        let done = command.args(["--scale", "3", "--json", "--exact"]).args(words).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let picture = Picture::open(&folder.path().join(out)).unwrap();
        (said, picture.planes(picture.size.rect()))
    };
    let (said, ours) = export(&["--backend", "gpu", "--device", &name], "gpu.png");
    assert_eq!((said["backend"].as_str(), said["precision"].as_str()), (Some("gpu"), Some("f32")));
    assert!(said["dispatches"].as_u64() > Some(0), "{said}");
    let (_, reference) = export(&["--backend", "cpu"], "cpu.png");
    assert!(worst(&ours, &reference) <= 1.5 / 255.0 && psnr(&ours, &reference, 1.0) > 60.0);
}

#[test]
fn each_kind_of_dispatch_can_be_measured() {
    let Some(gpu) = open() else { return };
    let weights = live();
    for element in element_types(&gpu) {
        let encoder = GpuEncoder::new(gpu.clone(), &weights, element).unwrap();
        let decoder = GpuDecoder::new(gpu.clone(), &Decoder::new(&weights, Precision::F32), element).unwrap();
        let (of_encoder, of_decoder) = (encoder.kinds(Size::new(16, 16)).unwrap(), decoder.kinds(8).unwrap());
        let kinds: Vec<_> = of_encoder.into_iter().chain(of_decoder).collect();
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        let expected = [
            "head convolution 3→32, 3×3",
            "body convolution 32→32, 3×3, SiLU",
            "body convolution 32→32, 3×3, SiLU, residual",
            "tail convolution 32→32, 3×3, residual",
            "amplitudes 32→96",
            "every sample, ×4",
            "every sample, ×30",
        ];
        assert_eq!(names, expected);
        assert_eq!(kinds.iter().map(|kind| kind.count).collect::<Vec<_>>(), [1, 12, 4, 1, 1, 1, 1]);
        for kind in kinds {
            assert!(kind.macs > 0.0 && gpu.time(&kind.dispatches, Duration::ZERO).unwrap().secs > 0.0);
        }
    }
}
