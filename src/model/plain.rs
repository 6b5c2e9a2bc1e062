//! The encoder of a live network: 3×3 convolutions with SiLU behind each, in blocks with a skip (after DISP, NTIRE 2026
//! efficient super-resolution).
//!
//! ```text
//! h = head(x)                                     3 → f
//! r = h; r = r + silu(blocks.i.c(… silu(blocks.i.0(r)) …))   for every block
//! feat = tail(r) + h
//! ```

use super::conv::{Conv2d, ConvKernel};
use super::maps::Maps;
use super::trained_encoder;
use super::trained_plain::TrainedPlain;
use candle_core::Result;
use candle_nn::VarBuilder;

/// The encoder.
pub struct Plain {
    head: Conv2d,
    blocks: Vec<Vec<Conv2d>>,
    tail: Conv2d,
}

impl Plain {
    /// Loads `blocks` blocks of `convs` convolutions of `features` channels from `vb` (at `encoder`).
    ///
    /// # Errors
    /// If an array is missing or of another shape.
    pub fn load(vb: VarBuilder<'_>, blocks: usize, convs: usize, features: usize, kernel: &ConvKernel) -> Result<Self> {
        let conv = |vb, inputs| Conv2d::load(vb, inputs, features, 3, kernel);
        let block = |i: usize| (0..convs).map(|c| conv(vb.pp("blocks").pp(i).pp(c), features)).collect();
        Ok(Self {
            head: conv(vb.pp("head"), 3)?,
            blocks: (0..blocks).map(block).collect::<Result<_>>()?,
            tail: conv(vb.pp("tail"), features)?,
        })
    }

    /// `x [n, 3, h, w]` normalised → `[n, features, h, w]`. `step` is called between convolutions and may end the
    /// work by an error.
    ///
    /// # Errors
    /// candle's, or what `step` returns.
    pub fn forward(&self, x: &Maps, step: &dyn Fn() -> Result<()>) -> Result<Maps> {
        if let Some(context) = self.head.parts().2 {
            let network = TrainedPlain { blocks: self.blocks.len(), convs: self.blocks.first().map_or(1, Vec::len) };
            let convs: Vec<_> =
                std::iter::once(&self.head).chain(self.blocks.iter().flatten()).chain([&self.tail]).collect();
            return Ok(trained_encoder::forward(x.tensor()?, &convs, network, context)?.into());
        }
        let h = self.head.forward(x)?;
        let mut r = h.clone();
        for block in &self.blocks {
            let mut inner = r.clone();
            for (i, conv) in block.iter().enumerate() {
                step()?;
                let skip = (i + 1 == block.len()).then_some(&r);
                inner = conv.forward_silu(&inner, skip)?;
            }
            r = inner;
        }
        step()?;
        self.tail.forward_add(&r, &h)
    }
}
