//! `zoomfield export`.

use super::args::{Backend, ExportArgs, FileArgs};
use super::{answer, gate_until_interrupted, load_model, print_json, progress};
use crate::decode::Sampling;
use crate::error::{Error, Result};
use crate::export::{self, ExportJob, FileOptions};
use crate::geometry::{Region, SampleGrid, Size};
use crate::kernel::{Precision, PrecisionChoice};
use crate::key::{Quality, Recipe, Strength};
use crate::picture::Picture;
use std::sync::Arc;

pub(super) fn run(args: &ExportArgs) -> Result<()> {
    if args.backend == Backend::Gpu {
        return Err(Error::device(
            "this version computes on the CPU only; leave `--backend gpu` away, the result is the same",
        ));
    }
    let picture = Arc::new(Picture::open(&args.input)?);
    remark(&picture);
    let crop = args.crop.unwrap_or(Region::whole(picture.size));
    if !crop.is_inside(picture.size) {
        return Err(Error::Request(format!(
            "the crop {crop} is not inside {}, which is {}; give X,Y,W,H in source pixels",
            args.input.display(),
            picture.size
        )));
    }
    let size = output_size(args, crop);
    export::check_size(size)?;
    let grid = SampleGrid::spanning(crop, size);
    let precision = match args.precision {
        PrecisionChoice::Auto if args.exact => Precision::F32,
        choice => choice.or_best(),
    };
    let model = Arc::new(load_model(args.model.as_deref(), precision)?);
    let sampling = if args.exact { Sampling::Exact } else { Sampling::Lattice };
    let FileArgs { bits, quality, dpi, strip_metadata, overwrite } = args.file;
    let file = FileOptions { bits, quality, dpi, strip_metadata };
    let recipe = Recipe { quality: Quality::Neural, strength: Strength::percent(args.strength) };
    let job = ExportJob { picture, model, grid, output: args.output.clone(), overwrite, recipe, sampling, file };
    let bar = progress::bar(size.area(), "exporting");
    let report = export::run(&job, &gate_until_interrupted(), &mut |p| bar.set_position(p.done as u64))?;
    bar.finish_and_clear();
    if args.json {
        print_json(&serde_json::json!({
            "output": args.output.to_string_lossy(),
            "width": size.width,
            "height": size.height,
            "crop": [crop.x, crop.y, crop.width, crop.height],
            "scale": [1.0 / grid.x.pitch, 1.0 / grid.y.pitch],
            "strength": args.strength,
            "model": job.model.id.to_string(),
            "backend": "cpu",
            "precision": job.model.decoder.mlp.precision().to_string(),
            "bytes": report.bytes,
            "secs": report.elapsed_secs,
            "picture_bytes": job.picture.byte_len(),
            "peak_memory_bytes": crate::bench::peak_memory_bytes(),
        }));
    } else {
        let megabytes = report.bytes as f64 / 1e6;
        answer(format_args!("{}: {size}, {megabytes:.1} MB, {:.1} s", args.output.display(), report.elapsed_secs));
    }
    Ok(())
}

/// Says on stderr what the person should know about the picture.
fn remark(picture: &Picture) {
    if let Some(notice) = &picture.notice {
        eprintln!("zoomfield: note: {}: {notice}", picture.path.display());
    }
}

/// The output's size: each side is rounded and at least 1; a side that is not given keeps the crop's aspect.
fn output_size(args: &ExportArgs, crop: Region) -> Size {
    let side = |length: f64, scale: f64| ((length * scale).round() as usize).max(1);
    match (args.scale, args.size, args.width, args.height) {
        (_, Some(size), ..) => size,
        (_, _, Some(width), _) => Size::new(width, side(crop.height, width as f64 / crop.width)),
        (_, _, _, Some(height)) => Size::new(side(crop.width, height as f64 / crop.height), height),
        (scale, ..) => {
            let scale = scale.unwrap_or(1.0);
            Size::new(side(crop.width, scale), side(crop.height, scale))
        }
    }
}
