//! What is on the canvas, pixel by pixel, on a software adapter.

use crate::stub::{self, cut_out, picture, view, wait_for, window, window_with};
use crate::{Harness, PICTURE};
use eframe::egui::{self, Key, pos2};
use egui_kittest::kittest::Queryable;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use zoomfield::app::env::Panel;
use zoomfield::app::settings::Settings;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::{App, Command, compare, export, files, settings, view};
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::Source;

#[test]
fn tiles_are_on_the_screen_pixel_for_pixel_at_any_scale() {
    for scale in [1.0, 1.5, 2.0] {
        let (mut harness, tiles) = window(scale, |_| None);
        harness.run();
        harness.state_mut().show(picture(PICTURE));
        harness.state_mut().apply(view::Command::ZoomTo(5.3));
        harness.run();
        assert!(harness.state().is_exact());
        let Some(image) = rendered(&mut harness) else { return };
        let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(&harness));
        let request = tiles.0.borrow().requests.last().cloned().expect("a request");
        let source = &request.picture;
        let mut compared = 0;
        for (x, y) in (200..800).step_by(7).flat_map(|x| (150..500).step_by(11).map(move |y| (x, y))) {
            let at = view.image_from_screen([f64::from(x) + 0.5, f64::from(y) + 0.5]);
            let expected = stub::color_at(source, at, Source::NEURAL);
            let seen = image.get_pixel(canvas.x as u32 + x, canvas.y as u32 + y).0;
            assert_eq!(seen[..3], expected[..3], "at {x}, {y} with {scale} pixels per point");
            compared += 1;
        }
        assert!(compared > 2000);
    }
}

/// From rough to exact, the picture only ever gets nearer to itself: no frame is blank, dark or off.
#[test]
fn no_frame_on_the_way_is_blank_or_dark() {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    harness.key_press(Key::Num4);
    harness.run();
    harness.state_mut().apply(view::Command::ZoomTo(9.0));
    tiles.0.borrow_mut().is_silent = true;
    let points: Vec<[u32; 2]> = (1..8).flat_map(|x| (1..5).map(move |y| [x * 150, y * 150])).collect();
    for step in 0..20 {
        if step == 7 {
            tiles.answer();
        }
        harness.step();
        let Some(image) = rendered(&mut harness) else { return };
        let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(&harness));
        for [x, y] in &points {
            let at = view.image_from_screen([f64::from(*x) + 0.5, f64::from(*y) + 0.5]);
            let source = &harness.state().picture().expect("a picture").clone();
            let expected = stub::color_at(source, at, Source::NEURAL);
            let seen = image.get_pixel(canvas.x as u32 + x, canvas.y as u32 + y).0;
            let off = (0..3).map(|c| seen[c].abs_diff(expected[c])).max().unwrap_or(0);
            assert!(off <= 24, "step {step}: {seen:?} instead of {expected:?} at {x}, {y}");
        }
    }
    assert!(harness.state().is_exact());
}

/// Nearest shows source pixels with hard edges, also while a zoom is under way.
#[test]
fn squares_stay_squares_in_flight() {
    let size = Size::new(40, 30);
    let color =
        |i: usize| [[250, 20, 30], [20, 240, 40], [30, 20, 230], [240, 240, 250]][(i % 40 * 7 + i / 40 * 5) % 4];
    let (mut harness, tiles) = window_with(Picture::from_rgb8(size, (0..size.area()).flat_map(color).collect()));
    harness.state_mut().apply(view::Command::SetMode(Mode::Always(Source::Nearest)));
    harness.run();
    tiles.0.borrow_mut().is_silent = true;
    harness.state_mut().apply(view::Command::ZoomTo(24.0));
    let mut compared = 0;
    for _ in 0..7 {
        harness.step();
        let Some(image) = rendered(&mut harness) else { return };
        let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(&harness));
        for (x, y) in (20..1200_u32).step_by(37).flat_map(|x| (20..700_u32).step_by(31).map(move |y| (x, y))) {
            let at = view.image_from_screen([f64::from(x) + 0.5, f64::from(y) + 0.5]);
            let is_inside = |v: f64, side: usize| v > 0.0 && v < side as f64 && (0.15..0.85).contains(&v.fract());
            // A pixel on an edge belongs to both squares.
            if view.zoom < 4.0 || !is_inside(at[0], size.width) || !is_inside(at[1], size.height) {
                continue;
            }
            let expected = color(at[1] as usize * 40 + at[0] as usize);
            let seen = image.get_pixel(canvas.x as u32 + x, canvas.y as u32 + y).0;
            let off = (0..3).map(|c| seen[c].abs_diff(expected[c])).max().unwrap_or(0);
            assert!(off <= 2, "×{:.1}: {seen:?} instead of {expected:?} at {x}, {y}", view.zoom);
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} pixels were compared");
}

