//! Graphics devices: encoding and exact decoding on each that is real, or on the one that is named.

use super::stages::{cut, square};
use super::{Measurement, median};
use crate::error::{Error, Result};
use crate::feature::FeaturePrecision;
use crate::geometry::{FEATURE_TILE, PixelRect, Region, SampleGrid, Size};
use crate::gpu::{AdapterDescription, adapters};
use crate::picture::Picture;
use crate::recipe::Sampling;
use crate::render::{Backend, Compute, LoadedModel, sample};
use crate::task::NEVER;
use crate::weights::Weights;
use std::sync::Arc;

const RUNS: usize = 5;

/// The side of the decoded picture.
const SIDE: usize = 1024;

/// Measures every real device, or the `named` one alone, in each arithmetic that it has.
pub(super) fn run(
    weights: &Weights,
    picture: &Picture,
    named: Option<&str>,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    let names: Vec<String> = match named {
        Some(name) => vec![name.to_owned()],
        None => adapters().iter().filter(|adapter| !adapter.is_software).map(AdapterDescription::in_words).collect(),
    };
    let picture = cut(picture, square(picture));
    for name in names {
        for half in [false, true] {
            let (backend, device) = (Backend::Gpu, Some(name.clone()));
            let model = match LoadedModel::on(weights, &Compute { backend, device, half, ..Compute::default() }) {
                Ok(model) => model,
                Err(error) if named.is_some() => return Err(error),
                // One device that is not fit does not keep the others from being measured.
                Err(_) => break,
            };
            // A device without half precision has been measured already.
            if half == (model.arithmetic() == "f16") {
                measure(&model, &picture, report)?;
            }
        }
    }
    Ok(())
}

/// Encoding and decoding. The device must still be there in the end: else the processor was measured.
fn measure(model: &LoadedModel, picture: &Picture, report: &mut impl FnMut(&Measurement)) -> Result<()> {
    let device = model.adapter().unwrap_or_default().to_owned();
    let measurement = |name: String, secs: f64, pixels: usize, macs: f64| Measurement {
        name,
        device: device.clone(),
        precision: model.arithmetic(),
        instructions: None,
        threads: 1,
        secs,
        megapixels_per_sec: Some(pixels as f64 / secs / 1e6),
        gflops: Some(2.0 * macs * pixels as f64 / secs / 1e9),
        times_one_thread: None,
    };
    let tiles = |n: usize| n.div_ceil(FEATURE_TILE);
    let tiles = PixelRect { x: 0, y: 0, width: tiles(picture.size.width), height: tiles(picture.size.height) };
    let encode = || model.encode_tiles(picture, tiles, FeaturePrecision::Half, NEVER);
    let (macs, pixels) = (model.config.macs(), picture.size.area());
    let secs = median(RUNS, || encode().map(drop))?;
    let encoding = measurement(format!("encode {}", picture.size), secs, pixels, macs.per_source_pixel);

    let features: Vec<_> = encode()?.0.into_iter().map(|(_, tile)| Arc::new(tile)).collect();
    let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(SIDE, SIDE));
    let window = sample::window(model, picture.size, &grid, Sampling::Exact, &features);
    let decode = || model.query_rgb(&window, picture.size, &grid, Sampling::Exact, NEVER).map(drop);
    let secs = median(RUNS, decode)?;
    let name = format!("decode {} → {SIDE}×{SIDE}", picture.size);
    let decoding = measurement(name, secs, SIDE * SIDE, macs.per_output_pixel);
    if let Some(reason) = model.take_warning() {
        return Err(Error::device(reason));
    }
    report(&encoding);
    report(&decoding);
    Ok(())
}
