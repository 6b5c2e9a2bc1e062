//! `zoomfield export`.

use super::export_args::ExportArgs;
use super::map_args;
use super::{answer, gate_until_interrupted, load_model, print_json, progress, say, warn};
use crate::error::Result;
use crate::export::{self, CommandLine, ExportJob};
use crate::geometry::SampleGrid;
use crate::picture::{HELD_BYTES, Picture, Which};
use crate::render::{FeatureStore, LoadedModel};
use crate::task::NEVER;
use std::path::Path;
use std::sync::Arc;

pub(super) fn run(args: &ExportArgs) -> Result<()> {
    let picture = open(&args.input.clone().unwrap_or_default(), args.command_line(None).which())?;
    let (model, suited) = args.what.model(&picture)?;
    if let Some(suited) = suited {
        say(&format!("note: {suited}"));
    }
    let line = args.command_line(model.clone());
    carry_out(args, picture, model.as_deref(), line, |_| {})
}

/// Opens a picture of the source, and says on stderr what the person should know about it.
pub(super) fn open(path: &Path, which: Which) -> Result<Arc<Picture>> {
    let picture = Picture::open_within(path, which, HELD_BYTES, NEVER)?;
    for note in picture.pages.note().iter().chain(&picture.notice) {
        say(&format!("note: {}: {note}", picture.path.display()));
    }
    Ok(Arc::new(picture))
}

/// Writes what `line` says by the weights at `model`, once `on_model` has seen the model.
pub(super) fn carry_out(
    args: &ExportArgs,
    picture: Arc<Picture>,
    model: Option<&Path>,
    line: CommandLine,
    on_model: impl FnOnce(&LoadedModel),
) -> Result<()> {
    // Before a model is loaded.
    line.grid(&picture)?;
    let compute = args.what.compute()?;
    let model = Arc::new(load_model(model, &compute)?);
    on_model(&model);
    let job = ExportJob::of(line, picture, model, FeatureStore::default())?;
    let size = job.grid.size();
    let bar = progress::bar(job.pixels(), "exporting");
    let report = export::run(&job, &gate_until_interrupted(), &mut |p| bar.set_position(p.done as u64))?;
    bar.finish_and_clear();
    if let Some(warning) = job.model.take_warning() {
        warn(&warning);
    }
    if args.json {
        print_json(&serde_json::json!({
            "output": args.output.to_string_lossy(),
            "width": size.width,
            "height": size.height,
            "crop": region_of(args, &job.grid),
            "scale": [1.0 / job.grid.x.pitch, 1.0 / job.grid.y.pitch],
            "recipe": job.recipe.to_string(),
            "strength": args.what.look.strength.unwrap_or(job.recipe.strength().as_percent()),
            "model": job.model.id.to_string(),
            "backend": if job.model.adapter().is_some() { "gpu" } else { "cpu" },
            "adapter": job.model.adapter(),
            "dispatches": job.model.dispatches(),
            "precision": job.model.arithmetic(),
            "invention": job.map.as_ref().map(map_args::told_as_json),
            "bytes": report.bytes,
            "secs": report.elapsed_secs,
            "picture_bytes": job.picture.byte_len(),
            "peak_memory_bytes": crate::bench::peak_memory_bytes(),
        }));
    } else {
        let megabytes = report.bytes as f64 / 1e6;
        answer(format_args!("{}: {size}, {megabytes:.1} MB, {:.1} s", args.output.display(), report.elapsed_secs));
        if let Some(map) = &job.map {
            answer(format_args!("{}", map_args::told(map)));
        }
    }
    Ok(())
}

/// The part of the picture that the output covers: x, y, width, height in source pixels.
fn region_of(args: &ExportArgs, grid: &SampleGrid) -> [f64; 4] {
    match args.what.crop {
        Some(crop) => [crop.x, crop.y, crop.width, crop.height],
        None => [grid.x.origin, grid.y.origin, grid.x.pitch * grid.x.len as f64, grid.y.pitch * grid.y.len as f64],
    }
}
