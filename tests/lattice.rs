//! The lattice against every pixel: the bound that the default quality keeps.
//!
//! Crops were fixed before any tuning: 24×24 source pixels, centred at ¼, ½ and ¾ of the picture's diagonal, at ×8, ×12,
//! ×30 and ×100. The shipped sample is always measured; `ZOOMFIELD_IMAGES` names a folder of more pictures, and
//! `ZOOMFIELD_DEEP` adds ×100, which takes minutes. `--nocapture` shows the table.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use common::{psnr, worst};
use std::path::{Path, PathBuf};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::picture::{Picture, is_picture_path};
use zoomfield::recipe::{Sampling, Source};
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;

const SIDE: f64 = 24.0;
const LEAST_PSNR: f64 = 55.0;
const MOST_OFF: f32 = 3.0 / 255.0;

fn pictures() -> Vec<PathBuf> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/chelsea.png");
    let Some(folder) = std::env::var_os("ZOOMFIELD_IMAGES") else {
        println!("only the shipped picture: ZOOMFIELD_IMAGES may name a folder with more");
        return vec![sample];
    };
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| is_picture_path(path));
    found.sort();
    found
}

fn render(picture: &Picture, model: &LoadedModel, grid: &SampleGrid, sampling: Sampling) -> (Vec<f32>, f64) {
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    // The features are encoded before the clock starts: those at the corners are all there are.
    let ends = |len: usize| [0..1, len - 1..len];
    for (rows, columns) in ends(grid.y.len).into_iter().flat_map(|r| ends(grid.x.len).map(|c| (r.clone(), c))) {
        let _ = renderer.query_rgb(picture, model, &grid.slice(rows, columns), sampling, NEVER).unwrap();
    }
    let start = std::time::Instant::now();
    let raster = renderer.render(picture, model, grid, Source::Liif(sampling), NEVER).unwrap();
    (raster.data, start.elapsed().as_secs_f64())
}

#[test]
fn the_lattice_keeps_its_bound() {
    let model = LoadedModel::builtin().unwrap();
    let scales: &[f64] =
        if std::env::var_os("ZOOMFIELD_DEEP").is_some() { &[8.0, 12.0, 30.0, 100.0] } else { &[8.0, 12.0, 30.0] };
    let mut failures: Vec<String> = Vec::new();
    for path in pictures() {
        let picture = Picture::open(&path).unwrap();
        for (scale, part) in scales.iter().flat_map(|s| [0.25, 0.5, 0.75].map(|part| (*s, part))) {
            let [x, y] = [picture.size.width, picture.size.height].map(|n| (n as f64 * part - SIDE / 2.0).floor());
            let side = (SIDE * scale).round() as usize;
            let region = Region { x, y, width: SIDE, height: SIDE };
            let grid = SampleGrid::spanning(region, Size::new(side, side));
            let (exact, exact_secs) = render(&picture, &model, &grid, Sampling::Exact);
            let (ours, secs) = render(&picture, &model, &grid, Sampling::Lattice);
            let (quality, off) = (psnr(&ours, &exact, 1.0), worst(&ours, &exact));
            let (name, faster) = (picture.name(), exact_secs / secs);
            println!("{name:<16} ×{scale:<4} {part:<5} {quality:>6.1} dB  {:>5.2}/255  {faster:>6.1}×", off * 255.0);
            if !(quality >= LEAST_PSNR && off <= MOST_OFF) {
                failures.push(format!("{name} ×{scale} at {part}: {quality:.1} dB, {:.2}/255", off * 255.0));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
