//! A training under way, and what came of it.

use super::around::{Around, ask};
use super::plots;
use crate::app::kit::text::{duration_text, preset};
use crate::app::kit::theme;
use crate::app::kit::widgets::main_button;
use crate::app::training::before_after::BeforeAfterTextures;
use crate::app::training::report::{Judgement, Report};
use crate::app::training::running::RunningTraining;
use crate::app::training::worker::{End, TrainingOutcome};
use crate::app::training::{Command, State};
use egui::{Image, ProgressBar, RichText, TextureHandle, Ui};

/// The longest side of a watched place, in points.
const PICTURE_SIDE: f32 = 148.0;

/// Draws the training that runs.
pub(super) fn show_running(
    ui: &mut Ui,
    state: &State,
    running: &RunningTraining,
    around: Around<'_>,
    commands: &mut Vec<Command>,
) {
    let report = state.report();
    ui.label(RichText::new(running.choice.folder_name()).strong());
    ui.weak(format!("{}, {}", preset(running.choice.degradation).0, pictures(report)));
    ui.add(ProgressBar::new(report.done as f32).show_percentage());
    ui.label(condition(state, running));
    ui.horizontal_wrapped(|ui| {
        let is_on = !running.is_stopping && report.beginning.is_some();
        if running.is_paused {
            ask(ui, "Go on", is_on, Command::GoOn, commands);
        } else {
            ask(ui, "Pause", is_on, Command::Pause, commands);
        }
        ask(ui, "Stop", !running.is_stopping, Command::Stop, commands);
    });
    if report.beginning.is_none() {
        return;
    }
    ui.separator();
    // Above what may need scrolling: it is what the training is for.
    let can_use = report.step > 0 && !running.is_stopping;
    model(ui, around, can_use, "Use in viewer", commands);
    ui.separator();
    plots::show(ui, report);
    ui.separator();
    place(ui, state, around.has_picture, commands);
    warnings(ui, report);
}

fn pictures(report: &Report) -> String {
    match &report.beginning {
        Some(beginning) => {
            format!("{} pictures, {} held out; {}", beginning.pictures, beginning.held_out, beginning.device)
        }
        None => "reading the pictures".into(),
    }
}

/// What it is doing, and how long it will.
fn condition(state: &State, running: &RunningTraining) -> String {
    let report = state.report();
    let left = report.remaining_secs.map(duration_text);
    if running.is_closing() {
        "Saving; then the window closes.".into()
    } else if running.is_stopping {
        "Stopping: the last step is finished and saved.".into()
    } else if report.beginning.is_none() {
        "Reading the pictures…".into()
    } else if running.is_paused {
        left.map_or_else(|| "Paused.".into(), |left| format!("Paused. {left} of training left."))
    } else {
        left.map_or_else(|| "Training…".into(), |left| format!("Training. {left} left; zooming comes first."))
    }
}

/// Before and after, of a place that the person picks.
fn place(ui: &mut Ui, state: &State, has_picture: bool, commands: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        ask(ui, "Watch this place", has_picture, Command::Watch, commands);
        let text = if state.place.is_some() { "the middle of the view" } else { "a held-out picture so far" };
        ui.weak(text);
    });
    before_after(ui, state);
}

fn before_after(ui: &mut Ui, state: &State) {
    let Some(BeforeAfterTextures { before, after, step, .. }) = &state.before_after else { return };
    // Beside the scroll bar, and small enough that a window of usual height shows all of the panel.
    let width = ((ui.available_width() - ui.spacing().item_spacing.x) / 2.0 - 6.0).min(PICTURE_SIDE);
    ui.horizontal(|ui| {
        let is_resumed = state.report().beginning.as_ref().is_some_and(|beginning| beginning.step > 0);
        let at_first = if is_resumed { "When resumed" } else { "Before" };
        for (texture, name) in [(before, at_first.to_owned()), (after, format!("After step {step}"))] {
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.label(&name);
                picture(ui, texture, width, &name);
            });
        }
    });
}

fn picture(ui: &mut Ui, texture: &TextureHandle, width: f32, name: &str) {
    let size = texture.size_vec2();
    let fitted = size * (width / size.x.max(size.y).max(1.0));
    ui.add(Image::new(texture).fit_to_exact_size(fitted).alt_text(name));
}

/// The new model in the viewer, and how to go back.
fn model(ui: &mut Ui, around: Around<'_>, can_use: bool, text: &str, commands: &mut Vec<Command>) {
    let (own, has_before) = (&around.models.own, around.models.before.is_some());
    ui.horizontal_wrapped(|ui| {
        ask(ui, text, can_use, Command::Use, commands);
        ask(ui, "Compare old and new", has_before && around.has_picture, Command::Compare, commands);
        ask(ui, "Revert", has_before, Command::Revert, commands);
        ask(ui, "Save as…", can_use, Command::SaveAs, commands);
    });
    if own.is_loading() {
        ui.weak("Loading the model…");
    } else if has_before {
        let name = own.name();
        ui.weak(format!("The viewer uses “{}”.", name.strip_suffix(".safetensors").unwrap_or(&name)));
    }
}

fn warnings(ui: &mut Ui, report: &Report) {
    // The newest are the likeliest to matter.
    for warning in report.warnings.iter().rev().take(3) {
        ui.label(RichText::new(warning).small().color(theme::legible(theme::FAILED, ui.visuals())));
    }
}

