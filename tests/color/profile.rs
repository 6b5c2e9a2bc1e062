//! ICC profiles written by hand, and the mathematics of ICC.1:2010 (matrix and curves, D50) in plain `f64`.

use std::path::Path;

/// Colorants of the red, green and blue primaries, adapted to D50, as Apple's, Adobe's and HP's profiles have them.
pub(crate) type Colorants = [[f64; 3]; 3];
pub(crate) const DISPLAY_P3: Colorants =
    [[0.515_12, 0.241_20, -0.001_05], [0.291_98, 0.692_25, 0.041_89], [0.157_10, 0.066_57, 0.784_07]];
pub(crate) const ADOBE_RGB: Colorants =
    [[0.609_74, 0.311_11, 0.019_47], [0.205_28, 0.625_67, 0.060_87], [0.149_19, 0.063_22, 0.744_57]];
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

    fn tag(&self) -> Vec<u8> {
        let fixed = |v: f64| ((v * 65536.0).round() as i32).to_be_bytes();
        match self {
            Self::Srgb => {
                let mut bytes = b"para\0\0\0\0\0\x03\0\0".to_vec();
                bytes.extend([2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045].map(fixed).concat());
                bytes
            }
            Self::Gamma(parts) => [&b"curv\0\0\0\0\0\0\0\x01"[..], &parts.to_be_bytes()].concat(),
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

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let xyz = |v: [f64; 3]| {
            let fixed = v.map(|v| ((v * 65536.0).round() as i32).to_be_bytes()).concat();
            [&b"XYZ \0\0\0\0"[..], &fixed].concat()
        };
        let mut tags = vec![(*b"desc", self.description()), (*b"wtpt", xyz([0.9642, 1.0, 0.8249]))];
        match self.colorants {
            Some(colorants) => {
                tags.extend([*b"rXYZ", *b"gXYZ", *b"bXYZ"].into_iter().zip(colorants.map(xyz)));
                tags.extend([*b"rTRC", *b"gTRC", *b"bTRC"].map(|tag| (tag, self.curve.tag())));
            }
            None => tags.push((*b"kTRC", self.curve.tag())),
        }
        let space = if self.colorants.is_some() { b"RGB " } else { b"GRAY" };
        assemble([2, 0x40, 0, 0], *space, *b"XYZ ", tags)
    }

    pub(crate) fn description(&self) -> Vec<u8> {
        let mut bytes = b"desc\0\0\0\0".to_vec();
        bytes.extend((self.name.len() as u32 + 1).to_be_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend([0; 1 + 8 + 3 + 67]);
        bytes
    }
}

/// A display's profile of these tags: header, table, values.
pub(crate) fn assemble(version: [u8; 4], space: [u8; 4], pcs: [u8; 4], tags: Vec<([u8; 4], Vec<u8>)>) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[8..12].copy_from_slice(&version);
    bytes[12..16].copy_from_slice(b"mntr");
    bytes[16..20].copy_from_slice(&space);
    bytes[20..24].copy_from_slice(&pcs);
    bytes[36..40].copy_from_slice(b"acsp");
    bytes[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    bytes.extend((tags.len() as u32).to_be_bytes());
    let mut at = 132 + tags.len() * 12;
    for (name, value) in &tags {
        bytes.extend(name);
        bytes.extend((at as u32).to_be_bytes());
        bytes.extend((value.len() as u32).to_be_bytes());
        at += value.len().next_multiple_of(4);
    }
    for (_, mut value) in tags {
        value.resize(value.len().next_multiple_of(4), 0);
        bytes.extend(value);
    }
    let length = (bytes.len() as u32).to_be_bytes();
    bytes[..4].copy_from_slice(&length);
    bytes
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
