//! A live network: a plain encoder, and a field of waves in every source pixel on the bicubic picture (after Becker et al.,
//! "Thera", 2023, whose field of the nearest pixel stands on a nearest-neighbour picture).
//!
//! Every source pixel j has amplitudes P, Q for every wave V, made of its latent code by one linear layer. At a position
//! whose offset from it is d (in source pixels), seen with pixels of p source pixels,
//!
//! ```text
//! f_j(d, p) = Σ_k exp(-κ ((V_ky p_y)² + (V_kx p_x)²)) (P_jk cos(V_k·d) + Q_jk sin(V_k·d))
//! rgb(u, p) = bicubic(u) + presence(p) Σ over the four nearest pixels j of bilinear_j(u) f_j(u - u_j, p)
//! presence(p) = max(0, 1 - ((p_y² + p_x²) / 2)²)
//! ```
//!
//! Waves and κ are the same for all pictures. Brightness and colour differences (of JPEG, BT.601) have fields of their
//! own. The scale enters by exponent and presence alone: a zoom changes one number for each wave and nothing else. At ×1
//! and below the field is silent, and the picture is the file.

use super::conv::ConvKernel;
use super::encoder::Encoder;
use super::liif::neighbour;
use super::query::Query;
use crate::picture::resample::bicubic_at;
use crate::weights::{FieldConfig, ModelConfig, Weights};
use candle_core::{D, Device, Result, Tensor, bail};
use candle_nn::VarBuilder;

/// What (brightness, blue difference, red difference) add to R, G and B.
pub const RGB_OF_YCBCR: [[f32; 3]; 3] = [[1.0, 0.0, 1.402], [1.0, -0.344_136, -0.714_136], [1.0, 1.772, 0.0]];

/// The whole network.
pub struct Live {
    config: FieldConfig,
    encoder: Encoder,
    /// `[amplitudes, features]` and its bias.
    amplitudes: (Tensor, Tensor),
    /// `[waves, 2]` (y, x), in radians per source pixel: those of the brightness, then those of the colour differences.
    waves: Tensor,
    /// `[1]`.
    kappa: Tensor,
}

impl Live {
    /// Loads the network from `vb` (at the root).
    ///
    /// # Errors
    /// If an array is missing or of another shape, or the configuration is of another family.
    pub fn load(vb: &VarBuilder<'_>, config: &ModelConfig, kernel: ConvKernel) -> Result<Self> {
        let Some(field) = config.decoder.field() else { bail!("its decoder is no field of waves") };
        let (vb_field, features) = (vb.pp("field"), config.encoder.features());
        let weight = vb_field.get((field.amplitudes(), features, 1, 1), "amplitudes.weight")?;
        let luma = vb_field.get((field.luma_waves, 2), "luma_waves")?;
        let chroma = vb_field.get((field.chroma_waves, 2), "chroma_waves")?;
        Ok(Self {
            encoder: Encoder::load(vb, &config.encoder, kernel)?,
            amplitudes: (weight.flatten_from(1)?, vb_field.get(field.amplitudes(), "amplitudes.bias")?),
            waves: Tensor::cat(&[&luma, &chroma], 0)?,
            kappa: vb_field.get(1, "kappa")?,
            config: field.clone(),
        })
    }

    /// The network as constants on the CPU, by candle's own operations alone: the oracle.
    ///
    /// # Errors
    /// candle's.
    pub fn oracle(weights: &Weights) -> Result<Self> {
        Self::load(&super::constants(weights, &Device::Cpu)?, weights.config(), ConvKernel::Candle)
    }

    /// `x [n, 3, h, w]` normalised → latent codes `[n, c, h, w]`.
    ///
    /// # Errors
    /// candle's.
    pub fn gen_feat(&self, x: &Tensor) -> Result<Tensor> {
        self.encoder.forward(x, &|| Ok(()))
    }

    /// Queries one picture `x [1, 3, h, w]` with its latent codes `[1, c, h, w]` → normalised RGB `[queries, 3]`.
    ///
    /// # Errors
    /// candle's.
    pub fn query_rgb(&self, feat: &Tensor, x: &Tensor, query: &Query) -> Result<Tensor> {
        base(x, query)? + self.field(feat, query)?
    }

