//! Live networks: their result is the average of the weights that move.

use super::{World, losses, refusal, run, run_until, tiny, verdict};
use zoomfield::train::{Degradation, Distillation, Hyperparameters, Start, TrainConfig, TrainEvent, untrained};
use zoomfield::weights::{Checkpoint, EncoderConfig, FieldConfig, ModelConfig, Normalization, Weights};

pub(super) fn tiny_live() -> ModelConfig {
    ModelConfig {
        encoder: EncoderConfig::Plain { blocks: 1, convs: 2, features: 8 },
        decoder: FieldConfig { luma_waves: 8, chroma_waves: 3 }.into(),
        normalization: Normalization::LIIF,
    }
}

impl World {
    /// A small training of a live network.
    pub(super) fn live(&self, steps: u64) -> TrainConfig {
        let mut config = self.config(steps);
        let Hyperparameters { batch, patch, samples, sampling, .. } = config.hyperparameters;
        let usual = Hyperparameters { ema: Some(0.9), ..Hyperparameters::of(&tiny_live()) };
        config.hyperparameters = Hyperparameters { batch, patch, samples, sampling, ..usual };
        TrainConfig { start: Start::Untrained(tiny_live()), ..config }
    }
}

#[test]
fn it_learns_more_than_bicubic_enlargement_knows() {
    let world = World::new(4);
    let mut config = world.live(100);
    // A hundred steps are too few for a warm-up of two hundred.
    config.hyperparameters.learning_rate = 2e-2;
    config.hyperparameters.degradation = Degradation::Noise;
    let events = run(config.clone());
    let judged = |event: &TrainEvent| match event {
        TrainEvent::Evaluated { psnr, bicubic_psnr, .. } => Some((*psnr, *bicubic_psnr)),
        _ => None,
    };
    let judged: Vec<_> = events.iter().filter_map(judged).collect();
    let (first, last) = (judged[0], judged[judged.len() - 1]);
    // An untrained one is the bicubic picture, but for rounding to whole colours.
    assert!((first.0 - first.1).abs() < 0.3 && last.0 > first.0 + 0.5, "{judged:?}");
    let (verdict, output) = verdict(&events);
    assert!(verdict.starts_with("better by "), "{verdict}");
    let checkpoint = Checkpoint::open(&config.checkpoint_path()).unwrap();
    let output = Weights::open(&output.unwrap()).unwrap();
    assert_eq!(Some(&output), checkpoint.best.as_ref());
    assert_eq!(output.id(), checkpoint.weights.id());
    assert_ne!(output.id(), checkpoint.moving.unwrap().id());
}

#[test]
fn averages_that_are_stopped_and_resumed_are_uninterrupted_to_the_bit() {
    let world = World::new(4);
    let whole = TrainConfig { output: world.path("whole.safetensors"), ..world.live(12) };
    let expected = run(whole.clone());
    let first = run_until(5, world.live(12));
    let resumed = TrainConfig { start: Start::Resume(world.live(12).checkpoint_path()), ..world.config(12) };
    let rest = run(resumed.clone());
    assert!(matches!(rest[0], TrainEvent::Started { step: 5, .. }));
    assert_eq!([losses(&first), losses(&rest)].concat(), losses(&expected));
    let read = |config: &TrainConfig| Checkpoint::open(&config.checkpoint_path()).unwrap();
    let (ours, reference) = (read(&resumed), read(&whole));
    assert_eq!(ours.weights.id(), reference.weights.id());
    assert_eq!(ours.moving.unwrap().id(), reference.moving.unwrap().id());
    assert!(ours.moments == reference.moments);
}

#[test]
fn a_teacher_is_learnt_from_and_needed_again() {
    let world = World::new(4);
    let file = world.path("teacher.safetensors");
    let put = |seed| untrained(&tiny(), seed).unwrap().save(&file, true).unwrap();
    put(9);
    let taught = |steps, share| {
        let mut config = world.live(steps);
        let distillation = Distillation::from(file.to_str().unwrap(), share);
        config.hyperparameters.distillation = Some(distillation.unwrap());
        config
    };
    let whole = losses(&run(TrainConfig { output: world.path("whole.safetensors"), ..taught(8, 0.5) }));
    let alone = losses(&run(TrainConfig { output: world.path("alone.safetensors"), ..world.live(8) }));
    let only = losses(&run(TrainConfig { output: world.path("only.safetensors"), ..taught(1, 1.0) }));
    // Before the first step both see the same.
    assert!((whole[0] - f64::midpoint(alone[0], only[0])).abs() < 1e-6, "{whole:?} {alone:?} {only:?}");
    let first = run_until(4, taught(8, 0.5));
    let resumed = || TrainConfig { start: Start::Resume(world.live(8).checkpoint_path()), ..world.config(8) };
    put(10);
    let sentence = refusal(resumed());
    assert!(sentence.contains("is not the model any more that this training learns from"), "{sentence}");
    std::fs::remove_file(&file).unwrap();
    let sentence = refusal(resumed());
    assert!(
        sentence.contains("needs the model that it learns from") && sentence.contains("teacher.safe"),
        "{sentence}"
    );
    put(9);
    assert_eq!([losses(&first), losses(&run(resumed()))].concat(), whole);
}
