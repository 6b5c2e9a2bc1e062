//! The window by its labels: panels, keys, wheel, and what is on the canvas.
#![cfg(feature = "app")]

#[path = "common/animations.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "other tests need other formats; tests may panic")]
mod animations;
#[path = "window/commands.rs"]
mod commands;
#[path = "window/copying.rs"]
mod copying;
#[path = "window/exports.rs"]
mod exports;
#[path = "window/fields.rs"]
mod fields;
#[path = "window/files.rs"]
mod files;
#[path = "window/folders.rs"]
mod folders;
#[path = "window/fonts.rs"]
mod fonts;
#[path = "common/gigapixel.rs"]
mod gigapixel;
#[path = "common/hashes.rs"]
mod hashes;
#[path = "common/icc.rs"]
mod icc;
#[path = "window/inquiry.rs"]
mod inquiry;
#[path = "window/keys.rs"]
mod keys;
#[path = "window/large.rs"]
mod large;
#[path = "window/library.rs"]
mod library;
#[path = "window/looks.rs"]
mod looks;
#[path = "window/loupe.rs"]
mod loupe;
#[path = "window/paging.rs"]
mod paging;
#[path = "window/pixels.rs"]
mod pixels;
#[path = "color/profile.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "other tests need its mathematics; tests may panic")]
mod profile;
#[path = "window/refine.rs"]
mod refine;
#[path = "window/resuming.rs"]
mod resuming;
#[path = "window/same.rs"]
mod same;
#[path = "window/settings.rs"]
mod settings;
#[path = "window/snapshots.rs"]
mod snapshots;
#[path = "window/stub.rs"]
mod stub;
#[path = "color/table.rs"]
mod table;
#[path = "common/tagged.rs"]
mod tagged;
#[path = "window/toolbar.rs"]
mod toolbar;
#[path = "window/training.rs"]
mod training;
#[path = "window/training_run.rs"]
mod training_run;
#[path = "window/unchanged.rs"]
mod unchanged;

use eframe::egui::{self, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use std::path::PathBuf;
use stub::{picture, view, wait_for, window, window_with};
use zoomfield::app::env::Panel;
use zoomfield::app::files::Command as FileCommand;
use zoomfield::app::settings::Command as SettingsCommand;
use zoomfield::app::view::Sharpness;
use zoomfield::app::window::keys::{GESTURES, SHORTCUTS};
use zoomfield::app::{App, export, view};
use zoomfield::geometry::{PixelRect, Size, View};
use zoomfield::recipe::Source;

const PICTURE: Size = Size::new(451, 300);

fn wheel(harness: &Harness<'_, App>, notches: f32, modifiers: Modifiers) {
    harness.event(egui::Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, notches),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers,
    });
}

#[test]
fn an_empty_window_says_what_to_do() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.run();
    harness.get_by_label("Drop a picture here, or press Ctrl+O");
    harness.get_by_label("Open a picture…");
    assert!(harness.get_by_label("Fit").accesskit_node().is_disabled());
    assert!(harness.state().view().is_none() && !harness.state().is_exact());
}

#[test]
fn toolbar_buttons_do_what_they_say() {
    let (mut harness, _) = window_with(picture(PICTURE));
    assert_eq!(view(&harness).zoom, 1.0);
    harness.get_by_label("Zoom in").click();
    harness.run();
    assert_eq!(view(&harness).zoom, 1.5);
    harness.get_by_label("Zoom out").click();
    harness.run();
    assert!((view(&harness).zoom - 1.0).abs() < 1e-9);
    harness.get_by_label("Fit").click();
    harness.run();
    let canvas = harness.state().canvas_rect_in_pixels().size();
    assert_eq!(view(&harness), View::fit(PICTURE, canvas).snapped());
    harness.get_by_label("100 %").click();
    harness.run();
    assert_eq!(view(&harness).zoom, 1.0);
    harness.get_by_label("Help").click();
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Help);
    harness.get_by_label("Close").click();
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Closed);
    harness.get_by_label("Export this view…").click();
    harness.run();
    assert!(matches!(harness.state().window().panel, Panel::Export));
}

#[test]
fn keys_zoom_and_pan() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let press = |harness: &mut Harness<'_, App>, key| {
        harness.key_press(key);
        harness.run();
        view(harness)
    };
    let press_shift = |harness: &mut Harness<'_, App>| {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
        harness.run();
        view(harness)
    };
    assert_eq!(press(&mut harness, Key::Num7).zoom, 7.0);
    assert_eq!(press(&mut harness, Key::Num1).zoom, 1.0);
    assert_eq!(press(&mut harness, Key::Plus).zoom, 1.5);
    assert_eq!(press(&mut harness, Key::Equals).zoom, 2.25);
    assert!((press(&mut harness, Key::Minus).zoom - 1.5).abs() < 1e-9);
    let before = press(&mut harness, Key::Num4);
    let after = press_shift(&mut harness);
    assert_eq!(after.corner_on_screen[0], before.corner_on_screen[0] - 80.0);
    assert!(press(&mut harness, Key::Num0).zoom > 2.0);
}

