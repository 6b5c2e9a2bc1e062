//! HEVC code to planes of samples, by the decoder `heic-rs`; and what the headers say of colours (ITU-T H.265, 7.3 and
//! annex E), which that leaves out.

mod headers;

use super::planes::Planes;
use crate::picture::open::failure::{damaged, unsupported};
use headers::signal_of;
use heic_rs::hevc::{ChromaFormat, decode_still, probe};
use image::ImageResult;

/// Where the configuration (ISO/IEC 14496-15, `hvcC`) says what it says.
const CHROMA: usize = 16;
const DEPTH: usize = 17;
const LENGTHS: usize = 21;
const ARRAYS: usize = 22;

/// The kind of header that describes pictures.
const SEQUENCE_HEADER: u8 = 33;

/// How an item is coded.
pub(super) struct Configuration<'a> {
    /// Bytes of the length in front of each part of the code.
    length_bytes: usize,
    headers: Vec<&'a [u8]>,
    pub(super) is_deep: bool,
    pub(super) is_grey: bool,
}

/// What the headers say of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signal {
    /// Numbers of primaries, curve and matrix (ITU-T H.273).
    pub(super) cicp: [u16; 3],
    pub(super) is_full_range: bool,
    /// Where colours are sampled, as AV1 counts it.
    pub(super) position: u8,
}

impl<'a> Configuration<'a> {
    /// From the body of the property.
    pub(super) fn of(body: &'a [u8]) -> Option<Self> {
        let mut rest = body.get(ARRAYS + 1..)?;
        let mut headers = Vec::new();
        for _ in 0..body[ARRAYS] {
            let (head, behind) = rest.split_first_chunk::<3>()?;
            rest = behind;
            for _ in 0..u16::from_be_bytes([head[1], head[2]]) {
                let (header, behind) = part(rest, 2)?;
                headers.push(header);
                rest = behind;
            }
        }
        Some(Self {
            length_bytes: usize::from(body[LENGTHS] & 3) + 1,
            headers,
            is_deep: body[DEPTH] & 7 > 0,
            is_grey: body[CHROMA].is_multiple_of(4),
        })
    }

    /// What the headers say of colours; without a header that is understood, what they mean where they say nothing.
    pub(super) fn signal(&self) -> Signal {
        let is_sequence = |header: &&&[u8]| header.first().is_some_and(|byte| byte >> 1 & 63 == SEQUENCE_HEADER);
        self.headers.iter().find(is_sequence).and_then(|header| signal_of(header)).unwrap_or_default()
    }

    /// Decodes one picture of exactly this size.
    pub(super) fn decode(&self, code: &[u8], width: usize, height: usize) -> ImageResult<Planes> {
        let mut parts = Vec::new();
        let mut rest = code;
        while !rest.is_empty() {
            let (part, behind) = part(rest, self.length_bytes).ok_or_else(super::cut_off)?;
            parts.push(part);
            rest = behind;
        }
        let known = probe(&self.headers).map_err(describe)?;
        let halved = match known.chroma {
            ChromaFormat::Monochrome => (0, 0),
            ChromaFormat::Yuv420 => (1, 1),
            // Wrong pixels, compared with libheif's, or none.
            ChromaFormat::Yuv422 => return Err(unsupported("its colours are sampled 4:2:2")),
            ChromaFormat::Yuv444 => return Err(unsupported("its colours are sampled 4:4:4")),
        };
        if (known.width as usize, known.height as usize) != (width, height) {
            return Err(damaged("its picture is of another size than its header says"));
        }
        let frame = decode_still(&self.headers, &parts).map_err(describe)?;
        frame.validate().map_err(describe)?;
        let count = if frame.chroma == ChromaFormat::Monochrome { 1 } else { 3 };
        let Signal { cicp, is_full_range, .. } = self.signal();
        let mut planes =
            Planes { width, height, bits: frame.bit_depth, halved, samples: Vec::new(), is_full_range, cicp };
        let sources = [(&frame.y, frame.y_stride), (&frame.cb, frame.c_stride), (&frame.cr, frame.c_stride)];
        for (plane, (samples, stride)) in sources.into_iter().enumerate().take(count) {
            let (width, height) = planes.shape(plane);
            let rows = samples.chunks(stride as usize).take(height);
            planes.samples.push(rows.flat_map(|row| &row[..width]).copied().collect());
        }
        Ok(planes)
    }
}

impl Default for Signal {
    /// Nothing is specified; colours lie beside the left one of two pixels, between two rows.
    fn default() -> Self {
        Self { cicp: [2; 3], is_full_range: false, position: 1 }
    }
}

/// A part whose length stands before it in so many bytes, and what is behind it.
fn part(bytes: &[u8], length_bytes: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(length_bytes)?;
    rest.split_at_checked(length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

fn describe(error: heic_rs::Error) -> image::ImageError {
    match error {
        heic_rs::Error::Unsupported(what) => unsupported(format!("its code needs {what}")),
        other => damaged(other),
    }
}
