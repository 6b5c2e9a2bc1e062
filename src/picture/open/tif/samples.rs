//! From bytes to samples of any width.

use half::f16;

/// What a sample's bits mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Unsigned,
    Signed,
    Float,
}

/// The largest number of so many bits.
pub(super) fn mask(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

/// A floating-point number of 16, 32 or 64 bits.
pub(super) fn float(sample: u64, bits: u32) -> f64 {
    match bits {
        16 => f16::from_bits(sample as u16).to_f64(),
        32 => f64::from(f32::from_bits(sample as u32)),
        _ => f64::from_bits(sample),
    }
}

/// Splits bytes into samples. Those of whole bytes are in the file's order, others begin with their highest bit.
pub(super) fn split(row: &[u8], bits: u32, is_little: bool, samples: &mut [u64]) {
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

/// Joins samples to the bytes of rows with so many each, as [`split`] takes them.
pub(super) fn join(samples: &[u64], row: usize, bits: u32, is_little: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((row * bits as usize).div_ceil(8) * (samples.len() / row.max(1)));
    for row in samples.chunks(row.max(1)) {
        if bits.is_multiple_of(8) {
            let count = bits as usize / 8;
            for sample in row {
                let little = sample.to_le_bytes();
                let ordered = |i: usize| if is_little { little[i] } else { little[count - 1 - i] };
                bytes.extend((0..count).map(ordered));
            }
            continue;
        }
        let bit = |i: usize| (row[i / bits as usize] >> (bits as usize - 1 - i % bits as usize) & 1) as u8;
        let all = row.len() * bits as usize;
        bytes.extend(
            (0..all).step_by(8).map(|start| (start..all.min(start + 8)).map(|i| bit(i) << (7 - i % 8)).sum::<u8>()),
        );
    }
    bytes
}

/// Undoes the predictor of floating-point numbers; they begin with their highest byte then.
pub(super) fn floats(row: &[u8], bytes: usize, step: usize) -> Vec<u8> {
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
    fn what_is_joined_is_split_again() {
        for bits in [1, 3, 8, 12, 16, 32, 64] {
            for is_little in [true, false] {
                let samples: Vec<u64> =
                    (1..=10u64).map(|v| v.wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask(bits)).collect();
                let bytes = join(&samples, 5, bits, is_little);
                let rows = bytes.chunks(bytes.len() / 2).flat_map(|row| of(row, bits, is_little, 5));
                assert_eq!(rows.collect::<Vec<_>>(), samples, "{bits} {is_little}");
            }
        }
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
