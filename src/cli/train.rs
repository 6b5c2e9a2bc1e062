//! `zoomfield train`.

use super::train_args::TrainArgs;
use super::{answer, gate_until_interrupted, progress};
use crate::error::Result;
use crate::task::Gate;
use crate::train::{Ending, TrainEvent, Training};
use indicatif::ProgressBar;
use std::io::{ErrorKind, Write};

pub(super) fn run(args: &TrainArgs) -> Result<()> {
    let bar = progress::bar(1000, "training");
    let gate = gate_until_interrupted();
    let training = Training::new(args.config()?, &gate)?;
    let mut lines = Lines { is_open: true, gate };
    for event in training {
        let event = event.inspect_err(|_| bar.finish_and_clear())?;
        show(&event, &bar);
        match event {
            TrainEvent::Preview { .. } | TrainEvent::Place { .. } => {}
            event if args.json => lines.print(&event, &bar),
            event => tell(&event, &bar),
        }
    }
    Ok(())
}

/// Events as JSON on stdout. What becomes of them must not harm the training.
struct Lines {
    is_open: bool,
    gate: Gate,
}

impl Lines {
    fn print(&mut self, event: &TrainEvent, bar: &ProgressBar) {
        if !self.is_open {
            return;
        }
        let written = serde_json::to_string(event).map_err(std::io::Error::other);
        let Err(error) = written.and_then(|line| writeln!(std::io::stdout(), "{line}")) else { return };
        self.is_open = false;
        if error.kind() == ErrorKind::BrokenPipe {
            // Nobody is interested any more: the checkpoint is written, and that is all.
            self.gate.stop();
        } else {
            complain(&format!("warning: events cannot be written any more ({error}); training goes on"), bar);
        }
    }
}

/// Moves the bar.
fn show(event: &TrainEvent, bar: &ProgressBar) {
    match event {
        TrainEvent::Step { step, loss, done, .. } => {
            bar.set_message(format!("step {step}, loss {loss:.4}"));
            bar.set_position((done * 1000.0) as u64);
        }
        TrainEvent::Finished { .. } => bar.finish_and_clear(),
        _ => {}
    }
}

/// Says in words what a person wants to keep; the end is the answer, the rest goes to stderr.
fn tell(event: &TrainEvent, bar: &ProgressBar) {
    let line = match event {
        TrainEvent::Started { pictures, held_out, model, parameters, device, step, optimizer_step } => {
            let from = match (*step, *optimizer_step) {
                (0, 0) => String::new(),
                (0, steps) => format!(", with the optimizer's state after {steps} steps"),
                (step, _) => format!(", from step {step} on"),
            };
            format!(
                "pictures: {pictures} to learn from, {held_out} held out; {model}, {parameters} values; {device}{from}"
            )
        }
        TrainEvent::Evaluated { step, psnr, bicubic_psnr, start_psnr, best_psnr } => format!(
            "step {step}: {psnr:.2} dB on held-out pictures (start {start_psnr:.2}, best {best_psnr:.2}, bicubic \
             {bicubic_psnr:.2})"
        ),
        TrainEvent::Checkpoint { step, path, .. } => format!("step {step}: checkpoint {}", path.display()),
        TrainEvent::Warning { message } => format!("warning: {message}"),
        TrainEvent::Finished { step, secs, ending, checkpoint, verdict, .. } => {
            let how = if *ending == Ending::Done { "finished" } else { "stopped" };
            let how = format!("{how} after {step} steps and {secs:.0} s: {verdict}");
            answer(format_args!("{how}; to go on: --resume {}", checkpoint.display()));
            return;
        }
        TrainEvent::Step { .. }
        | TrainEvent::Improved { .. }
        | TrainEvent::Preview { .. }
        | TrainEvent::Place { .. } => return,
    };
    complain(&line, bar);
}

/// One line on stderr, if anybody takes it: the macro would end the process where nobody does.
fn complain(line: &str, bar: &ProgressBar) {
    let line = line.replace(|c: char| c.is_control(), " ");
    bar.suspend(|| {
        let _ = writeln!(std::io::stderr(), "zoomfield: {line}");
    });
}
