//! How fast a device multiplies, copies, and carries out each kind of dispatch.

use super::{Task, name_of};
use crate::bench::median_within;
use crate::bench::rows::{CardRow, DispatchRate, ProductRate, Transfer, VariantRate};
use crate::decode::{Decoder, GpuDecoder};
use crate::encode::GpuEncoder;
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::gpu::{DispatchKind, ElementType, Gpu, GpuError, GpuResult, Product, Timing, VariantTiming};
use crate::kernel::Precision;
use std::sync::Arc;
use std::time::Duration;

/// Sides of products: the first, and the one beyond which nothing is learnt.
const PRODUCT_SIDES: [usize; 2] = [256, 4096];

/// A product that takes this long is large enough, in seconds.
const ENOUGH_SECS: f64 = 0.01;

/// Sides of the picture whose encoding is measured, and how long all of it may take at the product's rate, in seconds.
const PICTURE_SIDES: [usize; 5] = [256, 128, 64, 32, 16];
const ENCODE_SECS: f64 = 1.0;

/// Sides of the latent codes whose decoding is measured, and how long a dispatch may take at the product's rate.
const CODE_SIDES: [usize; 5] = [64, 32, 16, 8, 4];
const DECODE_SECS: f64 = 0.05;

/// Numbers that are copied, 64 MiB of them, and how often.
const NUMBERS: usize = 16 << 20;
const RUNS: usize = 5;

/// The product, the variants of the convolution and of the decoder, then each kind of dispatch of encoder and decoder.
pub(super) fn dispatches(
    gpu: &Arc<Gpu>,
    task: &Task<'_>,
    element: ElementType,
    say: &mut dyn FnMut(CardRow),
) -> Result<()> {
    let (device, limit) = (gpu.description().in_words(), task.patience / 10);
    let failed = |failure: GpuError| failure.into_error(&device);
    let product = product(gpu, &device, element, limit).map_err(failed)?;
    let rate = product.gflops;
    say(CardRow::Product(product));
    let timings = gpu.time_conv_variants(element, limit).map_err(failed)?;
    let mut say_variants = |shader, in_use, timings: Vec<VariantTiming>| {
        for timing in timings {
            let is_in_use = timing.variant == in_use;
            say(CardRow::Variant(variant_rate(timing, &device, name_of(element), shader, is_in_use)));
        }
    };
    say_variants("convolution", gpu.conv_variant(element), timings);
    let processor = Decoder::new(task.weights, Precision::F32);
    let decoder = GpuDecoder::new(gpu.clone(), &processor, element).map_err(failed)?;
    if let Some(in_use) = decoder.variant() {
        say_variants("decode", in_use, decoder.time_variants(limit).map_err(failed)?);
    }
    let mut measure = |stage: &'static str, kinds: Vec<DispatchKind<'_>>| {
        kinds.into_iter().try_for_each(|kind| {
            let timing = gpu.time(&kind.dispatches, limit).map_err(failed)?;
            say(CardRow::Dispatch(rate_of(kind, timing, &device, name_of(element), stage, rate)));
            Ok(())
        })
    };
    let macs = task.weights.config().macs();
    let encoder = GpuEncoder::new(gpu.clone(), task.weights, element).map_err(failed)?;
    let side = fitting(PICTURE_SIDES, rate * ENCODE_SECS, |side| macs.per_source_pixel * (side * side) as f64);
    measure("encode", encoder.kinds(Size::new(side, side)).map_err(failed)?)?;
    let side = fitting(CODE_SIDES, rate * DECODE_SECS, |side| macs.per_output_pixel * (16 * side * side) as f64);
    measure("decode", decoder.kinds(side).map_err(failed)?)
}

