//! The Local Implicit Image Function (paper, section 3; `models/liif.py`).
//!
//! Differentiable and literal where it matters: unfolding is nine shifted copies, every query runs through imnet four
//! times, the areas weigh the predictions. Neighbours are found in the pixel-space form of `LIIF` (floor and floor + 1,
//! clamped, in `f64`), which equals the original's nearest `grid_sample` at shifted coordinates except where single
//! precision decides ties there.

use super::conv::ConvKernel;
use super::encoder::Encoder;
use super::imnet::Imnet;
use super::query::Query;
use crate::geometry::nearest_code;
use crate::weights::{ImnetConfig, ModelConfig, Weights};
use candle_core::{D, Device, Module, Result, Tensor, bail};
use candle_nn::VarBuilder;

/// The whole model.
pub struct Liif {
    config: ImnetConfig,
    encoder: Encoder,
    imnet: Imnet,
}

/// One of the (up to four) latent codes that a query reads: index into `h * w`, `rel_coord` and weight, per query.
struct Corner {
    index: Vec<u32>,
    rel_coord: Vec<f32>,
    weight: Vec<f32>,
}

impl Liif {
    /// Loads the model from `vb` (at the root).
    ///
    /// # Errors
    /// If an array is missing or of another shape, or the configuration is of another family.
    pub fn load(vb: &VarBuilder<'_>, config: &ModelConfig, kernel: ConvKernel) -> Result<Self> {
        let Some(imnet) = config.decoder.imnet() else { bail!("its decoder is not LIIF's") };
        Ok(Self {
            encoder: Encoder::load(vb, &config.encoder, kernel)?,
            imnet: Imnet::load(&vb.pp("imnet"), imnet.input(config.encoder.features()), &imnet.hidden)?,
            config: imnet.clone(),
        })
    }

    /// The model as constants on the CPU, by candle's own operations alone: the oracle.
    ///
    /// # Errors
    /// candle's.
    pub fn oracle(weights: &Weights) -> Result<Self> {
        Self::load(&super::constants(weights, &Device::Cpu)?, weights.config(), ConvKernel::Candle)
    }

    /// `x [n, 3, h, w]` normalised → feature map `[n, c, h, w]` (the original's `gen_feat`).
    ///
    /// # Errors
    /// candle's.
    pub fn gen_feat(&self, x: &Tensor) -> Result<Tensor> {
        self.encoder.forward(x, &|| Ok(()))
    }

    /// Queries one feature map `[1, c, h, w]` → normalised RGB `[queries, 3]`.
    ///
    /// # Errors
    /// candle's.
    pub fn query_rgb(&self, feat: &Tensor, query: &Query) -> Result<Tensor> {
        let (_, _, height, width) = feat.dims4()?;
        let feat = if self.config.feat_unfold { unfold3x3(feat)? } else { feat.clone() };
        let codes = feat.squeeze(0)?.flatten_from(1)?.t()?.contiguous()?;
        let device = feat.device();
        let rows = query.position.len();
        let cell = query.rel_cell.iter().flatten().map(|v| *v as f32).collect::<Vec<_>>();
        let cell = Tensor::from_vec(cell, (rows, 2), device)?;
        let mut sum: Option<Tensor> = None;
        for corner in self.corners(query, height, width) {
            let code = codes.index_select(&Tensor::from_vec(corner.index, rows, device)?, 0)?;
            let rel_coord = Tensor::from_vec(corner.rel_coord, (rows, 2), device)?;
            let input = if self.config.cell_decode {
                Tensor::cat(&[&code, &rel_coord, &cell], D::Minus1)?
            } else {
                Tensor::cat(&[&code, &rel_coord], D::Minus1)?
            };
            let weight = Tensor::from_vec(corner.weight, (rows, 1), device)?;
            let part = self.imnet.forward(&input)?.broadcast_mul(&weight)?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        sum.ok_or_else(|| candle_core::Error::Msg("no corners".into()))
    }

    fn corners(&self, query: &Query, height: usize, width: usize) -> Vec<Corner> {
        let n = [height, width];
        let shifts: &[[f64; 2]] =
            if self.config.local_ensemble { &[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] } else { &[[0.0, 0.0]] };
        let corner = |shift: &[f64; 2]| {
            let mut corner = Corner { index: Vec::new(), rel_coord: Vec::new(), weight: Vec::new() };
            for position in &query.position {
                let parts = [0, 1].map(|a| neighbour(position[a], shift[a], n[a], self.config.local_ensemble));
                corner.index.push((parts[0].0 * width + parts[1].0) as u32);
                corner.rel_coord.extend(parts.map(|part| part.1 as f32));
                corner.weight.push((parts[0].2 * parts[1].2) as f32);
            }
            corner
        };
        shifts.iter().map(corner).collect()
    }
}

/// Index, `rel_coord` and weight along one axis of `n` codes: `shift` 0 is the lower neighbour, 1 the upper.
///
/// `rel_coord` counts in half source pixels (the original's `[-1, 1]` over `n` codes, times `n`), hence the factor 2.
pub(super) fn neighbour(position: f64, shift: f64, n: usize, local_ensemble: bool) -> (usize, f64, f64) {
    let last = (n - 1) as f64;
    let (at, weight) = if local_ensemble {
        let lower = position.floor();
        let towards_upper = position - lower;
        (lower + shift, if shift == 0.0 { 1.0 - towards_upper } else { towards_upper })
    } else {
        (nearest_code(position), 1.0)
    };
    let index = at.clamp(0.0, last);
    (index as usize, 2.0 * (position - index), weight)
}

/// `[n, c, h, w]` → `[n, c * 9, h, w]`, channel-major, zero-padded (`F.unfold(feat, 3, padding=1)`).
fn unfold3x3(feat: &Tensor) -> Result<Tensor> {
    let (n, c, height, width) = feat.dims4()?;
    let padded = feat.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?;
    let taps = (0..9).map(|tap| padded.narrow(2, tap / 3, height)?.narrow(3, tap % 3, width));
    Tensor::stack(&taps.collect::<Result<Vec<_>>>()?, 2)?.reshape((n, c * 9, height, width))
}
