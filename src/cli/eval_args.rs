//! Arguments of `zoomfield eval`.

use super::compute_args::ComputeArgs;
use super::look::NamedModel;
use super::look_args::LookArgs;
use super::values::parse_scale;
use crate::error::{Error, Result};
use crate::evaluate::{Bootstrap, OptionSet, Protocol};
use crate::kernel::{Precision, PrecisionChoice};
use crate::recipe::{Recipe, Source};
use crate::weights::Builtin;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct EvalArgs {
    /// The originals.
    #[arg(long, value_name = "DIR")]
    pub(super) hr: PathBuf,
    /// Inputs of one scale, each named like its original, or with the scale behind (a.png and ax4.png); else they are made from them.
    #[arg(long, value_name = "DIR")]
    pub(super) lr: Option<PathBuf>,
    /// Scales, separated by commas; fractions are allowed.
    #[arg(long, value_name = "S[,S…]", value_delimiter = ',', required = true, value_parser = parse_scale)]
    pub(super) scale: Vec<f64>,
    /// Colours and borders that count: liif-benchmark, liif-div2k, rgb or mmagic.
    #[arg(long, default_value = "liif-benchmark")]
    pub(super) protocol: Protocol,
    /// Weights to use instead of the built-in LIIF: builtin:live, builtin:photo, or a file (safetensors or .pth).
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<PathBuf>,
    /// Several models and option sets in one table, with paired differences to the first: MODEL[+OPTION…], separated by
    /// commas, like builtin,builtin:live,scans.safetensors+strength:40. An option is what stands in a look.
    #[arg(long, value_name = "SET,SET…", value_delimiter = ',', conflicts_with = "model")]
    pub(super) compare: Vec<String>,
    #[command(flatten)]
    pub(super) look: LookArgs,
    /// Write every number of every picture there, as CSV.
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Replace the CSV file if it exists.
    #[arg(long, requires = "csv")]
    pub(super) overwrite: bool,
    /// Where the random numbers of the intervals begin.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().seed)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) compute: ComputeArgs,
    /// Arithmetic: auto, f32, bf16 or f16. Single precision (f32) where this is not given, whatever the environment says, so
    /// that the numbers do not depend on the processor.
    #[arg(long, value_name = "NAME")]
    pub(super) precision: Option<PrecisionChoice>,
    /// Answer with one JSON object a scale.
    #[arg(long)]
    pub(super) json: bool,
}

impl EvalArgs {
    /// What is measured: the sets of `--compare`, else the one model.
    ///
    /// # Errors
    /// [`Error::Request`] if they are not two different ones at least, or what they say makes no sense.
    pub(super) fn sets(&self) -> Result<Vec<OptionSet>> {
        let base = self.look.recipe(Source::EXACT);
        if self.compare.is_empty() {
            return Ok(vec![self.single(base)?]);
        }
        if self.look.model().is_some() {
            return Err(Error::Request("--compare names its models itself; give --look a recipe without one".into()));
        }
        let sets = self.compare.iter().map(|text| OptionSet::parse(text, base)).collect::<Result<Vec<_>>>()?;
        let is_twice = |(place, set): (usize, &OptionSet)| {
            sets[..place].iter().any(|other| (&other.model, other.recipe) == (&set.model, set.recipe))
        };
        if sets.len() < 2 || sets.iter().enumerate().any(is_twice) {
            return Err(Error::Request(
                "--compare needs two different option sets or more, like builtin,builtin:live".into(),
            ));
        }
        Ok(sets)
    }

    fn single(&self, recipe: Recipe) -> Result<OptionSet> {
        let model = match (self.look.model(), &self.model) {
            (None, Some(file)) => file.clone(),
            (None, None) => Builtin::Liif.address(),
            (Some(NamedModel::Builtin(named)), None) => named.address(),
            (Some(_), Some(_)) => {
                return Err(Error::Request("--look names a model, and so does --model; give one of them".into()));
            }
            (Some(NamedModel::Auto), None) => {
                let reason = "a table is about one model, and --look auto chooses for each picture; name one";
                return Err(Error::Request(reason.into()));
            }
        };
        let is_plain = recipe == Source::EXACT.into();
        let options = if is_plain { String::new() } else { format!("+{recipe}") };
        Ok(OptionSet { name: format!("{}{options}", model.display()), model, recipe })
    }

    /// In which arithmetic: single precision unless another is asked for, since the numbers of a table must not depend on
    /// the processor.
    pub(super) fn precision(&self) -> PrecisionChoice {
        self.precision.unwrap_or(PrecisionChoice::Only(Precision::F32))
    }
}
