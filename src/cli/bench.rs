//! `zoomfield bench`.

use super::args::BenchArgs;
use super::{answer, print_json};
use crate::bench::{self, BenchOptions, Measurement};
use crate::error::{Error, Result};
use crate::picture::Picture;
use crate::render::Backend;

pub(super) fn run(args: &BenchArgs) -> Result<()> {
    let picture = args.picture.as_deref().map(Picture::open).transpose()?;
    if let (Some(crop), Some(picture)) = (args.crop, &picture)
        && !crop.is_inside(picture.size)
    {
        return Err(Error::Request(format!(
            "the crop {crop} is not inside {}, which is {}",
            picture.name(),
            picture.size
        )));
    }
    let (backend, device) = args.compute.asked()?;
    let cards = backend != Backend::Cpu;
    if cards {
        list_cards(args.json);
    }
    let options =
        BenchOptions { picture, crop: args.crop, precision: super::precision(args.precision)?, cards, device };
    bench::run(
        &options,
        |measurement| if args.json { print_json(measurement) } else { answer(in_words(measurement)) },
    )?;
    if let Some(bytes) = bench::peak_memory_bytes() {
        if args.json {
            print_json(&serde_json::json!({ "name": "peak memory", "bytes": bytes }));
        } else {
            answer(format_args!("{:<58} {:>10.0} MB", "peak memory", bytes as f64 / 1e6));
        }
    }
    Ok(())
}

/// Names the graphics cards of this machine.
#[cfg(feature = "gpu")]
fn list_cards(json: bool) {
    for card in crate::gpu::adapters() {
        if json {
            let (kind, backend) = (card.kind, &card.backend);
            print_json(&serde_json::json!({ "adapter": card.name, "kind": kind, "backend": backend }));
        } else {
            let remark = if card.is_software { ", measured if named by --device" } else { "" };
            answer(format_args!("graphics card: {}{remark}", card.in_words()));
        }
    }
}

#[cfg(not(feature = "gpu"))]
fn list_cards(_json: bool) {}

fn in_words(m: &Measurement) -> String {
    let pixels = m.megapixels_per_sec.map_or(String::new(), |rate| format!("{rate:>9.3} MP/s"));
    let flops = m.gflops.map_or(String::new(), |rate| format!("{rate:>7.0} GFLOP/s"));
    let threads = if m.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", m.threads) };
    format!("{:<46} {:<11} {threads:>9} {:>8.3} s{pixels}{flops}", m.name, m.precision, m.secs)
}
