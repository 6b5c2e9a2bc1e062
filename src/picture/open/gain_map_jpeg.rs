//! JPEGs with a gain map (Ultra HDR, ISO 21496-1): behind the picture lies a second one, which says how bright its light is.
//! Page 1 is the picture as every program shows it, page 2 its light, by [`GainMap`].
//!
//! Not handled: the gain maps of Apple's older files, whose meaning is in notes of the camera's maker; those of AVIF, HEIC and
//! JPEG XL.

use super::about::{read_exif, source_of};
use super::failure::unsupported;
use super::jpeg::end_of;
use super::scans::Coding;
use crate::picture::color::{Claims, interpret, matrix_to_srgb};
use crate::picture::color_table::{ColorTable, mixed};
use crate::picture::gain_map::GainMap;
use crate::picture::metadata::xmp::JPEG_NAME;
use crate::picture::metadata::{PngColor, is_adobe_rgb};
use crate::picture::segments::segments;
use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, ImageResult, Limits, RgbImage};
use rayon::prelude::*;
use std::array::from_fn;
use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

/// How a segment begins that says a gain map's numbers.
const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0";

/// A JPEG begins so.
const START: [u8; 3] = [0xff, 0xd8, 0xff];

/// Pictures behind the first one that are looked at, and bytes of their headers.
const MOST_PICTURES: usize = 16;
const MOST_HEADERS: usize = 1 << 20;

/// A gain map in a file.
pub(super) struct StoredGainMap {
    meaning: GainMap,
    /// Where in the file it is, a JPEG.
    place: Range<usize>,
}

impl StoredGainMap {
    /// That of a JPEG file; nothing if it has none that can be used: no larger than the picture, and coded as usual.
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        let picture = segments(headers(file)).any(is_told).then(|| Coding::of(headers(file)))??;
        // Films and other pictures may lie between, in which bytes look like the start of a picture.
        let first = end_of(file)?;
        let starts = file[first..].windows(START.len()).enumerate().filter(|(_, bytes)| *bytes == START);
        starts.take(MOST_PICTURES).find_map(|(start, _)| {
            let code = &file[first + start..];
            let meaning = meaning(code)?;
            Coding::of(headers(code)).filter(|map| map.is_usual() && map.area() <= picture.area())?;
            Some(Self { meaning, place: first + start..first + start + end_of(code)? })
        })
    }

    /// Takes it out of its file.
    pub(super) fn cut(self, file: &[u8]) -> GainMapCode {
        GainMapCode { meaning: self.meaning, code: file[self.place].to_vec() }
    }
}

/// A gain map that is not decoded yet.
pub(super) struct GainMapCode {
    meaning: GainMap,
    code: Vec<u8>,
}

impl GainMapCode {
    /// Its values, of red, green and blue, and whether they may differ; and from the linear light of its own colour space to that of
    /// sRGB, if its profile says so.
    fn decode(&self, most_pixels: u64) -> ImageResult<(RgbImage, bool, Option<Matrix>)> {
        let mut decoder = JpegDecoder::new(Cursor::new(&self.code))?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > most_pixels {
            return Err(unsupported("its gain map is larger than the picture"));
        }
        let to_srgb = decoder.icc_profile()?.and_then(|profile| matrix_to_srgb(&profile));
        let is_grey = self.meaning.is_grey() && !decoder.color_type().has_color();
        Ok((DynamicImage::from_decoder(decoder)?.into_rgb8(), is_grey, to_srgb))
    }
}

/// As much of a JPEG as its headers may be.
fn headers(jpeg: &[u8]) -> &[u8] {
    &jpeg[..jpeg.len().min(MOST_HEADERS)]
}

/// Whether a segment of the picture says that there is a gain map.
fn is_told((marker, body): (u8, &[u8])) -> bool {
    const NAMESPACE: &[u8] = b"http://ns.adobe.com/hdr-gain-map/1.0/";
    let packet = body.strip_prefix(JPEG_NAME).filter(|_| marker == 0xe1);
    let is_ultra = packet.is_some_and(|packet| packet.windows(NAMESPACE.len()).any(|bytes| bytes == NAMESPACE));
    is_ultra || (marker == 0xe2 && body.starts_with(ISO))
}

/// What a JPEG's values mean if it is a gain map. The standard goes before what was there before it.
fn meaning(code: &[u8]) -> Option<GainMap> {
    let find = |wanted: u8, name: &[u8]| {
        segments(headers(code)).filter(|(marker, _)| *marker == wanted).find_map(|(_, body)| body.strip_prefix(name))
    };
    let xmp = || find(0xe1, JPEG_NAME).and_then(GainMap::of_xmp);
    find(0xe2, ISO).and_then(GainMap::of_iso).or_else(xmp)
}

/// Decodes a picture to light.
pub(super) struct GainMapDecoder<'a> {
    base: Box<dyn ImageDecoder + 'a>,
    map: GainMapCode,
}

impl<'a> GainMapDecoder<'a> {
    pub(super) fn new(base: Box<dyn ImageDecoder + 'a>, map: GainMapCode) -> Self {
        Self { base, map }
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
        let (width, height) = self.base.dimensions();
        let (values, is_grey, own) = self.map.decode(u64::from(width) * u64::from(height))?;
        let rows = match own {
            _ if self.map.meaning.is_of_base || is_grey => Some(Rows::of_base(&curves)),
            Some(own) => Rows::by_way_of(&curves, own),
            None => None,
        };
        let rows = rows.ok_or_else(|| unsupported("the colour profile of its gain map does not say its primaries"))?;
        let base = DynamicImage::from_decoder(self.base)?.into_rgb8();
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

/// Rows of a matrix of colours.
type Matrix = [[f32; 3]; 3];

/// What is done with linear light before and after it is multiplied.
struct Rows {
    before: Matrix,
    after: Matrix,
}

const SAME: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

impl Rows {
    fn of_base(base: &ColorTable) -> Self {
        Self { before: SAME, after: base.matrix.unwrap_or(SAME) }
    }

    /// By way of sRGB to another space, from which `after` leads there; nothing if there is no way back.
    fn by_way_of(base: &ColorTable, after: Matrix) -> Option<Self> {
        let (base, back) = (base.matrix.unwrap_or(SAME), inverse(after)?);
        // Columns go through both.
        let columns: Matrix = from_fn(|c| mixed(back, base.map(|row| row[c])));
        Some(Self { before: from_fn(|row| columns.map(|column| column[row])), after })
    }
}

fn inverse(rows: Matrix) -> Option<Matrix> {
    let minor = |r: usize, c: usize| {
        let at = |down: usize, right: usize| f64::from(rows[(r + down) % 3][(c + right) % 3]);
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|c| f64::from(rows[0][c]) * minor(0, c)).sum();
    let entry = |r: usize, c: usize| (minor(c, r) / determinant) as f32;
    (determinant.abs() > 1e-6).then(|| from_fn(|r| from_fn(|c| entry(r, c))))
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
        self.base.set_limits(limits)
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.decode(out)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).decode(out)
    }
}
