//! The live network that is shipped: what it shows is its definition, without seams, and honest where nothing is enlarged.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use candle_core::{Device, Tensor};
use common::{psnr, worst};
use zoomfield::feature::FeaturePrecision;
use zoomfield::geometry::{AxisGrid, Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::model::{Live, Query, RGB_OF_YCBCR};
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::{Builtin, FieldConfig, Weights};

const SINGLE: RenderOptions = RenderOptions { precision: FeaturePrecision::Single, ..RenderOptions::VIEW };

/// At deep zoom.
const DEEP: usize = 30;

fn part(picture: &Picture, x: usize, y: usize, size: Size) -> Picture {
    let at = |row: usize, column: usize| 3 * ((y + row) * picture.size.width + x + column);
    let places = (0..size.height).flat_map(|row| (0..size.width).map(move |column| (row, column)));
    let rgb = places.flat_map(|(row, column)| [0, 1, 2].map(|c| (picture.rgb.unit(at(row, column) + c) * 255.0) as u8));
    Picture::from_rgb8(size, rgb.collect())
}

fn cat() -> Picture {
    Picture::open("assets/chelsea.png".as_ref()).unwrap()
}

fn shown(weights: &Weights, picture: &Picture, grid: &SampleGrid, options: RenderOptions) -> Vec<f32> {
    let model = LoadedModel::on_cpu(weights, Precision::F32).unwrap();
    Renderer::new(options).render(picture, &model, grid, Source::EXACT, NEVER).unwrap().data
}

fn input(picture: &Picture) -> Tensor {
    let size = picture.size;
    let planes: Vec<f32> = picture.planes(size.rect()).iter().map(|v| 2.0 * v - 1.0).collect();
    Tensor::from_vec(planes, (1, 3, size.height, size.width), &Device::Cpu).unwrap()
}

/// The oracle: the whole picture encoded at once by candle's own operations, every query literal.
fn oracle(weights: &Weights, picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
    let (live, x) = (Live::oracle(weights).unwrap(), input(picture));
    let rgb = live.query_rgb(&live.gen_feat(&x).unwrap(), &x, &Query::grid(grid)).unwrap();
    rgb.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|v| (0.5 * v + 0.5).clamp(0.0, 1.0)).collect()
}

#[test]
fn what_is_shown_is_the_definition() {
    let picture = part(&cat(), 120, 60, Size::new(150, 70));
    let crop = Region { x: 20.25, y: 10.5, width: 6.5, height: 4.0 };
    let grids = [
        SampleGrid::spanning(Region::whole(picture.size), Size::new(345, 161)),
        SampleGrid::spanning(Region::whole(picture.size), Size::new(400, 105)),
        SampleGrid::spanning(crop, Size::new(195, 120)),
    ];
    for builtin in [Builtin::Live, Builtin::Photo] {
        let weights = builtin.weights().unwrap();
        let mut arrays = weights.arrays().clone();
        arrays.get_mut("encoder.head.weight").unwrap().data[40] += 0.05;
        let other = Weights::new(weights.config().clone(), arrays).unwrap();
        for grid in &grids {
            let expected = oracle(&weights, &picture, grid);
            let found = shown(&weights, &picture, grid, SINGLE);
            assert!(worst(&found, &expected) < 1e-4, "{builtin:?}: off by {}", worst(&found, &expected));
            assert!(
                psnr(&shown(&weights, &picture, grid, RenderOptions::VIEW), &expected, 1.0) > 70.0,
                "half features"
            );
            assert!(worst(&shown(&other, &picture, grid, SINGLE), &expected) > 1e-4, "a changed weight was not seen");
        }
    }
}

#[test]
fn tiles_are_parts_of_the_whole() {
    let (picture, weights) = (part(&cat(), 100, 40, Size::new(260, 150)), Builtin::Live.weights().unwrap());
    let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(700, 390));
    let whole = shown(&weights, &picture, &grid, SINGLE);
    for (rows, columns) in [(0..100, 0..256), (97..230, 250..500), (300..390, 500..700)] {
        let tile = shown(&weights, &picture, &grid.slice(rows.clone(), columns.clone()), SINGLE);
        let cut: Vec<f32> =
            rows.flat_map(|y| whole[(y * 700 + columns.start) * 3..(y * 700 + columns.end) * 3].to_vec()).collect();
        assert!(worst(&tile, &cut) < 1e-5, "off by {}", worst(&tile, &cut));
    }
}

