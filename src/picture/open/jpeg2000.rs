//! JPEG 2000 (ISO/IEC 15444-1): bare and in boxes; grey, RGB, YCbCr, palettes and CMYK, with opacity.
//!
//! Components of up to 8 bits become 8, deeper ones 16, each scaled by its own range. CMYK becomes sRGB by its profile,
//! or by multiplication where it has none, as in TIFF. Files that are cut off are refused: the decoder would fill what is missing.
//! Not handled, and refused by name: signed components, Lab, more channels than colours and opacity.

use super::convert::color_type;
use super::failure::{damaged, too_large, unsupported};
use super::limit::MAX_METADATA_BYTES;
use crate::picture::boxes::{BoxPlace, boxes_of_file};
use crate::picture::inks::Inks;
use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecoderContext, Image};
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageResult};
use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom};

/// XMP's identifier of a `uuid` box.
const XMP_ID: [u8; 16] =
    [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];

/// EXIF's.
const EXIF_ID: &[u8; 16] = b"JpgTiffExif->JP2";

/// Bytes that the decoder takes for each sample: coefficients, and the samples themselves, in 32 bits each.
const WORKING_BYTES: u64 = 8;

/// Decodes the picture.
pub(super) struct Jpeg2000Decoder {
    boxes: Vec<BoxPlace>,
    size: (u32, u32),
    shape: Shape,
    profile: Option<Vec<u8>>,
    /// What a profile says of inks.
    inks: Option<Box<Inks>>,
    bytes: Vec<u8>,
}

/// What its channels are.
#[derive(Clone, Copy, PartialEq)]
struct Shape {
    is_deep: bool,
    has_alpha: bool,
    colors: Colors,
}

#[derive(Clone, Copy, PartialEq)]
enum Colors {
    Grey,
    Rgb,
    Cmyk,
}

impl Colors {
    fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

impl Jpeg2000Decoder {
    /// Takes the file into memory and reads its headers. Refuses what could not be decoded within `most_bytes`.
    pub(super) fn new(mut reader: impl Read + Seek, most_bytes: u64) -> ImageResult<Self> {
        let mut bytes = Vec::new();
        reader.seek(SeekFrom::Start(0))?;
        reader.read_to_end(&mut bytes)?;
        let boxes = boxes_of(&bytes);
        let depths = checked_depths(code_of(&bytes, &boxes))?;
        let image = Image::new(&bytes, &settings()).map_err(damaged)?;
        // A palette's entries may be deeper than its indices; 16 bits hold all.
        let has_palette = depths.len() == 1 && image.color_space().num_channels() > 1;
        let is_deep = depths.iter().any(|depth| depth + 1 > 8) || has_palette && image.original_bit_depth() > 8;
        let (colors, profile) = colors_of(&image)?;
        let shape = Shape { is_deep, has_alpha: image.has_alpha(), colors };
        let size = (image.width(), image.height());
        let components = (depths.len() as u64).max(u64::from(image.color_space().num_channels()));
        let needed = (u64::from(size.0) * u64::from(size.1)).saturating_mul(components * WORKING_BYTES);
        if needed > most_bytes {
            return Err(too_large());
        }
        let inks = profile.as_ref().filter(|_| colors == Colors::Cmyk).and_then(|profile| Inks::of(profile));
        Ok(Self { boxes, size, shape, profile, inks: inks.map(Box::new), bytes })
    }

