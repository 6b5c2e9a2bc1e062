//! Pages of a file and frames of an animation: turned, played, and pictures for everything else.

use crate::Harness;
use crate::animations::{FrameOf, Leaves, gif};
use crate::stub::{view, wait_for, window_of};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tiff::encoder::{TiffEncoder, colortype::RGB8};
use zoomfield::app::env::Panel;
use zoomfield::app::view::Command as View;
use zoomfield::app::{App, export, files};
use zoomfield::picture::Exposure;

fn place(harness: &Harness<'_, App>) -> Option<(usize, usize)> {
    harness.state().picture().map(|picture| (picture.pages.index + 1, picture.pages.count))
}

fn wait_for_place(harness: &mut Harness<'_, App>, number: usize) {
    wait_for(harness, |harness| place(harness).is_some_and(|(at, _)| at == number));
    harness.step();
}

fn press(harness: &Harness<'_, App>, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
}

/// Three pages, in a grey of their own each; the last is smaller.
fn document() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scan.tif");
    let mut encoder = TiffEncoder::new(std::fs::File::create(&path).expect("a file")).expect("a TIFF");
    for (side, value) in [(40, 50), (40, 100), (20, 150)] {
        encoder.write_image::<RGB8>(side, side, &vec![value; (side * side * 3) as usize]).expect("a page");
    }
    (folder, path)
}

/// Frames in red, green, blue and white, each shown for so many hundredths of a second.
fn animation(hundredths: u16) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("colours.gif");
    let frame = |pixels| FrameOf { place: [0, 0, 2, 2], pixels, leaves: Leaves::All, is_over: true, hundredths };
    std::fs::write(&path, gif((2, 2), &["RRRR", "GGGG", "BBBB", "WWWW"].map(frame))).expect("a file");
    (folder, path)
}

fn window(path: &Path) -> Harness<'static, App> {
    let (mut harness, _) = window_of(1.0, |_| None, vec![path.to_owned()], None);
    wait_for_place(&mut harness, 1);
    harness
}

/// For people who want to look.
fn keep(harness: &mut Harness<'_, App>, name: &str) {
    if let Some(folder) = std::env::var_os("ZOOMFIELD_SCREENSHOTS") {
        harness.render().expect("the window is drawn").save(Path::new(&folder).join(name)).expect("the screenshot");
    }
}

fn first_value(harness: &Harness<'_, App>) -> u16 {
    harness.state().picture().map_or(0, |picture| picture.rgb.value(0))
}

#[test]
fn pages_are_turned_by_keys_and_buttons() {
    let (_folder, path) = document();
    let mut harness = window(&path);
    harness.get_by_label("Page 1 of 3");
    harness.state_mut().apply(View::ZoomTo(4.0));
    harness.run();
    let before = view(&harness);
    harness.get_by_label("Next page").click();
    wait_for_place(&mut harness, 2);
    harness.get_by_label("Page 2 of 3");
    keep(&mut harness, "page-2-of-3.png");
    assert_eq!((first_value(&harness), view(&harness)), (100, before), "a page of the same size keeps the view");
    press(&harness, Key::PageDown);
    wait_for_place(&mut harness, 3);
    assert_eq!(first_value(&harness), 150);
    press(&harness, Key::PageDown);
    wait_for(&mut harness, |harness| harness.query_by_label("This is the last page.").is_some());
    press(&harness, Key::Home);
    wait_for_place(&mut harness, 1);
    press(&harness, Key::End);
    wait_for_place(&mut harness, 3);
    harness.get_by_label("Previous page").click();
    wait_for_place(&mut harness, 2);
    assert!(harness.query_by_label("Play").is_none(), "pages are not played");
    harness.state_mut().apply(files::Command::Reload);
    wait_for(&mut harness, |harness| harness.state().slices().files.opening.is_none());
    assert_eq!((place(&harness), first_value(&harness)), (Some((2, 3)), 100), "what is read again is the page");
}

#[test]
fn keys_that_are_faster_than_the_reader_are_all_counted() {
    let (_folder, path) = document();
    let mut harness = window(&path);
    harness.state_mut().apply(files::Command::TurnPage(files::album::Step::Next));
    harness.state_mut().apply(files::Command::TurnPage(files::album::Step::Next));
    wait_for_place(&mut harness, 3);
}

