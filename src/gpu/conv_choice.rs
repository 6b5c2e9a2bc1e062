//! Which variant of the convolution is the fastest on a device, by a short measurement.

use super::conv_shape::{ConvShape, ConvVariant};
use super::convolution::{ConvParams, Convolution, ConvolutionPass};
use super::device::Gpu;
use super::element_type::ElementType;
use super::error::GpuResult;
use super::known_variants::known;
use super::stopwatch::Timing;
use std::time::{Duration, Instant};

/// Channels in and out of what is measured: those of a layer of EDSR's body, 3×3, of which all but two of its layers are.
const CHANNELS: usize = 64;

/// Sides of the picture that is measured, the first on slow devices.
const SIDES: [usize; 3] = [64, 128, 256];

/// What a pass should take at most, in seconds, and how many of a variant are measured.
const PASS_SECS: f64 = 0.002;
const PASSES: usize = 3;

/// Once the passes of variants have taken this long, no further one is tried; nor is any if all would take longer.
const LIMIT: Duration = Duration::from_millis(50);

/// A variant must take at most this part of the default's time: what is within the noise changes nothing.
const GAIN: f64 = 0.95;

/// How long the main convolution takes in one variant.
#[derive(Clone, Copy, Debug)]
pub struct VariantTiming {
    /// Which.
    pub variant: ConvVariant,
    /// How long one dispatch takes.
    pub timing: Timing,
    /// Multiply-adds of a dispatch.
    pub macs: f64,
}

/// A convolution of the main shape, and the buffers that it runs on.
struct Trial {
    convolution: Convolution,
    params: ConvParams,
    weights: wgpu::Buffer,
    data: wgpu::Buffer,
}

impl Trial {
    fn new(gpu: &Gpu, element: ElementType, variant: ConvVariant, side: usize) -> GpuResult<Self> {
        let shape = ConvShape::new(CHANNELS, CHANNELS, element, variant, &gpu.limits());
        let (quads, stride, pixels) = (CHANNELS / 4, shape.weight_stride(CHANNELS), side * side);
        let params = ConvParams {
            output: (pixels * quads) as u32,
            bias: (9 * CHANNELS * stride) as u32,
            input_stride: quads as u32,
            output_stride: quads as u32,
            weight_stride: stride as u32,
            input_width: side as u32,
            input_height: side as u32,
            output_width: side as u32,
            end: pixels as u32,
            depth: quads as u32,
            columns: quads as u32,
            side: 3,
            shift: -1,
            scale: 1.0,
            ..ConvParams::default()
        };
        Ok(Self {
            convolution: Convolution::new(gpu, shape)?,
            params,
            weights: gpu.storage((9 * CHANNELS + 1) * stride * element.quad_bytes())?,
            data: gpu.storage(2 * pixels * quads * element.quad_bytes())?,
        })
    }

