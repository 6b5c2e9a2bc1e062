//! Which variants of the convolution are known to be the fastest: what was measured once is not measured again.

use super::conv_shape::ConvVariant;
use super::device::Gpu;
use super::element_type::ElementType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The fastest variant on a device in each arithmetic, as far as it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownVariants {
    /// In single precision.
    pub f32: Option<ConvVariant>,
    /// In half precision.
    pub f16: Option<ConvVariant>,
}

impl KnownVariants {
    pub(super) fn of(self, element: ElementType) -> Option<ConvVariant> {
        match element {
            ElementType::F32 => self.f32,
            ElementType::F16 => self.f16,
        }
    }
}

/// What earlier runs of the program have measured, by device and driver.
static KNOWN: Mutex<BTreeMap<String, KnownVariants>> = Mutex::new(BTreeMap::new());

/// Has devices that have not convolved yet do it as was measured: `identity` is [`super::AdapterDescription::identity`].
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
    /// Measures which variants are the fastest, whatever is in use or known; software is not measured.
    pub fn measure_variants(&self) -> KnownVariants {
        if self.description().is_software {
            return KnownVariants::default();
        }
        let f16 = self.has_f16().then(|| self.fastest(ElementType::F16));
        KnownVariants { f32: Some(self.fastest(ElementType::F32)), f16 }
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
        know_variants(&adapter.identity(), KnownVariants { f32: Some(ConvVariant::Wide), f16: None });
        let gpu = open();
        assert_eq!(gpu.conv_variant(ElementType::F32), ConvVariant::Wide);
        know_variants(&adapter.identity(), KnownVariants { f32: Some(ConvVariant::Shared), f16: None });
        // What has computed goes on as it has begun.
        assert_eq!(
            [gpu, open()].map(|gpu| gpu.conv_variant(ElementType::F32)),
            [ConvVariant::Wide, ConvVariant::Shared]
        );
        know_variants(&adapter.identity(), KnownVariants::default());
        let gpu = open();
        assert_ne!(adapter.is_software, gpu.measure_variants().f32.is_some());
    }

    #[test]
    fn what_is_known_is_kept_in_words() {
        let known = KnownVariants { f32: Some(ConvVariant::Shared), f16: None };
        let kept = serde_json::to_string(&known).unwrap();
        assert_eq!(kept, r#"{"f32":"shared","f16":null}"#);
        assert_eq!(serde_json::from_str::<KnownVariants>(&kept).unwrap(), known);
        assert_eq!(serde_json::from_str::<KnownVariants>("{}").unwrap(), KnownVariants::default());
    }
}