/// Layers that others hide are not painted: in no frame may that leave a hole, at the picture's edges neither.
#[test]
fn no_frame_has_a_hole() {
    let size = Size::new(150, 110);
    for (opacity, has_split) in [(255, false), (0, false), (255, true)] {
        let (rgb, alpha) = (vec![250; size.area() * 3], vec![opacity; size.area()]);
        let alpha = (opacity < 255).then_some(Samples::U8(alpha));
        let (mut harness, tiles) = window_with(Picture::from_samples(size, Samples::U8(rgb), alpha));
        let settings = Settings { minimap: false, ..harness.state().slices().settings.choices.clone() };
        harness.state_mut().apply(settings::Command::Change(settings));
        if has_split {
            harness.state_mut().apply(compare::Command::ToggleSplit);
        }
        harness.run();
        for zoom in [2.3, 6.7, 3.1, 40.0, 4.9] {
            tiles.0.borrow_mut().is_silent = true;
            harness.state_mut().apply(view::Command::ZoomTo(zoom));
            for step in 0..10 {
                if step == 6 {
                    tiles.answer();
                }
                harness.step();
                let Some(image) = rendered(&mut harness) else { return };
                let hole = hole(&harness, &image);
                assert!(hole.is_none(), "opacity {opacity}, split {has_split}, to ×{zoom}, step {step}: {hole:?}");
            }
            harness.run();
        }
        // Where the picture ends there is what a hole would look like.
        let Some(image) = rendered(&mut harness) else { return };
        let canvas = harness.state().canvas_rect_in_pixels();
        assert!(is_ground(&image, canvas.x as u32 + 4, canvas.y as u32 + 80));
    }
}

/// Where the canvas is seen through the picture; left out are labels above, the line of a comparison, and the ring in
/// the corner.
fn hole(harness: &Harness<'_, App>, image: &image::RgbaImage) -> Option<[usize; 2]> {
    let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(harness));
    let size = harness.state().picture().expect("a picture").size;
    // Smoothed edges: a pixel inside; and the last one may be a part of one.
    let range = |i: usize, canvas: usize, side: usize| {
        let from = view.corner_on_screen[i].max(0.0).ceil() as usize + 1;
        let to = view.corner_on_screen[i] + side as f64 * view.zoom;
        from..(to as usize).min(canvas).saturating_sub(2)
    };
    let covered = |x: usize, y: usize| {
        y < 60 || x.abs_diff(canvas.width / 2) < 30 || (x + 80 > canvas.width && y + 80 > canvas.height)
    };
    let columns = range(0, canvas.width, size.width);
    let mut pixels = range(1, canvas.height, size.height)
        .flat_map(|y| columns.clone().map(move |x| [x, y]))
        .filter(|[x, y]| !covered(*x, *y));
    pixels.find(|[x, y]| is_ground(image, (canvas.x + x) as u32, (canvas.y + y) as u32))
}

/// Whether the canvas itself is seen: it is darker than picture and checkerboard.
fn is_ground(image: &image::RgbaImage, x: u32, y: u32) -> bool {
    image.get_pixel(x, y).0[..3].iter().all(|value| *value < 80)
}

#[test]
fn transparent_parts_show_the_checkerboard() {
    let (mut harness, _) = window_with(cut_out(Size::new(160, 120)));
    harness.key_press(Key::Num5);
    harness.run();
    assert!(harness.state().is_exact());
    let Some(image) = rendered(&mut harness) else { return };
    let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(&harness));
    let [x, y] = view.corner_on_screen;
    let corner = image.get_pixel(canvas.x as u32 + x as u32 + 3, canvas.y as u32 + y as u32 + 3).0;
    assert_eq!(corner, [98, 98, 98, 255]);
    save(&image, "transparent");
}

#[test]
fn pictures_of_the_window() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.run();
    shot(&mut harness, "empty");
    harness.state_mut().apply(files::Command::ShowPanel);
    harness.run();
    shot(&mut harness, "open");
    harness.key_press(Key::Escape);
    harness.ctx.set_theme(egui::Theme::Light);
    harness.run();
    shot(&mut harness, "empty-light");
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.hover_at(pos2(640.0, 400.0));
    harness.run();
    shot(&mut harness, "hundred-percent");
    harness.key_press(Key::Num9);
    harness.run();
    shot(&mut harness, "times-nine");
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    shot(&mut harness, "export");
    harness.state_mut().apply(export::Command::EditPath("slow.png".into()));
    harness.state_mut().apply(export::Command::Start);
    harness.state_mut().apply(files::Command::Open("/photos/notes.txt".into()));
    wait_for(&mut harness, |harness| harness.query_by_label("Dismiss").is_some());
    harness.run_steps(10);
    shot(&mut harness, "progress");
    harness.state_mut().apply(export::Command::Cancel);
    harness.state_mut().apply(Command::TogglePanel(Panel::Help));
    harness.run_steps(10);
    shot(&mut harness, "help");
}

/// What the window looks like; nothing, said aloud, where no adapter can draw it.
pub(crate) fn rendered(harness: &mut Harness<'_, App>) -> Option<image::RgbaImage> {
    // The renderer is made when it is first used, and panics if there is nothing to make it on.
    if let Ok(image) = catch_unwind(AssertUnwindSafe(|| harness.render())) {
        return Some(image.expect("the window is drawn"));
    }
    assert!(std::env::var_os("ZOOMFIELD_REQUIRE_SCREEN").is_none(), "a Vulkan driver is required but there is none");
    eprintln!("skipped: drawing the window needs a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers)");
    None
}

/// Renders, and keeps the picture where `ZOOMFIELD_SHOTS` says, for people to look at.
fn shot(harness: &mut Harness<'_, App>, name: &str) {
    let Some(image) = rendered(harness) else { return };
    assert!(image.pixels().any(|pixel| pixel != image.get_pixel(0, 0)), "{name} is blank");
    save(&image, name);
}

pub(crate) fn save(image: &image::RgbaImage, name: &str) {
    if let Some(folder) = std::env::var_os("ZOOMFIELD_SHOTS") {
        image.save(PathBuf::from(folder).join(format!("{name}.png"))).expect("a folder to write to");
    }
}