    fn decode(self, out: &mut [u8]) -> ImageResult<()> {
        let image = Image::new(&self.bytes, &settings()).map_err(damaged)?;
        let mut context = DecoderContext::default();
        let decoded = image.decode(&mut context).map_err(damaged)?;
        let components = decoded.components();
        let channels = self.shape.colors.count() + usize::from(self.shape.has_alpha);
        let pixels = self.size.0 as usize * self.size.1 as usize;
        if components.len() != channels || components.iter().any(|component| component.samples().len() < pixels) {
            return Err(unsupported("it has more channels than colours and opacity"));
        }
        let unit = |channel: usize, pixel: usize| {
            let component = &components[channel];
            let most = 2f32.powi(i32::from(component.bit_depth())) - 1.0;
            (component.samples()[pixel] / most).clamp(0.0, 1.0)
        };
        let made = usize::from(self.color_type().channel_count());
        for (pixel, out) in out.chunks_exact_mut(usize::from(self.color_type().bytes_per_pixel())).enumerate() {
            let inks = || [0, 1, 2, 3].map(|channel| unit(channel, pixel));
            let printed = self.inks.as_ref().map(|profile| profile.to_srgb(inks()));
            for channel in 0..made {
                let value = match (self.shape.colors, printed) {
                    (Colors::Cmyk, Some(color)) if channel < 3 => color[channel],
                    (Colors::Cmyk, None) if channel < 3 => (1.0 - unit(channel, pixel)) * (1.0 - unit(3, pixel)),
                    (Colors::Cmyk, _) => unit(4, pixel),
                    _ => unit(channel, pixel),
                };
                if self.shape.is_deep {
                    let value = (value * 65535.0 + 0.5) as u16;
                    out[2 * channel..2 * channel + 2].copy_from_slice(&value.to_ne_bytes());
                } else {
                    out[channel] = (value * 255.0 + 0.5) as u8;
                }
            }
        }
        Ok(())
    }

    fn uuid_body(&self, id: &[u8; 16]) -> Option<Vec<u8>> {
        let mut file = Cursor::new(&self.bytes);
        let mut uuids = self.boxes.iter().filter(|found| &found.kind == b"uuid");
        let mut bodies = uuids.by_ref().filter_map(|found| found.body(&mut file, 0, MAX_METADATA_BYTES));
        bodies.find_map(|body| body.strip_prefix(id).map(<[u8]>::to_vec))
    }
}

fn settings() -> DecodeSettings {
    DecodeSettings { strict: false, ..DecodeSettings::default() }
}

/// What the channels are, and the profile that says what they mean.
fn colors_of(image: &Image) -> ImageResult<(Colors, Option<Vec<u8>>)> {
    match image.color_space() {
        ColorSpace::Gray => Ok((Colors::Grey, None)),
        ColorSpace::RGB => Ok((Colors::Rgb, None)),
        ColorSpace::CMYK => Ok((Colors::Cmyk, None)),
        ColorSpace::Icc { profile, .. } => match profile.get(16..20) {
            Some(b"GRAY") => Ok((Colors::Grey, Some(profile.clone()))),
            Some(b"RGB ") => Ok((Colors::Rgb, Some(profile.clone()))),
            Some(b"CMYK") => Ok((Colors::Cmyk, Some(profile.clone()))),
            _ => Err(unsupported("its colours are in Lab")),
        },
        ColorSpace::Unknown { num_channels } => Err(unsupported(format!("it has {num_channels} unknown channels"))),
    }
}

/// The whole-number samples of code inside of another file, without regard to boxes around it: pixel by pixel, and the
/// bits of the deepest. None if it is not of an expected width and height, or not of so many channels.
pub(super) fn stored_samples(
    bytes: &[u8],
    is_expected: impl Fn(usize, usize) -> bool,
    channels: usize,
) -> ImageResult<Option<(Vec<u64>, u32)>> {
    let code = code_of(bytes, &boxes_of(bytes));
    let depths = checked_depths(code)?;
    let image = Image::new(code, &settings()).map_err(damaged)?;
    let (width, rows) = (image.width() as usize, image.height() as usize);
    if !is_expected(width, rows) || depths.len() != channels {
        return Ok(None);
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(damaged)?;
    let components = decoded.components();
    if components.len() != channels || components.iter().any(|component| component.samples().len() < width * rows) {
        return Ok(None);
    }
    let most = |channel: usize| 2f32.powi(i32::from(components[channel].bit_depth())) - 1.0;
    let stored =
        |i: usize| components[i % channels].samples()[i / channels].round().clamp(0.0, most(i % channels)) as u64;
    let deepest = components.iter().map(|component| u32::from(component.bit_depth())).max().unwrap_or(0);
    Ok(Some(((0..width * rows * channels).map(stored).collect(), deepest)))
}

/// Of each component the bits less one, if it is there as a whole, and has no signs.
fn checked_depths(code: &[u8]) -> ImageResult<Vec<u8>> {
    let depths = depths(code).ok_or_else(|| damaged("its header cannot be read"))?;
    if !is_complete(code, tiles(code).unwrap_or(u64::MAX)) {
        return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
    }
    if depths.iter().any(|depth| depth & 0x80 != 0) {
        return Err(unsupported("its components have signs"));
    }
    Ok(depths)
}

/// None of bare code.
fn boxes_of(bytes: &[u8]) -> Vec<BoxPlace> {
    if bytes.starts_with(&[0xff, 0x4f]) { Vec::new() } else { boxes_of_file(&mut Cursor::new(bytes)) }
}

/// The code without the boxes around it.
fn code_of<'a>(bytes: &'a [u8], boxes: &[BoxPlace]) -> &'a [u8] {
    let place = boxes.iter().find(|found| &found.kind == b"jp2c");
    place.map_or(bytes, |place| &bytes[place.start as usize..place.end as usize])
}

