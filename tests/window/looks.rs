//! Ways to look: modes, strength, comparisons, typed zooms, the minimap, readings.

use crate::stub::{Pick, StubTiles, color_at, picture, view, wait_for, window, window_with};
use crate::{Harness, PICTURE};
use eframe::egui::{self, Key, Modifiers, pos2, vec2};
use egui_kittest::kittest::Queryable;
use std::path::PathBuf;
use zoomfield::app::compare::split::Side;
use zoomfield::app::env::Panel;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::{App, view};
use zoomfield::geometry::Size;
use zoomfield::picture::Picture;
use zoomfield::recipe::{Source, Strength};

fn at_nine() -> (Harness<'static, App>, StubTiles) {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    harness.key_press(Key::Num9);
    harness.run();
    (harness, tiles)
}

fn finest(tiles: &StubTiles) -> Option<Source> {
    let requests = &tiles.0.borrow().requests;
    requests.last()?.wanted.iter().map(|part| part.key.recipe.source()).max_by_key(|source| source.rank())
}

#[test]
fn one_key_goes_through_the_modes() {
    let (mut harness, tiles) = at_nine();
    assert_eq!(finest(&tiles), Some(Source::NEURAL));
    harness.get_by_label("Change how pixels are made").click();
    harness.run();
    assert_eq!(harness.state().slices().settings.choices.mode, Mode::Always(Source::NEURAL));
    harness.get_by_label("Neural view");
    harness.key_press(Key::V);
    harness.run();
    assert_eq!(harness.state().slices().settings.choices.mode, Mode::Always(Source::Bicubic));
    harness.get_by_label("Resampled");
    harness.key_press(Key::V);
    harness.run();
    assert_eq!(finest(&tiles), Some(Source::Nearest));
    harness.key_press(Key::V);
    harness.run();
    harness.get_by_label("Auto: neural, because this looks like a photograph.");
    harness.get_by_label("Sharp (LIIF)");
}

#[test]
fn pixel_art_is_shown_as_squares_by_itself() {
    let size = Size::new(64, 48);
    let rgb = (0..size.area()).flat_map(|i| [[0, 0, 0], [250, 60, 0], [20, 90, 250]][i / 5 % 3]).collect();
    let (mut harness, tiles) = window_with(Picture::from_rgb8(size, rgb));
    harness.key_press(Key::Num9);
    harness.run();
    assert_eq!(finest(&tiles), Some(Source::Nearest));
    assert!(harness.state().is_exact());
}

#[test]
fn strength_is_part_of_what_is_shown_and_exported() {
    let (mut harness, tiles) = at_nine();
    for _ in 0..3 {
        harness.key_press(Key::OpenBracket);
        harness.run();
    }
    harness.get_by_label("Strength 70 %");
    let strengths: Vec<Strength> = tiles.0.borrow().requests.last().map_or_else(Vec::new, |request| {
        request
            .wanted
            .iter()
            .map(|part| part.key)
            .filter(|key| key.recipe.is_neural())
            .map(|key| key.recipe.strength())
            .collect()
    });
    assert!(!strengths.is_empty() && strengths.iter().all(|strength| *strength == Strength::percent(70)));
    let recipe = harness.state().scene().recipe().expect("a picture");
    assert_eq!((recipe.source(), recipe.strength()), (Source::NEURAL, Strength::percent(70)));
    harness.state_mut().apply(view::Command::SetStrength(Strength::NONE));
    harness.run();
    harness.get_by_label("Resampled");
    assert_eq!(harness.state().scene().recipe(), Some(Source::Bicubic.into()));
}

#[test]
fn a_comparison_shows_both_sides_and_its_line_moves() {
    let (mut harness, _) = at_nine();
    harness.get_by_label("Compare").click();
    harness.run();
    harness.get_by_label("Left: Nearest").click();
    harness.run();
    assert!(harness.state().is_exact());
    let line = harness.get_by_label("Comparison line").rect();
    let canvas = harness.state().canvas_rect_in_pixels();
    assert!((line.center().x - canvas.width as f32 / 2.0).abs() <= 1.0);
    assert!(sides_differ_as_they_should(&mut harness, [0.5, 0.5]));
    harness.drag_at(line.center());
    harness.run();
    harness.hover_at(line.center() + vec2(200.0, 0.0));
    harness.run();
    harness.drop_at(line.center() + vec2(200.0, 0.0));
    harness.run();
    let at = harness.state().slices().compare.split.expect("a comparison").at;
    assert!((at - 0.5 - 200.0 / f64::from(canvas.width as u32)).abs() < 0.01, "{at}");
    harness.get_by_label("Comparison line").focus();
    harness.run();
    harness.key_press(Key::ArrowLeft);
    harness.run();
    let after = harness.state().slices().compare.split.expect("a comparison").at;
    assert!((at - after - 0.05).abs() < 1e-6, "{at} {after}");
    harness.get_by_label("Close comparison").click();
    harness.run();
    assert!(harness.state().slices().compare.split.is_none());
}