#[test]
fn a_page_is_exported_by_its_number() {
    let (_folder, path) = document();
    let mut harness = window(&path);
    press(&harness, Key::End);
    wait_for_place(&mut harness, 3);
    harness.state_mut().apply(export::Command::Show);
    harness.step();
    let state = harness.state();
    let (job, line) = export::draft::draft(&state.slices().export.form, state.scene()).expect("an export");
    assert_eq!((line.page, job.picture.pages.index), (3, 2));
    assert!(line.text().is_some_and(|text| text.contains("--page 3")), "{:?}", line.text());
    assert!(job.output.ends_with("scan-page3-x1.png") || job.output.to_string_lossy().contains("scan-page3-x"));
}

/// Light of 0.25 and of 4.
fn light() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sun.exr");
    let pixel = |x: u32, _| image::Rgb([if x < 20 { 0.25f32 } else { 4.0 }; 3]);
    image::Rgb32FImage::from_fn(40, 30, pixel).save(&path).expect("a file");
    (folder, path)
}

#[test]
fn light_is_exposed_by_keys_and_buttons() {
    let (_folder, path) = light();
    let mut harness = window(&path);
    harness.state_mut().apply(View::ZoomTo(8.0));
    harness.run();
    let (before, stored) = (view(&harness), first_value(&harness));
    harness.get_by_label("Exposed by +0.0 stops");
    let exposed = |harness: &Harness<'_, App>, stops: &str| {
        let picture = harness.state().picture();
        picture.and_then(|picture| picture.exposure).is_some_and(|exposure| exposure.to_string() == stops)
    };
    harness.key_press_modifiers(Modifiers::SHIFT, Key::E);
    wait_for(&mut harness, |harness| exposed(harness, "-0.5"));
    // Steps that are faster than the reader are all counted.
    for _ in 0..3 {
        harness.state_mut().apply(files::Command::Expose(Some(-files::paging::EXPOSURE_STEP)));
    }
    wait_for(&mut harness, |harness| exposed(harness, "-2.0"));
    harness.step();
    assert!(first_value(&harness) < stored && view(&harness) == before);
    keep(&mut harness, "light-2-stops-darker.png");
    harness.state_mut().apply(export::Command::Show);
    harness.step();
    let state = harness.state();
    let (_, line) = export::draft::draft(&state.slices().export.form, state.scene()).expect("an export");
    assert!(line.text().is_some_and(|text| text.contains("--exposure -2.0")), "{:?}", line.text());
    harness.state_mut().apply(export::Command::Close);
    harness.state_mut().apply(files::Command::Reload);
    wait_for(&mut harness, |harness| harness.state().slices().files.opening.is_none());
    assert!(exposed(&harness, "-2.0"), "what is read again is exposed as it was");
    harness.step();
    harness.get_by_label("Exposed by -2.0 stops").click();
    wait_for(&mut harness, |harness| exposed(harness, "+0.0"));
    harness.key_press(Key::E);
    wait_for(&mut harness, |harness| exposed(harness, "+0.5"));
    assert!(first_value(&harness) > stored);
}

/// A file of light and of whole numbers: an exposure is no reason not to show a page.
#[test]
fn a_page_without_light_is_turned_to_as_well() {
    use tiff::encoder::colortype::RGB32Float;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("both.tif");
    let mut encoder = TiffEncoder::new(std::fs::File::create(&path).expect("a file")).expect("a TIFF");
    encoder.write_image::<RGB32Float>(8, 8, &[3.0; 192]).expect("a page");
    encoder.write_image::<RGB8>(8, 8, &[100; 192]).expect("a page");
    encoder.write_image::<RGB32Float>(8, 8, &[0.5; 192]).expect("a page");
    drop(encoder);
    let mut harness = window(&path);
    // Faster than the reader: the page that is turned to is exposed as was asked.
    harness.state_mut().apply(files::Command::Expose(Some(-10)));
    harness.state_mut().apply(files::Command::TurnPage(files::album::Step::Last));
    wait_for_place(&mut harness, 3);
    let exposure = |harness: &Harness<'_, App>| harness.state().picture().and_then(|picture| picture.exposure);
    assert_eq!(exposure(&harness).map(Exposure::stops), Some(-1.0));
    harness.state_mut().apply(files::Command::TurnPage(files::album::Step::Previous));
    wait_for_place(&mut harness, 2);
    assert_eq!((first_value(&harness), exposure(&harness)), (100, None));
}

