//! How good weights are on pictures that are not trained on: the same patches, damaged the same way, every time.

use super::config::Recipe;
use super::event::Preview;
use super::library::Library;
use super::random::Random;
use super::sampler::{Sample, sample};
use crate::decode::{DecodeParams, Sampling, query_rgb};
use crate::encode::PictureEncoder;
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{Region, SampleGrid, Size};
use crate::kernel::Precision;
use crate::metrics::{Channels, psnr};
use crate::picture::Picture;
use crate::picture::resample::resize_bicubic_u8;
use crate::raster::Raster;
use crate::task::Interrupt;
use crate::weights::Weights;
use candle_core::Device;
use std::sync::Arc;

/// Patches that are judged.
const PATCHES: usize = 16;

/// A PSNR above this counts as this: two flat patches that agree would make the mean infinite.
const HIGHEST_PSNR: f64 = 100.0;

/// The patches.
pub(super) struct HeldOut {
    patch: usize,
    samples: Vec<Sample>,
    /// The mean PSNR of bicubic enlargement, in decibels.
    pub(super) bicubic_psnr: f64,
}

impl HeldOut {
    /// Chooses patches of the held-out pictures by what is in the pictures alone; none if no picture is held out.
    /// Pictures that cannot be read any more are left out.
    pub(super) fn new(library: &Library, recipe: &Recipe) -> Option<Self> {
        let sources = &library.held_out;
        let choose = |i: usize| {
            let source = &sources[i % sources.len()];
            let mut random = Random::of(&[source.digest, (i / sources.len()) as u64]);
            Some(sample(recipe, &*source.load().ok()?, source.rank, false, &mut random))
        };
        let count = if sources.is_empty() { 0 } else { PATCHES.max(sources.len().min(2 * PATCHES)) };
        let samples: Vec<Sample> = (0..count).filter_map(choose).collect();
        let bicubic = |sample: &Sample| {
            let (from, to) = (square(recipe.patch), square(sample.side));
            compare(&raster(sample.side, &resize_bicubic_u8(&sample.input, 3, from, to)), sample)
        };
        let bicubic_psnr = samples.iter().map(bicubic).sum::<f64>() / samples.len() as f64;
        (!samples.is_empty()).then_some(Self { patch: recipe.patch, samples, bicubic_psnr })
    }

    /// The mean PSNR of `weights`, in decibels, and the first patch to look at.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] between two patches, or the device's own.
    pub(super) fn judge(&self, weights: &Weights, interrupt: Interrupt<'_>) -> Result<(f64, Preview)> {
        let encoder = PictureEncoder::new(weights, Device::Cpu, Precision::F32)?;
        let params = DecodeParams::new(weights, Precision::F32);
        let (mut sum, mut preview) = (0.0, None);
        for sample in &self.samples {
            let prediction = predict(&encoder, &params, self.patch, sample, interrupt)?;
            sum += compare(&prediction, sample);
            preview.get_or_insert_with(|| Preview {
                input: raster(self.patch, &sample.input),
                truth: raster(sample.side, &sample.truth),
                prediction,
            });
        }
        let empty = || Raster::new(square(0), 3);
        let preview = preview.unwrap_or_else(|| Preview { input: empty(), truth: empty(), prediction: empty() });
        Ok((sum / self.samples.len() as f64, preview))
    }
}

/// Enlarges a small picture by the code that everything else is shown with.
fn predict(
    encoder: &PictureEncoder,
    params: &DecodeParams,
    patch: usize,
    sample: &Sample,
    interrupt: Interrupt<'_>,
) -> Result<Raster> {
    let size = square(patch);
    let picture = Picture::from_rgb8(size, sample.input.clone());
    let (codes, grown) = encoder.encode(&picture, size.rect(), interrupt)?;
    let tile = Arc::new(FeatureTile::cut(&codes, grown, size.rect(), FeaturePrecision::Single));
    let window = FeatureWindow::assemble(&[tile], size.rect(), params.margin());
    let grid = SampleGrid::spanning(Region::whole(size), square(sample.side));
    let mut rgb = query_rgb(params, &window, size, &grid, Sampling::Exact, interrupt)?;
    params.denormalize(&mut rgb);
    Ok(Raster { size: square(sample.side), channels: 3, data: rgb })
}

fn compare(prediction: &Raster, sample: &Sample) -> f64 {
    let found = psnr(prediction, &raster(sample.side, &sample.truth), Channels::Rgb, 0);
    found.unwrap_or(HIGHEST_PSNR).min(HIGHEST_PSNR)
}

fn square(side: usize) -> Size {
    Size::new(side, side)
}

fn raster(side: usize, rgb: &[u8]) -> Raster {
    Raster { size: square(side), channels: 3, data: rgb.iter().map(|v| f32::from(*v) / 255.0).collect() }
}
