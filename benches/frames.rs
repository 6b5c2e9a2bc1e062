//! How long the window's thread works for a frame, while the view is encoded and decoded and an export runs.
//!
//! ```sh
//! cargo bench --bench frames
//! ```
//!
//! Starts Xvfb and itself on it: the real window of 1280×800 with the real renderer zooms and pans by a script for 600
//! frames, paced at 60 a second, while an export is running whenever the view does not need the processor. What counts
//! is the processor time of the window's own thread between the starts of two frames (`/proc/thread-self/schedstat`):
//! Two parts are told apart by the toolkit's last question before it paints (the background's colour): the window's own
//! work (messages, layout, tiles turned into textures, tessellation), and handing the frame to the driver. With a software
//! driver the second part holds what a graphics device and its driver would do: lavapipe copies textures, prepares triangles
//! and sends the finished picture to the X server on this thread; it fills triangles on threads of its own, which do not
//! count. Nor does time in which the thread waits.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and speaks")]

#[cfg(target_os = "linux")]
#[path = "../tests/screen/server.rs"]
mod server;

fn main() {
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    println!("skipped: frames are measured on Linux, under Xvfb");
}

#[cfg(target_os = "linux")]
mod linux {
    use super::server::start_server;
    use eframe::egui;
    use std::process::Command as Process;
    use std::time::{Duration, Instant};
    use zoomfield::app::{App, AppOptions, ModelSource, export, native_options, view};
    use zoomfield::render::Compute;

    const ON_STAGE: &str = "ZOOMFIELD_FRAMES_ON_STAGE";
    const WARM_UP: usize = 10;
    const FRAMES: usize = 600;
    const END: usize = WARM_UP + FRAMES;
    const PACE: Duration = Duration::from_micros(16_667);

    pub(crate) fn main() {
        if std::env::var_os(ON_STAGE).is_some() {
            return play();
        }
        let Some((mut server, display)) = start_server("1280x800") else {
            println!("skipped: frames are measured under Xvfb (Debian: apt-get install xvfb mesa-vulkan-drivers)");
            return;
        };
        let this = std::env::current_exe().unwrap();
        let status =
            Process::new(this).env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").env(ON_STAGE, "1").status();
        let _ = server.kill();
        let _ = server.wait();
        assert!(status.unwrap().success(), "the window failed");
    }

    /// Processor time of this thread so far, in seconds.
    fn own_cpu_secs() -> f64 {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
    }

    struct Measured {
        app: App,
        folder: tempfile::TempDir,
        frame: usize,
        /// Processor time when this frame began.
        now: f64,
        started: Option<f64>,
        next: Instant,
        /// Per frame: until the frame is handed over, and from then on.
        cpu: Vec<[f64; 2]>,
        handed_over: std::cell::Cell<f64>,
        exports: usize,
        exact: usize,
    }

    impl eframe::App for Measured {
        fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
            self.now = own_cpu_secs();
            self.app.logic(ctx, frame);
        }

        fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
            self.handed_over.set(own_cpu_secs());
            self.app.clear_color(visuals)
        }

        fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
            let now = self.now;
            ui.ctx().request_repaint();
            let is_ready = self.app.picture().is_some() && self.app.slices().models.own.model().is_some();
            if is_ready {
                if let Some(before) = self.started {
                    let handed_over = self.handed_over.get();
                    self.cpu.push([handed_over - before, now - handed_over]);
                    self.frame += 1;
                }
                self.started = Some(now);
                match self.frame {
                    ..END => self.act(),
                    END => {
                        self.report();
                        self.app.apply(export::Command::Cancel);
                    }
                    _ => {}
                }
                // The window asks before it leaves an export behind.
                if self.frame > END && self.app.slices().export.running.is_none() {
                    ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
                }
            }
            self.app.ui(ui, frame);
            self.exact += usize::from(self.app.is_exact());
            std::thread::sleep(self.next.saturating_duration_since(Instant::now()));
            self.next = Instant::now().max(self.next) + PACE;
        }
    }

    impl Measured {
        /// Two seconds of zooming in, panning, and zooming out, over and over.
        fn act(&mut self) {
            let at = [700.0, 330.0];
            match self.frame % 120 {
                i @ 0..40 if i % 3 == 0 => self.app.apply(view::Command::Wheel { factor: 1.25, at }),
                40..80 => self.app.apply(view::Command::Pan([-9.0, 4.0])),
                i @ 80..120 if i % 3 == 0 => self.app.apply(view::Command::Wheel { factor: 0.8, at }),
                _ => {}
            }
            if self.app.slices().export.running.is_none() {
                let output = self.folder.path().join("export.png").to_string_lossy().into_owned();
                for command in [
                    export::Command::Show,
                    export::Command::EditPath(output),
                    export::Command::SetOverwrite(true),
                    export::Command::Start,
                ] {
                    self.app.apply(command);
                }
                self.exports += 1;
            }
        }

        fn report(&mut self) {
            let frames = &self.cpu[WARM_UP..END];
            let rate = self.app.slices().view.rate.megapixels_per_sec().unwrap_or(0.0);
            println!(
                "{} frames at 1280×800, {} exports begun, {} frames exact, {rate:.2} Mpx/s decoded",
                frames.len(),
                self.exports,
                self.exact
            );
            summarize("the window's own work", frames.iter().map(|parts| parts[0]));
            summarize("handing over to the driver", frames.iter().map(|parts| parts[1]));
            summarize("both", frames.iter().map(|parts| parts[0] + parts[1]));
        }
    }

    fn summarize(name: &str, secs: impl Iterator<Item = f64>) {
        let mut millis: Vec<f64> = secs.map(|secs| secs * 1e3).collect();
        millis.sort_by(f64::total_cmp);
        let at = |part: f64| millis[((millis.len() - 1) as f64 * part).round() as usize];
        println!("{name}: median {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(0.5), at(0.99), at(1.0));
    }

    fn play() {
        let files = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png").into()];
        let (model, compute) = (ModelSource::File(None), Compute::default());
        let options = AppOptions { files, model, compute, settings: None, data: None, screen: None };
        let mut native = native_options();
        native.persist_window = false;
        native.viewport = native.viewport.with_inner_size([1280.0, 800.0]);
        let make = move |cc: &eframe::CreationContext<'_>| {
            let app = App::new(cc, options)?;
            let folder = tempfile::tempdir()?;
            let next = Instant::now();
            let measured = Measured {
                app,
                folder,
                frame: 0,
                now: 0.0,
                started: None,
                next,
                cpu: Vec::new(),
                handed_over: std::cell::Cell::new(0.0),
                exports: 0,
                exact: 0,
            };
            Ok(Box::new(measured) as Box<dyn eframe::App>)
        };
        eframe::run_native("zoomfield-frames", native, Box::new(make)).unwrap();
    }
}
