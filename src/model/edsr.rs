//! EDSR as an encoder (Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017;
//! `models/edsr.py` with `no_upsampling`).
//!
//! ```text
//! h = head(x)                                     3 → f
//! r = h; r = body.i.2(relu(body.i.0(r))) * res_scale + r   for every block
//! feat = body.last(r) + h
//! ```
//! The frozen `sub_mean` and `add_mean` of the checkpoints are not part of the forward pass.

use super::conv::{Conv2d, ConvKernel};
use super::maps::Maps;
use super::trained_edsr::TrainedEdsr;
use super::trained_encoder;
use candle_core::Result;
use candle_nn::VarBuilder;

/// The encoder.
pub struct Edsr {
    head: Conv2d,
    blocks: Vec<ResidualBlock>,
    last: Conv2d,
    res_scale: f64,
}

struct ResidualBlock {
    first: Conv2d,
    second: Conv2d,
}

impl Edsr {
    /// Loads `blocks` residual blocks of `features` channels from `vb` (at `encoder`).
    ///
    /// # Errors
    /// If an array is missing or of another shape.
    pub fn load(
        vb: VarBuilder<'_>,
        blocks: usize,
        features: usize,
        res_scale: f32,
        kernel: &ConvKernel,
    ) -> Result<Self> {
        let conv = |vb, inputs| Conv2d::load(vb, inputs, features, 3, kernel);
        let body = vb.pp("body");
        let block = |i: usize| {
            let vb = body.pp(i).pp("body");
            Ok(ResidualBlock { first: conv(vb.pp(0), features)?, second: conv(vb.pp(2), features)? })
        };
        Ok(Self {
            head: conv(vb.pp("head").pp(0), 3)?,
            blocks: (0..blocks).map(block).collect::<Result<_>>()?,
            last: conv(body.pp(blocks), features)?,
            res_scale: f64::from(res_scale),
        })
    }

    /// `x [n, 3, h, w]` normalised → `[n, features, h, w]`. `step` is called between convolutions and may end the
    /// work by an error.
    ///
    /// # Errors
    /// candle's, or what `step` returns.
    pub fn forward(&self, x: &Maps, step: &dyn Fn() -> Result<()>) -> Result<Maps> {
        if let Some(context) = self.head.parts().2.filter(|_| self.res_scale == 1.0) {
            let blocks = self.blocks.iter().flat_map(|block| [&block.first, &block.second]);
            let convs: Vec<_> = std::iter::once(&self.head).chain(blocks).chain([&self.last]).collect();
            let network = TrainedEdsr { blocks: self.blocks.len() };
            return Ok(trained_encoder::forward(x.tensor()?, &convs, network, context)?.into());
        }
        let h = self.head.forward(x)?;
        let mut r = h.clone();
        for block in &self.blocks {
            step()?;
            let inner = block.first.forward_relu(&r)?;
            step()?;
            r = match self.res_scale {
                1.0 => block.second.forward_add(&inner, &r)?,
                scale => block.second.forward(&inner)?.scaled_add(scale, &r)?,
            };
        }
        step()?;
        self.last.forward_add(&r, &h)
    }
}