fn rate_of(
    kind: DispatchKind<'_>,
    timing: Timing,
    device: &str,
    precision: &'static str,
    stage: &'static str,
    product: f64,
) -> DispatchRate {
    let gflop = 2.0 * kind.macs / 1e9;
    let gflops = gflop / timing.secs;
    DispatchRate {
        device: device.to_owned(),
        precision,
        stage,
        name: kind.name,
        count: kind.count,
        gflop,
        secs: timing.secs,
        gflops,
        share: (product > 0.0).then(|| gflops / product),
        clock: clock_of(timing),
    }
}

fn clock_of(timing: Timing) -> &'static str {
    if timing.is_by_device { "device" } else { "wall" }
}

/// The first of `sides`, which fall, whose multiply-adds stay below `gflop` billions of operations; the last if none does.
fn fitting<const N: usize>(sides: [usize; N], gflop: f64, macs: impl Fn(usize) -> f64) -> usize {
    sides.into_iter().find(|side| 2.0 * macs(*side) <= gflop * 1e9).unwrap_or(sides[N - 1])
}

/// A large square product: as large as is needed for it to take 10 ms, or as the device has memory for.
fn product(gpu: &Gpu, device: &str, element: ElementType, limit: Duration) -> GpuResult<ProductRate> {
    let product = Product::new(gpu, element)?;
    let measure = |side: usize, limit: Duration| {
        let values: Vec<f32> = (0..side * side).map(|i| (i as f32 * 0.37).sin()).collect();
        let operands = product.operands(gpu, &values, &values, [side; 3])?;
        Ok::<_, GpuError>((gpu.time(&[operands.dispatch()], limit)?, operands.macs()))
    };
    let [mut side, most] = PRODUCT_SIDES;
    let mut secs = measure(side, limit / 20)?.0.secs;
    while side < most && secs < ENOUGH_SECS {
        secs = match measure(2 * side, limit / 20) {
            Err(GpuError::OutOfMemory) => break,
            measured => measured?.0.secs,
        };
        side *= 2;
    }
    let (timing, macs) = measure(side, limit)?;
    Ok(ProductRate {
        device: device.to_owned(),
        precision: name_of(element),
        side,
        secs: timing.secs,
        gflops: 2.0 * macs / timing.secs / 1e9,
        clock: clock_of(timing),
    })
}

fn variant_rate(
    VariantTiming { variant, timing, macs }: VariantTiming,
    device: &str,
    precision: &'static str,
    shader: &'static str,
    in_use: bool,
) -> VariantRate {
    VariantRate {
        device: device.to_owned(),
        precision,
        shader,
        name: variant.name(),
        in_use,
        secs: timing.secs,
        gflops: 2.0 * macs / timing.secs / 1e9,
        clock: clock_of(timing),
    }
}

/// Copying to the device and back, by the wall's clock.
pub(super) fn transfers(gpu: &Gpu, device: &str, limit: Duration) -> Result<[Transfer; 2]> {
    let bytes = NUMBERS * size_of::<f32>();
    let values = vec![0.5_f32; NUMBERS];
    let failed = |failure: GpuError| failure.into_error(device);
    let buffer = gpu.storage(bytes).map_err(failed)?;
    let upload =
        median_within(RUNS, limit, || gpu.write(&buffer, 0, &values).and_then(|()| gpu.settle()).map_err(failed))?;
    let readback = median_within(RUNS, limit, || {
        let read = gpu.read(&buffer, 0, NUMBERS, ElementType::F32).map_err(failed)?;
        if read == values { Ok(()) } else { Err(Error::device("what was read back is not what was written")) }
    })?;
    let transfer = |direction, secs: f64| Transfer {
        device: device.to_owned(),
        direction,
        bytes,
        secs,
        gigabytes_per_sec: bytes as f64 / secs / 1e9,
    };
    Ok([transfer("upload", upload), transfer("readback", readback)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_devices_are_given_less_to_do() {
        let side = |gflop: f64| fitting([64, 32, 16], gflop, |side| (side * side) as f64 * 1e6);
        assert_eq!([100.0, 8.2, 8.0, 2.1, 0.1, 0.0].map(side), [64, 64, 32, 32, 16, 16]);
    }
}
