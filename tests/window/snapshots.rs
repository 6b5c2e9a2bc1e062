//! What the window looks like, against pictures of it. `UPDATE_SNAPSHOTS=1` draws them anew.
//!
//! Small windows and a picture of few colours keep the files small; the threshold leaves room for another driver.

use crate::Harness;
use crate::stub::window;
use eframe::egui::{Key, vec2};
use egui_kittest::SnapshotOptions;
use zoomfield::app::compare::split::Side;
use zoomfield::app::settings::ThemeChoice;
use zoomfield::app::{App, compare, settings, view};
use zoomfield::geometry::Size;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;

/// Flat fields, a round shape, and a transparent corner.
fn flat() -> Picture {
    let size = Size::new(96, 64);
    let color = |i: usize| {
        let (x, y) = ((i % size.width) as f64, (i / size.width) as f64);
        let is_round = (x - 60.0).hypot(y - 26.0) < 16.0;
        if is_round {
            [230, 190, 90]
        } else if y < 40.0 {
            [96, 150, 200]
        } else {
            [70, 120, 80]
        }
    };
    Picture::from_rgb8(size, (0..size.area()).flat_map(color).collect())
}

fn small(theme: ThemeChoice) -> Harness<'static, App> {
    let (mut harness, _) = window(1.0, |_| None);
    harness.set_size(vec2(760.0, 480.0));
    let mut settings = harness.state().slices().settings.choices.clone();
    settings.theme = theme;
    harness.state_mut().apply(settings::Command::Change(settings));
    harness.run();
    harness
}

fn with_picture(theme: ThemeChoice) -> Harness<'static, App> {
    let mut harness = small(theme);
    harness.state_mut().show(flat());
    harness.run();
    harness
}

fn compare(harness: &mut Harness<'_, App>, name: &str) {
    harness.run();
    if crate::pixels::rendered(harness).is_some() {
        let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(600);
        harness.snapshot_options(name, &options);
    }
}

#[test]
fn the_empty_window() {
    compare(&mut small(ThemeChoice::Dark), "empty");
}

#[test]
fn a_picture_in_the_light_theme() {
    compare(&mut with_picture(ThemeChoice::Light), "picture-light");
}

#[test]
fn the_help() {
    let mut harness = with_picture(ThemeChoice::Dark);
    harness.key_press(Key::F1);
    compare(&mut harness, "help");
}

#[test]
fn a_zoom_being_typed() {
    let mut harness = with_picture(ThemeChoice::Dark);
    harness.key_press(Key::Z);
    compare(&mut harness, "zoom");
}

#[test]
fn the_settings() {
    let mut harness = with_picture(ThemeChoice::Dark);
    harness.state_mut().apply(settings::Command::Toggle);
    compare(&mut harness, "settings");
}

#[test]
fn a_comparison() {
    let mut harness = with_picture(ThemeChoice::Dark);
    harness.state_mut().apply(view::Command::ZoomTo(24.0));
    harness.state_mut().apply(compare::Command::ToggleSplit);
    harness.state_mut().apply(compare::Command::SetSide { is_left: true, side: Side::Own(Source::Nearest) });
    compare(&mut harness, "comparison");
}

#[test]
fn the_values_of_pixels() {
    let mut harness = with_picture(ThemeChoice::Dark);
    harness.state_mut().apply(view::Command::ZoomTo(64.0));
    harness.state_mut().apply(view::Command::TogglePixelGrid);
    harness.run();
    compare(&mut harness, "pixel-values");
}
