//! JPEG XL (ISO/IEC 18181): bare and in boxes, lossless and lossy, stills and frames of animations.
//!
//! Whole numbers up to 8 bits become 8, everything else 16, but for light (`jxl_light`). Whole numbers in linear light, and HDR
//! whose colours a profile or primaries of their own name, get the sRGB curve within their own primaries; what is brighter
//! than the screen's white is pressed into its range by the decoder's tone curve.
//! The picture's own orientation counts, and EXIF's does not (18181-2). Only the code itself is given to the decoder: it
//! would unpack metadata of any length.

use super::convert::color_type;
use super::failure::{damaged, too_large, unsupported};
use super::jxl_light::JxlLight;
use super::limit::MAX_FRAMES;
use super::unmultiplied::unmultiply;
use crate::picture::boxes::{BoxPlace, boxes_of_file};
use crate::picture::metadata::Remarks;
use brotli_decompressor::Decompressor;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, ImageResult, Limits};
use jxl_oxide::color::{ColourEncoding, Primaries, TransferFunction};
use jxl_oxide::image::{BitDepth, ExtraChannelType};
use jxl_oxide::{
    AllocTracker, EnumColourEncoding, FrameBufferSample, ImageStream, InitializeResult, JxlImage, JxlThreadPool,
    RenderingIntent,
};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

/// Bytes that are read at once.
const BLOCK: usize = 64 << 10;

/// The most that metadata may hold, packed and unpacked; a maker's note has some 100 kB.
const MAX_METADATA_BYTES: u64 = 16 << 20;

/// Decodes one frame.
pub(super) struct JxlDecoder<R> {
    code: Code<R>,
    image: JxlImage,
    frame: usize,
    memory: AllocTracker,
    most_bytes: usize,
    /// Whether the samples are in sRGB by a conversion of the decoder.
    is_converted: bool,
    light: Option<JxlLight>,
}

impl<R: Read + Seek> JxlDecoder<R> {
    /// Reads the header. Frames are counted from 0.
    pub(super) fn new(reader: R, frame: usize, most_bytes: usize) -> ImageResult<Self> {
        let mut code = Code::new(reader)?;
        let memory = AllocTracker::with_limit(most_bytes);
        let builder = JxlImage::builder().pool(JxlThreadPool::rayon_global()).alloc_tracker(memory.clone());
        let mut waiting = builder.build_uninit();
        let mut image = loop {
            let block = code.block()?.ok_or(ErrorKind::UnexpectedEof).map_err(std::io::Error::from)?;
            let used = waiting.feed_bytes(block).map_err(from_jxl)?;
            code.take(used);
            match waiting.try_init().map_err(from_jxl)? {
                InitializeResult::NeedMoreData(more) => waiting = more,
                InitializeResult::Initialized(image) => break image,
            }
        };
        let is_converted = image.pixel_format().has_black();
        let light = JxlLight::of(&image).filter(|_| !is_converted);
        let wanted = light.as_ref().map_or_else(|| wanted_encoding(&image), |light| light.wanted.clone());
        if let Some(encoding) = wanted {
            image.request_color_encoding(encoding);
        }
        Ok(Self { code, image, frame, memory, most_bytes, is_converted, light })
    }

    /// Reads on, until a frame is there or the file ends.
    fn load(&mut self, frame: usize) -> ImageResult<()> {
        while self.image.num_loaded_keyframes() <= frame && !self.image.is_loading_done() {
            let Some(block) = self.code.block()? else { break };
            let used = self.image.feed_bytes(block).map_err(from_jxl)?;
            self.code.take(used);
        }
        Ok(())
    }

    /// How many frames it has, by their headers.
    fn count_frames(&mut self) -> ImageResult<usize> {
        if self.image.image_header().metadata.animation.is_some() {
            self.load(MAX_FRAMES - 1)?;
        }
        Ok(self.image.num_loaded_keyframes().clamp(1, MAX_FRAMES))
    }

    /// How long the first frames are shown.
    fn durations(&self, frames: usize) -> Vec<Duration> {
        let animation = self.image.image_header().metadata.animation.as_ref();
        let [ticks, of] = animation.map_or([1, 0], |times| [times.tps_numerator, times.tps_denominator]).map(u64::from);
        let duration = |frame| self.image.frame_header(frame).map_or(0, |header| u64::from(header.duration));
        let micros = |frame| duration(frame).saturating_mul(of * 1_000_000) / ticks.max(1);
        (0..frames).map(|frame| Duration::from_micros(micros(frame))).collect()
    }

