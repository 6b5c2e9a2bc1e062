//! Tiled = whole: whatever is queried, in whatever pieces and order, the pixels are those of the undivided picture.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use candle_core::{Device, Tensor};
use common::{Arrays, psnr, textured, worst};
use zoomfield::feature::FeaturePrecision;
use zoomfield::geometry::{PixelRect, Region, SampleGrid, Size, View};
use zoomfield::kernel::Precision;
use zoomfield::model::{Liif, Query};
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::{Recipe, Sampling, Source, Stage, Strength};
use zoomfield::render::{LoadedModel, RenderOptions, Renderer, coarse_saves};
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

const SINGLE: RenderOptions = RenderOptions { precision: FeaturePrecision::Single, ..RenderOptions::VIEW };

fn tiny(name: &str) -> Weights {
    Arrays::load(&format!("{name}.safetensors")).weights("model.")
}

fn load(weights: &Weights) -> LoadedModel {
    LoadedModel::new(weights, Device::Cpu, Precision::F32).unwrap()
}

/// The oracle's answer: the whole picture encoded at once by candle's own operations, every query literal.
fn oracle(weights: &Weights, picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
    let size = picture.size;
    let normalization = weights.config().normalization;
    let mut planes = picture.planes(size.rect());
    for (c, plane) in planes.chunks_exact_mut(size.area()).enumerate() {
        for v in plane {
            *v = (*v - normalization.mean[c]) / normalization.std[c];
        }
    }
    let liif = Liif::oracle(weights).unwrap();
    let input = Tensor::from_vec(planes, (1, 3, size.height, size.width), &Device::Cpu).unwrap();
    let feat = liif.gen_feat(&input).unwrap();
    liif.query_rgb(&feat, &Query::grid(grid)).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn ours(options: RenderOptions, weights: &Weights, picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
    Renderer::new(options).query_rgb(picture, &load(weights), grid, Sampling::default(), NEVER).unwrap()
}

/// A grid over all feature tiles of the picture, with different scales in x and y.
fn across(size: Size) -> SampleGrid {
    SampleGrid::spanning(Region::whole(size), Size::new(size.width * 3 / 2, size.height * 5 / 4))
}

#[test]
fn every_variant_is_seamless_over_several_feature_tiles() {
    let picture = textured(301, 139);
    for name in ["liif_edsr_tiny", "liif_edsr_tiny_no_feat_unfold", "liif_edsr_tiny_none", "liif_rdn_tiny"] {
        let weights = tiny(name);
        let grid = across(picture.size);
        let difference = worst(&ours(SINGLE, &weights, &picture, &grid), &oracle(&weights, &picture, &grid));
        assert!(difference < 1e-4, "{name}: {difference}");
    }
}

#[test]
fn the_shipped_model_is_seamless_from_half_precision_features() {
    let picture = textured(150, 140);
    let weights = Weights::builtin().unwrap();
    let region = Region { x: 100.5, y: 97.0, width: 40.0, height: 40.0 };
    let grid = SampleGrid::spanning(region, Size::new(90, 75));
    let reference = oracle(&weights, &picture, &grid);
    let difference = worst(&ours(SINGLE, &weights, &picture, &grid), &reference);
    assert!(difference < 1e-4, "single: {difference}");
    let half = ours(RenderOptions::VIEW, &weights, &picture, &grid);
    let (difference, quality) = (worst(&half, &reference), psnr(&half, &reference, 2.0));
    assert!(difference <= 3e-4 && quality >= 95.0, "half: {difference}, {quality} dB");
}

#[test]
fn without_the_halo_the_comparison_fails() {
    let picture = textured(301, 139);
    let weights = tiny("liif_edsr_tiny");
    let left = Picture::from_samples(Size::new(128, 139), crop(&picture, 128), None);
    let near_the_seam = Region { x: 120.0, y: 40.0, width: 8.0, height: 8.0 };
    let grid = SampleGrid::spanning(near_the_seam, Size::new(16, 16));
    let cut_off = worst(&oracle(&weights, &left, &grid), &oracle(&weights, &picture, &grid));
    assert!(cut_off > 1e-3, "a picture cut at the tile's edge differs by {cut_off} only");
}

fn crop(picture: &Picture, width: usize) -> Samples {
    let Samples::U8(rgb) = &picture.rgb else { panic!("8 bits") };
    Samples::U8(rgb.chunks(picture.size.width * 3).flat_map(|row| row[..width * 3].to_vec()).collect())
}

#[test]
fn odd_and_minimal_pictures_render() {
    let weights = tiny("liif_edsr_tiny");
    for (width, height) in [(1, 1), (1, 200), (129, 1), (2, 3), (128, 128)] {
        let picture = textured(width, height);
        let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(width * 2 + 1, height * 3 + 1));
        let difference = worst(&ours(SINGLE, &weights, &picture, &grid), &oracle(&weights, &picture, &grid));
        assert!(difference < 1e-4, "{width}×{height}: {difference}");
    }
}

