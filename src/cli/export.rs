//! `zoomfield export`.

use super::args::ExportArgs;
use super::map_args;
use super::{answer, gate_until_interrupted, load_model, print_json, progress, say, warn};
use crate::error::{Error, Result};
use crate::export::{self, CommandLine, ExportJob};
use crate::geometry::SampleGrid;
use crate::picture::{HELD_BYTES, Picture};
use crate::render::{FeatureStore, LoadedModel};
use crate::task::NEVER;
use std::path::Path;
use std::sync::Arc;

pub(super) fn run(args: &ExportArgs) -> Result<()> {
    let picture = open(&args.input.clone().unwrap_or_default(), args.page)?;
    let model = args.model(&picture)?;
    let line = args.command_line(model.clone());
    carry_out(args, picture, model.as_deref(), line, |_| {})
}

/// Opens a page of the source, and says on stderr what the person should know about it.
pub(super) fn open(path: &Path, page: usize) -> Result<Arc<Picture>> {
    let picture = Picture::open_within(path, page - 1, HELD_BYTES, NEVER)?;
    if let Some(notice) = &picture.notice {
        say(&format!("note: {}: {notice}", picture.path.display()));
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
    let grid = line.request.grid(picture.size).map_err(|error| name_input(error, &picture.path))?;
    let size = grid.size();
    export::check_size(size)?;
    let compute = args.compute.compute(super::precision(args.precision())?)?;
    let model = Arc::new(load_model(model, &compute)?);
    on_model(&model);
    let (features, asked) = (FeatureStore::default(), Some(line.clone()));
    let CommandLine { output, overwrite, recipe, file, .. } = line;
    let job = ExportJob { picture, model, grid, output, overwrite, recipe, file, features, asked };
    let map = args.map.file();
    let bar = progress::bar(size.area() * (1 + usize::from(map.is_some())), "exporting");
    let report =
        export::run_beside(&job, map.as_ref(), &gate_until_interrupted(), &mut |p| bar.set_position(p.done as u64))?;
    bar.finish_and_clear();
    if let Some(warning) = job.model.take_warning() {
        warn(&warning);
    }
    if args.json {
        print_json(&serde_json::json!({
            "output": args.output.to_string_lossy(),
            "width": size.width,
            "height": size.height,
            "crop": region_of(args, &grid),
            "scale": [1.0 / grid.x.pitch, 1.0 / grid.y.pitch],
            "recipe": job.recipe.to_string(),
            "strength": args.look.strength.unwrap_or(job.recipe.strength().as_percent()),
            "model": job.model.id.to_string(),
            "backend": if job.model.adapter().is_some() { "gpu" } else { "cpu" },
            "adapter": job.model.adapter(),
            "dispatches": job.model.dispatches(),
            "precision": job.model.arithmetic(),
            "invention": map.as_ref().map(map_args::told_as_json),
            "bytes": report.bytes,
            "secs": report.elapsed_secs,
            "picture_bytes": job.picture.byte_len(),
            "peak_memory_bytes": crate::bench::peak_memory_bytes(),
        }));
    } else {
        let megabytes = report.bytes as f64 / 1e6;
        answer(format_args!("{}: {size}, {megabytes:.1} MB, {:.1} s", args.output.display(), report.elapsed_secs));
        if let Some(map) = &map {
            answer(format_args!("{}", map_args::told(map)));
        }
    }
    Ok(())
}

/// A request does not know whose it is.
fn name_input(error: Error, input: &Path) -> Error {
    match error {
        Error::Request(reason) => Error::Request(reason.replacen("the picture", &input.display().to_string(), 1)),
        other => other,
    }
}

/// The part of the picture that the output covers: x, y, width, height in source pixels.
fn region_of(args: &ExportArgs, grid: &SampleGrid) -> [f64; 4] {
    match args.crop {
        Some(crop) => [crop.x, crop.y, crop.width, crop.height],
        None => [grid.x.origin, grid.y.origin, grid.x.pitch * grid.x.len as f64, grid.y.pitch * grid.y.len as f64],
    }
}
