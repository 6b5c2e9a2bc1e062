//! From pictures to small pictures and their originals, as `datasets/wrappers.py` of the original makes them.

use super::batch::Batch;
use super::config::{Hyperparameters, PatchSampling};
use super::dataset::{Loaded, Pixels, factor};
use super::random::Random;
use crate::geometry::{AxisGrid, Size};
use crate::model::Query;
use crate::picture::resample::resize_bicubic_u8;
use crate::weights::Normalization;

/// A small picture and what it was: squares of interleaved 8-bit RGB.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// `[patch, patch, 3]`.
    pub(super) input: Vec<u8>,
    /// `[side, side, 3]`; empty if nobody knows it.
    pub(super) truth: Vec<u8>,
    /// Rows and columns of what it is enlarged to.
    pub(super) side: usize,
}

/// Makes one of a picture whose place among all is `rank` (0 to 1). `augment` turns and mirrors it.
pub(super) fn sample(
    hyperparameters: &Hyperparameters,
    picture: &Loaded,
    rank: f64,
    augment: bool,
    random: &mut Random,
) -> Sample {
    let patch = hyperparameters.patch;
    let (input, truth, side) = match (hyperparameters.sampling, &picture.small) {
        (PatchSampling::Pairs, Some(small)) => aligned(&picture.original, small, patch, random),
        (PatchSampling::SizeVaried { min, max, gt_resize }, _) => {
            let side = min + ((max - min) as f64 * rank).round_ties_even() as usize;
            whole(&picture.original, hyperparameters, (side.max(1), max, gt_resize), random)
        }
        (PatchSampling::RandomScale { min, max }, _) => {
            if random.happens(hyperparameters.unreduced) {
                unreduced(&picture.original, patch, random.between(min, max), random)
            } else {
                let scales = if random.happens(hyperparameters.deep) { (max, 2.0 * max) } else { (min, max) };
                reduced(&picture.original, hyperparameters, scales, random)
            }
        }
        // A library of pairs has small pictures; without one the picture is its own.
        (PatchSampling::Pairs, None) => reduced(&picture.original, hyperparameters, (1.0, 1.0), random),
    };
    let turn = match hyperparameters.sampling {
        _ if !augment => [false; 3],
        // The original mirrors these sideways only: faces stay upright.
        PatchSampling::SizeVaried { .. } => [false, random.below(2) == 1, false],
        _ => [0; 3].map(|_: i32| random.below(2) == 1),
    };
    let input = turned(&input, patch, turn);
    if truth.is_empty() {
        // What a teacher is asked about stays as it is.
        return Sample { input, truth, side };
    }
    let input = hyperparameters.degradation.apply(input, Size::new(patch, patch), random);
    Sample { input, truth: turned(&truth, side, turn), side }
}

type Parts = (Vec<u8>, Vec<u8>, usize);

/// Where a square of so many pixels a side begins (x, y): anywhere in a picture.
fn corner(picture: Size, side: usize, random: &mut Random) -> [usize; 2] {
    [picture.width, picture.height].map(|n| random.below(n - side + 1))
}

/// `sr-implicit-downsampled`: a patch of a random place, reduced by a random factor.
fn reduced(original: &Pixels, hyperparameters: &Hyperparameters, scales: (f64, f64), random: &mut Random) -> Parts {
    let patch = hyperparameters.patch;
    // Pictures that are too small for the largest factor give what they have.
    let most = (original.shorter() as f64 / patch as f64).max(scales.0);
    let scale = random.between(scales.0, scales.1).min(most);
    let side = ((patch as f64 * scale).round_ties_even() as usize).min(original.shorter());
    let [x, y] = corner(original.size, side, random);
    let truth = original.square(x, y, side);
    let soft = hyperparameters.degradation.before_reducing(&truth, side, patch, random);
    (resized(soft.as_ref().unwrap_or(&truth), side, patch), truth, side)
}

