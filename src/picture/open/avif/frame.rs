//! Frames of a film, turned into pixels as the still picture of the same file.

use super::colors::Conversion;
use super::crop::Crop;
use super::planes::Planes;
use super::{AvifDecoder, CodePlace, Film, cut_off, most_code};
use crate::picture::open::failure::damaged;
use image::{ColorType, DynamicImage, ImageDecoder, ImageResult};
use std::io::{Read, Seek, SeekFrom};

impl<R: Read + Seek> AvifDecoder<R> {
    /// Whether a film shows pictures of the same kind, which this decoder knows all about.
    pub(in crate::picture::open) fn is_still_of(&self, film: &Film) -> bool {
        let whole = Crop { left: 0, top: 0, width: self.size.0, height: self.size.1 };
        let is_multiplied = !self.items.pointed_at(self.items.primary, *b"prem").is_empty();
        let is_light = self.meaning.hdr.is_some();
        let is_coded = self.items.property(self.items.primary, *b"av1C").is_some();
        is_coded
            && !is_multiplied
            && !is_light
            && (self.crop, self.size, self.alpha.is_some()) == (whole, film.size, film.alpha.is_some())
    }

    /// The code of a frame.
    pub(in crate::picture::open) fn code_at(&mut self, (start, length): CodePlace) -> ImageResult<Vec<u8>> {
        if length > most_code(self.size) {
            return Err(damaged("a frame is longer than any picture of its size"));
        }
        self.file.seek(SeekFrom::Start(start))?;
        let mut code = Vec::new();
        (&mut self.file).take(length).read_to_end(&mut code)?;
        if code.len() as u64 == length { Ok(code) } else { Err(cut_off()) }
    }

    /// A picture of such planes.
    pub(in crate::picture::open) fn frame(&self, planes: &Planes, alpha: Option<&Planes>) -> ImageResult<DynamicImage> {
        let frame = Frame { still: self, planes, alpha, conversion: self.conversion(planes)? };
        DynamicImage::from_decoder(frame)
    }
}

/// A frame that is decoded, as a decoder of pixels.
struct Frame<'a, R> {
    still: &'a AvifDecoder<R>,
    planes: &'a Planes,
    alpha: Option<&'a Planes>,
    conversion: Conversion,
}

impl<R: Read + Seek> ImageDecoder for Frame<'_, R> {
    fn dimensions(&self) -> (u32, u32) {
        self.still.dimensions()
    }

    fn color_type(&self) -> ColorType {
        self.still.color_type()
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.still.write(self.planes, self.alpha, &self.conversion, out);
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        self.read_image(out)
    }
}
