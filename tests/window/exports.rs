//! Exports in the window: the panel, selections, the queue, the command line, and closing.

use crate::stub::{OUTSIDE, picture, view, wait_for, window, window_before_its_model, window_with};
use crate::{Harness, PICTURE};
use eframe::egui::{self, Modifiers, ViewportCommand, ViewportEvent, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zoomfield::app::env::Panel;
use zoomfield::app::export::choice::{ExportChoice, ExportPart, Sizing};
use zoomfield::app::ports::Outside;
use zoomfield::app::{App, Command, export};
use zoomfield::export::ExportJob;
use zoomfield::geometry::{Region, Size};

fn wait_for_label(harness: &mut Harness<'_, App>, label: &str) {
    for _ in 0..500 {
        harness.step();
        if harness.query_by_label(label).is_some() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(4));
    }
    panic!("waited in vain for {label}");
}

fn choice(harness: &Harness<'_, App>) -> ExportChoice {
    match harness.state().window().panel {
        Panel::Export => harness.state().slices().export.form.choice.clone(),
        other => panic!("the export panel is not open: {other:?}"),
    }
}

pub(crate) fn draft(harness: &Harness<'_, App>) -> ExportJob {
    let Panel::Export = harness.state().window().panel else { panic!("the export panel is not open") };
    let app = harness.state();
    export::draft::draft(&app.slices().export.form, app.scene()).unwrap_or_else(|reason| panic!("{reason}")).0
}

pub(crate) fn choose(harness: &mut Harness<'_, App>, choice: ExportChoice) {
    harness.state_mut().apply(export::Command::Change(choice));
    harness.run_steps(8);
}

fn start(harness: &mut Harness<'_, App>, path: &str) {
    harness.state_mut().apply(export::Command::Show);
    harness.state_mut().apply(export::Command::EditPath(path.into()));
    harness.state_mut().apply(export::Command::Start);
}

/// The commands to the window of a step.
fn step(harness: &mut Harness<'_, App>) -> Vec<ViewportCommand> {
    harness.step();
    harness.output().viewport_output.values().flat_map(|output| output.commands.clone()).collect()
}

fn ask_to_close(harness: &mut Harness<'_, App>) -> Vec<ViewportCommand> {
    let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
    viewport.events.push(ViewportEvent::Close);
    step(harness)
}

#[test]
fn every_way_to_say_a_size_is_in_the_panel() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    harness.get_by_label("Whole picture").click();
    harness.run();
    for (way, field, size) in [
        ("As on the screen", None, Size::new(451, 300)),
        ("Scale", Some("Times"), Size::new(1804, 1200)),
        ("Pixels", Some("Width"), Size::new(1920, 1277)),
        ("Megapixels", Some("Million pixels"), Size::new(4247, 2825)),
        ("Paper", Some("Dots per inch"), Size::new(1772, 1179)),
    ] {
        harness.get_by_label(way).click();
        harness.run();
        assert_eq!(draft(&harness).grid.size(), size, "{way}");
        assert!(field.is_none_or(|field| harness.query_all_by_label(field).next().is_some()), "{way}");
    }
    assert_eq!(draft(&harness).file.dpi, Some(300.0));
    harness.get_by_label("Pixels").click();
    harness.run();
    harness.get_by_label("Keep the aspect").click();
    harness.run();
    assert_eq!(draft(&harness).grid.size(), Size::new(1920, 1080));
    assert_eq!(draft(&harness).file.dpi, None);
}

#[test]
fn the_format_is_chosen_and_its_options_follow() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    harness.get_by_label("16 bits").click();
    harness.run();
    assert_eq!(draft(&harness).file.bits, Some(16));
    harness.get_by_label("JPEG").click();
    harness.run();
    assert_eq!(harness.get_by_label("File").value().as_deref(), Some("untitled-x1.jpg"));
    assert!(harness.query_by_label("16 bits").is_none());
    assert!(harness.query_all_by_label("Quality").next().is_some());
    harness.get_by_label("Leave out what the camera wrote (EXIF, XMP)").click();
    harness.run();
    assert!(draft(&harness).file.strip_metadata);
    assert!(draft(&harness).file.provenance && draft(&harness).asked.is_some());
    harness.get_by_label("Say in the file how it was made (XMP)").click();
    harness.run();
    assert!(!draft(&harness).file.provenance);
}

#[test]
fn the_panel_says_what_an_export_will_take() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.run();
    harness.state_mut().show(picture(PICTURE));
    harness.run();
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    harness.get_by_label("Whole picture").click();
    harness.run();
    assert!(harness.query_by_label_contains("Memory: about").is_some());
    assert!(harness.query_by_label_contains("MP). File: about").is_some());
    // The stub's exports take a tenth of a second: then the speed is known.
    start(&mut harness, "speed.png");
    wait_for(&mut harness, |harness| harness.state().slices().export.rates.iter().any(Option::is_some));
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    assert!(harness.query_by_label_contains("Time: about 1 s").is_some());
}

