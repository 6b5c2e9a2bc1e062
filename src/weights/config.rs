//! What model a set of arrays belongs to.

use super::decoder::DecoderConfig;
use serde::{Deserialize, Serialize};

/// More layers and blocks in a row than any model may have.
pub(super) const MAX_LAYERS: usize = 5000;

/// The encoder: a picture to a feature map of the same height and width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum EncoderConfig {
    /// EDSR without its up-sampling tail (Lim et al., CVPRW 2017; `models/edsr.py`).
    Edsr {
        /// Residual blocks.
        blocks: usize,
        /// Channels of every convolution.
        features: usize,
        /// What a block's result is multiplied by before it is added.
        res_scale: f32,
    },
    /// Residual dense network without its up-sampling tail (Zhang et al., CVPR 2018; `models/rdn.py`).
    Rdn {
        /// Residual dense blocks (D).
        blocks: usize,
        /// Convolutions in a block (C).
        convs: usize,
        /// Channels that a convolution adds (G).
        growth: usize,
        /// Channels between the blocks (G0).
        features: usize,
    },
    /// Blocks of 3×3 convolutions with SiLU behind each and a skip around (after DISP, NTIRE 2026 efficient
    /// super-resolution): small enough to be run wherever somebody looks.
    Plain {
        /// Blocks.
        blocks: usize,
        /// Convolutions in a block.
        convs: usize,
        /// Channels of every convolution.
        features: usize,
    },
}

impl EncoderConfig {
    /// Channels of the feature map.
    pub fn features(&self) -> usize {
        match *self {
            Self::Edsr { features, .. } | Self::Rdn { features, .. } | Self::Plain { features, .. } => features,
        }
    }

    /// How many source pixels a latent code depends on, on each side.
    pub fn radius(&self) -> usize {
        match *self {
            // head, two per block, the last of the body
            Self::Edsr { blocks, .. } => 2 * blocks + 2,
            // SFENet1, SFENet2, every 3×3 of every block, GFF.1
            Self::Rdn { blocks, convs, .. } => blocks * convs + 3,
            // head, every block's, tail
            Self::Plain { blocks, convs, .. } => blocks * convs + 2,
        }
    }
}

/// The affine map between RGB in [0, 1] and what the network sees: `x = (rgb - mean) / std`, and back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Subtracted from R, G, B.
    pub mean: [f32; 3],
    /// Divided by.
    pub std: [f32; 3],
}

impl Normalization {
    /// The original's: `sub 0.5, div 0.5` for input and output alike.
    pub const LIIF: Self = Self { mean: [0.5; 3], std: [0.5; 3] };

    /// mmagic's EDSR configurations: the mean colour of DIV2K, not scaled.
    pub const MMAGIC_EDSR: Self = Self { mean: [0.4488, 0.4371, 0.4040], std: [1.0; 3] };
}

/// Multiply-adds, by what they are done for.
#[derive(Clone, Copy, Debug)]
pub struct Macs {
    /// Encoding one source pixel.
    pub per_source_pixel: f64,
    /// Projecting one latent code.
    pub per_code: f64,
    /// Decoding one output pixel.
    pub per_output_pixel: f64,
}

/// A whole model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The decoder.
    #[serde(flatten)]
    pub decoder: DecoderConfig,
    /// Colour normalisation.
    pub normalization: Normalization,
}

impl ModelConfig {
    /// Refuses sizes that no model has, before anything is allocated by them.
    ///
    /// # Errors
    /// The reason alone.
    pub fn check(&self) -> Result<(), String> {
        const MOST: usize = 4096;
        let (mut sizes, is_deep_enough) = self.decoder.sizes();
        match self.encoder {
            EncoderConfig::Edsr { blocks, features, res_scale } => {
                if !res_scale.is_finite() {
                    return Err("its residual scale is not a number".into());
                }
                sizes.extend([blocks.max(1), features]);
            }
            EncoderConfig::Rdn { blocks, convs, growth, features } => {
                sizes.extend([blocks, convs, growth, features, blocks.saturating_mul(convs)]);
            }
            EncoderConfig::Plain { blocks, convs, features } => {
                sizes.extend([blocks, convs, features, blocks.saturating_mul(convs)]);
            }
        }
        let Normalization { mean, std } = self.normalization;
        if !mean.iter().chain(&std).all(|v| v.is_finite()) || std.contains(&0.0) {
            return Err("its colour normalisation is not usable".into());
        }
        if sizes.iter().any(|&n| n == 0 || n > MOST) || !is_deep_enough {
            return Err(format!("its configuration is out of range (every size must be 1 to {MOST})"));
        }
        Ok(())
    }

