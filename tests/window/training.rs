//! Training in the window: every control and every state by its label.

use crate::stub::{Pick, StubTiles, picture, view, wait_for, window_at};
use crate::training_run::{STEPS, tiny};
use crate::{Harness, PICTURE};
use eframe::egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use zoomfield::app::compare::split::Side;
use zoomfield::app::env::Panel;
use zoomfield::app::kit::text::preset;
use zoomfield::app::training::choice::TrainingChoice;
use zoomfield::app::training::worker::TrainingOutcome;
use zoomfield::app::training::workplace::Workplace;
use zoomfield::app::window::services::DataFolders;
use zoomfield::app::{App, models, training, view};
use zoomfield::library::{Library, Origin};
use zoomfield::recipe::Source;
use zoomfield::train::Degradation;
use zoomfield::weights::Weights;

/// Models and trainings in a folder, with a bin in it.
pub(crate) fn folders_in(folder: &Path) -> DataFolders {
    let bin = folder.join("bin");
    let to_bin = move |path: &Path| {
        std::fs::create_dir_all(&bin).map_err(|error| error.to_string())?;
        std::fs::rename(path, bin.join(path.file_name().unwrap_or_default())).map_err(|error| error.to_string())
    };
    let library = Library::new(folder.join("models"), Arc::new(to_bin));
    DataFolders { library, workplace: Workplace::new(folder.join("training")) }
}

/// A window that shows a picture and remembers everything in a folder.
pub(crate) fn window_home(folder: &Path, pick: Pick) -> (Harness<'static, App>, StubTiles) {
    let settings = Some(folder.join("settings.json"));
    let (mut harness, tiles) = window_at(1.0, pick, Vec::new(), settings, Some(folders_in(folder)));
    harness.state_mut().show(picture(PICTURE));
    wait_for(&mut harness, |harness| harness.state().slices().models.own.model().is_some());
    (harness, tiles)
}

pub(crate) fn start() -> (TempDir, Harness<'static, App>, StubTiles) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (mut harness, tiles) = window_home(folder.path(), |_| None);
    harness.key_press(Key::T);
    harness.run_steps(3);
    (folder, harness, tiles)
}

pub(crate) fn training<'a>(harness: &'a Harness<'_, App>) -> &'a training::State {
    &harness.state().slices().training
}

pub(crate) fn choice(harness: &Harness<'_, App>) -> TrainingChoice {
    training(harness).choice.clone()
}

/// Starts a training of a played folder, as the form would.
pub(crate) fn train(harness: &mut Harness<'_, App>, name: &str) {
    let choice = TrainingChoice { folder: format!("/photos/{name}"), minutes: 1.0, ..choice(harness) };
    harness.state_mut().apply(training::Command::Change(choice));
    harness.step();
    harness.get_by_label("Start training").click();
    wait_for(harness, |harness| training(harness).running.is_some());
}

pub(crate) fn wait_for_label(harness: &mut Harness<'_, App>, label: &str) {
    wait_for(harness, |harness| harness.query_by_label_contains(label).is_some());
}

pub(crate) fn wait_for_step(harness: &mut Harness<'_, App>, step: u64) {
    wait_for(harness, |harness| training(harness).report().step >= step);
    harness.run_steps(2);
}

pub(crate) fn end(harness: &mut Harness<'_, App>) -> TrainingOutcome {
    wait_for(harness, |harness| training(harness).end().is_some());
    harness.run_steps(3);
    training(harness).end().expect("an end").outcome.clone()
}

/// Clicks a control wherever the panel has scrolled it to.
pub(crate) fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click_accesskit();
    harness.run_steps(3);
}

fn is_on(harness: &Harness<'_, App>, label: &str) -> bool {
    !harness.get_by_label(label).accesskit_node().is_disabled()
}

