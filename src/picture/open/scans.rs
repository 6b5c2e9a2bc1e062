//! JPEGs that the ordinary decoder does not decode, or not right: those of other coding processes are refused, and those
//! whose components come in scans of their own, or whose first component is not the finest, go to another decoder.

use super::failure::{damaged, unsupported};
use super::jpeg::next_marker;
use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, ImageResult, Limits};
use jpeg_decoder::{Decoder, PixelFormat};
use std::io::Cursor;

const START_OF_SCAN: u8 = 0xda;

/// How a JPEG is coded, by its frame header and the header of its first scan.
#[derive(Debug, PartialEq)]
pub(super) struct Coding {
    /// The number behind SOF: 0 and 1 are sequential, 2 is progressive.
    process: u8,
    bits: u8,
    /// Width and height.
    size: (u16, u16),
    /// Of each component: how many samples of the frame's unit, across and down.
    sampling: Vec<(u8, u8)>,
    /// Components of the first scan.
    first_scan: usize,
}

impl Coding {
    /// Nothing from headers that cannot be followed; what is wrong with them the decoder says.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut at = 2;
        let mut coding = Self { process: 0, bits: 8, size: (0, 0), sampling: Vec::new(), first_scan: 0 };
        loop {
            let marker_at = next_marker(bytes, at)?;
            let length = u16::from_be_bytes(*bytes.get(marker_at + 1..)?.first_chunk()?);
            at = marker_at + 1 + usize::from(length);
            let segment = bytes.get(marker_at + 3..at)?;
            match bytes[marker_at] {
                // Not frames: Huffman tables, an extension, arithmetic conditioning.
                0xc4 | 0xc8 | 0xcc => {}
                marker @ 0xc0..=0xcf => {
                    (coding.process, coding.bits) = (marker - 0xc0, *segment.first()?);
                    let [height, width] = [1, 3].map(|at| segment.get(at..)?.first_chunk().copied());
                    coding.size = (u16::from_be_bytes(width?), u16::from_be_bytes(height?));
                    let components = segment.get(6..)?.as_chunks::<3>().0;
                    coding.sampling = components.iter().map(|[_, both, _]| (both >> 4, both & 15)).collect();
                }
                START_OF_SCAN => {
                    coding.first_scan = usize::from(*segment.first()?);
                    return Some(coding);
                }
                _ => {}
            }
        }
    }

    /// Whether it is coded as nearly all are: Huffman, 8 bits, grey or in colour.
    pub(super) fn is_usual(&self) -> bool {
        self.process <= 2 && self.bits == 8 && matches!(self.sampling.len(), 1 | 3) && self.area() > 0
    }

    /// Its pixels, by its header.
    pub(super) fn area(&self) -> u64 {
        u64::from(self.size.0) * u64::from(self.size.1)
    }

    /// A sentence if no decoder here reads it.
    pub(super) fn reason_to_refuse(&self) -> Option<String> {
        let kind = match (self.process, self.bits) {
            (0..=2, 8) if !matches!(self.sampling.len(), 1 | 3 | 4) => {
                format!("JPEG of {} channels", self.sampling.len())
            }
            (0..=2, 8) if self.has_thirds() => "JPEG with a channel three times as fine as another".into(),
            (0..=2, 8) => return None,
            (0..=2, bits) => format!("JPEG with {bits} bits a sample"),
            (3, _) => "lossless JPEG".into(),
            (9 | 10, _) => "JPEG in arithmetic coding".into(),
            (process, _) => format!("JPEG of the coding process {process}"),
        };
        Some(format!("{kind} is not supported; convert it to an ordinary JPEG, or to PNG"))
    }

    fn has_thirds(&self) -> bool {
        self.sampling.iter().any(|(across, down)| *across == 3 || *down == 3)
    }

    /// Whether its colours are four inks.
    pub(super) fn has_inks(&self) -> bool {
        self.sampling.len() == 4
    }

    /// Whether only [`ApartDecoder`] shows it right.
    pub(super) fn is_apart(&self) -> bool {
        let is_sequential = self.process < 2;
        let first = self.sampling.first().copied().unwrap_or_default();
        let is_first_finest = self.sampling.iter().all(|(across, down)| *across <= first.0 && *down <= first.1);
        is_sequential && self.first_scan < self.sampling.len() || !is_first_finest
    }
}

/// Metadata by the ordinary decoder, pixels by `jpeg-decoder`.
pub(super) struct ApartDecoder {
    header: JpegDecoder<Cursor<Vec<u8>>>,
    bytes: Vec<u8>,
    most_bytes: u64,
}