    /// What the field adds to the bicubic picture, `[queries, 3]`.
    ///
    /// # Errors
    /// candle's.
    pub fn field(&self, feat: &Tensor, query: &Query) -> Result<Tensor> {
        let (_, _, height, width) = feat.dims4()?;
        let codes = feat.squeeze(0)?.flatten_from(1)?.t()?;
        let (weight, bias) = &self.amplitudes;
        let amplitudes = codes.contiguous()?.matmul(&weight.t()?)?.broadcast_add(bias)?;
        let fade = self.fade(query, feat.device())?;
        let mut sum: Option<Tensor> = None;
        for shift in [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] {
            let part = self.corner(&amplitudes, &fade, query, shift, [height, width])?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        sum.ok_or_else(|| candle_core::Error::Msg("no corners".into()))
    }

    /// What is left of every wave, `[queries, waves]`.
    fn fade(&self, query: &Query, device: &Device) -> Result<Tensor> {
        let rows = query.rel_cell.len();
        let pitch = query.rel_cell.iter().flatten().map(|cell| (cell / 2.0).powi(2) as f32).collect::<Vec<_>>();
        let presence = query.rel_cell.iter().map(|cell| FieldConfig::presence(cell.map(|cell| cell / 2.0)) as f32);
        let presence = Tensor::from_vec(presence.collect::<Vec<_>>(), (rows, 1), device)?;
        let pitch = Tensor::from_vec(pitch, (rows, 2), device)?;
        let left = pitch.matmul(&self.waves.sqr()?.t()?)?.broadcast_mul(&self.kappa)?.neg()?.exp()?;
        left.broadcast_mul(&presence)
    }

    /// The field of one of the four nearest pixels, times its share, `[queries, 3]`.
    fn corner(
        &self,
        amplitudes: &Tensor,
        fade: &Tensor,
        query: &Query,
        shift: [f64; 2],
        size: [usize; 2],
    ) -> Result<Tensor> {
        let (device, rows) = (amplitudes.device(), query.position.len());
        let (mut index, mut offset, mut share) = (Vec::new(), Vec::new(), Vec::new());
        for position in &query.position {
            let parts = [0, 1].map(|a| neighbour(position[a], shift[a], size[a], true));
            index.push((parts[0].0 * size[1] + parts[1].0) as u32);
            offset.extend(parts.map(|part| (part.1 / 2.0) as f32));
            share.push((parts[0].2 * parts[1].2) as f32);
        }
        let amplitudes = amplitudes.index_select(&Tensor::from_vec(index, rows, device)?, 0)?;
        let phase = Tensor::from_vec(offset, (rows, 2), device)?.matmul(&self.waves.t()?)?;
        let (cos, sin) = ((phase.cos()? * fade)?, (phase.sin()? * fade)?);
        let (luma, chroma) = (self.config.luma_waves, self.config.chroma_waves);
        let sum = |first: usize, wave: usize, count: usize| {
            let of = |waves: &Tensor, first: usize| {
                (amplitudes.narrow(1, first, count)? * waves.narrow(1, wave, count)?)?.sum_keepdim(D::Minus1)
            };
            of(&cos, first)? + of(&sin, first + count)?
        };
        let parts = [sum(0, 0, luma)?, sum(2 * luma, luma, chroma)?, sum(2 * luma + 2 * chroma, luma, chroma)?];
        let ycbcr = Tensor::cat(&parts, 1)?.broadcast_mul(&Tensor::from_vec(share, (rows, 1), device)?)?;
        ycbcr.matmul(&Tensor::new(&RGB_OF_YCBCR, device)?.t()?)
    }
}

/// The bicubic picture, `[queries, 3]`, of `x [1, 3, h, w]`: a constant.
fn base(x: &Tensor, query: &Query) -> Result<Tensor> {
    let (_, channels, height, width) = x.dims4()?;
    let pixels = x.detach().permute((0, 2, 3, 1))?.flatten_all()?.to_vec1::<f32>()?;
    let (pixels, rest) = pixels.as_chunks::<3>();
    if channels != 3 || !rest.is_empty() {
        bail!("pictures have three colours");
    }
    let colors: Vec<f32> =
        query.position.iter().flat_map(|position| bicubic_at(pixels, [height, width], *position)).collect();
    Tensor::from_vec(colors, (query.position.len(), 3), x.device())
}
