//! HEVC code to planes of samples, by the decoder `heic-rs`; and what the headers say of colours (ITU-T H.265, 7.3 and
//! annex E), which that leaves out.

mod headers;

pub(super) use headers::Signal;

use super::planes::Planes;
use crate::picture::open::failure::{damaged, unsupported};
use headers::{Sequence, sequence_of};
use heic_rs::hevc::{ChromaFormat, decode_still, probe};
use image::ImageResult;

/// Where the configuration (ISO/IEC 14496-15, `hvcC`) says what it says.
const CHROMA: usize = 16;
const DEPTH: usize = 17;
const LENGTHS: usize = 21;
const ARRAYS: usize = 22;

/// The kind of header that describes pictures.
const SEQUENCE_HEADER: u8 = 33;

/// The most bits of a sample: what the decoder knows.
const MOST_BITS: u8 = 12;

/// The most headers, and parts of a code, that an item may have; H.265 (A.4.1) knows no picture of more than 600 slices.
const MOST_PARTS: usize = 1024;

/// How much more than is shown may be coded along a side: less than the largest block.
const MOST_BESIDE: usize = 64;

/// How an item is coded.
pub(super) struct Configuration<'a> {
    /// Bytes of the length in front of each part of the code.
    length_bytes: usize,
    headers: Vec<&'a [u8]>,
    /// What the header of the picture says.
    sequence: Sequence,
    pub(super) is_deep: bool,
    pub(super) is_grey: bool,
}

impl<'a> Configuration<'a> {
    /// From the body of the property; nothing if it cannot be followed, or does not describe one kind of picture.
    pub(super) fn of(body: &'a [u8]) -> Option<Self> {
        let mut rest = body.get(ARRAYS + 1..)?;
        let mut headers = Vec::new();
        for _ in 0..body[ARRAYS] {
            let (head, behind) = rest.split_first_chunk::<3>()?;
            rest = behind;
            for _ in 0..u16::from_be_bytes([head[1], head[2]]) {
                let (header, behind) = part(rest, 2).filter(|_| headers.len() < MOST_PARTS)?;
                headers.push(header);
                rest = behind;
            }
        }
        let is_sequence = |header: &&&[u8]| header.first().is_some_and(|byte| byte >> 1 & 63 == SEQUENCE_HEADER);
        let mut sequences = headers.iter().filter(is_sequence);
        // Of several the decoder might take another than is looked at here.
        let (Some(sequence), None) = (sequences.next(), sequences.next()) else { return None };
        Some(Self {
            length_bytes: usize::from(body[LENGTHS] & 3) + 1,
            sequence: sequence_of(sequence)?,
            headers,
            is_deep: body[DEPTH] & 7 > 0,
            is_grey: body[CHROMA].is_multiple_of(4),
        })
    }

    /// What the headers say of colours.
    pub(super) fn signal(&self) -> Signal {
        self.sequence.signal
    }

    /// Decodes one picture of exactly this size.
    pub(super) fn decode(&self, code: &[u8], width: usize, height: usize) -> ImageResult<Planes> {
        self.check(width, height)?;
        let mut parts = Vec::new();
        let mut rest = code;
        while !rest.is_empty() {
            let (part, behind) = part(rest, self.length_bytes).ok_or_else(super::cut_off)?;
            if part.len() < 2 || parts.len() == MOST_PARTS {
                return Err(damaged("its code is in too many parts"));
            }
            parts.push(part);
            rest = behind;
        }
        let frame = decode_still(&self.headers, &parts).map_err(describe)?;
        frame.validate().map_err(describe)?;
        let is_grey = frame.chroma == ChromaFormat::Monochrome;
        let is_as_told = (frame.width as usize, frame.height as usize, frame.bit_depth)
            == (width, height, self.sequence.depths[0])
            && (is_grey || frame.chroma == ChromaFormat::Yuv420);
        if !is_as_told {
            return Err(damaged("its code does not fit its header"));
        }
        let Signal { cicp, is_full_range, .. } = self.signal();
        let (halved, bits) = (if is_grey { (0, 0) } else { (1, 1) }, frame.bit_depth);
        let mut planes = Planes { width, height, bits, halved, samples: Vec::new(), is_full_range, cicp };
        let sources = [(&frame.y, frame.y_stride), (&frame.cb, frame.c_stride), (&frame.cr, frame.c_stride)];
        for (plane, (samples, stride)) in sources.into_iter().enumerate().take(if is_grey { 1 } else { 3 }) {
            let (width, height) = planes.shape(plane);
            let rows = samples.chunks(stride as usize).take(height);
            planes.samples.push(rows.flat_map(|row| &row[..width]).copied().collect());
        }
        Ok(planes)
    }

    /// Refuses what the decoder would take too much memory for, and what it reads wrong.
    fn check(&self, width: usize, height: usize) -> ImageResult<()> {
        let Sequence { coded, depths, .. } = self.sequence;
        let fits = |coded: usize, shown: usize| coded >= shown && coded - shown < MOST_BESIDE;
        let known = probe(&self.headers).map_err(describe)?;
        let is_shown = (known.width as usize, known.height as usize) == (width, height);
        if !is_shown || !fits(coded[0], width) || !fits(coded[1], height) {
            return Err(damaged("its picture is of another size than its header says"));
        }
        match known.chroma {
            ChromaFormat::Monochrome | ChromaFormat::Yuv420 => {}
            // Wrong pixels, compared with libheif's, or none.
            ChromaFormat::Yuv422 => return Err(unsupported("its colours are sampled 4:2:2")),
            ChromaFormat::Yuv444 => return Err(unsupported("its colours are sampled 4:4:4")),
        }
        let is_grey = known.chroma == ChromaFormat::Monochrome;
        if depths[0] > MOST_BITS || !is_grey && depths[0] != depths[1] {
            let [brightness, colors] = depths;
            return Err(unsupported(format!("it has {brightness} bits of brightness and {colors} of colours")));
        }
        Ok(())
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
