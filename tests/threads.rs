//! The view and an export share the cores: both hand their work to one pool with a thread per core.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use common::textured;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;

/// How many threads this process has, where the system tells.
fn threads() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

#[test]
fn two_renderers_at_a_time_add_no_threads_but_their_own() {
    let Some(_) = threads() else {
        println!("skipped: this system does not tell how many threads a process has");
        return;
    };
    let model = LoadedModel::builtin().unwrap();
    let picture = textured(96, 80);
    let region = Region { x: 8.0, y: 8.0, width: 64.0, height: 48.0 };
    let grid = SampleGrid::spanning(region, Size::new(320, 240));
    let render = |options| Renderer::new(options).render(&picture, &model, &grid, Source::EXACT, NEVER).unwrap();
    let _ = render(RenderOptions::VIEW);
    let before = threads().unwrap();
    let is_over = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !is_over.load(Ordering::Relaxed) {
                most = most.max(threads().unwrap());
                thread::sleep(Duration::from_millis(1));
            }
            most
        });
        let view = scope.spawn(|| render(RenderOptions::VIEW));
        let export = scope.spawn(|| render(RenderOptions::EXPORT));
        assert_eq!(view.join().unwrap().size, export.join().unwrap().size);
        is_over.store(true, Ordering::Relaxed);
        watch.join().unwrap()
    });
    println!("{before} threads before, {most} at most");
    assert!((before + 2..=before + 3).contains(&most), "{before} threads before, {most} at most");
}
