//! Five hundred random commands leave no panic, no thread and no memory beyond the budgets.

#![cfg(all(feature = "app", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

use eframe::egui::vec2;
use egui_kittest::Harness;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoomfield::app::compare::Held;
use zoomfield::app::compare::split::Side;
use zoomfield::app::env::Panel;
use zoomfield::app::files::album::Step;
use zoomfield::app::settings::Arithmetic;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::{
    App, AppOptions, Command, ModelSource, Ports, Services, compare, export, files, models, settings, view,
};
use zoomfield::bench::{CPU, Device};
use zoomfield::picture::Screen;
use zoomfield::recipe::{Sampling, Strength};
use zoomfield::render::Compute;

const COMMANDS: usize = 500;

/// Budgets small enough that they are reached.
const BUDGET_MIB: usize = 64;

/// What the whole process may hold at the end: budgets, models, pictures, and what the toolkit takes.
const MOST_BYTES: u64 = 1200 << 20;

/// A small generator, so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

fn pictures(folder: &Path) -> Vec<PathBuf> {
    let draw = |name: &str, width: u32, height: u32| {
        let path = folder.join(name);
        image::RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x * 5 + y) as u8, (y * 3) as u8, ((x ^ y) * 7) as u8])
        })
        .save(&path)
        .unwrap();
        path
    };
    let broken = folder.join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\n and nothing more").unwrap();
    vec![draw("a.png", 300, 200), draw("b.png", 1, 900), draw("c.png", 700, 500), broken, folder.join("missing.png")]
}

fn start() -> Harness<'static, App> {
    Harness::builder().with_size(vec2(900.0, 600.0)).with_step_dt(1.0 / 30.0).build_eframe(move |cc| {
        let real = Services::start(&cc.egui_ctx, None, None, Screen::default()).unwrap();
        // Drivers keep threads of their own, which take the name of the one that asked first.
        let list_devices = || vec![Device { name: CPU.into(), detail: "the processor".into(), is_software: false }];
        let ports = Ports { pick: Arc::new(|_| None), list_devices: Arc::new(list_devices), ..real.ports };
        let services = Services { ports, ..real };
        let model = ModelSource::File(Some(weights()));
        let (files, compute) = (Vec::new(), Compute::default());
        let options = AppOptions { files, model, compute, settings: None, data: None, screen: None };
        App::with_services(&cc.egui_ctx, options, services)
    })
}

fn weights() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/liif_edsr_tiny.pth").into()
}

/// One thing that a person might do, or several that belong together.
fn random_step(random: &mut Random, pictures: &[PathBuf], folder: &Path, harness: &mut Harness<'static, App>) {
    let at = [random.unit() * 900.0, random.unit() * 600.0];
    let commands: Vec<Command> = match random.below(20) {
        0 | 1 => vec![files::Command::OpenAll(vec![random.pick(pictures).clone()]).into()],
        2 => vec![files::Command::OpenAll(pictures.to_vec()).into()],
        3..=5 => vec![view::Command::Wheel { factor: 2f64.powf(random.unit() * 6.0 - 2.5), at }.into()],
        6 => vec![view::Command::ZoomTo(10f64.powf(random.unit() * 4.0 - 1.0)).into(), view::Command::Fit.into()],
        7 | 8 => vec![view::Command::Pan([random.unit() * 800.0 - 400.0, random.unit() * 800.0 - 400.0]).into()],
        9 => {
            harness.set_size(vec2(300.0 + random.unit() as f32 * 900.0, 200.0 + random.unit() as f32 * 600.0));
            vec![]
        }
        10 | 11 => {
            let output = folder.join(format!("out-{}.png", random.below(4)));
            let path = export::Command::EditPath(output.to_string_lossy().into_owned()).into();
            vec![
                export::Command::Show.into(),
                path,
                export::Command::SetOverwrite(true).into(),
                export::Command::Start.into(),
            ]
        }
        12 => vec![export::Command::Cancel.into()],
        13 => vec![
            models::Command::Compare(Some(if random.below(4) == 0 { folder.join("no.pth") } else { weights() })).into(),
        ],
        14 => vec![settings(random, harness)],
        15 => vec![view::Command::SetMode(*random.pick(&Mode::all().collect::<Vec<_>>())).into()],
        16 => vec![view::Command::SetStrength(Strength::percent(random.below(101) as u8)).into()],
        17 => {
            let side = *random.pick(&Side::all().collect::<Vec<_>>());
            let is_left = random.below(2) == 0;
            let line = compare::Command::SetSplitAt(random.unit()).into();
            vec![compare::Command::ToggleSplit.into(), line, compare::Command::SetSide { is_left, side }.into()]
        }
        18 => vec![
            random
                .pick::<Command>(&[
                    files::Command::Show(Step::Next).into(),
                    files::Command::Show(Step::Previous).into(),
                    files::Command::Reload.into(),
                ])
                .clone(),
        ],
        _ => panels(random),
    };
    for command in commands {
        harness.state_mut().apply(command);
    }
}

