//! Which variant of a shader is the fastest on a device, by a short measurement.

use super::conv_trial::ConvTrial;
use super::device::Gpu;
use super::element_type::ElementType;
use super::error::GpuResult;
use super::known_variants::known;
use super::pipeline::Dispatch;
use super::trial::{Trial, VariantTiming};
use super::variant::{Shader, Variant};
use std::time::{Duration, Instant};

/// What a pass should take at most, in seconds, and how many of a variant are measured.
const PASS_SECS: f64 = 0.002;
const PASSES: usize = 3;

/// Once the passes of variants have taken this long, no further one is tried; nor is any if all would take longer.
const LIMIT: Duration = Duration::from_millis(50);

/// A variant must take at most this part of the default's time: what is within the noise changes nothing.
const GAIN: f64 = 0.95;

/// How far a variant's answer may be from the default's, as a part of the largest number, in single and in half precision.
const TOLERANCES: [f32; 2] = [1e-4, 0.02];

impl Gpu {
    /// The variant in which `shader` is the fastest with `element`. Unless that is known ([`super::know_variants`]), the
    /// first call has it measured ([`Self::fastest`]). Software has the default.
    pub(crate) fn variant(&self, shader: Shader, element: ElementType, measure: impl FnOnce() -> Variant) -> Variant {
        let in_use = &self.variants[shader as usize][element as usize];
        *in_use.get_or_init(|| match known(&self.description().identity()).of(shader, element) {
            Some(variant) => variant,
            None if self.description().is_software => Variant::default(),
            None => measure(),
        })
    }

    /// The variant in which convolutions of `element` are the fastest here, measured by the first call unless it is known ([`super::know_variants`]).
    pub fn conv_variant(&self, element: ElementType) -> Variant {
        self.variant(Shader::Convolution, element, || self.fastest_convolution(element))
    }

    /// Has `shader` compute in `variant`, whichever is the fastest, in every arithmetic. Says whether it is so: of a device
    /// that has computed, nothing changes any more.
    pub fn use_variant(&self, shader: Shader, variant: Variant) -> bool {
        self.variants[shader as usize].iter().all(|in_use| *in_use.get_or_init(|| variant) == variant)
    }

    /// How long a convolution takes in each variant, thoroughly; each for at most `limit`.
    ///
    /// # Errors
    /// [`super::GpuError::Unfit`] if the device refuses one, [`super::GpuError::OutOfMemory`], [`super::GpuError::Lost`].
    pub fn time_conv_variants(&self, element: ElementType, limit: Duration) -> GpuResult<Vec<VariantTiming>> {
        self.time_variants(&|variant, side| ConvTrial::new(self, element, variant, side), limit)
    }

    pub(super) fn fastest_convolution(&self, element: ElementType) -> Variant {
        self.fastest(element, &|variant, side| ConvTrial::new(self, element, variant, side))
    }

    /// How long what `trial` makes (of a variant, on a side) takes in each variant that the device has, thoroughly; each for
    /// at most `limit`.
    ///
    /// # Errors
    /// As [`Self::time_conv_variants`].
    pub(crate) fn time_variants<T: Trial>(
        &self,
        trial: &dyn Fn(Variant, usize) -> GpuResult<T>,
        limit: Duration,
    ) -> GpuResult<Vec<VariantTiming>> {
        let side = fitting::<T>(self.first_secs(trial)?);
        let mut timings = Vec::new();
        for variant in Variant::ALL {
            let trial = trial(variant, side)?;
            // What stands in for it is timed as itself.
            if trial.variant() == variant {
                let timing = self.time(&trial.dispatches()?, limit)?;
                timings.push(VariantTiming { variant, timing, macs: trial.macs() });
            }
        }
        Ok(timings)
    }

    /// The variant in which what `trial` makes (of a variant, on a side) is the fastest, if it answers as the default does:
    /// every variant is compiled and carried out a few times, for at most some 50 ms beside the compiling. Where the
    /// measurement fails, the default.
    pub(crate) fn fastest<T: Trial>(
        &self,
        element: ElementType,
        trial: &dyn Fn(Variant, usize) -> GpuResult<T>,
    ) -> Variant {
        let passes = (Variant::ALL.len() * (PASSES + 2)) as f64;
        match self.first_secs(trial) {
            Ok(secs) if secs * passes <= LIMIT.as_secs_f64() => {
                choice(&self.few_passes(element, trial, fitting::<T>(secs)))
            }
            _ => Variant::default(),
        }
    }

    /// How long the smallest picture takes in the default variant, after a pass that warms up.
    fn first_secs<T: Trial>(&self, trial: &dyn Fn(Variant, usize) -> GpuResult<T>) -> GpuResult<f64> {
        let trial = trial(Variant::default(), T::SIDES[0])?;
        let work = trial.dispatches()?;
        self.pass(&work, 1)?;
        Ok(self.pass(&work, 1)?.secs)
    }

