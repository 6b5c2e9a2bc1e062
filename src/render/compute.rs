//! What is to compute, and how precisely.

#[cfg(feature = "gpu")]
use crate::gpu::AdapterChoice;
#[cfg(feature = "gpu")]
use crate::kernel::Precision;
use crate::kernel::PrecisionChoice;
use std::fmt;
use std::str::FromStr;

/// What is to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// A graphics device where there is one that is fit, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A graphics device, or nothing.
    Gpu,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        })
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            _ => Err(format!("`{name}` does not compute; choose auto, cpu or gpu")),
        }
    }
}

/// What a model is to be computed by, and how precisely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compute {
    /// What computes.
    pub backend: Backend,
    /// The graphics device, by a part of its name, software too. With [`Backend::Auto`] the processor stands in for one
    /// that is not there, with [`Backend::Gpu`] nothing does.
    pub device: Option<String>,
    /// Arithmetic. On the processor `Auto` is the fastest; on a graphics device it allows half precision, and only single
    /// precision by name forbids it; [`Backend::Gpu`] with half precision by name takes no device without it.
    pub precision: PrecisionChoice,
    /// Whether a graphics device may compute in half precision at all.
    pub half: bool,
}

impl Default for Compute {
    fn default() -> Self {
        Self { backend: Backend::Auto, device: None, precision: PrecisionChoice::Auto, half: true }
    }
}

impl Compute {
    /// Whether a graphics device may compute in half precision.
    #[cfg(feature = "gpu")]
    pub(super) fn allows_half(&self) -> bool {
        self.half && self.precision != PrecisionChoice::Only(Precision::F32)
    }

    /// Whether only half precision will do.
    #[cfg(feature = "gpu")]
    pub(super) fn demands_half(&self) -> bool {
        self.precision == PrecisionChoice::Half
    }

    /// Whether the processor alone computes.
    pub(super) fn is_cpu(&self) -> bool {
        self.backend == Backend::Cpu
    }

    /// Which graphics device.
    #[cfg(feature = "gpu")]
    pub(super) fn choice(&self) -> AdapterChoice {
        self.device.clone().map_or(AdapterChoice::Best, AdapterChoice::Named)
    }
}
