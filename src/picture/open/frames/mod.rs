//! Animations of GIF, WebP, PNG and AVIF, frame by frame: each is what a browser shows, with the frames before it on the screen.

mod avif;
mod canvas;
mod gif;
mod index;
mod png;
mod webp;

use super::kind::Kind;
use super::{
    About, AvifDecoder, GifDecoder, MAX_SCRATCH_BYTES, NOT_SURVIVED, OpenFailure, about, check_file, check_size,
    convert, describe_io, dpi_of, guess, in_a_row, limits, most_decoded_bytes, remarks_of, start_limited,
};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::picture::{Metadata, Pages, Picture, Samples, Timing};
use crate::task::{Interrupt, NEVER, check, survive};
use canvas::{Canvas, Part};
use image::metadata::Orientation;
use image::{DynamicImage, GrayAlphaImage, ImageDecoder, ImageFormat, ImageResult, RgbaImage};
use index::Index;
use std::io::Seek;
use std::path::Path;
use std::time::Duration;

/// The frames of a file, to be read one after the other; nothing if it is no animation.
pub(in crate::picture) fn frames_of(path: &Path) -> Result<Option<Frames<'static>>> {
    let open = || survive(|| Frames::open(path, NEVER)).unwrap_or_else(|| Err(NOT_SURVIVED.into()));
    check_file(path).and_then(|()| open()).map_err(|reason| Error::picture(path, reason))
}

/// The frames of a file in their order.
trait Parts {
    fn next(&mut self) -> ImageResult<Option<Part>>;

    /// What the person should know of all of them.
    fn note(&self) -> Option<&'static str> {
        None
    }
}

/// An animation that is being read, from its first frame on.
pub(in crate::picture) struct Frames<'a> {
    parts: Box<dyn Parts + Send + 'a>,
    canvas: Canvas,
    /// What all frames have in common; without pixels.
    common: Picture,
    orientation: Orientation,
    kind: Kind,
    is_grey: bool,
    durations: Vec<Duration>,
    has_more: bool,
    /// The frame that is decoded next.
    next: usize,
}

