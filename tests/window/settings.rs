//! Settings: what the panel offers, what it changes, and what survives.

use crate::stub::{ASKED, picture, view, wait_for, window_remembering, window_with};
use crate::{PICTURE, wheel};
use eframe::egui::{self, Key, Modifiers, pos2};
use egui_kittest::kittest::Queryable;
use zoomfield::app::env::Panel;
use zoomfield::app::settings;
use zoomfield::app::settings::file::load;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::settings::{Settings, ThemeChoice, WheelAction};
use zoomfield::kernel::{Precision, PrecisionChoice};
use zoomfield::recipe::{Sampling, Source};
use zoomfield::render::Backend;

#[test]
fn every_choice_is_a_control_with_a_name() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.get_by_label("Settings").click();
    harness.run();
    assert_eq!(harness.state().window().panel, Panel::Settings);
    for (label, is_chosen) in [
        ("Theme: Light", (|s: &Settings| s.theme == ThemeChoice::Light) as fn(&Settings) -> bool),
        ("Text size: 120 %", |s| s.text_scale == 1.2),
        ("Text size: 100 %", |s| s.text_scale == 1.0),
        ("Double click: Full screen", |s| s.double_click == zoomfield::app::settings::DoubleClick::Fullscreen),
        ("Wheel: Move the view", |s| s.wheel == WheelAction::Pan),
        ("Lattice at deep zoom: Every pixel", |s| s.detail == Sampling::Exact),
        ("Lock to the source: shrunk again, it is the source", |s| !s.lock),
        ("Ensemble: 4 turns", |s| s.ensemble == zoomfield::recipe::Ensemble::Four),
        ("Memory for features: 1 GiB", |s| s.feature_budget_mib == 1024),
        ("Memory for tiles: 128 MiB", |s| s.tile_budget_mib == 128),
        ("Memory of the graphics card for the canvas: 256 MiB", |s| s.canvas_budget_mib == 256),
        ("Precision: f32", |s| s.precision == zoomfield::app::settings::Arithmetic::F32),
        ("Minimap while part of the picture is outside the window", |s| !s.minimap),
    ] {
        harness.get_by_label(label).click_accesskit();
        harness.run();
        assert!(is_chosen(&harness.state().slices().settings.choices), "{label} does nothing");
    }
    wait_for(&mut harness, |harness| !harness.state().slices().models.own.is_loading());
    harness.get_by_label("Close").click();
    harness.run();
    harness.key_press(Key::Num9);
    harness.run();
    assert!(harness.state().window().panel == Panel::Closed && harness.state().is_exact());
    let recipe = harness.state().scene().recipe().map(|recipe| recipe.to_string());
    assert_eq!(recipe.as_deref(), Some("neural:exact+ensemble:4"));
}

#[test]
fn devices_are_listed_measured_chosen_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    let mut harness = window_remembering(&file);
    harness.state_mut().apply(settings::Command::Toggle);
    harness.run_steps(2);
    let is_measured = |harness: &crate::Harness<'_, zoomfield::app::App>| {
        let devices = &harness.state().slices().settings.devices;
        devices.found().len() == 4 && !devices.is_measuring()
    };
    wait_for(&mut harness, is_measured);
    harness.run_steps(2);
    for label in [
        "Device: Automatic",
        "Device: CPU (Processor 9000), 0.61 Mpx/s in bf16-amx",
        "Device: Old Card (integrated, vulkan), cannot be used",
        "Device: llvmpipe (software, vulkan), 0.004 Mpx/s in f32",
    ] {
        harness.get_by_label(label);
    }
    harness.get_by_label_contains("its self-test failed");
    harness.get_by_label("Device: Card 5 (discrete, vulkan), 12 Mpx/s in f16").click_accesskit();
    harness.run_steps(2);
    assert_eq!(harness.state().slices().settings.choices.device, "Card 5 (discrete, vulkan)");
    wait_for(&mut harness, |harness| !harness.state().slices().models.own.is_loading());
    let asked = ASKED.lock().unwrap().iter().rfind(|asked| asked.device.is_some()).cloned().unwrap();
    // The processor stands in for a device that is not there; only f32 by name forbids half precision.
    let expected = (Backend::Auto, Some("Card 5 (discrete, vulkan)"), PrecisionChoice::Auto);
    assert_eq!((asked.backend, asked.device.as_deref(), asked.precision), expected);
    harness.get_by_label("Precision: f32").click_accesskit();
    harness.run_steps(2);
    wait_for(&mut harness, |harness| !harness.state().slices().models.own.is_loading());
    let asked = ASKED.lock().unwrap().iter().rfind(|asked| asked.device.is_some()).cloned().unwrap();
    assert_eq!(asked.precision, PrecisionChoice::Only(Precision::F32));

    harness.get_by_label("Measure again").click_accesskit();
    harness.run_steps(2);
    wait_for(&mut harness, is_measured);
    harness.run_steps(2);
    harness.get_by_label("Device: Card 5 (discrete, vulkan), 46 Mpx/s in f16");
    drop(harness);

    // Another start: chosen as before, and what has a speed is not measured again (it would be slower the first time),
    // nor is what could not be measured (it would have its first reason again).
    let text = std::fs::read_to_string(&file).unwrap();
    let (first, kept) = ("its self-test failed", "it was not fit in the last run");
    assert!(text.contains(first), "{text}");
    std::fs::write(&file, text.replace(first, kept)).unwrap();
    let mut harness = window_remembering(&file);
    assert_eq!(harness.state().slices().settings.choices.device, "Card 5 (discrete, vulkan)");
    harness.state_mut().apply(settings::Command::Toggle);
    harness.run_steps(2);
    wait_for(&mut harness, is_measured);
    harness.run_steps(2);
    harness.get_by_label("Device: Card 5 (discrete, vulkan), 46 Mpx/s in f16");
    harness.get_by_label("Device: Old Card (integrated, vulkan), cannot be used");
    harness.get_by_label_contains(kept);
    // Until it is asked for.
    harness.get_by_label("Measure again").click_accesskit();
    harness.run_steps(2);
    wait_for(&mut harness, is_measured);
    harness.run_steps(2);
    harness.get_by_label_contains(first);
    assert!(harness.query_by_label_contains(kept).is_none());
}

