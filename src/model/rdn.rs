//! RDN as an encoder (Zhang et al., "Residual Dense Network for Image Super-Resolution", CVPR 2018;
//! `models/rdn.py` with `no_upsampling`).
//!
//! ```text
//! f1 = SFENet1(x); x = SFENet2(f1)                           no activation
//! block: c times x = cat(x, relu(conv(x))); out = LFF(x) + block input
//! feat = GFF.1(GFF.0(cat of all block outputs)) + f1
//! ```

use super::conv::{Conv2d, ConvKernel};
use super::maps::Maps;
use crate::kernel::Activation;
use candle_core::Result;
use candle_nn::VarBuilder;

/// The encoder.
pub struct Rdn {
    shallow: [Conv2d; 2],
    blocks: Vec<DenseBlock>,
    fusion: [Conv2d; 2],
}

struct DenseBlock {
    convs: Vec<Conv2d>,
    local_fusion: Conv2d,
}

/// D, C, G and G0 of the paper.
#[derive(Clone, Copy)]
pub struct RdnSize {
    /// Dense blocks (D).
    pub blocks: usize,
    /// Convolutions in a block (C).
    pub convs: usize,
    /// Channels that a convolution adds (G).
    pub growth: usize,
    /// Channels between blocks (G0).
    pub features: usize,
}

impl Rdn {
    /// Loads the network from `vb` (at `encoder`).
    ///
    /// # Errors
    /// If an array is missing or of another shape.
    pub fn load(vb: VarBuilder<'_>, size: RdnSize, kernel: &ConvKernel) -> Result<Self> {
        let RdnSize { blocks, convs, growth, features } = size;
        let block = |i: usize| {
            let vb = vb.pp("RDBs").pp(i);
            let conv = |c: usize| {
                let vb = vb.pp("convs").pp(c).pp("conv").pp(0);
                Conv2d::load(vb, features + c * growth, growth, 3, kernel)
            };
            Ok(DenseBlock {
                convs: (0..convs).map(conv).collect::<Result<_>>()?,
                local_fusion: Conv2d::load(vb.pp("LFF"), features + convs * growth, features, 1, kernel)?,
            })
        };
        let gff = vb.pp("GFF");
        Ok(Self {
            shallow: [
                Conv2d::load(vb.pp("SFENet1"), 3, features, 3, kernel)?,
                Conv2d::load(vb.pp("SFENet2"), features, features, 3, kernel)?,
            ],
            blocks: (0..blocks).map(block).collect::<Result<_>>()?,
            fusion: [
                Conv2d::load(gff.pp(0), blocks * features, features, 1, kernel)?,
                Conv2d::load(gff.pp(1), features, features, 3, kernel)?,
            ],
        })
    }

    /// `x [n, 3, h, w]` normalised → `[n, features, h, w]`. `step` is called between convolutions and may end the
    /// work by an error.
    ///
    /// # Errors
    /// candle's, or what `step` returns.
    pub fn forward(&self, x: &Maps, step: &dyn Fn() -> Result<()>) -> Result<Maps> {
        let f1 = self.shallow[0].forward(x)?;
        let mut x = self.shallow[1].forward(&f1)?;
        let mut outputs = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            x = block.forward(&x, step)?;
            outputs.push(x.clone());
        }
        step()?;
        let fused = self.fusion[0].forward_joined(&outputs, Activation::Identity, None)?;
        self.fusion[1].forward_add(&fused, &f1)
    }
}

impl DenseBlock {
    fn forward(&self, input: &Maps, step: &dyn Fn() -> Result<()>) -> Result<Maps> {
        let mut x = vec![input.clone()];
        for conv in &self.convs {
            step()?;
            x.push(conv.forward_joined(&x, Activation::Relu, None)?);
        }
        self.local_fusion.forward_joined(&x, Activation::Identity, Some(input))
    }
}
