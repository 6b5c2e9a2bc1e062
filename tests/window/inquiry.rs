//! What is the network's own: the map over the view is the one that is exported, the values under the cursor are the
//! renderer's, and the view never waits for either.

use crate::PICTURE;
use crate::commands::copied;
use crate::exports::{choose, draft};
use crate::fields::{live, locked, picture, until, window};
use crate::stub::{self, view, wait_for, window_of, window_with};
use eframe::egui::{Key, Modifiers, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use std::path::Path;
use zoomfield::app::export::choice::ExportChoice;
use zoomfield::app::settings::Settings;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::view::Command;
use zoomfield::app::view::fields::CanvasChoice;
use zoomfield::app::view::inquiry::MapProgress;
use zoomfield::app::{App, ModelSource, export, settings};
use zoomfield::cli::parse_export;
use zoomfield::export::run;
use zoomfield::geometry::PixelRect;
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::{Source, Strength};
use zoomfield::render::{InventionLayer, Measured, RenderOptions, Renderer};
use zoomfield::task::{Gate, NEVER};

/// A window on the cat's face at a zoom, every pixel there, without a minimap.
fn ready(zoom: f64) -> Option<Harness<'static, App>> {
    let mut harness = window(picture(), ModelSource::Loaded(live()), CanvasChoice::Tiles)?;
    harness.run_steps(3);
    let choices = Settings { minimap: false, ..harness.state().slices().settings.choices.clone() };
    harness.state_mut().apply(settings::Command::Change(choices));
    harness.state_mut().apply(Command::ZoomTo(zoom));
    harness.step();
    until(&mut harness, "the view", App::is_exact);
    Some(harness)
}

fn progress(app: &App) -> MapProgress {
    app.slices().view.inquiry.progress
}

fn shows(app: &App, layer: InventionLayer) -> bool {
    app.slices().view.inquiry.layer == layer && progress(app) == MapProgress::Whole
}

/// The map of the view as a file.
fn exported_map(harness: &mut Harness<'_, App>, layer: InventionLayer, folder: &Path) -> Picture {
    harness.state_mut().apply(export::Command::Show);
    let output = folder.join(format!("{layer}.png"));
    harness.state_mut().apply(export::Command::EditPath(output.to_string_lossy().into_owned()));
    harness.state_mut().apply(export::Command::SetOverwrite(true));
    choose(harness, ExportChoice { map: Some(layer), ..ExportChoice::default() });
    harness.state_mut().apply(export::Command::SetOverwrite(true));
    let job = draft(harness);
    run(&job, &Gate::default(), &mut |_| {}).expect("exports");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    Picture::open(&job.map.expect("a map").path).expect("the map opens")
}

/// The part of the canvas that no panel and no message covers: its right third.
fn uncovered(canvas: PixelRect) -> PixelRect {
    let x = canvas.width - canvas.width / 3;
    PixelRect { x, y: 0, width: canvas.width - x, height: canvas.height }
}

/// Pixels of a part of the canvas, from the screen, and from a file of the view that fills it.
fn side_by_side(harness: &mut Harness<'_, App>, file: &Picture) -> (Vec<[u8; 3]>, Vec<[u8; 3]>) {
    let screen = harness.render().expect("the window is drawn");
    let canvas = harness.state().canvas_rect_in_pixels();
    assert_eq!(file.size, canvas.size(), "the picture fills the canvas");
    let Samples::U8(values) = &file.rgb else { panic!("8 bits") };
    let part = uncovered(canvas);
    let seen = |(x, y): (usize, usize)| {
        let [r, g, b, _] = screen.get_pixel((canvas.x + x) as u32, (canvas.y + y) as u32).0;
        [r, g, b]
    };
    let written = |(x, y): (usize, usize)| {
        let at = 3 * (y * file.size.width + x);
        [values[at], values[at + 1], values[at + 2]]
    };
    (part.places().map(seen).collect(), part.places().map(written).collect())
}

