//! The lock in the canvas's shader against the processor's own.

use crate::canvas::{Case, STEPS, grid, pictures, worst};
use crate::common::textured;
use zoomfield::decode::CanvasView;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::{Recipe, Source, Stage, Strength};

/// Region and zoom: a corner and a width in source pixels.
const VIEWS: [(f64, f64, f64, f64); 7] = [
    (3.3, 1.7, 120.0, 1.37),
    (0.0, 0.0, 150.0, 2.0),
    (61.0, 60.0, 60.0, 2.5),
    (20.0, 30.0, 60.0, 4.0),
    (0.0, 0.0, 9.0, 30.0),
    (141.0, 104.0, 9.0, 12.0),
    (149.0, 109.0, 1.0, 300.0),
];

fn locked(share: u8) -> Recipe {
    Recipe::from(Source::NEURAL).with(Stage::Lock(Strength::percent(share)))
}

/// How far the shader's locked view is off in steps of 8 bits.
fn off(case: &Case, grid: SampleGrid, share: u8, recipe: Recipe) -> f32 {
    let view = CanvasView { lock: f32::from(share) / 100.0, ..case.view(grid, 1.0) };
    worst(&case.drawn_view(&view, None), &case.made(&grid, recipe))
}

/// With a hole, and a part that is half transparent.
fn with_a_hole() -> Picture {
    let opaque = textured(150, 110);
    let opacity = |i: usize| match (i % 150, i / 150) {
        (30..60, 35..50) => 0,
        (90.., 60..) => 128,
        _ => 255,
    };
    let opacity = (0..150 * 110).map(opacity).collect();
    Picture::from_samples(opaque.size, opaque.rgb.clone(), Some(Samples::U8(opacity)))
}

fn grey() -> Picture {
    let Samples::U8(rgb) = textured(150, 110).rgb else { panic!("8 bits") };
    let rgb = rgb.chunks_exact(3).flat_map(|pixel| [pixel[1]; 3]).collect();
    Picture::from_samples(Size::new(150, 110), Samples::U8(rgb), None)
}

#[test]
fn the_lock_of_a_frame_is_the_lock_of_an_export() {
    let [opaque, .., deep] = pictures();
    for picture in [opaque, deep, with_a_hole(), grey()] {
        let Some(case) = Case::new(picture) else { return };
        for (x, y, width, zoom) in VIEWS {
            let grid = grid(x, y, width, zoom);
            for share in [100, 40] {
                let off = off(&case, grid, share, locked(share));
                assert!(off < STEPS, "×{zoom}, {share} %: off by {off} steps");
            }
        }
        let unlocked = off(&case, grid(20.0, 30.0, 60.0, 4.0), 0, locked(100));
        assert!(unlocked > 2.0 * STEPS, "no lock is not noticed: {unlocked} steps");
    }
}

/// All rows and columns of a small picture are near an edge.
#[test]
fn small_pictures_are_locked_to_their_edges() {
    for (width, height) in [(1, 1), (2, 5), (5, 4), (7, 7), (8, 9)] {
        let Some(case) = Case::new(textured(width, height)) else { return };
        let size = Size::new(width, height);
        for zoom in [1.5, 3.0, 11.0] {
            let [columns, rows] = [width, height].map(|side| (side as f64 * zoom).round() as usize);
            let grid = SampleGrid::spanning(Region::whole(size), Size::new(columns, rows));
            let off = off(&case, grid, 100, locked(100));
            assert!(off < STEPS, "{size} at ×{zoom} is off by {off} steps");
        }
    }
}

/// Where a tile is missing that the lock reads, nothing is drawn that is not there.
#[test]
fn what_is_missing_has_no_residual() {
    let Some(case) = Case::new(textured(150, 110)) else { return };
    let grid = grid(40.0, 40.0, 60.0, 4.0);
    let view = CanvasView { lock: 1.0, ..case.view(grid, 1.0) };
    let (whole, part) = (case.drawn_view(&view, None), case.drawn_view(&view, Some((1, 0))));
    let plain = case.drawn(grid, 0.0);
    let pixel = |image: &[u8], i: usize| image.as_chunks::<4>().0[i];
    let last = grid.x.len - 1;
    assert!(pixel(&part, last) == pixel(&plain, last) && pixel(&whole, last) != pixel(&plain, last));
    // Far from the tile nothing changes.
    assert_eq!(pixel(&part, 0), pixel(&whole, 0));
}
