//! What the window looks like, by hashes of its pixels: `common/hashes.rs` says how to compare them over a change.
//!
//! Driven by keys and labels wherever there are some, so that little here has to follow what moves inside.

use crate::hashes::{self, Hashes, hash};
use crate::library::{folder, open};
use crate::stub::{StubTiles, cut_out, picture, wait_for, window, window_of, window_with};
use crate::training::{end, start, train, wait_for_label, wait_for_step, window_home};
use crate::training_run::HELD;
use crate::{Harness, PICTURE};
use eframe::egui::{self, Key, Modifiers, ViewportEvent, pos2, vec2};
use egui_kittest::kittest::Queryable;
use zoomfield::app::{App, export, files};
use zoomfield::geometry::Size;
use zoomfield::picture::Picture;

const FAMILY: &str = "window";

/// What the screen shows, with its size.
fn seen(harness: &mut Harness<'_, App>) -> Option<Vec<u8>> {
    let image = crate::pixels::rendered(harness)?;
    let mut bytes = format!("{}x{} ", image.width(), image.height()).into_bytes();
    bytes.extend(image.as_raw());
    Some(bytes)
}

struct Screens(Hashes);

impl Screens {
    /// The screen as it is in this moment.
    fn take(&mut self, harness: &mut Harness<'_, App>, name: &str) {
        let pixels = seen(harness).expect("the first screen was drawn");
        self.0.add(name, hash(&[&pixels]));
        if let Some(folder) = std::env::var_os("ZOOMFIELD_SHOTS") {
            let image = crate::pixels::rendered(harness).expect("it was drawn a moment ago");
            let file = std::path::Path::new(&folder).join(format!("unchanged {}.png", name.replace('/', " ")));
            image.save(file).expect("a folder to write to");
        }
    }

    /// The screen once threads have had their say and nothing moves.
    fn settled(&mut self, harness: &mut Harness<'_, App>, name: &str) {
        rest(harness);
        self.take(harness, name);
    }
}

/// Leaves threads the time to answer, without an end to wait for; few steps, since those are what the window's clock
/// counts.
fn rest(harness: &mut Harness<'_, App>) {
    for _ in 0..6 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        harness.step();
    }
    harness.run_steps(12);
}

fn press(harness: &mut Harness<'_, App>, key: Key) {
    harness.key_press(key);
    harness.run_steps(12);
}

fn press_ctrl(harness: &mut Harness<'_, App>, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
    harness.run_steps(12);
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click_accesskit();
    harness.run_steps(6);
}

/// Replaces what a text field with the focus holds.
fn retype(harness: &mut Harness<'_, App>, text: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text(text.into()));
    harness.run_steps(3);
}

fn zoom_to(harness: &mut Harness<'_, App>, text: &str) {
    press(harness, Key::Z);
    retype(harness, text);
    press(harness, Key::Enter);
}

fn at_eight() -> (Harness<'static, App>, StubTiles) {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    press(&mut harness, Key::Num8);
    (harness, tiles)
}

/// Zooms, ways of making pixels, what is under the cursor.
fn views(screens: &mut Screens) {
    let (mut harness, _) = window(1.0, |_| None);
    screens.settled(&mut harness, "empty");
    harness.state_mut().show(picture(PICTURE));
    screens.settled(&mut harness, "fitted");
    press(&mut harness, Key::Num1);
    screens.settled(&mut harness, "×1");
    press(&mut harness, Key::Num8);
    screens.settled(&mut harness, "×8");
    press(&mut harness, Key::M);
    screens.settled(&mut harness, "×8 without a minimap");
    harness.hover_at(pos2(640.0, 400.0));
    screens.settled(&mut harness, "×8 under the cursor");
    (0..6).for_each(|_| press(&mut harness, Key::OpenBracket));
    screens.settled(&mut harness, "×8 at a strength");
    for name in ["neural", "bicubic", "nearest"] {
        press(&mut harness, Key::V);
        screens.settled(&mut harness, &format!("×8 {name}"));
    }
    zoom_to(&mut harness, "x60");
    press(&mut harness, Key::G);
    screens.settled(&mut harness, "×60 with a grid and values");
    press(&mut harness, Key::I);
    screens.settled(&mut harness, "×60 with information");
}