    /// The decoder makes sRGB of lossy code first, and then the colours that the file names.
    fn is_cut_to_srgb(&self) -> bool {
        let metadata = &self.image.image_header().metadata;
        let is_wide = match &metadata.colour_encoding {
            ColourEncoding::Enum(own) => own.primaries != Primaries::Srgb,
            ColourEncoding::IccProfile(_) => true,
        };
        metadata.xyb_encoded && is_wide && self.light.is_none()
    }

    fn is_deep(&self) -> bool {
        let metadata = &self.image.image_header().metadata;
        is_float(metadata.bit_depth) || metadata.bit_depth.bits_per_sample() > 8 || is_hdr(&self.image)
    }

    fn channels(&self) -> (bool, bool) {
        let format = self.image.pixel_format();
        (format.is_grayscale(), format.has_alpha())
    }

    fn decode(mut self, out: &mut [u8]) -> ImageResult<()> {
        self.load(self.frame)?;
        if self.image.num_loaded_keyframes() <= self.frame {
            return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
        }
        if self.light.is_some() && self.is_multiplied() {
            return Err(unsupported("HDR whose colours are multiplied by opacity"));
        }
        let render = self.image.render_frame(self.frame).map_err(from_jxl)?;
        if let Some(light) = &self.light {
            light.write(render.stream(), self.channels().1, out);
            return Ok(());
        }
        if self.is_deep() {
            write::<u16>(render.stream(), out);
        } else {
            write::<u8>(render.stream(), out);
        }
        if self.is_multiplied() {
            unmultiply(self.color_type(), out);
        }
        Ok(())
    }

    fn is_multiplied(&self) -> bool {
        let mut extra = self.image.image_header().metadata.ec_info.iter();
        extra.any(|channel| matches!(channel.ty, ExtraChannelType::Alpha { alpha_associated: true }))
    }
}

/// What a file says beside its picture: how many frames it has, and that EXIF does not turn it.
pub(super) fn jxl_remarks(path: &Path, most_bytes: usize) -> Remarks {
    let decoder = File::open(path).ok().and_then(|file| JxlDecoder::new(file, 0, most_bytes).ok());
    let Some(mut decoder) = decoder else { return Remarks { orientation: Some(1), ..Remarks::default() } };
    let note = decoder.is_cut_to_srgb().then(|| "its colours beyond sRGB are cut off by the decoder".into());
    let pages = decoder.count_frames().unwrap_or(1);
    let durations = if pages > 1 { decoder.durations(pages) } else { Vec::new() };
    Remarks { orientation: Some(1), pages, durations, note, ..Remarks::default() }
}

/// The colours to ask for, where the file's own do not do.
fn wanted_encoding(image: &JxlImage) -> Option<EnumColourEncoding> {
    let metadata = &image.image_header().metadata;
    if image.pixel_format().has_black() {
        return Some(EnumColourEncoding::srgb(RenderingIntent::Relative));
    }
    let ColourEncoding::Enum(own) = &metadata.colour_encoding else {
        return is_hdr(image).then(|| EnumColourEncoding::srgb(RenderingIntent::Relative));
    };
    let is_linear = matches!(own.tf, TransferFunction::Linear);
    (is_linear || is_hdr(image)).then(|| EnumColourEncoding { tf: TransferFunction::Srgb, ..own.clone() })
}

fn is_hdr(image: &JxlImage) -> bool {
    image.hdr_type().is_some()
}

fn is_float(depth: BitDepth) -> bool {
    matches!(depth, BitDepth::FloatSample { .. })
}

