//! The consistency lock: what is shown, shrunk to the source's grid, is the source; and every window sees the same function.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::picture::{Picture, Raster, Samples};
use zoomfield::recipe::Recipe;
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::Builtin;

/// Least PSNR between the source and what is shown, shrunk, in dB of a span of 1.
const CONSISTENT: f64 = 60.0;

/// A part of a sample picture.
fn part(name: &str, at: [usize; 2], size: Size) -> Picture {
    let path = format!("{}/assets/{name}", env!("CARGO_MANIFEST_DIR"));
    let whole = Picture::open(path.as_ref()).unwrap();
    let Samples::U8(rgb) = &whole.rgb else { panic!("8 bits") };
    let rows = (at[1]..at[1] + size.height).map(|y| 3 * (y * whole.size.width + at[0]));
    Picture::from_rgb8(size, rows.flat_map(|row| rgb[row..row + 3 * size.width].to_vec()).collect())
}

fn model(builtin: Builtin) -> LoadedModel {
    LoadedModel::on_cpu(&builtin.weights().unwrap(), Precision::F32).unwrap()
}

fn recipe(text: &str) -> Recipe {
    text.parse().unwrap()
}

fn whole(picture: &Picture, scale: f64) -> SampleGrid {
    let side = |n: usize| (n as f64 * scale).round() as usize;
    SampleGrid::spanning(Region::whole(picture.size), Size::new(side(picture.size.width), side(picture.size.height)))
}

fn render(picture: &Picture, model: &LoadedModel, grid: &SampleGrid, text: &str) -> Raster {
    Renderer::new(RenderOptions::VIEW).render(picture, model, grid, recipe(text), NEVER).unwrap()
}

/// Keys' cubic; Pillow's has a = -1/2.
fn cubic(a: f64, x: f64) -> f64 {
    let x = x.abs();
    match x {
        ..1.0 => (a + 2.0) * x.powi(3) - (a + 3.0) * x.powi(2) + 1.0,
        1.0..2.0 => a * (x.powi(3) - 5.0 * x.powi(2) + 8.0 * x - 4.0),
        _ => 0.0,
    }
}

/// Antialiased bicubic reduction to `n` values along an axis, as the definition says it: weights of every value.
fn shrinking(a: f64, len: usize, n: usize) -> Vec<Vec<f64>> {
    let scale = len as f64 / n as f64;
    let row = |i: usize| {
        let weights: Vec<f64> = (0..len).map(|k| cubic(a, (k as f64 + 0.5) / scale - 0.5 - i as f64)).collect();
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / total).collect()
    };
    (0..n).map(row).collect()
}

/// PSNR between the source and a raster of all of it, shrunk, in dB; and the largest shift of a channel's mean, in 1/255.
fn consistency(picture: &Picture, shown: &Raster, a: f64) -> (f64, f64) {
    let (rows, columns) =
        (shrinking(a, shown.size.height, picture.size.height), shrinking(a, shown.size.width, picture.size.width));
    let (mut error, mut shift) = (0.0, [0.0; 3]);
    for (c, shift) in shift.iter_mut().enumerate() {
        let across: Vec<Vec<f64>> = (0..shown.size.height)
            .map(|y| {
                let line = &shown.data[y * shown.size.width * 3..][..shown.size.width * 3];
                let sum =
                    |weights: &Vec<f64>| weights.iter().enumerate().map(|(x, w)| w * f64::from(line[3 * x + c])).sum();
                columns.iter().map(sum).collect()
            })
            .collect();
        for (y, weights) in rows.iter().enumerate() {
            for x in 0..picture.size.width {
                let value: f64 = weights.iter().zip(&across).map(|(w, line)| w * line[x]).sum();
                let off = value - f64::from(picture.rgb.unit(3 * (y * picture.size.width + x) + c));
                error += off * off;
                *shift += off;
            }
        }
    }
    let pixels = picture.size.area() as f64;
    (
        -10.0 * (error / (3.0 * pixels)).log10(),
        shift.map(|shift| (shift / pixels * 255.0).abs()).into_iter().fold(0.0, f64::max),
    )
}

/// Ten parts of pictures: fur, print, sky, faces, edges.
fn pictures() -> Vec<Picture> {
    let size = Size::new(44, 36);
    let places = [
        ("chelsea.png", [70, 60]),
        ("chelsea.png", [250, 130]),
        ("chelsea.png", [10, 240]),
        ("chelsea.png", [130, 200]),
    ];
    places.into_iter().map(|(name, at)| part(name, at, size)).collect()
}

#[test]
fn shrunk_again_it_is_the_source() {
    for builtin in [Builtin::Live, Builtin::Liif] {
        let model = model(builtin);
        for picture in pictures() {
            let scales: &[f64] =
                if builtin == Builtin::Live { &[2.0, 2.7, 3.0, 4.0, 6.5, 8.0, 12.0, 30.0] } else { &[2.0, 4.0, 8.0] };
            for scale in scales {
                let grid = whole(&picture, *scale);
                let shown = render(&picture, &model, &grid, "neural:exact+lock");
                let (psnr, shift) = consistency(&picture, &shown, -0.5);
                let before = consistency(&picture, &render(&picture, &model, &grid, "neural:exact"), -0.5);
                println!(
                    "{builtin:?} ×{scale}: {psnr:.1} dB, {shift:.3}/255; without the lock {:.1} dB, {:.3}/255",
                    before.0, before.1
                );
                assert!(psnr >= CONSISTENT, "{builtin:?} ×{scale}: {psnr:.1} dB");
                assert!(shift <= 0.1, "{builtin:?} ×{scale}: a shift of {shift}/255");
                assert!(before.0 < psnr - 3.0, "the lock does nothing");
                // Another kernel is noticed.
                assert!(consistency(&picture, &shown, -1.0).0 < CONSISTENT);
            }
        }
    }
}
