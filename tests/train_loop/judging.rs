//! What weights are judged by: the same pictures as long as they are there, and others for the last word.

use super::{World, run, run_until, tiny, verdict, warnings};
use crate::common::write_ppm;
use zoomfield::task::Gate;
use zoomfield::train::{Confirmation, Gain, PatchSampling, Start, TrainConfig, TrainEvent, Training};
use zoomfield::weights::{Checkpoint, Weights};

/// A training of some steps, half of whose pictures are held out, judged after every fifth step.
fn config(world: &World, steps: u64) -> TrainConfig {
    let mut config = TrainConfig { evaluate_every: 5, ..world.config(steps) };
    config.hyperparameters.hold_out = 0.5;
    config
}

fn resumed(world: &World, steps: u64) -> TrainConfig {
    let config = config(world, steps);
    TrainConfig { start: Start::Resume(config.checkpoint_path()), ..config }
}

/// Bicubic's figure and that of the start, of all judgements.
fn references(events: &[TrainEvent]) -> Vec<[f64; 2]> {
    let reference = |event: &TrainEvent| match event {
        TrainEvent::Evaluated { bicubic_psnr, start_psnr, .. } => Some([*bicubic_psnr, *start_psnr]),
        _ => None,
    };
    events.iter().filter_map(reference).collect()
}

fn held_out(events: &[TrainEvent]) -> usize {
    let TrainEvent::Started { held_out, .. } = events[0] else { panic!("{:?}", events[0]) };
    held_out
}

fn confirmed(events: &[TrainEvent]) -> Confirmation {
    let Some(TrainEvent::Finished { confirmed: Some(confirmed), .. }) = events.last() else { panic!("{events:?}") };
    *confirmed
}

/// Changes what the checkpoint of a training notes.
fn change_notes(config: &TrainConfig, change: impl FnOnce(&mut serde_json::Value)) {
    let mut checkpoint = Checkpoint::open(&config.checkpoint_path()).unwrap();
    let mut notes: serde_json::Value = serde_json::from_str(&checkpoint.notes).unwrap();
    change(&mut notes);
    checkpoint.notes = notes.to_string();
    checkpoint.save(&config.checkpoint_path()).unwrap();
}

fn says_anew(events: &[TrainEvent]) -> bool {
    warnings(events).iter().any(|warning| warning.contains("the comparison starts anew"))
}

#[test]
fn pictures_that_are_added_do_not_change_what_is_judged_by() {
    let world = World::new(6);
    let first = run_until(10, config(&world, 30));
    for i in 0..12 {
        write_ppm(&world.path(&format!("pictures/added{i}.ppm")), 61 + i, 50);
    }
    let rest = run(resumed(&world, 30));
    assert_eq!(held_out(&first), held_out(&rest));
    assert!(!says_anew(&rest), "{:?}", warnings(&rest));
    let references = [references(&first), references(&rest)].concat();
    assert!(references.len() > 4 && references.iter().all(|pair| *pair == references[0]), "{references:?}");
    assert_eq!(confirmed(&first).start_psnr, confirmed(&rest).start_psnr);
}

#[test]
fn pictures_that_are_added_do_not_change_patches_of_varied_sizes() {
    let world = World::new(6);
    let varied = |mut config: TrainConfig| {
        config.hyperparameters.sampling = PatchSampling::SizeVaried { min: 12, max: 24, gt_resize: None };
        config
    };
    run_until(5, varied(config(&world, 10)));
    for i in 0..7 {
        write_ppm(&world.path(&format!("pictures/0added{i}.ppm")), 61 + i, 50);
    }
    let rest = run(resumed(&world, 10));
    assert!(!says_anew(&rest), "{:?}", warnings(&rest));
}

#[test]
fn one_readable_picture_of_many_judges_by_both_parts() {
    let world = World::new(6);
    // Headers without pixels.
    for i in 0..300 {
        std::fs::write(world.path(&format!("pictures/broken{i}.ppm")), format!("P6\n4000 {}\n255\n", 3000 + i))
            .unwrap();
    }
    let events = run(config(&world, 10));
    assert!(held_out(&events) >= 48);
    let Confirmation { psnr, start_psnr, bicubic_psnr, .. } = confirmed(&events);
    assert!([psnr, start_psnr, bicubic_psnr].iter().all(|psnr| *psnr < 60.0), "{psnr} {start_psnr} {bicubic_psnr}");
}

#[test]
fn without_the_pictures_of_before_the_comparison_starts_anew_and_that_is_said() {
    let world = World::new(6);
    let first = run_until(10, config(&world, 30));
    std::fs::remove_dir_all(world.path("pictures")).unwrap();
    std::fs::create_dir(world.path("pictures")).unwrap();
    for i in 0..6 {
        write_ppm(&world.path(&format!("pictures/other{i}.ppm")), 70 + i, 41);
    }
    let rest = run(resumed(&world, 30));
    assert!(says_anew(&rest) && !says_anew(&first), "{:?}", warnings(&rest));
    assert_ne!(references(&first)[0], references(&rest)[0]);
    let (verdict, _) = verdict(&rest);
    assert!(verdict.contains("the best weights of step 10") && !verdict.contains("not seen"), "{verdict}");
}