/// Draws what came of a training.
pub(super) fn show_end(ui: &mut Ui, state: &State, end: &End, around: Around<'_>, commands: &mut Vec<Command>) {
    let report = state.report();
    let (heading, words) = verdict(end, report);
    ui.label(RichText::new(heading).strong());
    ui.label(words);
    if let Some(path) = &end.kept {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        ui.label(format!("It is in the list of models as {name}."));
    }
    let has_model = end.kept.is_some();
    if has_model || around.models.before.is_some() {
        model(ui, around, has_model, "Use in viewer", commands);
    }
    ui.horizontal_wrapped(|ui| {
        if ui.add(main_button("New training")).clicked() {
            commands.push(Command::Again);
        }
        if end.rest.is_some() {
            ask(ui, "Go on with this one", true, Command::Resume, commands);
        }
    });
    if report.beginning.is_some() {
        ui.separator();
        plots::show(ui, report);
        ui.separator();
        before_after(ui, state);
        warnings(ui, report);
    }
}

/// What came of it, in plain words.
fn verdict(end: &End, report: &Report) -> (&'static str, String) {
    let steps = report.step;
    let best_step = report.best_step.unwrap_or(steps);
    match &end.outcome {
        TrainingOutcome::Better(judgement) => ("Better than before", better(judgement, best_step, steps)),
        TrainingOutcome::NotBetter(Judgement { now, start, since, .. }) => {
            let (of, pictures) = match since {
                0 => ("at the start".to_owned(), "pictures it has not seen"),
                step => (format!("of {}", reference(*step)), "the held-out pictures"),
            };
            (
                "Not better than before",
                format!(
                    "{now:.2} dB against {start:.2} dB {of}, on {pictures}, after {steps} steps. The previous model is \
                     kept; nothing has changed."
                ),
            )
        }
        TrainingOutcome::Carried(Judgement { since, .. }) => (
            "Better than before, by earlier figures",
            format!(
                "Nothing got better since step {since}, where the comparison began anew. The best weights of before, of \
                 step {best_step}, were better than those at the start; that was not compared again."
            ),
        ),
        TrainingOutcome::NotJudgedYet => (
            "Stopped before it was judged",
            format!(
                "The held-out pictures were not looked at since it went on, at step {steps}. Go on with it to know \
                 whether it is better; the next start offers that too."
            ),
        ),
        TrainingOutcome::NotJudged => (
            "Trained, but not judged",
            format!(
                "No picture was held out, so nobody knows whether {steps} steps made it better. Compare before you use \
                 it."
            ),
        ),
        TrainingOutcome::Nothing => ("Stopped", "No step was taken. Nothing has changed.".into()),
        TrainingOutcome::Failed(reason) => ("Training failed", format!("{reason}. The previous model is kept.")),
    }
}

/// What better weights gained, over what.
fn better(judgement: &Judgement, best_step: u64, steps: u64) -> String {
    let Judgement { bicubic, start, since, best, .. } = judgement;
    let gain = judgement.gain();
    match since {
        0 => format!(
            "{gain:.2} dB better on pictures it has not seen: {best:.2} dB at step {best_step} of {steps}, at the start \
             {start:.2} dB, bicubic {bicubic:.2} dB."
        ),
        // Nobody knows what was trained on before.
        step => format!(
            "{gain:.2} dB better on the held-out pictures than {}: {best:.2} dB at step {best_step} of {steps}, before \
             {start:.2} dB, bicubic {bicubic:.2} dB.",
            reference(*step)
        ),
    }
}

/// What a comparison that began later compares with.
fn reference(since: u64) -> String {
    format!("the best weights of step {since}, where the comparison began")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_plain() {
        let said = |outcome| verdict(&End { outcome, kept: None, rest: None }, &Report::default());
        let judgement = Judgement { now: 29.0, bicubic: 27.0, start: 28.5, since: 0, best: 29.25 };
        assert!(said(TrainingOutcome::Better(judgement)).1.starts_with("0.75 dB better on pictures it has not seen"));
        let end = End { outcome: TrainingOutcome::Better(judgement), kept: None, rest: None };
        let report = Report { step: 80, best_step: Some(60), ..Report::default() };
        assert!(verdict(&end, &report).1.contains("29.25 dB at step 60 of 80"), "whose number it is");
        let worse = Judgement { now: 28.0, best: 28.5, ..judgement };
        let (heading, words) = said(TrainingOutcome::NotBetter(worse));
        assert!(heading.starts_with("Not better") && words.contains("28.00 dB against 28.50 dB"));
        assert!(words.contains("nothing has changed"));
        assert!(said(TrainingOutcome::Failed("no pictures".into())).1.starts_with("no pictures. The previous model"));
    }

    #[test]
    fn a_comparison_that_began_later_does_not_speak_of_the_start() {
        let said = |outcome| verdict(&End { outcome, kept: None, rest: None }, &Report::default()).1;
        let judgement = Judgement { now: 29.25, bicubic: 27.0, start: 28.5, since: 40, best: 29.25 };
        for outcome in [TrainingOutcome::Better(judgement), TrainingOutcome::NotBetter(judgement)] {
            let words = said(outcome);
            assert!(words.contains("the best weights of step 40") && words.contains("28.50 dB"), "{words}");
            assert!(!words.contains("at the start") && !words.contains("not seen"), "{words}");
        }
        let carried = said(TrainingOutcome::Carried(judgement));
        assert!(carried.contains("since step 40") && carried.contains("not compared again"), "{carried}");
        assert!(!said(TrainingOutcome::NotJudgedYet).contains("No picture was held out"));
    }
}
