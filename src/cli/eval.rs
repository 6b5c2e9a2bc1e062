//! `zoomfield eval`.

use super::args::EvalArgs;
use super::{answer, gate_until_interrupted, load_model, output, print_json, progress, warn};
use crate::error::{Error, Result};
use crate::evaluate::{self, ScaleReport};
use crate::export::RenderScene;
use crate::geometry::{Region, SampleGrid};
use crate::kernel::{Precision, PrecisionChoice};
use crate::recipe::Source;
use crate::render::FeatureStore;

pub(super) fn run(args: &EvalArgs) -> Result<()> {
    if args.lr.is_some() && args.scale.len() > 1 {
        return Err(Error::Request("a folder of inputs (--lr) belongs to one scale; give one --scale with it".into()));
    }
    let pairs = evaluate::pair_folders(&args.hr, args.lr.as_deref())?;
    // The numbers of a table must not depend on the processor.
    let model = load_model(args.model.as_deref(), &args.compute.compute(PrecisionChoice::Only(Precision::F32))?)?;
    let (gate, features) = (gate_until_interrupted(), FeatureStore::default());
    let mut reports: Vec<ScaleReport> = Vec::new();
    for &scale in &args.scale {
        let bar = progress::bar(pairs.len(), &format!("×{scale}"));
        let predict = &mut |picture: &crate::picture::Picture, size| {
            let grid = SampleGrid::spanning(Region::whole(picture.size), size);
            let (model, recipe) = (&model, Source::EXACT.into());
            RenderScene { picture, model, grid: &grid, recipe, features: &features }.render(&gate)
        };
        let on_image = &mut |done: usize, _| bar.set_position(done as u64);
        let report = evaluate::evaluate(&pairs, scale, args.protocol, predict, on_image)?;
        bar.finish_and_clear();
        if let Some(warning) = model.take_warning() {
            warn(&warning);
        }
        if args.json {
            print_json(&report);
        }
        if !output::is_heard() {
            break;
        }
        reports.push(report);
    }
    if !args.json {
        answer(evaluate::table(&reports).trim_end());
    }
    Ok(())
}
