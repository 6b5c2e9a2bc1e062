//! What cameras, scanners and files do to small pictures before anybody enlarges them.

use super::random::Random;
use crate::geometry::Size;
use crate::picture::resample::blur_u8;
use crate::picture::save::{Chroma, through_jpeg};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Kinds of degradation. How strong it is varies from picture to picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Degradation {
    /// None.
    #[default]
    Clean,
    /// JPEG of quality 30 to 75.
    Jpeg,
    /// Sensor noise: a part that is the same everywhere, and one that grows with the light.
    Noise,
    /// A Gaussian blur of 0.3 to 1.2 pixels (σ).
    Blur,
    /// A telephone's pictures: slightly soft, noisy, then JPEG of quality 50 to 90.
    Phone,
    /// Scanned prints: soft, a little noise, then JPEG of quality 70 to 95.
    Scan,
    /// Photographs as they are, for a model that undoes it: some slightly soft before they were reduced, some noisy, most
    /// JPEG of quality 40 to 98, half of those with colours of half the size.
    Photo,
}

impl Degradation {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Clean, Self::Jpeg, Self::Noise, Self::Blur, Self::Phone, Self::Scan, Self::Photo];
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clean => "clean",
            Self::Jpeg => "jpeg",
            Self::Noise => "noise",
            Self::Blur => "blur",
            Self::Phone => "phone",
            Self::Scan => "scan",
            Self::Photo => "photo",
        })
    }
}

impl FromStr for Degradation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(|kind| kind.to_string()).join(", ");
        let known = Self::ALL.into_iter().find(|kind| kind.to_string() == name);
        known.ok_or_else(|| format!("{name} is not a known degradation; use one of {}", names()))
    }
}

impl Degradation {
    /// What happens to a square before it is reduced from `side` to `patch` pixels.
    pub(super) fn before_reducing(self, rgb: &[u8], side: usize, patch: usize, random: &mut Random) -> Option<Vec<u8>> {
        if self != Self::Photo || random.unit() >= 0.6 {
            return None;
        }
        let sigma = random.between(0.1, 1.0) * side as f64 / patch as f64;
        Some(blur_u8(rgb, 3, Size::new(side, side), sigma))
    }

    /// Degrades interleaved RGB; the same random numbers degrade it the same way.
    pub(super) fn apply(self, rgb: Vec<u8>, size: Size, random: &mut Random) -> Vec<u8> {
        match self {
            Self::Clean => rgb,
            Self::Jpeg => jpeg(rgb, size, random, 30, 75),
            Self::Noise => noisy(rgb, random, (1.0, 12.0), (0.0, 0.02)),
            Self::Blur => blur_u8(&rgb, 3, size, random.between(0.3, 1.2)),
            Self::Phone => {
                let soft = blur_u8(&rgb, 3, size, random.between(0.2, 0.7));
                let noisy = noisy(soft, random, (0.5, 5.0), (0.0, 0.01));
                jpeg(noisy, size, random, 50, 90)
            }
            Self::Scan => {
                let soft = blur_u8(&rgb, 3, size, random.between(0.5, 1.0));
                let noisy = noisy(soft, random, (0.5, 3.0), (0.0, 0.002));
                jpeg(noisy, size, random, 70, 95)
            }
            Self::Photo => {
                let read = if random.unit() < 0.6 { 8.0 * random.unit().powi(2) } else { 0.0 };
                let rgb = if read > 0.0 { noisy(rgb, random, (read, read), (0.0, 0.0)) } else { rgb };
                if random.unit() >= 0.7 {
                    return rgb;
                }
                let chroma = if random.below(2) == 0 { Chroma::Full } else { Chroma::Halved };
                through_jpeg(&rgb, size, 40 + random.below(59) as u8, chroma).unwrap_or(rgb)
            }
        }
    }
}

fn jpeg(rgb: Vec<u8>, size: Size, random: &mut Random, lowest: u8, highest: u8) -> Vec<u8> {
    let quality = lowest + random.below(usize::from(highest - lowest) + 1) as u8;
    // A picture that JPEG cannot hold stays as it is; patches always fit.
    through_jpeg(&rgb, size, quality, Chroma::Full).unwrap_or(rgb)
}

/// Gaussian noise whose variance is `read² + shot * value` (in units of 255), both drawn from their ranges.
fn noisy(mut rgb: Vec<u8>, random: &mut Random, read: (f64, f64), shot: (f64, f64)) -> Vec<u8> {
    let (read, shot) = (random.between(read.0, read.1), 255.0 * random.between(shot.0, shot.1));
    for value in &mut rgb {
        let deviation = (read * read + shot * f64::from(*value)).sqrt();
        *value = (f64::from(*value) + deviation * random.normal()).round().clamp(0.0, 255.0) as u8;
    }
    rgb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_degradation_is_reproducible_and_all_but_none_is_seen() {
        let size = Size::new(24, 16);
        let rgb: Vec<u8> = (0..size.area() * 3).map(|i| (i * i / 7 % 256) as u8).collect();
        for kind in Degradation::ALL {
            let degraded = |seed| kind.apply(rgb.clone(), size, &mut Random::of(&[seed]));
            assert_eq!(degraded(1), degraded(1), "{kind}");
            assert_eq!((1..9).all(|seed| degraded(seed) == rgb), kind == Degradation::Clean, "{kind}");
            assert_eq!(degraded(1).len(), rgb.len());
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("rain".parse::<Degradation>().unwrap_err().contains("jpeg"));
    }

    #[test]
    fn photographs_are_soft_before_they_are_reduced() {
        let rgb: Vec<u8> = (0..32 * 32 * 3).map(|i| (i * i / 7 % 256) as u8).collect();
        let soft = |kind: Degradation, seed| kind.before_reducing(&rgb, 32, 8, &mut Random::of(&[seed]));
        let count = (0..200).filter(|seed| soft(Degradation::Photo, *seed).is_some_and(|soft| soft != rgb)).count();
        assert!((90..150).contains(&count), "{count}");
        assert_eq!((soft(Degradation::Blur, 1), soft(Degradation::Clean, 1)), (None, None));
    }

    #[test]
    fn noise_is_as_strong_as_it_says() {
        let noisy = noisy(vec![100; 30_000], &mut Random::of(&[3]), (4.0, 4.0), (0.0, 0.0));
        let mean = noisy.iter().map(|v| f64::from(*v)).sum::<f64>() / 30_000.0;
        let variance = noisy.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / 30_000.0;
        assert!((mean - 100.0).abs() < 0.1 && (variance.sqrt() - 4.0).abs() < 0.1, "{mean} {variance}");
    }
}