/// Where nothing is enlarged there is nothing to add: the field is silent.
#[test]
fn at_one_to_one_the_live_picture_is_the_file() {
    let picture = part(&cat(), 120, 60, Size::new(128, 96));
    let axis = |len: usize| AxisGrid { origin: 0.0, pitch: 1.0, len };
    let grid = SampleGrid { y: axis(96), x: axis(128) };
    let file: Vec<f32> = (0..picture.size.area() * 3).map(|i| picture.rgb.unit(i)).collect();
    for builtin in [Builtin::Live, Builtin::Photo] {
        let weights = builtin.weights().unwrap();
        assert!(worst(&shown(&weights, &picture, &grid, SINGLE), &file) < 1e-6);
        assert!(worst(&oracle(&weights, &picture, &grid), &file) < 1e-6);
    }
}

#[test]
fn what_adds_nothing_is_not_computed() {
    let picture = part(&cat(), 100, 40, Size::new(70, 50));
    let model = LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap();
    let mut renderer = Renderer::new(SINGLE);
    for (scale, encoded) in [(1.0, 0), (1.2, 1)] {
        let size = Size::new((70.0 * scale) as usize, (50.0 * scale) as usize);
        let grid = SampleGrid::spanning(Region::whole(picture.size), size);
        renderer.render(&picture, &model, &grid, Source::EXACT, NEVER).unwrap();
        assert_eq!(model.encoded(), encoded, "×{scale}");
    }
}

/// A zone plate, shrunk from four times its size: its rings become finer than pixels.
#[test]
fn enlarging_a_little_adds_no_rings() {
    let ring = |x: f64, y: f64| 127.5 + 100.0 * (0.5 * std::f64::consts::PI * (x * x + y * y) / 130.0).cos();
    let plate = |side: usize| {
        // Fine enough to be its own area's mean.
        let fine = 4;
        let step = 130.0 / side as f64;
        let mean = |i: usize| {
            let (y, x) = (i / side, i % side);
            let at = |k: usize, sub: usize| (k as f64 + (sub as f64 + 0.5) / fine as f64) * step;
            let sum: f64 = (0..fine * fine).map(|s| ring(at(x, s % fine), at(y, s / fine))).sum();
            sum / (fine * fine) as f64
        };
        (0..side * side).map(mean).collect::<Vec<f64>>()
    };
    let large = plate(169);
    let to_bytes = |values: &[f64]| values.iter().flat_map(|v| [v.round() as u8; 3]).collect::<Vec<u8>>();
    let bytes = to_bytes(&large);
    let (from, to) = (Size::new(169, 169), Size::new(130, 130));
    let small = Picture::from_rgb8(to, zoomfield::picture::resample::resize_bicubic_u8(&bytes, 3, from, to));
    let grid = SampleGrid::spanning(Region::whole(to), from);
    let truth: Vec<f32> = bytes.iter().map(|v| f32::from(*v) / 255.0).collect();
    let model = LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap();
    let of = |source: Source| {
        let raster = Renderer::new(SINGLE).render(&small, &model, &grid, source, NEVER).unwrap();
        psnr(&raster.data, &truth, 1.0)
    };
    let (live, bicubic) = (of(Source::EXACT), of(Source::Bicubic));
    println!("zone plate at ×1.3: live {live:.2} dB, bicubic {bicubic:.2} dB");
    assert!(live > bicubic - 0.05, "live {live:.2} dB, bicubic {bicubic:.2} dB");
}

/// The part of the gradient's energy that repeats with the source's pixels, as a complex number that says where in
/// pixels it is largest, and all of it, of a picture enlarged [`DEEP`] times.
fn grid_energy(rgb: &[f32], size: Size) -> [f64; 3] {
    let luma =
        |pixel: &[f32; 3]| 0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2]);
    let luma: Vec<f64> = rgb.as_chunks::<3>().0.iter().map(luma).collect();
    let mut sums = [0.0; 3];
    for (y, x) in (1..size.height).flat_map(|y| (1..size.width).map(move |x| (y, x))) {
        let at = luma[y * size.width + x];
        for (i, before) in [(x, y * size.width + x - 1), (y, (y - 1) * size.width + x)] {
            let energy = (at - luma[before]).powi(2);
            let (sin, cos) = (std::f64::consts::TAU * i as f64 / DEEP as f64).sin_cos();
            sums = [sums[0] + energy * cos, sums[1] + energy * sin, sums[2] + energy];
        }
    }
    sums
}