#[test]
fn a_selection_is_drawn_with_shift() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let before = view(&harness);
    let canvas = harness.state().canvas_rect_in_pixels();
    harness.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    let (from, to) = (pos2(500.0, 400.0), pos2(620.0, 460.0));
    harness.drag_at(from);
    harness.step();
    harness.hover_at(to);
    harness.step();
    harness.drop_at(to);
    harness.step();
    assert_eq!(view(&harness), before, "drawing does not move the view");
    let seen = choice(&harness);
    let at = |x: f32, y: f32| before.image_from_screen([f64::from(x), f64::from(y) - canvas.y as f64]);
    let ([x, y], [right, bottom]) = (at(from.x, from.y), at(to.x, to.y));
    assert_eq!(seen.part, ExportPart::Selection);
    assert_eq!(seen.selection, Some(Region { x, y, width: right - x, height: bottom - y }));
    harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
    assert_eq!(draft(&harness).grid.size(), Size::new(120, 60));
    // Fractions can be typed; a rectangle outside is explained, not exported.
    let selection = Some(Region { x: 440.5, y: 0.25, width: 20.0, height: 3.0 });
    choose(&mut harness, ExportChoice { selection, ..seen });
    assert!(harness.get_by_label("Export").accesskit_node().is_disabled());
    harness.get_by_label("The selection is not inside the picture. Draw it again, or change its numbers.");
}

#[test]
fn the_panel_asks_for_a_selection_and_a_plain_drag_draws_it() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    harness.get_by_label("Selection").click();
    harness.run();
    harness.get_by_label("Draw a selection on the picture first.");
    harness.get_by_label("Draw the selection").click();
    harness.run();
    harness.get_by_label("Drag over the picture.");
    harness.drag_at(pos2(500.0, 400.0));
    harness.step();
    harness.hover_at(pos2(540.0, 430.0));
    harness.step();
    harness.drop_at(pos2(540.0, 430.0));
    harness.run();
    assert_eq!(draft(&harness).grid.size(), Size::new(40, 30));
    assert!(harness.query_by_label("Drag over the picture.").is_none());
}

#[test]
fn exports_queue_and_can_be_withdrawn() {
    let (mut harness, _) = window_with(picture(PICTURE));
    start(&mut harness, "slow.png");
    start(&mut harness, "second.png");
    start(&mut harness, "third.png");
    harness.step();
    wait_for_label(&mut harness, "Waiting: third.png");
    harness.get_by_label("Waiting: second.png");
    // A panel in a corner moves when it grows.
    harness.run_steps(3);
    harness.query_all_by_label("Withdraw").next().expect("a button").click();
    harness.run_steps(10);
    let waiting = |harness: &Harness<'_, App>| -> Vec<String> {
        let jobs = harness.state().slices().export.waiting.iter();
        jobs.map(|job| job.output.to_string_lossy().into_owned()).collect()
    };
    assert_eq!(waiting(&harness), ["third.png"]);
    harness.get_by_label("Cancel export").click();
    wait_for_label(&mut harness, "Done: third.png");
    harness.run_steps(3);
    let outside = || OUTSIDE.lock().expect("no test panicked here").clone();
    harness.get_by_label("Show folder").click();
    wait_for(&mut harness, |_| outside().contains(&Outside::Folder("third.png".into())));
    harness.get_by_label("Open").click();
    wait_for_label(&mut harness, "Cannot show third.png (no program)");
    harness.get_by_label("Forget").click();
    harness.run();
    assert!(harness.query_by_label("Done: third.png").is_none());
}

#[test]
fn closing_during_an_export_is_asked_about() {
    let (mut harness, _) = window_with(picture(PICTURE));
    assert!(!ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose), "nothing runs");
    start(&mut harness, "slow.png");
    harness.step();
    assert!(ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose));
    wait_for_label(&mut harness, "An export is running");
    harness.get_by_label("Keep the window open").click();
    wait_for(&mut harness, |harness| harness.state().window().panel == Panel::Closed);
    assert!(harness.state().slices().export.running.is_some());
    assert!(ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose));
    wait_for_label(&mut harness, "Stop it and close");
    harness.state_mut().apply(Command::CancelAndClose);
    assert!(step(&mut harness).contains(&ViewportCommand::Close));
    assert!(!ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose), "the answer was given");
}