/// Panels, what lies over the picture, and held keys.
fn panels(random: &mut Random) -> Vec<Command> {
    vec![
        random
            .pick::<Command>(&[
                Command::TogglePanel(Panel::Help),
                settings::Command::Toggle.into(),
                files::Command::ToggleInfo.into(),
                export::Command::CopyView.into(),
                view::Command::ToggleMap.into(),
                view::Command::NextLayer.into(),
                view::Command::ToggleInspector.into(),
            ])
            .clone(),
        compare::Command::Hold([Held::Nothing, Held::Original, Held::Live, Held::Loupe][random.below(4)]).into(),
        Command::Back,
    ]
}

fn settings(random: &mut Random, harness: &Harness<'static, App>) -> Command {
    let mut settings = harness.state().slices().settings.choices.clone();
    settings.feature_budget_mib = BUDGET_MIB;
    settings.tile_budget_mib = BUDGET_MIB;
    settings.detail = *random.pick(&[Sampling::Coarse, Sampling::Lattice, Sampling::Exact]);
    settings.precision = *random.pick(&[Arithmetic::Auto, Arithmetic::F32]);
    settings.pixel_grid = random.below(2) == 0;
    settings::Command::Change(settings).into()
}

/// Threads of ours that are running.
fn own_threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("zoomfield")).collect()
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

#[test]
fn random_commands_leave_nothing_behind() {
    let seed = std::env::var("ZOOMFIELD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    // The pool of threads that all share starts now: threads have the name of the one that starts them.
    rayon::join(|| {}, || {});
    let (mut random, folder) = (Random(seed), tempfile::tempdir().unwrap());
    let pictures = pictures(folder.path());
    let mut harness = start();
    let first = settings(&mut random, &harness);
    harness.state_mut().apply(first);
    for i in 0..COMMANDS {
        random_step(&mut random, &pictures, folder.path(), &mut harness);
        for _ in 0..=random.below(3) {
            harness.step();
            std::thread::sleep(Duration::from_millis(random.below(12) as u64));
        }
        let view = &harness.state().slices().view;
        let features = view.features.last().map_or(0, |report| report.used_bytes);
        assert!(view.tile_bytes <= BUDGET_MIB << 20, "step {i}: {} bytes of tiles", view.tile_bytes);
        assert!(features <= BUDGET_MIB << 20, "step {i}: {features} bytes of features");
        if i % 170 == 169 {
            // Closed in the middle of whatever it was doing.
            drop(std::mem::replace(&mut harness, start()));
            let first = settings(&mut random, &harness);
            harness.state_mut().apply(first);
        }
    }
    drop(harness);
    let deadline = Instant::now() + Duration::from_mins(1);
    while !own_threads().is_empty() {
        assert!(Instant::now() < deadline, "seed {seed}: still running: {:?}", own_threads());
        std::thread::sleep(Duration::from_millis(20));
    }
    let resident = resident_bytes();
    println!("{COMMANDS} commands from seed {seed}: no thread left, {} MiB resident", resident >> 20);
    assert!(resident < MOST_BYTES, "seed {seed}: {} MiB resident", resident >> 20);
    let leftovers: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!leftovers.iter().any(|name| name.to_string_lossy().contains(".part")), "{leftovers:?}");
}
