//! `zoomfield convert`.

use super::answer;
use super::args::ConvertArgs;
use crate::error::Result;
use crate::weights::Weights;

pub(super) fn run(args: &ConvertArgs) -> Result<()> {
    let weights = Weights::open(&args.input)?;
    weights.save(&args.output, args.overwrite)?;
    let (summary, count) = (weights.config().summary(), weights.parameter_count());
    answer(format_args!("{}: {summary}, {count} values, model {}", args.output.display(), weights.id()));
    Ok(())
}