    /// Name and shape of every array that the model needs.
    pub fn expected_arrays(&self) -> Vec<(String, Vec<usize>)> {
        let mut list = Vec::new();
        let mut add = |name: String, shape: Vec<usize>| {
            list.push((format!("{name}.bias"), vec![shape[0]]));
            list.push((format!("{name}.weight"), shape));
        };
        match self.encoder {
            EncoderConfig::Edsr { blocks, features: f, .. } => {
                add("encoder.head.0".into(), vec![f, 3, 3, 3]);
                for i in 0..blocks {
                    add(format!("encoder.body.{i}.body.0"), vec![f, f, 3, 3]);
                    add(format!("encoder.body.{i}.body.2"), vec![f, f, 3, 3]);
                }
                add(format!("encoder.body.{blocks}"), vec![f, f, 3, 3]);
            }
            EncoderConfig::Rdn { blocks, convs, growth, features: f } => {
                add("encoder.SFENet1".into(), vec![f, 3, 3, 3]);
                add("encoder.SFENet2".into(), vec![f, f, 3, 3]);
                for i in 0..blocks {
                    for c in 0..convs {
                        add(format!("encoder.RDBs.{i}.convs.{c}.conv.0"), vec![growth, f + c * growth, 3, 3]);
                    }
                    add(format!("encoder.RDBs.{i}.LFF"), vec![f, f + convs * growth, 1, 1]);
                }
                add("encoder.GFF.0".into(), vec![f, blocks * f, 1, 1]);
                add("encoder.GFF.1".into(), vec![f, f, 3, 3]);
            }
            EncoderConfig::Plain { blocks, convs, features: f } => {
                add("encoder.head".into(), vec![f, 3, 3, 3]);
                for i in 0..blocks {
                    for c in 0..convs {
                        add(format!("encoder.blocks.{i}.{c}"), vec![f, f, 3, 3]);
                    }
                }
                add("encoder.tail".into(), vec![f, f, 3, 3]);
            }
        }
        list.extend(self.decoder.expected_arrays(self.encoder.features()));
        list
    }

    /// Multiply-adds of one picture: of the encoder, and of the decoder with what is done once for each code apart.
    pub fn macs(&self) -> Macs {
        let is_of_encoder = |name: &str, shape: &[usize]| shape.len() == 4 && name.starts_with("encoder.");
        let arrays = self.expected_arrays();
        let conv = arrays.iter().filter(|(name, shape)| is_of_encoder(name, shape));
        let per_source_pixel = conv.map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>() as f64;
        let [per_code, per_output_pixel] = self.decoder.macs(self.encoder.features()).map(|macs| macs as f64);
        Macs { per_source_pixel, per_code, per_output_pixel }
    }

    /// As JSON, the form in which the safetensors header keeps it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// One line for people: `EDSR 16×64, imnet 256-256-256-256`.
    pub fn summary(&self) -> String {
        let encoder = match self.encoder {
            EncoderConfig::Edsr { blocks, features, .. } => format!("EDSR {blocks}×{features}"),
            EncoderConfig::Rdn { blocks, convs, growth, features } => {
                format!("RDN D={blocks} C={convs} G={growth} G0={features}")
            }
            EncoderConfig::Plain { blocks, convs, features } => format!("plain {blocks}×{convs}×{features}"),
        };
        format!("{encoder}, {}", self.decoder.summary())
    }
}
