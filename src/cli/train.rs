//! `zoomfield train`.

use super::train_args::TrainArgs;
use super::{answer, gate_until_interrupted, print_json, progress, say};
use crate::error::Result;
use crate::train::{Ending, TrainEvent, Training};
use indicatif::ProgressBar;

pub(super) fn run(args: &TrainArgs) -> Result<()> {
    let bar = progress::bar(1000, "training");
    let training = Training::new(args.config()?, &gate_until_interrupted())?;
    for event in training {
        let event = event.inspect_err(|_| bar.finish_and_clear())?;
        show(&event, &bar);
        match event {
            TrainEvent::Preview { .. } | TrainEvent::Place { .. } => {}
            event if args.json => print_json(&event),
            event => tell(&event, &bar),
        }
    }
    Ok(())
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
        TrainEvent::Evaluated { step, psnr, bicubic_psnr, start_psnr, best_psnr, since } => {
            let reference = if *since == 0 { "start".to_owned() } else { format!("step {since}") };
            format!(
                "step {step}: {psnr:.2} dB on held-out pictures ({reference} {start_psnr:.2}, best {best_psnr:.2}, \
                 bicubic {bicubic_psnr:.2})"
            )
        }
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
    bar.suspend(|| say(&line));
}
