//! Graphics devices: encoding and exact decoding.

use super::stages::{cut, square};
use super::{Measurement, median_within};
use crate::error::{Error, Result};
use crate::feature::{FeaturePrecision, FeatureTile};
use crate::geometry::{PixelRect, Region, SampleGrid, Size, feature_tiles_over};
use crate::gpu::adapters;
use crate::picture::Picture;
use crate::recipe::Sampling;
use crate::render::{Backend, Compute, LoadedModel, sample};
use crate::task::NEVER;
use crate::weights::Weights;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RUNS: usize = 5;

/// The sides of the picture that is encoded, and of what is decoded from it: the last, but on slow devices.
const PICTURE_SIDES: [usize; 5] = [16, 32, 64, 128, 256];
const SIDES: [usize; 6] = [32, 64, 128, 256, 512, 1024];

/// The devices to measure: the named one, or all that are real, the best first; those of one name once.
pub(super) fn names(named: Option<&str>) -> Vec<String> {
    if let Some(name) = named {
        return vec![name.to_owned()];
    }
    let mut names: Vec<String> = Vec::new();
    for adapter in adapters().iter().filter(|adapter| !adapter.is_software) {
        let name = adapter.in_words();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The part of a picture that is encoded.
pub(super) fn part(picture: &Picture) -> Picture {
    cut(picture, square(picture))
}

/// Measures every real device in each arithmetic that it has.
pub(super) fn run(
    weights: &Weights,
    picture: &Picture,
    patience: Duration,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    let picture = part(picture);
    for name in names(None) {
        for half in [false, true] {
            let (backend, device) = (Backend::Gpu, Some(name.clone()));
            // One device that is not fit does not keep the others from being measured.
            let Ok(model) = LoadedModel::on(weights, &Compute { backend, device, half, ..Compute::default() }) else {
                break;
            };
            // A device without half precision has been measured already.
            if half == (model.arithmetic() == "f16") {
                measure(&model, &picture, patience, report)?;
            }
        }
    }
    Ok(())
}

/// Encoding and decoding; less of it on a device so slow that a run would take a fifth of `patience`. The device must
/// still be there in the end: else the processor was measured.
pub(super) fn measure(
    model: &LoadedModel,
    picture: &Picture,
    patience: Duration,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
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
    let (macs, limit) = (model.config.macs(), patience / 5);
    let side = fitting(&PICTURE_SIDES, limit, |side| encode(model, &corner(picture, side)).map(drop))?;
    let picture = corner(picture, side);
    let secs = median_within(RUNS, patience / 4, || encode(model, &picture).map(drop))?;
    let pixels = picture.size.area();
    let encoding = measurement(format!("encode {}", picture.size), secs, pixels, macs.per_source_pixel);

    let features = encode(model, &picture)?;
    let decode = |side: usize| {
        let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(side, side));
        let window = sample::window(model, picture.size, &grid, Sampling::Exact, &features);
        model.query_rgb(&window, picture.size, &grid, Sampling::Exact, NEVER).map(drop)
    };
    let side = fitting(&SIDES, limit, decode)?;
    let secs = median_within(RUNS, patience / 4, || decode(side))?;
    let name = format!("decode {} → {side}×{side}", picture.size);
    let decoding = measurement(name, secs, side * side, macs.per_output_pixel);
    if let Some(reason) = model.take_warning() {
        return Err(Error::device(reason));
    }
    report(&encoding);
    report(&decoding);
    Ok(())
}

/// All features of a picture.
fn encode(model: &LoadedModel, picture: &Picture) -> Result<Vec<Arc<FeatureTile>>> {
    let tiles = feature_tiles_over(picture.size.rect());
    let (features, _) = model.encode_tiles(picture, tiles, FeaturePrecision::Half, NEVER)?;
    Ok(features.into_iter().map(|(_, tile)| Arc::new(tile)).collect())
}

/// The upper left corner of a picture, `side` pixels square or what it has of that.
fn corner(picture: &Picture, side: usize) -> Picture {
    let (width, height) = (side.min(picture.size.width), side.min(picture.size.height));
    cut(picture, PixelRect { x: 0, y: 0, width, height })
}

/// The largest of `sides`, which rise, whose work takes at most `limit`: tried from the smallest on, and not beyond the
/// last of which that is to be expected.
fn fitting(sides: &[usize], limit: Duration, mut work: impl FnMut(usize) -> Result<()>) -> Result<usize> {
    for pair in sides.windows(2) {
        let start = Instant::now();
        work(pair[0])?;
        if start.elapsed() * (pair[1] / pair[0]).pow(2) as u32 > limit {
            return Ok(pair[0]);
        }
    }
    Ok(sides[sides.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_device_is_given_less_to_do() {
        let mut tried = Vec::new();
        let mut side = |limit| {
            tried.clear();
            let side = fitting(&[1, 2, 4, 8], limit, |side| {
                tried.push(side);
                Ok(())
            });
            (side.unwrap(), tried.clone())
        };
        assert_eq!(side(Duration::ZERO), (1, vec![1]));
        assert_eq!(side(Duration::from_hours(1)), (8, vec![1, 2, 4]));
    }
}
