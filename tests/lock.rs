//! What is more than a network's own answer: the consistency lock, with which what is shown, shrunk to the source's grid, is
//! the source; and the ensemble, the mean of what the network makes of a picture turned and mirrored. Every window sees the
//! same function.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic and speak")]

#[path = "common/function.rs"]
mod function;

use function::{recipe, whole};
use zoomfield::geometry::{SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::picture::{Picture, Raster, Samples};
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::{Builtin, Symmetry};

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

/// The same without black and white, where colours would be clamped.
fn midtones(picture: &Picture) -> Picture {
    let Samples::U8(rgb) = &picture.rgb else { panic!("8 bits") };
    Picture::from_rgb8(picture.size, rgb.iter().map(|value| 64 + value / 2).collect())
}

fn model(builtin: Builtin) -> LoadedModel {
    LoadedModel::on_cpu(&builtin.weights().unwrap(), Precision::F32).unwrap()
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

/// Ten parts of a photograph: fur, whiskers, eyes, what is out of focus.
fn pictures() -> Vec<Picture> {
    let places = [
        [70, 60],
        [250, 130],
        [10, 240],
        [130, 200],
        [150, 90],
        [220, 95],
        [300, 40],
        [380, 220],
        [20, 20],
        [190, 160],
    ];
    places.into_iter().map(|at| part("chelsea.png", at, Size::new(44, 36))).collect()
}

#[test]
fn shrunk_again_it_is_the_source() {
    for builtin in [Builtin::Live, Builtin::Liif] {
        let model = model(builtin);
        for picture in pictures() {
            let scales: &[f64] = if builtin == Builtin::Live {
                &[2.0, 2.7, 3.0, 4.0, 6.5, 8.0, 12.0, 30.0]
            } else {
                &[2.0, 2.7, 4.0, 8.0]
            };
            // From ×6 on LIIF is usually interpolated from a lattice, whose points are the lock's samples then.
            let exact = scales.iter().map(|scale| (*scale, "neural:exact"));
            let usual = [6.5, 8.0, 12.0].map(|scale| (scale, "neural"));
            for (scale, text) in exact.chain(usual.into_iter().filter(|_| builtin == Builtin::Liif)) {
                let grid = whole(&picture, scale);
                let shown = render(&picture, &model, &grid, &format!("{text}+lock"));
                let (psnr, shift) = consistency(&picture, &shown, -0.5);
                let before = consistency(&picture, &render(&picture, &model, &grid, text), -0.5);
                println!(
                    "{builtin:?} {text} ×{scale}: {psnr:.1} dB, {shift:.3}/255; without the lock {:.1} dB, {:.3}/255",
                    before.0, before.1
                );
                assert!(psnr >= CONSISTENT, "{builtin:?} ×{scale}: {psnr:.1} dB");
                assert!(shift <= 0.1, "{builtin:?} ×{scale}: a shift of {shift}/255");
                assert!(before.0 < psnr - 2.0, "the lock does nothing");
                // Another kernel is noticed.
                assert!(consistency(&picture, &shown, -1.0).0 < psnr - 3.0);
            }
        }
    }
}

/// Windows of any place and zoom see parts of one function, whatever is evaluated together.
#[test]
fn every_window_sees_the_same_function() {
    let [live, liif] = [Builtin::Live, Builtin::Liif].map(model);
    let cases = [
        (&live, Size::new(90, 70), "neural:exact+lock", 5.0),
        (&live, Size::new(90, 70), "neural+ensemble:8+lock:70+strength:80", 3.3),
        // Here the samples are the pixels,
        (&live, Size::new(90, 70), "neural+lock", 3.0),
        // and here points of a lattice, some of them on the edges of a picture that is no whole number of blocks.
        (&liif, Size::new(42, 35), "neural+lock", 6.6),
    ];
    for (model, size, text, scale) in cases {
        let picture = part("chelsea.png", [150, 90], size);
        let grid = whole(&picture, scale);
        let expected = render(&picture, model, &grid, text);
        let mut renderer = Renderer::new(RenderOptions::VIEW);
        for (top, left, height, width) in [(0, 0, 40, 50), (100, 120, 33, 90), (160, 200, 71, 64), (31, 77, 1, 1)] {
            let (rows, columns) = (top..top + height, left..left + width);
            let window = grid.slice(rows.clone(), columns.clone());
            let found = renderer.render(&picture, model, &window, recipe(text), NEVER).unwrap();
            let row = |y: usize| expected.data[3 * (y * expected.size.width + columns.start)..][..3 * width].to_vec();
            let off = found.data.iter().zip(rows.flat_map(row)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 5e-6, "{text}: a window at {top}, {left} is off by {off}");
        }
    }
}

/// One renderer makes the rough picture first, as the window does, then the final one: their samples are not mistaken for each
/// other.
#[test]
fn samples_of_every_recipe_are_its_own() {
    let (picture, model) = (part("chelsea.png", [150, 90], Size::new(30, 26)), model(Builtin::Liif));
    let (grid, mut renderer) = (whole(&picture, 8.0), Renderer::new(RenderOptions::VIEW));
    let texts =
        ["neural:coarse+lock", "neural+lock", "neural:exact+lock", "neural+ensemble:4+lock", "neural:coarse+lock"];
    let rendered = texts.map(|text| renderer.render(&picture, &model, &grid, recipe(text), NEVER).unwrap());
    for (text, found) in texts.into_iter().zip(&rendered) {
        assert!(*found == render(&picture, &model, &grid, text), "{text} differs after others");
    }
    assert!(rendered[0] != rendered[1] && rendered[1] != rendered[2], "the recipes are all the same");
}

/// A pixel of the source that is changed by hand changes what is locked around it, by as much once shrunk; beside the
/// encoder's view of it nothing.
#[test]
fn a_changed_pixel_comes_through() {
    let (picture, model) = (part("chelsea.png", [150, 90], Size::new(60, 60)), model(Builtin::Live));
    let Samples::U8(mut rgb) = picture.rgb.clone() else { panic!("8 bits") };
    let at = 3 * (30 * 60 + 30);
    rgb[at] = rgb[at].wrapping_add(120);
    let changed = Picture::from_rgb8(picture.size, rgb);
    let grid = whole(&picture, 4.0);
    let shown = render(&changed, &model, &grid, "neural+lock");
    assert!(consistency(&changed, &shown, -0.5).0 > CONSISTENT);
    assert!(consistency(&picture, &shown, -0.5).0 < 50.0, "the change is not there");
    let before = render(&picture, &model, &grid, "neural+lock");
    let far = |raster: &Raster| raster.data[..3 * 240 * 4].to_vec();
    let off = far(&shown).iter().zip(far(&before)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-6, "30 rows away something has changed by {off}");
}

/// The lock keeps opacity, mixes by strength, and half of it takes away half.
#[test]
fn the_lock_is_a_stage_like_others() {
    let (opaque, model) = (midtones(&part("chelsea.png", [150, 90], Size::new(40, 40))), model(Builtin::Live));
    let alpha = (0..1600).map(|i| 255 - (i % 40) as u8).collect();
    let clear = Picture::from_samples(opaque.size, opaque.rgb.clone(), Some(Samples::U8(alpha)));
    let grid = whole(&clear, 3.0);
    let [plain, locked] = ["neural", "neural+lock"].map(|text| render(&clear, &model, &grid, text));
    assert!(locked.channels == 4 && locked.data.iter().skip(3).step_by(4).eq(plain.data.iter().skip(3).step_by(4)));
    let [plain, half, locked, bicubic, mixed] =
        ["neural", "neural+lock:50", "neural+lock", "bicubic", "neural+lock+strength:30"]
            .map(|text| render(&opaque, &model, &grid, text));
    let between = |a: &Raster, b: &Raster, share: f32, found: &Raster| {
        let off = |i: usize| (a.data[i] + (b.data[i] - a.data[i]) * share - found.data[i]).abs();
        (0..found.data.len()).map(off).fold(0.0, f32::max)
    };
    assert!(between(&plain, &locked, 0.5, &half) < 1e-5 && between(&bicubic, &locked, 0.3, &mixed) < 1e-5);
    assert!(between(&plain, &locked, 0.0, &locked) > 1e-3);
}

/// Beside a hole nothing is known to be the source's: no fringe of what the hole hides.
#[test]
fn a_hole_has_no_fringe() {
    let (opaque, model) = (midtones(&part("chelsea.png", [150, 90], Size::new(40, 40))), model(Builtin::Live));
    let is_hole = |i: usize| (15..25).contains(&(i % 40)) && (15..25).contains(&(i / 40));
    let opacity = (0..1600).map(|i| if is_hole(i) { 0 } else { 255 }).collect();
    let picture = Picture::from_samples(opaque.size, opaque.rgb.clone(), Some(Samples::U8(opacity)));
    let grid = whole(&picture, 3.0);
    let [plain, locked] = ["neural", "neural+lock"].map(|text| render(&picture, &model, &grid, text));
    let pixels = plain.data.as_chunks::<4>().0.iter().zip(locked.data.as_chunks::<4>().0);
    let off = |(a, b): (&[f32; 4], &[f32; 4])| (0..3).map(|c| (a[c] - b[c]).abs()).fold(0.0, f32::max) * b[3];
    let (beside, all) = pixels.enumerate().fold((0.0_f32, 0.0_f32), |(beside, all), (i, pair)| {
        let is_beside = [i % 120, i / 120].iter().all(|at| (36..84).contains(at));
        (if is_beside { beside.max(off(pair)) } else { beside }, all.max(off(pair)))
    });
    assert!(beside < 0.02 && all > beside, "beside the hole {beside}, elsewhere {all}");
}

/// A picture turned, and turned back: (y, x) of the result comes from `symmetry.place` of the other.
fn turned(raster: &[f32], side: usize, symmetry: Symmetry) -> Vec<f32> {
    let from = |i: usize| {
        let [y, x] = symmetry.place([i / side, i % side], side);
        raster[3 * (y * side + x)..][..3].to_vec()
    };
    (0..side * side).flat_map(from).collect()
}

/// Turned weights make of a picture what the weights make of it turned, turned back; in both families.
#[test]
fn turned_weights_are_turned_pictures() {
    let side = 24;
    let picture = part("chelsea.png", [150, 90], Size::new(side, side));
    for builtin in [Builtin::Live, Builtin::Liif] {
        let weights = builtin.weights().unwrap();
        let straight = LoadedModel::on_cpu(&weights, Precision::F32).unwrap();
        for symmetry in Symmetry::ALL {
            let model = LoadedModel::on_cpu(&weights.turned(symmetry), Precision::F32).unwrap();
            let grid = whole(&picture, 2.5);
            let found = render(&picture, &model, &grid, "neural:exact").data;
            // A picture whose place T u holds what this one has at u.
            let data: Vec<f32> = (0..3 * side * side).map(|i| picture.rgb.unit(i)).collect();
            let mut other = vec![0.0; data.len()];
            for i in 0..side * side {
                let [y, x] = symmetry.place([i / side, i % side], side);
                other[3 * (y * side + x)..][..3].copy_from_slice(&data[3 * i..3 * i + 3]);
            }
            let bytes = other.iter().map(|value| (value * 255.0).round() as u8).collect();
            let shown = render(&Picture::from_rgb8(picture.size, bytes), &straight, &grid, "neural:exact").data;
            let expected = turned(&shown, 60, symmetry);
            let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Latent codes are kept in half precision.
            assert!(off < 2e-3, "{builtin:?}, {symmetry:?}: off by {off}");
            let wrong =
                turned(&shown, 60, Symmetry::ALL[(Symmetry::ALL.iter().position(|s| *s == symmetry).unwrap() + 1) % 8]);
            assert!(found.iter().zip(&wrong).any(|(a, b)| (a - b).abs() > 0.05), "another turn is not noticed");
        }
    }
}

/// An ensemble is the mean of its members.
#[test]
fn an_ensemble_is_the_mean_of_its_members() {
    let picture = midtones(&part("chelsea.png", [150, 90], Size::new(40, 30)));
    let weights = Builtin::Live.weights().unwrap();
    let (model, grid) = (model(Builtin::Live), whole(&picture, 4.0));
    for members in [4, 8] {
        let found = render(&picture, &model, &grid, &format!("neural+ensemble:{members}"));
        let mut mean = vec![0.0; found.data.len()];
        for symmetry in &Symmetry::ALL[..members] {
            let member = LoadedModel::on_cpu(&weights.turned(*symmetry), Precision::F32).unwrap();
            let own = render(&picture, &member, &grid, "neural").data;
            mean.iter_mut().zip(&own).for_each(|(sum, value)| *sum += value / members as f32);
        }
        let off = found.data.iter().zip(&mean).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-5, "{members} members: off by {off}");
        let one = render(&picture, &model, &grid, "neural").data;
        assert!(one.iter().zip(&mean).any(|(a, b)| (a - b).abs() > 5e-3), "the members are all the same");
    }
}

/// A clamped cell is another picture beyond ×4 alone, and can be locked.
#[test]
fn a_clamped_cell_counts_beyond_the_scales_of_training() {
    let (picture, model) = (midtones(&part("chelsea.png", [150, 90], Size::new(30, 30))), model(Builtin::Liif));
    for (scale, differs) in [(3.0, false), (4.0, false), (8.0, true)] {
        let grid = whole(&picture, scale);
        let [told, clamped] =
            ["neural:exact", "neural:exact+cell:clamped"].map(|text| render(&picture, &model, &grid, text));
        let off = told.data.iter().zip(&clamped.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(off > 1e-4, differs, "×{scale}: {off}");
        let locked = render(&picture, &model, &grid, "neural:exact+cell:clamped+lock");
        assert!(consistency(&picture, &locked, -0.5).0 > CONSISTENT);
    }
}
