//! What the samples of a page mean, and how they become grey or RGB with opacity.

use super::Failure;
use super::entries::{self as tag, Entries};
use super::lab::Lab;
use super::range::Range;
use super::samples::{Number, float, mask};
use super::ycbcr::YCbCr;
use crate::picture::inks::Inks;
use crate::picture::open::convert::color_type;
use image::ColorType;
use std::sync::Arc;

const ASSOCIATED: u64 = 1;
const UNASSOCIATED: u64 = 2;

/// The kinds of colours.
enum Colors {
    Grey,
    WhiteIsZero,
    Rgb,
    /// RGB by number.
    Palette(Vec<[f32; 3]>),
    /// With the table of its profile.
    Cmyk(Option<Box<Inks>>),
    YCbCr(YCbCr),
    Lab(Lab),
}

pub(super) struct Conversion {
    colors: Colors,
    /// Bits of a sample.
    pub(super) bits: u32,
    /// Samples of a pixel.
    pub(super) samples: usize,
    pub(super) number: Number,
    /// Which sample is the opacity.
    opacity: Option<usize>,
    /// Whether colours are multiplied by it.
    is_premultiplied: bool,
    target: ColorType,
    /// The values that were converted, where that is told.
    pub(super) range: Option<Arc<Range>>,
}

impl Conversion {
    pub(super) fn of(entries: &Entries) -> Result<Self, Failure> {
        let bits = entries.common(tag::BITS, 1, "how many bits they have")?;
        let bits = u32::try_from(bits).ok().filter(|bits| (1..=64).contains(bits));
        let bits = bits.ok_or_else(|| Failure::Unsupported("its samples have more than 64 bits".into()))?;
        let samples = entries.number(tag::SAMPLES).unwrap_or(1) as usize;
        let colors = colors(entries, bits)?;
        let needed = colors.count();
        if samples < needed || samples > 1 << 16 {
            return Err(Failure::Damaged("it has too few channels for its colours"));
        }
        let number = number(entries, bits)?;
        let extra = entries.numbers(tag::EXTRA_SAMPLES);
        // RGB with a fourth sample of which nothing is said.
        let is_unsaid = extra.is_none() && matches!(colors, Colors::Rgb) && samples == 4;
        let extra = if is_unsaid { vec![UNASSOCIATED] } else { extra.unwrap_or_default() };
        let opacity = extra.iter().position(|kind| matches!(*kind, ASSOCIATED | UNASSOCIATED));
        let is_premultiplied = opacity.is_some_and(|at| extra[at] == ASSOCIATED);
        let opacity = opacity.map(|at| needed + at).filter(|at| *at < samples);
        let target = target(&colors, bits, number, opacity.is_some());
        let range = colors.range(number, bits).map(Arc::new);
        Ok(Self { colors, bits, samples, number, opacity, is_premultiplied, target, range })
    }

    pub(super) fn color_type(&self) -> ColorType {
        self.target
    }

    /// Of an output pixel.
    pub(super) fn pixel_bytes(&self) -> usize {
        usize::from(self.target.bytes_per_pixel())
    }

    /// Whether the colours have become sRGB here, so that no profile fits them.
    pub(super) fn is_into_srgb(&self) -> bool {
        matches!(self.colors, Colors::Cmyk(_) | Colors::Lab(_))
    }

    pub(super) fn is_ycbcr(&self) -> bool {
        matches!(self.colors, Colors::YCbCr(_))
    }

    /// Whether the stored samples are the output's.
    pub(super) fn is_as_stored(&self) -> bool {
        let is_same = matches!(self.colors, Colors::Grey | Colors::Rgb) && self.number == Number::Unsigned;
        is_same
            && !self.is_premultiplied
            && self.samples == usize::from(self.target.channel_count())
            && self.opacity.is_none_or(|at| at == self.colors.count())
    }