#[test]
fn the_checkpoint_of_an_older_version_goes_on_with_a_comparison_of_its_own() {
    let world = World::new(6);
    run_until(10, config(&world, 30));
    change_notes(&config(&world, 30), |notes| {
        for name in ["confirmed", "compared_since", "judged_by"] {
            assert!(notes.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
    });
    let rest = run(resumed(&world, 15));
    assert!(matches!(rest[0], TrainEvent::Started { step: 10, .. }) && says_anew(&rest), "{:?}", warnings(&rest));
    assert!(verdict(&rest).0.contains("the best weights of step 10"), "{:?}", verdict(&rest));
}

#[test]
fn what_was_better_is_written_even_if_nothing_beats_it_in_a_comparison_that_starts_anew() {
    let world = World::new(6);
    let config = config(&world, 60);
    assert!(matches!(confirmed(&run_until(30, config.clone())).result, Gain::Better));
    let best = Checkpoint::open(&config.checkpoint_path()).unwrap().best.unwrap();
    change_notes(&config, |notes| {
        notes.as_object_mut().unwrap().remove("judged_by").unwrap();
        // Nothing gets better any more.
        notes["recipe"]["learning_rate"] = 1e-9.into();
    });
    // It is remembered from one interruption to the next.
    for (steps, is_anew) in [(35, true), (40, false)] {
        std::fs::remove_file(&config.output).unwrap();
        let rest = run(resumed(&world, steps));
        assert_eq!(says_anew(&rest), is_anew);
        let Confirmation { since, result, .. } = confirmed(&rest);
        assert!(since == 30 && result == Gain::Carried, "{:?}", rest.last());
        let (verdict, output) = verdict(&rest);
        assert!(verdict.starts_with("nothing got better since step 30"), "{verdict}");
        assert!(output.is_some_and(|output| Weights::open(&output).unwrap() == best));
    }
}

#[test]
fn stopped_before_the_held_out_pictures_are_read_it_keeps_what_it_knew() {
    let world = World::new(6);
    run_until(30, config(&world, 60));
    let config = resumed(&world, 60);
    let before = Checkpoint::open(&config.checkpoint_path()).unwrap();
    let gate = Gate::default();
    let mut training = Training::new(config.clone(), &gate).unwrap();
    assert!(matches!(training.next(), Some(Ok(TrainEvent::Started { held_out: 1.., .. }))));
    gate.stop();
    let rest: Vec<_> = training.map(Result::unwrap).collect();
    assert!(matches!(rest.last(), Some(TrainEvent::Finished { output: None, confirmed: None, .. })), "{rest:?}");
    let after = Checkpoint::open(&config.checkpoint_path()).unwrap();
    assert!(after.best.is_some() && after.best == before.best);
    let end = run(resumed(&world, 31));
    assert!(!says_anew(&end) && confirmed(&end).since == 0 && verdict(&end).1.is_some());
}

#[test]
fn the_last_word_is_by_patches_that_chose_nothing() {
    let world = World::new(6);
    let events = run(config(&world, 60));
    let best = events.iter().rev().find_map(|event| match event {
        TrainEvent::Evaluated { best_psnr, .. } => Some(*best_psnr),
        _ => None,
    });
    let Confirmation { psnr, start_psnr, bicubic_psnr, .. } = confirmed(&events);
    assert!(Some(psnr) != best && start_psnr != references(&events)[0][1] && bicubic_psnr > 10.0);
    let (verdict, output) = verdict(&events);
    assert!(verdict.starts_with(&format!("better by {:.2} dB", psnr - start_psnr)), "{verdict}");
    assert!(output.is_some() && verdict.contains(&format!("{psnr:.2} dB, before {start_psnr:.2} dB")), "{verdict}");
}

#[test]
fn what_is_written_as_nothing_is_not_better() {
    let world = World::new(6);
    let mut config = config(&world, 12);
    config.evaluate_every = 1;
    // Weights move in their last places.
    config.hyperparameters.learning_rate = 1e-7;
    let events = run(config.clone());
    let psnrs = events.iter().filter_map(|event| match event {
        TrainEvent::Evaluated { psnr, start_psnr, .. } => Some(psnr - start_psnr),
        _ => None,
    });
    let most = psnrs.fold(0.0, f64::max);
    assert!(most > 0.0 && most < 0.005, "nothing is shown by a gain of {most}");
    assert!(!events.iter().any(|event| matches!(event, TrainEvent::Improved { .. })));
    let (verdict, output) = verdict(&events);
    assert!(verdict.starts_with("not better than"), "{verdict}");
    assert!(output.is_none() && !config.output.exists());
    assert_eq!(Weights::open(&config.checkpoint_path()).unwrap().config(), &tiny());
}
