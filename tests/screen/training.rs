//! Training on the virtual screen: the window trains on a folder, the person zooms, tries, exports, goes back, and the
//! process is killed.

use crate::director::{at_rest, compare_export, photograph, wait};
use crate::keyboard::{Screen, key};
use crate::stage::{Observed, Snapshot};
use eframe::egui::Rect;
use std::path::Path;
use std::time::{Duration, Instant};
use zoomfield::library::Library;
use zoomfield::train::untrained;
use zoomfield::weights::{Builtin, EncoderConfig, ImnetConfig, ModelConfig, Normalization};

/// Name of the folder of pictures, as it is typed.
const LESSONS: &str = "lessons";

/// A small network that learns fast, and pictures to learn from.
pub(crate) fn prepare(folder: &Path) {
    let config = ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 1, features: 8, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![16]).into(),
        normalization: Normalization::LIIF,
    };
    let models = folder.join("data/models");
    std::fs::create_dir_all(&models).unwrap();
    untrained(&config, 1).unwrap().save(&models.join("novice.safetensors"), true).unwrap();
    std::fs::create_dir_all(folder.join(LESSONS)).unwrap();
    let cat = image::open(folder.join("chelsea.png")).unwrap().to_rgb8();
    for i in 0..6 {
        let part = image::imageops::crop_imm(&cat, 60 * i, 20 * i, 140, 120).to_image();
        part.save(folder.join(LESSONS).join(format!("{i}.png"))).unwrap();
    }
}

/// Where the panel begins, in pixels.
const PANEL_LEFT: f32 = 650.0;

/// The third act: train, zoom, try, export, revert, stop.
pub(crate) fn third_act(watched: &Observed, folder: &Path) {
    let screen = Screen::connect();
    let novice = start_training(&screen, watched);
    let learnt = wait("the loss to fall", watched, |s| s.training.step >= 60 && has_fallen(&s.training.losses));
    let [first, last] = ends(&learnt.training.losses);
    println!("trained in the window: loss {first:.3} at first, {last:.3} after {} steps", learnt.training.step);
    zoom_meanwhile(&screen, watched);
    click(&screen, watched, "Watch this place");
    wait("the watched place", watched, |s| has_label(s, "the middle of the view"));
    try_and_export(&screen, watched, folder, &novice);
    click(&screen, watched, "Stop");
    wait("the end of the training", watched, |s| has_label(s, "Better than before"));
    photograph(&screen, watched.snapshot.lock().unwrap().canvas.unwrap(), "trained");
    let models = Library::new(folder.join("data/models"), std::sync::Arc::new(|_: &Path| Err("no bin".into())));
    let names: Vec<String> = models.list().unwrap().into_iter().map(|entry| entry.name).collect();
    let [liif, live, photo] = Builtin::ALL.map(Builtin::title);
    assert_eq!(names, [liif, live, photo, LESSONS, "novice"]);
    screen.type_text("l");
    wait("the list of models", watched, |s| has_label(s, "Use at the start: lessons"));
    photograph(&screen, watched.snapshot.lock().unwrap().canvas.unwrap(), "models");
    screen.press(&[key::ESCAPE]);
}

/// The fourth act ends by a kill -9 once there is a checkpoint.
pub(crate) fn fourth_act(watched: &Observed, folder: &Path) {
    let screen = Screen::connect();
    start_training(&screen, watched);
    let kept = wait("a checkpoint", watched, |s| s.training.checkpoint.is_some_and(|step| step > 0));
    std::fs::write(folder.join("kept-step"), kept.training.checkpoint.unwrap().to_string()).unwrap();
    let this = std::process::id().to_string();
    let _ = std::process::Command::new("kill").args(["-9", &this]).status();
    std::thread::sleep(Duration::from_mins(1));
}

/// The fifth act: the next start offers to go on, and nothing before the checkpoint is lost.
pub(crate) fn fifth_act(watched: &Observed, folder: &Path) {
    let screen = Screen::connect();
    let kept: u64 = std::fs::read_to_string(folder.join("kept-step")).unwrap().parse().unwrap();
    wait("the offer to resume", watched, |s| has_label(s, "A training was interrupted"));
    screen.focus_window();
    click(&screen, watched, "Resume");
    let resumed = wait("the resumed training", watched, |s| s.training.step > 0);
    assert!(resumed.training.step >= kept, "resumed at {}, the checkpoint was of step {kept}", resumed.training.step);
    println!("killed after the checkpoint of step {kept}, resumed at step {}", resumed.training.step);
    click(&screen, watched, "Stop");
    wait("the end of the training", watched, |s| !s.training.is_running);
}

