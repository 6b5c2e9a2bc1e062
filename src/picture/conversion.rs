//! From the colours of one profile to those of another.

use super::Raster;
use super::color_table::{ColorTable, Transform, are_same};
use crate::task::survive;
use moxcms::{BarycentricWeightScale, ColorProfile, Layout, ProfileText, RenderingIntent, TransformOptions};
use std::sync::{Arc, OnceLock};

/// Profiles whose colours are all within this of each other are the same: half a step of 8 bits, which nobody sees.
const SAME: f32 = 0.5 / 255.0;

/// Pixels that are transformed at once.
const BLOCK: usize = 4096;

/// How colours of one profile become those of another.
pub(super) struct Conversion {
    pub(super) from: Arc<ColorProfile>,
    to: Arc<ColorProfile>,
    transform: Transform,
    is_to_srgb: bool,
    /// Made when it is first asked for; none if no table is exact enough.
    table: OnceLock<Option<Arc<ColorTable>>>,
}

impl Conversion {
    /// Nothing where both mean the same colours.
    ///
    /// # Errors
    /// A clause for people if one of them cannot be used.
    pub(super) fn new(from: Arc<ColorProfile>, to: Arc<ColorProfile>) -> Result<Option<Self>, String> {
        let transform = transform(&from, &to).ok_or("it does not say how its colours look")?;
        // moxcms goes back by steps where a curve is a table, so it may not see that it is the same.
        let is_identity = is_identity(&transform)? || are_same(&from, &to);
        Ok((!is_identity).then(|| Self { from, to, transform, is_to_srgb: false, table: OnceLock::new() }))
    }

    /// The same to sRGB.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn to_srgb(from: Arc<ColorProfile>) -> Result<Option<Self>, String> {
        let conversion = Self::new(from, Arc::new(ColorProfile::new_srgb()))?;
        Ok(conversion.map(|conversion| Self { is_to_srgb: true, ..conversion }))
    }

    /// Converts rendered pixels. Opacity is left alone.
    pub(super) fn apply(&self, raster: &mut Raster) {
        let channels = raster.channels;
        // In the dark these curves are finer than the library's; that of sRGB is not needed for it.
        let table = if self.is_to_srgb { None } else { self.table() };
        if let Some(table) = table.filter(|table| table.has_end_curves()) {
            for pixel in raster.data.chunks_exact_mut(channels) {
                let color = [pixel[0], pixel[1], pixel[2]].map(|v| v.clamp(0.0, 1.0));
                pixel[..3].copy_from_slice(&table.converted(color));
            }
            return;
        }
        let (mut from, mut to) = (vec![0.0; BLOCK * 3], vec![0.0; BLOCK * 3]);
        for block in raster.data.chunks_mut(BLOCK * channels) {
            let len = block.len() / channels * 3;
            for (rgb, pixel) in from.chunks_exact_mut(3).zip(block.chunks_exact(channels)) {
                rgb.iter_mut().zip(pixel).for_each(|(to, from)| *to = from.clamp(0.0, 1.0));
            }
            if self.transform.transform(&from[..len], &mut to[..len]).is_err() {
                return; // only lengths that do not fit can fail, and these do
            }
            for (pixel, rgb) in block.chunks_exact_mut(channels).zip(to.chunks_exact(3)) {
                pixel.iter_mut().zip(rgb).for_each(|(to, from)| *to = from.clamp(0.0, 1.0));
            }
        }
    }

    /// The same as a table, if one is exact enough. The first time it is made, which takes some milliseconds.
    pub(super) fn table(&self) -> Option<&Arc<ColorTable>> {
        // Readers of damaged files have been known to panic.
        let make = || survive(|| ColorTable::new(&self.from, &self.to, &self.transform))?;
        self.table.get_or_init(|| make().map(Arc::new)).as_ref()
    }

    /// The same if it was made before.
    pub(super) fn known_table(&self) -> Option<&Arc<ColorTable>> {
        self.table.get()?.as_ref()
    }
}

/// What a profile is, in bytes.
///
/// # Errors
/// A clause for people if that cannot be told.
pub(super) fn profile_of(bytes: &[u8]) -> Result<ColorProfile, String> {
    // Readers of damaged files have been known to panic.
    let read = survive(|| ColorProfile::new_from_slice(bytes).ok()).flatten();
    let mut profile = read.ok_or("it is damaged")?;
    // Where an intent has no table of its own, that of another counts (ICC.1, 9.1).
    let ways = [
        (&mut profile.lut_a_to_b_colorimetric, &mut profile.lut_a_to_b_perceptual),
        (&mut profile.lut_b_to_a_colorimetric, &mut profile.lut_b_to_a_perceptual),
    ];
    for (colorimetric, perceptual) in ways {
        if colorimetric.is_none() {
            colorimetric.clone_from(perceptual);
        } else if perceptual.is_none() {
            perceptual.clone_from(colorimetric);
        }
    }
    Ok(profile)
}

fn transform(from: &ColorProfile, to: &ColorProfile) -> Option<Transform> {
    let with = |rendering_intent| {
        // Between the levels of 8 bits a table's colours would else be up to nine of them off.
        let barycentric_weight_scale = BarycentricWeightScale::High;
        let options = TransformOptions { rendering_intent, barycentric_weight_scale, ..TransformOptions::default() };
        from.create_transform_f32(Layout::Rgb, to, Layout::Rgb, options).ok()
    };
    let transform: Transform =
        with(RenderingIntent::RelativeColorimetric).or_else(|| with(RenderingIntent::Perceptual))?;
    Some(transform)
}

/// Whether nine levels of each channel, and all greys, come out as they went in.
fn is_identity(transform: &Transform) -> Result<bool, String> {
    let level = |i: usize| i as f32 / 8.0;
    let cube = (0..729).flat_map(|i| [level(i % 9), level(i / 9 % 9), level(i / 81)]);
    let from: Vec<f32> = cube.chain((0..=255).flat_map(|i| [i as f32 / 255.0; 3])).collect();
    let mut to = vec![0.0; from.len()];
    transform.transform(&from, &mut to).map_err(|_| "it is damaged")?;
    if to.iter().any(|v| !v.is_finite()) {
        return Err("it is damaged".into());
    }
    Ok(from.iter().zip(&to).all(|(a, b)| (a - b).abs() < SAME))
}

/// A profile's own name.
pub(super) fn name_of(profile: &ColorProfile) -> Option<String> {
    let name = match profile.description.as_ref()? {
        ProfileText::PlainString(text) => text.clone(),
        ProfileText::Localizable(texts) => texts.first()?.value.clone(),
        ProfileText::Description(text) => text.ascii_string.clone(),
    };
    let name = name.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_owned();
    (!name.is_empty()).then_some(name)
}
