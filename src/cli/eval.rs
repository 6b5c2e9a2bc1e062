//! `zoomfield eval`.

use super::eval_args::EvalArgs;
use super::{answer, gate_until_interrupted, load_model, output, print_json, progress, warn};
use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::evaluate::{self, Bootstrap, Candidate, Comparison, OptionSet, Setting};
use crate::export::RenderScene;
use crate::geometry::{Region, SampleGrid, Size};
use crate::picture::{Picture, Raster};
use crate::render::{Compute, FeatureStore, LoadedModel};
use crate::task::Gate;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(super) fn run(args: &EvalArgs) -> Result<()> {
    if args.lr.is_some() && args.scale.len() > 1 {
        return Err(Error::Request("a folder of inputs (--lr) belongs to one scale; give one --scale with it".into()));
    }
    let sets = args.sets()?;
    let pairs = evaluate::pair_folders(&args.hr, args.lr.as_deref())?;
    let csv = args.csv.as_deref().map(|path| CsvFile::create(path, args.overwrite)).transpose()?;
    let bench = Bench::new(&sets, &args.compute.compute(args.precision())?)?;
    let bootstrap = Bootstrap { seed: args.seed, ..Bootstrap::default() };
    let mut compared: Vec<Comparison> = Vec::new();
    for &scale in &args.scale {
        let bar = progress::bar(pairs.len() * sets.len(), &format!("×{scale}"));
        let setting = Setting { scale, protocol: args.protocol, bootstrap };
        let predict = &mut |place: usize, picture: &Picture, size| bench.predict(place, picture, size);
        let on_image = &mut |done: usize, _| bar.set_position(done as u64);
        let comparison = evaluate::compare(&pairs, setting, &bench.candidates(), predict, on_image)?;
        bar.finish_and_clear();
        bench.warn();
        if args.json {
            print_json(&in_json(&comparison));
        }
        if !output::is_heard() && csv.is_none() {
            break;
        }
        compared.push(comparison);
    }
    if !args.json {
        answer(in_words(&compared).trim_end());
    }
    csv.map_or(Ok(()), |file| file.write(&evaluate::csv(&compared)))
}

/// A single model's numbers are those of its report.
fn in_json(comparison: &Comparison) -> serde_json::Value {
    if let [alone] = comparison.sets.as_slice() { alone.to_json() } else { comparison.to_json() }
}

fn in_words(compared: &[Comparison]) -> String {
    if compared.iter().any(|comparison| comparison.sets.len() > 1) {
        return evaluate::comparison_table(compared);
    }
    let reports: Vec<_> = compared.iter().flat_map(|comparison| comparison.sets.clone()).collect();
    evaluate::table(&reports)
}

/// The models of the option sets; one that stands in several is loaded once.
struct Bench<'a> {
    sets: Vec<(&'a OptionSet, Rc<LoadedModel>)>,
    features: FeatureStore,
    gate: Gate,
}

impl<'a> Bench<'a> {
    fn new(sets: &'a [OptionSet], compute: &Compute) -> Result<Self> {
        let mut loaded: Vec<(&OptionSet, Rc<LoadedModel>)> = Vec::with_capacity(sets.len());
        for set in sets {
            let known = loaded.iter().find(|(other, _)| other.model == set.model).map(|(_, model)| model.clone());
            let load = || load_model(Some(&set.model), compute).map(Rc::new);
            let model = known.map_or_else(load, Ok)?;
            loaded.push((set, model));
        }
        Ok(Self { sets: loaded, features: FeatureStore::default(), gate: gate_until_interrupted() })
    }

    fn candidates(&self) -> Vec<Candidate> {
        let candidate = |(set, model): &(&OptionSet, Rc<LoadedModel>)| Candidate {
            set: set.name.clone(),
            model: model.id.to_string(),
        };
        self.sets.iter().map(candidate).collect()
    }

    fn predict(&self, place: usize, picture: &Picture, size: Size) -> Result<Raster> {
        let (set, model) = &self.sets[place];
        let grid = SampleGrid::spanning(Region::whole(picture.size), size);
        RenderScene { picture, model, grid: &grid, recipe: set.recipe, features: &self.features }.render(&self.gate)
    }

    fn warn(&self) {
        self.sets.iter().filter_map(|(_, model)| model.take_warning()).for_each(|warning| warn(&warning));
    }
}

/// The file of `--csv`: what can be refused is refused before anything is measured.
struct CsvFile {
    file: AtomicFile,
    path: PathBuf,
}

impl CsvFile {
    fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let file = AtomicFile::create(path, overwrite).map_err(|reason| Error::export(path, reason))?;
        Ok(Self { file, path: path.to_owned() })
    }

    fn write(self, text: &str) -> Result<()> {
        let Self { file, path } = self;
        let write = || {
            file.file()?.write_all(text.as_bytes()).map_err(|error| crate::atomic::describe_io(&error))?;
            file.persist()
        };
        write().map(drop).map_err(|reason| Error::export(&path, reason))
    }
}
