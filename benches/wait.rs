//! How long a person waits for the network after the last turn of the wheel, the painting left out.
//!
//! ```sh
//! cargo bench --bench wait
//! ```
//!
//! The whole window with its real renderer on the processor, 1280×800, without a graphics device or a stand-in for one: its
//! frames are laid out sixty times a second and never painted. A 12-megapixel JPEG is opened, and once its neighbours and
//! the view are at rest the wheel is turned from the fitted view to ×8, a notch every 60 ms, at another place for every
//! trial. The clock runs from the last notch to the first frame with pixels of the network at rest at ×8, and to the first with
//! all final ones. The window painted, in software, is `cargo test --test screen -- --measure`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and speaks")]

use eframe::egui;
use egui_kittest::Harness;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoomfield::app::{App, AppOptions, ModelSource, view};
use zoomfield::bench::write_photo;
use zoomfield::geometry::Size;
use zoomfield::kernel::Precision;
use zoomfield::picture::Picture;
use zoomfield::render::{Backend, Compute, LoadedModel};
use zoomfield::weights::Weights;

const CANVAS: Size = Size::new(1280, 800);
const FRAME: Duration = Duration::from_micros(16_667);
const FRAMES_PER_NOTCH: usize = 4;
const TRIALS: usize = 7;
const ZOOM: f64 = 8.0;

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
    let mut waits: Vec<[f64; 2]> = (0..TRIALS).map(|trial| window.zoom_in(trial)).collect();
    let median = |i: usize, waits: &mut Vec<[f64; 2]>| {
        waits.sort_by(|a, b| a[i].total_cmp(&b[i]));
        [0, TRIALS / 2, TRIALS - 1].map(|at| format!("{:.2}", waits[at][i])).join(" / ")
    };
    println!("{precision}, shortest / median / longest of {TRIALS} trials, in seconds after the last notch:");
    println!("  first pixels of the network at ×{ZOOM}: {}", median(0, &mut waits));
    println!("  all final pixels: {}", median(1, &mut waits));
}

struct Window {
    harness: Harness<'static, App>,
    next: Instant,
}

impl Window {
    fn open(photo: &Path, precision: Precision) -> Self {
        let model = LoadedModel::on_cpu(&Weights::builtin().unwrap(), precision).unwrap();
        let compute = Compute { backend: Backend::Cpu, ..Compute::default() };
        let (model, files) = (ModelSource::Loaded(Arc::new(model)), vec![photo.to_owned()]);
        let harness = Harness::builder()
            .with_size(egui::vec2(CANVAS.width as f32, CANVAS.height as f32))
            .with_step_dt(FRAME.as_secs_f32())
            .build_eframe(move |cc| {
                let options = AppOptions { files, model, compute, settings: None, data: None };
                App::new(cc, options).unwrap()
            });
        let mut window = Self { harness, next: Instant::now() };
        window.frames_until(|app| app.picture().is_some() && app.is_exact());
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

    /// Turns the wheel at a place nobody has looked at: seconds until the network's first pixels, and until all.
    fn zoom_in(&mut self, trial: usize) -> [f64; 2] {
        self.harness.state_mut().apply(view::Command::Fit);
        self.frames_until(App::is_exact);
        let at = [400.0 + 80.0 * trial as f64, 330.0];
        let from = self.harness.state().view().unwrap().zoom;
        let notches = ((ZOOM / from).ln() / 1.25_f64.ln()).ceil();
        let factor = (ZOOM / from).powf(1.0 / notches);
        for notch in 0..notches as usize {
            if notch > 0 {
                (0..FRAMES_PER_NOTCH).for_each(|_| self.frame());
            }
            self.harness.state_mut().apply(view::Command::Wheel { factor, at });
        }
        let start = Instant::now();
        self.frames_until(|app| app.slices().view.has_neural);
        let first = start.elapsed().as_secs_f64();
        self.frames_until(App::is_exact);
        [first, start.elapsed().as_secs_f64()]
    }
}
