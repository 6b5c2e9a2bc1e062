//! Files and folders in the window: walking, dropping, pasting, changes on disk.

use crate::stub::{GIVEN_UP, picture, view, wait_for, window, window_of, window_with};
use crate::{Harness, PICTURE, wheel};
use eframe::egui::{self, Key, Modifiers, MouseWheelSource, MouseWheelUnit, OutputCommand, TouchPhase, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use zoomfield::app::files::album::Step;
use zoomfield::app::settings::WheelAction;
use zoomfield::app::{App, files, settings, view};
use zoomfield::geometry::Size;

/// A file as the system drops it.
#[derive(Debug)]
pub(crate) struct Dropped(pub(crate) PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it on the window's thread".into())
    }
}

fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for name in names {
        std::fs::write(folder.path().join(name), "").expect("a file for the test");
    }
    folder
}

fn name(harness: &Harness<'_, App>) -> String {
    harness.state().picture().map_or_else(String::new, |picture| picture.name())
}

fn wait_for_name(harness: &mut Harness<'_, App>, expected: &str) {
    wait_for(harness, |harness| name(harness) == expected);
    harness.run();
}

fn wait_for_label(harness: &mut Harness<'_, App>, label: &str) {
    wait_for(harness, |harness| harness.query_by_label(label).is_some());
}

fn press(harness: &mut Harness<'_, App>, key: Key, expected: &str) {
    harness.key_press(key);
    harness.step();
    wait_for_name(harness, expected);
}

#[test]
fn keys_walk_through_the_folder_in_natural_order() {
    let folder = folder(&["img10.png", "IMG2.png", "img1.png", "notes.txt", "Ünder 3.png"]);
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("IMG2.png")], None);
    wait_for_label(&mut harness, "2 of 4");
    assert_eq!(name(&harness), "IMG2.png");
    press(&mut harness, Key::ArrowRight, "img10.png");
    press(&mut harness, Key::ArrowRight, "Ünder 3.png");
    harness.key_press(Key::ArrowRight);
    wait_for_label(&mut harness, "This is the last picture.");
    assert_eq!(name(&harness), "Ünder 3.png");
    press(&mut harness, Key::Home, "img1.png");
    press(&mut harness, Key::PageDown, "IMG2.png");
    press(&mut harness, Key::End, "Ünder 3.png");
    press(&mut harness, Key::ArrowLeft, "img10.png");
    harness.get_by_label("Previous picture").click();
    wait_for_name(&mut harness, "IMG2.png");
    harness.get_by_label("Next picture").click();
    wait_for_name(&mut harness, "img10.png");
    harness.get_by_label("3 of 4");
}

#[test]
fn a_fine_wheel_turns_a_picture_for_a_notch() {
    let names: Vec<String> = (0..60).map(|i| format!("{i}.png")).collect();
    let folder = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("0.png")], None);
    wait_for_label(&mut harness, "1 of 60");
    let mut settings = harness.state().slices().settings.choices.clone();
    settings.wheel = WheelAction::Pictures;
    harness.state_mut().apply(settings::Command::Change(settings));
    harness.hover_at(pos2(640.0, 430.0));
    harness.run();
    wheel(&harness, -1.0, Modifiers::NONE);
    harness.step();
    wait_for_name(&mut harness, "1.png");
    // As wheels of high resolution do: eight parts of a notch.
    (0..8).for_each(|_| wheel(&harness, -0.125, Modifiers::NONE));
    harness.step();
    wait_for_name(&mut harness, "2.png");
    harness.run_steps(30);
    // Fingers that the system takes for a wheel: 400 points in a third of a second.
    // Each event has a frame of its own here.
    for _ in 0..10 {
        harness.event(egui::Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -40.0),
            phase: TouchPhase::Move,
            source: MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
    }
    harness.step();
    wait_for(&mut harness, |harness| harness.state().slices().files.opening.is_none());
    let number: usize = name(&harness).trim_end_matches(".png").parse().expect("a number");
    assert!((3..=5).contains(&number), "{number}");
}

#[test]
fn a_key_that_is_faster_than_the_folder_is_not_lost() {
    let folder = folder(&["a.png", "b.png"]);
    let (mut harness, _) = window(1.0, |_| None);
    harness.state_mut().apply(files::Command::Open(folder.path().join("a.png")));
    harness.state_mut().apply(files::Command::Show(Step::Next));
    wait_for_name(&mut harness, "b.png");
}

