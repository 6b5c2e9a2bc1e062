//! A model ready to render.

use crate::decode::DecodeParams;
use crate::encode::{PictureEncoder, best_device};
use crate::error::Result;
use crate::kernel::Precision;
use crate::key::ModelId;
use crate::weights::{ModelConfig, Weights};
use candle_core::Device;

/// Weights, loaded into an encoder and a decoder.
pub struct LoadedModel {
    /// Name of its configuration and weights.
    pub id: ModelId,
    /// Name of those and of the precision: what everything that is made with it depends on.
    pub key: ModelId,
    /// What it is.
    pub config: ModelConfig,
    /// Picture to features.
    pub encoder: PictureEncoder,
    /// Features to colours.
    pub decoder: DecodeParams,
}

impl LoadedModel {
    /// Loads `weights`; the encoder runs on `device`; convolutions and hidden layers on the CPU in `precision`.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the device cannot take them.
    pub fn new(weights: &Weights, device: Device, precision: Precision) -> Result<Self> {
        Ok(Self {
            id: weights.id(),
            key: ModelId::of([weights.id().to_string().as_bytes(), precision.to_string().as_bytes()]),
            config: weights.config().clone(),
            encoder: PictureEncoder::new(weights, device, precision)?,
            decoder: DecodeParams::new(weights, precision),
        })
    }

    /// [`Self::new`] on the CPU, whatever else there is.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if memory runs out.
    pub fn on_cpu(weights: &Weights, precision: Precision) -> Result<Self> {
        Self::new(weights, Device::Cpu, precision)
    }

    /// The model that is part of the program, EDSR-baseline-LIIF, on the best device and in the best precision.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the device cannot take it.
    pub fn builtin() -> Result<Self> {
        Self::new(&Weights::builtin()?, best_device(), Precision::best())
    }
}