#[test]
fn order_and_budget_change_nothing() {
    let picture = textured(400, 300);
    let weights = tiny("liif_edsr_tiny");
    let model = load(&weights);
    let view = View { zoom: 2.7, corner_on_screen: [0.0, 0.0] };
    let tiles: Vec<_> = View::tiles_over(view.output_size(picture.size).rect()).collect();
    let render = |order: &mut dyn Iterator<Item = &(usize, usize)>, budget: usize| {
        let mut renderer = Renderer::new(RenderOptions { feature_budget_bytes: budget, ..RenderOptions::VIEW });
        let mut rendered: Vec<_> = order
            .map(|&(column, row)| {
                let grid = view.grid_of(view.tile_rect(column, row, picture.size).unwrap());
                ((column, row), renderer.render(&picture, &model, &grid, Source::NEURAL, NEVER).unwrap())
            })
            .collect();
        rendered.sort_by_key(|(tile, _)| *tile);
        rendered
    };
    let forwards = render(&mut tiles.iter(), 64 << 20);
    let backwards = render(&mut tiles.iter().rev(), 1);
    // Which tiles are encoded together differs, and with it the order of sums: bit equality is not promised.
    for ((tile, a), (_, b)) in forwards.iter().zip(&backwards) {
        assert!(worst(&a.data, &b.data) <= 3e-4, "{tile:?}");
    }
}

#[test]
fn any_part_of_a_view_equals_that_part_of_the_whole() {
    let picture = textured(200, 170);
    let weights = tiny("liif_edsr_tiny");
    let model = load(&weights);
    let view = View { zoom: 3.3, corner_on_screen: [0.0, 0.0] };
    let output = view.output_size(picture.size);
    let whole =
        Renderer::new(SINGLE).render(&picture, &model, &view.grid_of(output.rect()), Source::NEURAL, NEVER).unwrap();
    for rect in [
        PixelRect { x: 0, y: 0, width: 33, height: 1 },
        PixelRect { x: 401, y: 399, width: 77, height: 101 },
        PixelRect { x: output.width - 1, y: output.height - 1, width: 1, height: 1 },
    ] {
        let part = Renderer::new(SINGLE).render(&picture, &model, &view.grid_of(rect), Source::NEURAL, NEVER).unwrap();
        let expected: Vec<f32> = (rect.y..rect.bottom())
            .flat_map(|y| whole.data[(y * output.width + rect.x) * 3..][..rect.width * 3].to_vec())
            .collect();
        assert!(worst(&part.data, &expected) < 1e-4, "{rect:?}");
    }
}

#[test]
fn deep_zooms_are_seamless_and_right_at_borders_and_in_minimal_pictures() {
    let weights = tiny("liif_edsr_tiny");
    let model = load(&weights);
    let enlarged = |scale: usize, size: Size| Size::new(size.width * scale, size.height * scale);
    for (width, height) in [(1, 1), (1, 5), (7, 1), (6, 4)] {
        let picture = textured(width, height);
        let grid = SampleGrid::spanning(Region::whole(picture.size), enlarged(30, picture.size));
        let ours = Renderer::new(SINGLE).query_rgb(&picture, &model, &grid, Sampling::default(), NEVER).unwrap();
        let quality = psnr(&ours, &oracle(&weights, &picture, &grid), 2.0);
        assert!(quality >= 55.0, "{width}×{height} at ×30: {quality} dB");
    }
    let picture = textured(24, 20);
    for (scale_x, scale_y) in [(30, 30), (40, 3)] {
        let output = Size::new(24 * scale_x, 20 * scale_y);
        let grid = SampleGrid::spanning(Region::whole(picture.size), output);
        let whole = Renderer::new(SINGLE).query_rgb(&picture, &model, &grid, Sampling::default(), NEVER).unwrap();
        let (rows, columns) = (output.height / 3..output.height / 3 + 7, 255..301);
        let part = grid.slice(rows.clone(), columns.clone());
        let part = Renderer::new(SINGLE).query_rgb(&picture, &model, &part, Sampling::default(), NEVER);
        let expected: Vec<f32> =
            rows.flat_map(|y| whole[(y * output.width + columns.start) * 3..][..columns.len() * 3].to_vec()).collect();
        let difference = worst(&part.unwrap(), &expected);
        assert!(difference < 1e-4, "×{scale_x} ×{scale_y}: {difference}");
    }
}

