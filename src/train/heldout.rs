//! How good weights are on pictures that are not trained on: the same patches, degraded the same way, every time.
//!
//! One part of the patches chooses the best weights. The other part chooses nothing and only tells how good those are:
//! the best of many judgements is too good by luck on the patches that it was the best on. Where two or more pictures are
//! held out no picture is in both parts; the patches of a single one are divided, and may overlap.
//!
//! The PSNR of a part is that of the mean of its patches' mean squared errors. A mean of decibels would be ruled by flat
//! patches, which any weights reproduce almost exactly.

use super::config::Hyperparameters;
use super::dataset::{Dataset, Loaded, PictureFile};
use super::event::Preview;
use super::predict::Predictor;
use super::random::Random;
use super::sampler::{Sample, sample};
use crate::decode::Sampling;
use crate::error::Result;
use crate::geometry::{Region, SampleGrid, Size};
use crate::key::FileId;
use crate::metrics::{Channels, decibels, mean_squared_error};
use crate::picture::Picture;
use crate::picture::resample::resize_bicubic_u8;
use crate::raster::Raster;
use crate::task::{Interrupt, check};
use crate::weights::Weights;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Patches of each of the two parts, about.
const PATCHES: usize = 24;

/// The least mean squared error that is told, that of 100 dB: without one, patches that are all reproduced exactly would
/// have no finite PSNR.
const LEAST_ERROR: f64 = 1e-10;

/// What is judged by, for a checkpoint: figures can be compared only if this is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JudgedBy {
    /// The pictures that are not trained on, by digest.
    pub(super) pictures: Vec<u64>,
    /// What all patches hash to.
    patches: String,
}

/// Patches that are judged together.
struct PatchSet {
    samples: Vec<Sample>,
    /// The PSNR of bicubic enlargement, in decibels.
    bicubic_psnr: f64,
}

/// The patches.
pub(super) struct HeldOut {
    patch: usize,
    choosing: PatchSet,
    confirming: PatchSet,
    /// Pictures in the part that confirms.
    confirming_pictures: usize,
    judged_by: JudgedBy,
}

impl HeldOut {
    /// Chooses patches of the held-out pictures by what is in the pictures alone; none if no picture is held out.
    /// Pictures that cannot be read are left out, for the reasons in the second value.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] between two pictures.
    pub(super) fn new(
        dataset: &Dataset,
        hyperparameters: &Hyperparameters,
        interrupt: Interrupt<'_>,
    ) -> Result<(Option<Self>, Vec<String>)> {
        let mut sources: Vec<&PictureFile> = dataset.held_out.iter().collect();
        sources.sort_by_key(|source| source.digest);
        sources.dedup_by_key(|source| source.digest);
        let pictures = sources.iter().map(|source| source.digest).collect();
        let mut warnings = Vec::new();
        let by_picture = loop {
            let chosen = &sources[..sources.len().min(2 * PATCHES)];
            if chosen.is_empty() {
                return Ok((None, warnings));
            }
            let (by_picture, unreadable) = cut(dataset, hyperparameters, chosen, interrupt)?;
            if by_picture.len() == chosen.len() {
                break by_picture;
            }
            warnings.extend(unreadable);
            // Again without them: others take their places, and a part without a patch would judge nothing.
            sources.retain(|source| source.is_usable());
        };
        let confirming_pictures = (by_picture.len() / 2).max(1);
        let parts = divided(by_picture);
        let bytes = || parts.iter().flatten().flat_map(|sample| [sample.input.as_slice(), &sample.truth]);
        let judged_by = JudgedBy { pictures, patches: FileId::of(bytes()).to_string() };
        let [choosing, confirming] = parts.map(|samples| PatchSet::new(hyperparameters.patch, samples));
        Ok((
            Some(Self { patch: hyperparameters.patch, choosing, confirming, confirming_pictures, judged_by }),
            warnings,
        ))
    }

    /// What is judged by.
    pub(super) fn judged_by(&self) -> &JudgedBy {
        &self.judged_by
    }

    /// The PSNR of bicubic enlargement on the patches that choose, and on those that choose nothing.
    pub(super) fn bicubic_psnrs(&self) -> [f64; 2] {
        [self.choosing.bicubic_psnr, self.confirming.bicubic_psnr]
    }

    /// Pictures that the patches that choose nothing are of.
    pub(super) fn confirming_pictures(&self) -> usize {
        self.confirming_pictures
    }

    /// The PSNR of `weights` on the patches that choose, in decibels, and the first of them to look at.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] between two patches, or the device's own.
    pub(super) fn judge(&self, weights: &Weights, interrupt: Interrupt<'_>) -> Result<(f64, Preview)> {
        let model = Predictor::new(weights)?;
        let (mut errors, mut preview) = (Vec::new(), None);
        for sample in &self.choosing.samples {
            let prediction = predict(&model, self.patch, sample, interrupt)?;
            errors.push(error_of(&prediction, sample));
            preview.get_or_insert_with(|| Preview {
                input: raster(self.patch, &sample.input),
                truth: raster(sample.side, &sample.truth),
                prediction,
            });
        }
        let empty = || Raster::new(square(0), 3);
        let preview = preview.unwrap_or_else(|| Preview { input: empty(), truth: empty(), prediction: empty() });
        Ok((psnr_of(&errors), preview))
    }

