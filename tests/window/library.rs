//! The list of models in the window.

use crate::files::Dropped;
use crate::stub::{picture, wait_for};
use crate::training::{folders_in, window_home};
use crate::training_run::tiny;
use crate::{Harness, PICTURE};
use eframe::egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::TempDir;
use zoomfield::app::env::Panel;
use zoomfield::app::models::SaveFrom;
use zoomfield::app::ports::DialogPurpose;
use zoomfield::app::{App, models};
use zoomfield::geometry::Size;
use zoomfield::library::{Card, TrainingSummary};
use zoomfield::picture::Picture;
use zoomfield::train::Degradation;
use zoomfield::weights::{Builtin, Weights};

fn summary() -> TrainingSummary {
    TrainingSummary {
        folder: "scans".into(),
        pictures: 9,
        held_out: 2,
        steps: 300,
        date: "2026-11-22".into(),
        degradation: Degradation::Scan,
        seed: 7,
        started_from: "built-in".into(),
        bicubic_psnr: Some(27.0),
        start_psnr: Some(28.0),
        psnr: Some(28.75),
    }
}

/// A folder with a trained model, and a damaged one.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let library = folders_in(folder.path()).library;
    library.add(&tiny(1), "scans", &Card::trained(summary(), "BSD")).expect("a model");
    std::fs::write(library.path_of("broken"), "nothing").expect("a file");
    folder
}

pub(crate) fn open(folder: &Path) -> Harness<'static, App> {
    let (mut harness, _) = window_home(folder, |_| None);
    harness.key_press(Key::L);
    wait_for(&mut harness, |harness| harness.state().slices().models.entries.is_some());
    harness.run_steps(3);
    harness
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click_accesskit();
    harness.run_steps(3);
}

fn names(harness: &Harness<'_, App>) -> Vec<String> {
    // The live networks are always there.
    let names = harness.state().slices().models.entries.iter().flatten().map(|entry| entry.name.clone());
    names.filter(|name| !name.starts_with("Live")).collect()
}

fn is_on(harness: &Harness<'_, App>, label: &str) -> bool {
    !harness.get_by_label(label).accesskit_node().is_disabled()
}

#[test]
fn every_model_has_a_card_and_damage_is_shown() {
    let folder = folder();
    let mut harness = open(folder.path());
    assert_eq!(names(&harness), ["built-in", "broken", "scans"]);
    harness.get_by_label("Part of the program. The reference, trained by its authors on DIV2K.");
    harness.get_by_label("Trained on scans: 9 pictures (Scans), 300 steps, 2026-11-22, seed 7, from built-in.");
    harness.get_by_label("+0.75 dB on 2 held-out pictures: 28.75 dB, bicubic 27.00 dB.");
    harness.get_by_label("Licence: trained here, on top of: BSD");
    assert!(harness.query_by_label_contains("Damaged: it is not a safetensors").is_some());
    assert!(!is_on(&harness, "Use: broken") && is_on(&harness, "Delete: broken") && is_on(&harness, "Use: scans"));
    assert!(!is_on(&harness, "Use: built-in"), "it is in use");
    assert!(harness.query_by_label("Delete: built-in").is_none());
    click(&mut harness, "Close");
    assert!(harness.query_by_label("Part of the program. The reference, trained by its authors on DIV2K.").is_none());
}

#[test]
fn a_model_is_used_compared_and_chosen_for_the_next_start() {
    let folder = folder();
    let file = folders_in(folder.path()).library.path_of("scans");
    let mut harness = open(folder.path());
    click(&mut harness, "Compare: scans");
    wait_for(&mut harness, |harness| harness.state().slices().models.other.path() == Some(&file));
    click(&mut harness, "Use: scans");
    wait_for(&mut harness, |harness| harness.state().slices().models.own.path() == Some(&file));
    harness.run_steps(3);
    assert!(!is_on(&harness, "Delete: scans"), "it is in use");
    click(&mut harness, "Use at the start: scans");
    harness.run_steps(3);
    drop(harness);
    let harness = open(folder.path());
    assert_eq!(harness.state().slices().models.own.path(), Some(file.as_path()));
    assert_eq!(harness.state().slices().models.own.model().map(|model| model.id), Some(tiny(1).id()));
    drop(harness);
    // A default that is gone is said, and the built-in model serves.
    std::fs::remove_file(&file).expect("the file goes");
    let mut harness = open(folder.path());
    wait_for(&mut harness, |harness| harness.query_by_label_contains("Cannot use the weights").is_some());
    assert_eq!(harness.state().slices().models.own.path(), None);
}

