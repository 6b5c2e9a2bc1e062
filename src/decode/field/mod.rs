//! A field of waves in every source pixel: what a live network adds to the bicubic picture (see
//! [`Live`](crate::model::Live) for the mathematics).

mod cpu;

pub use cpu::query_field;

use crate::kernel::Matrix;
use crate::weights::{FieldConfig, Weights};

/// What decoding needs of the weights.
#[derive(Clone, Debug)]
pub struct FieldParams {
    /// How many waves there are.
    pub config: FieldConfig,
    /// Latent codes to amplitudes, with their bias: cosines then sines of the brightness, of the blue difference, of the red
    /// one.
    pub amplitudes: Matrix,
    /// (y, x) of every wave in radians per source pixel: those of the brightness, then those of the colour differences.
    pub waves: Vec<[f32; 2]>,
    /// How soon waves fade as pixels grow.
    pub kappa: f32,
    channels: usize,
}

impl FieldParams {
    /// Prepares the weights.
    ///
    /// # Panics
    /// If they are of another family.
    pub fn new(weights: &Weights) -> Self {
        let config = weights.config().decoder.field().expect("a field of waves").clone();
        let weight = weights.array("field.amplitudes.weight");
        let channels = weight.shape[1];
        let waves = ["field.luma_waves", "field.chroma_waves"].map(|name| weights.array(name).data.as_chunks().0);
        let bias = &weights.array("field.amplitudes.bias").data;
        Self {
            amplitudes: Matrix::new(channels, bias, |k, o| weight.data[o * channels + k]),
            waves: waves.concat(),
            kappa: weights.array("field.kappa").data[0],
            config,
            channels,
        }
    }

    /// Values in a latent code.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// What is left of every wave where a pixel is `pitch` (y, x) source pixels.
    pub fn fade(&self, pitch: [f64; 2]) -> Vec<f32> {
        let squares = |wave: &[f32; 2]| -> f64 { (0..2).map(|a| (f64::from(wave[a]) * pitch[a]).powi(2)).sum() };
        self.waves.iter().map(|wave| (-f64::from(self.kappa) * squares(wave)).exp() as f32).collect()
    }
}
