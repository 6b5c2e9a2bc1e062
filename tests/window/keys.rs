//! Every key of the table does what the help says it does.

use crate::stub::{Pick, picture, view, wait_for, window, window_of};
use crate::{Harness, PICTURE};
use eframe::egui::{Event, Key, Modifiers, ViewportCommand, ViewportId};
use egui_kittest::kittest::Queryable;
use tempfile::TempDir;
use zoomfield::app::compare::Held;
use zoomfield::app::env::Panel;
use zoomfield::app::files::album::Step;
use zoomfield::app::settings::Settings;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::view::command::KEY_FACTOR;
use zoomfield::app::window::keys::{Binding, SHORTCUTS};
use zoomfield::app::{App, Command, compare, export, files, settings, view};
use zoomfield::geometry::View;
use zoomfield::recipe::{Source, Strength};
use zoomfield::render::InventionLayer;

/// Five pictures, of which the third is shown; no file is behind it any more where the key is to read it again: the
/// window itself reads what changes on disk.
fn among_others(label: &str) -> (Harness<'static, App>, Option<TempDir>) {
    let temporary = tempfile::tempdir().expect("a folder for the test");
    let folder = temporary.path();
    for name in ["1", "2", "3", "4", "5"] {
        std::fs::write(folder.join(name).with_extension("png"), "90x60").expect("a file for the test");
    }
    let (mut harness, _) = window_of(1.0, |_| None, vec![folder.join("3.png")], None);
    wait_for(&mut harness, |harness| harness.state().slices().files.album.place() == Some((3, 5)));
    wait_for(&mut harness, |harness| name(harness) == "3.png");
    assert_eq!(harness.state().picture().expect("a picture").size, zoomfield::geometry::Size::new(90, 60));
    if label == AGAIN {
        std::fs::remove_file(folder.join("3.png")).expect("the file goes");
        let gone = "3.png was deleted or moved; it stays on the screen until you open another picture.";
        wait_for(&mut harness, |harness| harness.query_by_label(gone).is_some());
    }
    harness.run_steps(7);
    (harness, Some(temporary))
}

const AGAIN: &str = "Read the picture again";
const STEPS: [&str; 2] = ["Previous and next picture (also Page Up and Page Down)", "First and last picture"];

fn name(harness: &Harness<'_, App>) -> String {
    harness.state().picture().map_or_else(String::new, |picture| picture.name())
}

/// A window at ×4, with a comparison where the keys are about one; the folder of its pictures, where there is one.
fn ready(label: &str) -> (Harness<'static, App>, Option<TempDir>) {
    const PICK: Pick = |_| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        None
    };
    if label == AGAIN || STEPS.contains(&label) {
        return among_others(label);
    }
    let (mut harness, _) = window(1.0, PICK);
    harness.state_mut().show(picture(PICTURE));
    harness.state_mut().apply(view::Command::ZoomTo(4.0));
    if label == "Move the line of the comparison" {
        harness.state_mut().apply(compare::Command::ToggleSplit);
    }
    harness.run_steps(7);
    (harness, None)
}

/// Presses a key: what the window system was asked for meanwhile.
fn press(harness: &mut Harness<'_, App>, (modifiers, key, _): &Binding) -> Vec<ViewportCommand> {
    let (key, modifiers) = (*key, *modifiers);
    let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
    let events =
        [Event::ModifiersChanged(modifiers), event(true), event(false), Event::ModifiersChanged(Modifiers::NONE)];
    let mut asked = Vec::new();
    // A frame's answer is seen until the next frame.
    for event in events.map(Some).into_iter().chain([const { None }; 6]) {
        if let Some(event) = event {
            harness.event(event);
        }
        harness.step();
        asked.extend(harness.output().viewport_output[&ViewportId::ROOT].commands.iter().cloned());
    }
    asked
}

fn settings(harness: &Harness<'_, App>) -> Settings {
    harness.state().slices().settings.choices.clone()
}

