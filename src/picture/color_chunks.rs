//! The ICC profile that says the same as the colour chunks of a PNG: cICP by the code points of ITU-T H.273, cHRM and gAMA
//! by their numbers. So all of them are shown, exported and named as a profile is.
//!
//! Not handled: narrow range and colour differences in cICP, which are left aside with a sentence; and HDR curves (PQ, HLG) of
//! animations and where a picture is read by rectangles; else [`super::hdr`] has them.

use super::hdr::Hdr;
use super::metadata::PngColor;
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, LocalizableString, MatrixCoefficients,
    ProfileText, ToneReprCurve, TransferCharacteristics, XyY,
};

/// What the chunks of sRGB say in numbers (PNG, third edition, 11.3.2.5), and how far others may be from them to say the same.
const SRGB_GAMMA: u32 = 45_455;
const SRGB_CHROMATICITIES: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
const SAME: u32 = 10;

/// The unit of the numbers in PNG.
const UNIT: f64 = 100_000.0;

/// What chunks come to.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// Nothing is there.
    Nothing,
    Srgb,
    /// A profile, encoded.
    Profile(Vec<u8>),
    /// Why what is there cannot be used: half a sentence.
    Unusable(String),
}

/// The HDR that cICP says: of the whole range, and RGB.
pub(super) fn hdr(chunks: &PngColor) -> Option<Hdr> {
    let [primaries, transfer, ..] = chunks.cicp.filter(|[.., matrix, full]| (*matrix, *full) == (0, 1))?;
    Hdr::of(primaries.into(), transfer.into())
}

/// What cICP says, which goes before a profile.
pub(super) fn code_points(chunks: &PngColor) -> Said {
    let Some([primaries, transfer, matrix, full]) = chunks.cicp else { return Said::Nothing };
    let unusable = |why: &str| {
        let range = if full == 1 { "" } else { ", narrow range" };
        Said::Unusable(format!("its cICP chunk ({primaries}, {transfer}, {matrix}{range}) cannot be used: {why}"))
    };
    match (transfer, matrix, full) {
        (16 | 18, 0, 1) if hdr(chunks).is_some() => {
            return unusable("it is for HDR, which is shown of still pictures that are held in memory alone");
        }
        (16 | 18, 0, 1) => return unusable("it is for HDR, of other primaries than those of BT.709, BT.2020 and P3"),
        (_, 0, 1) => {}
        (_, 0, _) => return unusable("its range is narrow"),
        _ => return unusable("it is for colour differences"),
    }
    if (primaries, transfer) == (1, 13) {
        return Said::Srgb;
    }
    by_code_points(primaries, transfer).map_or_else(|| unusable("it names no colours"), Said::Profile)
}

fn by_code_points(primaries: u8, transfer: u8) -> Option<Vec<u8>> {
    let curve = TransferCharacteristics::try_from(transfer).ok()?;
    let name = match (primaries, transfer) {
        (12, 13) => "Display P3".into(),
        (9, 1 | 6 | 14 | 15) => "BT.2020".into(),
        (1, 1 | 6 | 14 | 15) => "BT.709".into(),
        _ => format!("cICP {primaries}/{transfer}"),
    };
    profile_of(primaries, curve, name)
}

/// The profile of colours by the number of their primaries and their curve (ITU-T H.273), under a name for people; nothing if they
/// name no colours.
pub(super) fn profile_of(primaries: u8, curve: TransferCharacteristics, name: String) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(primaries).ok()?,
        transfer_characteristics: curve,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    profile.red_trc.as_ref()?;
    encode(profile, name)
}

/// What sRGB, gAMA and cHRM say, which a profile goes before.
pub(super) fn numbers(chunks: &PngColor) -> Said {
    let PngColor { gamma, chromaticities, is_srgb, .. } = chunks;
    if *is_srgb {
        return Said::Srgb;
    }
    if gamma.is_none() && chromaticities.is_none() {
        return Said::Nothing;
    }
    let is_same = |a: &u32, b: &u32| a.abs_diff(*b) <= SAME;
    let has_srgb_curve = gamma.is_none_or(|gamma| is_same(&gamma, &SRGB_GAMMA));
    let has_srgb_primaries =
        chromaticities.is_none_or(|all| all.iter().zip(&SRGB_CHROMATICITIES).all(|(a, b)| is_same(a, b)));
    if has_srgb_curve && has_srgb_primaries {
        return Said::Srgb;
    }
    let profile = by_numbers(*gamma, chromaticities.unwrap_or(SRGB_CHROMATICITIES));
    profile.map_or_else(
        || Said::Unusable("its gAMA and cHRM chunks cannot be used: no colours are like that".into()),
        Said::Profile,
    )
}

