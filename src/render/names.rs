//! What makes a model's features and pixels, by name: encoder, decoder, and the arithmetic of each are three things.

use crate::feature::FeaturePrecision;
use crate::kernel::Precision;
use crate::key::{ArithmeticId, DecodedBy, DecoderId, EncodedBy, EncoderId};
use crate::weights::Weights;

/// The names of a model on what it was loaded for.
pub(super) struct Names {
    encoder: EncoderId,
    decoder: DecoderId,
    /// Without a graphics device.
    alone: Computed,
    /// With it.
    on_device: Computed,
}

/// What computes, and in which arithmetic.
#[derive(Clone, Copy)]
struct Computed {
    /// Features that are kept in half precision, and in single precision.
    encoding: [ArithmeticId; 2],
    decoding: ArithmeticId,
}

impl Computed {
    /// Of what is told in words.
    fn new(encoding: &str, decoding: &str) -> Self {
        let kept = |kept: &str| ArithmeticId::of([encoding.as_bytes(), kept.as_bytes()]);
        Self { encoding: ["f16", "f32"].map(kept), decoding: ArithmeticId::of([decoding.as_bytes()]) }
    }
}

impl Names {
    /// Of a model that encodes on one of candle's devices and decodes on the processor.
    pub(super) fn new(weights: &Weights, device: &str, precision: Precision) -> Self {
        let path = precision.path();
        let alone = Computed::new(&format!("{device} {path}"), &format!("CPU {path}"));
        Self { encoder: weights.encoder_id(), decoder: weights.decoder_id(), alone, on_device: alone }
    }

    /// The same beside a graphics device that decodes, and may encode.
    #[cfg(feature = "gpu")]
    pub(super) fn beside(self, device: &str, element: &str, encodes: bool) -> Self {
        let by_device = format!("{device} {element}");
        let on_device = Computed::new(&by_device, &by_device);
        let encoding = if encodes { on_device.encoding } else { self.alone.encoding };
        Self { on_device: Computed { encoding, ..on_device }, ..self }
    }

    /// What made features that are kept in `precision`.
    pub(super) fn encoded_by(&self, is_by_device: bool, precision: FeaturePrecision) -> EncodedBy {
        let [half, single] = self.computed(is_by_device).encoding;
        let arithmetic = if precision == FeaturePrecision::Half { half } else { single };
        EncodedBy { encoder: self.encoder, arithmetic }
    }

    /// What made pixels out of such features.
    pub(super) fn decoded_by(&self, is_by_device: bool, precision: FeaturePrecision) -> DecodedBy {
        let features = self.encoded_by(is_by_device, precision);
        DecodedBy { features, decoder: self.decoder, arithmetic: self.computed(is_by_device).decoding }
    }

    fn computed(&self, is_by_device: bool) -> Computed {
        if is_by_device { self.on_device } else { self.alone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_that_rounds_is_in_the_name() {
        let weights = Weights::builtin().unwrap();
        let names = || Names::new(&weights, "CPU", Precision::F32);
        let (half, single) = (FeaturePrecision::Half, FeaturePrecision::Single);
        let alone = names().decoded_by(false, half);
        assert_eq!(names().decoded_by(true, half), alone, "there is no device");
        assert_ne!(names().encoded_by(false, single), alone.features);
        assert_ne!(Names::new(&weights, "CPU", Precision::Bf16Tiles).encoded_by(false, half), alone.features);
        #[cfg(feature = "gpu")]
        {
            let (f32, f16) = (names().beside("Card 5", "f32", true), names().beside("Card 5", "f16", true));
            assert_ne!(f32.decoded_by(true, half), f16.decoded_by(true, half));
            assert_eq!(f32.decoded_by(false, half), alone, "lost, it is the processor's work");
            // Where candle encodes, the device is no part of the features' name.
            let beside = names().beside("Card 5", "f16", false).decoded_by(true, half);
            assert_eq!((beside.features, beside.arithmetic == alone.arithmetic), (alone.features, false));
        }
    }
}
