//! From unpacked strips and tiles to rows of pixels.

use super::color::Conversion;
use super::layout::{Layout, Predictor};
use super::samples::{Number, floats, mask, split};
use super::{Failure, subsampled};
use crate::geometry::Size;
use crate::task::survive;
use rayon::prelude::*;

/// Fills the rows of a band from its strips or tiles: from the left to the right, plane by plane.
pub(super) fn fill(
    layout: &Layout,
    conversion: &Conversion,
    packed: Vec<Vec<u8>>,
    out: &mut [u8],
) -> Result<(), Failure> {
    let row_bytes = layout.width * conversion.pixel_bytes();
    let rows = if layout.is_tiled { layout.chunk_height } else { out.len() / row_bytes };
    let chunk_bytes = layout.chunk_width * conversion.pixel_bytes();
    let mut packed: Vec<Option<Vec<u8>>> = packed.into_iter().map(Some).collect();
    for x in 0..layout.across() {
        let of_planes =
            (0..layout.planes()).map(|plane| packed[plane * layout.across() + x].take().unwrap_or_default());
        let planes = of_planes.map(|packed| unpack(layout, packed, rows)).collect::<Result<Vec<Vec<u8>>, Failure>>()?;
        let parts = out.par_chunks_mut(row_bytes).enumerate();
        parts.for_each_init(Vec::new, |samples, (y, row)| {
            let row = &mut row[x * chunk_bytes..];
            let width = (row.len() / conversion.pixel_bytes()).min(layout.chunk_width);
            fill_row((layout, conversion), &planes, y, samples, &mut row[..width * conversion.pixel_bytes()]);
        });
    }
    Ok(())
}

/// The pixels of a single strip or tile, whose planes are given, as far as they lie in the picture.
pub(super) fn fill_chunk(
    layout: &Layout,
    conversion: &Conversion,
    packed: Vec<Vec<u8>>,
    size: Size,
    out: &mut [u8],
) -> Result<(), Failure> {
    let rows = if layout.is_tiled { layout.chunk_height } else { size.height };
    let planes = packed.into_iter().map(|packed| unpack(layout, packed, rows)).collect::<Result<Vec<_>, _>>()?;
    let mut samples = Vec::new();
    for (y, row) in out.chunks_exact_mut(size.width * conversion.pixel_bytes()).enumerate() {
        fill_row((layout, conversion), &planes, y, &mut samples, row);
    }
    Ok(())
}

/// One row of a strip or tile, from its left edge as far as it is wanted.
fn fill_row(
    (layout, conversion): (&Layout, &Conversion),
    planes: &[Vec<u8>],
    y: usize,
    samples: &mut Vec<u64>,
    row: &mut [u8],
) {
    if !copy(layout, conversion, &planes[0], y, row) {
        read_row(layout, conversion.number, planes, y, samples);
        conversion.convert(samples, row);
    }
}

/// The libraries that unpack have been known to panic at damaged data.
fn unpack(layout: &Layout, packed: Vec<u8>, rows: usize) -> Result<Vec<u8>, Failure> {
    let unpacked = survive(|| layout.compression.unpack(packed, &layout.shape(rows)));
    unpacked.unwrap_or(Err(Failure::Damaged("its packed data is corrupt")))
}

/// Copies samples that are pixels already, which those of most files are; otherwise does nothing.
fn copy(layout: &Layout, conversion: &Conversion, bytes: &[u8], y: usize, out: &mut [u8]) -> bool {
    let is_plain = conversion.is_as_stored() && !layout.is_planar && !layout.is_subsampled();
    if !is_plain || !matches!(layout.bits, 8 | 16) {
        return false;
    }
    let row = &bytes[y * layout.row_bytes()..][..out.len()];
    // Nothing comes before the first pixel.
    let mut before = vec![0; layout.samples];
    let is_difference = layout.predictor == Predictor::Difference;
    if layout.bits == 16 {
        copy_deep(layout.is_little, row, out);
        if is_difference {
            for (i, sample) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let sum: u16 = u16::from_ne_bytes(*sample).wrapping_add(before[i % layout.samples]);
                *sample = sum.to_ne_bytes();
                before[i % layout.samples] = sum;
            }
        }
        return true;
    }
    out.copy_from_slice(row);
    if is_difference {
        for i in layout.samples..out.len() {
            out[i] = out[i].wrapping_add(out[i - layout.samples]);
        }
    }
    true
}

/// Copies samples of 16 bits into this machine's order of bytes.
fn copy_deep(is_little: bool, row: &[u8], out: &mut [u8]) {
    for (out, stored) in out.as_chunks_mut::<2>().0.iter_mut().zip(row.as_chunks::<2>().0) {
        let value = if is_little { u16::from_le_bytes(*stored) } else { u16::from_be_bytes(*stored) };
        *out = value.to_ne_bytes();
    }
}

/// The samples of a row as they are stored, pixel by pixel.
fn read_row(layout: &Layout, number: Number, planes: &[Vec<u8>], y: usize, samples: &mut Vec<u64>) {
    samples.clear();
    samples.resize(layout.chunk_width * layout.samples, 0);
    if layout.is_subsampled() {
        return subsampled::row(layout.subsampling, layout.chunk_width, &planes[0], y, samples);
    }
    let mut plane = vec![0; layout.chunk_width * layout.samples_of_chunk()];
    for (i, bytes) in planes.iter().enumerate() {
        let row = &bytes[y * layout.row_bytes()..][..layout.row_bytes()];
        read_plane(layout, number, row, &mut plane);
        if planes.len() == 1 {
            return std::mem::swap(samples, &mut plane);
        }
        for (pixel, sample) in samples.chunks_exact_mut(layout.samples).zip(&plane) {
            pixel[i] = *sample;
        }
    }
}

/// The samples of a row of one plane.
fn read_plane(layout: &Layout, number: Number, row: &[u8], samples: &mut [u64]) {
    let step = layout.samples_of_chunk();
    if layout.predictor == Predictor::Float {
        let row = floats(row, layout.bits as usize / 8, step);
        return split(&row, layout.bits, false, samples);
    }
    split(row, layout.bits, layout.is_little, samples);
    if layout.predictor == Predictor::Difference {
        let mask = mask(layout.bits);
        for i in step..samples.len() {
            samples[i] = samples[i].wrapping_add(samples[i - step]) & mask;
        }
    }
    if number == Number::Signed {
        // The lowest becomes 0.
        for sample in samples {
            *sample ^= 1 << (layout.bits - 1);
        }
    }
}
