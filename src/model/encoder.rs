//! Any of the encoders.

use super::conv::ConvKernel;
use super::edsr::Edsr;
use super::maps::{HeldMaps, Maps};
use super::plain::Plain;
use super::rdn::{Rdn, RdnSize};
use crate::kernel::{Order, Spare};
use crate::weights::EncoderConfig;
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

/// A picture to a feature map of the same height and width.
pub enum Encoder {
    /// EDSR.
    Edsr(Box<Edsr>),
    /// RDN.
    Rdn(Box<Rdn>),
    /// A live network's.
    Plain(Box<Plain>),
}

impl Encoder {
    /// Loads the encoder that `config` describes from `vb` (at the root; arrays are under `encoder`).
    ///
    /// # Errors
    /// If an array is missing or of another shape.
    pub fn load(vb: &VarBuilder<'_>, config: &EncoderConfig, kernel: ConvKernel) -> Result<Self> {
        let vb = vb.pp("encoder");
        Ok(match *config {
            EncoderConfig::Edsr { blocks, features, res_scale } => {
                Self::Edsr(Box::new(Edsr::load(vb, blocks, features, res_scale, &kernel)?))
            }
            EncoderConfig::Rdn { blocks, convs, growth, features } => {
                Self::Rdn(Box::new(Rdn::load(vb, RdnSize { blocks, convs, growth, features }, &kernel)?))
            }
            EncoderConfig::Plain { blocks, convs, features } => {
                Self::Plain(Box::new(Plain::load(vb, blocks, convs, features, &kernel)?))
            }
        })
    }

    /// `x [n, 3, h, w]` normalised → `[n, features, h, w]`, by candle or for training; `step` is called between
    /// convolutions.
    ///
    /// # Errors
    /// candle's, or what `step` returns.
    pub fn forward(&self, x: &Tensor, step: &dyn Fn() -> Result<()>) -> Result<Tensor> {
        self.run(&x.clone().into(), step)?.tensor().cloned()
    }

    /// `planes [3, height, width]` of one picture, normalised → `[height, width, features]`, by our own kernels
    /// ([`ConvKernel::Fused`]).
    ///
    /// # Errors
    /// If it was loaded for another kernel, or what `step` returns.
    pub fn forward_planes(
        &self,
        planes: Vec<f32>,
        [height, width]: [usize; 2],
        step: &dyn Fn() -> Result<()>,
    ) -> Result<Vec<f32>> {
        let shape = [planes.len() / (height * width).max(1), height, width];
        let x = HeldMaps { values: planes, order: Order::Planes, shape, spare: Spare::default() };
        self.run(&x.into(), step)?.into_values()
    }

    fn run(&self, x: &Maps, step: &dyn Fn() -> Result<()>) -> Result<Maps> {
        match self {
            Self::Edsr(edsr) => edsr.forward(x, step),
            Self::Rdn(rdn) => rdn.forward(x, step),
            Self::Plain(plain) => plain.forward(x, step),
        }
    }
}