/// Of each component: its bits less one, and the highest bit if it has a sign.
fn depths(code: &[u8]) -> Option<Vec<u8>> {
    let header = code.strip_prefix(&[0xff, 0x4f, 0xff, 0x51])?;
    let count = usize::from(u16::from_be_bytes(*header.get(36..)?.first_chunk()?));
    let components = header.get(38..38 + 3 * count)?;
    Some(components.as_chunks::<3>().0.iter().map(|[depth, ..]| *depth).collect())
}

/// How many tiles there are.
fn tiles(code: &[u8]) -> Option<u64> {
    let number = |at: usize| Some(u64::from(u32::from_be_bytes(*code.get(at..)?.first_chunk()?)));
    // The far end of the picture, the side of a tile, and where the first one begins.
    let along = |axis: usize| {
        let (end, side, start) = (number(8 + axis)?, number(24 + axis)?, number(32 + axis)?);
        Some(end.checked_sub(start)?.div_ceil(side.max(1)))
    };
    along(0)?.checked_mul(along(4)?)
}

/// Whether all parts of so many tiles are there. Headers that cannot be followed are left to the decoder.
fn is_complete(code: &[u8], tiles: u64) -> bool {
    let (long, short) = (
        |at: usize| code.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes) as usize),
        |at: usize| code.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes)),
    );
    let (mut at, mut parts) = (2, 0);
    loop {
        match short(at) {
            // A part of a tile says its length, or reaches to the end of the code.
            Some(0xff90) => match long(at + 6) {
                Some(0) => return parts + 1 >= tiles && code.ends_with(&[0xff, 0xd9]),
                Some(len) if len >= 12 && at + len <= code.len() => (at, parts) = (at + len, parts + 1),
                _ => return false,
            },
            // The end, which some programs leave out.
            Some(0xffd9) | None => return parts >= tiles,
            Some(0xff4f..=0xffff) => match short(at + 2) {
                Some(len) => at += 2 + usize::from(len),
                None => return false,
            },
            Some(_) => return true,
        }
    }
}

impl ImageDecoder for Jpeg2000Decoder {
    fn dimensions(&self) -> (u32, u32) {
        self.size
    }

    fn color_type(&self) -> ColorType {
        color_type(self.shape.colors == Colors::Grey, self.shape.has_alpha, self.shape.is_deep)
    }

    fn original_color_type(&self) -> ExtendedColorType {
        if self.shape.colors == Colors::Cmyk { ExtendedColorType::Cmyk8 } else { self.color_type().into() }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.profile.clone())
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.uuid_body(EXIF_ID))
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.uuid_body(&XMP_ID))
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.decode(out)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).decode(out)
    }
}