/// A patch as it is, to be enlarged `scale` times: there is no larger original.
fn unreduced(original: &Pixels, patch: usize, scale: f64, random: &mut Random) -> Parts {
    let [x, y] = corner(original.size, patch, random);
    (original.square(x, y, patch), Vec::new(), (patch as f64 * scale).round_ties_even() as usize)
}

/// `sr-implicit-paired`: the same place in both pictures.
fn aligned(original: &Pixels, small: &Pixels, patch: usize, random: &mut Random) -> Parts {
    let scale = factor(original, small).unwrap_or(1);
    let [x, y] = corner(small.size, patch, random);
    let side = patch * scale;
    (small.square(x, y, patch), original.square(x * scale, y * scale, side), side)
}

/// `sr-implicit-uniform-varied`: the middle of the whole picture, at `side` pixels.
fn whole(
    original: &Pixels,
    hyperparameters: &Hyperparameters,
    (side, max, gt_resize): (usize, usize, Option<usize>),
    random: &mut Random,
) -> Parts {
    let patch = hyperparameters.patch;
    let shorter = original.shorter();
    let (x, y) = ((original.size.width - shorter) / 2, (original.size.height - shorter) / 2);
    let base = resized(&original.square(x, y, shorter), shorter, max);
    let soft = hyperparameters.degradation.before_reducing(&base, max, patch, random);
    let input = resized(soft.as_ref().unwrap_or(&base), max, patch);
    let truth = resized(&base, max, side);
    match gt_resize {
        Some(again) => (input, resized(&truth, side, again), again),
        None => (input, truth, side),
    }
}

fn resized(square: &[u8], from: usize, to: usize) -> Vec<u8> {
    resize_bicubic_u8(square, 3, Size::new(from, from), Size::new(to, to))
}

/// Upside down, mirrored, transposed, in this order; together the eight symmetries of the square.
fn turned(square: &[u8], side: usize, [upside_down, mirrored, transposed]: [bool; 3]) -> Vec<u8> {
    let pixel = |i: usize| {
        let (mut y, mut x) = (i / side, i % side);
        if transposed {
            (y, x) = (x, y);
        }
        if mirrored {
            x = side - 1 - x;
        }
        if upside_down {
            y = side - 1 - y;
        }
        &square[(y * side + x) * 3..][..3]
    };
    (0..side * side).flat_map(pixel).copied().collect()
}

