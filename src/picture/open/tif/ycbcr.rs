//! Brightness and two colour differences (TIFF 6.0, section 21).

use super::entries::{self as tag, Entries};

/// ITU-R BT.601.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

pub(super) struct YCbCr {
    /// How much red, green and blue count in brightness.
    luma: [f32; 3],
    /// The sample of black, or of no colour, and how far it is from there to white, or to the strongest colour.
    ranges: [(f32, f32); 3],
}

impl YCbCr {
    pub(super) fn of(entries: &Entries, bits: u32) -> Self {
        let luma = entries.fractions(tag::YCBCR_COEFFICIENTS).filter(|luma| luma[1] != 0.0).unwrap_or(LUMA);
        let most = (1u64 << bits.min(63)) as f32 - 1.0;
        let middle = (1u64 << (bits.min(63) - 1)) as f32;
        let usual = [0.0, most, middle, most, middle, most];
        let reference: [f32; 6] = entries.fractions(tag::REFERENCE_BLACK_WHITE).unwrap_or(usual);
        let ranges = [0, 1, 2].map(|i| (reference[2 * i] / most, (reference[2 * i + 1] - reference[2 * i]) / most));
        let is_sound = ranges.iter().all(|(_, range)| *range > 0.0);
        let usual = [(0.0, 1.0), (middle / most, (most - middle) / most), (middle / most, (most - middle) / most)];
        Self { luma, ranges: if is_sound { ranges } else { usual } }
    }

    /// From samples between 0 and 1.
    pub(super) fn to_rgb(&self, stored: [f32; 3]) -> [f32; 3] {
        let part = |i: usize| (stored[i] - self.ranges[i].0) / self.ranges[i].1;
        // Differences reach 127 of 255 where brightness reaches 255.
        let (y, blue, red) = (part(0), part(1) * 127.0 / 255.0, part(2) * 127.0 / 255.0);
        let [luma_red, luma_green, luma_blue] = self.luma;
        let r = red * (2.0 - 2.0 * luma_red) + y;
        let b = blue * (2.0 - 2.0 * luma_blue) + y;
        [r, (y - luma_blue * b - luma_red * r) / luma_green, b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tags_it_is_that_of_jpeg() {
        let ycbcr = YCbCr::of(&Entries(Vec::new()), 8);
        let rgb = |stored: [u8; 3]| ycbcr.to_rgb(stored.map(|v| f32::from(v) / 255.0)).map(|v| (v * 255.0).round());
        assert_eq!(rgb([255, 128, 128]), [255.0; 3]);
        assert_eq!(rgb([0, 128, 128]), [0.0; 3]);
        assert_eq!(rgb([76, 85, 255]), [254.0, 0.0, 0.0]);
        assert_eq!(rgb([29, 255, 107]), [0.0, 0.0, 254.0]);
    }
}
