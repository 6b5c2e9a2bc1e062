//! Colour management: what a picture's numbers mean, and how they become the screen's.
//!
//! Models run on the file's own encoded RGB, so nothing here changes a picture. [`ColorSpace::show`] turns rendered
//! pixels into those of the screen ([`Screen`]) on their way there; exports carry the profile instead. CMYK becomes sRGB
//! when it is opened ([`super::inks`]).

use super::color_chunks::{Said, code_points, numbers};
use super::color_table::ColorTable;
use super::conversion::{Conversion, name_of, profile_of};
use super::metadata::PngColor;
use super::{Raster, Screen};
use crate::task::survive;
use moxcms::{ColorProfile, DataColorSpace, ToneReprCurve};
use std::fmt;
use std::sync::Arc;

/// What the RGB of a picture means.
#[derive(Clone, Default)]
pub struct ColorSpace {
    /// The profile's own name; none without a profile.
    name: Option<String>,
    /// None for sRGB.
    to_srgb: Option<Arc<Conversion>>,
    /// None for the screen's own numbers.
    to_screen: Option<Arc<Conversion>>,
}

impl fmt::Debug for ColorSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ColorSpace {
    /// As a screen shows it that is sRGB.
    fn new(name: Option<String>, to_srgb: Option<Conversion>) -> Self {
        let to_srgb = to_srgb.map(Arc::new);
        Self { name, to_screen: to_srgb.clone(), to_srgb }
    }

    /// The same, whose profile this is, as another screen shows it.
    #[must_use]
    pub(super) fn seen_on(self, screen: &Screen, profile: Option<&[u8]>) -> Self {
        let is_screens = profile.is_some_and(|profile| screen.is_described_by(profile));
        let to_screen = if is_screens { None } else { screen.conversion(self.to_srgb.as_ref()) };
        Self { to_screen, ..self }
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("sRGB")
    }

    /// Whether its numbers are sRGB's already.
    pub fn is_srgb(&self) -> bool {
        self.to_srgb.is_none()
    }

    /// Whether its numbers are the screen's already.
    pub fn is_screens(&self) -> bool {
        self.to_screen.is_none()
    }

    /// Turns rendered pixels, in this space, into sRGB. Opacity is left alone; sRGB is left alone altogether.
    pub fn convert_to_srgb(&self, raster: &mut Raster) {
        if let Some(to_srgb) = &self.to_srgb {
            to_srgb.apply(raster);
        }
    }

    /// Turns rendered pixels, in this space, into the numbers that the screen is given. Opacity is left alone.
    pub fn show(&self, raster: &mut Raster) {
        if let Some(to_screen) = &self.to_screen {
            to_screen.apply(raster);
        }
    }

    /// What [`Self::show`] does as a table, for shaders; none where that is nothing, or if no table is exact enough. The first
    /// time it is made, which takes some milliseconds.
    pub fn table(&self) -> Option<&Arc<ColorTable>> {
        self.to_screen.as_ref()?.table()
    }

    /// The same if it was made before.
    pub fn known_table(&self) -> Option<&Arc<ColorTable>> {
        self.to_screen.as_ref()?.known_table()
    }

    /// Curves and a matrix to sRGB, if it is these, also of sRGB.
    pub(super) fn curves(&self) -> Option<Arc<ColorTable>> {
        let table = if let Some(to_srgb) = &self.to_srgb {
            to_srgb.table().cloned()
        } else {
            let srgb = ColorProfile::new_srgb();
            ColorTable::of_curves(&srgb, &srgb).map(Arc::new)
        };
        table.filter(|table| table.matrix.is_some())
    }
}

/// What the samples of a file are, as far as a profile cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SampleSource {
    Rgb,
    Grey,
    /// Converted by the decoder, so that the file's profile no longer describes the samples.
    Converted,
}

/// What an embedded profile came to.
#[derive(Debug, Default)]
pub(super) struct Interpreted {
    pub(super) space: ColorSpace,
    /// The profile that describes the RGB samples and an export should embed.
    pub(super) icc_profile: Option<Vec<u8>>,
    /// What the person should know.
    pub(super) notice: Option<String>,
}

/// What a file says of its colours, in as many ways as it has.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// The embedded profile.
    pub(super) profile: Option<Vec<u8>>,
    pub(super) png: PngColor,
    /// The camera wrote Adobe RGB, in EXIF alone.
    pub(super) is_adobe_rgb: bool,
}

