//! AVIF and HEIC (AV1 and HEVC in the boxes of HEIF): 8, 10 and 12 bits, grey and colours however sampled, opacity, pictures
//! put together from tiles, the crop, turning and mirroring of the file.
//!
//! HDR (PQ and HLG) becomes light; else 8 bits stay 8, and more become 16. The colours are those of the file's profile, else of
//! its numbers (H.273), else sRGB; its own `irot` and `imir` turn it, and EXIF does not. Not handled, and refused by name:
//! overlays, layers, sequences without a still picture.

mod colors;
mod crop;
mod film;
mod frame;
#[cfg(feature = "heic")]
mod hevc;
mod items;
mod planes;

use super::convert::{color_type, srgb_curve};
use super::failure::{damaged, too_large, unsupported};
use super::limit::MAX_METADATA_BYTES;
use crate::picture::metadata::Remarks;
pub(super) use film::{CodePlace, Film};
pub(super) use planes::FilmDecoder;

use colors::{Conversion, Meaning, meaning, unit};
use crop::Crop;
use image::{ColorType, ImageDecoder, ImageError, ImageResult, Limits};
use items::{Fields, Items};
use planes::Planes;
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

/// The most that the code of one tile may hold.
const MAX_CODE_BYTES: u64 = 1 << 30;

/// Bytes that decoding takes for a pixel: the decoder's own planes, ours, and opacity.
const WORKING_BYTES: u64 = 12;

/// What a build without HEVC says.
const HEIC_IS_OFF: &str = "it is coded as HEIC is, and this build was made without the feature `heic`";

/// The most that the side of a tile may have beyond that of its picture.
const MAX_TILE_SIDE: usize = 4096;

/// Decodes the file's main picture.
pub(super) struct AvifDecoder<R> {
    file: R,
    items: Items,
    alpha: Option<u32>,
    size: (usize, usize),
    crop: Crop,
    coding: Coding,
    meaning: Meaning,
}

/// What is known of the code before it is decoded (`av1C`, `hvcC`).
struct Coding {
    is_deep: bool,
    is_grey: bool,
    position: u8,
    /// The numbers of the file itself, which count before those of the code: primaries, curve, matrix, range. Of HEVC, where the
    /// file has none, those of its headers.
    nclx: Option<[u16; 4]>,
}

impl<R: Read + Seek> AvifDecoder<R> {
    /// Reads the directory.
    pub(super) fn new(mut file: R) -> ImageResult<Self> {
        let items = Items::read(&mut file).ok_or_else(|| damaged("its directory cannot be read"))?;
        let primary = items.primary;
        check_kind(&items)?;
        let size = size_of(&items, primary).ok_or_else(|| damaged("it does not say its size"))?;
        let coding = Coding::of(&items).ok_or_else(|| damaged("it does not say how it is coded"))?;
        let [primaries, curve, ..] = coding.nclx.unwrap_or([2, 2, 2, 1]);
        let meaning = match profile(&items) {
            // It says what its numbers mean by itself.
            profile @ Some(_) => Meaning { profile, is_linear: false, hdr: None },
            None => meaning(primaries, curve).map_err(unsupported)?,
        };
        let alpha = items.pointing_at(primary, *b"auxl").find(|id| is_alpha(&items, *id));
        let crop = Crop::of(&items, size).ok_or_else(|| unsupported("its crop is not in whole pixels"))?;
        Ok(Self { file, items, alpha, size, crop, coding, meaning })
    }

    /// The planes of an item, put together from its tiles.
    fn planes(&mut self, id: u32) -> ImageResult<Planes> {
        let (width, height) = self.size;
        if self.items.kind(id) != Some(*b"grid") {
            return self.coded(id, width, height);
        }
        let layout = self.items.bytes(id, &mut self.file, 64).ok_or_else(cut_off)?;
        let tiles = self.items.pointed_at(id, *b"dimg");
        let misfit = || damaged("its tiles do not fit");
        let columns = columns_of(&layout, tiles.len(), self.size).ok_or_else(misfit)?;
        let (across, down) = tiles.first().and_then(|first| size_of(&self.items, *first)).ok_or_else(misfit)?;
        let is_covered =
            across.saturating_mul(columns) >= width && down.saturating_mul(tiles.len() / columns) >= height;
        if !is_covered || across > width.max(MAX_TILE_SIDE) || down > height.max(MAX_TILE_SIDE) {
            return Err(misfit());
        }
        let mut whole: Option<Planes> = None;
        for (index, tile) in tiles.into_iter().enumerate() {
            let part = self.coded(tile, across, down)?;
            let (left, top) = (index % columns * across, index / columns * down);
            if !whole.get_or_insert_with(|| part.empty_like(width, height)).put(&part, left, top) {
                return Err(misfit());
            }
        }
        whole.ok_or_else(|| damaged("it has no tiles"))
    }