#[test]
fn a_window_that_was_to_close_stays_where_an_export_failed() {
    let (mut harness, _) = window_with(picture(PICTURE));
    start(&mut harness, "full.png");
    harness.state_mut().apply(Command::FinishThenClose);
    wait_for_label(&mut harness, "Dismiss");
    harness.get_by_label_contains("the disk is full");
    for _ in 0..30 {
        assert!(!step(&mut harness).contains(&ViewportCommand::Close), "nobody has seen that there is no file");
    }
    assert!(!harness.state().slices().export.closes_when_done);
}

#[test]
fn the_window_closes_once_its_exports_are_done() {
    let (mut harness, _) = window_with(picture(PICTURE));
    start(&mut harness, "a.png");
    assert!(ask_to_close(&mut harness).contains(&ViewportCommand::CancelClose));
    wait_for_label(&mut harness, "Finish, then close");
    harness.state_mut().apply(Command::FinishThenClose);
    let mut has_closed = false;
    for _ in 0..300 {
        has_closed |= step(&mut harness).contains(&ViewportCommand::Close);
        if has_closed {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(4));
    }
    assert!(has_closed && harness.state().slices().export.running.is_none());
    assert_eq!(harness.state().slices().export.finished, [std::path::PathBuf::from("a.png")]);
}

#[test]
fn exports_that_fail_are_explained_and_do_not_stop_the_others() {
    let (mut harness, _) = window_with(picture(PICTURE));
    for name in ["full.png", "broken.png", "fine.png"] {
        start(&mut harness, name);
    }
    wait_for_label(&mut harness, "Done: fine.png");
    harness.get_by_label("Cannot write full.png: the disk is full; free some space or choose another");
    harness.get_by_label("Cannot write broken.png: the export ended unexpectedly");
    assert_eq!(harness.state().slices().export.finished.len(), 1);
}

fn file(harness: &Harness<'_, App>) -> String {
    harness.get_by_label("File").value().unwrap_or_default()
}

#[test]
fn the_name_is_typed_over_and_enter_exports() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::E);
    harness.run();
    assert_eq!(file(&harness), "untitled-x1.png");
    assert!(harness.get_by_label("File").is_focused());
    harness.event(egui::Event::Text("bird".into()));
    harness.run();
    assert_eq!(file(&harness), "bird.png", "the ending stays");
    harness.key_press(egui::Key::Enter);
    wait_for_label(&mut harness, "Written: bird.png (2.5 MB)");
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::E);
    harness.run();
    harness.key_press(egui::Key::Escape);
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Closed);
}

#[test]
fn enter_does_not_replace_a_file_that_nobody_gave_up() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there.png");
    std::fs::write(&there, "x").unwrap();
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(export::Command::Show);
    harness.state_mut().apply(export::Command::EditPath(there.to_string_lossy().into_owned()));
    wait_for_label(&mut harness, "Replace the existing file");
    harness.key_press(egui::Key::Enter);
    wait_for_label(&mut harness, "This file exists already. Type another name, or tick “Replace the existing file”.");
    assert!(
        harness.state().slices().export.running.is_none() && matches!(harness.state().window().panel, Panel::Export)
    );
}

#[test]
fn the_buttons_are_in_the_window_however_much_the_panel_holds() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.set_size(egui::vec2(1000.0, 720.0));
    harness.run();
    harness.state_mut().apply(export::Command::Show);
    let selection = Some(Region { x: 10.0, y: 20.0, width: 30.0, height: 40.0 });
    let all = ExportChoice { part: ExportPart::Selection, selection, sizing: Sizing::Paper, ..choice(&harness) };
    choose(&mut harness, all);
    let canvas = harness.state().canvas_rect_in_pixels();
    for label in ["Copy as command", "Cancel", "Export"] {
        let rect = harness.get_by_label(label).rect();
        assert!(rect.max.y < canvas.bottom() as f32 && rect.max.x < 1000.0, "{label} is at {rect:?}");
    }
}

#[test]
fn before_its_model_is_there_the_panel_says_what_it_waits_for() {
    let is_let = Arc::new(AtomicBool::new(false));
    let mut harness = window_before_its_model(is_let.clone());
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::E);
    wait_for_label(&mut harness, "There is nothing to export yet; open a picture first.");
    harness.state_mut().show(picture(PICTURE));
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::E);
    harness.run();
    let waiting = "The model is still being loaded; the export can start in a moment.";
    assert_eq!(harness.query_all_by_label(waiting).count(), 1, "the panel says so");
    assert!(harness.get_by_label("Export").accesskit_node().is_disabled());
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(harness.query_all_by_label(waiting).count(), 2, "and a toast");
    is_let.store(true, Ordering::SeqCst);
    wait_for(&mut harness, |harness| !harness.get_by_label("Export").accesskit_node().is_disabled());
}
