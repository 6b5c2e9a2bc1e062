//! What a model computes on at present.

use super::compute::{Backend, Compute};
use super::model::LoadedModel;
use crate::kernel::{Precision, PrecisionChoice};

impl LoadedModel {
    /// What to ask for so that the same is computed again: what computes at present, by its name, in its arithmetic.
    pub fn computed(&self) -> Compute {
        let (backend, device) = match self.adapter() {
            Some(name) => (Backend::Gpu, Some(name.to_owned())),
            None if self.encoder.is_on_cpu() => (Backend::Cpu, None),
            // Candle's own device is taken where it is there; nobody can name it.
            None => (Backend::Auto, None),
        };
        let precision = match (self.adapter(), self.arithmetic().as_str()) {
            (Some(_), "f16") => PrecisionChoice::Half,
            (Some(_), _) => PrecisionChoice::Only(Precision::F32),
            (None, _) => PrecisionChoice::Only(self.precision),
        };
        Compute { backend, device, precision, half: true }
    }

    /// What computes at present, for people: `CPU f32 AVX2`, `Radeon 780M (integrated, vulkan) f16`.
    pub fn computed_by(&self) -> String {
        match self.adapter() {
            Some(adapter) => format!("{adapter} {}", self.arithmetic()),
            None => format!("{} {}", self.encoder.device_name(), self.precision.path()),
        }
    }
}
