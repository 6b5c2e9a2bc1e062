//! The networks as the paper writes them, in candle: differentiable, on any candle device, and the oracle that every
//! faster path is compared with.
//!
//! Chen, Liu, Wang: "Learning Continuous Image Representation with Local Implicit Image Function", CVPR 2021;
//! reference code yinboc/liif.

mod conv;
mod edsr;
mod encoder;
mod imnet;
mod liif;
mod live;
mod maps;
mod plain;
mod query;
mod rdn;
mod trained;
mod trained_edsr;
mod trained_encoder;
mod trained_live;
mod trained_plain;
mod training;

pub use conv::{Conv2d, ConvKernel};
pub use edsr::Edsr;
pub use encoder::Encoder;
pub use imnet::Imnet;
pub use liif::Liif;
pub use live::{Live, RGB_OF_YCBCR};
pub use maps::{HeldMaps, Maps};
pub use plain::Plain;
pub use query::Query;
pub use rdn::Rdn;
pub use trained::TrainingContext;
pub use trained_live::TrainedLive;
pub use training::TrainedLiif;

use crate::weights::Weights;
use candle_core::{Device, Result, Tensor};
use candle_nn::VarBuilder;
use std::collections::HashMap;

/// The weights as constants on `device`: nothing built from them records gradients.
///
/// # Errors
/// The device's own, out of memory for instance.
pub fn constants(weights: &Weights, device: &Device) -> Result<VarBuilder<'static>> {
    let tensors = weights.arrays().iter().map(|(name, array)| {
        let tensor = Tensor::from_slice(&array.data, array.shape.as_slice(), device)?;
        Ok((name.clone(), tensor))
    });
    let tensors: HashMap<String, Tensor> = tensors.collect::<Result<_>>()?;
    Ok(VarBuilder::from_tensors(tensors, candle_core::DType::F32, device))
}