fn bicubic(weights: &Weights, picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
    let model = LoadedModel::on_cpu(weights, Precision::F32).unwrap();
    Renderer::new(SINGLE).render(picture, &model, grid, Source::Bicubic, NEVER).unwrap().data
}

/// The field of the nearest source pixel alone, on the bicubic picture: what has seams.
fn nearest_field(weights: &Weights, picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
    let field = weights.config().decoder.field().unwrap().clone();
    let live = Live::oracle(weights).unwrap();
    let codes = live.gen_feat(&input(picture)).unwrap();
    let codes = codes.squeeze(0).unwrap().flatten_from(1).unwrap().t().unwrap().to_vec2::<f32>().unwrap();
    let [weight, bias] = ["weight", "bias"].map(|name| &weights.array(&format!("field.amplitudes.{name}")).data);
    let waves = [&weights.array("field.luma_waves").data, &weights.array("field.chroma_waves").data];
    let kappa = f64::from(weights.array("field.kappa").data[0]);
    let presence = FieldConfig::presence([grid.y.pitch, grid.x.pitch]);
    let amplitude = |code: &[f32], o: usize| {
        let row = &weight[o * code.len()..(o + 1) * code.len()];
        row.iter().zip(code).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() + f64::from(bias[o])
    };
    let mut found = bicubic(weights, picture, grid);
    let columns = grid.x.len;
    for (i, pixel) in found.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let position = [grid.y.latent_position(i / columns), grid.x.latent_position(i % columns)];
        let at = position.map(f64::round);
        let code = &codes[at[0] as usize * picture.size.width + at[1] as usize];
        let firsts = [0, 2 * field.luma_waves, 2 * field.luma_waves + 2 * field.chroma_waves];
        let ycbcr = [0, 1, 2].map(|color| {
            let waves = waves[color.min(1)].as_chunks::<2>().0;
            let part = |(k, wave): (usize, &[f32; 2])| {
                let along = |axis: usize, by: f64| f64::from(wave[axis]) * by;
                let fade = along(0, grid.y.pitch).powi(2) + along(1, grid.x.pitch).powi(2);
                let (sin, cos) = (along(0, position[0] - at[0]) + along(1, position[1] - at[1])).sin_cos();
                let (p, q) = (amplitude(code, firsts[color] + k), amplitude(code, firsts[color] + waves.len() + k));
                presence * (-kappa * fade).exp() * (p * cos + q * sin)
            };
            waves.iter().enumerate().map(part).sum::<f64>()
        });
        for (c, row) in RGB_OF_YCBCR.iter().enumerate() {
            let added: f64 = (0..3).map(|k| f64::from(row[k]) * ycbcr[k]).sum();
            pixel[c] = (pixel[c] + 0.5 * added as f32).clamp(0.0, 1.0);
        }
    }
    found
}

#[test]
fn deep_in_no_seams_are_seen() {
    let (live, liif) = (Builtin::Live.weights().unwrap(), Builtin::Liif.weights().unwrap());
    let cat = cat();
    let side = Size::new(40, 40);
    let middle = Region { x: 15.0, y: 15.0, width: 10.0, height: 10.0 };
    let grid = SampleGrid::spanning(middle, Size::new(10 * DEEP, 10 * DEEP));
    let mut sums = [[0.0; 3]; 4];
    for i in 0..10 {
        let picture = part(&cat, 40 * i, 20 + 73 * i % 230, side);
        let pictures = [
            shown(&live, &picture, &grid, SINGLE),
            shown(&liif, &picture, &grid, SINGLE),
            bicubic(&live, &picture, &grid),
            nearest_field(&live, &picture, &grid),
        ];
        for (sum, picture) in sums.iter_mut().zip(&pictures) {
            let energy = grid_energy(picture, grid.size());
            (0..3).for_each(|k| sum[k] += energy[k]);
        }
    }
    let [live, liif, bicubic, nearest] = sums.map(|[cos, sin, all]| cos.hypot(sin) / all);
    println!("gradient energy that repeats with source pixels: {live:.4}, LIIF {liif:.4}, bicubic {bicubic:.4}");
    assert!(live <= liif, "live {live:.4}, LIIF {liif:.4}");
    assert!(nearest > 2.0 * bicubic, "a field without a blend should be seen: {nearest:.4}, bicubic {bicubic:.4}");
}
