//! JPEGs with a gain map (Ultra HDR, ISO 21496-1): behind the picture lies a second one, which says how bright its light is.
//! Page 1 is the picture as every program shows it, page 2 its light, by [`GainMap`].
//!
//! Not handled: the gain maps of Apple's older files, whose meaning is in notes of the camera's maker; those of AVIF, HEIC and
//! JPEG XL.

use super::about::{read_exif, source_of};
use super::failure::unsupported;
use super::jpeg::end_of;
use crate::picture::color::{Claims, ColorSpace, SampleSource, interpret};
use crate::picture::color_table::{ColorTable, mixed};
use crate::picture::gain_map::GainMap;
use crate::picture::metadata::{PngColor, is_adobe_rgb};
use crate::picture::segments::segments;
use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, ImageResult, Limits, RgbImage};
use rayon::prelude::*;
use std::io::Cursor;
use std::sync::Arc;

/// How segments begin that hold an XMP packet, or say the gain map's numbers.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0";

/// A JPEG begins so.
const START: [u8; 3] = [0xff, 0xd8, 0xff];

/// Pictures behind the first one that are looked at.
const MOST_PICTURES: usize = 16;

/// A gain map as it lies in a file.
#[derive(Clone)]
pub(super) struct StoredGainMap {
    meaning: GainMap,
    /// A JPEG.
    code: Vec<u8>,
}

impl StoredGainMap {
    /// That of a JPEG file; nothing if it has none that can be used.
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        if !segments(file).any(is_told) {
            return None;
        }
        // Films and other pictures may lie between, in which bytes look like the start of a picture.
        let behind = &file[end_of(file)?..];
        let starts = behind.windows(START.len()).enumerate().filter(|(_, bytes)| *bytes == START);
        starts.take(MOST_PICTURES).find_map(|(start, _)| {
            let code = &behind[start..];
            let meaning = meaning(code)?;
            Some(Self { meaning, code: code[..end_of(code)?].to_vec() })
        })
    }

    /// Its values, of red, green and blue, and the colour space that its profile says.
    fn decode(&self, limits: Limits) -> ImageResult<(RgbImage, Option<ColorSpace>)> {
        let mut decoder = JpegDecoder::new(Cursor::new(&self.code))?;
        decoder.set_limits(limits)?;
        let profile = decoder.icc_profile()?;
        let space = profile.map(|profile| {
            let claims = Claims { profile: Some(profile), png: PngColor::default(), is_adobe_rgb: false };
            interpret(claims, SampleSource::Rgb).space
        });
        Ok((DynamicImage::from_decoder(decoder)?.into_rgb8(), space))
    }
}

/// Whether a segment of the picture says that there is a gain map.
fn is_told((marker, body): (u8, &[u8])) -> bool {
    const NAMESPACE: &[u8] = b"http://ns.adobe.com/hdr-gain-map/1.0/";
    let packet = body.strip_prefix(XMP).filter(|_| marker == 0xe1);
    let is_ultra = packet.is_some_and(|packet| packet.windows(NAMESPACE.len()).any(|bytes| bytes == NAMESPACE));
    is_ultra || (marker == 0xe2 && body.starts_with(ISO))
}

/// What a JPEG's values mean if it is a gain map. The standard goes before what was there before it.
fn meaning(code: &[u8]) -> Option<GainMap> {
    let find = |wanted: u8, name: &[u8], read: fn(&[u8]) -> Option<GainMap>| {
        segments(code).filter(|(marker, _)| *marker == wanted).find_map(|(_, body)| read(body.strip_prefix(name)?))
    };
    find(0xe2, ISO, GainMap::of_iso).or_else(|| find(0xe1, XMP, GainMap::of_xmp))
}

/// Decodes a picture to light.
pub(super) struct GainMapDecoder<'a> {
    base: Box<dyn ImageDecoder + 'a>,
    map: StoredGainMap,
    limits: Limits,
}

impl<'a> GainMapDecoder<'a> {
    pub(super) fn new(base: Box<dyn ImageDecoder + 'a>, map: StoredGainMap) -> Self {
        Self { base, map, limits: Limits::default() }
    }

    /// How the base's colours become linear light, and it sRGB's; nothing if its profile is neither of curves nor sRGB's.
    fn base_curves(&mut self) -> ImageResult<Option<Arc<ColorTable>>> {
        let exif = read_exif(&mut self.base);
        let claims = Claims {
            profile: self.base.icc_profile()?,
            png: PngColor::default(),
            is_adobe_rgb: exif.as_deref().is_some_and(is_adobe_rgb),
        };
        Ok(interpret(claims, source_of(&self.base)).space.curves())
    }

