//! `zoomfield bench`.

use super::args::BenchArgs;
use super::output::printable;
use super::rows;
use super::{answer, print_json};
use crate::bench::{self, BenchOptions, Device, Speed};
use crate::error::{Error, Result};
use crate::picture::Picture;
use crate::render::Backend;
use crate::task::NEVER;
use crate::weights::Weights;
use std::time::Duration;

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
    // Who asks for graphics devices learns nothing of the processor.
    for device in devices.iter().filter(|device| backend != Backend::Gpu || device.name != bench::CPU) {
        tell_speed(device, args.json);
    }
    let patience = args.patience.map_or(bench::PATIENCE, |secs| Duration::from_secs_f64(secs.min(1e6)));
    let precision = super::precision(args.precision)?;
    let weights = args.model.as_deref().map(Weights::open).transpose()?;
    let options = BenchOptions { weights, picture, crop: args.crop, precision, backend, device, patience };
    let measured =
        bench::run(&options, |row| if args.json { print_json(row) } else { answer(printable(&rows::in_words(row))) });
    if let Some(bytes) = bench::peak_memory_bytes() {
        if args.json {
            print_json(&serde_json::json!({ "name": "peak memory", "bytes": bytes }));
        } else {
            answer(format_args!("{:<58} {:>10.0} MB", "peak memory", bytes as f64 / 1e6));
        }
    }
    measured
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
        Ok(Speed { megapixels_per_sec, arithmetic, .. }) => answer(format_args!(
            "device: {}: every pixel decoded at {megapixels_per_sec:.3} MP/s in {arithmetic}{remark}",
            device.identity()
        )),
        Err(error) => answer(format_args!("device: {}: {error}", device.identity())),
    }
}