#[test]
fn every_choice_has_a_control_with_a_name() {
    let (_folder, mut harness, _) = start();
    assert!(!is_on(&harness, "Start training"), "no folder is named");
    harness.get_by_label("Folder of pictures").type_text("/photos/good");
    harness.run_steps(3);
    assert_eq!(choice(&harness).folder(), Some(PathBuf::from("/photos/good")));
    assert!(is_on(&harness, "Start training"));
    for kind in Degradation::ALL.into_iter().rev() {
        click(&mut harness, preset(kind).0);
        assert_eq!(choice(&harness).degradation, kind);
    }
    for (label, minutes) in [("5 min", 5.0), ("1 h", 60.0), ("4 h", 240.0), ("15 min", 15.0)] {
        let radio = harness.query_all_by_label(label).next().expect("a choice of time");
        radio.click_accesskit();
        harness.run_steps(3);
        assert_eq!(choice(&harness).minutes, minutes, "{label}");
    }
    assert!(harness.query_all_by_label("Time").count() >= 1 && harness.query_all_by_label("Start from").count() >= 1);
    click(&mut harness, "More");
    harness.run_steps(20);
    click(&mut harness, "Leave the encoder as it is");
    assert!(choice(&harness).freeze_encoder);
    for label in ["Learning rate", "Seed", "Held out for judging"] {
        assert!(harness.query_all_by_label(label).count() >= 1, "{label}");
    }
    click(&mut harness, "Close");
    assert!(!training(&harness).is_shown);
    click(&mut harness, "Train");
    assert!(training(&harness).is_shown);
}

#[test]
fn the_folder_comes_from_the_dialog_or_is_typed() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (mut harness, _) = window_home(folder.path(), |_| Some(vec!["/photos/chosen".into()]));
    harness.state_mut().apply(training::Command::Toggle);
    harness.run_steps(3);
    click(&mut harness, "Browse…");
    wait_for(&mut harness, |harness| choice(harness).folder == "/photos/chosen");
    let (_folder, mut harness, _) = start();
    click(&mut harness, "Browse…");
    wait_for_label(&mut harness, "No file dialog answered. Type the path instead.");
}

#[test]
fn a_training_shows_how_it_goes_and_the_person_zooms_meanwhile() {
    let (_folder, mut harness, _) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 21);
    harness.get_by_label("endless");
    harness.get_by_label("Clean pictures, 11 pictures, 1 held out; played, 2 threads");
    harness.get_by_label("Training. 45 s left; zooming comes first.");
    harness.get_by_label("start 28.00 dB");
    harness.get_by_label("bicubic 26.50 dB");
    assert!(harness.query_by_label_contains("dB on 1 picture not trained on").is_some());
    assert!(harness.query_by_label_contains("Loss 0.0").is_some());
    harness.get_by_label("broken.jpg is left out");
    let before = training(&harness).report().step;
    harness.key_press(Key::Num4);
    wait_for(&mut harness, |harness| view(harness).zoom == 4.0 && harness.state().is_exact());
    wait_for_step(&mut harness, before + 10);
    // The panel may go; the training does not.
    harness.key_press(Key::T);
    harness.run_steps(3);
    assert_eq!(harness.get_by_label("Train").value(), None);
    assert!(!training(&harness).is_shown && training(&harness).running.is_some());
}

#[test]
fn a_pause_holds_and_ends() {
    let (_folder, mut harness, _) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 5);
    click(&mut harness, "Pause");
    harness.get_by_label("Paused. 45 s of training left.");
    std::thread::sleep(std::time::Duration::from_millis(50));
    harness.run_steps(3);
    let held = training(&harness).report().step;
    std::thread::sleep(std::time::Duration::from_millis(100));
    harness.run_steps(3);
    assert_eq!(training(&harness).report().step, held);
    // What is asked for meanwhile is answered.
    click(&mut harness, "Use in viewer");
    wait_for(&mut harness, |harness| harness.state().slices().models.before.is_some());
    click(&mut harness, "Go on");
    wait_for_step(&mut harness, held + 5);
    click(&mut harness, "Pause");
    click(&mut harness, "Stop");
    assert!(matches!(end(&mut harness), TrainingOutcome::Better(_) | TrainingOutcome::NotBetter(_)));
}

