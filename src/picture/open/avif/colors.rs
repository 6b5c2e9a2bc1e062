//! From brightness and colour differences to RGB (ITU-T H.273), and what the RGB then means.
//!
//! Colours that are sampled more coarsely are interpolated linearly between where the file says that they are; where it
//! does not say, in the middle. The curves of video (BT.709, BT.601, BT.2020) count as sRGB's, as in other programs that
//! show still pictures. Linear light gets the sRGB curve; HDR becomes light that goes on beyond white. Not handled, and refused by
//! name: rare curves.

use super::planes::Planes;
use crate::picture::color_chunks::profile_of;
use crate::picture::hdr::Hdr;
use moxcms::TransferCharacteristics;

/// How samples are turned into RGB.
pub(super) struct Conversion {
    matrix: Matrix,
    is_full_range: bool,
    /// Whether colours are sampled where the first of the pixels is, across and down, or in the middle between them.
    is_cosited: (bool, bool),
}

#[derive(Clone, Copy)]
enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    /// Weights of red and blue in the brightness.
    Weights(f32, f32),
    YCgCo,
}

impl Conversion {
    /// By the number of the matrix, and of where colours are sampled (AV1's `chroma_sample_position`); else what is unknown.
    pub(super) fn new(matrix: u16, is_full_range: bool, position: u8) -> Result<Self, String> {
        let matrix = match matrix {
            0 => Matrix::Identity,
            1 => Matrix::Weights(0.2126, 0.0722),
            // What is not specified counts as BT.601.
            2 | 5 | 6 => Matrix::Weights(0.299, 0.114),
            4 => Matrix::Weights(0.30, 0.11),
            7 => Matrix::Weights(0.212, 0.087),
            8 => Matrix::YCgCo,
            9 => Matrix::Weights(0.2627, 0.0593),
            other => return Err(format!("its colours are coded by matrix {other} of H.273")),
        };
        Ok(Self { matrix, is_full_range, is_cosited: (position == 1 || position == 2, position == 2) })
    }

    /// Whether the planes can be read so.
    pub(super) fn fits(&self, planes: &Planes) -> bool {
        !matches!(self.matrix, Matrix::Identity) || planes.halved == (0, 0)
    }

    /// A pixel's colour, from 0 to 1 if it is one that RGB has.
    pub(super) fn rgb(&self, planes: &Planes, x: usize, y: usize) -> [f32; 3] {
        let luma = self.brightness(f32::from(planes.samples[0][y * planes.width + x]), planes.bits);
        if planes.samples.len() == 1 {
            return [luma; 3];
        }
        if matches!(self.matrix, Matrix::Identity) {
            let of =
                |plane: usize| self.brightness(f32::from(planes.samples[plane][y * planes.width + x]), planes.bits);
            return [of(2), luma, of(1)];
        }
        let (u, v) = (self.difference(planes, 1, x, y), self.difference(planes, 2, x, y));
        match self.matrix {
            Matrix::Weights(red, blue) => {
                let (r, b) = (luma + 2.0 * (1.0 - red) * v, luma + 2.0 * (1.0 - blue) * u);
                [r, (luma - red * r - blue * b) / (1.0 - red - blue), b]
            }
            Matrix::YCgCo | Matrix::Identity => [luma - u + v, luma + u, luma - u - v],
        }
    }

    fn brightness(&self, sample: f32, bits: u8) -> f32 {
        unit(sample, bits, self.is_full_range)
    }

    fn difference(&self, planes: &Planes, plane: usize, x: usize, y: usize) -> f32 {
        let (width, height) = planes.shape(plane);
        let (x0, x1, across) = between(x, planes.halved.0, self.is_cosited.0, width);
        let (y0, y1, down) = between(y, planes.halved.1, self.is_cosited.1, height);
        let samples = &planes.samples[plane];
        let mixed = |row: usize| {
            let (a, b) = (f32::from(samples[row * width + x0]), f32::from(samples[row * width + x1]));
            a + (b - a) * across
        };
        let (top, bottom) = (mixed(y0), mixed(y1));
        let middle = f32::from(1u16 << (planes.bits - 1));
        let scale = if self.is_full_range { most(planes.bits) } else { 224.0 * f32::from(1u16 << (planes.bits - 8)) };
        (top + (bottom - top) * down - middle) / scale
    }
}

/// A sample of brightness or opacity, scaled to [0, 1].
pub(super) fn unit(sample: f32, bits: u8, is_full_range: bool) -> f32 {
    let step = f32::from(1u16 << (bits - 8));
    if is_full_range { sample / most(bits) } else { (sample - 16.0 * step) / (219.0 * step) }
}

fn most(bits: u8) -> f32 {
    f32::from((1u16 << bits) - 1)
}