#[test]
fn two_windows_keep_each_others_settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    let (mut first, mut second) = (window_remembering(&file), window_remembering(&file));
    first.key_press(Key::G);
    first.run();
    second.key_press(Key::V);
    second.run();
    drop((first, second));
    let (settings, _) = load(&file);
    assert!(settings.pixel_grid && settings.mode == Mode::Always(Source::NEURAL));
}

#[test]
fn the_wheel_does_what_it_is_set_to() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.key_press(Key::Num4);
    harness.hover_at(pos2(640.0, 430.0));
    harness.run();
    let mut settings = harness.state().slices().settings.choices.clone();
    settings.wheel = WheelAction::Pan;
    harness.state_mut().apply(settings::Command::Change(settings));
    let before = view(&harness);
    wheel(&harness, -1.0, Modifiers::NONE);
    harness.run();
    let after = view(&harness);
    assert_eq!((after.zoom, after.corner_on_screen[1]), (4.0, before.corner_on_screen[1] - 50.0));
    wheel(&harness, 1.0, Modifiers::SHIFT);
    harness.run();
    assert_eq!(view(&harness).corner_on_screen[0], before.corner_on_screen[0] + 50.0);
}

#[test]
fn settings_survive_a_restart_and_damage_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    let mut harness = window_remembering(&file);
    harness.key_press(Key::V);
    harness.key_press(Key::G);
    harness.run();
    drop(harness);
    let (settings, _) = load(&file);
    assert!(settings.pixel_grid && settings.mode == Mode::Always(Source::NEURAL));
    let harness = window_remembering(&file);
    assert_eq!(harness.state().slices().settings.choices, settings);
    drop(harness);
    std::fs::write(&file, "{").unwrap();
    let mut harness = window_remembering(&file);
    harness.run_steps(3);
    harness.get_by_label_contains("so the defaults are used");
    assert_eq!(harness.state().slices().settings.choices, Settings::default());
    assert!(folder.path().join("settings.json.damaged").exists());
}

#[test]
fn text_grows_and_the_picture_does_not() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let button = |harness: &crate::Harness<'_, zoomfield::app::App>| {
        harness.get_by_label("Fit").rect().height() * harness.ctx.pixels_per_point()
    };
    let before = button(&harness);
    let mut settings = harness.state().slices().settings.choices.clone();
    settings.text_scale = 2.0;
    harness.state_mut().apply(settings::Command::Change(settings));
    harness.run_steps(6);
    assert!(button(&harness) > 1.9 * before, "{} {before}", button(&harness));
    assert_eq!(view(&harness).zoom, 1.0);
    let canvas = harness.state().canvas_rect_in_pixels();
    assert!(canvas.width == 1280 && canvas.height > 500, "{canvas:?}");
}

#[test]
fn the_keyboard_reaches_every_control() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let mut focused = std::collections::HashSet::new();
    for _ in 0..40 {
        harness.key_press(Key::Tab);
        harness.run_steps(2);
        focused.extend(harness.ctx.memory(|memory: &egui::Memory| memory.focused()));
    }
    assert!(focused.len() >= 10, "{} controls take the focus", focused.len());
}
