//! How far a device's results are from those of the processor in single precision.

use super::{Task, name_of};
use crate::bench::rows::Difference;
use crate::bench::stages::cut;
use crate::decode::{Decoder, GpuDecoder, Sampling, WindowQuery};
use crate::encode::{GpuEncoder, PictureEncoder};
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{PixelRect, Region, SampleGrid, Size};
use crate::gpu::{ElementType, Gpu, GpuError};
use crate::kernel::Precision;
use crate::metrics::decibels;
use crate::picture::Picture;
use crate::task::NEVER;
use std::sync::Arc;

/// The side of the picture that is encoded, and of what is decoded from it.
const PICTURE: usize = 32;
const DECODED: usize = 96;

/// Normalised RGB goes from -1 to 1.
const RGB_SPAN: f64 = 2.0;

/// As the tests have it: in single precision the largest difference of codes (as parts of the largest code; the processor's own
/// convolutions round that much) and of colours, in half precision that of codes and the PSNR of colours.
const SINGLE_CODE_TOLERANCE: f64 = 1e-4;
const SINGLE_TOLERANCE: f64 = 4e-6;
const HALF_CODE_TOLERANCE: f64 = 1e-2;
const HALF_PSNR_DB: f64 = 70.0;

/// The two numbers that tell how far values are off.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Distance {
    /// The largest difference; not finite if one is not.
    worst: f64,
    /// In dB; infinite where nothing differs.
    psnr_db: f64,
}

impl Distance {
    /// Between as many values, which span `span`.
    fn between(ours: &[f32], reference: &[f32], span: f64) -> Self {
        if ours.len() != reference.len() || ours.is_empty() {
            return Self { worst: f64::NAN, psnr_db: f64::NAN };
        }
        let off = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).abs();
        // What is no number stays no number, unlike in `f64::max`.
        let wider = |most: f64, off: f64| if off > most || off.is_nan() { off } else { most };
        let differences = || ours.iter().zip(reference).map(off);
        let squares = differences().map(|off| off * off).sum::<f64>() / ours.len() as f64;
        Self { worst: differences().fold(0.0, wider), psnr_db: decibels(squares / (span * span)) }
    }

    fn is_at_most(self, tolerance: f64) -> bool {
        self.worst <= tolerance
    }

    fn is_at_least(self, psnr_db: f64) -> bool {
        self.psnr_db >= psnr_db
    }
}

/// Encoding and decoding of the same part of the picture.
pub(super) fn all(gpu: &Arc<Gpu>, task: &Task<'_>, element: ElementType) -> Result<[Difference; 2]> {
    let side = |n: usize| n.min(PICTURE);
    let size = Size::new(side(task.picture.size.width), side(task.picture.size.height));
    let picture = cut(task.picture, PixelRect { x: 0, y: 0, width: size.width, height: size.height });
    let (codes, from) = PictureEncoder::on_cpu(task.weights, Precision::F32)?.encode(&picture, size.rect(), NEVER)?;
    let tile = FeatureTile::cut(&codes, from, size.rect(), FeaturePrecision::Single);
    Ok([encoding(gpu, task, element, &picture, &codes)?, decoding(gpu, task, element, tile)?])
}

/// Latent codes of `picture` beside the processor's.
fn encoding(
    gpu: &Arc<Gpu>,
    task: &Task<'_>,
    element: ElementType,
    picture: &Picture,
    codes: &[f32],
) -> Result<Difference> {
    let device = gpu.description().in_words();
    let failed = |failure: GpuError| failure.into_error(&device);
    let encoder = GpuEncoder::new(gpu.clone(), task.weights, element).map_err(failed)?;
    let (ours, _) = encoder.encode(picture, picture.size.rect(), NEVER).map_err(failed)?;
    let (least, most) = codes.iter().fold((f32::MAX, f32::MIN), |(a, b), code| (a.min(*code), b.max(*code)));
    let (span, largest) = (f64::from(most) - f64::from(least), f64::from(most.max(-least)).max(1.0));
    let distance = Distance::between(&ours, codes, span);
    let tolerance = match element {
        ElementType::F32 => SINGLE_CODE_TOLERANCE,
        ElementType::F16 => HALF_CODE_TOLERANCE,
    };
    Ok(row(device, element, "encode", distance, span, distance.is_at_most(tolerance * largest)))
}

/// Colours of every sample of a picture with these features, enlarged, beside the processor's.
fn decoding(gpu: &Arc<Gpu>, task: &Task<'_>, element: ElementType, tile: FeatureTile) -> Result<Difference> {
    let device = gpu.description().in_words();
    let failed = |failure: GpuError| failure.into_error(&device);
    let processor = Decoder::new(task.weights, Precision::F32);
    let (picture, sampling) = (tile.rect().size(), Sampling::Exact);
    let window = FeatureWindow::assemble(&[Arc::new(tile)], picture.rect(), processor.margin());
    let grid = SampleGrid::spanning(Region::whole(picture), Size::new(DECODED, DECODED));
    let reference = processor.query(&window, picture, &grid, sampling, NEVER)?;
    let decoder = GpuDecoder::new(gpu.clone(), &processor, element).map_err(failed)?;
    let query = WindowQuery::new(&window, picture, &grid, sampling);
    let distance = Distance::between(&decoder.query(query, NEVER).map_err(failed)?, &reference, RGB_SPAN);
    let within = match element {
        ElementType::F32 => distance.is_at_most(SINGLE_TOLERANCE),
        ElementType::F16 => distance.is_at_least(HALF_PSNR_DB),
    };
    Ok(row(device, element, "decode", distance, RGB_SPAN, within))
}

fn row(
    device: String,
    element: ElementType,
    stage: &'static str,
    Distance { worst, psnr_db }: Distance,
    span: f64,
    within: bool,
) -> Difference {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    Difference {
        device,
        precision: name_of(element),
        stage,
        worst: finite(worst),
        psnr_db: finite(psnr_db),
        span,
        within,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_that_is_off_is_noticed() {
        let reference = [0.5_f32, -0.25, 1.0, 0.0];
        let same = Distance::between(&reference, &reference, 2.0);
        assert!(same.is_at_most(0.0) && same.psnr_db == f64::INFINITY);
        let off = Distance::between(&[0.5, -0.25, 1.0, 0.02], &reference, 2.0);
        assert!(!off.is_at_most(SINGLE_TOLERANCE) && !off.is_at_least(HALF_PSNR_DB));
        assert!((off.worst - 0.02).abs() < 1e-8 && (off.psnr_db - 46.02).abs() < 0.01, "{off:?}");
    }

    #[test]
    fn no_number_and_missing_values_are_never_close() {
        for ours in [&[0.5, f32::NAN][..], &[0.5, f32::INFINITY], &[0.5], &[]] {
            let distance = Distance::between(ours, &[0.5, 1.0], 2.0);
            assert!(!distance.is_at_most(1e6) && !distance.is_at_least(HALF_PSNR_DB), "{ours:?}: {distance:?}");
        }
    }
}