/// The two samples that a place is between, and how far it is from the first.
fn between(at: usize, halved: usize, is_cosited: bool, count: usize) -> (usize, usize, f32) {
    if halved == 0 {
        return (at, at, 0.0);
    }
    let (first, share) = match (is_cosited, at.is_multiple_of(2)) {
        (true, true) => (at / 2, 0.0),
        (true, false) => (at / 2, 0.5),
        (false, true) if at == 0 => return (0, 0, 0.0),
        (false, true) => (at / 2 - 1, 0.75),
        (false, false) => (at / 2, 0.25),
    };
    (first.min(count - 1), (first + 1).min(count - 1), share)
}

/// What the RGB means.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meaning {
    /// None for sRGB.
    pub(super) profile: Option<Vec<u8>>,
    /// Whether the samples are linear light.
    pub(super) is_linear: bool,
    /// If they are of HDR.
    pub(super) hdr: Option<Hdr>,
}

/// By the numbers of primaries and curve; else what is not supported.
pub(super) fn meaning(primaries: u16, curve: u16) -> Result<Meaning, String> {
    let (is_linear, curve) = match curve {
        1 | 2 | 6 | 13 | 14 | 15 => (false, TransferCharacteristics::Srgb),
        4 => (false, TransferCharacteristics::Bt470M),
        5 => (false, TransferCharacteristics::Bt470Bg),
        8 => (true, TransferCharacteristics::Srgb),
        16 | 18 => {
            let unknown = || format!("it is HDR, and its colours have primaries {primaries} of H.273");
            let hdr = Hdr::of(primaries, curve).ok_or_else(unknown)?;
            return Ok(Meaning { profile: None, is_linear: false, hdr: Some(hdr) });
        }
        other => return Err(format!("its brightness follows curve {other} of H.273")),
    };
    if matches!(primaries, 1 | 2) && curve == TransferCharacteristics::Srgb {
        return Ok(Meaning { profile: None, is_linear, hdr: None });
    }
    let primaries = if primaries == 2 { 1 } else { primaries };
    let unknown = || format!("its colours have primaries {primaries} of H.273");
    let number = u8::try_from(primaries).map_err(|_| unknown())?;
    let profile = profile_of(number, curve, name_of(primaries, curve)).ok_or_else(unknown)?;
    Ok(Meaning { profile: Some(profile), is_linear, hdr: None })
}

/// The name of a profile, for people.
fn name_of(primaries: u16, curve: TransferCharacteristics) -> String {
    let primaries = match primaries {
        1 => "BT.709".into(),
        9 => "BT.2020".into(),
        11 => "DCI-P3".into(),
        12 => "Display P3".into(),
        other => format!("Primaries {other} of H.273"),
    };
    match curve {
        TransferCharacteristics::Bt470M => primaries + ", gamma 2.2",
        TransferCharacteristics::Bt470Bg => primaries + ", gamma 2.8",
        _ => primaries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moxcms::ColorProfile;

    #[test]
    fn colours_between_samples_are_interpolated_from_where_they_are() {
        assert_eq!(between(0, 1, false, 3), (0, 0, 0.0));
        assert_eq!(between(1, 1, false, 3), (0, 1, 0.25));
        assert_eq!(between(2, 1, false, 3), (0, 1, 0.75));
        assert_eq!((between(1, 1, true, 3), between(2, 1, true, 3)), ((0, 1, 0.5), (1, 2, 0.0)));
        assert_eq!(between(5, 1, false, 3), (2, 2, 0.25));
        assert_eq!(between(5, 0, false, 9), (5, 5, 0.0));
    }

    #[test]
    fn ranges_end_where_the_standard_says() {
        assert_eq!((unit(16.0, 8, false), unit(235.0, 8, false), unit(255.0, 8, true)), (0.0, 1.0, 1.0));
        assert_eq!((unit(64.0, 10, false), unit(940.0, 10, false), unit(4095.0, 12, true)), (0.0, 1.0, 1.0));
    }

    #[test]
    fn only_other_colours_than_those_of_srgb_have_a_profile() {
        assert_eq!(meaning(1, 13), Ok(Meaning { profile: None, is_linear: false, hdr: None }));
        let profile = meaning(12, 13).unwrap().profile.unwrap();
        let (ours, p3) = (ColorProfile::new_from_slice(&profile).unwrap(), ColorProfile::new_display_p3());
        for (ours, p3) in [(ours.red_colorant, p3.red_colorant), (ours.green_colorant, p3.green_colorant)] {
            assert!([ours.x - p3.x, ours.y - p3.y, ours.z - p3.z].iter().all(|distance| distance.abs() < 1e-3));
        }
        assert!(meaning(2, 8).unwrap().is_linear && meaning(2, 8).unwrap().profile.is_none());
        assert!(meaning(9, 16).unwrap().hdr.is_some() && meaning(12, 18).unwrap().hdr.is_some());
        assert!(meaning(77, 16).unwrap_err().contains("HDR") && meaning(77, 13).unwrap_err().contains("77"));
    }
}