#[test]
fn a_better_model_comes_on_the_list_with_its_card() {
    let (folder, mut harness, _) = start();
    train(&mut harness, "good");
    let outcome = end(&mut harness);
    assert!(matches!(outcome, TrainingOutcome::Better(judgement) if judgement.gain() == 1.0), "{outcome:?}");
    harness.get_by_label("Better than before");
    harness.get_by_label("It is in the list of models as good.");
    let kept = training(&harness).end().and_then(|end| end.kept.clone()).expect("a model");
    assert_eq!(kept, folder.path().join("models/good.safetensors"));
    assert_eq!(Weights::open(&kept).expect("weights"), tiny(STEPS));
    let (_, _, card) = zoomfield::library::open(Some(&kept)).expect("a card");
    let Origin::Trained(summary) = card.origin else { panic!("{card:?}") };
    assert_eq!((summary.folder.as_str(), summary.pictures, summary.held_out), ("good", 11, 1));
    assert_eq!((summary.steps, summary.gain_db(), summary.started_from.as_str()), (STEPS, Some(1.0), "Live"));
    assert!(summary.date.len() == 10 && card.licence.contains("weights/CREDITS.tsv"));
    // It is used only when the person says so.
    assert_eq!(harness.state().slices().models.own.path(), None);
    click(&mut harness, "Use in viewer");
    wait_for(&mut harness, |harness| harness.state().slices().models.own.path() == Some(&kept));
    click(&mut harness, "New training");
    harness.get_by_label("Start training");
}

#[test]
fn what_is_not_better_is_said_and_the_viewer_goes_back() {
    let (folder, mut harness, _) = start();
    let original = harness.state().slices().models.own.model().expect("a model").key();
    train(&mut harness, "worse");
    wait_for_step(&mut harness, 2);
    click(&mut harness, "Use in viewer");
    assert!(matches!(end(&mut harness), TrainingOutcome::NotBetter(_)));
    harness.get_by_label("Not better than before");
    assert!(harness.query_by_label_contains("The previous model is kept; nothing has changed.").is_some());
    wait_for(&mut harness, |harness| !harness.state().slices().models.own.is_loading());
    assert_eq!(harness.state().slices().models.own.model().expect("a model").key(), original);
    assert!(!folder.path().join("models").exists());
    assert!(harness.query_by_label("Use in viewer").is_none());
}

#[test]
fn failures_are_explained_and_change_nothing() {
    for (name, words) in [
        ("empty", "it holds no pictures"),
        ("diverging", "the loss of step 5 is not a number"),
        ("breaking", "training ended unexpectedly"),
    ] {
        let (_folder, mut harness, _) = start();
        train(&mut harness, name);
        let outcome = end(&mut harness);
        assert!(matches!(&outcome, TrainingOutcome::Failed(reason) if reason.contains(words)), "{name}: {outcome:?}");
        harness.get_by_label("Training failed");
        assert_eq!(harness.state().slices().models.own.path(), None);
        click(&mut harness, "New training");
        harness.get_by_label("Start training");
    }
}

#[test]
fn without_held_out_pictures_nobody_claims_anything() {
    let (_folder, mut harness, _) = start();
    train(&mut harness, "unjudged");
    assert_eq!(end(&mut harness), TrainingOutcome::NotJudged);
    harness.get_by_label("Trained, but not judged");
    harness.get_by_label("It is in the list of models as unjudged.");
}

#[test]
fn the_model_is_swapped_live_compared_and_taken_back() {
    let (folder, mut harness, _) = start();
    let key = |harness: &Harness<'_, App>| harness.state().slices().models.own.model().expect("a model").key();
    let original = key(&harness);
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 3);
    assert!(!is_on(&harness, "Revert") && !is_on(&harness, "Compare old and new"));
    click(&mut harness, "Use in viewer");
    wait_for(&mut harness, |harness| key(harness) != original);
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("The viewer uses “after step").is_some());
    click(&mut harness, "Compare old and new");
    let split = harness.state().slices().compare.split.expect("a comparison");
    assert_eq!((split.left, split.right), (Side::OtherModel, Side::Own(Source::NEURAL)));
    let panes = harness.state().slices().compare.panes(harness.state().scene());
    assert!(panes[0].subject.model == Some(original) && panes[1].subject.model == Some(key(&harness)));
    // Asked again, the newer weights come in, and going back still leads to the first model.
    let (first, step) = (key(&harness), training(&harness).report().step);
    wait_for_step(&mut harness, step + 3);
    click(&mut harness, "Use in viewer");
    wait_for(&mut harness, |harness| key(harness) != first);
    harness.run_steps(3);
    click(&mut harness, "Revert");
    assert_eq!(key(&harness), original);
    wait_for(&mut harness, |harness| !harness.state().slices().models.own.is_loading());
    assert_eq!((key(&harness), harness.state().slices().models.own.path()), (original, None));
    assert!(!is_on(&harness, "Revert"));
    drop(harness);
    assert!(folder.path().join("training").is_dir());
}