/// Steps between blocks of eight pixels, as JPEG leaves them.
fn blocky() -> Picture {
    let at = |i: usize| (60 + (i / 3 % 128 / 8 * 37 + i / 3 / 128 / 8 * 53) % 90) as u8;
    Picture::from_rgb8(Size::new(128, 96), (0..128 * 96 * 3).map(at).collect())
}

#[test]
fn the_live_network_follows_the_picture() {
    let folder = folder();
    let mut harness = open(folder.path());
    let uses = |harness: &Harness<'_, App>, model: Builtin| {
        harness.state().slices().models.own.path() == Some(model.address().as_path())
    };
    click(&mut harness, "Use: Auto");
    wait_for(&mut harness, |harness| uses(harness, Builtin::Live));
    assert!(harness.query_by_label_contains("Now Live: the picture is clean").is_some());
    harness.state_mut().show(blocky());
    wait_for(&mut harness, |harness| uses(harness, Builtin::Photo));
    assert!(harness.query_by_label_contains("Now Live photo: the picture shows JPEG blocks").is_some());
    assert!(!is_on(&harness, "Use: Auto"), "it is in use");
    click(&mut harness, "Use at the start: Auto");
    // A choice of one's own ends it.
    click(&mut harness, "Use: Live photo");
    harness.state_mut().show(picture(PICTURE));
    harness.run_steps(5);
    assert!(uses(&harness, Builtin::Photo) && !harness.state().slices().models.follows());
    drop(harness);
    let harness = open(folder.path());
    assert!(uses(&harness, Builtin::Live) && harness.state().slices().models.follows());
}

#[test]
fn a_name_is_changed_by_typing_and_what_names_the_model_follows() {
    let folder = folder();
    let library = folders_in(folder.path()).library;
    let mut harness = open(folder.path());
    click(&mut harness, "Use: scans");
    click(&mut harness, "Use at the start: scans");
    wait_for(&mut harness, |harness| harness.state().slices().models.own.path().is_some());
    click(&mut harness, "Rename: scans");
    assert_eq!(harness.get_by_label("Name").value().as_deref(), Some("scans"));
    harness.state_mut().apply(models::Command::EditName("broken".into()));
    harness.run_steps(3);
    click(&mut harness, "Keep this name");
    wait_for(&mut harness, |harness| {
        harness.query_by_label_contains("there is a model called broken already").is_some()
    });
    click(&mut harness, "Rename: scans");
    harness.get_by_label("Name").type_text(" 1970");
    harness.run_steps(3);
    harness.key_press(Key::Enter);
    wait_for(&mut harness, |harness| names(harness).contains(&"scans 1970".to_owned()));
    let slices = harness.state().slices();
    assert_eq!(slices.models.own.path(), Some(library.path_of("scans 1970").as_path()));
    assert_eq!(slices.settings.choices.model.as_deref(), Some("scans 1970.safetensors"));
}

#[test]
fn a_dropped_file_is_imported_and_compared_with() {
    let folder = folder();
    let mut harness = open(folder.path());
    click(&mut harness, "Close");
    let gift = folder.path().join("gift.safetensors");
    tiny(5).save(&gift, false).expect("a file");
    harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(gift.clone())));
    wait_for(&mut harness, |harness| harness.query_by_label("Imported: gift").is_some());
    let imported = folders_in(folder.path()).library.path_of("gift");
    wait_for(&mut harness, |harness| harness.state().slices().models.other.path() == Some(&imported));
    assert!(harness.state().slices().compare.split.is_some() && gift.exists());
    // Damaged files stay outside.
    let bad = folder.path().join("bad.pth");
    std::fs::write(&bad, "PK").expect("a file");
    harness.state_mut().apply(models::Command::Import(bad));
    wait_for(&mut harness, |harness| harness.query_by_label_contains("bad.pth").is_some());
    assert_eq!(names(&harness), ["built-in", "broken", "gift", "scans"]);
}