    /// The planes of an item that is coded in one piece.
    fn coded(&mut self, id: u32, width: usize, height: usize) -> ImageResult<Planes> {
        if width == 0 || height == 0 {
            return Err(damaged("its header says that it has no pixels"));
        }
        let code = self.items.bytes(id, &mut self.file, most_code((width, height))).ok_or_else(cut_off)?;
        #[cfg(feature = "heic")]
        if let Some(body) = self.items.property(id, *b"hvcC") {
            let untold = || damaged("it does not say how it is coded");
            return hevc::Configuration::of(body).ok_or_else(untold)?.decode(&code, width, height);
        }
        Planes::decode(code, width, height)
    }

    fn decode(mut self, out: &mut [u8]) -> ImageResult<()> {
        let is_multiplied =
            self.alpha.is_some_and(|alpha| self.items.pointed_at(self.items.primary, *b"prem").contains(&alpha));
        if is_multiplied && self.meaning.hdr.is_some() {
            return Err(unsupported("it is HDR, and its colours are multiplied by its opacity"));
        }
        let planes = self.planes(self.items.primary)?;
        let conversion = self.conversion(&planes)?;
        let alpha = self.alpha.map(|id| self.planes(id)).transpose()?;
        self.write(&planes, alpha.as_ref(), &conversion, out);
        if is_multiplied {
            super::unmultiplied::unmultiply(self.color_type(), out);
        }
        Ok(())
    }

    /// How the planes of a code become RGB.
    fn conversion(&self, planes: &Planes) -> ImageResult<Conversion> {
        if (planes.samples.len() == 1) != self.coding.is_grey {
            return Err(damaged("its header does not fit its code"));
        }
        let [primaries, curve, matrix] = planes.cicp;
        // What only the code says of its colours comes too late to be told.
        let is_untold = self.coding.nclx.is_none() && self.meaning.profile.is_none();
        if is_untold && meaning(primaries, curve).map_err(unsupported)? != self.meaning {
            return Err(unsupported("its colours are named nowhere but in its code"));
        }
        let own = [primaries, curve, matrix, u16::from(planes.is_full_range)];
        let [_, _, matrix, range] = self.coding.nclx.unwrap_or(own);
        let conversion = Conversion::new(matrix, range != 0, self.coding.position).map_err(unsupported)?;
        if conversion.fits(planes) {
            Ok(conversion)
        } else {
            Err(damaged("its colours are RGB and sampled more coarsely"))
        }
    }

