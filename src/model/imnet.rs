//! The decoding function: linear layers with ReLU between them (`models/mlp.py`).

use candle_core::{Module, Result, Tensor};
use candle_nn::{Linear, VarBuilder, linear};

/// The multi-layer perceptron that turns a latent code and a relative coordinate into a colour.
pub struct Imnet {
    layers: Vec<Linear>,
}

impl Imnet {
    /// Loads layers `input → hidden… → 3` from `vb` (at `imnet`).
    ///
    /// # Errors
    /// If an array is missing or of another shape.
    pub fn load(vb: &VarBuilder<'_>, input: usize, hidden: &[usize]) -> Result<Self> {
        let inputs = std::iter::once(input).chain(hidden.iter().copied());
        let outputs = hidden.iter().copied().chain(std::iter::once(3));
        let sizes = inputs.zip(outputs).enumerate();
        let layers = sizes.map(|(i, (input, output))| linear(input, output, vb.pp("layers").pp(2 * i)));
        Ok(Self { layers: layers.collect::<Result<_>>()? })
    }
}

impl Module for Imnet {
    /// `x [rows, input]` → `[rows, 3]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().try_fold(x.clone(), |x, (i, layer)| {
            let x = layer.forward(&x)?;
            if i < last { x.relu() } else { Ok(x) }
        })
    }
}
