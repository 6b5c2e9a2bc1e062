//! Which variants of the shaders are known to be the fastest: what was measured once is not measured again.

use super::device::Gpu;
use super::element_type::ElementType;
use super::variant::{Shader, Variant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The fastest variant on a device in each arithmetic, as far as it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownVariants {
    /// Of the convolution, in single precision.
    pub f32: Option<Variant>,
    /// In half precision.
    pub f16: Option<Variant>,
    /// Of LIIF's decoder, in single precision.
    pub decode_f32: Option<Variant>,
    /// In half precision.
    pub decode_f16: Option<Variant>,
}

impl KnownVariants {
    pub(super) fn of(self, shader: Shader, element: ElementType) -> Option<Variant> {
        match (shader, element) {
            (Shader::Convolution, ElementType::F32) => self.f32,
            (Shader::Convolution, ElementType::F16) => self.f16,
            (Shader::Decode, ElementType::F32) => self.decode_f32,
            (Shader::Decode, ElementType::F16) => self.decode_f16,
        }
    }
}

/// What earlier runs of the program have measured, by device and driver.
static KNOWN: Mutex<BTreeMap<String, KnownVariants>> = Mutex::new(BTreeMap::new());

/// Has devices that have not computed yet do it as was measured: `identity` is [`super::AdapterDescription::identity`].
pub fn know_variants(identity: &str, variants: KnownVariants) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(identity.to_owned(), variants);
}

/// What is known of a device.
pub(super) fn known(identity: &str) -> KnownVariants {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(identity).copied().unwrap_or_default()
}

impl Gpu {
    /// Measures which variants are the fastest, whatever is in use or known; software is not measured. `decoder` measures those
    /// of a decoder, if it has any.
    pub(crate) fn measure_variants(&self, decoder: impl Fn(ElementType) -> Option<Variant>) -> KnownVariants {
        if self.description().is_software {
            return KnownVariants::default();
        }
        let half = self.has_f16().then_some(ElementType::F16);
        KnownVariants {
            f32: Some(self.fastest_convolution(ElementType::F32)),
            f16: half.map(|half| self.fastest_convolution(half)),
            decode_f32: decoder(ElementType::F32),
            decode_f16: half.and_then(decoder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::adapter::{AdapterChoice, adapters};
    use super::*;

    #[test]
    fn a_device_computes_as_was_measured_before() {
        let Some(adapter) = adapters().pop() else { return };
        let open = || Gpu::open(&AdapterChoice::Named(adapter.in_words())).unwrap();
        know_variants(&adapter.identity(), KnownVariants { f32: Some(Variant::Wide), ..KnownVariants::default() });
        let gpu = open();
        assert_eq!(gpu.conv_variant(ElementType::F32), Variant::Wide);
        know_variants(&adapter.identity(), KnownVariants { f32: Some(Variant::Shared), ..KnownVariants::default() });
        // What has computed goes on as it has begun.
        assert_eq!([gpu, open()].map(|gpu| gpu.conv_variant(ElementType::F32)), [Variant::Wide, Variant::Shared]);
        know_variants(&adapter.identity(), KnownVariants::default());
        let gpu = open();
        assert_ne!(adapter.is_software, gpu.measure_variants(|_| None).f32.is_some());
    }

    #[test]
    fn what_is_known_is_kept_in_words() {
        let known = KnownVariants { f32: Some(Variant::Shared), ..KnownVariants::default() };
        let kept = serde_json::to_string(&known).unwrap();
        assert_eq!(kept, r#"{"f32":"shared","f16":null,"decode_f32":null,"decode_f16":null}"#);
        assert_eq!(serde_json::from_str::<KnownVariants>(&kept).unwrap(), known);
        assert_eq!(serde_json::from_str::<KnownVariants>("{}").unwrap(), KnownVariants::default());
    }
}
