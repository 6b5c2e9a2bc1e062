//! `zoomfield bench`.

use super::args::BenchArgs;
use super::{answer, print_json};
use crate::bench::{self, BenchOptions, Device, Measurement, Speed};
use crate::error::{Error, Result};
use crate::picture::Picture;
use crate::render::Backend;
use crate::task::NEVER;

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
    let (backend, device) = args.compute.backend_and_device()?;
    let graphics = backend != Backend::Cpu;
    let devices = if graphics { bench::devices() } else { vec![Device::processor()] };
    for device in &devices {
        tell_speed(device, args.json);
    }
    let options =
        BenchOptions { picture, crop: args.crop, precision: super::precision(args.precision)?, graphics, device };
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

/// A device and how fast it decodes.
fn tell_speed(device: &Device, json: bool) {
    let measured = bench::measure(device, NEVER);
    if json {
        let (speed, reason) = match &measured {
            Ok(speed) => (Some(speed), None),
            Err(error) => (None, Some(error.to_string())),
        };
        return print_json(&serde_json::json!({
            "device": device.name,
            "detail": device.detail,
            "software": device.is_software,
            "megapixels_per_sec": speed.map(|speed| speed.megapixels_per_sec),
            "precision": speed.map(|speed| &speed.arithmetic),
            "refusal": reason,
        }));
    }
    let remark = if device.is_software { "; software: computes only where --device names it" } else { "" };
    match measured {
        Ok(Speed { megapixels_per_sec, arithmetic }) => answer(format_args!(
            "device: {}: every pixel decoded at {megapixels_per_sec:.3} MP/s in {arithmetic}{remark}",
            device.identity()
        )),
        Err(error) => answer(format_args!("device: {}: {error}", device.identity())),
    }
}

fn in_words(m: &Measurement) -> String {
    let pixels = m.megapixels_per_sec.map_or(String::new(), |rate| format!("{rate:>9.3} MP/s"));
    let flops = m.gflops.map_or(String::new(), |rate| format!("{rate:>7.0} GFLOP/s"));
    let worth = m.times_one_thread.map_or(String::new(), |times| format!("  {times:.2} × one thread"));
    let threads = if m.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", m.threads) };
    let device = if m.device == bench::CPU { String::new() } else { format!(" on {}", m.device) };
    let precision = m.instructions.map_or(m.precision.clone(), |instructions| format!("{} {instructions}", m.precision));
    format!("{:<46} {precision:<18} {threads:>9} {:>8.3} s{pixels}{flops}{worth}{device}", m.name, m.secs)
}