#[test]
fn the_wheel_keeps_the_point_under_the_cursor() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let at = pos2(700.0, 430.0);
    harness.hover_at(at);
    harness.run();
    let canvas = harness.state().canvas_rect_in_pixels();
    let cursor = [f64::from(at.x) - canvas.x as f64, f64::from(at.y) - canvas.y as f64];
    let anchor = view(&harness).image_from_screen(cursor);
    for notches in [1.0, 3.0, -2.0, 8.0, -1.0, 5.0, -6.0] {
        wheel(&harness, notches, Modifiers::NONE);
        harness.run();
        let now = view(&harness).screen_from_image(anchor);
        assert!((now[0] - cursor[0]).abs() <= 0.5 + 1e-6 && (now[1] - cursor[1]).abs() <= 0.5 + 1e-6);
    }
    assert!((view(&harness).zoom - 1.25f64.powi(8)).abs() < 1e-9);
    wheel(&harness, 1.0, Modifiers::SHIFT);
    harness.run();
    assert!((view(&harness).zoom / 1.25f64.powi(8) - 1.03).abs() < 1e-9);
}

#[test]
fn dragging_pans_and_a_double_click_toggles() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let before = view(&harness).corner_on_screen;
    harness.drag_at(pos2(600.0, 400.0));
    harness.run();
    harness.hover_at(pos2(650.0, 370.0));
    harness.run();
    harness.drop_at(pos2(650.0, 370.0));
    harness.run();
    assert_eq!(view(&harness).corner_on_screen, [before[0] + 50.0, before[1] - 30.0]);
    harness.run_steps(30);
    for _ in 0..2 {
        harness.drag_at(pos2(650.0, 370.0));
        harness.drop_at(pos2(650.0, 370.0));
        harness.step();
    }
    harness.run();
    assert!(view(&harness).zoom > 2.0, "a double click at ×1 fits");
}

#[test]
fn a_view_at_rest_is_asked_for_once_and_becomes_exact() {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    assert_eq!(harness.state().slices().view.sharpness, Sharpness::Resampled);
    let asked = tiles.0.borrow().requests.len();
    harness.key_press(Key::Num9);
    harness.run();
    assert_eq!(tiles.0.borrow().requests.len(), asked + 2);
    let [ahead, then] = [0, 1].map(|i| tiles.0.borrow().requests[asked + i].clone());
    // While the view moves: no pixels, but what the network must read in the middle, where no cursor says otherwise.
    let middle = then.focus_in_output.map(|at| at as usize);
    assert!(ahead.wanted.is_empty() && ahead.number < then.number);
    let [likely] = ahead.likely[..] else { panic!("{:?}", ahead.likely) };
    let usual = fields::locked(Source::NEURAL);
    assert!(likely.key.recipe == usual);
    assert!(likely.rect.contains(PixelRect { x: middle[0], y: middle[1], width: 1, height: 1 }));
    assert!(then.likely.is_empty() && then.wanted.iter().any(|part| part.key.recipe == usual));
    assert!(harness.state().is_exact());
    assert_eq!(harness.state().slices().view.sharpness, Sharpness::Exact);
    harness.get_by_label("Sharp (LIIF)");
    harness.run_steps(10);
    assert_eq!(tiles.0.borrow().requests.len(), asked + 2);
    // The same tiles serve again after a detour.
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
    harness.run();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    harness.run();
    let last = tiles.0.borrow().requests.last().map(|request| request.wanted.len());
    assert_eq!(last, Some(0));
}

/// Memory that is given back is given back now, not with the next view.
#[test]
fn the_renderer_hears_of_another_budget_at_once() {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    let mut settings = harness.state().slices().settings.choices.clone();
    settings.feature_budget_mib = 128;
    harness.state_mut().apply(SettingsCommand::Change(settings));
    harness.run();
    let last = tiles.0.borrow().requests.last().cloned().expect("a request");
    assert_eq!(last.feature_budget_bytes, 128 << 20);
    assert!(last.wanted.is_empty() && last.likely.is_empty());
}

#[test]
fn the_view_is_not_exact_before_its_tiles_have_faded_in() {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    tiles.0.borrow_mut().is_silent = true;
    harness.key_press(Key::Num6);
    harness.run();
    assert!(!harness.state().is_exact());
    harness.get_by_label("Sharpening…");
    tiles.answer();
    harness.step();
    assert!(!harness.state().is_exact(), "the first frame with the tiles still fades");
    harness.run();
    assert!(harness.state().is_exact());
}

#[test]
fn the_help_lists_every_key() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.key_press(Key::F1);
    harness.run();
    let texts = SHORTCUTS.iter().flat_map(|shortcut| [shortcut.keys, shortcut.label]);
    for text in texts.chain(GESTURES.iter().flat_map(|(gesture, label)| [*gesture, *label])) {
        assert!(harness.query_all_by_label(text).next().is_some(), "{text} is not listed");
    }
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Closed);
}