/// Whether the dialog of the test below may answer, and where to.
static SAVE_TO: Mutex<Option<PathBuf>> = Mutex::new(None);

#[test]
fn a_dialogs_answer_is_about_the_model_that_it_was_asked_for() {
    fn pick(_: &DialogPurpose) -> Option<Vec<PathBuf>> {
        loop {
            if let Some(path) = SAVE_TO.lock().expect("no test panicked here").clone() {
                return Some(vec![path]);
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    let folder = folder();
    let library = folders_in(folder.path()).library;
    library.add(&tiny(2), "sketches", &Card::trained(summary(), "BSD")).expect("another model");
    let (mut harness, _) = window_home(folder.path(), pick);
    let save_copy = |name: &str| models::Command::SaveCopy(Some(library.path_of(name)));
    harness.state_mut().apply(save_copy("scans"));
    harness.run_steps(3);
    harness.state_mut().apply(save_copy("sketches"));
    harness.run_steps(3);
    // The other one can be written meanwhile, by typing.
    harness.get_by_label("A file dialog is open already. You can also type the path.");
    let form = harness.state().slices().models.form.as_ref().expect("a place to type a path");
    assert_eq!(form.from, SaveFrom::Entry(Some(library.path_of("sketches"))));
    let chosen = folder.path().join("scans copy.safetensors");
    *SAVE_TO.lock().expect("no test panicked here") = Some(chosen.clone());
    wait_for(&mut harness, |_| chosen.exists());
    let written = Weights::open(&chosen).expect("a model");
    assert_eq!(written.id(), tiny(1).id());
    assert!(harness.state().window().panel == Panel::SaveModel, "what is being typed stays");
}

#[test]
fn what_is_deleted_is_in_the_bin_and_is_no_default_any_more() {
    let folder = folder();
    let mut harness = open(folder.path());
    click(&mut harness, "Use at the start: scans");
    click(&mut harness, "Delete: scans");
    wait_for(&mut harness, |harness| names(harness) == ["built-in", "broken"]);
    harness.run_steps(3);
    harness.get_by_label("Scans is in the system's bin.");
    assert!(folder.path().join("bin/scans.safetensors").exists());
    assert_eq!(harness.state().slices().settings.choices.model, None);
    click(&mut harness, "Delete: broken");
    wait_for(&mut harness, |harness| names(harness) == ["built-in"]);
}

/// The file that [`the_real_bin`] is to move.
#[cfg(target_os = "linux")]
const TO_BIN: &str = "ZOOMFIELD_TEST_TO_BIN";

/// In a process of its own, so that the bin is one that nobody else has.
#[cfg(target_os = "linux")]
#[test]
fn what_is_deleted_can_be_taken_out_of_the_systems_bin() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let model = folder.path().join("scans.safetensors");
    std::fs::write(&model, "weights").expect("a file");
    let this = std::env::current_exe().expect("this program has a path");
    let ended = std::process::Command::new(this)
        .args(["--exact", "library::the_real_bin", "--ignored"])
        .env("XDG_DATA_HOME", folder.path().join("data"))
        .env(TO_BIN, &model)
        .output()
        .expect("this program starts again");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert!(!model.exists());
    let kept = folder.path().join("data/Trash/files/scans.safetensors");
    assert_eq!(std::fs::read_to_string(kept).expect("it is in the bin"), "weights");
    let note = std::fs::read_to_string(folder.path().join("data/Trash/info/scans.safetensors.trashinfo"));
    assert!(note.expect("the bin knows where it was").contains("scans.safetensors"));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a part of the test above"]
fn the_real_bin() {
    let Some(model) = std::env::var_os(TO_BIN) else { return };
    zoomfield::app::models::to_bin(Path::new(&model)).expect("there is a bin");
}