impl<'a> Frames<'a> {
    /// Reads headers alone; nothing where a file is no animation, or one of a single frame.
    pub(in crate::picture) fn open(path: &Path, interrupt: Interrupt<'a>) -> Result<Option<Self>, String> {
        let (reader, kind) = guess(path, interrupt)?;
        if !matches!(kind, Kind::GIF | Kind::PNG | Kind::Avif | Kind::Common(ImageFormat::WebP)) {
            return Ok(None);
        }
        let mut file = reader.into_inner();
        file.rewind().map_err(|error| describe_io(&error))?;
        let index = Index::read(&mut file, kind);
        if index.durations.len() < 2 {
            return Ok(None);
        }
        let again = || guess(path, interrupt).map(|(reader, _)| reader);
        let describe = |error| OpenFailure::from(error).describe(kind.name());
        let mut decoder = start_limited(again()?, kind, 0).map_err(describe)?;
        check_size(&decoder).map_err(|failure| failure.describe(kind.name()))?;
        let (width, height) = decoder.dimensions();
        let is_grey = !decoder.color_type().has_color();
        let remarks = remarks_of(path, kind, 0);
        let about = about(&mut decoder, remarks);
        drop(decoder);
        let size = (width as usize, height as usize);
        file.rewind().map_err(|error| describe_io(&error))?;
        let parts: Box<dyn Parts + Send + 'a> = match kind {
            Kind::Avif => {
                let (mut still, film) = (AvifDecoder::new(file).map_err(describe)?, index.film);
                still.set_limits(limits(most_decoded_bytes() + MAX_SCRATCH_BYTES)).map_err(describe)?;
                let film = film.filter(|film| still.is_still_of(film));
                let Some(film) = film else { return Ok(None) };
                Box::new(avif::AvifParts::new(still, film).map_err(describe)?)
            }
            Kind::GIF => Box::new(gif::GifParts(GifDecoder::new(file).map_err(describe)?)),
            Kind::PNG => {
                let most = most_decoded_bytes() + MAX_SCRATCH_BYTES;
                Box::new(png::PngParts::new(file, index.durations.len(), most).map_err(describe)?)
            }
            _ => Box::new(webp::WebpParts::new(file, index.places, size)),
        };
        let orientation = about.orientation;
        let common = common(path, kind, about, parts.note());
        let Index { durations, has_more, .. } = index;
        let canvas = Canvas::new(size);
        Ok(Some(Self { parts, canvas, common, orientation, kind, is_grey, durations, has_more, next: 0 }))
    }

    /// Which frame is decoded next: earlier ones cannot be had any more.
    pub(in crate::picture) fn next_index(&self) -> usize {
        self.next
    }

    /// The frame at `index`, which was not passed yet. Those before it are decoded on the way. A decoder that panics is
    /// survived.
    ///
    /// # Errors
    /// [`Error::Picture`] if there is none, or it cannot be decoded; [`Error::Cancelled`].
    pub(in crate::picture) fn read(&mut self, index: usize, interrupt: Interrupt<'_>) -> Result<Picture> {
        let read = survive(|| self.picture(index, interrupt)).unwrap_or_else(|| Err(NOT_SURVIVED.into()));
        check(interrupt)?;
        read.map_err(|reason| Error::picture(&self.common.path, reason))
    }

    /// The same, or a sentence.
    pub(in crate::picture) fn picture(&mut self, index: usize, interrupt: Interrupt<'_>) -> Result<Picture, String> {
        let pages = self.pages(index);
        if let Some(reason) = pages.reason_to_refuse() {
            return Err(reason);
        }
        while self.next < index {
            self.draw_next(interrupt)?;
        }
        let screen = self.draw_next(interrupt)?.to_vec();
        let mut image = if self.is_grey { grey(screen, self.size()) } else { color(screen, self.size()) };
        image.apply_orientation(self.orientation);
        let common = self.common.clone();
        let Picture { id, size, rgb, alpha, is_grey, .. } = convert::into_picture(image, false);
        let space = common.color.clone();
        Ok(Picture { id, size, rgb, alpha, is_grey, pages, ..common }.with_color(space))
    }

    fn draw_next(&mut self, interrupt: Interrupt<'_>) -> Result<&[u8], String> {
        if interrupt() {
            return Err("nobody wants it any more".into());
        }
        let part = self.parts.next().map_err(|error| {
            let reason = OpenFailure::from(error).describe(self.kind.name());
            format!("its frame {} cannot be read: {reason}", self.next + 1)
        })?;
        let part = part.ok_or_else(|| format!("its frame {} is not there; copy the file again", self.next + 1))?;
        self.next += 1;
        Ok(self.canvas.draw(&part))
    }

    fn size(&self) -> Size {
        self.canvas.size()
    }

    fn pages(&self, index: usize) -> Pages {
        let total = self.durations.iter().sum();
        let duration = self.durations.get(index).copied().unwrap_or_default();
        let timing = Some(Timing { duration, total });
        Pages { index, count: self.durations.len(), has_more: self.has_more, timing, has_light: false }
    }
}

/// A picture without pixels that says what is true of all frames.
fn common(path: &Path, kind: Kind, About { metadata, color, .. }: About, note: Option<&str>) -> Picture {
    let mut common = Picture::from_samples(Size::new(0, 0), Samples::U8(Vec::new()), None);
    path.clone_into(&mut common.path);
    common.format = kind.name();
    common.color = color.space;
    common.notice = in_a_row([color.notice, note.map(String::from)]);
    common.metadata = Metadata { dpi: dpi_of(&metadata, path), ..metadata };
    common
}

fn color(rgba: Vec<u8>, size: Size) -> DynamicImage {
    let image = RgbaImage::from_raw(size.width as u32, size.height as u32, rgba);
    DynamicImage::ImageRgba8(image.unwrap_or_default())
}

fn grey(rgba: Vec<u8>, size: Size) -> DynamicImage {
    let values = rgba.as_chunks::<4>().0.iter().flat_map(|[grey, _, _, alpha]| [*grey, *alpha]).collect();
    let image = GrayAlphaImage::from_raw(size.width as u32, size.height as u32, values);
    DynamicImage::ImageLumaA8(image.unwrap_or_default())
}
