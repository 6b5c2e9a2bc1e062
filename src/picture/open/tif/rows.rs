//! From unpacked strips and tiles to rows of pixels.

use super::color::Conversion;
use super::layout::{Layout, Number, Predictor};
use super::{Failure, subsampled};
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
        let planes = of_planes
            .map(|packed| layout.compression.unpack(packed, layout, rows))
            .collect::<Result<Vec<Vec<u8>>, Failure>>()?;
        let parts = out.par_chunks_mut(row_bytes).enumerate();
        parts.for_each_init(Vec::new, |samples, (y, row)| {
            let row = &mut row[x * chunk_bytes..];
            let width = (row.len() / conversion.pixel_bytes()).min(layout.chunk_width);
            let row = &mut row[..width * conversion.pixel_bytes()];
            if !copy(layout, conversion, &planes[0], y, row) {
                read_row(layout, conversion.number, &planes, y, samples);
                conversion.convert(samples, row);
            }
        });
    }
    Ok(())
}

/// Copies bytes that are pixels already, which those of most files are; otherwise does nothing.
fn copy(layout: &Layout, conversion: &Conversion, bytes: &[u8], y: usize, out: &mut [u8]) -> bool {
    let is_plain = conversion.is_as_stored() && layout.bits == 8 && !layout.is_planar && !layout.is_subsampled();
    if !is_plain || layout.predictor == Predictor::Float {
        return false;
    }
    out.copy_from_slice(&bytes[y * layout.row_bytes()..][..out.len()]);
    if layout.predictor == Predictor::Difference {
        for i in layout.samples..out.len() {
            out[i] = out[i].wrapping_add(out[i - layout.samples]);
        }
    }
    true
}

/// The samples of a row as they are stored, pixel by pixel.
fn read_row(layout: &Layout, number: Number, planes: &[Vec<u8>], y: usize, samples: &mut Vec<u64>) {
    samples.clear();
    samples.resize(layout.chunk_width * layout.samples, 0);
    if layout.is_subsampled() {
        return subsampled::row(layout, &planes[0], y, samples);
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
        samples.iter_mut().for_each(|sample| *sample ^= 1 << (layout.bits - 1));
    }
}

/// The largest number of so many bits.
pub(super) fn mask(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

/// Splits bytes into samples. Those of whole bytes are in the file's order, others begin with their highest bit.
fn split(row: &[u8], bits: u32, is_little: bool, samples: &mut [u64]) {
    if bits.is_multiple_of(8) {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        for (sample, bytes) in samples.iter_mut().zip(row.chunks_exact(bits as usize / 8)) {
            *sample = if is_little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) };
        }
        return;
    }
    let (mut held, mut count, mut bytes) = (0u128, 0, row.iter());
    for sample in samples {
        while count < bits {
            held = held << 8 | u128::from(bytes.next().copied().unwrap_or(0));
            count += 8;
        }
        count -= bits;
        *sample = (held >> count) as u64 & mask(bits);
        held &= (1 << count) - 1;
    }
}

/// Undoes the predictor of floating-point numbers; they begin with their highest byte then.
fn floats(row: &[u8], bytes: usize, step: usize) -> Vec<u8> {
    let mut summed = row.to_vec();
    for i in step..summed.len() {
        summed[i] = summed[i].wrapping_add(summed[i - step]);
    }
    let count = summed.len() / bytes;
    (0..count * bytes).map(|i| summed[i % bytes * count + i / bytes]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(row: &[u8], bits: u32, is_little: bool, count: usize) -> Vec<u64> {
        let mut samples = vec![0; count];
        split(row, bits, is_little, &mut samples);
        samples
    }

    #[test]
    fn samples_of_every_width_are_split() {
        assert_eq!(of(&[0b1011_0001], 1, true, 8), [1, 0, 1, 1, 0, 0, 0, 1]);
        assert_eq!(of(&[0b1011_0001], 2, true, 4), [2, 3, 0, 1]);
        assert_eq!(of(&[0xab, 0xc0], 4, false, 3), [0xa, 0xb, 0xc]);
        assert_eq!(of(&[0xab, 0xcd, 0xef], 12, true, 2), [0xabc, 0xdef]);
        assert_eq!(of(&[1, 2, 3, 4], 16, true, 2), [0x0201, 0x0403]);
        assert_eq!(of(&[1, 2, 3], 24, false, 1), [0x01_0203]);
        assert_eq!(of(&[0xff; 8], 63, false, 1), [u64::MAX >> 1]);
        assert_eq!(of(&[1, 0, 0, 0, 0, 0, 0, 0x80], 64, true, 1), [0x8000_0000_0000_0001]);
    }

    #[test]
    fn floats_are_put_together() {
        // 1.0 and -2.0 in 32 bits: 3f800000, c0000000. Their bytes in planes, each minus the one before.
        let planes = [0x3f, 0xc0, 0x80, 0x00, 0, 0, 0, 0u8];
        let mut stored = planes;
        (1..8).rev().for_each(|i| stored[i] = planes[i].wrapping_sub(planes[i - 1]));
        assert_eq!(floats(&stored, 4, 1), [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
    }
}