#[test]
fn several_files_are_a_list_of_their_own() {
    let folder = folder(&["a.png", "b.png", "c.png"]);
    let file = |name: &str| folder.path().join(name);
    let (mut harness, _) = window_of(1.0, |_| None, vec![file("c.png"), file("a.png")], None);
    wait_for_label(&mut harness, "1 of 2");
    assert_eq!(name(&harness), "c.png");
    press(&mut harness, Key::ArrowRight, "a.png");
    harness.key_press(Key::ArrowRight);
    wait_for_label(&mut harness, "This is the last picture.");
}

#[test]
fn a_folder_opens_at_its_first_picture() {
    let folder = folder(&["b2.png", "b10.png", "readme.md"]);
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().to_owned()], None);
    wait_for_label(&mut harness, "1 of 2");
    assert_eq!(name(&harness), "b2.png");
}

#[test]
fn a_picture_that_cannot_be_read_does_not_stop_the_walk() {
    let folder = folder(&["a.png", "b.bmp", "c.png"]);
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("a.png")], None);
    wait_for_label(&mut harness, "1 of 3");
    harness.key_press(Key::ArrowRight);
    wait_for(&mut harness, |harness| harness.query_by_label_contains("b.bmp: this is not a picture").is_some());
    assert_eq!(name(&harness), "a.png", "what was there stays");
    press(&mut harness, Key::ArrowRight, "c.png");
}

#[test]
fn neighbours_are_there_at_once() {
    let folder = folder(&["a.png", "b.png", "c.png"]);
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("b.png")], None);
    let next = folder.path().join("c.png");
    wait_for(&mut harness, |harness| harness.state().slices().files.cache.contains(&next));
    harness.state_mut().apply(files::Command::Show(Step::Next));
    assert!(harness.state().slices().files.opening.is_none(), "nothing has to be read");
    assert_eq!(name(&harness), "c.png");
    // And so is the one that was left.
    harness.state_mut().apply(files::Command::Show(Step::Previous));
    assert_eq!(name(&harness), "b.png");
}

#[test]
fn a_superseded_picture_is_given_up() {
    let folder = folder(&["slow.png", "quick.png"]);
    let (mut harness, _) = window(1.0, |_| None);
    let before = GIVEN_UP.load(Ordering::SeqCst);
    harness.state_mut().apply(files::Command::Open(folder.path().join("slow.png")));
    wait_for_label(&mut harness, "Opening slow.png…");
    std::thread::sleep(std::time::Duration::from_millis(100));
    harness.state_mut().apply(files::Command::Open(folder.path().join("quick.png")));
    wait_for_name(&mut harness, "quick.png");
    wait_for(&mut harness, |_| GIVEN_UP.load(Ordering::SeqCst) > before);
    harness.run();
    assert!(harness.query_by_label("Dismiss").is_none(), "giving up is no failure");
}

#[test]
fn a_changed_file_is_read_again_and_the_view_stays() {
    let folder = folder(&["a.png"]);
    let file = folder.path().join("a.png");
    std::fs::write(&file, "90x60").unwrap();
    let (mut harness, _) = window_of(1.0, |_| None, vec![file.clone()], None);
    wait_for_name(&mut harness, "a.png");
    harness.state_mut().apply(view::Command::ZoomTo(7.0));
    harness.run();
    let before = view(&harness);
    let id = harness.state().picture().map(|picture| std::sync::Arc::as_ptr(picture) as usize);
    std::fs::write(&file, "90x60 ").unwrap();
    std::fs::write(&file, "90x60").unwrap();
    harness.key_press(Key::F5);
    wait_for(&mut harness, |harness| harness.state().slices().files.opening.is_none());
    wait_for(&mut harness, |harness| {
        harness.state().picture().map(|picture| std::sync::Arc::as_ptr(picture) as usize) != id
    });
    harness.run();
    assert_eq!(view(&harness), before);
    // By itself, and of another size.
    std::fs::write(&file, "100x40").unwrap();
    wait_for(&mut harness, |harness| harness.state().picture().is_some_and(|p| p.size == Size::new(100, 40)));
}

#[test]
fn a_deleted_file_stays_on_the_screen() {
    let folder = folder(&["a.png", "b.png"]);
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("a.png")], None);
    wait_for_label(&mut harness, "1 of 2");
    std::fs::remove_file(folder.path().join("a.png")).unwrap();
    let sentence = "A.png was deleted or moved; it stays on the screen until you open another picture.";
    wait_for_label(&mut harness, sentence);
    assert_eq!(name(&harness), "a.png");
    wait_for(&mut harness, |harness| harness.query_by_label("1 of 2").is_none());
    press(&mut harness, Key::ArrowRight, "b.png");
}

