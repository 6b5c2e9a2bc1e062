//! Which values count: the rules of LIIF's `test.py` (yinboc/liif) and of mmagic's configurations (open-mmlab/mmagic).

use crate::metrics::Channels;
use std::fmt;
use std::str::FromStr;

/// Which values count, and how much of the border does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Set5, Set14, B100, Urban100: luma, a border of `scale` pixels left out.
    LiifBenchmark,
    /// DIV2K: RGB, a border of `scale + 6` pixels left out.
    LiifDiv2k,
    /// RGB, everything: LIIF's validation, and `CelebAHQ`.
    Rgb,
    /// mmagic's tables: RGB, a border of `scale` pixels left out, originals cut to a multiple of 12 first.
    Mmagic,
}

impl Protocol {
    const ALL: [Self; 4] = [Self::LiifBenchmark, Self::LiifDiv2k, Self::Rgb, Self::Mmagic];

    /// The channels that count.
    pub fn channels(self) -> Channels {
        match self {
            Self::LiifBenchmark => Channels::Luma,
            Self::LiifDiv2k | Self::Rgb | Self::Mmagic => Channels::Rgb,
        }
    }

    /// The border that does not count, in pixels of the original; a fractional scale is rounded up.
    pub fn shave(self, scale: f64) -> usize {
        match self {
            Self::LiifBenchmark | Self::Mmagic => scale.ceil() as usize,
            Self::LiifDiv2k => scale.ceil() as usize + 6,
            Self::Rgb => 0,
        }
    }

    /// Both sides of an original are cut to a multiple of this many pixels before a small picture is made of it.
    pub fn multiple(self) -> usize {
        if self == Self::Mmagic { 12 } else { 1 }
    }

    /// For people: which values count at a scale.
    pub(super) fn in_words(self, scale: f64) -> String {
        let channels = if self.channels() == Channels::Luma { "Y" } else { "RGB" };
        match self.shave(scale) {
            0 => format!("{self} ({channels})"),
            shave => format!("{self} ({channels}, without a border of {shave} pixels)"),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LiifBenchmark => "liif-benchmark",
            Self::LiifDiv2k => "liif-div2k",
            Self::Rgb => "rgb",
            Self::Mmagic => "mmagic",
        })
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|protocol| protocol.to_string() == name).ok_or_else(|| {
            format!(
                "{name} is not a protocol; use one of {}",
                Self::ALL.map(|protocol| protocol.to_string()).join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_have_names() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        assert!("psnr".parse::<Protocol>().unwrap_err().contains("liif-benchmark, liif-div2k, rgb, mmagic"));
    }

    #[test]
    fn borders_follow_the_scale() {
        assert_eq!(Protocol::LiifBenchmark.shave(2.5), 3);
        assert_eq!(Protocol::LiifDiv2k.shave(4.0), 10);
        assert_eq!(Protocol::Rgb.shave(30.0), 0);
        assert_eq!((Protocol::Mmagic.shave(2.0), Protocol::Mmagic.multiple()), (2, 12));
    }
}
