//! `zoomfield convert`.

use super::answer;
use super::args::ConvertArgs;
use crate::error::Result;
use crate::weights::Weights;

pub(super) fn run(args: &ConvertArgs) -> Result<()> {
    let weights = Weights::open(&args.input)?;
    if args.half {
        weights.save_half(&args.output, args.overwrite)?;
    } else {
        weights.save(&args.output, args.overwrite)?;
    }
    let weights = if args.half { Weights::open(&args.output)? } else { weights };
    let (summary, count) = (weights.config().summary(), weights.parameter_count());
    answer(format_args!("{}: {summary}, {count} values, model {}", args.output.display(), weights.id()));
    Ok(())
}