#[test]
fn the_map_on_the_screen_is_the_exported_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut harness) = ready(5.3) else { return };
    harness.key_press(Key::N);
    for layer in InventionLayer::ALL {
        harness.step();
        until(&mut harness, "the whole map", |app| shows(app, layer));
        harness.run_steps(2);
        let map = exported_map(&mut harness, layer, folder.path());
        let (seen, written) = side_by_side(&mut harness, &map);
        let wrong = seen.iter().zip(&written).filter(|(a, b)| a != b).count();
        assert_eq!(wrong, 0, "{layer}: of {} pixels so many differ", seen.len());
        assert!(harness.state().is_exact());
        let image = harness.render().expect("the window is drawn");
        crate::pixels::save(&image, &format!("map {layer}"));
        harness.key_press_modifiers(Modifiers::SHIFT, Key::N);
    }
    harness.step();
    until(&mut harness, "the first layer again", |app| shows(app, InventionLayer::Both));
    // Whoever moves sees the picture, and no map of something else.
    let map = exported_map(&mut harness, InventionLayer::Both, folder.path());
    harness.state_mut().apply(Command::Pan([7.0, 3.0]));
    harness.state_mut().apply(Command::ZoomBy(1.1));
    harness.step();
    assert_eq!(progress(harness.state()), MapProgress::Waiting);
    harness.get_by_label("Waits until the view is at rest and complete.");
    let (seen, written) = side_by_side(&mut harness, &map);
    let differing = seen.iter().zip(&written).filter(|(a, b)| (0..3).any(|c| a[c].abs_diff(b[c]) > 8)).count();
    assert!(differing > seen.len() / 2, "{differing} of {} are not the old map's", seen.len());
}

/// The same of a larger model that a live one stands in for, locked, mixed, and on a lattice.
#[test]
fn the_map_is_of_the_model_that_has_the_last_word() {
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/liif_edsr_tiny.pth");
    let folder = tempfile::tempdir().expect("a folder");
    let model = ModelSource::File(Some(tiny.into()));
    let Some(mut harness) = window(picture(), model, CanvasChoice::Tiles) else { return };
    until(&mut harness, "both networks", |app| {
        let models = &app.slices().models;
        models.own.model().is_some() && models.quick.model().is_some()
    });
    let choices = Settings { minimap: false, lock: true, ..harness.state().slices().settings.choices.clone() };
    harness.state_mut().apply(settings::Command::Change(choices));
    harness.state_mut().apply(Command::SetStrength(Strength::percent(80)));
    harness.state_mut().apply(Command::ZoomTo(12.0));
    harness.key_press(Key::N);
    harness.step();
    until(&mut harness, "the whole map", |app| shows(app, InventionLayer::Both));
    harness.run_steps(2);
    let map = exported_map(&mut harness, InventionLayer::Both, folder.path());
    let (seen, written) = side_by_side(&mut harness, &map);
    let off = |(a, b): (&[u8; 3], &[u8; 3])| (0..3).map(|c| a[c].abs_diff(b[c])).max().unwrap_or(0);
    let worst = seen.iter().zip(&written).map(off).max();
    // What is locked is the same to 2e-6, which may be rounded otherwise.
    assert!(worst.is_some_and(|worst| worst <= 1), "{worst:?} of 255 apart");
    assert!(seen.iter().any(|color| color[1] > 80), "there is something to see");
}

#[test]
fn the_values_under_the_cursor_are_the_renderers() {
    let Some(mut harness) = ready(4.0) else { return };
    harness.key_press(Key::P);
    let canvas = harness.state().canvas_rect_in_pixels();
    for [x, y] in [[400, 200], [533, 318]] {
        harness.hover_at(pos2((canvas.x + x) as f32 + 0.5, (canvas.y + y) as f32 + 0.5));
        harness.step();
        harness.step();
        assert!(harness.query_all_by_label("…").count() == 2, "not known yet, and said so");
        until(&mut harness, "the values", |app| measured(app).is_some());
        let found = measured(harness.state()).expect("known");
        harness.step();
        let corner = view(&harness).corner_on_screen;
        let pixel = [x as f64 - corner[0], y as f64 - corner[1]].map(|at| at as usize);
        let grid = view(&harness).grid_of(PixelRect::at((pixel[0], pixel[1])));
        let map = Renderer::new(RenderOptions::VIEW)
            .invention(&picture(), &live(), &grid, locked(Source::NEURAL), NEVER)
            .expect("computes");
        assert!((found.departure - map.departure[0]).abs() < 1e-3, "{found:?} and {}", map.departure[0]);
        assert!((found.disagreement - map.disagreement[0]).abs() < 1e-3, "{found:?} and {}", map.disagreement[0]);
        harness.get_by_label(&format!("ΔE {:.2}", found.disagreement));
    }
    let image = harness.render().expect("the window is drawn");
    crate::pixels::save(&image, "values");
    // Where no network takes part nothing is made up.
    harness.state_mut().apply(Command::SetMode(Mode::Always(Source::Bicubic)));
    harness.step();
    until(&mut harness, "the view", App::is_exact);
    harness.step();
    assert_eq!(harness.query_all_by_label("no network made it").count(), 2);
}