/// Reads what a file says of its colours. The first that is there counts, in the order of PNG's third edition (4.3): cICP, the
/// profile, sRGB, gAMA and cHRM; then EXIF. What cannot be used is left aside, with a notice.
pub(super) fn interpret(claims: Claims, source: SampleSource) -> Interpreted {
    if source == SampleSource::Converted {
        return Interpreted::default();
    }
    let Claims { profile, png, is_adobe_rgb } = claims;
    let is_adobe_rgb = is_adobe_rgb && source == SampleSource::Rgb;
    let embedded = profile.map_or(Said::Nothing, Said::Profile);
    let camera = if is_adobe_rgb { Said::Profile(adobe_rgb()) } else { Said::Nothing };
    let mut left_aside = Vec::new();
    for said in [code_points(&png), embedded, numbers(&png), camera] {
        let used = match said {
            Said::Nothing => continue,
            Said::Srgb => Ok(Interpreted::default()),
            // Readers of damaged files have been known to panic.
            Said::Profile(bytes) => survive(|| read(bytes, source))
                .unwrap_or_else(|| Err("it is damaged".into()))
                .map_err(|reason| format!("its colour profile cannot be used ({reason})")),
            Said::Unusable(reason) => Err(reason),
        };
        match used {
            Ok(interpreted) => return Interpreted { notice: notice(left_aside, &interpreted.space), ..interpreted },
            Err(reason) => left_aside.push(reason),
        }
    }
    Interpreted { notice: notice(left_aside, &ColorSpace::default()), ..Interpreted::default() }
}

/// What could not be used, and what it is taken for instead.
fn notice(left_aside: Vec<String>, space: &ColorSpace) -> Option<String> {
    let reasons = left_aside.into_iter().reduce(|first, second| format!("{first}, and {second}"))?;
    Some(format!("{reasons}, so it is shown and exported as {}", space.name()))
}

fn adobe_rgb() -> Vec<u8> {
    ColorProfile::new_adobe_rgb().encode().unwrap_or_default()
}

fn read(bytes: Vec<u8>, source: SampleSource) -> Result<Interpreted, String> {
    let profile = profile_of(&bytes)?;
    let name = name_of(&profile);
    let (profile, bytes) = match (profile.color_space, source) {
        (DataColorSpace::Rgb, _) => (profile, bytes),
        (DataColorSpace::Gray, SampleSource::Grey) => rgb_from_grey(&profile)?,
        (other, _) => return Err(format!("it is for another kind of picture, {other:?}")),
    };
    let to_srgb = Conversion::to_srgb(Arc::new(profile))?;
    Ok(Interpreted { space: ColorSpace::new(name, to_srgb), icc_profile: Some(bytes), notice: None })
}

/// What RGB samples mean that an [interpreted](interpret) profile describes.
pub(super) fn of_samples(profile: &[u8]) -> ColorSpace {
    // Readers of damaged files have been known to panic.
    let read = survive(|| read(profile.to_vec(), SampleSource::Rgb).ok());
    read.flatten().map(|interpreted| interpreted.space).unwrap_or_default()
}

/// Rows that lead from the linear light of an RGB profile's primaries to that of sRGB's, whatever its curves are; nothing if it says
/// none.
pub(super) fn matrix_to_srgb(profile: &[u8]) -> Option<[[f32; 3]; 3]> {
    let rows = || {
        let profile = profile_of(profile).ok()?;
        let matrix = profile.transform_matrix(&ColorProfile::new_srgb()).v.map(|row| row.map(|v| v as f32));
        let is_known =
            profile.color_space == DataColorSpace::Rgb && matrix.as_flattened().iter().all(|v| v.is_finite());
        is_known.then_some(matrix)
    };
    // Readers of damaged files have been known to panic.
    survive(rows)?
}

/// The RGB profile in which equal values look like the grey of a grey profile: the same curve three times.
fn rgb_from_grey(grey: &ColorProfile) -> Result<(ColorProfile, Vec<u8>), String> {
    let curve: ToneReprCurve = grey.gray_trc.clone().ok_or("it has no curve")?;
    let mut rgb = ColorProfile::new_srgb();
    (rgb.red_trc, rgb.green_trc, rgb.blue_trc) = (Some(curve.clone()), Some(curve.clone()), Some(curve));
    rgb.cicp = None;
    rgb.description.clone_from(&grey.description);
    let bytes = rgb.encode().map_err(|_| "its curve is damaged")?;
    // Read back, so that the screen shows what the bytes say.
    let rgb = profile_of(&bytes)?;
    Ok((rgb, bytes))
}
