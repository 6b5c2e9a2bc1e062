//! Profiles of a matrix and curves, and the mathematics of ICC.1:2010 for them (D50) in plain `f64`.

use crate::icc::{self, Colorants, fixed};
use std::path::Path;

/// As Apple's profile has them.
pub(crate) const DISPLAY_P3: Colorants =
    [[0.515_12, 0.241_20, -0.001_05], [0.291_98, 0.692_25, 0.041_89], [0.157_10, 0.066_57, 0.784_07]];
/// As HP's profile has them.
pub(crate) const SRGB: Colorants =
    [[0.436_07, 0.222_49, 0.013_92], [0.385_15, 0.716_87, 0.097_08], [0.143_07, 0.060_61, 0.714_10]];

/// From encoded to linear.
pub(crate) enum Curve {
    /// The curve of IEC 61966-2-1.
    Srgb,
    /// An exponent, in 256ths.
    Gamma(u16),
    /// Equally spaced values.
    Table(Vec<u16>),
}

impl Curve {
    fn linear(&self, v: f64) -> f64 {
        match self {
            Self::Srgb if v <= 0.04045 => v / 12.92,
            Self::Srgb => ((v + 0.055) / 1.055).powf(2.4),
            Self::Gamma(parts) => v.powf(f64::from(*parts) / 256.0),
            Self::Table(values) => {
                let at = v * (values.len() - 1) as f64;
                let (low, part) = (at.floor() as usize, at.fract());
                let high = (low + 1).min(values.len() - 1);
                (f64::from(values[low]) * (1.0 - part) + f64::from(values[high]) * part) / 65535.0
            }
        }
    }

    /// The way back, by halving: curves rise.
    fn encoded(&self, linear: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if self.linear(middle) < linear { low = middle } else { high = middle }
        }
        high
    }

    fn tag(&self) -> Vec<u8> {
        match self {
            Self::Srgb => {
                let mut bytes = b"para\0\0\0\0\0\x03\0\0".to_vec();
                bytes.extend([2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045].map(fixed).concat());
                bytes
            }
            Self::Gamma(parts) => icc::gamma(*parts),
            Self::Table(values) => {
                let mut bytes = b"curv\0\0\0\0".to_vec();
                bytes.extend((values.len() as u32).to_be_bytes());
                bytes.extend(values.iter().flat_map(|v| v.to_be_bytes()));
                bytes
            }
        }
    }
}

pub(crate) struct Profile {
    pub(crate) name: &'static str,
    colorants: Option<Colorants>,
    curve: Curve,
}

impl Profile {
    pub(crate) fn rgb(name: &'static str, colorants: Colorants, curve: Curve) -> Self {
        Self { name, colorants: Some(colorants), curve }
    }

    pub(crate) fn grey(name: &'static str, curve: Curve) -> Self {
        Self { name, colorants: None, curve }
    }

    /// XYZ of an encoded colour, under D50.
    pub(crate) fn to_xyz(&self, color: [f64; 3]) -> [f64; 3] {
        let linear = color.map(|v| self.curve.linear(v));
        let from = self.colorants.unwrap();
        [0, 1, 2].map(|row| (0..3).map(|c| from[c][row] * linear[c]).sum())
    }

    /// sRGB of an encoded colour, clipped to what sRGB holds.
    pub(crate) fn to_srgb(&self, color: [f64; 3]) -> [f64; 3] {
        solve(SRGB, self.to_xyz(color)).map(|v| encode_srgb(v.clamp(0.0, 1.0)))
    }

    /// The encoded colour whose XYZ under D50 this is, clipped to what the space holds.
    pub(crate) fn of_xyz(&self, xyz: [f64; 3]) -> [f64; 3] {
        let linear = solve(self.colorants.unwrap(), xyz).map(|v| v.clamp(0.0, 1.0));
        linear.map(|v| self.curve.encoded(v))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut tags = vec![(*b"desc", self.description()), icc::white()];
        match self.colorants {
            Some(colorants) => tags.extend(icc::matrix(colorants, &self.curve.tag())),
            None => tags.push((*b"kTRC", self.curve.tag())),
        }
        let space = if self.colorants.is_some() { b"RGB " } else { b"GRAY" };
        icc::assemble([2, 0x40, 0, 0], *space, *b"XYZ ", tags)
    }

    pub(crate) fn description(&self) -> Vec<u8> {
        let mut bytes = b"desc\0\0\0\0".to_vec();
        bytes.extend((self.name.len() as u32 + 1).to_be_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend([0; 1 + 8 + 3 + 67]);
        bytes
    }
}

/// The curve of sRGB.
pub(crate) fn encode_srgb(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

/// The linear RGB whose sum of colorants is `xyz`, by Cramer's rule.
fn solve(colorants: Colorants, xyz: [f64; 3]) -> [f64; 3] {
    let determinant = |m: Colorants| {
        let minor = |a: usize, b: usize| m[1][a] * m[2][b] - m[1][b] * m[2][a];
        m[0][0] * minor(1, 2) - m[0][1] * minor(0, 2) + m[0][2] * minor(0, 1)
    };
    [0, 1, 2].map(|i| {
        let mut replaced = colorants;
        replaced[i] = xyz;
        determinant(replaced) / determinant(colorants)
    })
}

/// A PNG of one row of 8-bit greys with a profile.
pub(crate) fn write_grey_png(path: &Path, width: u32, greys: &[u8], profile: &[u8]) {
    let mut info = png::Info::with_size(width, 1);
    (info.color_type, info.bit_depth) = (png::ColorType::Grayscale, png::BitDepth::Eight);
    info.icc_profile = Some(profile.to_vec().into());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = png::Encoder::with_info(file, info).unwrap().write_header().unwrap();
    writer.write_image_data(greys).unwrap();
}