    /// The PSNR of `weights` on the patches that choose nothing, in decibels.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub(super) fn confirm(&self, weights: &Weights, interrupt: Interrupt<'_>) -> Result<f64> {
        let model = Predictor::new(weights)?;
        let samples = self.confirming.samples.iter();
        let errors = samples.map(|sample| Ok(error_of(&predict(&model, self.patch, sample, interrupt)?, sample)));
        Ok(psnr_of(&errors.collect::<Result<Vec<_>>>()?))
    }
}

/// Patches of each of these pictures, about as many as both parts need together, and why some pictures have none.
fn cut(
    dataset: &Dataset,
    hyperparameters: &Hyperparameters,
    sources: &[&PictureFile],
    interrupt: Interrupt<'_>,
) -> Result<(Vec<Vec<Sample>>, Vec<String>)> {
    let each = (2 * PATCHES).div_ceil(sources.len()) as u64;
    // Only what is known can be judged by.
    let hyperparameters = &Hyperparameters { unreduced: 0.0, ..hyperparameters.clone() };
    let cut = |source: &&PictureFile| {
        check(interrupt)?;
        let patch = |picture: &Loaded, i| {
            sample(hyperparameters, picture, rank(source.digest), false, &mut Random::of(&[source.digest, i]))
        };
        let loaded = dataset.load(source, interrupt);
        Ok(loaded.map(|picture| (0..each).map(|i| patch(&picture, i)).collect()))
    };
    let cut = sources.par_iter().map(cut).collect::<Result<Vec<_>>>()?;
    check(interrupt)?;
    let (mut by_picture, mut unreadable) = (Vec::new(), Vec::new());
    for cut in cut {
        match cut {
            Ok(samples) => by_picture.push(samples),
            Err(reason) => unreadable.extend(reason),
        }
    }
    Ok((by_picture, unreadable))
}

/// A picture's place among all, 0 to 1, as far as its patches' sizes follow from that: by its digest alone, so that other
/// pictures have no part in it. Hashed once more, because the digests of what is held out are the lowest.
fn rank(digest: u64) -> f64 {
    Random::of(&[digest]).unit()
}

impl PatchSet {
    fn new(patch: usize, samples: Vec<Sample>) -> Self {
        let bicubic = |sample: &Sample| {
            let (from, to) = (square(patch), square(sample.side));
            error_of(&raster(sample.side, &resize_bicubic_u8(&sample.input, 3, from, to)), sample)
        };
        let bicubic_psnr = psnr_of(&samples.iter().map(bicubic).collect::<Vec<_>>());
        Self { samples, bicubic_psnr }
    }
}

/// Those that choose and those that do not: every other picture's, or half of the only one's each.
fn divided<T>(mut by_picture: Vec<Vec<T>>) -> [Vec<T>; 2] {
    if let [only] = by_picture.as_mut_slice() {
        let second = only.split_off(only.len().div_ceil(2));
        by_picture.push(second);
    }
    let mut parts = [Vec::new(), Vec::new()];
    for (i, patches) in by_picture.into_iter().enumerate() {
        parts[i % 2].extend(patches);
    }
    parts
}

fn predict(model: &Predictor, patch: usize, sample: &Sample, interrupt: Interrupt<'_>) -> Result<Raster> {
    let size = square(patch);
    let picture = Picture::from_rgb8(size, sample.input.clone());
    let grid = SampleGrid::spanning(Region::whole(size), square(sample.side));
    model.predict(&picture, &grid, Sampling::Exact, interrupt)
}

/// The mean squared error of a patch.
fn error_of(prediction: &Raster, sample: &Sample) -> f64 {
    mean_squared_error(prediction, &raster(sample.side, &sample.truth), Channels::Rgb, 0).unwrap_or_default()
}

/// The PSNR of the mean of these, in billionths of a decibel: as many digits as the notes of a checkpoint, which are
/// text, give back to the bit.
fn psnr_of(errors: &[f64]) -> f64 {
    const PARTS: f64 = 1e9;
    let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    (decibels(mean.max(LEAST_ERROR)) * PARTS).round() / PARTS
}

fn square(side: usize) -> Size {
    Size::new(side, side)
}

fn raster(side: usize, rgb: &[u8]) -> Raster {
    Raster { size: square(side), channels: 3, data: rgb.iter().map(|v| f32::from(*v) / 255.0).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_patch_does_not_outweigh_the_others() {
        // Fifteen patches of 30 dB, and one that is reproduced exactly.
        let mut errors = vec![1e-3; 15];
        assert!((psnr_of(&errors) - 30.0).abs() < 1e-9);
        errors.push(0.0);
        let psnr = psnr_of(&errors);
        assert!((psnr - 30.0).abs() < 0.3, "{psnr}");
        // How exactly it is reproduced is of no account.
        *errors.last_mut().unwrap() = 1e-9;
        assert!((psnr_of(&errors) - psnr).abs() < 1e-4);
        assert_eq!(psnr_of(&[0.0, 0.0]), 100.0);
    }

    #[test]
    fn no_picture_both_chooses_and_confirms() {
        assert_eq!(divided(vec![vec![1, 2], vec![3, 4], vec![5, 6]]), [vec![1, 2, 5, 6], vec![3, 4]]);
        assert_eq!(divided(vec![vec![1, 2], vec![3, 4]]), [vec![1, 2], vec![3, 4]]);
        // A single one has to do for both.
        assert_eq!(divided(vec![vec![1, 2, 3]]), [vec![1, 2], vec![3]]);
    }
}
