//! Trainings that are interrupted: by closing the window, by a crash, by the person.

use crate::Harness;
use crate::stub::wait_for;
use crate::training::{
    choice, click, end, folders_in, start, train, training, wait_for_label, wait_for_step, window_home,
};
use crate::training_run::UNREAD;
use eframe::egui::{self, ViewportCommand, ViewportEvent};
use egui_kittest::kittest::Queryable;
use zoomfield::app::App;
use zoomfield::app::env::Panel;
use zoomfield::app::training::worker::TrainingOutcome;

/// The commands to the window of a step.
fn step(harness: &mut Harness<'_, App>) -> Vec<ViewportCommand> {
    harness.step();
    harness.output().viewport_output.values().flat_map(|output| output.commands.clone()).collect()
}

fn ask_to_close(harness: &mut Harness<'_, App>) -> bool {
    let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
    viewport.events.push(ViewportEvent::Close);
    !step(harness).contains(&ViewportCommand::CancelClose)
}

fn wait_for_closing(harness: &mut Harness<'_, App>) {
    for _ in 0..500 {
        if step(harness).contains(&ViewportCommand::Close) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(4));
    }
    panic!("the window does not close");
}

#[test]
fn closing_asks_once_saves_and_the_next_start_offers_to_go_on() {
    let (folder, mut harness, _) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 12);
    assert!(!ask_to_close(&mut harness));
    wait_for_label(&mut harness, "A training is running");
    click(&mut harness, "Keep the window open");
    assert!(training(&harness).running.is_some());
    assert!(!ask_to_close(&mut harness));
    wait_for_label(&mut harness, "Save and close");
    harness.get_by_label("Save and close").click_accesskit();
    wait_for_closing(&mut harness);
    assert!(ask_to_close(&mut harness), "the answer was given");
    let step = training(&harness).report().step;
    drop(harness);
    assert!(!folder.path().join("models").exists(), "it has not ended");

    let (mut harness, _) = window_home(folder.path(), |_| None);
    wait_for_label(&mut harness, "Resume the training of endless (Clean pictures, 1 min)?");
    click(&mut harness, "Resume");
    wait_for(&mut harness, |harness| training(harness).report().beginning.is_some());
    assert!(training(&harness).report().step >= step && training(&harness).is_shown);
    assert_eq!(choice(&harness).folder, "/photos/endless");
    wait_for_step(&mut harness, step + 3);
    // A stopped training has ended: what is better is kept, and nothing is offered.
    click(&mut harness, "Stop");
    end(&mut harness);
    drop(harness);
    assert!(folder.path().join("models/endless.safetensors").exists());
    assert_eq!(folders_in(folder.path()).workplace.interrupted(), None);
}

#[test]
fn an_interrupted_training_is_offered_until_somebody_decides() {
    let (folder, mut harness, _) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 12);
    // As if the window vanished.
    drop(harness);
    for _ in 0..2 {
        let (mut harness, _) = window_home(folder.path(), |_| None);
        wait_for_label(&mut harness, "A training was interrupted");
        click(&mut harness, "Not now");
        assert_eq!(harness.state().window().panel, Panel::Closed);
    }
    let (mut harness, _) = window_home(folder.path(), |_| None);
    wait_for_label(&mut harness, "Resume the training of endless");
    click(&mut harness, "Discard it");
    let place = folders_in(folder.path()).workplace;
    wait_for(&mut harness, |_| !place.checkpoint().exists());
    assert_eq!(place.interrupted(), None);
}

#[test]
fn a_stopped_training_can_go_on() {
    let (_folder, mut harness, _) = start();
    train(&mut harness, "endless");
    wait_for_step(&mut harness, 12);
    click(&mut harness, "Stop");
    end(&mut harness);
    let step = training(&harness).report().step;
    click(&mut harness, "Go on with this one");
    wait_for(&mut harness, |harness| training(harness).report().step > step);
}

#[test]
fn what_was_stopped_before_it_was_judged_is_offered_again() {
    let (folder, mut harness, _) = start();
    train(&mut harness, "unread");
    wait_for_step(&mut harness, UNREAD);
    // As if the window vanished.
    drop(harness);
    let (mut harness, _) = window_home(folder.path(), |_| None);
    wait_for_label(&mut harness, "Resume the training of unread");
    click(&mut harness, "Resume");
    wait_for(&mut harness, |harness| training(harness).report().beginning.is_some());
    click(&mut harness, "Stop");
    assert_eq!(end(&mut harness), TrainingOutcome::NotJudgedYet);
    harness.get_by_label("Stopped before it was judged");
    harness.get_by_label("Go on with this one");
    drop(harness);
    assert!(folders_in(folder.path()).workplace.interrupted().is_some());
}
