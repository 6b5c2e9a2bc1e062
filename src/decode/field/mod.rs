//! A field of waves in every source pixel: what a live network adds to the bicubic picture (see
//! [`Live`](crate::model::Live) for the mathematics).

mod cpu;
mod tables;

pub use cpu::query_field;

use crate::kernel::{Instructions, Matrix, Waves};
use crate::weights::{FieldConfig, Weights};

/// What decoding needs of the weights.
#[derive(Clone, Debug)]
pub struct FieldParams {
    /// How many waves there are.
    pub config: FieldConfig,
    /// (y, x) of every wave in radians per source pixel: those of the brightness, then those of the colour differences.
    pub waves: Vec<[f32; 2]>,
    /// How soon waves fade as pixels grow.
    pub kappa: f32,
    /// Latent codes to amplitudes, as the kernel wants them.
    amplitudes: Matrix,
    kernel: Waves,
}

impl FieldParams {
    /// Prepares the weights.
    ///
    /// # Panics
    /// If they are of another family.
    pub fn new(weights: &Weights) -> Self {
        Self::on(Instructions::in_use(), weights)
    }

    /// The same for other instructions than those in use.
    fn on(instructions: Instructions, weights: &Weights) -> Self {
        let config = weights.config().decoder.field().expect("a field of waves").clone();
        let weight = weights.array("field.amplitudes.weight");
        let channels = weight.shape[1];
        let waves = ["field.luma_waves", "field.chroma_waves"].map(|name| weights.array(name).data.as_chunks().0);
        let bias = &weights.array("field.amplitudes.bias").data;
        let kernel = Waves::on(instructions, [config.luma_waves, config.chroma_waves]);
        Self {
            amplitudes: kernel.matrix(channels, bias, |k, o| weight.data[o * channels + k]),
            waves: waves.concat(),
            kappa: weights.array("field.kappa").data[0],
            kernel,
            config,
        }
    }

    /// Values in a latent code.
    pub fn channels(&self) -> usize {
        self.amplitudes.depth()
    }

    /// What is left of every wave where a pixel is `pitch` (y, x) source pixels.
    pub fn fade(&self, pitch: [f64; 2]) -> Vec<f32> {
        let squares = |wave: &[f32; 2]| -> f64 { (0..2).map(|a| (f64::from(wave[a]) * pitch[a]).powi(2)).sum() };
        self.waves.iter().map(|wave| (-f64::from(self.kappa) * squares(wave)).exp() as f32).collect()
    }
}