#[test]
fn what_holds_no_light_says_so() {
    let (_folder, path) = document();
    let mut harness = window(&path);
    harness.key_press(Key::E);
    wait_for(&mut harness, |harness| harness.query_by_label_contains("no exposure to change").is_some());
}

#[test]
fn an_animation_plays_in_its_own_time_and_over_again() {
    let (_folder, path) = animation(50);
    let mut harness = window(&path);
    harness.get_by_label("Frame 1 of 4");
    let mut changes: Vec<(usize, f64)> = Vec::new();
    wait_for(&mut harness, |harness| {
        let frame = place(harness).map_or(0, |(at, _)| at);
        let now = harness.state().window().now_secs;
        // A look behind `Fn`: what was seen is kept by the caller.
        SEEN.with_borrow_mut(|seen| {
            if seen.last().is_none_or(|(last, _)| *last != frame) {
                seen.push((frame, now));
            }
            seen.len() > 6
        })
    });
    SEEN.with_borrow_mut(|seen| changes.append(seen));
    let frames: Vec<usize> = changes.iter().map(|(frame, _)| *frame).collect();
    assert_eq!(frames[..6], [1, 2, 3, 4, 1, 2]);
    // The window's own clock: a thirtieth of a second a step.
    let shown: Vec<f64> = changes[1..].windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert!(shown.iter().all(|secs| *secs > 0.4), "{shown:?}");
}

thread_local! {
    static SEEN: std::cell::RefCell<Vec<(usize, f64)>> = const { std::cell::RefCell::new(Vec::new()) };
}

#[test]
fn an_animation_pauses_steps_and_goes_on() {
    let (_folder, path) = animation(10);
    let mut harness = window(&path);
    wait_for_place(&mut harness, 3);
    harness.key_press(Key::A);
    harness.step();
    harness.get_by_label("Play");
    let paused = place(&harness);
    harness.run_steps(60);
    assert_eq!(place(&harness), paused);
    keep(&mut harness, "animation-paused.png");
    press(&harness, Key::Home);
    wait_for_place(&mut harness, 1);
    assert_eq!([0, 1, 2].map(|c| harness.state().picture().map(|p| p.rgb.value(c))), [255, 0, 0].map(Some));
    harness.get_by_label("Previous frame").click();
    wait_for_place(&mut harness, 4);
    harness.get_by_label("Next frame").click();
    wait_for_place(&mut harness, 1);
    harness.get_by_label("Play").click();
    wait_for_place(&mut harness, 2);
    harness.get_by_label("Pause");
    press(&harness, Key::PageDown);
    harness.step();
    harness.get_by_label("Play");
}

#[test]
fn an_animation_waits_while_a_panel_is_open() {
    let (_folder, path) = animation(10);
    let mut harness = window(&path);
    wait_for_place(&mut harness, 2);
    harness.state_mut().apply(export::Command::Show);
    harness.step();
    let held = place(&harness);
    harness.run_steps(60);
    assert_eq!((place(&harness), harness.state().window().panel), (held, Panel::Export));
    harness.state_mut().apply(export::Command::Close);
    wait_for(&mut harness, |harness| place(harness) != held);
}

#[test]
fn frames_are_refined_once_they_stand_still() {
    let (_folder, path) = animation(10);
    let (mut harness, tiles) = window_of(1.0, |_| None, vec![path], None);
    wait_for_place(&mut harness, 3);
    assert!(tiles.0.borrow().requests.is_empty(), "a frame that is gone at once is not computed");
    harness.key_press(Key::A);
    wait_for(&mut harness, |harness| harness.state().is_exact());
    let shown = harness.state().picture().expect("a frame").id;
    assert_eq!(tiles.0.borrow().requests.last().map(|request| request.picture.id), Some(shown));
}

#[test]
fn a_frame_that_cannot_be_read_is_told_and_pauses() {
    let (_folder, path) = animation(10);
    let bytes = std::fs::read(&path).expect("the file");
    std::fs::write(&path, &bytes[..bytes.len() - 5]).expect("the file");
    // It may have got to the end before anybody looks.
    let (mut harness, _) = window_of(1.0, |_| None, vec![path], None);
    let said = |harness: &Harness<'_, App>| {
        harness.state().window().toasts.iter().any(|toast| toast.text.contains("its frame 4 cannot be read"))
    };
    wait_for(&mut harness, said);
    assert_eq!(place(&harness), Some((3, 4)));
    harness.get_by_label("Play");
}
