//! Benchmark tables: a folder of originals, an enlargement, PSNR and SSIM, beside those of bicubic.
//!
//! The rules are those of LIIF's `test.py` (yinboc/liif). Where no small pictures are given they are made as there:
//! the original is cut at its top-left corner to a multiple of the scale and reduced by Pillow's bicubic.

mod pairs;
mod table;

pub use pairs::{Pair, pair_folders};
pub use table::table;

use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::metrics::{Channels, psnr, ssim};
use crate::picture::{Picture, Raster};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Which values count, and how much of the border does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Set5, Set14, B100, Urban100: luma, a border of `scale` pixels left out.
    LiifBenchmark,
    /// DIV2K: RGB, a border of `scale + 6` pixels left out.
    LiifDiv2k,
    /// RGB, everything.
    Rgb,
}

impl Protocol {
    const ALL: [Self; 3] = [Self::LiifBenchmark, Self::LiifDiv2k, Self::Rgb];

    /// The channels that count.
    pub fn channels(self) -> Channels {
        match self {
            Self::LiifBenchmark => Channels::Luma,
            Self::LiifDiv2k | Self::Rgb => Channels::Rgb,
        }
    }

    /// The border that does not count, in pixels of the original; a fractional scale is rounded up.
    pub fn shave(self, scale: f64) -> usize {
        match self {
            Self::LiifBenchmark => scale.ceil() as usize,
            Self::LiifDiv2k => scale.ceil() as usize + 6,
            Self::Rgb => 0,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LiifBenchmark => "liif-benchmark",
            Self::LiifDiv2k => "liif-div2k",
            Self::Rgb => "rgb",
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

/// The numbers of one picture. PSNR in decibels; what is infinite or not defined becomes `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageReport {
    /// The original's file name without its ending.
    pub name: String,
    /// PSNR of the prediction.
    pub psnr: f64,
    /// SSIM of the prediction; not a number if the picture is too small for it.
    pub ssim: f64,
    /// PSNR of bicubic enlargement.
    pub bicubic_psnr: f64,
    /// SSIM of bicubic enlargement.
    pub bicubic_ssim: f64,
}

/// The numbers of one scale: means over the pictures, and each picture's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScaleReport {
    /// The enlargement.
    pub scale: f64,
    /// How many pictures.
    pub images: usize,
    /// Mean PSNR of the predictions.
    pub psnr: f64,
    /// Mean SSIM of the predictions.
    pub ssim: f64,
    /// Mean PSNR of bicubic enlargement.
    pub bicubic_psnr: f64,
    /// Mean SSIM of bicubic enlargement.
    pub bicubic_ssim: f64,
    /// One entry a picture, in the order of the pairs.
    pub per_image: Vec<ImageReport>,
}

impl ScaleReport {
    fn new(scale: f64, per_image: Vec<ImageReport>) -> Self {
        let images = per_image.len();
        let mean = |value: fn(&ImageReport) -> f64| per_image.iter().map(value).sum::<f64>() / images as f64;
        Self {
            scale,
            images,
            psnr: mean(|image| image.psnr),
            ssim: mean(|image| image.ssim),
            bicubic_psnr: mean(|image| image.bicubic_psnr),
            bicubic_ssim: mean(|image| image.bicubic_ssim),
            per_image,
        }
    }
}

/// Enlarges every small picture by `predict` and compares with the originals.
///
/// `predict` receives the small picture (8-bit RGB if it is made here, else as in its file without opacity) and the
/// size to enlarge it to. `on_image` hears how many of how many pictures are done, first of none.
///
/// # Errors
/// [`Error::Request`] for a scale below 1 or a prediction of a wrong size, [`Error::Dataset`] for pairs that do not
/// fit the scale, [`Error::Picture`] for files that cannot be read, and whatever `predict` returns.
pub fn evaluate(
    pairs: &[Pair],
    scale: f64,
    protocol: Protocol,
    predict: &mut dyn FnMut(&Picture, Size) -> Result<Raster>,
    on_image: &mut dyn FnMut(usize, usize),
) -> Result<ScaleReport> {
    if !scale.is_finite() || scale < 1.0 {
        return Err(Error::Request(format!("the scale {scale} is not an enlargement; use a number of 1 or more")));
    }
    on_image(0, pairs.len());
    let mut reports = Vec::with_capacity(pairs.len());
    for pair in pairs {
        reports.push(evaluate_pair(pair, scale, protocol, predict)?);
        on_image(reports.len(), pairs.len());
    }
    Ok(ScaleReport::new(scale, reports))
}

fn evaluate_pair(
    pair: &Pair,
    scale: f64,
    protocol: Protocol,
    predict: &mut dyn FnMut(&Picture, Size) -> Result<Raster>,
) -> Result<ImageReport> {
    let (small, truth) = pairs::load(pair, scale)?;
    let size = truth.size;
    let mut prediction = predict(&small, size)?;
    if prediction.size != size || prediction.channels < 3 || prediction.data.len() != size.area() * prediction.channels
    {
        return Err(Error::Request(format!("{}: the prediction is {} and not {size}", pair.name, prediction.size)));
    }
    prediction.data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
    let bicubic = pairs::enlarge_bicubic(&small, size);
    let (channels, shave) = (protocol.channels(), protocol.shave(scale));
    let psnr = |image| psnr(image, &truth, channels, shave).unwrap_or(f64::NAN);
    let ssim = |image| ssim(image, &truth, channels, shave).unwrap_or(f64::NAN);
    Ok(ImageReport {
        name: pair.name.clone(),
        psnr: psnr(&prediction),
        ssim: ssim(&prediction),
        bicubic_psnr: psnr(&bicubic),
        bicubic_ssim: ssim(&bicubic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_have_names() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        assert!("psnr".parse::<Protocol>().unwrap_err().contains("liif-benchmark, liif-div2k, rgb"));
    }

    #[test]
    fn borders_follow_the_scale() {
        assert_eq!(Protocol::LiifBenchmark.shave(2.5), 3);
        assert_eq!(Protocol::LiifDiv2k.shave(4.0), 10);
        assert_eq!(Protocol::Rgb.shave(30.0), 0);
    }

    #[test]
    fn infinite_numbers_are_valid_json() {
        let image = ImageReport {
            name: "a".into(),
            psnr: f64::INFINITY,
            ssim: f64::NAN,
            bicubic_psnr: 30.5,
            bicubic_ssim: 0.5,
        };
        let json = serde_json::to_value(ScaleReport::new(2.0, vec![image])).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "scale": 2.0, "images": 1, "psnr": null, "ssim": null, "bicubic_psnr": 30.5, "bicubic_ssim": 0.5,
                "per_image": [
                    {"name": "a", "psnr": null, "ssim": null, "bicubic_psnr": 30.5, "bicubic_ssim": 0.5}
                ]
            })
        );
    }
}
