//! `zoomfield batch`.

use super::batch_args::BatchArgs;
use super::export_args::WhatArgs;
use super::summary::Summary;
use super::{gate_until_interrupted, load_model, progress, say, slurm};
use crate::error::{Error, Result};
use crate::export::batch::{self, Batch, BatchEvent, Counts, Models, Naming, Shard};
use crate::picture::Picture;
use crate::render::{Compute, LoadedModel};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Steps of the progress bar for each picture.
const STEPS: f64 = 1000.0;

pub(super) fn run(args: &BatchArgs) -> Result<()> {
    let batch = prepare(args)?;
    let models = Loaded::new(&args.what)?;
    let summary = Summary::open(args.json, args.summary.as_deref())?;
    let bar = progress::bar((batch.items.len() as f64 * STEPS) as usize, &message(0, batch.items.len()));
    let shown = Mutex::new(vec![0.0; batch.items.len()]);
    let counts = batch::run(&batch, &models, &gate_until_interrupted(), &|event| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            BatchEvent::Progress(index, part) => shown[index] = part,
            BatchEvent::Notice(index, notice) => {
                let name = batch.items[index].input.display();
                bar.suspend(|| say(&format!("note: {name}: {notice}")));
            }
            BatchEvent::Ended(index, outcome) => {
                shown[index] = 1.0;
                bar.suspend(|| summary.tell(&batch.items[index], outcome));
            }
        }
        advance(&bar, &shown);
    });
    bar.finish_and_clear();
    conclude(counts)
}

/// All that can be refused before anything is written.
fn prepare(args: &BatchArgs) -> Result<Batch> {
    let map = args.what.map.invention.as_ref().map(|path| path.to_string_lossy().parse()).transpose();
    let map = map.map_err(|reason| Error::Request(format!("--invention: {reason}")))?;
    let naming = Naming { output: args.output.clone(), map, scale: args.what.scale };
    let shard = match args.shard {
        Some(shard) => shard,
        None => slurm_share()?,
    };
    let items = batch::plan(batch::sources(&args.inputs)?, &naming, shard)?;
    let line = args.what.command_line(PathBuf::new(), PathBuf::new(), args.what.named_model());
    let jobs = args.jobs.map_or_else(batch::usual_jobs, usize::from);
    Ok(Batch { line, layer: args.what.map.layer(), items, jobs })
}

/// The share of a task in a Slurm array, which is told: who gives each task a folder of its own wants all of it.
fn slurm_share() -> Result<Shard> {
    let Some(shard) = slurm::share()? else { return Ok(Shard::WHOLE) };
    if shard != Shard::WHOLE {
        say(&format!("note: this task of a Slurm array does share {shard}; --shard 1/1 does all"));
    }
    Ok(shard)
}

fn message(done: usize, of: usize) -> String {
    format!("picture {done} of {of}")
}

fn advance(bar: &ProgressBar, shown: &[f64]) {
    bar.set_position((shown.iter().sum::<f64>() * STEPS) as u64);
    bar.set_message(message(shown.iter().filter(|part| **part >= 1.0).count(), shown.len()));
}

/// What came of it all, in one line; a failure if anything is missing.
fn conclude(counts: Counts) -> Result<()> {
    let Counts { written, done, failed, left } = counts;
    let all = format!("{written} written, {done} there already, {failed} failed");
    if left > 0 {
        return Err(Error::Request(format!("stopped: {all}, {left} left; the same command goes on with them")));
    }
    if failed > 0 {
        return Err(Error::Request(format!("{all} of {} pictures, for the reasons above", counts.total())));
    }
    say(&all);
    Ok(())
}

/// The models that pictures are enlarged by, each loaded once.
struct Loaded<'a> {
    args: &'a WhatArgs,
    compute: Compute,
    by_name: Mutex<BTreeMap<Option<PathBuf>, Arc<LoadedModel>>>,
}

impl<'a> Loaded<'a> {
    fn new(args: &'a WhatArgs) -> Result<Self> {
        let models = Self { args, compute: args.compute()?, by_name: Mutex::default() };
        // What is asked for is loaded first: without it nothing can be done.
        for name in args.possible_models()? {
            models.load(name.as_deref())?;
        }
        Ok(models)
    }

    fn load(&self, name: Option<&Path>) -> Result<Arc<LoadedModel>> {
        let mut loaded = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = loaded.get(&name.map(Path::to_owned)) {
            return Ok(model.clone());
        }
        let model = Arc::new(load_model(name, &self.compute)?);
        loaded.insert(name.map(Path::to_owned), model.clone());
        Ok(model)
    }
}

impl Models for Loaded<'_> {
    fn choose(&self, picture: &Picture) -> Result<(Option<PathBuf>, Arc<LoadedModel>)> {
        let (name, _) = self.args.model(picture)?;
        let model = self.load(name.as_deref())?;
        Ok((name, model))
    }

    fn has(&self, id: &str) -> bool {
        let loaded = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.values().any(|model| model.id.to_string() == id)
    }
}
