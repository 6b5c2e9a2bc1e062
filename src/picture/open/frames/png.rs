//! Frames of an animated PNG. Those of 16 bits are read in 8.

use super::Parts;
use super::canvas::{Disposal, Part};
use crate::picture::open::failure::{damaged, too_large};
use image::ImageResult;
use png::{BitDepth, BlendOp, ColorType, Decoder, DisposeOp, Limits, Reader, Transformations};
use std::io::{BufRead, Seek};

const HALVED: &str = "its frames have 16 bits, of which the upper 8 are read";

pub(super) struct PngParts<R: BufRead + Seek> {
    reader: Reader<R>,
    /// Frames that were not read yet.
    left: usize,
    /// Whether the first picture in the file is none of the animation, and was not passed yet.
    has_still: bool,
}

impl<R: BufRead + Seek> PngParts<R> {
    /// Reads up to the first pixels; the decoder may take `most_bytes` beside them.
    pub(super) fn new(file: R, frames: usize, most_bytes: u64) -> ImageResult<Self> {
        let bytes = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        let mut decoder = Decoder::new_with_limits(file, Limits { bytes });
        decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA | Transformations::STRIP_16);
        let reader = decoder.read_info().map_err(damaged)?;
        let has_still = reader.info().frame_control().is_none();
        Ok(Self { reader, left: frames, has_still })
    }

    /// The next picture of the file, with opacity.
    fn rgba(&mut self) -> ImageResult<Vec<u8>> {
        let mut pixels = vec![0; self.reader.output_buffer_size().ok_or_else(too_large)?];
        let shape = self.reader.next_frame(&mut pixels).map_err(damaged)?;
        pixels.truncate(shape.buffer_size());
        if shape.color_type == ColorType::GrayscaleAlpha {
            return Ok(pixels
                .as_chunks::<2>()
                .0
                .iter()
                .flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha])
                .collect());
        }
        Ok(pixels)
    }
}

impl<R: BufRead + Seek> Parts for PngParts<R> {
    fn next(&mut self) -> ImageResult<Option<Part>> {
        if std::mem::take(&mut self.has_still) {
            self.rgba()?;
        }
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let rgba = self.rgba()?;
        let control = self.reader.info().frame_control().ok_or_else(|| damaged("a frame has no header"))?;
        let place = [control.x_offset, control.y_offset, control.width, control.height].map(|side| side as usize);
        let disposal = match control.dispose_op {
            DisposeOp::None => Disposal::Keep,
            DisposeOp::Background => Disposal::Clear,
            DisposeOp::Previous => Disposal::Restore,
        };
        Ok(Some(Part { place, rgba, is_over: control.blend_op == BlendOp::Over, disposal }))
    }

    fn note(&self) -> Option<&'static str> {
        (self.reader.info().bit_depth == BitDepth::Sixteen).then_some(HALVED)
    }
}