impl ApartDecoder {
    pub(super) fn new(bytes: Vec<u8>) -> ImageResult<Self> {
        Ok(Self { header: JpegDecoder::new(Cursor::new(bytes.clone()))?, bytes, most_bytes: u64::MAX })
    }

    /// Four inks a pixel, of which 255 is all of it.
    pub(super) fn inks(&self) -> ImageResult<Vec<u8>> {
        let (pixels, format) = self.decode()?;
        if format != Some(PixelFormat::CMYK32) {
            return Err(unsupported("a profile for CMYK with other colours"));
        }
        Ok(pixels)
    }

    fn decode(&self) -> ImageResult<(Vec<u8>, Option<PixelFormat>)> {
        let mut decoder = Decoder::new(&self.bytes[..]);
        decoder.set_max_decoding_buffer_size(usize::try_from(self.most_bytes).unwrap_or(usize::MAX));
        let pixels = decoder.decode().map_err(describe)?;
        Ok((pixels, decoder.info().map(|info| info.pixel_format)))
    }
}

fn describe(error: jpeg_decoder::Error) -> ImageError {
    match error {
        jpeg_decoder::Error::Io(error) => ImageError::IoError(error),
        jpeg_decoder::Error::Unsupported(feature) => unsupported(format!("{feature:?}")),
        error => damaged(error),
    }
}

impl ImageDecoder for ApartDecoder {
    fn dimensions(&self) -> (u32, u32) {
        self.header.dimensions()
    }

    fn color_type(&self) -> ColorType {
        self.header.color_type()
    }

    fn original_color_type(&self) -> ExtendedColorType {
        self.header.original_color_type()
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.header.icc_profile()
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.header.exif_metadata()
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.header.xmp_metadata()
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        self.most_bytes = limits.max_alloc.unwrap_or(u64::MAX);
        self.header.set_limits(limits)
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        let (pixels, format) = self.decode()?;
        let is_expected = matches!(
            (format, self.header.color_type()),
            (Some(PixelFormat::L8), ColorType::L8) | (Some(PixelFormat::RGB24), ColorType::Rgb8)
        );
        if !is_expected || pixels.len() != out.len() {
            return Err(unsupported("CMYK with its components in scans of their own"));
        }
        out.copy_from_slice(&pixels);
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame header with components of the sampling given, and the header of a scan.
    fn headers(process: u8, bits: u8, sampling: &[u8], first_scan: u8) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0 + process, 0, 8 + 3 * sampling.len() as u8, bits, 0, 9, 0, 9];
        bytes.push(sampling.len() as u8);
        bytes.extend(sampling.iter().flat_map(|both| [1, *both, 0]));
        bytes.extend([0xff, START_OF_SCAN, 0, 6 + 2 * first_scan, first_scan]);
        bytes.resize(bytes.len() + usize::from(first_scan) * 2 + 3, 0);
        bytes
    }

    #[test]
    fn what_the_ordinary_decoder_shows_wrong_is_found() {
        let is_apart = |process, sampling, scan| Coding::of(&headers(process, 8, sampling, scan)).unwrap().is_apart();
        assert!(is_apart(0, &[0x22, 0x11, 0x11], 1) && is_apart(1, &[0x11; 3], 2));
        assert!(is_apart(0, &[0x11, 0x21, 0x11], 3));
        assert!(is_apart(2, &[0x11, 0x12, 0x11], 3));
        assert!(!is_apart(0, &[0x22, 0x11, 0x11], 3) && !is_apart(2, &[0x22, 0x11, 0x11], 1));
        assert!(!is_apart(0, &[0x22], 1), "one component is finer than nothing");
    }

    #[test]
    fn what_no_decoder_reads_is_refused_by_name() {
        let said = |process, bits| Coding::of(&headers(process, bits, &[0x11; 3], 3)).unwrap().reason_to_refuse();
        assert!((0..3).all(|process| said(process, 8).is_none()));
        let thirds = Coding::of(&headers(0, 8, &[0x31, 0x11, 0x11], 3)).unwrap();
        assert!(thirds.reason_to_refuse().unwrap().contains("three times"));
        for (process, bits, words) in
            [(9, 8, "arithmetic"), (1, 12, "12 bits"), (3, 8, "lossless"), (5, 8, "process 5")]
        {
            assert!(said(process, bits).unwrap().contains(words));
        }
    }

    #[test]
    fn headers_cut_anywhere_say_nothing() {
        let whole = headers(0, 8, &[0x22, 0x11, 0x11], 1);
        assert!((0..whole.len()).all(|end| Coding::of(&whole[..end]).is_none()));
    }
}
