//! What happens when a graphics device fails: everything is finished, on the processor.

use crate::common::{Arrays, fixture, program, psnr, textured, worst};
use crate::devices::{choice, open};
use crate::{HALF_PSNR, TOLERANCE};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use zoomfield::bench;
use zoomfield::export::{self, ExportJob, FileOptions};
use zoomfield::geometry::{Region, SampleGrid, Size, View};
use zoomfield::gpu::{AdapterChoice, Gpu};
use zoomfield::kernel::{Precision, PrecisionChoice};
use zoomfield::key::TileKey;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::{
    Backend, Compute, FeatureStore, LoadedModel, RenderEvent, RenderOptions, RenderWorker, Renderer, TilePart,
    ViewRequest,
};
use zoomfield::task::{Gate, NEVER};
use zoomfield::weights::Weights;

fn weights() -> Weights {
    Arrays::load("liif_edsr_tiny.safetensors").weights("model.")
}

fn on_cpu() -> LoadedModel {
    LoadedModel::on_cpu(&weights(), Precision::F32).unwrap()
}

fn on_gpu(gpu: &Arc<Gpu>) -> LoadedModel {
    let model = LoadedModel::on_gpu(&weights(), gpu.clone(), Precision::F32, false).unwrap();
    // However slow the machine is, what is lost stays lost.
    model.retrying_after(Duration::from_hours(1))
}

/// Four tiles of a view, one after the other.
fn view(model: &LoadedModel) -> Vec<f32> {
    tiles(model, &[(0.0, 0.0), (20.0, 0.0), (0.0, 15.0), (20.0, 15.0)])
}