fn from_jxl(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ImageError {
    let error = error.into();
    if error.to_string().contains("out of memory") { too_large() } else { damaged(error) }
}

fn write<S: FrameBufferSample + bytemuck::Pod + Default>(mut stream: ImageStream<'_>, out: &mut [u8]) {
    let mut row = vec![S::default(); stream.width() as usize * stream.channels() as usize];
    for to in out.chunks_exact_mut(std::mem::size_of_val(&row[..])) {
        stream.write_to_buffer(&mut row);
        to.copy_from_slice(bytemuck::cast_slice(&row));
    }
}

impl<R: Read + Seek> ImageDecoder for JxlDecoder<R> {
    fn dimensions(&self) -> (u32, u32) {
        (self.image.width(), self.image.height())
    }

    fn color_type(&self) -> ColorType {
        let (is_grey, has_alpha) = self.channels();
        match (&self.light, has_alpha) {
            (Some(_), false) => ColorType::Rgb32F,
            (Some(_), true) => ColorType::Rgba32F,
            (None, _) => color_type(is_grey, has_alpha, self.is_deep()),
        }
    }

    fn original_color_type(&self) -> ExtendedColorType {
        if self.is_converted { ExtendedColorType::Cmyk8 } else { self.color_type().into() }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        if self.light.is_some() {
            return Ok(None);
        }
        let is_srgb = self.image.rendered_cicp().is_some_and(|cicp| cicp[..2] == [1, 13]);
        Ok((!is_srgb).then(|| self.image.rendered_icc()))
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.code.exif())
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.code.metadata(*b"xml "))
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        let most = limits.max_alloc.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        self.memory.expand_limit(most.saturating_sub(self.most_bytes));
        self.most_bytes = self.most_bytes.max(most);
        Ok(())
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.decode(out)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).decode(out)
    }
}

/// The code of a picture without the boxes around it.
struct Code<R> {
    reader: R,
    /// All boxes; none of a bare file.
    boxes: Vec<BoxPlace>,
    /// Where the code that was not read yet is.
    places: std::vec::IntoIter<(u64, u64)>,
    at: u64,
    end: u64,
    /// Read, and not yet used by the decoder.
    waiting: Vec<u8>,
}

impl<R: Read + Seek> Code<R> {
    fn new(mut reader: R) -> ImageResult<Self> {
        let mut start = [0; 2];
        reader.seek(SeekFrom::Start(0))?;
        reader.read_exact(&mut start)?;
        let (boxes, places) = if start == [0xff, 0x0a] {
            (Vec::new(), vec![(0, u64::MAX)])
        } else {
            let boxes = boxes_of_file(&mut reader);
            // Parts of the code begin with their number.
            let place = |found: &BoxPlace| match &found.kind {
                b"jxlc" => Some((found.start, found.end)),
                b"jxlp" => Some((found.start + 4, found.end.max(found.start + 4))),
                _ => None,
            };
            let places = boxes.iter().filter_map(place).collect();
            (boxes, places)
        };
        Ok(Self { reader, boxes, places: places.into_iter(), at: 0, end: 0, waiting: Vec::new() })
    }

    /// What the decoder has not used yet, and more; nothing at the end.
    fn block(&mut self) -> std::io::Result<Option<&[u8]>> {
        while self.at >= self.end {
            let Some(next) = self.places.next() else { return Ok(None) };
            (self.at, self.end) = next;
        }
        self.reader.seek(SeekFrom::Start(self.at))?;
        let most = (self.end - self.at).min(BLOCK as u64);
        let read = (&mut self.reader).take(most).read_to_end(&mut self.waiting)?;
        self.at += read as u64;
        if (read as u64) < most {
            self.end = self.at;
        }
        if read == 0 { self.block() } else { Ok(Some(&self.waiting)) }
    }

    /// Forgets what the decoder has used.
    fn take(&mut self, used: usize) {
        self.waiting.drain(..used);
    }

    /// The body of the first box of a kind, packed or not.
    fn metadata(&mut self, kind: [u8; 4]) -> Option<Vec<u8>> {
        let reader = &mut self.reader;
        self.boxes.iter().find_map(|found| {
            if found.kind == kind {
                return found.body(reader, 0, MAX_METADATA_BYTES);
            }
            let packed = (&found.kind == b"brob").then(|| found.body(reader, 0, MAX_METADATA_BYTES))??;
            let packed = packed.strip_prefix(&kind)?;
            let mut body = Vec::new();
            Decompressor::new(packed, BLOCK).take(MAX_METADATA_BYTES).read_to_end(&mut body).ok()?;
            ((body.len() as u64) < MAX_METADATA_BYTES).then_some(body)
        })
    }

    /// The EXIF block, whose place in its box the first number says.
    fn exif(&mut self) -> Option<Vec<u8>> {
        let mut body = self.metadata(*b"Exif")?;
        let skip = u32::from_be_bytes(*body.first_chunk()?) as usize;
        let start = skip.checked_add(4).filter(|start| *start < body.len())?;
        body.drain(..start);
        Some(body)
    }
}
