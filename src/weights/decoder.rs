//! What a decoder is: LIIF's perceptron, or a field of waves.

use serde::{Deserialize, Serialize};

/// The decoder: latent codes and a position to a colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DecoderConfig {
    /// LIIF's (Chen et al., CVPR 2021; `models/liif.py`).
    Imnet(ImnetConfig),
    /// A field of waves in every source pixel, on the bicubic picture.
    Field(FieldConfig),
}

/// LIIF's decoder: a perceptron, run for every position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImnetConfig {
    /// Widths of imnet's hidden layers.
    pub hidden: Vec<usize>,
    /// Blend the predictions of the four nearest latent codes (paper, eq. 4).
    pub local_ensemble: bool,
    /// Concatenate the 3×3 neighbourhood of each latent code (paper, eq. 3).
    pub feat_unfold: bool,
    /// Tell imnet the size of the queried pixel (paper, eq. 6).
    pub cell_decode: bool,
}

/// A field of waves, whose amplitudes follow from the latent code and whose strength from the scale alone (after Becker et
/// al., "Thera", 2023). Brightness has waves of its own, both colour differences share others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldConfig {
    /// Waves of the brightness.
    pub luma_waves: usize,
    /// Waves of the colour differences.
    pub chroma_waves: usize,
}

impl ImnetConfig {
    /// The original's variant: everything on.
    pub fn new(hidden: Vec<usize>) -> Self {
        Self { hidden, local_ensemble: true, feat_unfold: true, cell_decode: true }
    }

    /// Width of a latent code of so many features as imnet receives it.
    pub fn code_width(&self, features: usize) -> usize {
        features * if self.feat_unfold { 9 } else { 1 }
    }

    /// Width of imnet's input: latent code (unfolded or not), `rel_coord`, and `rel_cell` if it is told.
    pub fn input(&self, features: usize) -> usize {
        self.code_width(features) + 2 + if self.cell_decode { 2 } else { 0 }
    }

    /// Multiply-adds of projecting one latent code, and of one output pixel with its first layer folded.
    fn macs(&self, features: usize) -> [usize; 2] {
        let inner: usize = self.hidden.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let rest = inner + self.hidden[self.hidden.len() - 1] * 3 + 2 * self.hidden[0];
        [self.code_width(features) * self.hidden[0], rest * if self.local_ensemble { 4 } else { 1 }]
    }

    fn summary(&self) -> String {
        let hidden: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
        let without: String = [
            (self.local_ensemble, ", no local ensemble"),
            (self.feat_unfold, ", no feature unfolding"),
            (self.cell_decode, ", no cell decoding"),
        ]
        .iter()
        .filter(|(on, _)| !on)
        .map(|(_, words)| *words)
        .collect();
        format!("imnet {}{without}", hidden.join("-"))
    }
}

impl FieldConfig {
    /// Amplitudes of a source pixel: a cosine and a sine for every wave of the brightness and of both colour differences.
    pub fn amplitudes(&self) -> usize {
        2 * self.luma_waves + 4 * self.chroma_waves
    }

    /// Waves of both kinds.
    pub fn waves(&self) -> usize {
        self.luma_waves + self.chroma_waves
    }

    /// How much of a field there is where a pixel is `pitch` (y, x) source pixels: nothing at ×1 and below, where the
    /// picture is the file, and more than nine tenths from ×2 on.
    pub fn presence(pitch: [f64; 2]) -> f64 {
        (1.0 - pitch[0].hypot(pitch[1]).powi(4) / 4.0).max(0.0)
    }
}

impl From<ImnetConfig> for DecoderConfig {
    fn from(config: ImnetConfig) -> Self {
        Self::Imnet(config)
    }
}

impl From<FieldConfig> for DecoderConfig {
    fn from(config: FieldConfig) -> Self {
        Self::Field(config)
    }
}

impl DecoderConfig {
    /// LIIF's, if it is that one.
    pub fn imnet(&self) -> Option<&ImnetConfig> {
        if let Self::Imnet(imnet) = self { Some(imnet) } else { None }
    }

    /// A field, if it is one.
    pub fn field(&self) -> Option<&FieldConfig> {
        if let Self::Field(field) = self { Some(field) } else { None }
    }

    /// Sizes that must be usable, and whether there is a number of them that is.
    pub(super) fn sizes(&self) -> (Vec<usize>, bool) {
        match self {
            Self::Imnet(imnet) => (imnet.hidden.clone(), (1..=64).contains(&imnet.hidden.len())),
            Self::Field(field) => (vec![field.luma_waves, field.chroma_waves], true),
        }
    }

    /// Name and shape of every array that it needs behind an encoder of so many features.
    pub(super) fn expected_arrays(&self, features: usize) -> Vec<(String, Vec<usize>)> {
        let linear = |name: String, shape: Vec<usize>| {
            [(format!("{name}.bias"), vec![shape[0]]), (format!("{name}.weight"), shape)]
        };
        match self {
            Self::Imnet(imnet) => {
                let widths = std::iter::once(imnet.input(features)).chain(imnet.hidden.iter().copied());
                let outputs = imnet.hidden.iter().copied().chain(std::iter::once(3));
                let layers = widths.zip(outputs).enumerate();
                layers
                    .flat_map(|(i, (input, output))| linear(format!("imnet.layers.{}", 2 * i), vec![output, input]))
                    .collect()
            }
            Self::Field(field) => {
                let mut list = linear("field.amplitudes".into(), vec![field.amplitudes(), features, 1, 1]).to_vec();
                list.push(("field.luma_waves".into(), vec![field.luma_waves, 2]));
                list.push(("field.chroma_waves".into(), vec![field.chroma_waves, 2]));
                list.push(("field.kappa".into(), vec![1]));
                list
            }
        }
    }

    /// Multiply-adds of preparing one latent code, and of one output pixel.
    pub(super) fn macs(&self, features: usize) -> [usize; 2] {
        match self {
            Self::Imnet(imnet) => imnet.macs(features),
            Self::Field(field) => [field.amplitudes() * features, 4 * field.amplitudes()],
        }
    }

    /// For people.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::Imnet(imnet) => imnet.summary(),
            Self::Field(field) => format!("field of {} + {} waves", field.luma_waves, field.chroma_waves),
        }
    }
}
