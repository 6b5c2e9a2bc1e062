//! AV1 code to planes of samples, by the decoder `re_rav1d`.
//!
//! It works in the calling thread: in threads of its own nothing would catch it when it fails.

use crate::picture::open::failure::damaged;
use image::ImageResult;
use re_rav1d::dav1d::{Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings};

/// What a code that holds one picture takes at most: to be given, and to be asked, again.
const MOST_TURNS: usize = 64;

/// Brightness and two colour differences, or brightness alone.
pub(in crate::picture::open) struct Planes {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bits of a sample.
    pub(super) bits: u8,
    /// How often the colours are halved, across and down.
    pub(super) halved: (usize, usize),
    /// One or three, row by row.
    pub(super) samples: Vec<Vec<u16>>,
    pub(super) is_full_range: bool,
    /// Numbers of primaries, curve and matrix (ITU-T H.273).
    pub(super) cicp: [u16; 3],
}

impl Planes {
    /// Decodes one picture of exactly this size, which is not nothing.
    pub(super) fn decode(code: Vec<u8>, width: usize, height: usize) -> ImageResult<Self> {
        FilmDecoder::new((width, height))?.next(code)
    }

    /// Those of a decoded picture.
    fn of(picture: &Picture) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let bits = picture.bits_per_component().map_or(8, |bits| bits.0 as u8);
        let (count, halved) = match picture.pixel_layout() {
            PixelLayout::I400 => (1, (0, 0)),
            PixelLayout::I420 => (3, (1, 1)),
            PixelLayout::I422 => (3, (1, 0)),
            PixelLayout::I444 => (3, (0, 0)),
        };
        let cicp = [
            picture.color_primaries() as u16,
            picture.transfer_characteristic() as u16,
            picture.matrix_coefficients() as u16,
        ];
        let is_full_range = matches!(picture.color_range(), re_rav1d::dav1d::pixel::YUVRange::Full);
        let mut planes = Self { width, height, bits, halved, samples: Vec::new(), is_full_range, cicp };
        planes.samples = (0..count).map(|plane| copy(picture, plane, planes.shape(plane))).collect();
        planes
    }

    /// An empty picture of the same kind.
    pub(super) fn empty_like(&self, width: usize, height: usize) -> Self {
        let mut empty = Self { width, height, samples: Vec::new(), ..*self };
        empty.samples = (0..self.samples.len()).map(|plane| vec![0; empty.area(plane)]).collect();
        empty
    }

    /// Puts a part at its place, as far as it fits; false if it is of another kind, or its colours would lie between two.
    pub(super) fn put(&mut self, part: &Self, left: usize, top: usize) -> bool {
        if left >= self.width || top >= self.height {
            return true;
        }
        let is_between = !left.is_multiple_of(1 << self.halved.0) || !top.is_multiple_of(1 << self.halved.1);
        if is_between
            || (part.bits, part.halved, part.samples.len()) != (self.bits, self.halved, self.samples.len())
            || part.is_full_range != self.is_full_range
        {
            return false;
        }
        for plane in 0..self.samples.len() {
            let (width, height) = self.shape(plane);
            let (part_width, part_height) = part.shape(plane);
            let halved = if plane == 0 { (0, 0) } else { self.halved };
            let (left, top) = (left >> halved.0, top >> halved.1);
            let across = part_width.min(width.saturating_sub(left));
            for row in 0..part_height.min(height.saturating_sub(top)) {
                let to = (top + row) * width + left;
                let from = row * part_width;
                self.samples[plane][to..to + across].copy_from_slice(&part.samples[plane][from..from + across]);
            }
        }
        true
    }

    /// Width and height of a plane.
    pub(super) fn shape(&self, plane: usize) -> (usize, usize) {
        match plane {
            0 => (self.width, self.height),
            _ => (self.width.div_ceil(1 << self.halved.0), self.height.div_ceil(1 << self.halved.1)),
        }
    }

    fn area(&self, plane: usize) -> usize {
        let (width, height) = self.shape(plane);
        width * height
    }
}

/// Decodes pictures of one size, each of which may need those before it.
pub(in crate::picture::open) struct FilmDecoder {
    decoder: Decoder,
    size: (usize, usize),
}

impl FilmDecoder {
    /// For pictures of a size that is not nothing.
    pub(in crate::picture::open) fn new((width, height): (usize, usize)) -> ImageResult<Self> {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_all_layers(false);
        settings.set_frame_size_limit(width.saturating_mul(height).try_into().unwrap_or(u32::MAX));
        let decoder = Decoder::with_settings(&settings).map_err(damaged)?;
        Ok(Self { decoder, size: (width, height) })
    }

    /// The picture of the next code.
    pub(in crate::picture::open) fn next(&mut self, code: Vec<u8>) -> ImageResult<Planes> {
        let picture = self.picture(code).map_err(damaged)?;
        if (picture.width() as usize, picture.height() as usize) != self.size {
            return Err(damaged("its picture is of another size than its header says"));
        }
        Ok(Planes::of(&picture))
    }

    fn picture(&mut self, code: Vec<u8>) -> Result<Picture, Error> {
        // The decoder would complain aloud.
        if code.is_empty() {
            return Err(Error::InvalidArgument);
        }
        let mut sent = self.decoder.send_data(code, None, None, None);
        for _ in 0..MOST_TURNS {
            match sent {
                Ok(()) | Err(Error::Again) => {}
                Err(error) => return Err(error),
            }
            match self.decoder.get_picture() {
                Err(Error::Again) => sent = self.decoder.send_pending_data(),
                found => return found,
            }
        }
        Err(Error::InvalidArgument)
    }
}

fn copy(picture: &Picture, plane: usize, (width, height): (usize, usize)) -> Vec<u16> {
    let component = PlanarImageComponent::from(plane);
    let (samples, stride) = (picture.plane(component), picture.stride(component) as usize);
    let rows = samples.chunks(stride).take(height);
    if picture.bit_depth() == 8 {
        rows.flat_map(|row| row[..width].iter().map(|sample| u16::from(*sample))).collect()
    } else {
        rows.flat_map(|row| row.as_chunks::<2>().0[..width].iter().map(|sample| u16::from_ne_bytes(*sample))).collect()
    }
}