    fn decode(mut self, out: &mut [u8]) -> ImageResult<()> {
        let curves =
            self.base_curves()?.ok_or_else(|| unsupported("its colour profile is none of curves and a matrix"))?;
        let (values, own) = self.map.decode(self.limits)?;
        let other = own.filter(|_| !self.map.meaning.is_of_base).map(|space| space.curves());
        let to_other = match other {
            Some(Some(other)) => to_other_space(&curves, &other),
            Some(None) => return Err(unsupported("its gain map's colour profile is none of curves and a matrix")),
            None => Some(Rows::of_base(&curves)),
        };
        let rows = to_other.ok_or_else(|| unsupported("its gain map's colour profile is damaged"))?;
        let base = DynamicImage::from_decoder(self.base)?.into_rgb8();
        let (width, height) = base.dimensions();
        let map = Enlarged { values, size: [width, height] };
        let row_bytes = width as usize * 3 * size_of::<f32>();
        out.par_chunks_exact_mut(row_bytes.max(1)).enumerate().for_each(|(y, row)| {
            for (x, pixel) in row.chunks_exact_mut(3 * size_of::<f32>()).enumerate() {
                let place = [x as u32, y as u32];
                let color = base.get_pixel(place[0], place[1]).0.map(|value| f32::from(value) / 255.0);
                let linear = mixed(rows.before, curves.linear(color));
                let light = mixed(rows.after, self.map.meaning.light(linear, map.at(place)));
                pixel.as_chunks_mut::<4>().0.iter_mut().zip(light).for_each(|(to, value)| *to = value.to_ne_bytes());
            }
        });
        Ok(())
    }
}

/// What is done with linear light before and after it is multiplied.
struct Rows {
    before: [[f32; 3]; 3],
    after: [[f32; 3]; 3],
}

const SAME: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

impl Rows {
    fn of_base(base: &ColorTable) -> Self {
        Self { before: SAME, after: base.to_srgb.unwrap_or(SAME) }
    }
}

/// By way of sRGB, where the map is of another space than the base; nothing where that has no way back.
fn to_other_space(base: &ColorTable, other: &ColorTable) -> Option<Rows> {
    let [base, after] = [base, other].map(|table| table.to_srgb.unwrap_or(SAME));
    let back = inverse(after)?;
    // Columns go through both.
    let columns: [[f32; 3]; 3] = std::array::from_fn(|c| mixed(back, base.map(|row| row[c])));
    Some(Rows { before: std::array::from_fn(|row| columns.map(|column| column[row])), after })
}

fn inverse(rows: [[f32; 3]; 3]) -> Option<[[f32; 3]; 3]> {
    let minor = |r: usize, c: usize| {
        let at = |down: usize, right: usize| f64::from(rows[(r + down) % 3][(c + right) % 3]);
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|c| f64::from(rows[0][c]) * minor(0, c)).sum();
    let entry = |r: usize, c: usize| (minor(c, r) / determinant) as f32;
    (determinant.abs() > 1e-6).then(|| std::array::from_fn(|r| std::array::from_fn(|c| entry(r, c))))
}

/// The values of a smaller map at the pixels of a picture: in straight lines between those around.
struct Enlarged {
    values: RgbImage,
    size: [u32; 2],
}

impl Enlarged {
    fn at(&self, place: [u32; 2]) -> [f32; 3] {
        let (width, height) = self.values.dimensions();
        let [across, down] = [(0, width), (1, height)].map(|(axis, len)| {
            let at = (f64::from(place[axis]) + 0.5) * f64::from(len) / f64::from(self.size[axis]) - 0.5;
            let at = at.clamp(0.0, f64::from(len - 1));
            let first = at as u32;
            ([first, (first + 1).min(len - 1)], (at - f64::from(first)) as f32)
        });
        let value =
            |x: usize, y: usize, c: usize| f32::from(self.values.get_pixel(across.0[x], down.0[y]).0[c]) / 255.0;
        let between = |from: f32, to: f32, part: f32| from + part * (to - from);
        let row = |y: usize, c: usize| between(value(0, y, c), value(1, y, c), across.1);
        [0, 1, 2].map(|c| between(row(0, c), row(1, c), down.1))
    }
}

impl ImageDecoder for GainMapDecoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        self.base.dimensions()
    }

    fn color_type(&self) -> ColorType {
        ColorType::Rgb32F
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.base.exif_metadata()
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.base.xmp_metadata()
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        self.limits = limits.clone();
        self.base.set_limits(limits)
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.decode(out)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).decode(out)
    }
}
