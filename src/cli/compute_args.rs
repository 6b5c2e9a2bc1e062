//! What computes, as every command takes it that computes.

use crate::error::Error;
use crate::kernel::PrecisionChoice;
use crate::render::{Backend, Compute};

/// What `--precision` means, wherever it is taken.
pub(super) const PRECISION: &str = "Arithmetic: auto, f32, bf16 (on the CPU; a third of the digits, faster on matrix tiles and on AMD's \
                         vectors) or f16 (on graphics cards). The environment variable ZOOMFIELD_PRECISION counts \
                         where this is not given; ZOOMFIELD_INSTRUCTIONS makes the CPU compute on avx512, avx2, neon or \
                         scalar instructions in place of the widest that it has";

/// What `--backend` and `--device` mean.
const BACKEND: &str = "What computes: auto (a graphics card where there is one that is fit), cpu or gpu. The environment \
                       variable ZOOMFIELD_BACKEND counts where this is not given";
const DEVICE: &str = "The graphics card that computes, by a part of its name; `zoomfield bench` lists them. The environment \
                      variable ZOOMFIELD_DEVICE counts where this is not given";

/// What computes.
#[derive(Clone, clap::Args)]
pub(super) struct ComputeArgs {
    #[arg(long, value_name = "NAME", help = BACKEND)]
    pub(super) backend: Option<Backend>,
    #[arg(long, value_name = "NAME", help = DEVICE)]
    pub(super) device: Option<String>,
}

impl ComputeArgs {
    /// Backend and device, by the environment where they are not given.
    pub(super) fn backend_and_device(&self) -> Result<(Backend, Option<String>), Error> {
        super::backend(self.backend, self.device.clone())
    }

    /// With an arithmetic.
    pub(super) fn compute(&self, precision: PrecisionChoice) -> Result<Compute, Error> {
        let (backend, device) = self.backend_and_device()?;
        if (backend, precision) == (Backend::Cpu, PrecisionChoice::Half) {
            return Err(Error::Request("the processor has no half precision; choose f32 or bf16 for it".into()));
        }
        Ok(Compute { backend, device, precision, half: true })
    }
}
