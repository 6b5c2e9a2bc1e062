//! A training that is played: what happens in it depends on the folder's name.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use zoomfield::app::ports::TrainingRun;
use zoomfield::error::{Error, Result};
use zoomfield::geometry::Size;
use zoomfield::picture::Raster;
use zoomfield::task::Gate;
use zoomfield::train::{Ending, PlaceChoice, Preview, Start, TrainConfig, TrainEvent, untrained};
use zoomfield::weights::{EncoderConfig, ImnetConfig, ModelConfig, Normalization, Weights};

/// Steps of a training that ends by itself.
pub(crate) const STEPS: u64 = 40;

/// Steps of a training called `held`, which then waits to be stopped: what is on the screen stays the same.
pub(crate) const HELD: u64 = 20;

/// The same of one called `unread`, which is stopped before it judges anything when it goes on from there.
pub(crate) const UNREAD: u64 = 12;

/// A network that loads at once.
pub(crate) fn tiny(seed: u64) -> Weights {
    let config = ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 1, features: 4, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![8]).into(),
        normalization: Normalization::LIIF,
    };
    untrained(&config, seed).expect("a small network")
}

/// Decibels that a training gains with every judgement; none where nothing is held out.
fn gain(name: &str) -> Option<f64> {
    match name {
        "unjudged" => None,
        "worse" => Some(-0.25),
        _ => Some(0.25),
    }
}

struct Played {
    name: String,
    gate: Gate,
    output: PathBuf,
    checkpoint: PathBuf,
    place: PlaceChoice,
    step: u64,
    events: VecDeque<TrainEvent>,
    is_over: bool,
}

/// Begins one.
pub(crate) fn train(config: TrainConfig, gate: &Gate) -> Result<Box<dyn TrainingRun>> {
    let name = config.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name == "empty" {
        return Err(Error::dataset(&config.folder, "it holds no pictures"));
    }
    let checkpoint = config.checkpoint_path();
    let step = match &config.start {
        // The step is all that a played checkpoint knows.
        Start::Resume(path) => std::fs::read_to_string(path).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        _ => 0,
    };
    let held_out = usize::from(name != "unjudged");
    let started = TrainEvent::Started {
        pictures: 12 - held_out,
        held_out,
        model: "tiny".into(),
        parameters: 1000,
        device: "played, 2 threads".into(),
        step,
        optimizer_step: step,
    };
    let warning = TrainEvent::Warning { message: "broken.jpg is left out".into() };
    let mut events = VecDeque::from([started, warning]);
    if step == 0 && held_out > 0 {
        events.extend(judgement(&name, 0));
    }
    let (gate, output, place) = (gate.clone(), config.output, config.place);
    Ok(Box::new(Played { name, gate, output, checkpoint, place, step, events, is_over: false }))
}

fn judgement(name: &str, step: u64) -> Vec<TrainEvent> {
    let Some(gain) = gain(name) else { return Vec::new() };
    let psnr = 28.0 + gain * (step / 10) as f64;
    let (bicubic_psnr, start_psnr, best_psnr) = (26.5, 28.0, psnr.max(28.0));
    let gray = |value: f32| Raster { size: Size::new(8, 8), channels: 3, data: vec![value; 192] };
    let preview = Preview { input: gray(0.2), prediction: gray(step as f32 / 100.0), truth: gray(0.9) };
    vec![
        TrainEvent::Evaluated { step, psnr, bicubic_psnr, start_psnr, best_psnr, since: 0 },
        TrainEvent::Preview { step, preview: Box::new(preview) },
    ]
}

/// The weights of a step that got better.
fn improvement(name: &str, step: u64) -> Option<TrainEvent> {
    let psnr = 28.0 + gain(name)? * (step / 10) as f64;
    (psnr > 28.0).then(|| TrainEvent::Improved { step, psnr, weights: Arc::new(tiny(step)) })
}

impl Played {
    fn step(&mut self) -> Result<()> {
        std::thread::sleep(Duration::from_millis(3));
        self.step += 1;
        let step = self.step;
        if step == 5 && self.name == "diverging" {
            return Err(Error::Request("the loss of step 5 is not a number any more".into()));
        }
        assert!(step < 5 || self.name != "breaking", "this training breaks down");
        let done = if self.name == "endless" { 0.25 } else { step as f64 / STEPS as f64 };
        let loss = 1.0 / step as f64;
        let (learning_rate, secs, waited_secs, remaining_secs) = (1e-4, 0.003, 0.0, 60.0 * (1.0 - done));
        self.events.push_back(TrainEvent::Step { step, loss, learning_rate, secs, waited_secs, done, remaining_secs });
        // All that can be seen of the place from outside.
        if format!("{:?}", self.place).contains("160×160") {
            let gray = |value: f32| {
                let size = Size::new(160, 160);
                Arc::new(Raster { size, channels: 3, data: vec![value; size.area() * 3] })
            };
            self.events.push_back(TrainEvent::Place { step, before: gray(0.2), after: gray(0.4) });
        }
        if step.is_multiple_of(10) {
            self.events.extend(judgement(&self.name, step));
            self.events.extend(improvement(&self.name, step));
            self.checkpoint();
        }
        Ok(())
    }

    fn checkpoint(&mut self) {
        std::fs::write(&self.checkpoint, self.step.to_string()).expect("the checkpoint is written");
        let path = self.checkpoint.clone();
        self.events.push_back(TrainEvent::Checkpoint { step: self.step, path, bytes: 2 });
    }

    fn finish(&mut self, ending: Ending) {
        self.is_over = true;
        self.checkpoint();
        let is_worth_it =
            !matches!(self.name.as_str(), "worse" | "unread") && (self.step >= 10 || self.name == "unjudged");
        if is_worth_it {
            tiny(self.step).save(&self.output, true).expect("the output is written");
        }
        self.events.push_back(TrainEvent::Finished {
            step: self.step,
            secs: 1.0,
            ending,
            output: is_worth_it.then(|| self.output.clone()),
            checkpoint: self.checkpoint.clone(),
            confirmed: None,
            verdict: String::new(),
        });
    }
}

impl TrainingRun for Played {
    fn next(&mut self) -> Option<Result<TrainEvent>> {
        if self.events.is_empty() && !self.is_over {
            if self.gate.is_stopped() {
                self.finish(Ending::Stopped);
            } else if self.step >= STEPS && self.name != "endless" {
                self.finish(Ending::Done);
            } else if [("held", HELD), ("unread", UNREAD)].contains(&(self.name.as_str(), self.step)) {
                while !self.gate.is_stopped() {
                    std::thread::sleep(Duration::from_millis(2));
                }
                self.finish(Ending::Stopped);
            } else if let Err(error) = self.step() {
                self.is_over = true;
                return Some(Err(error));
            }
        }
        self.events.pop_front().map(Ok)
    }

    fn weights(&self) -> Result<Weights> {
        Ok(tiny(self.step))
    }
}
