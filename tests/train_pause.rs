//! Training gives way: at a paused gate its threads do nothing, wherever they are in a step, and what it tells a window
//! comes without stopping it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zoomfield::error::Error;
use zoomfield::geometry::{Region, Size};
use zoomfield::task::{Gate, Worker};
use zoomfield::train::{
    Ending, Hyperparameters, Length, PatchSampling, Place, PlaceChoice, Start, TrainConfig, TrainEvent, Training,
};
use zoomfield::weights::{EncoderConfig, ImnetConfig, ModelConfig, Normalization, Weights};

/// A network of which a step takes long enough to be met in its middle.
fn config(folder: &TempDir, features: usize) -> TrainConfig {
    for (i, width) in [64, 70, 76].into_iter().enumerate() {
        common::write_ppm(&folder.path().join(format!("{i}.ppm")), width, 60);
    }
    let network = ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 2, features, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![features; 2]).into(),
        normalization: Normalization::LIIF,
    };
    let sampling = PatchSampling::RandomScale { min: 1.0, max: 1.5 };
    let hyperparameters = Hyperparameters {
        patch: 32,
        batch: 16,
        samples: 512,
        sampling,
        learning_rate: 1e-3,
        ..Hyperparameters::default()
    };
    let output = folder.path().join("out.safetensors");
    let start = Start::Untrained(network);
    let config = TrainConfig::new(folder.path().to_owned(), output, start, Length::Steps(1_000_000));
    TrainConfig { hyperparameters, threads: Some(2), evaluate_every: 1_000_000, ..config }
}

/// The tests of this file run one after the other: one of them measures all threads of the process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops a training that a failed test leaves behind, so that its thread can be joined.
struct Stop(Gate);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Drives a training on a thread, as the window does.
fn drive(config: TrainConfig, gate: &Gate) -> (Receiver<TrainEvent>, (Stop, Worker)) {
    let (send, events) = sync_channel(10_000);
    let training = Training::new(config, gate).unwrap();
    let work = move || {
        for event in training {
            let _ = send.send(event.unwrap());
        }
    };
    (events, (Stop(gate.clone()), Worker::spawn("driver", work).unwrap()))
}

fn await_step(events: &Receiver<TrainEvent>) -> u64 {
    loop {
        if let TrainEvent::Step { step, .. } = events.recv_timeout(Duration::from_mins(2)).unwrap() {
            return step;
        }
    }
}

/// Processor time that the threads of training have taken, where the system tells.
fn busy() -> Option<Duration> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        // Names are cut after fifteen letters.
        if ["zoomfield train", "zoomfield loade", "zoomfield drive"].iter().any(|name| read("comm").starts_with(name)) {
            nanos += read("schedstat").split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(Duration::from_nanos(nanos))
}

#[test]
fn at_a_paused_gate_no_thread_of_training_does_anything() {
    let _alone = alone();
    if busy().is_none() {
        println!("skipped: this system does not tell what a thread does");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::default();
    let (events, worker) = drive(config(&folder, 64), &gate);
    await_step(&events);
    for round in 0..5 {
        // Wherever a step happens to be.
        std::thread::sleep(Duration::from_millis(37 * round));
        gate.pause();
        // Generous, for machines that have other things to do; an image of a layer takes about a millisecond.
        std::thread::sleep(Duration::from_millis(200));
        let before = busy().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let idle = busy().unwrap().saturating_sub(before);
        assert!(idle < Duration::from_millis(3), "{idle:?} of work at a paused gate");
        let known = events.try_iter().count();
        assert!(events.try_recv().is_err(), "{known}");
        gate.run();
        let start = busy().unwrap();
        await_step(&events);
        await_step(&events);
        // The measure itself: two steps are seen.
        assert!(busy().unwrap().saturating_sub(start) > Duration::from_millis(20));
    }
    // A paused training can be stopped.
    gate.pause();
    gate.stop();
    drop(worker);
    let last = events.iter().last().unwrap();
    assert!(matches!(last, TrainEvent::Finished { ending: Ending::Stopped, .. }), "{last:?}");
}

#[test]
fn pauses_are_not_time_that_training_takes() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::default();
    let (events, _worker) = drive(TrainConfig { length: Length::Steps(3), ..config(&folder, 32) }, &gate);
    await_step(&events);
    gate.pause();
    std::thread::sleep(Duration::from_secs(20));
    gate.run();
    let rest: Vec<TrainEvent> = events.iter().collect();
    let Some(TrainEvent::Finished { secs, .. }) = rest.last() else { panic!("{rest:?}") };
    assert!(*secs < 20.0, "{secs}");
    let steps = rest.iter().filter_map(|event| match event {
        TrainEvent::Step { step, done, remaining_secs, .. } => Some((*step, *done, *remaining_secs)),
        _ => None,
    });
    let steps: Vec<_> = steps.collect();
    assert_eq!(steps.last().map(|(step, done, left)| (*step, *done, *left)), Some((3, 1.0, 0.0)));
    assert!(steps.iter().all(|(step, _, left)| *step == 3 || *left > 0.0), "{steps:?}");
}

