//! Frames of an animated WebP. Each is a still WebP without its container: it gets one, and the decoder of stills reads
//! it. The decoder's own animations clear the wrong pixels, or none.

use super::Parts;
use super::canvas::{Disposal, Part};
use super::index::bytes;
use crate::picture::open::failure::damaged;
use image::ImageResult;
use image_webp::WebPDecoder;
use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom};

/// Bytes of a frame before its code.
const HEAD: u64 = 16;

pub(super) struct WebpParts<R> {
    file: R,
    /// Where the frames are, and how long.
    places: std::vec::IntoIter<(u64, u64)>,
    size: (usize, usize),
}

impl<R: Read + Seek> WebpParts<R> {
    pub(super) fn new(file: R, places: Vec<(u64, u64)>, size: (usize, usize)) -> Self {
        Self { file, places: places.into_iter(), size }
    }

    fn read(&mut self, (start, length): (u64, u64)) -> ImageResult<Part> {
        let early = || std::io::Error::from(ErrorKind::UnexpectedEof);
        self.file.seek(SeekFrom::Start(start))?;
        let head: [u8; HEAD as usize] = bytes(&mut self.file).ok_or_else(early)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], 0]) as usize;
        let place = [2 * number(0), 2 * number(3), number(6) + 1, number(9) + 1];
        if place[0] + place[2] > self.size.0 || place[1] + place[3] > self.size.1 {
            return Err(damaged("a frame reaches beyond the picture"));
        }
        let length = length.checked_sub(HEAD).ok_or_else(early)?;
        let mut code = Vec::new();
        (&mut self.file).take(length).read_to_end(&mut code)?;
        if (code.len() as u64) < length {
            return Err(early().into());
        }
        let flags = head[15];
        let disposal = if flags & 1 == 0 { Disposal::Keep } else { Disposal::Clear };
        Ok(Part { place, rgba: decode(&code, place)?, is_over: flags & 2 == 0, disposal })
    }
}

impl<R: Read + Seek> Parts for WebpParts<R> {
    fn next(&mut self) -> ImageResult<Option<Part>> {
        self.places.next().map(|place| self.read(place)).transpose()
    }
}

/// The pixels of a frame's chunks.
fn decode(code: &[u8], [_, _, width, height]: [usize; 4]) -> ImageResult<Vec<u8>> {
    let mut decoder = WebPDecoder::new(Cursor::new(still(code, [width, height]))).map_err(damaged)?;
    if decoder.dimensions() != (width as u32, height as u32) {
        return Err(damaged("a frame has another size than its header"));
    }
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut pixels = vec![0; width * height * channels];
    decoder.read_image(&mut pixels).map_err(damaged)?;
    if channels == 4 {
        return Ok(pixels);
    }
    Ok(pixels.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect())
}

/// A file of the chunks; opacity in a chunk of its own has to be announced.
fn still(code: &[u8], sides: [usize; 2]) -> Vec<u8> {
    let mut chunks = b"WEBP".to_vec();
    if code.starts_with(b"ALPH") {
        chunks.extend(b"VP8X\x0a\0\0\0\x10\0\0\0");
        chunks.extend(sides.iter().flat_map(|side| ((side - 1) as u32).to_le_bytes()[..3].to_vec()));
    }
    chunks.extend(code);
    let mut file = b"RIFF".to_vec();
    file.extend((chunks.len() as u32).to_le_bytes());
    file.extend(chunks);
    file
}