#[test]
fn opacity_is_kept_beside_the_neural_colours() {
    let opaque = textured(40, 30);
    let opacity = (0..1200).map(|i| if i % 40 < 20 { 255 } else { 0 }).collect();
    let picture = Picture::from_samples(opaque.size, opaque.rgb.clone(), Some(Samples::U8(opacity)));
    let model = load(&tiny("liif_edsr_tiny"));
    let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(160, 120));
    let render = |p: &Picture| Renderer::new(SINGLE).render(p, &model, &grid, Source::NEURAL, NEVER).unwrap();
    let (with, without) = (render(&picture), render(&opaque));
    assert_eq!((with.channels, without.channels), (4, 3));
    assert_eq!((with.data[3], with.data[159 * 4 + 3]), (1.0, 0.0));
    let colours: Vec<f32> = with.data.as_chunks::<4>().0.iter().flat_map(|p| p[..3].to_vec()).collect();
    assert_eq!(colours, without.data);
}

#[test]
fn an_interrupted_rendering_ends_without_a_result() {
    let picture = textured(64, 64);
    let model = load(&tiny("liif_edsr_tiny"));
    let result = Renderer::new(SINGLE).render(&picture, &model, &across(picture.size), Source::NEURAL, &|| true);
    assert!(matches!(result, Err(zoomfield::error::Error::Cancelled)));
}

#[test]
fn strength_mixes_the_bicubic_picture_and_the_function_alike_with_and_without_what_was_kept() {
    let picture = textured(60, 50);
    let model = load(&tiny("liif_edsr_tiny"));
    let grid = SampleGrid::spanning(Region { x: 8.0, y: 6.0, width: 20.0, height: 16.0 }, Size::new(240, 192));
    let recipe = |percent| Recipe::from(Source::NEURAL).with(Stage::Strength(Strength::percent(percent)));
    let mut view = Renderer::new(SINGLE);
    let mut of = |percent| view.render(&picture, &model, &grid, recipe(percent), NEVER).unwrap();
    let (full, half, none) = (of(100), of(50), of(0));
    let bicubic = Renderer::new(SINGLE).render(&picture, &model, &grid, Source::Bicubic, NEVER).unwrap();
    assert_eq!(none, bicubic);
    let middle: Vec<f32> = full.data.iter().zip(&bicubic.data).map(|(a, b)| (a + b) / 2.0).collect();
    assert!(worst(&half.data, &middle) < 1e-6);
    // The view keeps decoded colours, an export does not: the pixels are the same.
    let export = RenderOptions { decoded_budget_bytes: 0, ..SINGLE };
    let exported = Renderer::new(export).render(&picture, &model, &grid, recipe(50), NEVER).unwrap();
    assert_eq!(exported, half);
}

#[test]
fn the_coarse_pass_is_near_and_pays_from_some_zoom_on() {
    assert!(!coarse_saves(2.0) && coarse_saves(6.0) && coarse_saves(40.0));
    let picture = textured(60, 50);
    let model = load(&tiny("liif_edsr_tiny"));
    let grid = SampleGrid::spanning(Region { x: 8.0, y: 6.0, width: 20.0, height: 16.0 }, Size::new(240, 192));
    let mut renderer = Renderer::new(SINGLE);
    let mut of = |source| renderer.render(&picture, &model, &grid, source, NEVER).unwrap().data;
    let (coarse, fine, exact) = (of(Source::COARSE), of(Source::NEURAL), of(Source::EXACT));
    let quality = |image: &[f32]| psnr(image, &exact, 1.0);
    assert!(quality(&coarse) > 30.0 && quality(&fine) > quality(&coarse));
}
