//! All pictures of a folder, exported in the window.

use crate::PICTURE;
use crate::stub::{picture, wait_for, window_with};
use egui_kittest::kittest::{NodeT, Queryable};
use zoomfield::app::export::choice::{ExportChoice, ExportPart, Sizing};
use zoomfield::app::export::folder::folder_draft;
use zoomfield::app::{App, export};
use zoomfield::picture::Picture;

fn window_in(folder: &str) -> crate::Harness<'static, App> {
    let (mut harness, _) = window_with(Picture { path: format!("{folder}/a.jpg").into(), ..picture(PICTURE) });
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    harness.get_by_label("All of its folder").click();
    harness.run();
    harness
}

#[test]
fn a_folder_is_exported_by_names_with_fields() {
    let mut harness = window_in("photos");
    assert_eq!(harness.get_by_label("Names").value().as_deref(), Some("{dir}/{name}_{scale}x.png"));
    harness.get_by_label("All pictures in photos and the folders inside it.");
    harness.get_by_label("JPEG").click();
    harness.run();
    let app = harness.state();
    let job = folder_draft(&app.slices().export.form, app.scene()).unwrap_or_else(|reason| panic!("{reason}"));
    assert_eq!(job.naming.output.to_string(), "{dir}/{name}_{scale}x.jpg");
    assert_eq!((job.naming.scale, job.line.overwrite), (Some(1.0), false));
    // What is wrong with the names is said, and the button waits.
    harness.state_mut().apply(export::Command::EditPath("out/{title}.png".into()));
    harness.run();
    assert!(harness.query_by_label_contains("there is no field {title}").is_some());
    assert!(harness.get_by_label("Export").accesskit_node().is_disabled());
    let choice = ExportChoice { part: ExportPart::Folder, sizing: Sizing::Pixels, ..ExportChoice::default() };
    harness.state_mut().apply(export::Command::EditPath("{dir}/{name}_{scale}.png".into()));
    harness.state_mut().apply(export::Command::Change(choice));
    harness.run();
    assert!(harness.query_by_label_contains("Leave {scale} out of the name").is_some());
    // One picture again has the name of one.
    harness.get_by_label("Whole picture").click();
    harness.run();
    assert_eq!(harness.get_by_label("File").value().as_deref(), Some("photos/a-x1.png"));
}

#[test]
fn what_failed_in_a_folder_is_told() {
    let mut harness = window_in("photos");
    harness.get_by_label("Export").click();
    wait_for(&mut harness, |harness| {
        harness.query_by_label_contains("1 written, 1 there already, 1 failed. The first that failed").is_some()
    });
    assert!(harness.state().slices().export.folder.is_none());
    let mut harness = window_in("empty");
    harness.get_by_label("Export").click();
    wait_for(&mut harness, |harness| harness.query_by_label_contains("it holds no pictures").is_some());
}

#[test]
fn a_folder_shows_how_far_it_is_and_can_be_stopped() {
    let mut harness = window_in("slow");
    harness.get_by_label("Export").click();
    wait_for(&mut harness, |harness| harness.query_by_label("Exporting the folder slow: 1 of 3").is_some());
    assert!(harness.state().slices().export.holds_window());
    // A panel in a corner moves when it grows.
    harness.run_steps(3);
    harness.get_by_label("Stop the folder").click();
    wait_for(&mut harness, |harness| harness.query_by_label_contains("stopped, 2 left").is_some());
}