#[test]
fn dropped_files_and_pasted_uris_open() {
    let folder = folder(&["a b.png", "Фото.png"]);
    let (mut harness, _) = window(1.0, |_| None);
    harness.run();
    harness.event(egui::Event::Paste(format!("file://{}/a%20b.png\n", folder.path().display())));
    harness.step();
    wait_for_name(&mut harness, "a b.png");
    for name in ["Фото.png", "a b.png"] {
        harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(folder.path().join(name))));
    }
    harness.step();
    wait_for_name(&mut harness, "Фото.png");
    wait_for_label(&mut harness, "1 of 2");
    // While a path is typed, pasting is typing.
    harness.state_mut().apply(files::Command::ShowPanel);
    harness.run();
    harness.event(egui::Event::Paste("/x.png".into()));
    harness.run();
    assert_eq!(harness.get_by_label("Path of a picture or a folder").value().as_deref(), Some("/x.png"));
}

#[test]
fn a_pasted_picture_is_shown() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.run();
    let mut image = egui::ColorImage::filled([5, 3], egui::Color32::from_rgb(9, 8, 7));
    image.pixels[0] = egui::Color32::TRANSPARENT;
    harness.event(egui::Event::PasteImage(image.into()));
    harness.step();
    wait_for(&mut harness, |harness| harness.state().picture().is_some());
    let picture = harness.state().picture().expect("a picture").clone();
    assert_eq!((picture.size, picture.rgb.as_bytes()[3..6].to_vec()), (Size::new(5, 3), vec![9, 8, 7]));
    assert_eq!(picture.alpha.as_ref().map(|alpha| alpha.as_bytes()[..2].to_vec()), Some(vec![0, 255]));
    harness.key_press(Key::F5);
    wait_for_label(&mut harness, "This picture is not from a file.");
}

#[test]
fn the_view_is_copied_as_large_as_it_is_seen() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.event(egui::Event::Copy);
    let mut copied = None;
    for _ in 0..500 {
        harness.step();
        let commands = &harness.output().platform_output.commands;
        copied = copied.or_else(|| {
            commands.iter().find_map(|command| match command {
                OutputCommand::CopyImage(image) => Some(image.size),
                _ => None,
            })
        });
        if copied.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(4));
    }
    assert_eq!(copied, Some([451, 300]));
    wait_for_label(&mut harness, "Copied 451×300 pixels.");
}

#[test]
fn what_was_opened_last_is_offered_in_the_next_run() {
    let folder = folder(&["a.png", "b.png"]);
    let memory = folder.path().join("settings.json");
    let file = |name: &str| folder.path().join(name);
    {
        let (mut harness, _) = window_of(1.0, |_| None, vec![file("a.png")], Some(memory.clone()));
        wait_for_label(&mut harness, "1 of 2");
        press(&mut harness, Key::ArrowRight, "b.png");
    }
    let (mut harness, _) = window_of(1.0, |_| None, Vec::new(), Some(memory));
    harness.run();
    harness.get_by_label("Opened last");
    harness.get_by_label("b.png");
    harness.get_by_label("a.png").click();
    wait_for_name(&mut harness, "a.png");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
    harness.run();
    harness.get_by_label("Opened last");
}

#[test]
fn a_file_dialog_that_hangs_leaves_a_path_to_type() {
    fn hang(_: &zoomfield::app::ports::DialogPurpose) -> Option<Vec<PathBuf>> {
        std::thread::sleep(std::time::Duration::from_hours(1));
        None
    }
    let folder = folder(&["a.png"]);
    let (mut harness, _) = window(1.0, hang);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    for _ in 0..60 {
        harness.step();
    }
    harness.get_by_label("Waiting for the system's file dialog. You can also type the path.");
    let path = folder.path().join("a.png").to_string_lossy().into_owned();
    harness.get_by_label("Path of a picture or a folder").type_text(&path);
    harness.run_steps(3);
    harness.key_press(Key::Enter);
    wait_for_name(&mut harness, "a.png");
    assert!(harness.state().window().dialog.is_some());
}

#[test]
fn a_picture_without_neighbours_has_no_steps() {
    let folder = folder(&["a.png"]);
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.path().join("a.png")], None);
    wait_for_name(&mut harness, "a.png");
    harness.hover_at(pos2(640.0, 400.0));
    harness.run();
    assert!(harness.get_by_label("Next picture").accesskit_node().is_disabled());
    assert!(Path::new(&name(&harness)).extension().is_some());
}

#[test]
fn several_files_of_a_dialog_are_a_list() {
    let (mut harness, _) = window(1.0, |_| Some(vec!["/chosen/z.png".into(), "/chosen/a.png".into()]));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.step();
    wait_for_label(&mut harness, "1 of 2");
    wait_for_name(&mut harness, "z.png");
    press(&mut harness, Key::ArrowRight, "a.png");
}
