//! A network of either family, by our own kernels on the CPU.

use super::batch::Batch;
use crate::error::Error;
use crate::model::{TrainedLiif, TrainedLive, TrainingContext};
use crate::weights::{DecoderConfig, ModelConfig};
use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;

/// A loss, and the predictions that it is of.
pub(super) type Loss = (Tensor, Vec<[f32; 3]>);

/// A network of either family, by our own kernels.
pub(super) enum Network {
    Liif(TrainedLiif),
    Live(TrainedLive),
}

impl Network {
    pub(super) fn load(
        vb: &VarBuilder<'_>,
        config: &ModelConfig,
        context: &TrainingContext,
    ) -> candle_core::Result<Self> {
        Ok(match config.decoder {
            DecoderConfig::Imnet(_) => Self::Liif(TrainedLiif::load(vb, config, context)?),
            DecoderConfig::Field(_) => Self::Live(TrainedLive::load(vb, config, context)?),
        })
    }

    pub(super) fn gen_feat(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Liif(liif) => liif.gen_feat(x),
            Self::Live(live) => live.gen_feat(x),
        }
    }

    pub(super) fn l1_loss(&self, feat: &Tensor, batch: &Batch) -> candle_core::Result<Loss> {
        match self {
            Self::Liif(liif) => liif.l1_loss(feat, &batch.queries, batch.answers()),
            Self::Live(live) => live.l1_loss(feat, &batch.inputs, &batch.queries, batch.answers()),
        }
    }

    /// What it answers to the batch's queries, normalised.
    pub(super) fn predict(&self, batch: &Batch) -> candle_core::Result<Vec<[f32; 3]>> {
        let feat = self.gen_feat(&inputs(batch, &Device::Cpu)?)?;
        match self {
            Self::Liif(liif) => liif.predict(&feat, &batch.queries),
            Self::Live(live) => live.predict(&feat, &batch.inputs, &batch.queries),
        }
    }
}

/// All small pictures, `[n, patch, patch, 3]`.
pub(super) fn inputs(batch: &Batch, device: &Device) -> candle_core::Result<Tensor> {
    Tensor::from_slice(&batch.inputs, (batch.len(), batch.patch, batch.patch, 3), device)
}

/// What an error of candle's means: that the gate was stopped, or that the device failed.
pub(super) fn describe(context: &TrainingContext, what: &str, error: &candle_core::Error) -> Error {
    if context.gate.is_stopped() { Error::Cancelled } else { Error::device(format!("{what} failed: {error}")) }
}