    fn write(&self, planes: &Planes, alpha: Option<&Planes>, conversion: &Conversion, out: &mut [u8]) {
        let (crop, is_linear, is_grey) = (self.crop, self.meaning.is_linear, self.coding.is_grey);
        let color = self.color_type();
        let (bytes, is_deep) = (usize::from(color.bytes_per_pixel()), color.bytes_per_pixel() > color.channel_count());
        let (hdr, is_light) = (self.meaning.hdr, self.meaning.hdr.is_some());
        let put = |to: &mut [u8], channel: usize, value: f32| {
            if is_light {
                to[4 * channel..4 * channel + 4].copy_from_slice(&value.to_ne_bytes());
            } else if is_deep {
                let value = (value.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16;
                to[2 * channel..2 * channel + 2].copy_from_slice(&value.to_ne_bytes());
            } else {
                to[channel] = (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            }
        };
        out.par_chunks_mut(bytes * crop.width).enumerate().for_each(|(row, out)| {
            let y = crop.top + row;
            for (column, pixel) in out.chunks_exact_mut(bytes).enumerate() {
                let x = crop.left + column;
                let rgb = conversion.rgb(planes, x, y);
                let rgb = hdr.map_or(rgb, |hdr| hdr.light(rgb));
                let colors = if is_grey && !is_light { 1 } else { 3 };
                for (channel, value) in rgb.into_iter().take(colors).enumerate() {
                    put(pixel, channel, if is_linear { srgb_curve(value) } else { value });
                }
                if let Some(alpha) = alpha {
                    let sample = f32::from(alpha.samples[0][y * alpha.width + x]);
                    put(pixel, colors, unit(sample, alpha.bits, alpha.is_full_range));
                }
            }
        });
    }

    /// The bytes of the first item of a kind that describes the picture.
    fn description(&mut self, is_wanted: impl Fn(&Items, u32) -> bool) -> Option<Vec<u8>> {
        let items = &self.items;
        let described = items.pointing_at(items.primary, *b"cdsc").find(|id| is_wanted(items, *id))?;
        items.bytes(described, &mut self.file, MAX_METADATA_BYTES)
    }
}

impl Coding {
    fn of(items: &Items) -> Option<Self> {
        let primary = items.primary;
        let first =
            if items.kind(primary) == Some(*b"grid") { *items.pointed_at(primary, *b"dimg").first()? } else { primary };
        let mut colors = items.properties(primary).filter(|(property, _)| &property.kind == b"colr");
        let nclx = colors.find_map(|(property, _)| {
            let mut fields = Fields(property.body.strip_prefix(b"nclx")?);
            let mut number = |bytes| fields.number(bytes).map(|number| number as u16);
            Some([number(2)?, number(2)?, number(2)?, number(1)? >> 7])
        });
        #[cfg(feature = "heic")]
        if let Some(body) = items.property(first, *b"hvcC") {
            let configuration = hevc::Configuration::of(body)?;
            let hevc::Signal { cicp: [primaries, curve, matrix], is_full_range, position } = configuration.signal();
            let (is_deep, is_grey) = (configuration.is_deep, configuration.is_grey);
            let nclx = nclx.or(Some([primaries, curve, matrix, u16::from(is_full_range)]));
            return Some(Self { is_deep, is_grey, position, nclx });
        }
        let flags = *items.property(first, *b"av1C")?.get(2)?;
        Some(Self { is_deep: flags & 0x40 != 0, is_grey: flags & 0x10 != 0, position: flags & 3, nclx })
    }
}

/// What a file says beside its picture: how it is turned, whatever EXIF says.
pub(super) fn avif_remarks(path: &Path) -> Remarks {
    let mut file = File::open(path).ok().map(BufReader::new);
    let items = file.as_mut().and_then(Items::read);
    let orientation = items.map_or(1, |items| {
        let number = |kind: &[u8; 4]| items.property(items.primary, *kind).and_then(|body| body.first().copied());
        orientation(number(b"irot").map_or(0, |angle| angle & 3), number(b"imir").map(|axis| axis & 1))
    });
    Remarks { orientation: Some(orientation), note: file.and_then(film_note), ..Remarks::default() }
}

/// What the person should know of a film that is not played.
fn film_note(mut file: BufReader<File>) -> Option<String> {
    let film = Film::read(&mut file).filter(|film| film.durations.len() > 1)?;
    file.rewind().ok()?;
    let still = AvifDecoder::new(file).ok().filter(|still| !still.is_still_of(&film))?;
    let kind = if still.meaning.hdr.is_some() { "HDR" } else { "of another shape than its still picture" };
    Some(format!("it has {} frames, which are {kind} and not played; its still picture is shown", film.durations.len()))
}

/// Quarter turns to the left and then a mirroring (0 swaps top and bottom, 1 left and right), as EXIF's number.
fn orientation(turns: u8, mirror: Option<u8>) -> u8 {
    let numbers = match mirror {
        None => [1, 8, 3, 6],
        Some(0) => [4, 5, 2, 7],
        Some(_) => [2, 7, 4, 5],
    };
    numbers[usize::from(turns)]
}

/// Refuses what the main picture needs and is not known here.
fn check_kind(items: &Items) -> ImageResult<()> {
    match items.kind(items.primary) {
        Some([b'a', b'v', b'0', b'1'] | [b'g', b'r', b'i', b'd']) => {}
        Some([b'i', b'o', b'v', b'l']) => return Err(unsupported("it is put together by overlays")),
        Some([b'h', b'v', b'c', b'1']) if cfg!(feature = "heic") => {}
        Some([b'h', b'v', b'c', b'1']) => return Err(unsupported(HEIC_IS_OFF)),
        Some(_) => return Err(unsupported("its main picture is coded neither in AV1 nor in HEVC")),
        None => return Err(unsupported("it has no still picture")),
    }
    let is_known =
        |kind: &[u8; 4]| matches!(kind, b"av1C" | b"hvcC" | b"irot" | b"imir" | b"clap" | b"ispe" | b"pixi" | b"colr");
    let needed = items.properties(items.primary).filter(|(_, is_needed)| *is_needed);
    match needed.map(|(property, _)| property.kind).find(|kind| !is_known(kind)) {
        None => Ok(()),
        Some(kind) => {
            let kind = kind.escape_ascii();
            Err(unsupported(format!("it cannot be shown right without its property {kind}")))
        }
    }
}

fn size_of(items: &Items, id: u32) -> Option<(usize, usize)> {
    let mut fields = Fields(items.property(id, *b"ispe")?.get(4..)?);
    Some((fields.number(4)? as usize, fields.number(4)? as usize))
}

/// The colour profile.
fn profile(items: &Items) -> Option<Vec<u8>> {
    let mut colors = items.properties(items.primary).filter(|(property, _)| &property.kind == b"colr");
    colors.find_map(|(found, _)| {
        let body = found.body.strip_prefix(b"prof").or_else(|| found.body.strip_prefix(b"rICC"))?;
        Some(body.to_vec())
    })
}

fn is_alpha(items: &Items, id: u32) -> bool {
    const NAMES: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];
    let name = items.property(id, *b"auxC").and_then(|body| body.get(4..));
    name.is_some_and(|name| NAMES.iter().any(|known| name.starts_with(known)))
}

/// How many tiles stand side by side, if all are there for a picture of this size.
fn columns_of(layout: &[u8], tiles: usize, (width, height): (usize, usize)) -> Option<usize> {
    let mut fields = Fields(layout);
    let (_, flags) = (fields.number(1)?, fields.number(1)?);
    let (rows, columns) = (fields.number(1)? as usize + 1, fields.number(1)? as usize + 1);
    let wide = if flags & 1 == 0 { 2 } else { 4 };
    let size = (fields.number(wide)? as usize, fields.number(wide)? as usize);
    (size == (width, height) && rows * columns == tiles).then_some(columns)
}

/// No code is longer than all of its samples several times over.
fn most_code((width, height): (usize, usize)) -> u64 {
    let most = (width as u64).saturating_mul(height as u64).saturating_mul(8).saturating_add(1 << 16);
    most.min(MAX_CODE_BYTES)
}

fn cut_off() -> ImageError {
    std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()
}

impl<R: Read + Seek> ImageDecoder for AvifDecoder<R> {
    fn dimensions(&self) -> (u32, u32) {
        (self.crop.width as u32, self.crop.height as u32)
    }