#[test]
fn a_training_that_is_dropped_while_paused_ends() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::default();
    let mut training = Training::new(config(&folder, 32), &gate).unwrap();
    assert!(matches!(training.next(), Some(Ok(TrainEvent::Started { .. }))));
    gate.pause();
    let start = Instant::now();
    drop(training);
    assert!(start.elapsed() < Duration::from_secs(10) && gate.is_stopped());
}

#[test]
fn better_weights_come_while_training_goes_on() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let config = TrainConfig { length: Length::Steps(6), evaluate_every: 2, ..config(&folder, 32) };
    let (output, checkpoint) = (config.output.clone(), config.checkpoint_path());
    let folder_path = config.folder.clone();
    let events: Vec<TrainEvent> =
        Training::new(config.clone(), &Gate::default()).unwrap().map(Result::unwrap).collect();
    let improved: Vec<(u64, &Arc<Weights>)> = events.iter().filter_map(improvement).collect();
    // Not for the weights that it starts from.
    assert!(!improved.is_empty() && improved.iter().all(|(step, _)| [2, 4, 6].contains(step)), "{improved:?}");
    let best = Weights::open(&output).unwrap();
    assert_eq!(improved.last().unwrap().1.id(), best.id());
    let start = Start::Resume(checkpoint);
    let again = TrainConfig { start, folder: folder_path, length: Length::Steps(6), ..config };
    let resumed: Vec<TrainEvent> = Training::new(again, &Gate::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(improvement(&resumed[1]).unwrap().1.id(), best.id());
}

fn improvement(event: &TrainEvent) -> Option<(u64, &Arc<Weights>)> {
    if let TrainEvent::Improved { step, weights, .. } = event { Some((*step, weights)) } else { None }
}

#[test]
fn a_place_is_shown_before_and_after_and_can_be_changed() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let picture = Arc::new(common::textured(40, 30));
    let place = |x, width| {
        let region = Region { x, y: 4.0, width: 10.0, height: 8.0 };
        Place::new(picture.clone(), region, Size::new(width, 24)).unwrap()
    };
    let choice = PlaceChoice::default();
    choice.choose(Some(place(3.5, 30)));
    let config = TrainConfig { place: choice.clone(), length: Length::Steps(4), ..config(&folder, 16) };
    let mut places = Vec::new();
    for event in Training::new(config, &Gate::default()).unwrap() {
        match event.unwrap() {
            TrainEvent::Place { step, before, after } => places.push((step, before, after)),
            TrainEvent::Step { step: 3, .. } => choice.choose(Some(place(20.0, 35))),
            _ => {}
        }
    }
    // Steps are quick: one place has no second image, another is shown at once.
    assert!(places.len() >= 2 && places.len() <= 3, "{}", places.len());
    let (step, before, after) = &places[0];
    assert_eq!((*step, before.size, after.size, before.channels), (1, Size::new(30, 24), Size::new(30, 24), 3));
    assert!(before != after);
    assert_eq!(places.last().unwrap().1.size, Size::new(35, 24));
}

#[test]
fn places_that_cannot_be_shown_are_refused() {
    let picture = Arc::new(common::textured(40, 30));
    let refused = |region: Region, size| match Place::new(picture.clone(), region, size) {
        Err(Error::Request(sentence)) => sentence,
        other => panic!("{other:?}"),
    };
    let whole = Region::whole(picture.size);
    assert!(refused(Region { x: 35.0, width: 10.0, ..whole }, Size::new(90, 90)).contains("not inside"));
    assert!(refused(whole, Size::new(40, 30)).contains("zoom in"));
    assert!(refused(whole, Size::new(1000, 1000)).contains("512×512"));
    assert!(refused(whole, Size::new(0, 10)).contains("at least one"));
}

#[test]
fn a_training_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Training>();
    is_send::<TrainEvent>();
    is_send::<TrainConfig>();
}