fn tiles(model: &LoadedModel, corners: &[(f64, f64)]) -> Vec<f32> {
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

#[test]
fn a_card_lost_in_the_middle_of_a_view_is_warned_of_and_the_view_finished() {
    let Some(choice) = choice() else { return };
    let reference = view(&on_cpu());
    for submissions in [0, 1, 4, 9] {
        let gpu = Arc::new(Gpu::open(&choice).unwrap());
        let model = on_gpu(&gpu);
        gpu.faults().lose_after(submissions);
        let ours = view(&model);
        assert!(psnr(&ours, &reference, 1.0) > 80.0, "lost after {submissions}");
        assert!(gpu.loss().is_some() && gpu.dispatches() > 0, "not lost after {submissions}");
        let warning = model.take_warning().unwrap();
        assert!(warning.contains(&gpu.description().name) && warning.contains("the processor goes on"), "{warning}");
        assert!(model.adapter().is_none() && model.take_warning().is_none());
        assert!(model.computed_by().starts_with("CPU"));
    }
}

/// Tiles of a view by their names, and what they show.
type Tiles = HashMap<TileKey, Vec<u8>>;

/// What the window's threads make of four tiles that are asked for under the model's present name; `meanwhile` happens
/// before the first is begun.
fn view_by_name(model: &Arc<LoadedModel>, meanwhile: impl FnOnce()) -> Tiles {
    let picture = Arc::new(textured(40, 30));
    let (view, by) = (View { zoom: 16.0, corner_on_screen: [0.0, 0.0] }, Some(model.key()));
    let scale = (view.zoom.to_bits(), view.zoom.to_bits());
    let part = |(column, row)| {
        let key = TileKey { picture: picture.id, model: by, scale, column, row, recipe: Source::NEURAL.into() };
        TilePart { key, rect: view.tile_rect(column, row, picture.size).unwrap() }
    };
    let wanted = [(0, 0), (1, 0), (0, 1), (1, 1)].map(part).to_vec();
    meanwhile();
    let worker = RenderWorker::start(|| {}).unwrap();
    let models = vec![model.clone()];
    let (likely, focus_in_output) = (Vec::new(), [0.0, 0.0]);
    let feature_budget_bytes = 64 << 20;
    worker.request(ViewRequest {
        number: 1,
        picture,
        models,
        view,
        wanted,
        likely,
        focus_in_output,
        feature_budget_bytes,
    });
    let mut tiles = Tiles::new();
    loop {
        match worker.poll() {
            Some(RenderEvent::Tile(tile)) => drop(tiles.insert(tile.key, tile.rgba)),
            Some(RenderEvent::Finished(_)) => return tiles,
            Some(RenderEvent::Failed { reason, .. }) => panic!("{reason}"),
            Some(RenderEvent::Features(_)) => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// A name says what really made the pixels: the device's are the device's, and after a loss the processor's are its own.
#[test]
fn what_the_processor_makes_does_not_carry_the_name_of_a_lost_device() {
    let Some(choice) = choice() else { return };
    let open = || Arc::new(Gpu::open(&choice).unwrap());
    let by_device = view_by_name(&Arc::new(on_gpu(&open())), || {});
    let by_processor = view_by_name(&Arc::new(on_cpu()), || {});
    assert_eq!((by_device.len(), by_processor.len()), (4, 4));
    for submissions in [0, 2, 5] {
        let gpu = open();
        let model = Arc::new(on_gpu(&gpu));
        let name = model.key();
        let tiles = view_by_name(&model, || gpu.faults().lose_after(submissions));
        assert!(gpu.loss().is_some() && model.key() != name, "not lost after {submissions}");
        assert!(tiles.len() < 4 && tiles.iter().all(|(key, rgba)| by_device.get(key) == Some(rgba)));
        assert_eq!(model.key(), on_cpu().key());
        assert_eq!(view_by_name(&model, || {}), by_processor);
    }
}

#[test]
fn a_lost_card_is_tried_again_until_it_comes_back() {
    let Some(choice) = choice() else { return };
    let gpu = Arc::new(Gpu::open(&choice).unwrap());
    let model = on_gpu(&gpu).retrying_after(Duration::from_millis(1));
    let tile = |model: &LoadedModel| tiles(model, &[(0.0, 0.0)]);
    let reference = tile(&on_cpu());
    // What is opened in place of the lost device: it computes wrongly at first.
    let next = Gpu::shared(&AdapterChoice::Named(gpu.description().in_words())).unwrap();
    next.faults().compute_wrongly(true);
    gpu.faults().lose_after(0);
    assert!(psnr(&tile(&model), &reference, 1.0) > 80.0 && model.adapter().is_none());
    std::thread::sleep(Duration::from_millis(2));
    assert!(psnr(&tile(&model), &reference, 1.0) > 80.0 && model.adapter().is_none());
    let (tested, before) = (next.dispatches(), model.dispatches());
    assert!(gpu.loss().is_some() && tested > 0, "it was not tried again");
    assert!(before > 0 && before == gpu.dispatches(), "what the lost device did is forgotten");
    assert!(model.take_warning().unwrap().contains("the processor goes on"));
    next.faults().compute_wrongly(false);
    std::thread::sleep(Duration::from_millis(2));
    assert!(psnr(&tile(&model), &reference, 1.0) > 80.0);
    assert!(model.adapter().is_some() && model.dispatches() > before, "it did not come back");
    // Warned of once, when it was lost.
    assert!(model.take_warning().is_none());
}

#[test]
fn a_loss_that_two_notice_is_warned_of_once() {
    let Some(choice) = choice() else { return };
    let gpu = Arc::new(Gpu::open(&choice).unwrap());
    let model = on_gpu(&gpu);
    gpu.faults().lose_after(5);
    let warnings = std::thread::scope(|scope| {
        let work = || {
            view(&model);
            usize::from(model.take_warning().is_some())
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.map(|thread| thread.join().unwrap()).iter().sum::<usize>()
    });
    assert_eq!((warnings, model.take_warning()), (1, None));
}

#[test]
fn bands_are_timed_by_the_cards_clock_and_without_one_by_the_walls() {
    let Some(gpu) = open() else { return };
    let model = on_gpu(&gpu);
    let with_clock = view(&model);
    // On a busy machine single bands may take so long that no clock is believed.
    (0..20).take_while(|_| gpu.has_clock() && gpu.timed_bands() == 0).for_each(|_| drop(view(&model)));
    assert_eq!(gpu.timed_bands() > 0, gpu.has_clock());
    gpu.faults().stop_clock();
    let (timed, dispatches) = (gpu.timed_bands(), gpu.dispatches());
    assert!(worst(&view(&model), &with_clock) < TOLERANCE);
    assert!(gpu.timed_bands() == timed && gpu.dispatches() > dispatches, "the graphics card did nothing");
}

#[test]
fn a_card_lost_in_the_middle_of_an_export_is_warned_of_and_the_export_finished() {
    let Some(gpu) = open() else { return };
    let picture = Arc::new(textured(40, 30));
    let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(160, 120));
    let folder = tempfile::tempdir().unwrap();
    let run = |model: Arc<LoadedModel>, name: &str| {
        let (output, recipe) = (folder.path().join(name), Source::EXACT.into());
        let file = FileOptions::default();
        let job = ExportJob {
            picture: picture.clone(),
            model,
            grid,
            output: output.clone(),
            overwrite: false,
            recipe,
            file,
            features: FeatureStore::default(),
        };
        export::run(&job, &Gate::default(), &mut |_| {}).unwrap();
        let written = Picture::open(&output).unwrap();
        written.planes(written.size.rect())
    };
    let reference = run(Arc::new(on_cpu()), "cpu.png");
    let model = Arc::new(on_gpu(&gpu));
    // Encoded and read back, projected; lost while decoding, or sooner where bands are shorter.
    gpu.faults().lose_after(3);
    let ours = run(model.clone(), "gpu.png");
    assert!(worst(&ours, &reference) <= 1.5 / 255.0 && psnr(&ours, &reference, 1.0) > 60.0);
    assert!(gpu.loss().is_some() && gpu.dispatches() > 0 && model.take_warning().is_some());
}

#[test]
fn a_card_without_memory_leaves_the_work_to_the_processor() {
    let Some(gpu) = open() else { return };
    let (model, reference) = (on_gpu(&gpu), view(&on_cpu()));
    gpu.faults().limit_buffers(100);
    assert!(worst(&view(&model), &reference) < TOLERANCE);
    assert!(model.take_warning().unwrap().contains("not enough memory"));
    // It is not lost: with memory again it computes again.
    gpu.faults().limit_buffers(u64::MAX);
    let before = gpu.dispatches();
    view(&model);
    assert!(gpu.dispatches() > before, "the graphics card did nothing");
}

#[test]
fn a_card_that_computes_wrongly_is_refused_by_name() {
    let Some(gpu) = open() else { return };
    gpu.faults().compute_wrongly(true);
    let refused = LoadedModel::on_gpu(&weights(), gpu.clone(), Precision::F32, true);
    let sentence = refused.err().expect("is refused").to_string();
    for words in [gpu.description().name.as_str(), "self-test", "--backend cpu"] {
        assert!(sentence.contains(words), "{sentence}");
    }
    assert!(gpu.dispatches() > 0, "the graphics card did nothing");
}

fn choice_has_f16() -> bool {
    open().is_some_and(|gpu| gpu.has_f16())
}

#[test]
fn software_is_used_by_name_alone_and_a_missing_card_is_an_error() {
    let Some(choice) = choice() else { return };
    let AdapterChoice::Named(name) = choice else { panic!("tests name their adapter") };
    let compute = Compute { device: Some(name), half: false, ..Compute::default() };
    let model = LoadedModel::on(&weights(), &compute).unwrap();
    assert!(model.adapter().is_some() && model.dispatches() > 0, "the graphics card did nothing");
    // Automatic arithmetic may be half precision; single precision by name is single precision, here too.
    let best = if choice_has_f16() { "f16" } else { "f32" };
    for (precision, arithmetic) in [(PrecisionChoice::Auto, best), (PrecisionChoice::Only(Precision::F32), "f32")] {
        let model = LoadedModel::on(&weights(), &Compute { half: true, precision, ..compute.clone() }).unwrap();
        assert_eq!(model.arithmetic(), arithmetic, "{precision:?}");
    }
    let missing = Compute { device: Some("no such card".into()), ..compute.clone() };
    // Where the choice is automatic the processor stands in, and says so.
    let model = LoadedModel::on(&weights(), &missing).unwrap();
    assert!(model.adapter().is_none() && model.refusal().unwrap().contains("`no such card`"));
    let missing = Compute { backend: Backend::Gpu, ..missing };
    assert!(LoadedModel::on(&weights(), &missing).err().unwrap().to_string().contains("`no such card`"));
    let on_cpu = LoadedModel::on(&weights(), &Compute { backend: Backend::Cpu, ..compute }).unwrap();
    assert!(on_cpu.adapter().is_none());
}

/// How lines begin that graphics libraries write to the same place: the Vulkan loader's, Mesa's, those of EGL.
const LIBRARIES: [&str; 8] = [
    "error: XDG_RUNTIME_DIR ",
    "ERROR: [Loader",
    "WARNING: [Loader",
    "INFO: [Loader",
    "MESA: ",
    "MESA-",
    "WARNING: lavapipe ",
    "libEGL ",
];

/// What the program itself wrote: everything that is not known to be a library's.
fn said_by_us(stderr: &[u8]) -> Vec<String> {
    let is_ours = |line: &&str| !LIBRARIES.iter().any(|beginning| line.starts_with(beginning));
    String::from_utf8_lossy(stderr).lines().filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn what_a_library_says_is_not_ours_and_all_else_is() {
    let loader = "error: XDG_RUNTIME_DIR is invalid or not set in the environment.\n";
    assert_eq!(said_by_us(format!("{loader}zoomfield: no\n{loader}").as_bytes()), ["zoomfield: no"]);
    assert_eq!(said_by_us(b"zoomfield: no\nand more\nthread 'main' panicked\n").len(), 3);
}

#[test]
fn the_command_line_reports_adapter_and_dispatches() {
    let Some(choice) = choice() else { return };
    let AdapterChoice::Named(name) = choice else { panic!("tests name their adapter") };
    let folder = tempfile::tempdir().unwrap();
    let (input, model) = (fixture("lr_24x20.png"), fixture("liif_edsr_tiny.pth"));
    let export = |words: &[&str], out: &str| {
        let mut command = program();
        command.arg("export").arg(&input);
        command.arg("--model").arg(&model).arg("-o").arg(folder.path().join(out));
        command.args(["--scale", "3", "--json"]).args(words).output().unwrap()
    };
    let done = export(&["--device", &name, "--exact"], "a.png");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((said["backend"].as_str(), said["precision"].as_str()), (Some("gpu"), Some("f32")));
    assert!(said["adapter"].as_str().unwrap().contains(&name) && said["dispatches"].as_u64() > Some(0), "{said}");
    let refused = export(&["--backend", "gpu", "--device", "no such card"], "b.png");
    assert_eq!(refused.status.code(), Some(1));
    let said = said_by_us(&refused.stderr);
    assert!(said.len() == 1 && said[0].starts_with("zoomfield: ") && said[0].contains("no such card"), "{said:?}");
    assert!(!folder.path().join("b.png").exists());
}

/// The words of a copied command have the same device compute in the same arithmetic again, to the bit.
#[test]
fn what_computed_a_view_can_be_asked_for_again() {
    let Some(gpu) = open() else { return };
    for half in [false, true] {
        let model = LoadedModel::on_gpu(&weights(), gpu.clone(), Precision::F32, half).unwrap();
        let Compute { backend, device, precision, .. } = model.computed();
        assert_eq!((backend, device.as_deref()), (Backend::Gpu, model.adapter()));
        assert_eq!(precision.to_string(), model.arithmetic());
        let [backend, precision] = [backend.to_string(), precision.to_string()];
        let asked = Compute {
            backend: backend.parse().unwrap(),
            device,
            precision: precision.parse().unwrap(),
            ..Compute::default()
        };
        let again = LoadedModel::on(&weights(), &asked).unwrap();
        assert_eq!((again.adapter(), again.arithmetic()), (model.adapter(), model.arithmetic()));
        assert_eq!(view(&again), view(&model));
    }
    let on_cpu = on_cpu().computed();
    assert_eq!((on_cpu.backend, on_cpu.precision), (Backend::Cpu, PrecisionChoice::Only(Precision::F32)));
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_graphics_card_gpu_is_an_error_and_auto_the_processor_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let export = |backend: &str, out: &str| {
        let mut command = program();
        command.arg("export").arg(fixture("lr_24x20.png")).arg("--model").arg(fixture("liif_edsr_tiny.pth"));
        command.arg("-o").arg(folder.path().join(out)).args(["--scale", "3", "--json", "--backend", backend]);
        // No driver, and neither session nor desktop, as on a server.
        command.env("VK_DRIVER_FILES", "/none").env("VK_ICD_FILENAMES", "/none").env_remove("XDG_RUNTIME_DIR");
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("ZOOMFIELD_DEVICE").output().unwrap()
    };
    let refused = export("gpu", "a.png");
    let sentence = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{sentence}");
    assert!(sentence.contains("no graphics card can compute: there is none at all"), "{sentence}");
    assert!(!folder.path().join("a.png").exists());
    let done = export("auto", "b.png");
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""));
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((said["backend"].as_str(), said["dispatches"].as_u64()), (Some("cpu"), Some(0)));
}

/// What the settings and `zoomfield bench` tell of the device.
#[test]
fn devices_are_listed_by_name_and_measured() {
    let Some(gpu) = open() else { return };
    let devices = bench::devices();
    assert!(devices[0].name == bench::CPU && !devices[0].is_software);
    let device = devices.iter().find(|device| device.name == gpu.description().in_words()).unwrap();
    assert_eq!(device.is_software, gpu.description().is_software);
    assert!(device.identity().contains(&gpu.description().driver));
    let speed = bench::measure(device, NEVER).unwrap();
    assert!(speed.megapixels_per_sec.is_finite() && speed.megapixels_per_sec > 0.0);
    assert_eq!(speed.arithmetic, if gpu.has_f16() { "f16" } else { "f32" });
    let missing = bench::Device { name: "no such card".into(), ..device.clone() };
    assert!(bench::measure(&missing, NEVER).unwrap_err().to_string().contains("`no such card`"));
}
