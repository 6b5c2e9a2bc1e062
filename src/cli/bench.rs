//! `zoomfield bench`.

use super::args::BenchArgs;
use super::{answer, load_model, print_json};
use crate::bench::{self, Measurement};
use crate::error::Result;

pub(super) fn run(args: &BenchArgs) -> Result<()> {
    let model = load_model(None, args.precision.or_best())?;
    bench::run(&model, |measurement| if args.json { print_json(measurement) } else { answer(in_words(measurement)) })?;
    if let Some(bytes) = bench::peak_memory_bytes() {
        if args.json {
            print_json(&serde_json::json!({ "name": "peak memory", "bytes": bytes }));
        } else {
            answer(format_args!("{:<34} {:>8.0} MB", "peak memory", bytes as f64 / 1e6));
        }
    }
    Ok(())
}

fn in_words(m: &Measurement) -> String {
    let pixels = m.megapixels_per_sec.map_or(String::new(), |rate| format!("{rate:>9.3} MP/s"));
    format!("{:<34} {:>8.3} s {:>7.0} GFLOP/s{pixels}", m.name, m.secs, m.gflops)
}
