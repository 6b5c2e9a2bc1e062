//! The bar above the canvas at every width, and the one below it.

use crate::stub::{picture, window_with};
use crate::{Harness, PICTURE};
use eframe::egui::vec2;
use egui_kittest::kittest::Queryable;
use zoomfield::app::App;
use zoomfield::app::env::Panel;
use zoomfield::kernel::Precision;

fn at_width(width: f32) -> Harness<'static, App> {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.set_size(vec2(width, 720.0));
    harness.run();
    harness
}

#[test]
fn the_bar_is_one_row_and_everything_in_it_can_be_seen() {
    for width in [1600.0, 1280.0, 1276.0, 1250.0, 1100.0, 1021.0, 1000.0, 955.0, 800.0, 700.0] {
        let harness = at_width(width);
        let canvas = harness.state().canvas_rect_in_pixels();
        assert!(canvas.y <= 42, "at {width} the bar is {} high", canvas.y);
        let last = if width < 1260.0 { "More" } else { "Help" };
        let rects = ["Open…", "Zoom in", "Change how pixels are made", "Export this view…", last]
            .map(|label| harness.get_by_label(label).rect());
        assert!(rects.iter().all(|rect| rect.max.x <= width && rect.max.y < canvas.y as f32), "{width}: {rects:?}");
    }
}

#[test]
fn what_has_no_room_is_in_the_menu() {
    let mut harness = at_width(800.0);
    assert!(harness.query_by_label("Settings").is_none());
    harness.get_by_label("More").click();
    harness.run();
    harness.get_by_label("Compare").click();
    harness.run();
    assert!(harness.state().slices().compare.split.is_some());
    assert!(harness.query_by_label("Settings").is_none(), "the menu closes");
    harness.get_by_label("More").click();
    harness.run();
    harness.get_by_label("Invention map").click();
    harness.run();
    assert!(harness.state().slices().view.inquiry.shows_map);
    harness.get_by_label("Close the map").click();
    harness.run();
    assert!(!harness.state().slices().view.inquiry.shows_map);
    harness.get_by_label("More").click();
    harness.run();
    assert!(harness.query_all_by_label("Strength").next().is_some());
    harness.get_by_label("Settings").click();
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Settings);
}

#[test]
fn the_bar_below_names_what_computes_and_on_which_instructions() {
    let harness = at_width(1280.0);
    let path = format!("CPU {}", Precision::best().path());
    assert!(harness.query_by_label_contains(&path).is_some(), "{path} is not in the bar");
    assert!(at_width(600.0).query_by_label_contains(&path).is_none(), "there is no room for it");
}