    fn color_type(&self) -> ColorType {
        if self.meaning.hdr.is_some() {
            return if self.alpha.is_some() { ColorType::Rgba32F } else { ColorType::Rgb32F };
        }
        color_type(self.coding.is_grey, self.alpha.is_some(), self.coding.is_deep || self.meaning.is_linear)
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.meaning.profile.clone())
    }

    /// The EXIF block, whose place in its item the first number says.
    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.description(|items, id| items.kind(id) == Some(*b"Exif")).and_then(|mut item| {
            let skip = u32::from_be_bytes(*item.first_chunk()?) as usize;
            let start = skip.checked_add(4).filter(|start| *start < item.len())?;
            item.drain(..start);
            Some(item)
        }))
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.description(|items, id| items.media_type(id) == Some(b"application/rdf+xml")))
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        let needed = (self.size.0 as u64).saturating_mul(self.size.1 as u64).saturating_mul(WORKING_BYTES);
        if limits.max_alloc.is_some_and(|most| needed > most) {
            return Err(too_large());
        }
        Ok(())
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.decode(out)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).decode(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_and_mirrorings_have_a_number() {
        assert_eq!((orientation(0, None), orientation(3, None), orientation(1, Some(0))), (1, 6, 5));
        let mut all: Vec<u8> =
            (0..4).flat_map(|turns| [orientation(turns, None), orientation(turns, Some(1))]).collect();
        all.sort_unstable();
        assert_eq!(all, (1..=8).collect::<Vec<_>>());
    }

    #[test]
    fn layouts_of_tiles_must_fit_the_picture() {
        let layout = [0, 0, 1, 2, 0, 100, 0, 50];
        assert_eq!(columns_of(&layout, 6, (100, 50)), Some(3));
        assert_eq!((columns_of(&layout, 5, (100, 50)), columns_of(&layout, 6, (101, 50))), (None, None));
    }
}
