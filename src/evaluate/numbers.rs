//! What is measured of a prediction. A further column is a further [`Metric`] and its line in [`Numbers::of`].

use super::protocol::Protocol;
use crate::metrics::{Channels, decibels, mean_squared_error, psnr, ssim};
use crate::picture::resample::resize_bicubic;
use crate::raster::Raster;

/// A column of every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// PSNR of the luma in decibels.
    PsnrY,
    /// PSNR of red, green and blue in decibels.
    PsnrRgb,
    /// SSIM of the channels that count.
    Ssim,
    /// The prediction shrunk back, against the input that it was made of: PSNR of RGB in decibels, borders included.
    ConsistencyPsnr,
    /// By how much that moves the mean colour: the mean of the three channels' shifts without their signs, in 1/255.
    ColorShift,
}

impl Metric {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 5] = [Self::PsnrY, Self::PsnrRgb, Self::Ssim, Self::ConsistencyPsnr, Self::ColorShift];

    /// Its name in JSON and CSV.
    pub fn name(self) -> &'static str {
        match self {
            Self::PsnrY => "psnr_y",
            Self::PsnrRgb => "psnr_rgb",
            Self::Ssim => "ssim",
            Self::ConsistencyPsnr => "consistency_psnr",
            Self::ColorShift => "color_shift",
        }
    }

    /// Its heading, for people.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::PsnrY => "PSNR Y",
            Self::PsnrRgb => "PSNR RGB",
            Self::Ssim => "SSIM",
            Self::ConsistencyPsnr => "consistency",
            Self::ColorShift => "shift /255",
        }
    }

    /// Digits behind the point, for people.
    pub(super) fn decimals(self) -> usize {
        if self == Self::Ssim { 4 } else { 2 }
    }

    /// The PSNR of the channels that count.
    pub(super) fn psnr_of(channels: Channels) -> Self {
        if channels == Channels::Luma { Self::PsnrY } else { Self::PsnrRgb }
    }
}

/// One value a column; not a number where it is not defined, as for the SSIM of a picture of few pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers([f64; Metric::ALL.len()]);

impl Numbers {
    /// Measures a prediction against the truth, and against the input that it was made of.
    pub(super) fn of(prediction: &Raster, truth: &Raster, input: &Raster, protocol: Protocol, scale: f64) -> Self {
        let shave = protocol.shave(scale);
        let psnr = |channels| psnr(prediction, truth, channels, shave);
        let back = resize_bicubic(prediction, input.size);
        let value = |metric| match metric {
            Metric::PsnrY => psnr(Channels::Luma),
            Metric::PsnrRgb => psnr(Channels::Rgb),
            Metric::Ssim => ssim(prediction, truth, protocol.channels(), shave),
            Metric::ConsistencyPsnr => mean_squared_error(&back, input, Channels::Rgb, 0).map(decibels),
            Metric::ColorShift => Some(color_shift(&back, input)),
        };
        Self(Metric::ALL.map(|metric| value(metric).unwrap_or(f64::NAN)))
    }

    /// Values by their columns.
    pub(super) fn from_each(value: impl FnMut(Metric) -> f64) -> Self {
        Self(Metric::ALL.map(value))
    }

    /// The value of a column.
    pub fn get(&self, metric: Metric) -> f64 {
        // The order of `ALL` is that of the variants.
        self.0[metric as usize]
    }
}

/// In 1/255, averaged over the three channels.
fn color_shift(a: &Raster, b: &Raster) -> f64 {
    let mean = |raster: &Raster, channel: usize| {
        let values = raster.data[channel..].iter().step_by(raster.channels);
        values.map(|value| f64::from(*value)).sum::<f64>() / raster.size.area() as f64
    };
    let shift = |channel| (mean(a, channel) - mean(b, channel)).abs() * 255.0;
    (0..3).map(shift).sum::<f64>() / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn filled(side: usize, pixel: [f32; 3]) -> Raster {
        let size = Size::new(side, side);
        Raster { size, channels: 3, data: pixel.repeat(size.area()) }
    }

    #[test]
    fn columns_are_where_their_order_says() {
        for (place, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, place);
            assert_eq!(Numbers([0.0, 1.0, 2.0, 3.0, 4.0]).get(metric), place as f64);
        }
    }

    #[test]
    fn a_shifted_prediction_is_not_consistent_and_by_how_much_is_told() {
        let input = filled(12, [0.4, 0.5, 0.6]);
        let (same, shifted) = (filled(24, [0.4, 0.5, 0.6]), filled(24, [0.4, 0.5 + 3.0 / 255.0, 0.6 - 3.0 / 255.0]));
        let of = |prediction: &Raster| Numbers::of(prediction, &same, &input, Protocol::Rgb, 2.0);
        let (good, bad) = (of(&same), of(&shifted));
        assert!(good.get(Metric::ColorShift) < 1e-3 && good.get(Metric::ConsistencyPsnr) > 100.0);
        assert!((bad.get(Metric::ColorShift) - 2.0).abs() < 1e-3);
        let expected = decibels(2.0 / 3.0 * (3.0f64 / 255.0).powi(2));
        assert!((bad.get(Metric::ConsistencyPsnr) - expected).abs() < 1e-3);
    }
}
