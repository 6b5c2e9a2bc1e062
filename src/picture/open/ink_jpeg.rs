//! JPEGs that the ordinary decoder would show wrong: which they are, and those in CMYK with a profile of their inks, which it
//! would multiply, so that they look like no print.

use super::failure::OpenFailure;
use super::kind::Kind;
use super::scans::{ApartDecoder, Coding};
use crate::picture::inks::Inks;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageResult, Limits};
use rayon::prelude::*;

/// Pixels that are converted at once.
const BLOCK: usize = 1 << 12;

/// The decoder of a JPEG that the ordinary one would show wrong. Refuses what is not supported.
pub(super) fn apart_jpeg(bytes: Vec<u8>) -> Result<Option<Box<dyn ImageDecoder>>, String> {
    let Some(coding) = Coding::of(&bytes) else { return Ok(None) };
    if let Some(reason) = coding.reason_to_refuse() {
        return Err(reason);
    }
    if !coding.is_apart() && !coding.has_inks() {
        return Ok(None);
    }
    let decoder = ApartDecoder::new(bytes).map_err(|error| OpenFailure::from(error).describe(Kind::JPEG.name()))?;
    let decoder = if coding.has_inks() { InkDecoder::new(decoder) } else { Err(decoder) };
    Ok(match decoder {
        Ok(inks) => Some(Box::new(inks)),
        Err(decoder) => coding.is_apart().then(|| Box::new(decoder) as _),
    })
}

/// Metadata and inks by another decoder, colours by the profile.
pub(super) struct InkDecoder {
    decoder: ApartDecoder,
    inks: Inks,
}

impl InkDecoder {
    /// Gives the decoder back if there is no profile for CMYK.
    pub(super) fn new(mut decoder: ApartDecoder) -> Result<Self, ApartDecoder> {
        let profile = decoder.icc_profile().ok().flatten();
        match profile.and_then(|profile| Inks::of(&profile)) {
            Some(inks) => Ok(Self { decoder, inks }),
            None => Err(decoder),
        }
    }
}

impl ImageDecoder for InkDecoder {
    fn dimensions(&self) -> (u32, u32) {
        self.decoder.dimensions()
    }

    fn color_type(&self) -> ColorType {
        ColorType::Rgb8
    }

    fn original_color_type(&self) -> ExtendedColorType {
        ExtendedColorType::Cmyk8
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.decoder.exif_metadata()
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.decoder.xmp_metadata()
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        self.decoder.set_limits(limits)
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        let stored = self.decoder.inks()?;
        let blocks = out.par_chunks_mut(3 * BLOCK).zip(stored.par_chunks(4 * BLOCK));
        blocks.for_each(|(out, stored)| {
            for (rgb, inks) in out.as_chunks_mut::<3>().0.iter_mut().zip(stored.as_chunks::<4>().0) {
                let color = self.inks.to_srgb(inks.map(|ink| f32::from(ink) / 255.0));
                *rgb = color.map(|value| (value * 255.0 + 0.5) as u8);
            }
        });
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}
