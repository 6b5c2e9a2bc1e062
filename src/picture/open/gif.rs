//! Frames of a GIF, as browsers show them: on the logical screen, at their place, transparent around. A first frame that
//! reaches beyond the screen makes the screen larger; the decoder of the `image` crate would cut it off.

use super::failure::{damaged, too_large};
use super::most_decoded_bytes;
use gif::{ColorOutput, DecodeOptions, Decoder, DisposalMethod};
use image::{ColorType, ImageDecoder, ImageResult};
use std::io::Read;

pub(super) struct GifDecoder<R: Read> {
    decoder: Decoder<R>,
    /// Of the screen, with the whole frame on it.
    size: (u32, u32),
    /// Of the first frame: from the left, from the top, width, height.
    frame: [u32; 4],
    /// Whether the first frame's header was read and its pixels were not.
    is_at_first: bool,
}

/// A frame as the file has it.
pub(super) struct GifFrame {
    /// From the left, from the top, width, height.
    pub(super) place: [usize; 4],
    /// `height * width * 4`.
    pub(super) rgba: Vec<u8>,
    /// What becomes of it.
    pub(super) disposal: DisposalMethod,
}

impl<R: Read> GifDecoder<R> {
    /// Reads up to the first frame's pixels.
    pub(super) fn new(reader: R) -> ImageResult<Self> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        let mut decoder = options.read_info(reader).map_err(damaged)?;
        let frame = decoder.next_frame_info().map_err(damaged)?.ok_or_else(|| damaged("it has no frame"))?;
        let frame = [frame.left, frame.top, frame.width, frame.height].map(u32::from);
        let [left, top, width, height] = frame;
        let screen = (u32::from(decoder.width()), u32::from(decoder.height()));
        let size = (screen.0.max(left + width), screen.1.max(top + height));
        Ok(Self { decoder, size, frame, is_at_first: true })
    }

    /// The next frame, from the first one on.
    pub(super) fn next_frame(&mut self) -> ImageResult<Option<GifFrame>> {
        if !std::mem::take(&mut self.is_at_first) && self.decoder.next_frame_info().map_err(damaged)?.is_none() {
            return Ok(None);
        }
        let Some(frame) = self.decoder.current_frame_info() else { return Ok(None) };
        let (place, disposal) = ([frame.left, frame.top, frame.width, frame.height].map(usize::from), frame.dispose);
        // Only the first frame is no larger than the screen, whose size was checked.
        let bytes = place[2] * place[3] * 4;
        if bytes as u64 > most_decoded_bytes() {
            return Err(too_large());
        }
        let mut rgba = vec![0; bytes];
        self.decoder.read_into_buffer(&mut rgba).map_err(damaged)?;
        Ok(Some(GifFrame { place, rgba, disposal }))
    }
}

impl<R: Read> ImageDecoder for GifDecoder<R> {
    fn dimensions(&self) -> (u32, u32) {
        self.size
    }

    fn color_type(&self) -> ColorType {
        ColorType::Rgba8
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.decoder.icc_profile().map(Vec::from))
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.decoder.xmp_metadata().map(Vec::from))
    }

    fn read_image(mut self, screen: &mut [u8]) -> ImageResult<()> {
        let [left, top, width, height] = self.frame.map(|side| side as usize);
        if [left, top, width, height] == [0, 0, self.size.0 as usize, self.size.1 as usize] {
            return self.decoder.read_into_buffer(screen).map_err(damaged);
        }
        // No larger than the screen, whose size was checked.
        let mut frame = vec![0; width * height * 4];
        self.decoder.read_into_buffer(&mut frame).map_err(damaged)?;
        screen.fill(0);
        let rows = screen.chunks_exact_mut(self.size.0 as usize * 4).skip(top);
        for (row, from) in rows.zip(frame.chunks_exact(width.max(1) * 4)) {
            row[left * 4..(left + width) * 4].copy_from_slice(from);
        }
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, screen: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(screen)
    }
}
