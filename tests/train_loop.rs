//! A whole training, on small networks: it learns, it can be stopped and taken up again, and whatever goes wrong is said
//! and loses nothing.

#![allow(clippy::unwrap_used, reason = "tests and their helpers may panic")]

mod common;
#[path = "train_loop/judging.rs"]
mod judging;
#[path = "train_loop/live.rs"]
mod live;

use common::write_ppm;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use zoomfield::error::Error;
use zoomfield::task::Gate;
use zoomfield::train::{Ending, Hyperparameters, Length, PatchSampling, Start, TrainConfig, TrainEvent, Training};
use zoomfield::weights::{Checkpoint, EncoderConfig, ImnetConfig, ModelConfig, Normalization, Weights};

/// A folder with pictures, and room for results.
struct World(TempDir);

impl World {
    /// So many textured pictures, all different.
    fn new(pictures: usize) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(world.path("pictures/inner")).unwrap();
        for i in 0..pictures {
            let name = if i % 2 == 0 { format!("pictures/{i}.ppm") } else { format!("pictures/inner/{i}.ppm") };
            write_ppm(&world.path(&name), 40 + i, 36);
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A small training that starts from nothing.
    fn config(&self, steps: u64) -> TrainConfig {
        let start = Start::Untrained(tiny());
        let sampling = PatchSampling::RandomScale { min: 1.0, max: 3.0 };
        TrainConfig {
            hyperparameters: Hyperparameters {
                batch: 4,
                patch: 8,
                samples: 64,
                sampling,
                learning_rate: 3e-3,
                ..Hyperparameters::default()
            },
            checkpoint_every: Duration::from_hours(1),
            evaluate_every: 1000,
            threads: Some(1),
            ..TrainConfig::new(self.path("pictures"), self.path("out.safetensors"), start, Length::Steps(steps))
        }
    }
}

fn tiny() -> ModelConfig {
    ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 1, features: 8, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![16, 16]).into(),
        normalization: Normalization::LIIF,
    }
}

fn start(config: TrainConfig) -> Training {
    Training::new(config, &Gate::default()).unwrap()
}

fn run(config: TrainConfig) -> Vec<TrainEvent> {
    start(config).map(Result::unwrap).collect()
}

/// Stops after a step.
fn run_until(last: u64, config: TrainConfig) -> Vec<TrainEvent> {
    let gate = Gate::default();
    let mut events = Vec::new();
    for event in Training::new(config, &gate).unwrap() {
        let event = event.unwrap();
        if matches!(event, TrainEvent::Step { step, .. } if step == last) {
            gate.stop();
        }
        events.push(event);
    }
    events
}

fn losses(events: &[TrainEvent]) -> Vec<f64> {
    let loss = |event: &TrainEvent| if let TrainEvent::Step { loss, .. } = event { Some(*loss) } else { None };
    events.iter().filter_map(loss).collect()
}

fn warnings(events: &[TrainEvent]) -> Vec<String> {
    let message =
        |event: &TrainEvent| if let TrainEvent::Warning { message } = event { Some(message.clone()) } else { None };
    events.iter().filter_map(message).collect()
}

fn verdict(events: &[TrainEvent]) -> (String, Option<PathBuf>) {
    match events.last().unwrap() {
        TrainEvent::Finished { verdict, output, ending: Ending::Done, .. } => (verdict.clone(), output.clone()),
        other => panic!("{other:?}"),
    }
}

