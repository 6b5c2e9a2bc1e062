//! What a file says about its pixels: metadata, colours, and how it is to be turned.

use super::{in_a_row, light, limit};
use crate::picture::Metadata;
use crate::picture::color::{self, Claims, SampleSource};
use crate::picture::metadata::{Remarks, is_adobe_rgb, without_prefix, xmp};
use image::ImageDecoder;
use image::metadata::Orientation;

/// What a file says about its pixels.
pub(super) struct About {
    pub(super) metadata: Metadata,
    pub(super) color: color::Interpreted,
    pub(super) orientation: Orientation,
}

pub(super) fn about(decoder: &mut impl ImageDecoder, remarks: Remarks) -> About {
    let mut long = Vec::new();
    let mut exif = limit::kept("EXIF block", remarks.exif.or_else(|| read_exif(decoder)), &mut long);
    let xmp = remarks.xmp.or_else(|| decoder.xmp_metadata().ok().flatten());
    let xmp = limit::kept("XMP packet", xmp, &mut long);
    let orientation = orientation_of(remarks.orientation, exif.as_deref_mut(), xmp.as_deref());
    let xmp = xmp.and_then(xmp::upright);
    let is_adobe_rgb = exif.as_deref().is_some_and(is_adobe_rgb);
    let profile = limit::kept("colour profile", decoder.icc_profile().ok().flatten(), &mut long);
    let claims = Claims { profile, png: remarks.png_color, is_adobe_rgb };
    let mut color = color::interpret(claims, source_of(decoder));
    color.notice = in_a_row([color.notice].into_iter().chain(long.into_iter().map(Some)));
    let iptc = remarks.iptc;
    let metadata = Metadata { icc_profile: color.icc_profile.take(), exif, xmp, iptc, dpi: None };
    About { metadata, color, orientation }
}

/// The EXIF block. Damaged metadata is no reason to refuse a picture.
pub(super) fn read_exif(decoder: &mut impl ImageDecoder) -> Option<Vec<u8>> {
    let exif = decoder.exif_metadata().ok().flatten().filter(|exif| !exif.is_empty())?;
    Some(without_prefix(exif))
}

/// How the picture is to be turned: what the file itself says, or EXIF, or XMP. The EXIF block is upright afterwards.
fn orientation_of(own: Option<u8>, exif: Option<&mut [u8]>, xmp: Option<&[u8]>) -> Orientation {
    let from_exif = exif.and_then(Orientation::remove_from_exif_chunk);
    let known = own.and_then(Orientation::from_exif).or(from_exif);
    let from_xmp = || xmp.and_then(xmp::orientation).and_then(Orientation::from_exif);
    known.or_else(from_xmp).unwrap_or(Orientation::NoTransforms)
}

/// What the decoder's samples are.
pub(super) fn source_of(decoder: &impl ImageDecoder) -> SampleSource {
    use image::ExtendedColorType::{Cmyk8, Cmyk16, Unknown};
    let color = decoder.color_type();
    // The last is what our own decoder says of CMYK and Lab that it has turned into sRGB.
    let is_srgb = matches!(decoder.original_color_type(), Cmyk8 | Cmyk16 | Unknown(_));
    match color.has_color() {
        // Light gets the sRGB curve.
        _ if light::is_light(color) || is_srgb => SampleSource::Converted,
        true => SampleSource::Rgb,
        false => SampleSource::Grey,
    }
}
