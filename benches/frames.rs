//! How long the window's thread works for a frame, while the view is encoded and decoded and an export runs.
//!
//! ```sh
//! cargo bench --bench frames
//! ```
//!
//! Starts Xvfb and itself on it: the real window of 1280×800 with the real renderer zooms and pans by a script for 600
//! frames, paced at 60 a second, while an export is running whenever the view does not need the processor. What counts
//! is the processor time of the window's own thread between the starts of two frames (`/proc/thread-self/schedstat`):
//! input, layout, tile uploads, tessellation, and handing the frame to the driver. A software rasteriser works on
//! threads of its own and is not in it, as a graphics card would not be; nor is time in which the thread waits.

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
    use zoomfield::app::{App, AppOptions, Command, ModelSource, native_options};
    use zoomfield::kernel::PrecisionChoice;

    const ON_STAGE: &str = "ZOOMFIELD_FRAMES_ON_STAGE";
    const WARM_UP: usize = 10;
    const FRAMES: usize = 600;
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
        started: Option<(Instant, f64)>,
        next: Instant,
        cpu: Vec<f64>,
        exports: usize,
        exact: usize,
    }

    impl eframe::App for Measured {
        fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
            self.app.logic(ctx, frame);
        }

        fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
            let now = own_cpu_secs();
            ui.ctx().request_repaint();
            let is_ready = self.app.picture().is_some() && self.app.state().model.model().is_some();
            if is_ready {
                if let Some((_, before)) = self.started {
                    self.cpu.push(now - before);
                    self.frame += 1;
                }
                self.started = Some((Instant::now(), now));
                if self.frame == FRAMES + WARM_UP {
                    self.report();
                    ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
                }
                self.act();
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
                i @ 0..40 if i % 3 == 0 => self.app.apply(Command::Wheel { factor: 1.25, at }),
                40..80 => self.app.apply(Command::Pan([-9.0, 4.0])),
                i @ 80..120 if i % 3 == 0 => self.app.apply(Command::Wheel { factor: 0.8, at }),
                _ => {}
            }
            if self.app.state().export.is_none() {
                let output = self.folder.path().join("export.png").to_string_lossy().into_owned();
                for command in
                    [Command::ShowExport, Command::EditPath(output), Command::SetOverwrite(true), Command::StartExport]
                {
                    self.app.apply(command);
                }
                self.exports += 1;
            }
        }

        fn report(&mut self) {
            let mut cpu: Vec<f64> = self.cpu[WARM_UP..].iter().map(|secs| secs * 1e3).collect();
            cpu.sort_by(f64::total_cmp);
            let at = |part: f64| cpu[((cpu.len() - 1) as f64 * part).round() as usize];
            println!(
                "{} frames at 1280×800: window thread median {:.2} ms, p99 {:.2} ms, most {:.2} ms of processor time; {} \
                 exports begun, {} frames were exact, {:?}",
                cpu.len(),
                at(0.5),
                at(0.99),
                at(1.0),
                self.exports,
                self.exact,
                self.app.state().rate.megapixels_per_sec().map(|rate| format!("{rate:.2} Mpx/s")),
            );
        }
    }

    fn play() {
        let files = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png").into()];
        let options =
            AppOptions { files, model: ModelSource::File(None), precision: PrecisionChoice::Auto, settings: None };
        let mut native = native_options();
        native.persist_window = false;
        native.viewport = native.viewport.with_inner_size([1280.0, 800.0]);
        let make = move |cc: &eframe::CreationContext<'_>| {
            let app = App::new(cc, options)?;
            let folder = tempfile::tempdir()?;
            let next = Instant::now();
            let measured =
                Measured { app, folder, frame: 0, started: None, next, cpu: Vec::new(), exports: 0, exact: 0 };
            Ok(Box::new(measured) as Box<dyn eframe::App>)
        };
        eframe::run_native("zoomfield-frames", native, Box::new(make)).unwrap();
    }
}
