//! Picture and rectangle to feature tiles: through candle, on the CPU with our own convolution or on a GPU that candle
//! was built for; or on any graphics device.

mod device;
#[cfg(feature = "gpu")]
mod gpu;
pub(crate) mod self_test;

pub use device::{best_device, cuda_refusal, name as device_name};
#[cfg(feature = "gpu")]
pub use gpu::GpuEncoder;

use crate::error::{Error, Result};
use crate::feature::{FeaturePrecision, FeatureTile};
use crate::geometry::{FEATURE_TILE, PixelRect, Size, feature_tile_rect};
use crate::kernel::Precision;
use crate::model::{self, ConvKernel, Encoder};
use crate::picture::Picture;
use crate::task::Interrupt;
use crate::weights::{EncoderConfig, Normalization, Weights};
use candle_core::{Device, Tensor};
use std::cell::Cell;

/// A feature tile with its column and row.
pub type NamedTile = ((usize, usize), FeatureTile);

/// An encoder on a device, ready to run.
pub struct PictureEncoder {
    encoder: Encoder,
    config: EncoderConfig,
    normalization: Normalization,
    device: Device,
}

impl PictureEncoder {
    /// Puts the encoder's weights on `device`. Convolutions on the CPU run in `precision`.
    ///
    /// # Errors
    /// [`Error::Device`] if the device cannot take them.
    pub fn new(weights: &Weights, device: Device, precision: Precision) -> Result<Self> {
        let vb = model::constants(weights, &device).map_err(Error::device)?;
        let config = weights.config();
        let encoder = Encoder::load(&vb, &config.encoder, ConvKernel::Fused(precision)).map_err(Error::device)?;
        Ok(Self { encoder, config: config.encoder.clone(), normalization: config.normalization, device })
    }

    /// The encoder on the CPU.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn on_cpu(weights: &Weights, precision: Precision) -> Result<Self> {
        Self::new(weights, Device::Cpu, precision)
    }

    /// Whether it runs on the CPU.
    pub fn is_on_cpu(&self) -> bool {
        self.device.is_cpu()
    }

    /// What it runs on, for people.
    pub fn device_name(&self) -> &'static str {
        device::name(&self.device)
    }

    /// Latent codes of `rect`, `[height, width, channels]` over the returned rectangle, which is `rect` grown
    /// by the encoder's receptive field inside the picture. Codes in `rect` are exactly those of the whole picture;
    /// those in the halo are not.
    ///
    /// # Errors
    /// [`Error::Cancelled`] between two convolutions; [`Error::Device`] if the device fails.
    pub fn encode(
        &self,
        picture: &Picture,
        rect: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Result<(Vec<f32>, PixelRect)> {
        let grown = rect.grown_within(self.config.radius(), picture.size);
        let planes = normalized_planes(picture, grown, self.normalization);
        let is_stopped = Cell::new(false);
        let step = || {
            is_stopped.set(interrupt());
            if is_stopped.get() {
                candle_core::bail!("interrupted")
            }
            Ok(())
        };
        let run = || {
            if self.is_on_cpu() {
                return self.encoder.forward_planes(planes, [grown.height, grown.width], &step);
            }
            let x = Tensor::from_vec(planes, (1, 3, grown.height, grown.width), &self.device)?;
            self.encoder.forward(&x, &step)?.permute((0, 2, 3, 1))?.flatten_all()?.to_vec1::<f32>()
        };
        match run() {
            Ok(codes) => Ok((codes, grown)),
            Err(_) if is_stopped.get() => Err(Error::Cancelled),
            Err(error) => Err(Error::device(format!("encoding on the {} failed: {error}", self.device_name()))),
        }
    }
}

/// What the network sees of a rectangle, `[3, height, width]`.
fn normalized_planes(picture: &Picture, rect: PixelRect, normalization: Normalization) -> Vec<f32> {
    let mut planes = picture.planes(rect);
    let Normalization { mean, std } = normalization;
    for (channel, plane) in planes.chunks_exact_mut(rect.area()).enumerate() {
        for v in plane {
            *v = (*v - mean[channel]) / std[channel];
        }
    }
    planes
}

/// Encodes a block of feature tiles (`tiles` counts in tiles) in one go, with one halo around all of them, and cuts them
/// apart, each with its column and row. `encode` answers with the codes of a rectangle or of more, as
/// [`PictureEncoder::encode`] does.
///
/// # Errors
/// Those of `encode`.
pub fn encode_tiles<E>(
    size: Size,
    tiles: PixelRect,
    precision: FeaturePrecision,
    encode: impl FnOnce(PixelRect) -> Result<(Vec<f32>, PixelRect), E>,
) -> Result<Vec<NamedTile>, E> {
    let pixels = PixelRect {
        x: tiles.x * FEATURE_TILE,
        y: tiles.y * FEATURE_TILE,
        width: tiles.width * FEATURE_TILE,
        height: tiles.height * FEATURE_TILE,
    };
    let Some(rect) = pixels.intersection(size.rect()) else { return Ok(Vec::new()) };
    let (codes, from) = encode(rect)?;
    let cut = |(column, row): (usize, usize)| {
        let rect = feature_tile_rect(column, row, size);
        ((column, row), FeatureTile::cut(&codes, from, rect, precision))
    };
    Ok(tiles.places().map(cut).collect())
}
