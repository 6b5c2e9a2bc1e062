//! Which values a page has, where how they are shown is not plain: floating point, signs, more than 16 bits.

use super::samples::{Number, float, mask};
use crate::picture::Exposure;
use crate::picture::open::light::{Numbers, told};
use std::sync::atomic::{AtomicU64, Ordering};

/// Gathers the lowest and the highest value of the colours, from many threads.
pub(in crate::picture::open) struct Range {
    number: Number,
    bits: u32,
    is_white_zero: bool,
    /// In the order of the values; above [`Self::highest`] before there was any.
    lowest: AtomicU64,
    highest: AtomicU64,
}

impl Range {
    /// None where people know how values are shown.
    pub(super) fn of(number: Number, bits: u32, is_white_zero: bool) -> Option<Self> {
        let is_plain = number == Number::Unsigned && bits <= 16;
        let (lowest, highest) = (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        (!is_plain).then_some(Self { number, bits, is_white_zero, lowest, highest })
    }

    /// Samples as they come out of a row; signed ones count from the lowest.
    pub(super) fn see(&self, samples: impl Iterator<Item = u64>) {
        let wider = |(low, high): (u64, u64), place: u64| (low.min(place), high.max(place));
        let (low, high) = samples.filter_map(|sample| self.place(sample)).fold((u64::MAX, 0), wider);
        if low <= high {
            self.lowest.fetch_min(low, Ordering::Relaxed);
            self.highest.fetch_max(high, Ordering::Relaxed);
        }
    }

    /// A number that grows with the value; none if it is not a number.
    fn place(&self, sample: u64) -> Option<u64> {
        if self.number != Number::Float {
            return Some(sample);
        }
        // Zero has one sign.
        let value = float(sample, self.bits) + 0.0;
        let bits = value.to_bits();
        (!value.is_nan()).then_some(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
    }

    /// What the person should know: half a sentence. Nothing of floating-point values that are all shown as they are stored.
    pub(in crate::picture::open) fn note(&self, exposure: Exposure) -> Option<String> {
        let seen = [&self.lowest, &self.highest].map(|place| place.load(Ordering::Relaxed));
        let seen = (seen[0] <= seen[1]).then_some(seen);
        if self.number == Number::Float {
            let numbers = if self.is_white_zero { Numbers::FromWhite } else { Numbers::Light };
            return told(seen.map(|places| places.map(float_of)), numbers, exposure);
        }
        let ends = if self.is_white_zero { ["white", "black"] } else { ["black", "white"] };
        let first = if self.number == Number::Signed { -(1i128 << (self.bits - 1)) } else { 0 };
        let value = |place: u64| (first + i128::from(place)).to_string();
        let [from, to] = [0, mask(self.bits)].map(value);
        let rule = format!("shown from {from}, {}, to {to}, {}", ends[0], ends[1]);
        Some(said(seen.map(|places| places.map(value)), &rule))
    }
}

fn said(seen: Option<[String; 2]>, rule: &str) -> String {
    match seen {
        Some([low, high]) => format!("its values go from {low} to {high}, and are {rule}"),
        None => format!("its values are {rule}"),
    }
}

fn float_of(place: u64) -> f64 {
    f64::from_bits(if place >> 63 == 1 { place ^ 1 << 63 } else { !place })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note_of(number: Number, bits: u32, samples: &[u64]) -> Option<String> {
        let range = Range::of(number, bits, false)?;
        samples.chunks(2).for_each(|part| range.see(part.iter().copied()));
        range.note(Exposure::NONE)
    }

    #[test]
    fn floating_point_values_are_ordered_and_told_where_they_are_cut_off() {
        let note = |values: &[f32]| {
            let samples: Vec<u64> = values.iter().map(|value| u64::from(value.to_bits())).collect();
            note_of(Number::Float, 32, &samples)
        };
        let said = note(&[0.5, f32::NAN, -3.25, 812.5, -0.0]).unwrap();
        assert_eq!(
            said,
            "its values go from -3.25 to 812.5, and are shown as linear light from 0, black, to 1, white, and cut off \
             beyond; an exposure of -9.7 stops shows the brightest"
        );
        assert!(note(&[-9999.0, -3.402_823_5e38]).unwrap().contains("from -3.40282e38 to -9999,"));
        assert!(note(&[1.0, f32::INFINITY]).unwrap().contains("from 1 to inf,"));
        assert_eq!(note(&[0.0, 0.3, 1.0]), None);
        assert!(note(&[f32::NAN]).unwrap().starts_with("its values are shown"));
    }

    #[test]
    fn whole_numbers_are_told_with_their_type_s_ends() {
        let unsigned = note_of(Number::Unsigned, 32, &[700, 12, 4811]).unwrap();
        assert_eq!(unsigned, "its values go from 12 to 4811, and are shown from 0, black, to 4294967295, white");
        // Signed ones come counted from the lowest.
        let signed = note_of(Number::Signed, 64, &[1 << 63, (1 << 63) - 7]).unwrap();
        assert!(signed.starts_with("its values go from -7 to 0, and are shown from -9223372036854775808, black,"));
        assert_eq!(note_of(Number::Unsigned, 16, &[5]), None);
        assert!(
            Range::of(Number::Signed, 8, true)
                .unwrap()
                .note(Exposure::NONE)
                .unwrap()
                .ends_with("from -128, white, to 127, black")
        );
    }
}