#[test]
fn a_place_is_watched_before_and_after() {
    let (_folder, mut harness, _) = start();
    train(&mut harness, "endless");
    // At first a held-out picture.
    wait_for_label(&mut harness, "a held-out picture so far");
    wait_for(&mut harness, |harness| training(harness).before_after.is_some());
    let is_square = |harness: &Harness<'_, App>, side: usize| {
        training(harness).before_after.as_ref().is_some_and(|before_after| before_after.after.size() == [side, side])
    };
    assert!(is_square(&harness, 8));
    harness.state_mut().apply(view::Command::ZoomTo(6.0));
    harness.run_steps(20);
    click(&mut harness, "Watch this place");
    wait_for(&mut harness, |harness| is_square(harness, 160));
    harness.run_steps(2);
    harness.get_by_label("the middle of the view");
    assert!(harness.query_all_by_label("Before").count() >= 1);
    assert_eq!(format!("{:?}", training(&harness).place), "Some(160×160 of untitled)");
}

#[test]
fn the_weights_of_the_moment_can_be_saved() {
    static FOLDER: std::sync::OnceLock<TempDir> = std::sync::OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder for the test"));
    let (mut harness, _) = window_home(folder.path(), |_| FOLDER.get().map(|folder| vec![folder.path().join("mine")]));
    harness.state_mut().apply(training::Command::Toggle);
    harness.run_steps(3);
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 2);
    click(&mut harness, "Save as…");
    let file = folder.path().join("mine.safetensors");
    wait_for_label(&mut harness, "Written: ");
    let (weights, _, card) = zoomfield::library::open(Some(&file)).expect("a model");
    assert_eq!(weights.config(), tiny(0).config());
    assert!(matches!(card.origin, Origin::Trained(summary) if summary.psnr.is_none() && summary.folder == "endless"));
}

#[test]
fn without_a_dialog_the_path_is_typed_and_nothing_is_replaced() {
    let (folder, mut harness, _) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 2);
    let (file, taken) = (folder.path().join("typed.safetensors"), folder.path().join("taken.safetensors"));
    std::fs::write(&taken, "mine").expect("a file");
    for (path, words) in [(&taken, "exists already"), (&file, "Written: ")] {
        click(&mut harness, "Save as…");
        wait_for(&mut harness, |harness| matches!(harness.state().window().panel, Panel::SaveModel));
        harness.state_mut().apply(models::Command::EditPath(path.to_string_lossy().into_owned()));
        harness.run_steps(3);
        click(&mut harness, "Save");
        wait_for_label(&mut harness, words);
    }
    assert!(Weights::open(&file).is_ok());
    assert_eq!(std::fs::read_to_string(&taken).expect("the file"), "mine");
}

#[test]
fn training_waits_while_the_view_waits_for_tiles() {
    let (_folder, mut harness, tiles) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 3);
    tiles.0.borrow_mut().is_silent = true;
    harness.state_mut().apply(view::Command::ZoomTo(9.0));
    harness.run_steps(20);
    std::thread::sleep(std::time::Duration::from_millis(50));
    harness.run_steps(2);
    let held = training(&harness).report().step;
    std::thread::sleep(std::time::Duration::from_millis(150));
    harness.run_steps(2);
    assert_eq!(training(&harness).report().step, held, "training went on although the view was waiting");
    tiles.0.borrow_mut().is_silent = false;
    harness.state_mut().apply(view::Command::ZoomTo(8.0));
    wait_for_step(&mut harness, held + 3);
}
