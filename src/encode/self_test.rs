//! What a device must prove before it computes for anybody: that a small example comes out as the processor has it.

use super::device::{best_device, cuda_refusal};
use crate::encode::PictureEncoder;
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::kernel::Precision;
use crate::picture::Picture;
use crate::task::NEVER;
use crate::weights::Weights;
use candle_core::Device;
#[cfg(feature = "gpu")]
use std::time::{Duration, Instant};

/// The side of the picture that is encoded as an example.
pub(crate) const SIDE: usize = 16;

/// The side of the one by which encoders are timed.
#[cfg(feature = "gpu")]
const TIMED_SIDE: usize = 128;

/// Runs that are timed, after one that warms up.
#[cfg(feature = "gpu")]
const RUNS: usize = 3;

/// How far a device may be off in single precision, in units of the example's largest value: rounding stays far below, what is wrong is
/// far above.
pub(crate) const SINGLE_TOLERANCE: f32 = 1e-3;

/// The same numbers everywhere, between -0.5 and 0.5.
pub(crate) fn noise(i: usize) -> f32 {
    (i as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32 - 0.5
}

/// A picture of noise, `side` squared.
pub(crate) fn noisy_picture(side: usize) -> Picture {
    let size = Size::new(side, side);
    let rgb = (0..size.area() * 3).map(|i| ((noise(i) + 0.5) * 255.0) as u8).collect();
    Picture::from_rgb8(size, rgb)
}

/// How far values are off, in units of the largest one that was expected; infinite where one is no number, or missing.
pub(crate) fn off(ours: &[f32], reference: &[f32]) -> f32 {
    if ours.len() != reference.len() {
        return f32::INFINITY;
    }
    let largest = reference.iter().fold(0.0_f32, |a, b| a.max(b.abs())).max(1e-6);
    let off = |(a, b): (&f32, &f32)| if (a - b).is_finite() { (a - b).abs() / largest } else { f32::INFINITY };
    ours.iter().zip(reference).map(off).fold(0.0, f32::max)
}

/// The processor's codes of the example.
///
/// # Errors
/// Those of [`PictureEncoder::on_cpu`].
pub(crate) fn expected_codes(weights: &Weights) -> Result<Vec<f32>> {
    let picture = noisy_picture(SIDE);
    Ok(PictureEncoder::on_cpu(weights, Precision::F32)?.encode(&picture, picture.size.rect(), NEVER)?.0)
}

/// The device on which candle encodes: the best one if it passes, else the processor; and why it is not the best one, where there might
/// have been one.
pub(crate) fn trusted_device(weights: &Weights) -> (Device, Option<String>) {
    let device = best_device();
    if device.is_cpu() {
        return (device, cuda_refusal());
    }
    let encoder = PictureEncoder::new(weights, device.clone(), Precision::F32);
    match encoder.and_then(|encoder| test_encoder(&encoder, weights)) {
        Ok(()) => (device, None),
        Err(error) => (Device::Cpu, Some(error.to_string())),
    }
}

/// Whether an encoder on another device makes the processor's codes of the example.
///
/// # Errors
/// [`Error::Device`] if it does not, or fails.
fn test_encoder(encoder: &PictureEncoder, weights: &Weights) -> Result<()> {
    let picture = noisy_picture(SIDE);
    let off = off(&encoder.encode(&picture, picture.size.rect(), NEVER)?.0, &expected_codes(weights)?);
    if off <= SINGLE_TOLERANCE {
        return Ok(());
    }
    let percent = f64::from(off) * 100.0;
    Err(Error::device(format!("{} failed its self-test: encoding is off by {percent:.2} %", encoder.device_name())))
}

/// How long encoding takes, at best; nothing if it fails. `encode` is given a picture.
#[cfg(feature = "gpu")]
pub(crate) fn encoding_time<T>(encode: impl Fn(&Picture) -> Option<T>) -> Option<Duration> {
    let picture = noisy_picture(TIMED_SIDE);
    encode(&picture)?;
    let runs = (0..RUNS).map(|_| {
        let start = Instant::now();
        encode(&picture).map(|_| start.elapsed())
    });
    runs.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// Which of two encoders is used that take so long: the second only if it is faster, or the only one that does not fail.
#[cfg(feature = "gpu")]
pub(crate) fn is_second_used(first: Option<Duration>, second: Option<Duration>) -> bool {
    match (first, second) {
        (Some(first), Some(second)) => second < first,
        (first, second) => first.is_none() && second.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Builtin;

    #[test]
    fn what_is_off_or_missing_is_noticed() {
        assert_eq!(off(&[1.0, -2.0], &[1.0, -2.0]), 0.0);
        assert_eq!(off(&[1.0, -1.0], &[1.0, -2.0]), 0.5);
        assert_eq!([off(&[1.0], &[1.0, 0.0]), off(&[f32::NAN], &[1.0])], [f32::INFINITY; 2]);
    }

    #[test]
    fn the_processor_passes_its_own_test_and_other_weights_do_not() {
        let weights = Builtin::Live.weights().unwrap();
        let encoder = PictureEncoder::on_cpu(&weights, Precision::F32).unwrap();
        test_encoder(&encoder, &weights).unwrap();
        let said = test_encoder(&encoder, &Builtin::Photo.weights().unwrap()).unwrap_err().to_string();
        assert!(said.contains("CPU failed its self-test: encoding is off by"), "{said}");
    }

    /// Encoding on CUDA or Metal, where they were built in and are there.
    #[test]
    #[expect(clippy::print_stdout, reason = "who skips says so")]
    fn candles_own_device_passes_where_there_is_one() {
        let device = best_device();
        if device.is_cpu() {
            println!("skipped: candle has no device but the processor here");
            return;
        }
        let weights = Weights::builtin().unwrap();
        test_encoder(&PictureEncoder::new(&weights, device, Precision::F32).unwrap(), &weights).unwrap();
    }

    #[cfg(feature = "gpu")]
    #[test]
    fn the_faster_encoder_is_used_and_one_that_fails_is_not() {
        let [fast, slow] = [1, 2].map(|ms| Some(Duration::from_millis(ms)));
        assert!(is_second_used(slow, fast) && is_second_used(None, slow));
        assert!(!is_second_used(fast, slow) && !is_second_used(fast, fast));
        assert!(!is_second_used(fast, None) && !is_second_used(None, None));
        assert!(encoding_time(|picture| Some(picture.size)).is_some());
        assert_eq!(encoding_time(|_| None::<()>), None);
    }
}
