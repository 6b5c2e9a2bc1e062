//! The shipped weights learn to undo a degradation that they were not trained for: a reduced training, judged on pictures that it
//! has not seen.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zoomfield::picture::{Picture, Samples};
use zoomfield::task::Gate;
use zoomfield::train::{Degradation, Hyperparameters, Length, PatchSampling, TrainConfig, TrainEvent, Training};
use zoomfield::weights::Weights;

/// The sample picture in eight pieces.
fn pieces(folder: &Path) {
    let picture = Picture::open(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/chelsea.png")).unwrap();
    let Samples::U8(rgb) = &picture.rgb else { panic!("not 8 bits") };
    let (width, height) = (picture.size.width / 4, picture.size.height / 2);
    for piece in 0..8 {
        let (x, y) = (piece % 4 * width, piece / 4 * height);
        let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
        for row in y..y + height {
            file.extend(&rgb[(row * picture.size.width + x) * 3..][..width * 3]);
        }
        std::fs::write(folder.join(format!("{piece}.ppm")), file).unwrap();
    }
}

/// Mean losses of the first and the last quarter of the steps, and what the held-out pictures gained, in decibels.
fn train(steps: usize, learning_rate: f64) -> (f64, f64, f64) {
    let folder: TempDir = tempfile::tempdir().unwrap();
    pieces(folder.path());
    let hyperparameters = Hyperparameters {
        batch: 4,
        patch: 24,
        samples: 256,
        sampling: PatchSampling::RandomScale { min: 1.0, max: 2.5 },
        degradation: Degradation::Noise,
        hold_out: 0.3,
        learning_rate,
        ..Hyperparameters::default()
    };
    let output = folder.path().join("out.safetensors");
    let start = Weights::builtin().unwrap().into();
    let config = TrainConfig::new(folder.path().to_owned(), output, start, Length::Steps(steps as u64));
    let config = TrainConfig { hyperparameters, evaluate_every: 1000, ..config };
    let (mut losses, mut gain) = (Vec::new(), 0.0);
    for event in Training::new(config, &Gate::default()).unwrap() {
        match event.unwrap() {
            TrainEvent::Step { loss, .. } => losses.push(loss),
            TrainEvent::Evaluated { psnr, start_psnr, .. } => gain = psnr - start_psnr,
            _ => {}
        }
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    (mean(&losses[..steps / 4]), mean(&losses[3 * steps / 4..]), gain)
}

#[test]
fn noise_is_learnt_from_the_shipped_weights() {
    let (first, last, gain) = train(40, 2e-4);
    println!("loss {first:.4} → {last:.4}, held out {gain:+.2} dB");
    assert!(last < 0.9 * first && gain > 0.5, "loss {first} → {last}, held out {gain:+} dB");
    // The comparison can fail: steps too small to move a weight.
    let (first, last, gain) = train(8, 1e-15);
    println!("loss {first:.4} → {last:.4}, held out {gain:+.2} dB without steps");
    assert!(last > 0.9 * first && gain.abs() < 1e-6, "loss {first} → {last}, held out {gain:+} dB");
}