/// Opens the panel, types the folder, and starts; the model's name before.
fn start_training(screen: &Screen, watched: &Observed) -> String {
    let fitted = wait("the fitted picture", watched, |s| s.is_exact && s.canvas.is_some() && s.model.is_some());
    screen.focus_window();
    screen.type_text("t");
    wait("the form", watched, |s| has_label(s, "Start training"));
    std::thread::sleep(Duration::from_millis(500));
    screen.type_text(LESSONS);
    screen.press(&[key::ENTER]);
    wait("the training", watched, |s| s.training.is_running);
    fitted.model.unwrap()
}

/// Zooms by the wheel while training goes on; frames keep coming, the view becomes exact, and so does the training.
fn zoom_meanwhile(screen: &Screen, watched: &Observed) {
    let canvas = watched.snapshot.lock().unwrap().canvas.unwrap();
    screen.move_to((canvas.x + canvas.width / 2) as i16, (canvas.y + canvas.height / 2) as i16);
    watched.snapshot.lock().unwrap().frame_secs.clear();
    let deadline = Instant::now() + Duration::from_mins(3);
    while at_rest(watched).zoom < 8.0 {
        assert!(Instant::now() < deadline, "the wheel does not zoom");
        screen.turn_wheel();
    }
    let sharp = wait("the exact picture", watched, |s| s.is_exact && s.view.unwrap().zoom >= 8.0);
    let mut frames = sharp.frame_secs.clone();
    frames.sort_by(f64::total_cmp);
    let median = frames[frames.len() / 2];
    println!(
        "zoomed while training: {} frames, the window's own part of one {:.1} ms (median)",
        frames.len(),
        median * 1e3
    );
    assert!(median < 0.1, "the window is slow while it trains: {median} s");
    wait("more steps", watched, |s| s.training.is_running && s.training.step > sharp.training.step + 10);
}

/// Swaps the model in, exports with it, and goes back.
fn try_and_export(screen: &Screen, watched: &Observed, folder: &Path, novice: &str) {
    click(screen, watched, "Use in viewer");
    let tried = wait("the new model", watched, |s| s.is_exact && s.model.as_ref().is_some_and(|id| id != novice));
    click(screen, watched, "Compare old and new");
    let compared = wait("the comparison", watched, |s| s.has_split && s.is_exact);
    photograph(screen, compared.canvas.unwrap(), "old-and-new");
    screen.type_text("c");
    wait("the end of the comparison", watched, |s| !s.has_split && s.is_exact);
    // The canvas takes the comparison's bar over with the next frame.
    std::thread::sleep(Duration::from_millis(800));
    let shown = wait("the new model alone", watched, |s| s.is_exact);
    let seen = photograph(screen, shown.canvas.unwrap(), "training");
    screen.press(&[key::CONTROL, u32::from('e')]);
    click(screen, watched, "Export");
    let quality = compare_export(folder, &seen, shown.view.unwrap());
    println!("exported with the model in training: the file = the screen by {quality:.1} dB");
    assert_ne!(tried.model.as_deref(), Some(novice));
    click(screen, watched, "Revert");
    wait("the model of before", watched, |s| s.model.as_deref() == Some(novice) && s.is_exact);
}

fn has_label(snapshot: &Snapshot, label: &str) -> bool {
    place(snapshot, label).is_some()
}

fn place(snapshot: &Snapshot, label: &str) -> Option<Rect> {
    snapshot.labels.iter().find(|(name, _)| name == label).map(|(_, rect)| *rect)
}

/// The rows between which a scrolled panel shows what is in it, in pixels.
const SHOWN: std::ops::Range<f32> = 100.0..680.0;

/// Clicks on what has that name, once it stands still and in sight.
fn click(screen: &Screen, watched: &Observed, label: &str) {
    let mut before = None;
    let middle = loop {
        let now = place(&wait(label, watched, |s| has_label(s, label)), label);
        if let Some(rect) = now.filter(|_| now == before) {
            let middle = rect.center();
            let is_in_panel = middle.x > PANEL_LEFT && middle.y > SHOWN.start - 60.0;
            if !is_in_panel || SHOWN.contains(&middle.y) {
                break middle;
            }
            screen.move_to(middle.x as i16, SHOWN.start as i16 + 300);
            if middle.y < SHOWN.start { screen.turn_wheel() } else { screen.turn_wheel_back() }
        }
        before = now;
        std::thread::sleep(Duration::from_millis(400));
    };
    screen.click(middle.x as i16, middle.y as i16);
}

/// The mean of the first and the last ten losses.
fn ends(losses: &[f64]) -> [f64; 2] {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    [mean(&losses[..losses.len().min(10)]), mean(&losses[losses.len().saturating_sub(10)..])]
}

fn has_fallen(losses: &[f64]) -> bool {
    let [first, last] = ends(losses);
    losses.len() >= 20 && last < 0.8 * first
}
