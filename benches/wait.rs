//! How long a person waits for the network after the last turn of the wheel, the painting left out.
//!
//! ```sh
//! cargo bench --bench wait
//! ```
//!
//! The whole window with its real renderer on the processor, 1280×800, without a graphics device or a stand-in for one: its
//! frames are laid out sixty times a second and never painted. It begins as the program does: LIIF in use, the live network
//! standing in for it. A 12-megapixel JPEG is opened, and once its neighbours and the view are at rest the wheel is turned from
//! the fitted view to ×2 or ×8, a notch every 60 ms, at another place for every trial. The clock runs from the last notch to
//! the first frame with pixels of a network at rest, to the first whose pixels are all the live network's, and at ×8 to the
//! first with all final ones. The window painted, in software, is `cargo test --test screen -- --measure`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and speaks")]

use eframe::egui;
use egui_kittest::Harness;
use std::path::Path;
use std::time::{Duration, Instant};
use zoomfield::app::view::Sharpness;
use zoomfield::app::{App, AppOptions, ModelSource, view};
use zoomfield::bench::write_photo;
use zoomfield::geometry::Size;
use zoomfield::kernel::{Precision, PrecisionChoice};
use zoomfield::picture::Picture;
use zoomfield::render::{Backend, Compute};

const CANVAS: Size = Size::new(1280, 800);
const FRAME: Duration = Duration::from_micros(16_667);
const FRAMES_PER_NOTCH: usize = 4;
const TRIALS: usize = 7;
/// Where the wheel goes, and whether its final pixels are waited for.
const GOALS: [(f64, bool); 2] = [(2.0, false), (8.0, true)];

fn main() {
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.jpg");
    let cat = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png");
    write_photo(&Picture::open(cat.as_ref()).unwrap(), &photo).unwrap();
    let mut precisions = vec![Precision::F32, Precision::best()];
    precisions.dedup();
    for precision in precisions {
        measure(&photo, precision);
    }
}

fn measure(photo: &Path, precision: Precision) {
    let mut window = Window::open(photo, precision);
    println!("{precision}, shortest / median / longest of {TRIALS} trials, in seconds after the last notch:");
    for (zoom, to_the_end) in GOALS {
        let waits: Vec<Wait> = (0..TRIALS).map(|trial| window.zoom_in(trial, zoom, to_the_end)).collect();
        let median = |secs: fn(&Wait) -> f64| {
            let mut all: Vec<f64> = waits.iter().map(secs).collect();
            all.sort_by(f64::total_cmp);
            [0, TRIALS / 2, TRIALS - 1].map(|at| format!("{:.3}", all[at])).join(" / ")
        };
        println!("  ×{zoom}: first pixels of a network: {}", median(|wait| wait.first));
        println!("  ×{zoom}: all pixels live: {}", median(|wait| wait.live));
        if to_the_end {
            println!("  ×{zoom}: all final pixels: {}", median(|wait| wait.end));
        }
    }
}

/// Seconds after the last notch.
struct Wait {
    first: f64,
    live: f64,
    end: f64,
}

struct Window {
    harness: Harness<'static, App>,
    next: Instant,
}

impl Window {
    fn open(photo: &Path, precision: Precision) -> Self {
        let precision = PrecisionChoice::Only(precision);
        let compute = Compute { backend: Backend::Cpu, precision, ..Compute::default() };
        let (model, files) = (ModelSource::File(None), vec![photo.to_owned()]);
        let harness = Harness::builder()
            .with_size(egui::vec2(CANVAS.width as f32, CANVAS.height as f32))
            .with_step_dt(FRAME.as_secs_f32())
            .build_eframe(move |cc| {
                let options = AppOptions { files, model, compute, settings: None, data: None, screen: None };
                App::new(cc, options).unwrap()
            });
        let mut window = Self { harness, next: Instant::now() };
        let has_models = |app: &App| {
            [&app.slices().models.own, &app.slices().models.quick].iter().all(|slot| slot.model().is_some())
        };
        window.frames_until(|app| app.picture().is_some() && app.is_exact() && has_models(app));
        window
    }

    /// One frame, at its time.
    fn frame(&mut self) {
        self.harness.step();
        std::thread::sleep(self.next.saturating_duration_since(Instant::now()));
        self.next = Instant::now().max(self.next + FRAME);
    }

    fn frames_until(&mut self, is_it: impl Fn(&App) -> bool) {
        while !is_it(self.harness.state()) {
            self.frame();
        }
    }

    /// Turns the wheel at a place nobody has looked at.
    fn zoom_in(&mut self, trial: usize, zoom: f64, to_the_end: bool) -> Wait {
        self.harness.state_mut().apply(view::Command::Fit);
        self.frames_until(App::is_exact);
        // No two views share a feature tile.
        let (column, row) = ((trial % 4) as f64, (trial / 4) as f64);
        let at = if zoom > 4.0 {
            [300.0 + 100.0 * trial as f64, 560.0]
        } else {
            [220.0 + 260.0 * column, 120.0 + 190.0 * row]
        };
        let from = self.harness.state().view().unwrap().zoom;
        let notches = ((zoom / from).ln() / 1.25_f64.ln()).ceil();
        let factor = (zoom / from).powf(1.0 / notches);
        for notch in 0..notches as usize {
            if notch > 0 {
                (0..FRAMES_PER_NOTCH).for_each(|_| self.frame());
            }
            self.harness.state_mut().apply(view::Command::Wheel { factor, at });
        }
        let start = Instant::now();
        self.frames_until(|app| app.slices().view.has_neural);
        let first = start.elapsed().as_secs_f64();
        self.frames_until(|app| app.slices().view.sharpness == Sharpness::Live || app.is_exact());
        let live = start.elapsed().as_secs_f64();
        if to_the_end {
            self.frames_until(App::is_exact);
        }
        Wait { first, live, end: start.elapsed().as_secs_f64() }
    }
}