#[test]
fn the_export_panel_says_what_it_will_write() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.key_press(Key::Num9);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run();
    let canvas = harness.state().canvas_rect_in_pixels();
    harness.get_by_label(&format!("{}×{} pixels at ×9.0", canvas.width, canvas.height));
    assert_eq!(harness.get_by_label("File").value().as_deref(), Some("untitled-x9.png"));
    harness.get_by_label("Export").click();
    wait_for(&mut harness, |harness| harness.query_by_label("Written: untitled-x9.png (2.5 MB)").is_some());
}

#[test]
fn an_existing_file_is_only_replaced_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("there.png");
    std::fs::write(&file, "x").unwrap();
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(export::Command::Show);
    harness.state_mut().apply(export::Command::EditPath(file.to_string_lossy().into_owned()));
    wait_for(&mut harness, |harness| harness.query_by_label("Replace the existing file").is_some());
    assert!(harness.get_by_label("Export").accesskit_node().is_disabled());
    harness.get_by_label("Replace the existing file").click();
    harness.run();
    assert!(!harness.get_by_label("Export").accesskit_node().is_disabled());
}

#[test]
fn a_running_export_can_be_stopped() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(export::Command::Show);
    harness.state_mut().apply(export::Command::EditPath("slow.png".into()));
    harness.state_mut().apply(export::Command::Start);
    wait_for(&mut harness, |harness| harness.query_by_label("Exporting slow.png").is_some());
    harness.get_by_label("Cancel export").click();
    wait_for(&mut harness, |harness| harness.query_by_label("Export stopped; nothing was written.").is_some());
}

#[test]
fn an_export_waits_while_the_view_waits_for_tiles() {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    tiles.0.borrow_mut().is_silent = true;
    harness.state_mut().apply(view::Command::ZoomTo(9.0));
    harness.run();
    harness.state_mut().apply(export::Command::Show);
    harness.state_mut().apply(export::Command::EditPath("held.png".into()));
    harness.state_mut().apply(export::Command::Start);
    for _ in 0..100 {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(6));
    }
    assert!(harness.state().slices().export.running.is_some(), "the export went on although the view was waiting");
    tiles.0.borrow_mut().is_silent = false;
    harness.state_mut().apply(view::Command::ZoomTo(8.0));
    wait_for(&mut harness, |harness| harness.state().slices().export.running.is_none());
}

#[test]
fn typing_does_not_zoom() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(FileCommand::ShowPanel);
    harness.run();
    let zoom = view(&harness).zoom;
    for (key, text) in [(Key::Num5, "5"), (Key::F, "f"), (Key::Plus, "+"), (Key::Questionmark, "?")] {
        harness.key_press(key);
        harness.event(egui::Event::Text(text.into()));
        harness.run();
    }
    assert_eq!(harness.get_by_label("Path of a picture or a folder").value().as_deref(), Some("5f+?"));
    assert_eq!(view(&harness).zoom, zoom);
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Closed);
}

#[test]
fn a_typed_path_opens_and_a_bad_one_is_explained() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.state_mut().apply(FileCommand::ShowPanel);
    harness.run();
    harness.get_by_label("Path of a picture or a folder").type_text("/photos/bird.png");
    harness.run();
    harness.key_press(Key::Enter);
    wait_for(&mut harness, |harness| harness.state().picture().is_some());
    harness.run();
    harness.get_by_label("bird.png");
    assert_eq!(harness.state().window().panel, Panel::Closed);
    let fitted = View::fit(Size::new(120, 80), harness.state().canvas_rect_in_pixels().size()).snapped();
    assert_eq!(view(&harness), fitted, "a picture opens as large as it fits");
    assert_eq!(
        harness.state().slices().title(harness.state().window().now_secs),
        format!("bird.png — ×{:.1} — Zoomfield", fitted.zoom)
    );
    harness.state_mut().apply(FileCommand::Open("/photos/notes.txt".into()));
    let sentence = "Cannot open the picture /photos/notes.txt: this is not a picture";
    wait_for(&mut harness, |harness| harness.query_by_label(sentence).is_some());
    assert!(harness.state().picture().is_some(), "the picture before stays");
    harness.get_by_label("Dismiss").click();
    harness.run();
    assert!(harness.query_by_label(sentence).is_none());
}

#[test]
fn the_newest_picture_wins() {
    let (mut harness, _) = window(1.0, |_| None);
    for name in ["/a.png", "/b.txt", "/c.png"] {
        harness.state_mut().apply(FileCommand::Open(name.into()));
    }
    wait_for(&mut harness, |harness| harness.state().slices().files.opening.is_none());
    assert_eq!(harness.state().picture().map(|picture| picture.name()).as_deref(), Some("c.png"));
    harness.run();
    assert!(harness.query_by_label("Dismiss").is_none());
}

#[test]
fn a_dialog_that_never_came_up_leaves_a_path_to_type() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    let note = "No file dialog answered. Type the path instead.";
    wait_for(&mut harness, |harness| harness.query_by_label(note).is_some());
    let (mut harness, _) = window(1.0, |_| Some(vec![PathBuf::from("/chosen.png")]));
    harness.get_by_label("Open a picture…").click();
    wait_for(&mut harness, |harness| harness.state().picture().is_some());
}