fn refusal(config: TrainConfig) -> String {
    match Training::new(config, &Gate::default()) {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn it_learns_and_says_so() {
    let world = World::new(6);
    let config = TrainConfig { evaluate_every: 30, ..world.config(60) };
    let events = run(config.clone());
    assert!(matches!(events[0], TrainEvent::Started { pictures, held_out, step: 0, .. } if pictures + held_out == 6));
    let losses = losses(&events);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(losses.len() == 60 && mean(&losses[50..]) < 0.7 * mean(&losses[..10]), "{losses:?}");
    let evaluated: Vec<_> = events.iter().filter(|event| matches!(event, TrainEvent::Evaluated { .. })).collect();
    // Before the first step, and after 30 and 60.
    assert_eq!(evaluated.len(), 3);
    let TrainEvent::Evaluated { psnr, start_psnr, best_psnr, bicubic_psnr, .. } = *evaluated[2] else { panic!() };
    assert!(psnr > start_psnr + 1.0 && best_psnr >= psnr && bicubic_psnr > 10.0, "{evaluated:?}");
    let (verdict, output) = verdict(&events);
    assert!(verdict.starts_with("better by "), "{verdict}");
    assert_eq!(Weights::open(&output.unwrap()).unwrap().config(), &tiny());
    let checkpoint = Checkpoint::open(&config.checkpoint_path()).unwrap();
    assert_eq!(Some(Weights::open(&config.output).unwrap()), checkpoint.best);
}

#[test]
fn stopped_and_resumed_is_uninterrupted_to_the_bit() {
    let world = World::new(4);
    let whole = TrainConfig { output: world.path("whole.safetensors"), ..world.config(12) };
    let expected = run(whole.clone());
    let first = run_until(5, world.config(12));
    assert!(matches!(first.last(), Some(TrainEvent::Finished { step: 5, ending: Ending::Stopped, .. })));
    let resumed = TrainConfig { start: Start::Resume(world.config(12).checkpoint_path()), ..world.config(12) };
    let rest = run(resumed.clone());
    assert!(matches!(rest[0], TrainEvent::Started { step: 5, .. }));
    assert_eq!([losses(&first), losses(&rest)].concat(), losses(&expected));
    let (ours, reference) =
        (Checkpoint::open(&resumed.checkpoint_path()).unwrap(), Checkpoint::open(&whole.checkpoint_path()).unwrap());
    assert_eq!(ours.weights.id(), reference.weights.id());
    assert!(ours.moments == reference.moments);
}

#[test]
fn paused_again_and_again_is_uninterrupted_to_the_bit() {
    let world = World::new(4);
    let config = || TrainConfig { overwrite: true, ..world.config(12) };
    let expected = losses(&run(config()));
    let gate = Gate::default();
    let training = Training::new(config(), &gate).unwrap();
    let found = std::thread::scope(|scope| {
        let trainer = scope.spawn(|| losses(&training.map(Result::unwrap).collect::<Vec<_>>()));
        while !trainer.is_finished() {
            gate.pause();
            std::thread::sleep(Duration::from_millis(3));
            gate.run();
            std::thread::sleep(Duration::from_millis(2));
        }
        trainer.join().unwrap()
    });
    assert!(gate.paused_for() > Duration::from_millis(3));
    assert_eq!(found, expected);
}

#[test]
fn pictures_that_do_not_fit_the_memory_make_the_same_steps() {
    let world = World::new(3);
    let steps = |cache_bytes, threads| {
        losses(&run(TrainConfig { cache_bytes, threads: Some(threads), overwrite: true, ..world.config(4) }))
    };
    let expected = steps(1 << 30, 1);
    assert_eq!(steps(0, 1), expected);
    // Sums over the batch run in the same order on any number of threads; products may not.
    assert!(steps(5000, 2).iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4));
}

#[test]
fn unusable_files_are_named_and_left_out() {
    let world = World::new(3);
    std::fs::write(world.path("pictures/broken.png"), b"\x89PNG\r\n\x1a\nand then nothing").unwrap();
    std::fs::write(world.path("pictures/notes.txt"), "no picture").unwrap();
    write_ppm(&world.path("pictures/tiny.ppm"), 5, 40);
    let events = run(world.config(2));
    assert!(matches!(events[0], TrainEvent::Started { pictures, held_out, .. } if pictures + held_out == 3));
    let warnings = warnings(&events);
    assert!(warnings.len() == 2 && warnings[0].contains("broken.png"), "{warnings:?}");
    assert!(warnings[1].contains("tiny.ppm") && warnings[1].contains("a side of 5 pixels"), "{warnings:?}");
    assert_eq!(losses(&events).len(), 2);
}

#[test]
fn pictures_are_read_when_they_are_needed_and_reported_once() {
    let world = World::new(4);
    // Headers without pixels: whoever read them all at the start would report them all.
    for i in 0..60 {
        std::fs::write(world.path(&format!("pictures/broken{i}.ppm")), format!("P6\n4000 {}\n255\n", 3000 + i))
            .unwrap();
    }
    let mut training = start(TrainConfig { evaluate_every: 1000, ..world.config(8) });
    let first = training.next().unwrap().unwrap();
    assert!(matches!(first, TrainEvent::Started { pictures, held_out, .. } if pictures + held_out == 64), "{first:?}");
    let events: Vec<_> = training.map(Result::unwrap).collect();
    assert_eq!(losses(&events).len(), 8);
    let warnings = warnings(&events);
    let names: std::collections::BTreeSet<_> = warnings.iter().filter_map(|w| w.split("broken").nth(1)).collect();
    assert!(names.len() > 10, "{warnings:?}");
    assert_eq!(names.len(), warnings.iter().filter(|w| w.contains("broken")).count(), "{warnings:?}");
}

#[test]
fn the_same_pictures_are_held_out_whatever_happens_around_them() {
    let world = World::new(12);
    let held_out = |config: TrainConfig| {
        let events = run(config);
        let TrainEvent::Started { held_out, .. } = events[0] else { panic!() };
        let judged = |event: &TrainEvent| match event {
            TrainEvent::Evaluated { start_psnr, bicubic_psnr, .. } => Some((*start_psnr, *bicubic_psnr)),
            _ => None,
        };
        (held_out, events.iter().find_map(judged))
    };
    let config = || TrainConfig { overwrite: true, ..world.config(1) };
    let before = held_out(config());
    assert!(before.0 > 0 && before.1.is_some());
    std::fs::rename(world.path("pictures/2.ppm"), world.path("pictures/inner/renamed.ppm")).unwrap();
    std::fs::rename(world.path("pictures/4.ppm"), world.path("pictures/inner/too.ppm")).unwrap();
    let after = held_out(config());
    assert_eq!(before.0, after.0);
    // The patches are judged in the order of the names.
    let (before, after) = (before.1.unwrap(), after.1.unwrap());
    assert!((before.0 - after.0).abs() < 1e-9 && (before.1 - after.1).abs() < 1e-9, "{before:?} {after:?}");
}

#[test]
fn frozen_features_that_are_kept_make_the_steps_that_computing_them_makes() {
    let world = World::new(4);
    let frozen = |steps, feature_cache_bytes| {
        let mut config = TrainConfig { feature_cache_bytes, overwrite: true, ..world.config(steps) };
        config.hyperparameters.freeze_encoder = true;
        config
    };
    // Room for three batches: 4 · 8² · 8 halves each.
    let room = 3 * 4 * 8 * 8 * 8 * 2;
    let whole = losses(&run(frozen(10, room)));
    // The same pictures come again, queried at other pixels.
    assert!((0..7).all(|i| whole[i] != whole[i + 3]), "{whole:?}");
    // A resumed training has nothing in memory.
    let first = run_until(5, frozen(10, room));
    let config = frozen(10, room);
    let resumed = run(TrainConfig { start: Start::Resume(config.checkpoint_path()), ..config });
    assert_eq!([losses(&first), losses(&resumed)].concat(), whole);
    // Half precision changes little, and no memory means no repetition.
    let fresh = losses(&run(frozen(10, 0)));
    assert!((0..3).all(|i| (fresh[i] - whole[i]).abs() < 0.2 * whole[i]), "{fresh:?} {whole:?}");
    assert!((3..10).any(|i| (fresh[i] - whole[i]).abs() > 1e-3), "{fresh:?} {whole:?}");
}

#[test]
fn a_picture_that_vanishes_is_replaced_by_the_next() {
    let world = World::new(4);
    let mut training = start(TrainConfig { cache_bytes: 0, ..world.config(30) });
    let first = training.next().unwrap().unwrap();
    assert!(matches!(first, TrainEvent::Started { .. }));
    for i in [0, 2] {
        std::fs::remove_file(world.path(&format!("pictures/{i}.ppm"))).unwrap();
    }
    let events: Vec<_> = training.map(Result::unwrap).collect();
    assert_eq!(losses(&events).len(), 30);
    assert!(warnings(&events).iter().any(|message| message.contains("no such file")));
}

#[test]
fn folders_without_a_usable_picture_are_refused() {
    let world = World::new(0);
    assert!(refusal(world.config(2)).contains("it holds no pictures"));
    assert!(refusal(TrainConfig { folder: world.path("nowhere"), ..world.config(2) }).contains("no such folder"));
    std::fs::write(world.path("pictures/a.png"), "no picture").unwrap();
    std::fs::write(world.path("pictures/b.jpg"), "").unwrap();
    let sentence = refusal(world.config(2));
    assert!(sentence.contains("none of its 2 pictures") && sentence.contains("a.png"), "{sentence}");
    let world = World::new(0);
    write_ppm(&world.path("pictures/only.ppm"), 6, 6);
    let sentence = refusal(world.config(2));
    assert!(sentence.contains("a side of 6 pixels") && sentence.contains("--patch"), "{sentence}");
}

#[test]
fn a_training_that_ends_at_once_writes_no_weights() {
    let world = World::new(4);
    let gate = Gate::default();
    let mut training = Training::new(world.config(5), &gate).unwrap();
    assert!(matches!(training.next(), Some(Ok(TrainEvent::Started { .. }))));
    gate.stop();
    let events: Vec<_> = training.map(Result::unwrap).collect();
    let Some(TrainEvent::Finished { verdict, output: None, step: 0, .. }) = events.last() else { panic!("{events:?}") };
    assert!(verdict.contains("before anything was judged"), "{verdict}");
    assert!(!world.config(5).output.exists());
}

#[test]
fn a_single_picture_trains_without_being_judged() {
    let world = World::new(1);
    let events = run(world.config(3));
    assert!(warnings(&events)[0].contains("no picture is held out"));
    assert!(!events.iter().any(|event| matches!(event, TrainEvent::Evaluated { .. })));
    let (verdict, output) = verdict(&events);
    assert!(verdict.contains("not known") && output.is_some_and(|output| Weights::open(&output).is_ok()));
}

#[test]
fn outputs_that_cannot_be_written_are_refused_at_once() {
    let world = World::new(2);
    std::fs::create_dir(world.path("folder.safetensors")).unwrap();
    let refused = |name: &str| refusal(TrainConfig { output: world.path(name), ..world.config(2) });
    assert!(refused("folder.safetensors").contains("there is a folder of that name"));
    assert!(refused("missing/out.safetensors").contains("create it first"));
    std::fs::write(world.path("there.safetensors"), "precious").unwrap();
    assert!(refused("there.safetensors").contains("exists already"));
    std::fs::write(world.path("new.checkpoint.safetensors"), "precious").unwrap();
    assert!(refused("new.safetensors").contains("--resume"));
    assert_eq!(std::fs::read(world.path("there.safetensors")).unwrap(), b"precious");
}

#[test]
fn a_disk_that_takes_nothing_more_does_not_end_the_training() {
    let world = World::new(3);
    std::fs::create_dir(world.path("disk")).unwrap();
    let output = world.path("disk/out.safetensors");
    let config = TrainConfig { output, checkpoint_every: Duration::ZERO, ..world.config(4) };
    let mut training = start(config);
    let mut events: Vec<TrainEvent> = training.by_ref().take(1).map(Result::unwrap).collect();
    std::fs::remove_dir_all(world.path("disk")).unwrap();
    let mut outcome = Ok(());
    for event in training {
        match event {
            Ok(event) => events.push(event),
            Err(error) => outcome = Err(error),
        }
    }
    assert_eq!(losses(&events).len(), 4);
    assert!(warnings(&events)[0].contains("training goes on"), "{events:?}");
    assert!(matches!(outcome, Err(Error::Export { .. })), "{outcome:?}");
}

#[test]
fn a_loss_that_is_no_number_ends_it_with_the_last_good_state() {
    let world = World::new(3);
    let mut config = world.config(50);
    config.hyperparameters.learning_rate = 1e30;
    let outcomes: Vec<_> = start(config.clone()).collect();
    let Some(Err(error)) = outcomes.last() else { panic!("{:?}", outcomes.last()) };
    let sentence = error.to_string();
    assert!(sentence.contains("finite number") && sentence.contains("--lr"), "{sentence}");
    let checkpoint = Checkpoint::open(&config.checkpoint_path()).unwrap();
    assert!(checkpoint.notes.contains("\"step\":0"), "{}", checkpoint.notes);
    assert!(!config.output.exists());
}

#[test]
fn what_got_worse_is_said_and_not_written() {
    let world = World::new(4);
    let trained = world.path("trained.safetensors");
    run(TrainConfig { output: trained.clone(), ..world.config(40) });
    let weights = Weights::open(&trained).unwrap();
    let mut config = TrainConfig { start: weights.into(), evaluate_every: 1, ..world.config(3) };
    config.hyperparameters.learning_rate = 0.5;
    let events = run(config.clone());
    let (verdict, output) = verdict(&events);
    assert!(verdict.starts_with("not better than the weights you started from"), "{verdict}");
    assert!(output.is_none() && !config.output.exists());
}

#[test]
fn pairs_and_varied_sizes_train_too() {
    let world = World::new(3);
    std::fs::create_dir_all(world.path("small/inner")).unwrap();
    for i in 0..3 {
        let name = if i % 2 == 0 { format!("small/{i}.ppm") } else { format!("small/inner/{i}.ppm") };
        write_ppm(&world.path(&name), 20 + i / 2, 18);
    }
    let mut config = TrainConfig { small_folder: Some(world.path("small")), overwrite: true, ..world.config(3) };
    config.hyperparameters.sampling = PatchSampling::Pairs;
    assert_eq!(losses(&run(config.clone())).len(), 3);
    std::fs::remove_file(world.path("small/2.ppm")).unwrap();
    assert!(refusal(config).contains("each picture needs one small version"));
    let mut config = TrainConfig { overwrite: true, ..world.config(3) };
    config.hyperparameters.sampling = PatchSampling::SizeVaried { min: 12, max: 24, gt_resize: Some(20) };
    assert_eq!(losses(&run(config)).len(), 3);
}
