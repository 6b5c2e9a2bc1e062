//! Colour management: what a picture's numbers mean, and how they become the screen's.
//!
//! Models run on the file's own encoded RGB, so nothing here changes a picture. [`ColorSpace::show`] turns rendered
//! pixels into sRGB on their way to the screen; exports carry the profile instead. CMYK becomes sRGB when it is opened
//! ([`super::inks`]). Not handled: the screen's own profile (it is taken for sRGB).

use super::Raster;
use super::color_chunks::{Said, code_points, numbers};
use super::color_table::{ColorTable, Transform};
use super::metadata::PngColor;
use crate::task::survive;
use moxcms::{
    BarycentricWeightScale, ColorProfile, DataColorSpace, Layout, ProfileText, RenderingIntent, ToneReprCurve,
    TransformOptions,
};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Profiles whose colours are all within this of sRGB's are sRGB: half a step of 8 bits, which nobody sees.
const SAME: f32 = 0.5 / 255.0;

/// Pixels that are transformed at once.
const BLOCK: usize = 4096;

/// How colours that are not sRGB become it.
struct ToSrgb {
    profile: ColorProfile,
    transform: Transform,
    /// Made when it is first asked for; none if no table is exact enough.
    table: OnceLock<Option<Arc<ColorTable>>>,
}

/// What the RGB of a picture means.
#[derive(Clone, Default)]
pub struct ColorSpace {
    /// The profile's own name; none without a profile.
    name: Option<String>,
    /// None for sRGB.
    to_srgb: Option<Arc<ToSrgb>>,
}

impl fmt::Debug for ColorSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ColorSpace {
    /// Its name for people.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("sRGB")
    }

    /// Whether its numbers are the screen's already.
    pub fn is_srgb(&self) -> bool {
        self.to_srgb.is_none()
    }

    /// Turns rendered pixels, in this space, into sRGB for the screen. Opacity is left alone; sRGB is left alone
    /// altogether.
    pub fn show(&self, raster: &mut Raster) {
        let Some(to_srgb) = &self.to_srgb else { return };
        let channels = raster.channels;
        let (mut from, mut to) = (vec![0.0; BLOCK * 3], vec![0.0; BLOCK * 3]);
        for block in raster.data.chunks_mut(BLOCK * channels) {
            let len = block.len() / channels * 3;
            for (rgb, pixel) in from.chunks_exact_mut(3).zip(block.chunks_exact(channels)) {
                rgb.iter_mut().zip(pixel).for_each(|(to, from)| *to = from.clamp(0.0, 1.0));
            }
            if to_srgb.transform.transform(&from[..len], &mut to[..len]).is_err() {
                return; // only lengths that do not fit can fail, and these do
            }
            for (pixel, rgb) in block.chunks_exact_mut(channels).zip(to.chunks_exact(3)) {
                pixel.iter_mut().zip(rgb).for_each(|(to, from)| *to = from.clamp(0.0, 1.0));
            }
        }
    }

    /// The same as a table, for shaders; none for sRGB, or if no table is exact enough. The first time it is made, which takes
    /// some milliseconds.
    pub fn table(&self) -> Option<&Arc<ColorTable>> {
        let to_srgb = self.to_srgb.as_ref()?;
        to_srgb.table.get_or_init(|| to_srgb.make_table().map(Arc::new)).as_ref()
    }

    /// The same if it is curves and a matrix, also of sRGB.
    pub(super) fn curves(&self) -> Option<Arc<ColorTable>> {
        let table = if self.is_srgb() {
            ColorTable::of_curves(&ColorProfile::new_srgb()).map(Arc::new)
        } else {
            self.table().cloned()
        };
        table.filter(|table| table.to_srgb.is_some())
    }

    /// The same if it was made before.
    pub fn known_table(&self) -> Option<&Arc<ColorTable>> {
        self.to_srgb.as_ref()?.table.get()?.as_ref()
    }
}

impl ToSrgb {
    fn make_table(&self) -> Option<ColorTable> {
        // Readers of damaged files have been known to panic.
        survive(|| ColorTable::new(&self.profile, &self.transform))?
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
    let profile = ColorProfile::new_from_slice(&bytes).map_err(|_| "it is damaged")?;
    let name = name_of(&profile);
    let (profile, bytes) = match (profile.color_space, source) {
        (DataColorSpace::Rgb, _) => (profile, bytes),
        (DataColorSpace::Gray, SampleSource::Grey) => rgb_from_grey(&profile)?,
        (other, _) => return Err(format!("it is for another kind of picture, {other:?}")),
    };
    let transform = transform(&profile).ok_or("it does not say how its colours look")?;
    let is_srgb = is_identity(&transform)?;
    let to_srgb = (!is_srgb).then(|| Arc::new(ToSrgb { profile, transform, table: OnceLock::new() }));
    Ok(Interpreted { space: ColorSpace { name, to_srgb }, icc_profile: Some(bytes), notice: None })
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
        let profile = ColorProfile::new_from_slice(profile).ok()?;
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
    let rgb = ColorProfile::new_from_slice(&bytes).map_err(|_| "its curve is damaged")?;
    Ok((rgb, bytes))
}

fn transform(profile: &ColorProfile) -> Option<Transform> {
    let srgb = ColorProfile::new_srgb();
    let with = |rendering_intent| {
        // Between the levels of 8 bits a table's colours would else be up to nine of them off.
        let barycentric_weight_scale = BarycentricWeightScale::High;
        let options = TransformOptions { rendering_intent, barycentric_weight_scale, ..TransformOptions::default() };
        profile.create_transform_f32(Layout::Rgb, &srgb, Layout::Rgb, options).ok()
    };
    let transform: Transform =
        with(RenderingIntent::RelativeColorimetric).or_else(|| with(RenderingIntent::Perceptual))?;
    Some(transform)
}

/// Whether nine levels of each channel, and all greys, come out as they went in.
fn is_identity(to_srgb: &Transform) -> Result<bool, String> {
    let level = |i: usize| i as f32 / 8.0;
    let cube = (0..729).flat_map(|i| [level(i % 9), level(i / 9 % 9), level(i / 81)]);
    let from: Vec<f32> = cube.chain((0..=255).flat_map(|i| [i as f32 / 255.0; 3])).collect();
    let mut to = vec![0.0; from.len()];
    to_srgb.transform(&from, &mut to).map_err(|_| "it is damaged")?;
    if to.iter().any(|v| !v.is_finite()) {
        return Err("it is damaged".into());
    }
    Ok(from.iter().zip(&to).all(|(a, b)| (a - b).abs() < SAME))
}

fn name_of(profile: &ColorProfile) -> Option<String> {
    let name = match profile.description.as_ref()? {
        ProfileText::PlainString(text) => text.clone(),
        ProfileText::Localizable(texts) => texts.first()?.value.clone(),
        ProfileText::Description(text) => text.ascii_string.clone(),
    };
    let name = name.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_owned();
    (!name.is_empty()).then_some(name)
}