/// Puts samples together and chooses the pixels that are queried.
pub(super) fn batch(
    hyperparameters: &Hyperparameters,
    samples: &[Sample],
    normalization: &Normalization,
    random: &mut Random,
) -> Batch {
    let Normalization { mean, std } = *normalization;
    let normalized = |i: usize, v: u8| (f32::from(v) / 255.0 - mean[i % 3]) / std[i % 3];
    let (mut queries, mut targets, mut unknown) = (Vec::with_capacity(samples.len()), Vec::new(), Vec::new());
    for (image, Sample { truth, side, .. }) in samples.iter().enumerate() {
        let axis = AxisGrid::spanning(0.0, hyperparameters.patch as f64, *side);
        let chosen = random.choose(side * side, hyperparameters.samples_of().min(side * side));
        let place = |i: &u32| [*i as usize / side, *i as usize % side].map(|i| axis.latent_position(i));
        let rel_cell = vec![[2.0 * axis.pitch; 2]; chosen.len()];
        queries.push(Query { position: chosen.iter().map(place).collect(), rel_cell });
        if truth.is_empty() {
            unknown.push(image);
            targets.resize(targets.len() + chosen.len(), [0.0; 3]);
        } else {
            targets.extend(chosen.iter().map(|i| [0, 1, 2].map(|c| normalized(c, truth[*i as usize * 3 + c]))));
        }
    }
    let inputs = samples.iter().flat_map(|sample| sample.input.iter().enumerate());
    let inputs = inputs.map(|(i, v)| normalized(i, *v)).collect();
    Batch { patch: hyperparameters.patch, inputs, queries, targets, unknown, teacher: None, again: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize) -> Pixels {
        let rgb = (0..width * height * 3).map(|i| (i * 31 % 251) as u8).collect();
        Pixels { size: Size::new(width, height), rgb }
    }

    fn hyperparameters(patch: usize, sampling: PatchSampling) -> Hyperparameters {
        Hyperparameters { patch, sampling, ..Hyperparameters::default() }
    }

    #[test]
    fn a_reduced_patch_is_pillow_s_of_a_part_of_the_picture() {
        let original = picture(40, 30);
        let loaded = Loaded { original: original.clone(), small: None };
        let hyperparameters = hyperparameters(8, PatchSampling::RandomScale { min: 1.0, max: 3.0 });
        let mut sides = Vec::new();
        for seed in 0..40 {
            let sample = sample(&hyperparameters, &loaded, 0.0, false, &mut Random::of(&[seed]));
            assert_eq!(sample.input, resized(&sample.truth, sample.side, 8));
            let places = (0..=30 - sample.side).flat_map(|y| (0..=40 - sample.side).map(move |x| (x, y)));
            assert!(places.into_iter().any(|(x, y)| original.square(x, y, sample.side) == sample.truth));
            sides.push(sample.side);
        }
        sides.sort_unstable();
        sides.dedup();
        assert!(sides.len() > 8 && sides[0] >= 8 && sides[sides.len() - 1] <= 24, "{sides:?}");
    }

    #[test]
    fn a_picture_too_small_for_the_factor_gives_what_it_has() {
        let loaded = Loaded { original: picture(10, 9), small: None };
        let sampling = PatchSampling::RandomScale { min: 1.0, max: 4.0 };
        for seed in 0..20 {
            let sample = sample(&hyperparameters(8, sampling), &loaded, 0.0, true, &mut Random::of(&[seed]));
            assert!((8..=9).contains(&sample.side));
        }
    }

    #[test]
    fn a_share_of_the_patches_is_reduced_further() {
        let loaded = Loaded { original: picture(40, 30), small: None };
        let sampling = PatchSampling::RandomScale { min: 1.0, max: 1.5 };
        let hyperparameters = Hyperparameters { deep: 0.25, ..hyperparameters(8, sampling) };
        let sides = (0..400).map(|seed| sample(&hyperparameters, &loaded, 0.0, true, &mut Random::of(&[seed])).side);
        let (deep, usual): (Vec<usize>, Vec<usize>) = sides.partition(|side| *side > 12);
        assert!((60..140).contains(&deep.len()) && deep.iter().all(|side| *side <= 24), "{}", deep.len());
        assert!(usual.iter().all(|side| (8..=12).contains(side)));
    }

    #[test]
    fn a_patch_that_is_not_reduced_waits_for_the_teacher() {
        let original = picture(20, 15);
        let loaded = Loaded { original: original.clone(), small: None };
        let sampling = PatchSampling::RandomScale { min: 2.0, max: 3.0 };
        let hyperparameters = Hyperparameters { unreduced: 0.5, ..hyperparameters(8, sampling) };
        let samples: Vec<Sample> =
            (0..40).map(|seed| sample(&hyperparameters, &loaded, 0.0, false, &mut Random::of(&[seed]))).collect();
        let unknown: Vec<usize> = (0..40).filter(|i| samples[*i].truth.is_empty()).collect();
        assert!((10..30).contains(&unknown.len()), "{}", unknown.len());
        let places = || (0..=7).flat_map(|y| (0..=12).map(move |x| (x, y)));
        for sample in unknown.iter().map(|i| &samples[*i]) {
            assert!(
                places().any(|(x, y)| original.square(x, y, 8) == sample.input) && (16..=24).contains(&sample.side)
            );
        }
        let mut batch = batch(&hyperparameters, &samples, &Normalization::LIIF, &mut Random::of(&[1]));
        assert_eq!(batch.unknown, unknown);
        let (truth, answers) = (batch.targets.clone(), vec![[0.25; 3]; batch.targets.len()]);
        batch.take_answers(answers, 0.5);
        let lengths = batch.queries.iter().map(|query| query.position.len()).collect::<Vec<_>>();
        let mut first = 0;
        for (image, length) in lengths.into_iter().enumerate() {
            let targets = &batch.targets[first..first + length];
            if unknown.contains(&image) {
                assert!(targets.iter().all(|target| *target == [0.25; 3]));
            } else {
                assert_eq!(targets, &truth[first..first + length]);
            }
            first += length;
        }
        let part = batch.part(unknown[1]..40);
        assert_eq!(part.unknown, unknown[1..].iter().map(|image| image - unknown[1]).collect::<Vec<_>>());
    }

    #[test]
    fn pairs_are_cut_at_the_same_place() {
        // Every small pixel says where it is, and its original says the same nine times.
        let small = Pixels { size: Size::new(12, 10), rgb: (0..120).flat_map(|i| [i; 3]).collect() };
        let place = |i: usize| (i / 37 / 3).min(9) * 12 + (i % 37 / 3).min(11);
        let rgb = (0..37 * 31).flat_map(|i| [place(i) as u8; 3]).collect();
        let loaded = Loaded { original: Pixels { size: Size::new(37, 31), rgb }, small: Some(small) };
        let sample = sample(&hyperparameters(8, PatchSampling::Pairs), &loaded, 0.0, true, &mut Random::of(&[3]));
        assert_eq!(sample.side, 24);
        for y in 0..8 {
            for x in 0..8 {
                assert_eq!(sample.truth[((3 * y + 1) * 24 + 3 * x + 1) * 3], sample.input[(y * 8 + x) * 3]);
            }
        }
    }

    #[test]
    fn sizes_vary_with_the_place_among_the_pictures() {
        let loaded = Loaded { original: picture(50, 40), small: None };
        let side = |rank, gt_resize| {
            let sampling = PatchSampling::SizeVaried { min: 16, max: 32, gt_resize };
            let sample = sample(&hyperparameters(8, sampling), &loaded, rank, false, &mut Random::of(&[1]));
            assert_eq!(sample.truth.len(), sample.side * sample.side * 3);
            sample.side
        };
        assert_eq!([side(0.0, None), side(0.5, None), side(1.0, None), side(0.5, Some(20))], [16, 24, 32, 20]);
    }

    #[test]
    fn the_eight_symmetries_are_different_and_keep_all_pixels() {
        let square: Vec<u8> = (0..48).collect();
        let turn = |bits: usize| turned(&square, 4, [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0]);
        let all: std::collections::BTreeSet<Vec<u8>> = (0..8).map(turn).collect();
        assert_eq!(all.len(), 8);
        assert!(all.iter().all(|turned| turned.iter().map(|v| usize::from(*v)).sum::<usize>() == 47 * 24));
        assert_eq!(turn(0), square);
        assert_eq!(turn(1)[..3], [36, 37, 38]);
    }

    #[test]
    fn queries_ask_for_different_pixels_of_the_truth() {
        let hyperparameters =
            Hyperparameters { samples: 100, ..hyperparameters(8, PatchSampling::RandomScale { min: 2.0, max: 2.0 }) };
        let loaded = Loaded { original: picture(40, 30), small: None };
        let mut random = Random::of(&[1]);
        let samples = [sample(&hyperparameters, &loaded, 0.0, true, &mut random)];
        let batch = batch(&hyperparameters, &samples, &Normalization::LIIF, &mut random);
        assert_eq!((batch.inputs.len(), batch.targets.len()), (192, 100));
        let query = &batch.queries[0];
        assert!(query.rel_cell.iter().all(|cell| *cell == [1.0, 1.0]));
        let mut seen = std::collections::BTreeSet::new();
        for (position, target) in query.position.iter().zip(&batch.targets) {
            // Pixel i of 16 over 8 codes sits at (i + 0.5) / 2 - 0.5.
            let [y, x] = position.map(|u| ((u + 0.5) * 2.0 - 0.5).round() as usize);
            assert!(seen.insert((y, x)));
            let truth = &samples[0].truth[(y * 16 + x) * 3..][..3];
            assert!((0..3).all(|c| (target[c] - (f32::from(truth[c]) / 127.5 - 1.0)).abs() < 1e-6));
        }
    }
}