/// Frames on the way: where tiles are missing, and where they fade in.
fn motion(screens: &mut Screens) {
    let (mut harness, tiles) = at_eight();
    rest(&mut harness);
    tiles.0.borrow_mut().is_silent = true;
    harness.key_press(Key::Num3);
    for step in 1..=8 {
        harness.step();
        if step % 3 == 1 {
            screens.take(&mut harness, &format!("moving, step {step}"));
        }
    }
    tiles.answer();
    for step in 1..=2 {
        harness.step();
        screens.take(&mut harness, &format!("fading in, step {step}"));
    }
    screens.settled(&mut harness, "arrived");
}

/// Both sides of a comparison, and its line.
fn comparisons(screens: &mut Screens) {
    let (mut harness, _) = at_eight();
    press(&mut harness, Key::C);
    screens.settled(&mut harness, "bicubic beside neural");
    click(&mut harness, "Left: Nearest");
    screens.settled(&mut harness, "nearest beside neural");
    click(&mut harness, "Right: Bicubic");
    (0..3).for_each(|_| press(&mut harness, Key::Comma));
    screens.settled(&mut harness, "nearest beside bicubic, the line moved");
    press(&mut harness, Key::Num0);
    screens.settled(&mut harness, "a fitted comparison");
    harness.key_down(Key::O);
    screens.settled(&mut harness, "source pixels while a key is held");
}

/// Transparency, few colours, dense screens, a narrow window.
fn pictures(screens: &mut Screens) {
    let (mut harness, _) = window_with(cut_out(Size::new(160, 120)));
    press(&mut harness, Key::Num5);
    screens.settled(&mut harness, "transparent");
    let size = Size::new(64, 48);
    let rgb = (0..size.area()).flat_map(|i| [[0, 0, 0], [250, 60, 0], [20, 90, 250]][i / 5 % 3]).collect();
    let (mut harness, _) = window_with(Picture::from_rgb8(size, rgb));
    press(&mut harness, Key::Num9);
    screens.settled(&mut harness, "few colours");
    let (mut harness, _) = window(2.0, |_| None);
    harness.state_mut().show(picture(PICTURE));
    harness.run();
    zoom_to(&mut harness, "x5.3");
    screens.settled(&mut harness, "two pixels a point");
    let (mut harness, _) = at_eight();
    harness.set_size(vec2(800.0, 600.0));
    harness.run();
    click(&mut harness, "More");
    screens.settled(&mut harness, "narrow, with a menu");
    let folder = tempfile::tempdir().expect("a folder for the test");
    for name in ["1.png", "2.png", "3.png"] {
        std::fs::write(folder.path().join(name), "90x60").expect("a file for the test");
    }
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("2.png")], None);
    wait_for_label(&mut harness, "2 of 3");
    wait_for(&mut harness, |harness| harness.query_by_label("2.png").is_some());
    screens.settled(&mut harness, "among others");
}

/// Panels that any window has, in a theme.
fn panels(screens: &mut Screens, harness: &mut Harness<'_, App>, theme: &str) {
    let mut take = |harness: &mut Harness<'_, App>, name: &str| screens.settled(harness, &format!("{theme}, {name}"));
    press_ctrl(harness, Key::Comma);
    // The last of the stub's devices is measured last.
    wait_for_label(harness, "Device: llvmpipe (software, vulkan), 0.004 Mpx/s in f32");
    click(harness, &format!("Theme: {theme}"));
    take(harness, "settings");
    press(harness, Key::Escape);
    take(harness, "the picture");
    press(harness, Key::F1);
    take(harness, "help");
    press(harness, Key::Escape);
    press_ctrl(harness, Key::L);
    take(harness, "a path to open");
    press(harness, Key::Escape);
    press(harness, Key::Z);
    take(harness, "a zoom to type");
    retype(harness, "fast");
    press(harness, Key::Enter);
    take(harness, "a zoom that is none");
    press(harness, Key::Escape);
    press(harness, Key::I);
    take(harness, "information");
    press(harness, Key::I);
}

