//! How good weights are on pictures that are not trained on: the same patches, damaged the same way, every time.

use super::config::Recipe;
use super::event::Preview;
use super::library::{Library, Loaded};
use super::predict::Predictor;
use super::random::Random;
use super::sampler::{Sample, sample};
use crate::decode::Sampling;
use crate::error::Result;
use crate::geometry::{Region, SampleGrid, Size};
use crate::metrics::{Channels, psnr};
use crate::picture::Picture;
use crate::picture::resample::resize_bicubic_u8;
use crate::raster::Raster;
use crate::task::{Interrupt, check};
use crate::weights::Weights;
use rayon::prelude::*;
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
    /// Pictures that cannot be read are left out, for the reasons in the second value.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] between two pictures.
    pub(super) fn new(
        library: &Library,
        recipe: &Recipe,
        interrupt: Interrupt<'_>,
    ) -> Result<(Option<Self>, Vec<String>)> {
        let sources = &library.held_out;
        let count = if sources.is_empty() { 0 } else { PATCHES.max(sources.len().min(2 * PATCHES)) };
        // Patches go round and round the pictures.
        let choose = |first: usize| {
            check(interrupt)?;
            let source = &sources[first];
            let cut = |picture: Arc<Loaded>, i: usize| {
                let mut random = Random::of(&[source.digest, (i / sources.len()) as u64]);
                (i, sample(recipe, &picture, source.rank, false, &mut random))
            };
            let numbers = (first..count).step_by(sources.len());
            let loaded = library.load(source, interrupt);
            Ok(loaded.map(|picture| numbers.map(|i| cut(picture.clone(), i)).collect::<Vec<_>>()))
        };
        let chosen = (0..sources.len().min(count)).into_par_iter().map(choose).collect::<Result<Vec<_>>>()?;
        check(interrupt)?;
        let (mut samples, mut warnings) = (Vec::new(), Vec::new());
        for chosen in chosen {
            match chosen {
                Ok(cut) => samples.extend(cut),
                Err(reason) => warnings.extend(reason),
            }
        }
        samples.sort_by_key(|(i, _)| *i);
        let samples: Vec<Sample> = samples.into_iter().map(|(_, sample)| sample).collect();
        let bicubic = |sample: &Sample| {
            let (from, to) = (square(recipe.patch), square(sample.side));
            compare(&raster(sample.side, &resize_bicubic_u8(&sample.input, 3, from, to)), sample)
        };
        let bicubic_psnr = samples.iter().map(bicubic).sum::<f64>() / samples.len() as f64;
        let held_out = (!samples.is_empty()).then_some(Self { patch: recipe.patch, samples, bicubic_psnr });
        Ok((held_out, warnings))
    }

    /// The mean PSNR of `weights`, in decibels, and the first patch to look at.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] between two patches, or the device's own.
    pub(super) fn judge(&self, weights: &Weights, interrupt: Interrupt<'_>) -> Result<(f64, Preview)> {
        let model = Predictor::new(weights)?;
        let (mut sum, mut preview) = (0.0, None);
        for sample in &self.samples {
            let prediction = predict(&model, self.patch, sample, interrupt)?;
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

fn predict(model: &Predictor, patch: usize, sample: &Sample, interrupt: Interrupt<'_>) -> Result<Raster> {
    let size = square(patch);
    let picture = Picture::from_rgb8(size, sample.input.clone());
    let grid = SampleGrid::spanning(Region::whole(size), square(sample.side));
    model.predict(&picture, &grid, Sampling::Exact, interrupt)
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