    /// Measures it by `clock`, which is given the device and the one dispatch.
    fn timed(
        &self,
        gpu: &Gpu,
        clock: impl FnOnce(&[super::pipeline::Dispatch<'_>]) -> GpuResult<Timing>,
    ) -> GpuResult<VariantTiming> {
        let pass = ConvolutionPass { convolution: &self.convolution, params: self.params };
        let timing = clock(&Convolution::in_whole(gpu, &[pass], &self.weights, &self.data)?)?;
        let macs = f64::from(self.params.end) * (9 * CHANNELS * CHANNELS) as f64;
        Ok(VariantTiming { variant: self.convolution.shape().variant(), timing, macs })
    }
}

impl Gpu {
    /// The variant in which convolutions of `element` are the fastest here. Unless that is known
    /// ([`super::know_variants`]), the first call measures it: every variant is compiled and carried out a few times, for at
    /// most some 50 ms beside the compiling. On software, and where the measurement fails, it is the default.
    pub fn conv_variant(&self, element: ElementType) -> ConvVariant {
        *self.conv_variants[element as usize].get_or_init(|| match known(&self.description().identity()).of(element) {
            Some(variant) => variant,
            None if self.description().is_software => ConvVariant::default(),
            None => self.fastest(element),
        })
    }

    /// Has convolutions computed in `variant`, whichever is the fastest, in every arithmetic. Says whether it is so: of a
    /// device that has computed, nothing changes any more.
    pub fn use_conv_variant(&self, variant: ConvVariant) -> bool {
        self.conv_variants.iter().all(|known| *known.get_or_init(|| variant) == variant)
    }

    /// How long each variant takes, thoroughly; each for at most `limit`.
    ///
    /// # Errors
    /// [`super::GpuError::Unfit`] if the device refuses one, [`super::GpuError::OutOfMemory`], [`super::GpuError::Lost`].
    pub fn time_conv_variants(&self, element: ElementType, limit: Duration) -> GpuResult<Vec<VariantTiming>> {
        let side = fitting(self.first_secs(element)?);
        let time = |variant| Trial::new(self, element, variant, side)?.timed(self, |work| self.time(work, limit));
        ConvVariant::ALL.into_iter().map(time).collect()
    }

    /// How long the smallest picture takes in the default variant, after a pass that warms up.
    fn first_secs(&self, element: ElementType) -> GpuResult<f64> {
        let trial = Trial::new(self, element, ConvVariant::default(), SIDES[0])?;
        Ok(trial.timed(self, |work| self.pass(work, 1).and_then(|_| self.pass(work, 1)))?.timing.secs)
    }

    pub(super) fn fastest(&self, element: ElementType) -> ConvVariant {
        let passes = (ConvVariant::ALL.len() * (PASSES + 1)) as f64;
        match self.first_secs(element) {
            Ok(secs) if secs * passes <= LIMIT.as_secs_f64() => choice(&self.few_passes(element, fitting(secs))),
            _ => ConvVariant::default(),
        }
    }

    /// Every variant's time for a picture of `side` squared, in seconds, as far as [`LIMIT`] allows.
    fn few_passes(&self, element: ElementType, side: usize) -> Vec<(ConvVariant, f64)> {
        let mut spent = Duration::ZERO;
        let mut timings = Vec::new();
        for variant in ConvVariant::ALL {
            if spent > LIMIT {
                break;
            }
            // One that the device refuses is not the fastest.
            let Ok(trial) = Trial::new(self, element, variant, side) else { continue };
            let start = Instant::now();
            let timing = trial.timed(self, |work| self.least_of_some(work));
            spent += start.elapsed();
            timings.extend(timing.map(|timing| (variant, timing.timing.secs)));
        }
        timings
    }

    /// The least time of a few passes, after one that warms up.
    fn least_of_some(&self, work: &[super::pipeline::Dispatch<'_>]) -> GpuResult<Timing> {
        let mut least = self.pass(work, 1)?;
        for i in 0..PASSES {
            let next = self.pass(work, 1)?;
            if i == 0 || next.secs < least.secs {
                least = next;
            }
        }
        Ok(least)
    }
}

/// The largest side whose pass takes [`PASS_SECS`] at most, if the smallest takes `secs`.
fn fitting(secs: f64) -> usize {
    let fits = |side: &usize| secs * ((side / SIDES[0]) as f64).powi(2) <= PASS_SECS;
    SIDES.into_iter().rev().find(fits).unwrap_or(SIDES[0])
}

/// The fastest, if it is clearly faster than the default.
fn choice(timings: &[(ConvVariant, f64)]) -> ConvVariant {
    let of_default = timings.iter().find(|(variant, _)| *variant == ConvVariant::default()).map(|(_, secs)| *secs);
    let fastest = timings.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (of_default, fastest) {
        (Some(secs), Some((variant, least))) if *least <= GAIN * secs => *variant,
        (None, Some((variant, _))) => *variant,
        _ => ConvVariant::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::adapter::{AdapterChoice, adapters};
    use super::*;
    use ConvVariant::{Narrow, Shared, Wide};

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
        let timings = gpu.few_passes(ElementType::F32, 8);
        let variants: Vec<ConvVariant> = timings.iter().map(|(variant, _)| *variant).collect();
        assert!(!variants.is_empty() && ConvVariant::ALL.starts_with(&variants), "{variants:?}");
        assert!(timings.iter().all(|(_, secs)| *secs > 0.0), "{timings:?}");
    }

    #[test]
    fn slow_devices_are_given_a_small_picture() {
        assert_eq!([1e-5, 1e-4, 2e-4, 1e-3, 1.0, f64::NAN].map(fitting), [256, 256, 128, 64, 64, 64]);
    }
}