    /// Turns the samples of a row into pixels.
    pub(super) fn convert(&self, samples: &[u64], out: &mut [u8]) {
        if let Some(range) = &self.range {
            let pixels = samples.chunks_exact(self.samples).take(out.len() / self.pixel_bytes());
            range.see(pixels.flat_map(|pixel| &pixel[..self.colors.count()]).copied());
        }
        let pixels = samples.chunks_exact(self.samples).zip(out.chunks_exact_mut(self.pixel_bytes()));
        let channels = usize::from(self.target.channel_count());
        let depth = self.pixel_bytes() / channels;
        for (stored, out) in pixels {
            let pixel = self.pixel(stored);
            let pixel = if channels < 3 { [pixel[0], pixel[3], 0.0, 0.0] } else { pixel };
            for (value, out) in pixel.iter().zip(out.chunks_exact_mut(depth)) {
                match depth {
                    1 => out[0] = (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8,
                    2 => out.copy_from_slice(&((value.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16).to_ne_bytes()),
                    _ => out.copy_from_slice(&value.to_ne_bytes()),
                }
            }
        }
    }

    /// Red, green, blue and opacity; of grey, grey three times.
    fn pixel(&self, stored: &[u64]) -> [f32; 4] {
        let unit = |at: usize| self.unit(stored[at]);
        let opacity = self.opacity.map_or(1.0, unit);
        let color = match &self.colors {
            Colors::Grey => [unit(0); 3],
            Colors::WhiteIsZero => [1.0 - unit(0); 3],
            Colors::Rgb => [unit(0), unit(1), unit(2)],
            Colors::Palette(colors) => colors.get(stored[0] as usize).copied().unwrap_or_default(),
            Colors::Cmyk(Some(inks)) => inks.to_srgb([unit(0), unit(1), unit(2), unit(3)]),
            Colors::Cmyk(None) => [0, 1, 2].map(|ink| (1.0 - unit(ink)) * (1.0 - unit(3))),
            Colors::YCbCr(ycbcr) => ycbcr.to_rgb([unit(0), unit(1), unit(2)]),
            Colors::Lab(lab) => lab.to_srgb([stored[0], stored[1], stored[2]]),
        };
        let [r, g, b] = if self.is_premultiplied { divided(color, opacity) } else { color };
        [r, g, b, opacity]
    }

    /// A sample between 0 and 1; floating-point numbers as they are.
    fn unit(&self, stored: u64) -> f32 {
        match (self.number, self.bits) {
            (Number::Float, bits) => float(stored, bits) as f32,
            (_, bits @ ..=16) => stored as f32 / mask(bits) as f32,
            (_, bits) => (stored as f64 / mask(bits) as f64) as f32,
        }
    }
}

/// Takes the multiplication by the opacity back. What is invisible has no colour.
fn divided(color: [f32; 3], opacity: f32) -> [f32; 3] {
    if opacity > 0.0 { color.map(|value| value / opacity) } else { [0.0; 3] }
}

impl Colors {
    /// Samples that they need.
    fn count(&self) -> usize {
        match self {
            Self::Grey | Self::WhiteIsZero | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr(_) | Self::Lab(_) => 3,
            Self::Cmyk(_) => 4,
        }
    }

    /// What gathers their values, if they are told.
    fn range(&self, number: Number, bits: u32) -> Option<Range> {
        match self {
            Self::Grey | Self::Rgb => Range::of(number, bits, false),
            Self::WhiteIsZero => Range::of(number, bits, true),
            Self::Palette(_) | Self::Cmyk(_) | Self::YCbCr(_) | Self::Lab(_) => None,
        }
    }
}

fn colors(entries: &Entries, bits: u32) -> Result<Colors, Failure> {
    let name = match entries.number(tag::PHOTOMETRIC) {
        Some(0) => return Ok(Colors::WhiteIsZero),
        Some(1) => return Ok(Colors::Grey),
        Some(2) if is_aperio(entries) => return Ok(Colors::YCbCr(YCbCr::of(entries, bits))),
        Some(2) => return Ok(Colors::Rgb),
        Some(3) => return palette(entries, bits),
        Some(5) if entries.number(tag::INK_SET).unwrap_or(1) == 1 => return Ok(Colors::Cmyk(inks(entries))),
        Some(6) => return Ok(Colors::YCbCr(YCbCr::of(entries, bits))),
        Some(kind @ (8 | 9)) => return Ok(Colors::Lab(Lab::of(kind, bits)?)),
        Some(4) => "it is a mask".into(),
        Some(5) => "its inks are not cyan, magenta, yellow and black".into(),
        Some(10) => "its colours are in ITU Lab".into(),
        Some(32803 | 34892) => "it is camera RAW".into(),
        Some(32844 | 32845) => "its brightness is logarithmic".into(),
        Some(other) => format!("its colours are of a kind with the number {other}"),
        None => return Err(Failure::Damaged("it does not say what its colours are")),
    };
    Err(Failure::Unsupported(name))
}

/// Slides of Aperio's scanners say RGB where their JPEG 2000 code has brightness and colour differences.
fn is_aperio(entries: &Entries) -> bool {
    let is_by_them = entries.bytes(tag::DESCRIPTION).is_some_and(|text| text.starts_with(b"Aperio"));
    is_by_them && entries.number(tag::COMPRESSION) == Some(33003)
}

/// The table of its profile.
fn inks(entries: &Entries) -> Option<Box<Inks>> {
    Inks::of(entries.bytes(tag::ICC_PROFILE)?).map(Box::new)
}

/// All reds, all greens, all blues.
fn palette(entries: &Entries, bits: u32) -> Result<Colors, Failure> {
    let missing = Failure::Damaged("its palette is missing or too short");
    if bits > 16 {
        return Err(missing);
    }
    let map = entries.numbers(tag::COLOR_MAP).unwrap_or_default();
    let count = 1 << bits;
    if map.len() < 3 * count {
        return Err(missing);
    }
    // Some programs have written 8 bits where 16 belong.
    let largest = if map.iter().all(|value| *value < 256) { 255.0 } else { 65535.0 };
    let color = |i: usize| [0, 1, 2].map(|channel| map[channel * count + i] as f32 / largest);
    Ok(Colors::Palette((0..count).map(color).collect()))
}

fn number(entries: &Entries, bits: u32) -> Result<Number, Failure> {
    // Lab's formats are given by its kind.
    let is_lab = matches!(entries.number(tag::PHOTOMETRIC), Some(8..=10));
    match entries.common(tag::SAMPLE_FORMAT, 1, "their kinds of numbers") {
        _ if is_lab => Ok(Number::Unsigned),
        Ok(1 | 4) => Ok(Number::Unsigned),
        Ok(2) => Ok(Number::Signed),
        Ok(3) if matches!(bits, 16 | 32 | 64) => Ok(Number::Float),
        Ok(3) => Err(Failure::Unsupported(format!("its floating-point numbers have {bits} bits"))),
        Ok(_) => Err(Failure::Unsupported("its numbers are complex".into())),
        Err(error) => Err(error),
    }
}

fn target(colors: &Colors, bits: u32, number: Number, has_opacity: bool) -> ColorType {
    let is_grey = matches!(colors, Colors::Grey | Colors::WhiteIsZero);
    let is_deep = match colors {
        // Whether any colour lies between those of 8 bits.
        Colors::Palette(colors) => {
            colors.iter().flatten().any(|value| (value * 255.0).fract().min(1.0 - (value * 255.0).fract()) > 0.01)
        }
        _ => bits > 8,
    };
    match (number, has_opacity) {
        (Number::Float, false) => ColorType::Rgb32F,
        (Number::Float, true) => ColorType::Rgba32F,
        _ => color_type(is_grey, has_opacity, is_deep),
    }
}