/// The panel in all that it can be set to.
fn export_panel(screens: &mut Screens, harness: &mut Harness<'_, App>, theme: &str) {
    press_ctrl(harness, Key::E);
    screens.settled(harness, &format!("{theme}, export"));
    click(harness, "Whole picture");
    for way in ["As on the screen", "Scale", "Pixels", "Megapixels", "Paper"] {
        click(harness, way);
        screens.settled(harness, &format!("{theme}, export, {way}"));
    }
    for format in ["16 bits", "JPEG"] {
        click(harness, format);
        screens.settled(harness, &format!("{theme}, export, {format}"));
    }
    press(harness, Key::Escape);
}

/// Exports under way, and messages.
fn exports(screens: &mut Screens) {
    let (mut harness, _) = at_eight();
    for file in ["slow.png", "second.png"] {
        press_ctrl(&mut harness, Key::E);
        harness.state_mut().apply(export::Command::EditPath(file.into()));
        harness.state_mut().apply(export::Command::Start);
    }
    wait_for_label(&mut harness, "Waiting: second.png");
    // Later the panel says how long it will take, by the clock.
    std::thread::sleep(std::time::Duration::from_millis(100));
    harness.run_steps(6);
    screens.take(&mut harness, "exports under way");
    click(&mut harness, "Cancel export");
    wait_for_label(&mut harness, "Done: second.png");
    screens.settled(&mut harness, "exports that are done");
    harness.state_mut().apply(files::Command::Open("/photos/notes.txt".into()));
    wait_for_label(&mut harness, "this is not a picture");
    screens.settled(&mut harness, "a message");
}

fn models(screens: &mut Screens) {
    let folder = folder();
    let mut harness = open(folder.path());
    screens.settled(&mut harness, "models");
    click(&mut harness, "Compare: scans");
    wait_for_label(&mut harness, "Right: Other model");
    screens.settled(&mut harness, "a model compared with");
}

/// The form, a training under way, its end, and the question about it.
fn training(screens: &mut Screens) {
    let (_folder, mut harness, _) = start();
    screens.settled(&mut harness, "a training to start");
    click(&mut harness, "More");
    screens.settled(&mut harness, "a training to start, with all there is");
    train(&mut harness, "good");
    end(&mut harness);
    screens.settled(&mut harness, "a training that is done");
    let (folder, mut harness, _) = start();
    train(&mut harness, "held");
    wait_for_step(&mut harness, HELD);
    wait_for_label(&mut harness, "dB on 1 picture not trained on");
    screens.settled(&mut harness, "a training under way");
    let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
    viewport.events.push(ViewportEvent::Close);
    wait_for_label(&mut harness, "A training is running");
    screens.settled(&mut harness, "closing while a training runs");
    // As if the window vanished.
    drop(harness);
    let (mut harness, _) = window_home(folder.path(), |_| None);
    wait_for_label(&mut harness, "A training was interrupted");
    screens.settled(&mut harness, "a training that was interrupted");
}

#[test]
fn screens_are_as_before() {
    let sample = || {
        let (mut harness, _) = window_with(picture(PICTURE));
        press(&mut harness, Key::Num8);
        seen(&mut harness)
    };
    let (Some(first), Some(second)) = (sample(), sample()) else {
        hashes::say("skipped: screens: nothing can draw them");
        assert!(!hashes::are_wanted("screens"), "hashes of screens are wanted, but nothing can draw them");
        return;
    };
    hashes::check_comparison(FAMILY, [&first, &second]);
    if !hashes::are_wanted("screens") {
        return;
    }
    let mut screens = Screens(Hashes::of(FAMILY));
    views(&mut screens);
    motion(&mut screens);
    comparisons(&mut screens);
    pictures(&mut screens);
    for theme in ["Dark", "Light"] {
        let (mut harness, _) = at_eight();
        panels(&mut screens, &mut harness, theme);
        export_panel(&mut screens, &mut harness, theme);
    }
    exports(&mut screens);
    models(&mut screens);
    training(&mut screens);
    screens.0.settle();
}