/// What the table says of a key must have happened.
fn check(label: &str, binding: &Binding, (before, asked): (View, &[ViewportCommand]), harness: &mut Harness<'_, App>) {
    let (_, key, command) = binding;
    let (window, slices) = (harness.state().window(), harness.state().slices());
    let moved = || {
        let now = view(harness).corner_on_screen;
        [now[0] - before.corner_on_screen[0], now[1] - before.corner_on_screen[1]]
    };
    match label {
        "Open a picture" | "Compare with another model" => assert!(window.dialog.is_some()),
        "Open by path" => assert!(matches!(window.panel, Panel::Open)),
        "Draw a selection to export" => assert_eq!(slices.view.tool, view::Tool::Select),
        "Export this view" => assert!(matches!(window.panel, Panel::Export)),
        "Fit the window" => {
            let canvas = harness.state().canvas_rect_in_pixels().size();
            assert_eq!(view(harness), View::fit(PICTURE, canvas).snapped());
        }
        "100 %: one source pixel on one screen pixel" => assert_eq!(view(harness).zoom, 1.0),
        "Zoom to ×2 to ×9" => {
            let Command::View(view::Command::ZoomTo(zoom)) = command else { panic!("{command:?}") };
            assert_eq!((view(harness).zoom, key.symbol_or_name()), (*zoom, format!("{zoom}").as_str()));
        }
        "Zoom in" => assert!((view(harness).zoom - 4.0 * KEY_FACTOR).abs() < 1e-9),
        "Zoom out" => assert!((view(harness).zoom - 4.0 / KEY_FACTOR).abs() < 1e-9),
        "Go to a zoom by typing it" => assert!(matches!(window.panel, Panel::Zoom)),
        "Move the view (up and down also without Shift)" => assert_eq!(moved(), arrow(*key, 80.0)),
        "Move the view further" => assert_eq!(moved(), arrow(*key, 320.0)),
        "Change how pixels are made: auto, neural, bicubic, nearest" => {
            assert_eq!(slices.settings.choices.mode, Mode::Always(Source::NEURAL));
        }
        "Less and more of the network's detail" => {
            let expected = if *key == Key::OpenBracket { 90 } else { 100 };
            assert_eq!(slices.view.strength, Strength::percent(expected));
        }
        "Compare two ways side by side, or stop" => assert!(slices.compare.split.is_some()),
        "Move the line of the comparison" => {
            let at = slices.compare.split.expect("a comparison").at;
            assert!(if *key == Key::Comma { at < 0.5 } else { at > 0.5 });
        }
        "Grid and values of source pixels, at high zoom" => assert!(settings(harness).pixel_grid),
        "What the invention map shows: both, or one part" => {
            assert_eq!(slices.view.inquiry.layer, InventionLayer::ALL[1]);
        }
        "Invention map: what is the network's own" => assert!(slices.view.inquiry.shows_map),
        "Values under the cursor: source, shown, disagreement" => assert!(slices.view.inquiry.inspects),
        "Show or hide the minimap" => assert!(!settings(harness).minimap),
        "Settings" => assert_eq!(window.panel, Panel::Settings),
        "Show or hide this help" => assert_eq!(window.panel, Panel::Help),
        "Close a panel, leave full screen" => assert_eq!(window.panel, Panel::Closed),
        // The window system is not there: that it is asked is all there is to see.
        "Full screen" => assert!(asked.contains(&ViewportCommand::Fullscreen(true)), "{asked:?}"),
        "Quit" => assert!(asked.contains(&ViewportCommand::Close), "{asked:?}"),
        "Train on your own pictures" => assert!(slices.training.is_shown),
        "The list of models" => assert_eq!(window.panel, Panel::Models),
        _ => check_files(label, command, harness),
    }
}

/// The same of what concerns the file and its folder.
fn check_files(label: &str, command: &Command, harness: &mut Harness<'_, App>) {
    match label {
        label if STEPS.contains(&label) => wait_for(harness, |harness| name(harness) == stepped_to(command)),
        // There is no file any more, which the stub reads as one of the usual size.
        AGAIN => {
            let usual = zoomfield::geometry::Size::new(120, 80);
            wait_for(harness, |harness| harness.state().picture().is_some_and(|picture| picture.size == usual));
        }
        // Of a picture that is alone that is all; of others it is looked at with their pages.
        "Previous and next page of the file, or frame of an animation" | "First and last page or frame" => {
            assert!(harness.query_by_label("This file has one page.").is_some());
        }
        "A picture of light (EXR, HDR) brighter and darker by half a stop" => {
            assert!(harness.query_by_label_contains("it has no exposure to change").is_some());
        }
        "Play or pause an animation" => {
            assert!(harness.query_by_label("This picture is not an animation.").is_some());
        }
        "Show or hide what is known about the picture" => assert!(harness.state().slices().files.shows_info),
        other => panic!("nothing checks the key for \"{other}\""),
    }
}

/// The picture that a step from the third of five leads to.
fn stepped_to(command: &Command) -> &'static str {
    match command {
        Command::Files(files::Command::Show(Step::First)) => "1.png",
        Command::Files(files::Command::Show(Step::Previous)) => "2.png",
        Command::Files(files::Command::Show(Step::Next)) => "4.png",
        Command::Files(files::Command::Show(Step::Last)) => "5.png",
        other => panic!("{other:?} is no step"),
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
            let (mut harness, _folder) = ready(shortcut.label);
            let before = view(&harness);
            let asked = press(&mut harness, binding);
            let is_for_the_system = ["Full screen", "Quit"].contains(&shortcut.label);
            let is_asked = |c: &ViewportCommand| matches!(c, ViewportCommand::Fullscreen(_) | ViewportCommand::Close);
            assert!(is_for_the_system || !asked.iter().any(is_asked), "{}: {asked:?}", shortcut.label);
            check(shortcut.label, binding, (before, &asked), &mut harness);
            count += 1;
        }
    }
    assert!(count > 40, "the table was not read");
}

#[test]
fn escape_closes_what_is_open() {
    let (show, settings) = (export::Command::Show.into(), settings::Command::Toggle.into());
    for open in [show, Command::TogglePanel(Panel::Help), settings, files::Command::ShowPanel.into()] {
        let (mut harness, _) = ready("");
        harness.state_mut().apply(open);
        harness.run();
        assert_ne!(harness.state().window().panel, Panel::Closed);
        harness.key_press(Key::Escape);
        harness.run();
        assert_eq!(harness.state().window().panel, Panel::Closed);
    }
}

#[test]
fn a_held_key_shows_the_source_pixels_until_it_is_let_go() {
    let (mut harness, _) = ready("");
    harness.key_down(Key::O);
    harness.run();
    assert_eq!(harness.state().slices().compare.held, Held::Original);
    wait_for(&mut harness, |harness| harness.state().is_exact());
    harness.key_up(Key::O);
    harness.run();
    assert_eq!(harness.state().slices().compare.held, Held::Nothing);
    assert!(harness.state().is_exact());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_steps(2);
    assert_eq!(harness.state().slices().compare.held, Held::Nothing, "with Ctrl it opens");
}
