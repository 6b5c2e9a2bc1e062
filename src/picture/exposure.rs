//! Exposure: of a file that holds light rather than colours, how much of it is white.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How much brighter than it is stored a picture is made, in stops: one more is twice the light. Steps are tenths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct Exposure {
    tenths: i16,
}

impl Exposure {
    /// As it is stored.
    pub const NONE: Self = Self { tenths: 0 };

    /// The most, brighter or darker, in tenths of a stop.
    const MOST: i16 = 200;

    /// So many tenths of a stop more, within what there is.
    #[must_use]
    pub fn by(self, tenths: i16) -> Self {
        Self { tenths: self.tenths.saturating_add(tenths).clamp(-Self::MOST, Self::MOST) }
    }

    /// The brightest exposure, in tenths of a stop, that makes no more than white of a value; none where there is none.
    pub(super) fn for_white(value: f64) -> Option<Self> {
        let tenths = (-10.0 * value.log2()).floor();
        (tenths.abs() <= f64::from(Self::MOST)).then_some(Self { tenths: tenths as i16 })
    }

    /// In stops.
    pub fn stops(self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    /// What light is multiplied by.
    pub fn factor(self) -> f64 {
        self.stops().exp2()
    }

    /// The light that a sample of 16 bits on the sRGB curve stands for, with as many digits as are certain.
    pub(super) fn light_text(self, sample: u16) -> String {
        /// The largest step between two samples, of white.
        const STEP: f64 = 4e-5;
        let white = 1.0 / self.factor();
        let place = (STEP * white).log10().ceil() as i32;
        let (unit, decimals) = (10f64.powi(place), (-place).max(0) as usize);
        let light = linear(f64::from(sample) / 65535.0) * white;
        let text = format!("{:.decimals$}", (light / unit).round() * unit);
        match sample {
            0 => "≤0".into(),
            // Cut off there.
            u16::MAX => format!("≥{text}"),
            _ => text,
        }
    }
}

/// Linear light of a value on the sRGB curve (IEC 61966-2-1).
fn linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.1}", self.stops())
    }
}

impl FromStr for Exposure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let tenths = text.parse::<f64>().ok().map(|stops| (stops * 10.0).round());
        let known = tenths.filter(|tenths| tenths.abs() <= f64::from(Self::MOST));
        let refusal = || format!("exposures are from -{0} to {0} stops, as -1.5", Self::MOST / 10);
        known.map(|tenths| Self { tenths: tenths as i16 }).ok_or_else(refusal)
    }
}

/// Which picture of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Which {
    /// Its page, or frame of an animation, counted from 0.
    pub page: usize,
    /// How it is exposed; not at all if it is not read as light.
    pub exposure: Exposure,
}

impl From<usize> for Which {
    fn from(page: usize) -> Self {
        Self { page, exposure: Exposure::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposures_are_read_as_they_are_written() {
        for text in ["+0.0", "-5.3", "+20.0"] {
            assert_eq!(text.parse::<Exposure>().unwrap().to_string(), text);
        }
        assert_eq!("1.46".parse::<Exposure>().unwrap().stops(), 1.5);
        for wrong in ["", "bright", "NaN", "20.1", "-1e9"] {
            assert!(wrong.parse::<Exposure>().unwrap_err().contains("-20 to 20 stops"), "{wrong}");
        }
    }

    #[test]
    fn samples_are_told_as_light_with_the_digits_that_are_certain() {
        let told = |exposure: &str, sample| exposure.parse::<Exposure>().unwrap().light_text(sample);
        assert_eq!(told("0", 32768), "0.2140");
        assert_eq!(told("-3", 32768), "1.712");
        assert_eq!(told("-20", 32768), "224400");
        assert_eq!([told("-3", 0), told("-3", u16::MAX)], ["≤0", "≥8.000"]);
    }

    #[test]
    fn a_stop_is_twice_the_light_and_there_is_an_end() {
        assert_eq!(Exposure::NONE.by(-20).factor(), 0.25);
        assert_eq!(Exposure::NONE.by(i16::MAX).by(5).stops(), 20.0);
    }

    #[test]
    fn the_brightest_value_becomes_white_and_no_more() {
        for value in [1.0, 7.9, 37.5, 812.5, 0.3] {
            let light = value * Exposure::for_white(value).unwrap().factor();
            assert!((0.9..=1.0).contains(&light), "{value}: {light}");
        }
        assert!([f64::INFINITY, 1e30, 0.0].map(Exposure::for_white).iter().all(Option::is_none));
    }
}
