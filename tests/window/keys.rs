//! Every key of the table does what the help says it does.

use crate::stub::{Pick, picture, view, wait_for, window};
use crate::{Harness, PICTURE};
use eframe::egui::{Key, Modifiers};
use zoomfield::app::command::KEY_FACTOR;
use zoomfield::app::keys::{Binding, SHORTCUTS};
use zoomfield::app::look::Mode;
use zoomfield::app::settings::Settings;
use zoomfield::app::state::Panel;
use zoomfield::app::{App, Command, ViewCommand};
use zoomfield::geometry::View;
use zoomfield::key::Strength;

/// A window at ×4, with a comparison where the keys are about one.
fn ready(label: &str) -> Harness<'static, App> {
    const PICK: Pick = |_| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        None
    };
    let (mut harness, _) = window(1.0, PICK);
    harness.state_mut().show(picture(PICTURE));
    harness.state_mut().apply(Command::ZoomTo(4.0));
    if label == "Move the line of the comparison" {
        harness.state_mut().apply(Command::View(ViewCommand::ToggleSplit));
    }
    harness.run_steps(7);
    harness
}

fn press(harness: &mut Harness<'_, App>, (modifiers, key, _): &Binding) {
    harness.key_press_modifiers(*modifiers, *key);
    harness.run_steps(7);
}

fn settings(harness: &Harness<'_, App>) -> Settings {
    harness.state().state().settings.clone()
}

/// What the table says of a key must have happened.
fn check(label: &str, binding: &Binding, before: View, harness: &mut Harness<'_, App>) {
    let (_, key, command) = binding;
    let state = harness.state().state();
    let moved = || {
        let now = view(harness).corner_on_screen;
        [now[0] - before.corner_on_screen[0], now[1] - before.corner_on_screen[1]]
    };
    match label {
        "Open a picture" | "Compare with another model" => assert!(state.dialog.is_some()),
        "Open by path" => assert!(matches!(state.panel, Panel::Open(_))),
        "Export this view" => assert!(matches!(state.panel, Panel::Export(_))),
        "Fit the window" => {
            let canvas = harness.state().canvas_rect_in_pixels().size();
            assert_eq!(view(harness), View::fit(PICTURE, canvas).snapped());
        }
        "100 %: one source pixel on one screen pixel" => assert_eq!(view(harness).zoom, 1.0),
        "Zoom to ×2 to ×9" => {
            let Command::ZoomTo(zoom) = command else { panic!("{command:?}") };
            assert_eq!((view(harness).zoom, key.symbol_or_name()), (*zoom, format!("{zoom}").as_str()));
        }
        "Zoom in" => assert!((view(harness).zoom - 4.0 * KEY_FACTOR).abs() < 1e-9),
        "Zoom out" => assert!((view(harness).zoom - 4.0 / KEY_FACTOR).abs() < 1e-9),
        "Go to a zoom by typing it" => assert!(matches!(state.panel, Panel::Zoom(_))),
        "Move the view (up and down also without Shift)" => assert_eq!(moved(), arrow(*key, 80.0)),
        "Move the view further" => assert_eq!(moved(), arrow(*key, 320.0)),
        "Change how pixels are made: auto, neural, bicubic, nearest" => {
            assert_eq!(state.settings.mode, Mode::Neural);
        }
        "Less and more of the network's detail" => {
            let expected = if *key == Key::OpenBracket { 90 } else { 100 };
            assert_eq!(state.strength, Strength::percent(expected));
        }
        "Compare two ways side by side, or stop" => assert!(state.split.is_some()),
        "Move the line of the comparison" => {
            let at = state.split.expect("a comparison").at;
            assert!(if *key == Key::Comma { at < 0.5 } else { at > 0.5 });
        }
        "Grid and values of source pixels, at high zoom" => assert!(settings(harness).pixel_grid),
        "Show or hide the minimap" => assert!(!settings(harness).minimap),
        "Settings" => assert_eq!(state.panel, Panel::Settings),
        "Show or hide this help" => assert_eq!(state.panel, Panel::Help),
        "Close a panel, leave full screen" => assert_eq!(state.panel, Panel::Closed),
        // Commands to the window system, which is not there: that they are sent is all there is to see.
        "Full screen" => assert_eq!(*command, Command::ToggleFullscreen),
        "Quit" => assert_eq!(*command, Command::Quit),
        // In a window with one picture these have nowhere to go; `browsing` walks through a folder.
        "Previous and next picture (also Page Up and Page Down)"
        | "First and last picture"
        | "Read the picture again" => assert!(harness.state().picture().is_some()),
        "Train on your own pictures" => assert!(state.training.is_shown),
        "The list of models" => assert_eq!(state.panel, Panel::Models),
        "Show or hide what is known of the picture" => assert!(state.shows_info),
        other => panic!("nothing checks the key for \"{other}\""),
    }
}

fn arrow(key: Key, points: f64) -> [f64; 2] {
    match key {
        Key::ArrowLeft => [points, 0.0],
        Key::ArrowRight => [-points, 0.0],
        Key::ArrowUp => [0.0, points],
        Key::ArrowDown => [0.0, -points],
        other => panic!("{other:?} is no arrow"),
    }
}

#[test]
fn every_key_does_what_the_help_says() {
    let mut count = 0;
    for shortcut in SHORTCUTS {
        for binding in shortcut.bindings {
            let mut harness = ready(shortcut.label);
            let before = view(&harness);
            press(&mut harness, binding);
            check(shortcut.label, binding, before, &mut harness);
            count += 1;
        }
    }
    assert!(count > 40, "the table was not read");
}

#[test]
fn escape_closes_what_is_open() {
    for open in [Command::ShowExport, Command::ToggleHelp, Command::ToggleSettings, Command::ShowOpenPanel] {
        let mut harness = ready("");
        harness.state_mut().apply(open);
        harness.run();
        assert_ne!(harness.state().state().panel, Panel::Closed);
        harness.key_press(Key::Escape);
        harness.run();
        assert_eq!(harness.state().state().panel, Panel::Closed);
    }
}

#[test]
fn a_held_key_shows_the_source_pixels_until_it_is_let_go() {
    let mut harness = ready("");
    harness.key_down(Key::O);
    harness.run();
    assert!(harness.state().state().is_original_held);
    wait_for(&mut harness, |harness| harness.state().is_exact());
    harness.key_up(Key::O);
    harness.run();
    assert!(!harness.state().state().is_original_held && harness.state().is_exact());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_steps(2);
    assert!(!harness.state().state().is_original_held, "with Ctrl it opens");
}
