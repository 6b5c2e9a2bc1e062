//! How fast each device of this machine decodes: the one number by which to choose among them.

use crate::decode::Sampling;
#[cfg(feature = "gpu")]
use crate::decode::{Decoder, GpuDecoder};
use crate::error::{Error, Result};
use crate::feature::FeatureWindow;
use crate::geometry::{Region, SampleGrid, Size};
#[cfg(feature = "gpu")]
use crate::gpu::{AdapterChoice, Gpu, KnownVariants};
use crate::kernel::{Instructions, processor_name};
use crate::render::{Backend, Compute, LoadedModel};
use crate::task::Interrupt;
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// The name under which the processor is chosen.
pub const CPU: &str = "CPU";

/// The side of the latent codes that are decoded.
const CODES: usize = 32;

/// The sides of the picture that is made of them: the first, and the one beyond which nothing is learnt.
const SIDES: [usize; 2] = [32, 1024];

/// A run of this many seconds says enough.
const ENOUGH_SECS: f64 = 0.1;

/// Something that can compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The name by which it is chosen: [`CPU`], or that of a graphics device with its kind and interface.
    pub name: String,
    /// What it is: the processor's name and the instructions that are used of it, or the driver with its version.
    pub detail: String,
    /// Whether it is software that stands in for a graphics device.
    pub is_software: bool,
}

/// How fast a device decodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Millions of output pixels a second, every one evaluated.
    pub megapixels_per_sec: f64,
    /// In which arithmetic.
    pub arithmetic: String,
    /// In which variants of the shaders it convolves and decodes the fastest.
    #[cfg(feature = "gpu")]
    #[serde(default)]
    pub variants: KnownVariants,
}

impl Device {
    /// The processor.
    pub fn processor() -> Self {
        let known = processor_name().into_iter().chain([Instructions::in_use().name().to_owned()]);
        Self { name: CPU.into(), detail: known.collect::<Vec<_>>().join(", "), is_software: false }
    }

    /// Name and detail: what its speed depends on.
    pub fn identity(&self) -> String {
        if self.detail.is_empty() { self.name.clone() } else { format!("{}; {}", self.name, self.detail) }
    }

    /// Computing on it alone, in the fastest arithmetic that it has.
    pub fn compute(&self) -> Compute {
        match self.name.as_str() {
            CPU => Compute { backend: Backend::Cpu, ..Compute::default() },
            name => Compute { backend: Backend::Gpu, device: Some(name.to_owned()), ..Compute::default() },
        }
    }
}

/// The devices of this machine, the processor first, then graphics devices, the best first, software last.
pub fn devices() -> Vec<Device> {
    let devices = std::iter::once(Device::processor());
    #[cfg(feature = "gpu")]
    let devices = devices.chain(crate::gpu::adapters().into_iter().map(|adapter| Device {
        name: adapter.in_words(),
        detail: adapter.driver,
        is_software: adapter.is_software,
    }));
    devices.collect()
}

/// Measures how fast a device decodes with the built-in model. That takes a second or so.
///
/// # Errors
/// [`Error::Device`] if it cannot be used, or fails on the way; [`Error::Cancelled`] if interrupted.
pub fn measure(device: &Device, interrupt: Interrupt<'_>) -> Result<Speed> {
    let model = LoadedModel::on(&Weights::builtin()?, &device.compute())?;
    let picture = Size::new(CODES, CODES);
    let window = FeatureWindow::pattern(picture, model.decoder.margin(), model.decoder.channels());
    let run = |side: usize| {
        let grid = SampleGrid::spanning(Region::whole(picture), Size::new(side, side));
        let start = Instant::now();
        model.query_rgb(&window, picture, &grid, Sampling::Exact, interrupt)?;
        Ok::<f64, Error>(start.elapsed().as_secs_f64())
    };
    let [mut side, most] = SIDES;
    // The first run also wakes the device, and its bands find their size.
    run(side)?;
    let mut secs = run(side)?;
    while secs < ENOUGH_SECS && side < most {
        side *= 2;
        secs = run(side)?;
    }
    let secs = secs.min(run(side)?);
    #[cfg(feature = "gpu")]
    let variants = variants(device, &model.decoder)?;
    if let Some(reason) = model.take_warning() {
        return Err(Error::device(reason));
    }
    Ok(Speed {
        megapixels_per_sec: (side * side) as f64 / secs / 1e6,
        arithmetic: model.arithmetic(),
        #[cfg(feature = "gpu")]
        variants,
    })
}

/// In which variants of the shaders a device convolves and decodes the fastest; nothing of the processor.
#[cfg(feature = "gpu")]
fn variants(device: &Device, decoder: &Decoder) -> Result<KnownVariants> {
    let Some(name) = device.compute().device else { return Ok(KnownVariants::default()) };
    let gpu = Gpu::shared(&AdapterChoice::Named(name))?;
    Ok(gpu.measure_variants(|element| GpuDecoder::fastest(&gpu, decoder, element)))
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;
    use crate::gpu::AdapterDescription;

    #[test]
    fn a_device_has_one_identity() {
        let by_graphics: Vec<String> = crate::gpu::adapters().iter().map(AdapterDescription::identity).collect();
        let named: Vec<String> = devices().iter().skip(1).map(Device::identity).collect();
        assert_eq!(named, by_graphics);
    }
}