    /// Every variant's time for a picture of `side` squared, in seconds, as far as [`LIMIT`] allows.
    fn few_passes<T: Trial>(
        &self,
        element: ElementType,
        trial: &dyn Fn(Variant, usize) -> GpuResult<T>,
        side: usize,
    ) -> Vec<(Variant, f64)> {
        let mut spent = Duration::ZERO;
        let (mut timings, mut expected) = (Vec::new(), None);
        for variant in Variant::ALL {
            if spent > LIMIT {
                break;
            }
            // One that the device refuses is not the fastest, nor is one that something else stands in for.
            let Ok(trial) = trial(variant, side) else { continue };
            let start = Instant::now();
            let Ok(answer) = trial.answer() else { continue };
            if trial.variant() != variant || !agree(expected.get_or_insert_with(|| answer.clone()), &answer, element) {
                continue;
            }
            let secs = trial.dispatches().and_then(|work| self.least_of_some(&work));
            spent += start.elapsed();
            timings.extend(secs.map(|secs| (variant, secs)));
        }
        timings
    }

    /// The least time of a few passes, after one that warms up.
    fn least_of_some(&self, work: &[Dispatch<'_>]) -> GpuResult<f64> {
        self.pass(work, 1)?;
        (0..PASSES).try_fold(f64::INFINITY, |least, _| Ok(least.min(self.pass(work, 1)?.secs)))
    }
}

/// Whether `answer` is as `expected`, but for rounding.
fn agree(expected: &[f32], answer: &[f32], element: ElementType) -> bool {
    let most = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    let tolerance = most * TOLERANCES[element as usize];
    expected.len() == answer.len() && expected.iter().zip(answer).all(|(a, b)| (a - b).abs() <= tolerance)
}

/// The largest side whose pass takes [`PASS_SECS`] at most, if the smallest takes `secs`.
fn fitting<T: Trial>(secs: f64) -> usize {
    let fits = |side: &usize| secs * ((side / T::SIDES[0]) as f64).powi(2) <= PASS_SECS;
    T::SIDES.into_iter().rev().find(fits).unwrap_or(T::SIDES[0])
}

/// The fastest, if it is clearly faster than the default.
fn choice(timings: &[(Variant, f64)]) -> Variant {
    let of_default = timings.iter().find(|(variant, _)| *variant == Variant::default()).map(|(_, secs)| *secs);
    let fastest = timings.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (of_default, fastest) {
        (Some(secs), Some((variant, least))) if *least <= GAIN * secs => *variant,
        (None, Some((variant, _))) => *variant,
        _ => Variant::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::adapter::{AdapterChoice, adapters};
    use super::*;
    use Variant::{Narrow, Shared, Wide};

    #[test]
    fn only_what_is_clearly_faster_replaces_the_default() {
        assert_eq!(choice(&[(Narrow, 1.0), (Wide, 0.8), (Shared, 0.7)]), Shared);
        assert_eq!(choice(&[(Narrow, 1.0), (Wide, 0.6), (Shared, 0.7)]), Wide);
        assert_eq!(choice(&[(Narrow, 1.0), (Wide, 0.97), (Shared, 1.2)]), Narrow);
        // What was refused, or not tried any more.
        assert_eq!(choice(&[(Wide, 0.9), (Shared, 0.7)]), Shared);
        assert_eq!(choice(&[(Narrow, 1.0)]), Narrow);
        assert_eq!(choice(&[]), Narrow);
        assert_eq!(choice(&[(Narrow, f64::NAN), (Wide, f64::NAN)]), Narrow);
    }

    #[test]
    fn every_variant_is_timed_until_the_time_is_over() {
        let Some(adapter) = adapters().pop() else { return };
        let gpu = Gpu::open(&AdapterChoice::Named(adapter.in_words())).unwrap();
        let trial = |variant, side| ConvTrial::new(&gpu, ElementType::F32, variant, side);
        let timings = gpu.few_passes(ElementType::F32, &trial, 8);
        let variants: Vec<Variant> = timings.iter().map(|(variant, _)| *variant).collect();
        assert!(!variants.is_empty() && Variant::ALL.starts_with(&variants), "{variants:?}");
        assert!(timings.iter().all(|(_, secs)| *secs > 0.0), "{timings:?}");
    }

    #[test]
    fn a_variant_that_answers_otherwise_is_not_chosen() {
        let Some(adapter) = adapters().pop() else { return };
        let gpu = Gpu::open(&AdapterChoice::Named(adapter.in_words())).unwrap();
        let answers = Variant::ALL.map(|v| ConvTrial::new(&gpu, ElementType::F32, v, 8).unwrap().answer().unwrap());
        let [expected, others @ ..] = answers;
        for mut answer in others {
            assert!(agree(&expected, &answer, ElementType::F32));
            answer[77] += 0.01;
            assert!(!agree(&expected, &answer, ElementType::F32));
        }
        assert!(!agree(&[1.0], &[f32::NAN], ElementType::F16));
    }

    #[test]
    fn slow_devices_are_given_a_small_picture() {
        assert_eq!([1e-5, 1e-4, 2e-4, 1e-3, 1.0, f64::NAN].map(fitting::<ConvTrial<'_>>), [256, 256, 128, 64, 64, 64]);
    }
}