/// What is known of the pixel under the cursor.
fn measured(app: &App) -> Option<Measured> {
    let view = &app.slices().view;
    view.inquiry.measured_at(view.reading?.made?)
}

/// The view comes first: a map is asked for once every tile is there, and taken back when there is something else to do.
#[test]
fn the_view_never_waits_for_a_map() {
    let (mut harness, tiles) = window_with(stub::picture(PICTURE));
    let last = || tiles.0.borrow().maps.last().cloned();
    let parts = || last().flatten().map(|request| request.parts.len());
    harness.run();
    assert!(last().is_none(), "nobody has asked");
    tiles.0.borrow_mut().is_silent = true;
    harness.state_mut().apply(Command::ZoomTo(4.0));
    harness.key_press(Key::N);
    harness.run_steps(20);
    assert_eq!(parts(), Some(0), "the view's own tiles are missing");
    tiles.answer();
    harness.run_steps(20);
    assert!(parts().is_some_and(|parts| parts > 20), "{:?}", parts());
    let request = last().flatten().expect("a request");
    let area: usize = request.parts.iter().map(|part| part.rect.area()).sum();
    let canvas = harness.state().canvas_rect_in_pixels().size();
    assert!((canvas.area()..canvas.area() * 5 / 4).contains(&area), "{area} of {}", canvas.area());
    tiles.0.borrow_mut().is_silent = true;
    harness.state_mut().apply(Command::ZoomTo(5.0));
    harness.step();
    assert_eq!(parts(), Some(0), "it moves");
    harness.run_steps(20);
    assert_eq!(parts(), Some(0), "its tiles are not there");
    tiles.answer();
    harness.run_steps(20);
    assert!(parts().is_some_and(|parts| parts > 20));
    harness.state_mut().apply(Command::ToggleMap);
    harness.step();
    assert!(last().expect("was asked").is_none(), "the memory is given back");
    // At ×1 no network makes a pixel.
    harness.state_mut().apply(Command::ZoomTo(1.0));
    harness.state_mut().apply(Command::ToggleMap);
    harness.run_steps(20);
    assert_eq!(progress(harness.state()), MapProgress::Nothing);
    harness.get_by_label("No network makes any pixel of this view.");
}

#[test]
fn the_export_panel_writes_a_map_and_its_command_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("in.png");
    std::fs::write(&file, "451x300").expect("a file for the test");
    std::fs::write(folder.path().join("out-invention.png"), "an older map").expect("a file for the test");
    let (mut harness, _) = window_of(1.0, |_| None, vec![file], None);
    wait_for(&mut harness, |harness| harness.state().picture().is_some());
    harness.state_mut().apply(Command::ZoomTo(7.3));
    harness.run();
    harness.state_mut().apply(export::Command::Show);
    let output = folder.path().join("out.png");
    harness.state_mut().apply(export::Command::EditPath(output.to_string_lossy().into_owned()));
    harness.run();
    assert!(draft(&harness).map.is_none());
    harness.get_by_label("Invention map in a file beside it").click();
    harness.run();
    // The map's file is there already.
    wait_for(&mut harness, |harness| harness.query_by_label("Replace the existing file").is_some());
    harness.run();
    harness.get_by_label("Disagreement").click();
    harness.run();
    assert!(harness.get_by_label("Export").accesskit_node().is_disabled());
    harness.get_by_label("Replace the existing file").click();
    harness.run();
    let job = draft(&harness);
    let map = job.map.clone().expect("a map");
    assert_eq!((map.path.clone(), map.layer), (folder.path().join("out-invention.png"), InventionLayer::Disagreement));
    assert!(!harness.get_by_label("Export").accesskit_node().is_disabled());
    let text = copied(&mut harness);
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let line = parse_export(&words).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!((line.map, line.output, line.overwrite), (Some(map), job.output, true));
    if let Some(image) = crate::pixels::rendered(&mut harness) {
        crate::pixels::save(&image, "export with a map");
    }
    // Where nothing is invented there is nothing to write.
    harness.state_mut().apply(Command::SetMode(Mode::Always(Source::Bicubic)));
    harness.run();
    assert!(harness.get_by_label("Export").accesskit_node().is_disabled());
    assert!(harness.query_by_label_contains("nothing to map").is_some());
}
