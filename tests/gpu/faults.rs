//! What happens when a graphics device fails: everything is finished, on the processor.

use crate::TOLERANCE;
use crate::common::{psnr, textured, worst};
use crate::devices::{choice, open};
use crate::view::{on_cpu, on_gpu, tiles, view, weights};
use std::sync::Arc;
use std::time::Duration;
use zoomfield::export::{self, ExportJob, FileOptions};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::gpu::{AdapterChoice, Gpu};
use zoomfield::kernel::Precision;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::{FeatureStore, LoadedModel};
use zoomfield::task::Gate;

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
    let model = on_gpu(&gpu).retrying_after(Duration::from_hours(1));
    gpu.faults().lose_after(5);
    let warnings: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            view(&model);
            model.take_warning()
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.map(|thread| thread.join().unwrap()).into_iter().flatten().collect()
    });
    assert!(warnings.len() == 1 && model.take_warning().is_none(), "{warnings:?}");
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
            asked: None,
            map: None,
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