/// Whether pixels left of the line are blocks and those right of it are smooth.
fn sides_differ_as_they_should(harness: &mut Harness<'_, App>, at: [f64; 2]) -> bool {
    let Some(image) = crate::pixels::rendered(harness) else { return true };
    let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(harness));
    let source = harness.state().picture().expect("a picture").clone();
    let line = (canvas.width as f64 * at[0]) as u32;
    for (x, source_of) in [(line - 90, Source::Nearest), (line + 90, Source::NEURAL)] {
        for y in (100..500).step_by(13) {
            let in_image = view.image_from_screen([f64::from(x) + 0.5, f64::from(y) + 0.5]);
            let expected = color_at(&source, in_image, source_of);
            let seen = image.get_pixel(canvas.x as u32 + x, canvas.y as u32 + y).0;
            assert_eq!(seen[..3], expected[..3], "at {x}, {y}");
        }
    }
    true
}

#[test]
fn another_model_can_be_compared_with() {
    const PICK: Pick =
        |_| Some(vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/liif_edsr_tiny.pth"))]);
    let (mut harness, tiles) = window(1.0, PICK);
    harness.state_mut().show(picture(PICTURE));
    harness.key_press(Key::Num9);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::M);
    wait_for(&mut harness, |harness| harness.state().slices().compare.split.is_some());
    assert_eq!(harness.state().slices().compare.split.map(|split| split.right), Some(Side::OtherModel));
    harness.run();
    harness.get_by_label("Right: Other model");
    let requests = tiles.0.borrow();
    let last = requests.requests.last().expect("a request");
    assert_eq!(last.models.len(), 2);
    assert!(last.wanted.iter().any(|part| part.key.model == Some(last.models[1].key())));
}

#[test]
fn a_model_that_cannot_be_loaded_is_explained() {
    const PICK: Pick = |_| Some(vec![PathBuf::from("/nowhere/broken.pth")]);
    let (mut harness, _) = window(1.0, PICK);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::M);
    wait_for(&mut harness, |harness| harness.query_by_label_contains("Cannot use the weights /nowhere").is_some());
}

#[test]
fn a_typed_zoom_is_exact_and_nonsense_is_explained() {
    let (mut harness, _) = at_nine();
    harness.key_press(Key::Z);
    harness.run();
    let field = || "Zoom, like x30 or 250%";
    assert_eq!(harness.get_by_label(field()).value().as_deref(), Some("×9.0"));
    harness.event(egui::Event::Text("fast".into()));
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(harness.state().window().panel == Panel::Zoom && harness.state().slices().view.form.is_wrong);
    harness.get_by_label_contains("This is not a zoom");
    for _ in 0..4 {
        harness.key_press(Key::Backspace);
    }
    harness.event(egui::Event::Text("250%".into()));
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!((view(&harness).zoom, &harness.state().window().panel), (2.5, &Panel::Closed));
}

#[test]
fn the_minimap_shows_where_the_view_is_and_moves_it() {
    let (mut harness, _) = at_nine();
    let map = harness.get_by_label("Minimap").rect();
    let canvas = harness.state().canvas_rect_in_pixels();
    assert!(map.max.x < canvas.right() as f32 && map.max.y < canvas.bottom() as f32 + 1.0);
    let at = map.min + map.size() * vec2(0.75, 0.25);
    harness.drag_at(at);
    harness.run();
    harness.drop_at(at);
    harness.run();
    let center = view(&harness).image_from_screen([canvas.width as f64 / 2.0, canvas.height as f64 / 2.0]);
    let goal = [PICTURE.width as f64 * 0.75, PICTURE.height as f64 * 0.25];
    assert!((center[0] - goal[0]).abs() < 4.0 && (center[1] - goal[1]).abs() < 4.0, "{center:?}");
    harness.key_press(Key::M);
    harness.run();
    assert!(harness.query_by_label("Minimap").is_none());
    harness.key_press(Key::M);
    harness.key_press(Key::Num0);
    harness.run();
    assert!(harness.query_by_label("Minimap").is_none(), "the whole picture needs no map");
}

#[test]
fn the_bar_reads_the_pixel_under_the_cursor_as_it_is_and_as_it_is_shown() {
    let (mut harness, _) = at_nine();
    let at = pos2(640.0, 400.0);
    harness.hover_at(at);
    harness.run();
    harness.step();
    let reading = harness.state().slices().view.reading.expect("the cursor is on the picture");
    let canvas = harness.state().canvas_rect_in_pixels();
    let screen = [f64::from(at.x) - canvas.x as f64, f64::from(at.y) - canvas.y as f64].map(f64::floor);
    let in_image = view(&harness).image_from_screen(screen.map(|v| v + 0.5));
    let source = harness.state().picture().expect("a picture").clone();
    assert_eq!(reading.pixel, (in_image[0] as usize, in_image[1] as usize));
    let expected = color_at(&source, in_image, Source::NEURAL);
    assert_eq!(reading.shown, Some([expected[0], expected[1], expected[2]]));
    harness.get_by_label_contains("Mpx/s");
    harness.get_by_label_contains("shown");
}

#[test]
fn the_grid_and_the_values_are_drawn_where_there_is_room() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(view::Command::ZoomTo(60.0));
    harness.state_mut().apply(view::Command::SetMode(Mode::Always(Source::Nearest)));
    harness.run();
    let Some(plain) = crate::pixels::rendered(&mut harness) else { return };
    harness.key_press(Key::G);
    harness.run();
    let Some(ruled) = crate::pixels::rendered(&mut harness) else { return };
    let changed = plain.pixels().zip(ruled.pixels()).filter(|(a, b)| a != b).count();
    assert!(changed > 20_000, "{changed} pixels changed");
}