/// Without an exponent the curve is that of sRGB.
fn by_numbers(gamma: Option<u32>, chromaticities: [u32; 8]) -> Option<Vec<u8>> {
    let mut profile = ColorProfile::new_srgb();
    let [white, red, green, blue] = [0, 1, 2, 3].map(|i| {
        let [x, y] = [0, 1].map(|axis| f64::from(chromaticities[2 * i + axis]) / UNIT);
        Chromaticity { x: x as f32, y: y as f32 }
    });
    if [white, red, green, blue].iter().any(|at| at.y <= 0.0) {
        return None;
    }
    let white = XyY { x: f64::from(white.x), y: f64::from(white.y), yb: 1.0 };
    profile.update_rgb_colorimetry(white, ColorPrimaries { red, green, blue });
    let mut name = "PNG".to_owned();
    if let Some(gamma) = gamma {
        let exponent = Some(UNIT / f64::from(gamma)).filter(|exponent| (0.1..=10.0).contains(exponent))?;
        let curve = ToneReprCurve::Parametric(vec![exponent as f32]);
        (profile.red_trc, profile.green_trc, profile.blue_trc) =
            (Some(curve.clone()), Some(curve.clone()), Some(curve));
        name = format!("{name} gamma {exponent:.2}");
    }
    if chromaticities != SRGB_CHROMATICITIES {
        name += " with primaries of its own";
    }
    encode(profile, name)
}

/// Nothing if its primaries span no colours.
fn encode(mut profile: ColorProfile, name: String) -> Option<Vec<u8>> {
    const MOST: f64 = 4.0;
    let colorants = profile.colorant_matrix().v;
    if !colorants.iter().flatten().all(|value| value.abs() < MOST) {
        return None;
    }
    // What the library would write there is not what ICC.1:2022 has there: the matrix of cones, and another white.
    (profile.cicp, profile.chromatic_adaptation) = (None, None);
    profile.media_white_point = Some(Chromaticity::D50.to_xyzd());
    profile.description = Some(ProfileText::Localizable(vec![LocalizableString::new("en".into(), "US".into(), name)]));
    profile.encode().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_mean_srgb_are_srgb() {
        let chunks = |gamma, chromaticities| PngColor { gamma, chromaticities, ..PngColor::default() };
        let all = Some(SRGB_CHROMATICITIES);
        for said in [chunks(Some(45_455), all), chunks(Some(45_455), None), chunks(None, all)] {
            assert_eq!(numbers(&said), Said::Srgb, "{said:?}");
        }
        assert_eq!(numbers(&PngColor::default()), Said::Nothing);
        assert_eq!(numbers(&PngColor { is_srgb: true, ..chunks(Some(100_000), None) }), Said::Srgb);
        assert!(matches!(numbers(&chunks(Some(100_000), all)), Said::Profile(_)));
    }

    #[test]
    fn numbers_without_colours_are_unusable() {
        let flat = Some([31_270, 32_900, 64_000, 33_000, 64_000, 33_000, 15_000, 6_000]);
        for (gamma, chromaticities) in [(Some(0), None), (Some(u32::MAX), None), (None, flat), (None, Some([0; 8]))] {
            let chunks = PngColor { gamma, chromaticities, ..PngColor::default() };
            assert!(matches!(numbers(&chunks), Said::Unusable(_)), "{chunks:?}");
        }
        for cicp in [[9, 16, 0, 1], [9, 18, 0, 1], [1, 13, 1, 1], [1, 13, 0, 0], [0, 13, 0, 1], [1, 2, 0, 1]] {
            let said = code_points(&PngColor { cicp: Some(cicp), ..PngColor::default() });
            assert!(matches!(said, Said::Unusable(_)), "{cicp:?}: {said:?}");
        }
    }
}
