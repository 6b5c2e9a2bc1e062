//! Exports as commands for a shell: what is copied says what the window does.

use crate::exports::{choose, draft as drafted};
use crate::stub::{picture, wait_for, window_of, window_with};
use crate::{Harness, PICTURE};
use eframe::egui::OutputCommand;
use egui_kittest::kittest::{NodeT, Queryable};
use zoomfield::app::export::choice::{ExportChoice, ExportPart, Sizing};
use zoomfield::app::export::draft;
use zoomfield::app::settings::Settings;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::{App, export, settings, view};
use zoomfield::cli::parse_export;
use zoomfield::geometry::Region;
use zoomfield::kernel::PrecisionChoice;
use zoomfield::recipe::{Sampling, Strength};
use zoomfield::render::Backend;

/// The text that the command puts on the clipboard.
pub(crate) fn copied(harness: &mut Harness<'_, App>) -> String {
    assert!(!harness.get_by_label("Copy as command").accesskit_node().is_disabled());
    harness.state_mut().apply(export::Command::CopyAsCommand);
    harness.step();
    let commands = &harness.output().platform_output.commands;
    let text = commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    text.expect("a text on the clipboard")
}

#[cfg(unix)]
#[test]
fn the_copied_command_does_the_same_export() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("it's a $HOME.png");
    std::fs::write(&file, "451x300").expect("a file for the test");
    let (mut harness, _) = window_of(1.0, |_| None, vec![file.clone()], None);
    wait_for(&mut harness, |harness| harness.state().picture().is_some());
    harness.state_mut().apply(view::Command::ZoomTo(7.3));
    harness.run();
    harness.state_mut().apply(export::Command::Show);
    harness.run();
    let whole = ExportChoice { part: ExportPart::Whole, sizing: Sizing::Paper, ..ExportChoice::default() };
    let selection = Some(Region { x: 1.5, y: 2.125, width: 33.3, height: 20.0 });
    let drawn =
        ExportChoice { part: ExportPart::Selection, selection, sizing: Sizing::Megapixels, ..ExportChoice::default() };
    let view_scaled = ExportChoice { sizing: Sizing::Scale, scale: 3.7, ..ExportChoice::default() };
    for choice in [ExportChoice::default(), whole, drawn, view_scaled] {
        choose(&mut harness, choice.clone());
        let text = copied(&mut harness);
        let shell = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {text}")]).output();
        let words = String::from_utf8(shell.expect("a shell").stdout).expect("text");
        let words: Vec<String> = words.lines().map(str::to_owned).collect();
        let line = parse_export(&words).unwrap_or_else(|error| panic!("{text}: {error}"));
        let job = drafted(&harness);
        assert_eq!(line.input, file);
        assert_eq!(line.request.grid(PICTURE).expect("a grid"), job.grid, "{choice:?}");
        assert_eq!((line.output, line.overwrite), (job.output, job.overwrite));
        assert_eq!((line.file, line.recipe), (job.file, job.recipe));
        // What computed the view computes the file.
        let computed = job.model.computed();
        assert_eq!(computed.precision, PrecisionChoice::Only(job.model.precision));
        assert_eq!((line.backend, line.device), (Some(Backend::Cpu), None), "{text}");
        assert_eq!((Some(computed.backend), Some(computed.precision)), (line.backend, line.precision));
    }
}

/// Whatever the window is set to, the command that it copies says the same.
#[test]
fn the_copied_command_says_every_way_of_making_pixels() {
    let (mut harness, _) = window_with(picture(PICTURE));
    harness.state_mut().apply(view::Command::ZoomTo(7.3));
    let mut said = std::collections::HashSet::new();
    for mode in Mode::all() {
        for detail in [Sampling::Exact, Sampling::Lattice, Sampling::Coarse] {
            for strength in [0, 40, 100] {
                let settings = Settings { mode, detail, ..harness.state().slices().settings.choices.clone() };
                harness.state_mut().apply(settings::Command::Change(settings));
                harness.state_mut().apply(view::Command::SetStrength(Strength::percent(strength)));
                harness.state_mut().apply(export::Command::Show);
                harness.state_mut().apply(export::Command::EditPath("a.png".into()));
                let app = harness.state();
                let (job, mut line) = draft::draft(&app.slices().export.form, app.scene()).expect("an export");
                line.input = "in.png".into();
                let words = line.arguments().expect("words");
                assert_eq!(parse_export(&words).expect("an export").recipe, job.recipe, "{words:?}");
                assert_eq!(Some(job.recipe), harness.state().scene().recipe());
                said.insert(job.recipe.to_string());
            }
        }
    }
    // Squares, bicubic, and three samplings in two strengths.
    assert_eq!(said.len(), 8, "{said:?}");
}
